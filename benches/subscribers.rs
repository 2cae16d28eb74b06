//! Ten thousand subscribers in a process of their own, which also sends the readings that they wait for: so one clock
//! tells how long a change takes to reach the last of them.
//!
//! It is told what to do line by line: `change NUMBER AUTHORIZATION` sends a reading that makes the number the figure.

use std::io::{BufRead as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{Notify, Semaphore};

use crate::campus::space_of;
use crate::driver::{Connection, Sender as _, connect, runtime};
use crate::fleet::Fleet;
use crate::service::get;

/// Handshakes at once.
const HANDSHAKES: usize = 64;

/// Subscribers with the same source address: a port is good for one connection.
const OF_AN_ADDRESS: usize = 4_000;

/// How long a change may take to reach everybody.
const PATIENCE: Duration = Duration::from_secs(20);

/// The sensor whose readings make the changes.
const SENSOR: usize = 0;

/// What all subscribers wait for, and how many have it.
#[derive(Default)]
struct Change {
    figure: AtomicU64,
    count: AtomicUsize,
    arrivals: Mutex<Vec<Instant>>,
    all_have_it: Notify,
}

impl Change {
    fn arrived(&self, all: usize) {
        let now = Instant::now();
        let mut arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        arrivals.push(now);
        if self.count.fetch_add(1, Ordering::Relaxed) + 1 == all {
            self.all_have_it.notify_one();
        }
    }
}

/// Runs until the standard input ends or the process is killed.
pub(crate) fn run(address: &str, count: &str) -> anyhow::Result<()> {
    let (address, count): (SocketAddr, usize) = (address.parse()?, count.parse()?);
    let _ = parvis::appliance::limits::raise_open_files();
    let (sender, mut orders) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    runtime()?.block_on(async {
        let change = Arc::new(Change::default());
        subscribe(address, count, &change).await?;
        tell(&format!("subscribed {count}"))?;
        while let Some(order) = orders.recv().await {
            let mut words = order.split(' ').skip(1);
            let figure = words.next().context("which figure")?.parse()?;
            let secret = words.next().context("which secret")?;
            let mut fleet = Fleet::new(secret, std::iter::once(SENSOR), 1);
            fleet.skip_to_now();
            let mut poster = Connection::open(address, None).await?;
            let (half, last, arrived) =
                publish(&change, figure, count, &mut poster, &mut fleet).await?;
            tell(&format!("{half} {last} {arrived}"))?;
        }
        Ok(())
    })
}

fn tell(line: &str) -> std::io::Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}

/// Opens all connections and leaves a task with each.
async fn subscribe(address: SocketAddr, count: usize, change: &Arc<Change>) -> anyhow::Result<()> {
    let request: Arc<[u8]> = get(&format!("/api/v1/live?space={}", space_of(SENSOR))).into();
    let permits = Arc::new(Semaphore::new(HANDSHAKES));
    let mut tasks = Vec::new();
    for number in 0..count {
        let permit = Arc::clone(&permits).acquire_owned().await?;
        let (request, change) = (Arc::clone(&request), Arc::clone(change));
        let last = u8::try_from(100 + number / OF_AN_ADDRESS)?;
        tasks.push(tokio::spawn(async move {
            let from = Ipv4Addr::new(127, 0, 0, last);
            let mut tls = connect(address, Some(from)).await?;
            tls.write_all(&request).await?;
            let mut buffer = vec![0; 4_096];
            let read = tls.read(&mut buffer).await?;
            let head = buffer.get(..read).unwrap_or_default();
            ensure!(head.starts_with(b"HTTP/1.1 200"), "a subscriber is refused");
            drop(permit);
            tokio::spawn(async move {
                let mut seen = 0;
                while let Ok(read @ 1..) = tls.read(&mut buffer).await {
                    let wanted = change.figure.load(Ordering::Relaxed);
                    let figure = figure_in(buffer.get(..read).unwrap_or_default());
                    if figure == Some(wanted) && seen != wanted {
                        seen = wanted;
                        change.arrived(count);
                    }
                }
            });
            Ok::<_, anyhow::Error>(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(())
}

/// The number of people that an event tells.
fn figure_in(event: &[u8]) -> Option<u64> {
    const NAME: &[u8] = b"\"present\":";
    let at = event.windows(NAME.len()).position(|part| part == NAME)?;
    let digits = event.get(at + NAME.len()..)?;
    let end = digits.iter().position(|digit| !digit.is_ascii_digit())?;
    std::str::from_utf8(digits.get(..end)?).ok()?.parse().ok()
}

/// Sends a reading and waits until everybody has the change. Returns the milliseconds until half and until all had it, and
/// how many had it in the end.
async fn publish(
    change: &Change,
    figure: u64,
    count: usize,
    poster: &mut Connection,
    fleet: &mut Fleet,
) -> anyhow::Result<(f64, f64, usize)> {
    change.figure.store(figure, Ordering::Relaxed);
    change.count.store(0, Ordering::Relaxed);
    let begin = Instant::now();
    let answer = poster.ask(fleet.next()).await?;
    let told = String::from_utf8_lossy(answer.head);
    ensure!(answer.is_success(), "a reading is refused: {told}");
    let _ = tokio::time::timeout(PATIENCE, change.all_have_it.notified()).await;
    let mut arrivals = change
        .arrivals
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let arrivals = std::mem::take(&mut *arrivals);
    let after = |at: usize| {
        let arrival = arrivals.get(at).copied();
        arrival.map_or(f64::NAN, |arrival| (arrival - begin).as_secs_f64() * 1e3)
    };
    Ok((
        after(count / 2),
        after(count.saturating_sub(1)),
        arrivals.len(),
    ))
}
