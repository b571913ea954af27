//! Listening, and stopping without dropping anybody.

use crate::http::{WebState, router};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tower::ServiceExt;

/// How long a client may take to send a request's head: who sends it byte by byte holds a connection, and a stop, up.
const HEAD_WITHIN: Duration = Duration::from_secs(5);

/// How long requests in flight may take after a stop was asked for. Service managers kill after 30 s, and the database has to
/// be stopped by then, too.
const STOPPED_WITHIN: Duration = Duration::from_secs(25);

/// The pause after a connection could not be accepted, most often because the process has too many files open.
const AFTER_REFUSAL: Duration = Duration::from_millis(200);

/// Serves until `stop` is ready, then finishes the requests that are in flight. Returns whether it could.
pub async fn serve(listener: TcpListener, state: WebState, stop: impl Future<Output = ()> + Send + 'static) -> bool {
    serve_router(listener, router(state), stop).await
}

/// Serves any routes in the same way.
pub(super) async fn serve_router(listener: TcpListener, router: Router, stop: impl Future<Output = ()> + Send + 'static) -> bool {
    let builder = connection_builder();
    let connections = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, address)) => drive(&builder, &connections, stream, router.clone(), address),
            Err(error) => {
                tracing::warn!(error = %error, "a connection could not be accepted: {error}");
                tokio::time::sleep(AFTER_REFUSAL).await;
            }
        }
    }
    // From here on new connections are refused by the system, not left waiting.
    drop(listener);
    tokio::time::timeout(STOPPED_WITHIN, connections.shutdown()).await.is_ok()
}

fn connection_builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    builder.http2().timer(TokioTimer::new());
    builder
}

/// Serves one connection in a task of its own. A connection that fails is the client's affair.
fn drive(
    builder: &Builder<TokioExecutor>,
    connections: &GracefulShutdown,
    stream: TcpStream,
    router: Router,
    address: SocketAddr,
) {
    // Answers are written whole; waiting for more to send only delays them.
    let _ = stream.set_nodelay(true);
    let service = router.map_request(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(address));
        request
    });
    // Without upgrades: nothing here becomes a websocket, so no request can be smuggled behind one.
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let connection = connections.watch(connection.into_owned());
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(error = %error, "a connection ended early: {error}");
        }
    });
}

/// SIGTERM and Ctrl-C. From the moment on that it is made, they no longer end the process by themselves.
pub struct StopSignal {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignal {
    /// Begins to listen.
    ///
    /// # Errors
    /// The system's, if it has no room for another handler.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Ready when the process is asked to stop.
    pub async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
