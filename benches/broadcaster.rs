//! The least that a server of streams must do: a loop that writes the same bytes to every connection. No runtime, no
//! heartbeat, no patience with anybody: a limit to compare with, not a server.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use openssl::ssl::{Ssl, SslContext, SslStream};
use parvis::appliance::certificate::Files;
use parvis::appliance::tls;

/// The connections that every change is written to, and the changes so far.
struct Audience {
    lists: Vec<Mutex<Vec<SslStream<TcpStream>>>>,
    subscribers: AtomicUsize,
    changes: AtomicU64,
    /// Bytes of an event.
    size: usize,
}

/// Serves until it is killed: events of so many bytes, over TLS with a certificate and its key.
pub(crate) fn run(address: &str, size: &str, certificate: &str, key: &str) -> anyhow::Result<()> {
    let _ = parvis::appliance::limits::raise_open_files();
    let files = Files::of(Path::new(certificate), Path::new(key));
    let context = tls::context(&files.read()?)?;
    let listener = TcpListener::bind(address)?;
    let workers = std::thread::available_parallelism()?.get();
    let audience = Audience {
        lists: (0..workers).map(|_| Mutex::default()).collect(),
        subscribers: AtomicUsize::new(0),
        changes: AtomicU64::new(0),
        size: size.parse()?,
    };
    std::thread::scope(|scope| {
        // One thread more than lists: the one that hears of changes does nothing else meanwhile.
        for _ in 0..=workers {
            let (listener, context, audience) = (&listener, &context, &audience);
            scope.spawn(move || {
                for tcp in listener.incoming().flatten() {
                    // Whoever hangs up meanwhile is nobody's concern here.
                    let _ = audience.welcome(tcp, context);
                }
            });
        }
    });
    Ok(())
}

impl Audience {
    fn welcome(&self, tcp: TcpStream, context: &SslContext) -> anyhow::Result<()> {
        tcp.set_nodelay(true)?;
        let mut tls = Ssl::new(context)?.accept(tcp)?;
        loop {
            let mut request = [0; 4_096];
            let read = tls.read(&mut request)?;
            match request.get(..read).unwrap_or_default() {
                [] => return Ok(()),
                [b'G', ..] => {
                    tls.write_all(
                        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nretry: 3000\n\n",
                    )?;
                    let number = self.subscribers.fetch_add(1, Ordering::Relaxed);
                    if let Some(list) = self.lists.get(number % self.lists.len()) {
                        let mut list = list.lock().unwrap_or_else(PoisonError::into_inner);
                        list.push(tls);
                    }
                    return Ok(());
                }
                _ => {
                    self.broadcast();
                    tls.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")?;
                }
            }
        }
    }

    fn broadcast(&self) {
        let event = event(1 + self.changes.fetch_add(1, Ordering::Relaxed), self.size);
        std::thread::scope(|scope| {
            for list in &self.lists {
                scope.spawn(|| {
                    let mut list = list.lock().unwrap_or_else(PoisonError::into_inner);
                    list.retain_mut(|tls| tls.write_all(&event).is_ok());
                });
            }
        });
    }
}

/// An event with a figure, filled up to a size.
fn event(figure: u64, size: usize) -> Vec<u8> {
    let text = format!("event: space\ndata: {{\"present\":{figure},\"rest\":\"");
    let rest = "x".repeat(size.saturating_sub(text.len() + 4));
    format!("{text}{rest}\"}}\n\n").into_bytes()
}
