//! What kind of failure is it, for the one who has to answer for it?

/// The kind of an error. Every crate's error enum answers `kind()`; only the server maps kinds to HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request or the input is wrong; sending it again unchanged cannot help.
    Invalid,
    /// What was asked for does not exist.
    NotFound,
    /// It collides with what exists already.
    Conflict,
    /// The caller may not do this.
    Forbidden,
    /// Not now: a queue is full, a disk is full, a lock is held. Trying again may help.
    Unavailable,
    /// Stored bytes are not what was written.
    Corrupt,
    /// A fault of ours.
    Internal,
}
