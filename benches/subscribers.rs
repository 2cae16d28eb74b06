//! Ten thousand subscribers in a process of their own, which also sends the readings that they wait for: so one clock
//! tells how long a change takes to reach the last of them.
//!
//! It is told what to do line by line: `change NUMBER AUTHORIZATION` sends a reading that makes the number the figure.

use std::io::{BufRead as _, ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use openssl::ssl::SslStream;

use crate::campus::space_of;
use crate::driver::{Connection, Sender as _, Watch, connect};
use crate::fleet::Fleet;
use crate::service::get;

/// Subscribers with the same source address: a port is good for one connection.
const OF_AN_ADDRESS: usize = 4_000;

/// Subscribers that connect at the same time.
const AT_ONCE: usize = 8;

/// How long a change may take to reach everybody.
const PATIENCE: Duration = Duration::from_secs(20);

/// The sensor whose readings make the changes.
const SENSOR: usize = 0;

/// Those who wait for changes on one thread. There is one for each processor: subscribers elsewhere wait for one another
/// no more than that.
struct Audience {
    watch: Watch,
    streams: Vec<SslStream<TcpStream>>,
    /// The figure that each heard last.
    heard: Vec<u64>,
    buffer: Vec<u8>,
}

/// Runs until the standard input ends or the process is killed.
pub(crate) fn run(address: &str, count: &str) -> anyhow::Result<()> {
    let (address, count) = (address.parse()?, count.parse()?);
    let _ = parvis::appliance::limits::raise_open_files();
    let mut audiences = Audience::gather(address, count)?;
    tell(&format!("subscribed {count}"))?;
    for order in std::io::stdin().lock().lines() {
        let order = order?;
        let mut words = order.split(' ').skip(1);
        let figure = words.next().context("which figure")?.parse()?;
        let secret = words.next().context("which secret")?;
        let mut fleet = Fleet::new(secret, std::iter::once(SENSOR), 1);
        fleet.skip_to_now();
        let mut poster = Connection::open(address, None)?;
        for audience in &mut audiences {
            // What came meanwhile, such as heartbeats, is no news.
            audience.hear(figure)?;
        }
        let begin = Instant::now();
        let mut arrivals = std::thread::scope(|scope| {
            let waiting: Vec<_> = audiences
                .iter_mut()
                .map(|audience| scope.spawn(|| audience.wait_for(figure)))
                .collect();
            let answer = poster.ask(fleet.next())?;
            let told = String::from_utf8_lossy(answer.head);
            ensure!(answer.is_success(), "a reading is refused: {told}");
            let mut arrivals = Vec::new();
            for thread in waiting {
                arrivals.extend(thread.join().ok().context("a subscriber gave up")??);
            }
            anyhow::Ok(arrivals)
        })?;
        arrivals.sort_unstable();
        let after = |at: usize| {
            let arrival: Option<&Instant> = arrivals.get(at);
            arrival.map_or(f64::NAN, |arrival| (*arrival - begin).as_secs_f64() * 1e3)
        };
        let (half, last) = (after(count / 2), after(count.saturating_sub(1)));
        tell(&format!("{half} {last} {}", arrivals.len()))?;
    }
    Ok(())
}

fn tell(line: &str) -> std::io::Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}

impl Audience {
    /// Opens all connections.
    fn gather(address: SocketAddr, count: usize) -> anyhow::Result<Vec<Self>> {
        let request = get(&format!("/api/v1/live?space={}", space_of(SENSOR)));
        let streams = std::thread::scope(|scope| {
            let request = &request;
            let threads: Vec<_> = (0..AT_ONCE)
                .map(|first| {
                    let numbers = (first..count).step_by(AT_ONCE);
                    scope.spawn(move || -> anyhow::Result<Vec<_>> {
                        numbers
                            .map(|number| subscribe(address, request, number))
                            .collect()
                    })
                })
                .collect();
            let mut streams = Vec::new();
            for thread in threads {
                let some = thread.join();
                streams.extend(some.ok().context("a subscriber gave up")??);
            }
            anyhow::Ok(streams)
        })?;
        let processors = std::thread::available_parallelism()?.get();
        let mut streams = streams.into_iter();
        let mut audiences = Vec::new();
        for _ in 0..processors {
            audiences.push(Self::of(
                streams.by_ref().take(count.div_ceil(processors)).collect(),
            )?);
        }
        Ok(audiences)
    }

    fn of(streams: Vec<SslStream<TcpStream>>) -> anyhow::Result<Self> {
        let watch = Watch::new()?;
        for (number, stream) in streams.iter().enumerate() {
            watch.add(stream.get_ref(), number)?;
        }
        Ok(Self {
            watch,
            heard: vec![0; streams.len()],
            streams,
            buffer: vec![0; 4_096],
        })
    }

    /// When a figure reached each of them, as far as it did in reasonable time.
    fn wait_for(&mut self, figure: u64) -> anyhow::Result<Vec<Instant>> {
        let begin = Instant::now();
        let mut arrivals = Vec::new();
        while arrivals.len() < self.streams.len() && begin.elapsed() < PATIENCE {
            arrivals.extend(self.hear(figure)?);
        }
        Ok(arrivals)
    }

    /// Reads what has come or comes in a moment; returns when a figure reached each subscriber that it is new to.
    fn hear(&mut self, wanted: u64) -> anyhow::Result<Vec<Instant>> {
        let mut arrivals = Vec::new();
        for number in self.watch.wait(Duration::from_millis(10))? {
            let stream = self.streams.get_mut(number).context("nobody")?;
            let heard = self.heard.get_mut(number).context("nobody")?;
            loop {
                match stream.read(&mut self.buffer) {
                    Ok(0) => bail!("the server hung up"),
                    Ok(read) => {
                        let event = self.buffer.get(..read).unwrap_or_default();
                        if figure_in(event) == Some(wanted) && *heard != wanted {
                            *heard = wanted;
                            arrivals.push(Instant::now());
                            break;
                        }
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(arrivals)
    }
}

fn subscribe(
    address: SocketAddr,
    request: &[u8],
    number: usize,
) -> anyhow::Result<SslStream<TcpStream>> {
    let last = u8::try_from(100 + number / OF_AN_ADDRESS)?;
    let mut tls = connect(address, Some(Ipv4Addr::new(127, 0, 0, last)))?;
    tls.write_all(request)?;
    let mut buffer = [0; 4_096];
    let read = tls.read(&mut buffer)?;
    let head = buffer.get(..read).unwrap_or_default();
    ensure!(head.starts_with(b"HTTP/1.1 200"), "a subscriber is refused");
    Ok(tls)
}

/// The number of people that an event tells.
fn figure_in(event: &[u8]) -> Option<u64> {
    const NAME: &[u8] = b"\"present\":";
    let at = event.windows(NAME.len()).position(|part| part == NAME)?;
    let digits = event.get(at + NAME.len()..)?;
    let end = digits.iter().position(|digit| !digit.is_ascii_digit())?;
    std::str::from_utf8(digits.get(..end)?).ok()?.parse().ok()
}
