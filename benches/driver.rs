//! The load: kept-alive TLS connections that each send a request when the last one is answered. It shares the machine with
//! what it measures, so it does no more than it must: one thread, one write and one read a request.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::{AsRawFd as _, RawFd};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, SockaddrIn, SockaddrStorage};
use openssl::ssl::{SslConnector, SslMethod, SslStream, SslVerifyMode};

/// What is answered in this time from the start is not measured.
const WARM_UP: Duration = Duration::from_millis(700);

/// An answer takes no longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A TLS connection that speaks HTTP/1.1, one request at a time.
pub(crate) struct Connection {
    tls: SslStream<TcpStream>,
    buffer: Vec<u8>,
    /// How much of the buffer is the answer so far.
    read: usize,
}

/// An answer, in the buffer of its connection.
pub(crate) struct Answer<'b> {
    pub(crate) head: &'b [u8],
    pub(crate) body: &'b [u8],
}

impl Answer<'_> {
    pub(crate) fn is_success(&self) -> bool {
        self.head.starts_with(b"HTTP/1.1 2")
    }
}

/// Opens a TLS connection, from an address of this machine if need be. Certificates are not judged: they are our own.
pub(crate) fn connect(
    address: SocketAddr,
    from: Option<Ipv4Addr>,
) -> anyhow::Result<SslStream<TcpStream>> {
    static CONNECTOR: LazyLock<Result<SslConnector, openssl::error::ErrorStack>> =
        LazyLock::new(|| {
            let mut builder = SslConnector::builder(SslMethod::tls_client())?;
            builder.set_verify(SslVerifyMode::NONE);
            builder.set_read_ahead(true);
            Ok(builder.build())
        });
    let socket = socket::socket(
        AddressFamily::Inet,
        SockType::Stream,
        SockFlag::SOCK_CLOEXEC,
        None,
    )?;
    if let Some(from) = from {
        socket::bind(
            socket.as_raw_fd(),
            &SockaddrIn::from(std::net::SocketAddrV4::new(from, 0)),
        )?;
    }
    socket::connect(socket.as_raw_fd(), &SockaddrStorage::from(address))?;
    let tcp = TcpStream::from(socket);
    tcp.set_nodelay(true)?;
    let connector = CONNECTOR.as_ref().map_err(Clone::clone)?;
    connector
        .connect("localhost", tcp)
        .map_err(|error| anyhow!("{error}"))
}

impl Connection {
    pub(crate) fn open(address: SocketAddr, from: Option<Ipv4Addr>) -> anyhow::Result<Self> {
        Ok(Self {
            tls: connect(address, from)?,
            buffer: vec![0; 16 * 1024],
            read: 0,
        })
    }

    /// The version and cipher that were agreed on.
    pub(crate) fn protocol(&self) -> String {
        let ssl = self.tls.ssl();
        let cipher = ssl.current_cipher().map_or("", |cipher| cipher.name());
        format!("{} {cipher}", ssl.version_str())
    }

    /// Sends a request and waits for its answer.
    pub(crate) fn ask(&mut self, request: &[u8]) -> anyhow::Result<Answer<'_>> {
        self.send(request)?;
        let (head, whole) = self.receive()?.context("no answer")?;
        Ok(self.answer(head, whole))
    }

    fn send(&mut self, request: &[u8]) -> anyhow::Result<()> {
        self.read = 0;
        Ok(self.tls.write_all(request)?)
    }

    /// Reads on until the answer is complete, and tells the lengths of its head and of all of it; `None` when it is not
    /// and a read would have to wait.
    fn receive(&mut self) -> anyhow::Result<Option<(usize, usize)>> {
        loop {
            if self.read == self.buffer.len() {
                self.buffer.resize(self.read * 2, 0);
            }
            let space = self.buffer.get_mut(self.read..).unwrap_or_default();
            match self.tls.read(space) {
                Ok(0) => bail!("the server hung up"),
                Ok(more) => self.read += more,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error.into()),
            }
            let read = self.buffer.get(..self.read).unwrap_or_default();
            if let Some(head) = head_length(read) {
                let whole = head + content_length(read.get(..head).unwrap_or_default())?;
                if self.read >= whole {
                    return Ok(Some((head, whole)));
                }
            }
        }
    }

    fn answer(&self, head: usize, whole: usize) -> Answer<'_> {
        let answer = self.buffer.get(..whole).unwrap_or_default();
        let (head, body) = answer.split_at_checked(head).unwrap_or_default();
        Answer { head, body }
    }
}

/// The length of the head of a message, when all of it is there.
pub(crate) fn head_length(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some(end + 4)
}

/// The length of the body that a head tells of.
pub(crate) fn content_length(head: &[u8]) -> anyhow::Result<usize> {
    let head = std::str::from_utf8(head)?;
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(": "));
    let length = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let (_, length) = length.context("a message does not tell its length")?;
    Ok(length.parse()?)
}

/// Sockets that are watched together for something to read, each under a number.
pub(crate) struct Watch {
    poll: Poll,
    events: Events,
}

impl Watch {
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(1_024),
        })
    }

    pub(crate) fn add(&self, socket: &TcpStream, number: usize) -> std::io::Result<()> {
        socket.set_nonblocking(true)?;
        let socket: RawFd = socket.as_raw_fd();
        let registry = self.poll.registry();
        registry.register(&mut SourceFd(&socket), Token(number), Interest::READABLE)
    }

    /// The numbers of those that have something new.
    pub(crate) fn wait(
        &mut self,
        at_most: Duration,
    ) -> anyhow::Result<impl Iterator<Item = usize>> {
        self.poll.poll(&mut self.events, Some(at_most))?;
        Ok(self.events.iter().map(|event| event.token().0))
    }
}

/// What a connection sends.
pub(crate) trait Sender {
    /// The next request.
    fn next(&mut self) -> &[u8];
}

/// The same request again and again.
pub(crate) struct Same<'r>(pub(crate) &'r [u8]);

impl Sender for Same<'_> {
    fn next(&mut self) -> &[u8] {
        self.0
    }
}

/// What became of the requests.
pub(crate) struct Outcome<S> {
    /// The senders, to go on where they stopped.
    pub(crate) senders: Vec<S>,
    /// Requests that were answered with success, from the first to the last.
    pub(crate) successes: u64,
    /// Requests that were refused.
    pub(crate) refusals: u64,
    /// How long each answer took that came in the measured time, in order.
    latencies: Vec<Duration>,
    /// The measured time.
    measured: Duration,
    /// How long each watched process worked in the measured time, and this one.
    pub(crate) worked: Vec<Duration>,
}

impl<S> Outcome<S> {
    /// Answers in the measured time.
    pub(crate) fn answers(&self) -> f64 {
        self.latencies.iter().map(|_| 1.0).sum()
    }

    pub(crate) fn per_second(&self) -> f64 {
        self.answers() / self.measured.as_secs_f64()
    }

    /// In milliseconds, what 99 of 100 answers stay below.
    pub(crate) fn p99(&self) -> f64 {
        let at = self.latencies.len() * 99 / 100;
        self.latencies
            .get(at)
            .map_or(f64::NAN, |latency| latency.as_secs_f64() * 1e3)
    }
}

/// A sender on a connection of its own.
struct Asking<S> {
    connection: Connection,
    sender: S,
    asked: Instant,
}

impl<S: Sender> Asking<S> {
    fn ask(&mut self) -> anyhow::Result<()> {
        self.asked = Instant::now();
        self.connection.send(self.sender.next())
    }
}

/// Lets each sender ask on a connection of its own for some time after the warm-up, and watches processes meanwhile.
pub(crate) fn drive<S: Sender>(
    address: SocketAddr,
    senders: Vec<S>,
    measured: Duration,
    watched: &[i32],
) -> anyhow::Result<Outcome<S>> {
    let worked = || -> Vec<Duration> {
        let watched = watched.iter();
        let watched = watched.map(|process| crate::process::worked(*process));
        watched.chain([crate::process::worked_here()]).collect()
    };
    let mut watch = Watch::new()?;
    let mut all = Vec::new();
    for sender in senders {
        let connection = Connection::open(address, None)?;
        watch.add(connection.tls.get_ref(), all.len())?;
        all.push(Asking {
            connection,
            sender,
            asked: Instant::now(),
        });
    }
    let begin = Instant::now() + WARM_UP;
    let end = begin + measured;
    let (mut before, mut after) = (None, None);
    let (mut successes, mut refusals, mut latencies) = (0, 0, Vec::new());
    for one in &mut all {
        one.ask()?;
    }
    let mut waiting = all.len();
    while waiting > 0 {
        for number in watch.wait(PATIENCE)? {
            let one = all.get_mut(number).context("nobody asked")?;
            let Some((head, whole)) = one.connection.receive()? else {
                continue;
            };
            if one.connection.answer(head, whole).is_success() {
                successes += 1;
            } else {
                refusals += 1;
            }
            let answered = Instant::now();
            if answered >= begin && answered < end {
                latencies.push(answered - one.asked);
            }
            if answered < end {
                one.ask()?;
            } else {
                waiting -= 1;
            }
        }
        let now = Instant::now();
        if now >= begin && before.is_none() {
            before = Some(worked());
        }
        if now >= end && after.is_none() {
            after = Some(worked());
        }
    }
    let (before, after) = before.zip(after).unwrap_or_default();
    let worked = after.into_iter().zip(before);
    latencies.sort_unstable();
    Ok(Outcome {
        senders: all.into_iter().map(|one| one.sender).collect(),
        successes,
        refusals,
        latencies,
        measured,
        worked: worked.map(|(after, before)| after - before).collect(),
    })
}
