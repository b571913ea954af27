//! How the driver comes by a socket that is shared: the hooks that it has for TLS.

use super::socket::SharedSocket;
use parking_lot::Mutex;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};

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
