//! A connection's socket, used by the driver or by a [`crate::db::pipeline::Pipeline`], one at a time.

use parking_lot::Mutex;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};

/// A socket with or without TLS.
type Stream = Box<dyn TlsStream + Send + Unpin>;

/// The socket that the driver's task reads from, unless it is lent.
#[derive(Clone)]
pub(crate) struct SharedSocket(Arc<Mutex<Shared>>);

struct Shared {
    stream: Stream,
    is_lent: bool,
}

impl SharedSocket {
    /// Shares a socket.
    pub(crate) fn new(stream: impl TlsStream + Send + Unpin + 'static) -> Self {
        Self(Arc::new(Mutex::new(Shared { stream: Box::new(stream), is_lent: false })))
    }

    /// Takes the socket from the driver, for whom nothing may be under way.
    ///
    /// From now on it finds nothing to read, and it is not told when that ends: its next request wakes it up anyway. Unless it is
    /// given back, its task ends with its client without having read anything more.
    pub(crate) fn lend(&self) -> Lent<'_> {
        self.0.lock().is_lent = true;
        Lent(&self.0)
    }

    /// Whether the other side has gone, or said something that nobody asked for, which it does before it goes.
    pub(crate) fn is_closed(&self) -> bool {
        let mut byte = [0];
        let mut shared = self.0.lock();
        let read = Pin::new(&mut shared.stream).poll_read(&mut Context::from_waker(Waker::noop()), &mut ReadBuf::new(&mut byte));
        shared.is_lent || read.is_ready()
    }
}

impl AsyncRead for SharedSocket {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // The lock makes sure that a read which began before the socket was lent does not take what is asked for afterwards.
        let mut shared = self.0.lock();
        if shared.is_lent {
            return Poll::Pending;
        }
        Pin::new(&mut shared.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for SharedSocket {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0.lock().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0.lock().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0.lock().stream).poll_shutdown(context)
    }
}

impl TlsStream for SharedSocket {
    fn channel_binding(&self) -> ChannelBinding {
        self.0.lock().stream.channel_binding()
    }
}

/// A socket that is somebody's alone.
pub(crate) struct Lent<'s>(&'s Mutex<Shared>);

impl Lent<'_> {
    /// Lets the driver read again. To be called when nothing is under way any more.
    pub(crate) fn give_back(self) {
        self.0.lock().is_lent = false;
    }
}

impl AsyncRead for Lent<'_> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0.lock().stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Lent<'_> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0.lock().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0.lock().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0.lock().stream).poll_shutdown(context)
    }
}

/// A connector for the driver that shares the socket which another connector makes.
#[derive(Clone)]
pub(crate) struct Sharing<Connector> {
    connector: Connector,
    /// The socket of the last connection: the driver may try several hosts.
    socket: Arc<Mutex<Option<SharedSocket>>>,
}

impl<Connector> Sharing<Connector> {
    /// Has shared none yet.
    pub(crate) fn new(connector: Connector) -> Self {
        Self { connector, socket: Arc::default() }
    }

    /// The socket of the connection that was made.
    pub(crate) fn take(&self) -> Option<SharedSocket> {
        self.socket.lock().take()
    }
}

impl<S, Connector: MakeTlsConnect<S>> MakeTlsConnect<S> for Sharing<Connector>
where
    Sharing<Connector::TlsConnect>: TlsConnect<S, Stream = SharedSocket>,
{
    type Stream = SharedSocket;
    type TlsConnect = Sharing<Connector::TlsConnect>;
    type Error = Connector::Error;

    fn make_tls_connect(&mut self, domain: &str) -> Result<Self::TlsConnect, Self::Error> {
        Ok(Sharing { connector: self.connector.make_tls_connect(domain)?, socket: Arc::clone(&self.socket) })
    }
}

impl<S, Connector> TlsConnect<S> for Sharing<Connector>
where
    Connector: TlsConnect<S>,
    Connector::Stream: Send + 'static,
    Connector::Future: Send + 'static,
    Connector::Error: 'static,
{
    type Stream = SharedSocket;
    type Error = Connector::Error;
    type Future = Pin<Box<dyn Future<Output = Result<SharedSocket, Connector::Error>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        let Self { connector, socket } = self;
        let connecting = connector.connect(stream);
        Box::pin(async move {
            let shared = SharedSocket::new(connecting.await?);
            *socket.lock() = Some(shared.clone());
            Ok(shared)
        })
    }
}

/// A connector that leaves a socket as it is: without TLS, the driver asks no connector, unless it is told to begin with it at once
/// ([`tokio_postgres::config::SslNegotiation::Direct`]).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plain;

impl<S: AsyncRead + AsyncWrite + Unpin> MakeTlsConnect<S> for Plain {
    type Stream = Bare<S>;
    type TlsConnect = Self;
    type Error = Infallible;

    fn make_tls_connect(&mut self, _domain: &str) -> Result<Self, Infallible> {
        Ok(Self)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsConnect<S> for Plain {
    type Stream = Bare<S>;
    type Error = Infallible;
    type Future = Ready<Result<Bare<S>, Infallible>>;

    fn connect(self, stream: S) -> Self::Future {
        ready(Ok(Bare(stream)))
    }
}

/// A socket without TLS.
pub(crate) struct Bare<S>(pub(crate) S);

impl<S: AsyncRead + Unpin> AsyncRead for Bare<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Bare<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Bare<S> {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}
