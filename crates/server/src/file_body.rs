//! How is a file sent? A part at a time, read away from the threads that serve connections.

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::Frame;
use std::fs::File;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::task::JoinHandle;

/// How much is read at a time.
const PART_BYTES: usize = 64 * 1024;

/// A file as a body, from where it stands to its end.
pub(crate) fn body_of(file: File) -> Body {
    Body::new(FileBody { state: State::Idle(Some(file)) })
}

struct FileBody {
    state: State,
}

enum State {
    Idle(Option<File>),
    Reading(JoinHandle<io::Result<(File, Vec<u8>)>>),
}

impl HttpBody for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        loop {
            match &mut self.state {
                State::Idle(file) => {
                    let Some(file) = file.take() else { return Poll::Ready(None) };
                    self.state = State::Reading(tokio::task::spawn_blocking(move || read(file)));
                }
                State::Reading(reading) => {
                    let read = ready!(Pin::new(reading).poll(context));
                    self.state = State::Idle(None);
                    return Poll::Ready(match read.map_err(io::Error::other).and_then(|read| read) {
                        Ok((_, part)) if part.is_empty() => None,
                        Ok((file, part)) => {
                            self.state = State::Idle(Some(file));
                            Some(Ok(Frame::data(part.into())))
                        }
                        Err(error) => Some(Err(error)),
                    });
                }
            }
        }
    }
}

fn read(mut file: File) -> io::Result<(File, Vec<u8>)> {
    let mut part = Vec::with_capacity(PART_BYTES);
    Read::by_ref(&mut file).take(PART_BYTES as u64).read_to_end(&mut part)?;
    Ok((file, part))
}
