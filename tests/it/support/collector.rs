//! Something that collects telemetry over HTTP.

use parking_lot::Mutex;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A collector that keeps what it is sent.
pub struct Collector {
    pub endpoint: String,
    received: Arc<Mutex<Vec<u8>>>,
}

impl Collector {
    /// Without TLS.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&received);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(receive(stream, Arc::clone(&kept)));
            }
        });
        Self { endpoint, received }
    }

    /// With TLS; keeps what comes after a handshake.
    pub async fn with_tls(acceptor: TlsAcceptor) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("https://{}", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&received);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, kept) = (acceptor.clone(), Arc::clone(&kept));
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        receive(stream, kept).await;
                    }
                });
            }
        });
        Self { endpoint, received }
    }

    /// Everything that came, as text where it is text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.received.lock()).into_owned()
    }

    /// Whether nothing came.
    pub fn has_nothing(&self) -> bool {
        self.received.lock().is_empty()
    }

    /// Whether this came.
    pub fn has(&self, bytes: &[u8]) -> bool {
        self.received.lock().windows(bytes.len()).any(|window| window == bytes)
    }
}

/// Reads requests with a length, answers each with nothing, and keeps their bytes.
async fn receive(mut stream: impl AsyncRead + AsyncWrite + Unpin, kept: Arc<Mutex<Vec<u8>>>) {
    let mut bytes = Vec::new();
    while let Ok(read) = stream.read_buf(&mut bytes).await {
        if read == 0 {
            return;
        }
        let Some(head_end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..head_end]).to_ascii_lowercase();
        let length: usize = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0);
        if bytes.len() >= head_end + 4 + length {
            kept.lock().append(&mut bytes);
            let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer).await.unwrap();
        }
    }
}
