//! A TLS connection that can be handed over: a request that becomes an endless stream takes it away from actix, whose
//! dispatcher holds 16 kB of buffers that a stream never needs.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

/// A connection after its handshake.
pub(super) type Tls = SslStream<TcpStream>;

/// Where a connection lies until somebody takes it. Lives on one worker.
#[derive(Clone)]
pub(super) struct Handle(Rc<RefCell<Option<Tls>>>);

impl Handle {
    /// Takes the connection away from actix, which then sees it closed.
    pub(super) fn take(&self) -> Option<Tls> {
        self.0.borrow_mut().take()
    }
}

/// The connection as actix sees it.
pub(super) struct Connection(Handle);

impl Connection {
    pub(super) fn new(tls: Tls) -> Self {
        Self(Handle(Rc::new(RefCell::new(Some(tls)))))
    }

    pub(super) fn handle(&self) -> Handle {
        self.0.clone()
    }

    fn with<T>(
        &self,
        gone: Poll<io::Result<T>>,
        work: impl FnOnce(Pin<&mut Tls>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match self.0.0.borrow_mut().as_mut() {
            Some(tls) => work(Pin::new(tls)),
            None => gone,
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.with(Poll::Ready(Ok(())), |tls| tls.poll_read(cx, buffer))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let gone = Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        self.with(gone, |tls| tls.poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(Poll::Ready(Ok(())), |tls| tls.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(Poll::Ready(Ok(())), |tls| tls.poll_shutdown(cx))
    }
}
