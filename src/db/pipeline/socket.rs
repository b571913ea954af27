//! A connection's socket, used by the driver or by a [`crate::db::pipeline::Pipeline`], one at a time.

use super::frames::Frames;
use parking_lot::Mutex;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsStream};

/// A socket with or without TLS.
type Stream = Box<dyn TlsStream + Send + Unpin>;

/// What the driver sends that is answered with ReadyForQuery: Sync, and a simple query.
const ASKING: &[u8] = b"SQ";
/// ReadyForQuery.
const READY: &[u8] = b"Z";

/// The socket that the driver's task uses, unless it is lent.
#[derive(Clone)]
pub(crate) struct SharedSocket(Arc<Mutex<Shared>>);

struct Shared {
    stream: Stream,
    owner: Owner,
    /// The driver's task, if it wants to write what it has to keep for now.
    writer: Option<Waker>,
    /// Whether somebody else may wait for something to read in the place of the driver's task.
    is_reader_lost: bool,
    /// What the driver has under way; `None` while the connection is being set up, when messages have another form.
    traffic: Option<Traffic>,
}

/// Whose the socket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// The driver's.
    Driver,
    /// Whoever has it lent.
    Borrower,
    /// Nobody's: whoever had it lent left in the middle.
    Nobody,
}

/// What the driver sends and receives.
#[derive(Default)]
struct Traffic {
    sent: Frames,
    received: Frames,
    /// Requests that are not answered yet.
    unanswered: usize,
}

impl Traffic {
    /// Whether every request was sent as a whole and is answered.
    fn is_over(&self) -> bool {
        self.unanswered == 0 && self.sent.is_between() && self.received.is_between()
    }
}

impl SharedSocket {
    /// Shares a socket.
    pub(crate) fn new(stream: impl TlsStream + Send + Unpin + 'static) -> Self {
        let shared =
            Shared { stream: Box::new(stream), owner: Owner::Driver, writer: None, is_reader_lost: false, traffic: None };
        Self(Arc::new(Mutex::new(shared)))
    }

    /// Says that the connection is set up, with nothing under way. Nothing is lent before.
    pub(crate) fn is_set_up(&self) {
        self.0.lock().traffic = Some(Traffic::default());
    }

    /// Takes the socket from the driver; `None` if it has something under way.
    ///
    /// Until it is given back the driver finds nothing to read and keeps what it would write, such as the request to close a
    /// statement that somebody let go of. Unless it is given back, it is of no use to the driver any more, either, whose task ends.
    pub(crate) fn lend(&self) -> Option<Lent<'_>> {
        let mut shared = self.0.lock();
        let is_free = shared.traffic.as_ref().is_some_and(Traffic::is_over);
        if !is_free || shared.owner != Owner::Driver {
            return None;
        }
        (shared.owner, shared.is_reader_lost) = (Owner::Borrower, true);
        Some(Lent(&self.0))
    }

    /// Whether the other side has gone, or said something that nobody asked for, which it does before it goes. While the driver
    /// has something under way, it is the driver that finds out.
    pub(crate) fn is_closed(&self) -> bool {
        let mut shared = self.0.lock();
        if !shared.traffic.as_ref().is_some_and(Traffic::is_over) {
            return false;
        }
        shared.is_reader_lost = true;
        let mut byte = [0];
        let read = Pin::new(&mut shared.stream).poll_read(&mut Context::from_waker(Waker::noop()), &mut ReadBuf::new(&mut byte));
        shared.owner != Owner::Driver || read.is_ready()
    }
}

impl AsyncRead for SharedSocket {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Shared { stream, owner, traffic, is_reader_lost, .. } = &mut *self.0.lock();
        match owner {
            Owner::Driver => {}
            // Nobody has to wake the task up again for this: only what it writes is answered.
            Owner::Borrower => return Poll::Pending,
            Owner::Nobody => return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
        }
        *is_reader_lost = false;
        let before = buffer.filled().len();
        let read = Pin::new(stream).poll_read(context, buffer);
        if let Some(traffic) = traffic {
            let answered = traffic.received.pass(&buffer.filled()[before..], READY);
            traffic.unanswered = traffic.unanswered.saturating_sub(answered);
        }
        read
    }
}

impl AsyncWrite for SharedSocket {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Shared { stream, owner, writer, traffic, is_reader_lost } = &mut *self.0.lock();
        match owner {
            Owner::Driver => {}
            Owner::Borrower => {
                *writer = Some(context.waker().clone());
                return Poll::Pending;
            }
            Owner::Nobody => return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
        }
        let written = Pin::new(stream).poll_write(context, bytes);
        if *is_reader_lost {
            // The task asked for something to read before it wrote, and somebody else has asked since.
            context.waker().wake_by_ref();
        }
        if let (Poll::Ready(Ok(length)), Some(traffic)) = (&written, traffic) {
            traffic.unanswered += traffic.sent.pass(&bytes[..*length], ASKING);
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut shared = self.0.lock();
        match shared.owner {
            Owner::Driver => Pin::new(&mut shared.stream).poll_flush(context),
            // Nothing of the driver's is below; whoever has the socket waits for what is.
            Owner::Borrower | Owner::Nobody => Poll::Ready(Ok(())),
        }
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
    /// Lets the driver go on. To be called when nothing is under way any more.
    pub(crate) fn give_back(self) {
        self.0.lock().owner = Owner::Driver;
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut shared = self.0.lock();
        if shared.owner == Owner::Borrower {
            shared.owner = Owner::Nobody;
        }
        if let Some(writer) = shared.writer.take() {
            writer.wake();
        }
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
