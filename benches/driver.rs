//! The load: kept-alive TLS connections that each send a request when the last one is answered. It shares the machine with
//! what it measures, so it does no more than it must.

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use openssl::ssl::{SslConnector, SslMethod, SslMode, SslVerifyMode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::Barrier;
use tokio_openssl::SslStream;

/// What is answered in this time from the start is not measured.
const WARM_UP: Duration = Duration::from_millis(700);

/// A runtime of one thread.
pub(crate) fn runtime() -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

/// A TLS connection that speaks HTTP/1.1, one request at a time.
pub(crate) struct Connection {
    tls: SslStream<TcpStream>,
    buffer: Vec<u8>,
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
pub(crate) async fn connect(
    address: SocketAddr,
    from: Option<Ipv4Addr>,
) -> anyhow::Result<SslStream<TcpStream>> {
    static CONNECTOR: LazyLock<Result<SslConnector, openssl::error::ErrorStack>> =
        LazyLock::new(|| {
            let mut builder = SslConnector::builder(SslMethod::tls_client())?;
            builder.set_verify(SslVerifyMode::NONE);
            builder.set_mode(SslMode::RELEASE_BUFFERS);
            Ok(builder.build())
        });
    let socket = TcpSocket::new_v4()?;
    if let Some(from) = from {
        socket.bind(SocketAddr::from((from, 0)))?;
    }
    let tcp = socket.connect(address).await?;
    tcp.set_nodelay(true)?;
    let connector = CONNECTOR.as_ref().map_err(Clone::clone)?;
    let ssl = connector.configure()?.into_ssl("localhost")?;
    let mut tls = SslStream::new(ssl, tcp)?;
    Pin::new(&mut tls).connect().await?;
    Ok(tls)
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr, from: Option<Ipv4Addr>) -> anyhow::Result<Self> {
        Ok(Self {
            tls: connect(address, from).await?,
            buffer: vec![0; 16 * 1024],
        })
    }

    /// The version and cipher that were agreed on.
    pub(crate) fn protocol(&self) -> String {
        let ssl = self.tls.ssl();
        let cipher = ssl.current_cipher().map_or("", |cipher| cipher.name());
        format!("{} {cipher}", ssl.version_str())
    }

    /// Sends a request and waits for its answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> anyhow::Result<Answer<'_>> {
        self.tls.write_all(request).await?;
        let (mut read, mut head, mut whole) = (0, 0, usize::MAX);
        while read < whole {
            if read == self.buffer.len() {
                self.buffer.resize(read * 2, 0);
            }
            let space = self.buffer.get_mut(read..).unwrap_or_default();
            let more = self.tls.read(space).await?;
            if more == 0 {
                bail!("the server hung up");
            }
            read += more;
            if whole == usize::MAX
                && let Some(length) = head_length(self.buffer.get(..read).unwrap_or_default())
            {
                head = length;
                whole = head + content_length(self.buffer.get(..head).unwrap_or_default())?;
            }
        }
        let answer = self.buffer.get(..whole).unwrap_or_default();
        let (head, body) = answer.split_at_checked(head).unwrap_or_default();
        Ok(Answer { head, body })
    }
}

fn head_length(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some(end + 4)
}

fn content_length(head: &[u8]) -> anyhow::Result<usize> {
    let head = std::str::from_utf8(head)?;
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(": "));
    let length = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let (_, length) = length.context("an answer does not tell its length")?;
    Ok(length.parse()?)
}

/// What a connection sends.
pub(crate) trait Sender: Send + 'static {
    /// The next request.
    fn next(&mut self) -> &[u8];
}

/// The same request again and again.
pub(crate) struct Same(pub(crate) Arc<[u8]>);

impl Sender for Same {
    fn next(&mut self) -> &[u8] {
        &self.0
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
    /// How long each watched process worked in the measured time.
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

/// What one connection saw.
struct Seen<S> {
    sender: S,
    successes: u64,
    refusals: u64,
    latencies: Vec<Duration>,
}

/// Lets each sender ask on a connection of its own for some time after the warm-up, and watches processes meanwhile.
pub(crate) fn drive<S: Sender>(
    address: SocketAddr,
    senders: Vec<S>,
    measured: Duration,
    watched: &[i32],
) -> anyhow::Result<Outcome<S>> {
    let worked = || {
        watched
            .iter()
            .map(|process| crate::process::worked(*process))
    };
    runtime()?.block_on(async {
        let ready = Arc::new(Barrier::new(senders.len() + 1));
        let mut tasks = Vec::new();
        for sender in senders {
            let mut connection = Connection::open(address, None).await?;
            let ready = Arc::clone(&ready);
            tasks.push(tokio::spawn(async move {
                ready.wait().await;
                ask_until_end(&mut connection, sender, measured).await
            }));
        }
        ready.wait().await;
        tokio::time::sleep(WARM_UP).await;
        let before: Vec<Duration> = worked().collect();
        tokio::time::sleep(measured).await;
        let worked = worked()
            .zip(before)
            .map(|(after, before)| after.saturating_sub(before))
            .collect();
        let mut outcome = Outcome {
            senders: Vec::new(),
            successes: 0,
            refusals: 0,
            latencies: Vec::new(),
            measured,
            worked,
        };
        for task in tasks {
            let seen = task.await??;
            outcome.senders.push(seen.sender);
            outcome.successes += seen.successes;
            outcome.refusals += seen.refusals;
            outcome.latencies.extend(seen.latencies);
        }
        outcome.latencies.sort_unstable();
        Ok(outcome)
    })
}

async fn ask_until_end<S: Sender>(
    connection: &mut Connection,
    sender: S,
    measured: Duration,
) -> anyhow::Result<Seen<S>> {
    let mut seen = Seen {
        sender,
        successes: 0,
        refusals: 0,
        latencies: Vec::new(),
    };
    let begin = Instant::now() + WARM_UP;
    let mut asked = Instant::now();
    while asked < begin + measured {
        let answer = connection.ask(seen.sender.next()).await?;
        if answer.is_success() {
            seen.successes += 1;
        } else {
            seen.refusals += 1;
        }
        let answered = Instant::now();
        if answered >= begin && answered < begin + measured {
            seen.latencies.push(answered - asked);
        }
        asked = answered;
    }
    Ok(seen)
}
