//! How is a connection's socket written to and closed, whatever the client does?

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// How long an answer may wait for a client that reads nothing of it.
const WRITE_TIME_MAX: Duration = Duration::from_secs(30);

/// How long, and how much of it, is read over what a client still sends after the last answer.
const LINGER_TIME_MAX: Duration = Duration::from_secs(2);
const LINGER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A client's socket. It gives up on a client that reads nothing any more, and closes so that the client reads the last
/// answer even if it is still sending: a socket that is closed with unread bytes takes its answer back.
pub(super) struct Socket {
    stream: TcpStream,
    /// When a write that makes no progress fails.
    stalled: Option<Pin<Box<Sleep>>>,
    lingering: Option<Lingering>,
}

struct Lingering {
    until: Pin<Box<Sleep>>,
    n_bytes: usize,
}

impl Socket {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, stalled: None, lingering: None }
    }

    /// Passes a write's outcome on, or its failure where it has waited too long.
    fn in_time(&mut self, context: &mut Context<'_>, written: Poll<Result<usize>>) -> Poll<Result<usize>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        ready!(self.stalled.get_or_insert_with(|| after(WRITE_TIME_MAX)).as_mut().poll(context));
        Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "the client reads nothing of its answer")))
    }
}

#[expect(clippy::disallowed_methods, reason = "a limit for clients, not a pause of ours")]
fn after(time: Duration) -> Pin<Box<Sleep>> {
    Box::pin(tokio::time::sleep(time))
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.in_time(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.in_time(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    /// Says that nothing more comes, then reads over what the client still sends until it closes, too.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let socket = &mut *self;
        if socket.lingering.is_none() {
            ready!(Pin::new(&mut socket.stream).poll_shutdown(context))?;
        }
        let lingering = socket.lingering.get_or_insert_with(|| Lingering { until: after(LINGER_TIME_MAX), n_bytes: 0 });
        while lingering.n_bytes < LINGER_BYTES_MAX {
            let mut bytes = [0; 4_096];
            let mut buffer = ReadBuf::new(&mut bytes);
            if Pin::new(&mut socket.stream).poll_read(context, &mut buffer)?.is_pending() {
                return lingering.until.as_mut().poll(context).map(Ok);
            }
            match buffer.filled().len() {
                0 => break,
                n => lingering.n_bytes += n,
            }
        }
        Poll::Ready(Ok(()))
    }
}
