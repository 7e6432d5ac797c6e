//! Where are decisions kept? The port that every decision log answers to.

use crate::Declaration;
use primitives::{CustomerId, DecisionId, ErrorKind, Timestamp};

/// The log failed.
#[derive(Debug, thiserror::Error)]
#[error("{attempt}")]
pub struct DecisionLogError {
    /// What was attempted, and what to do.
    pub attempt: String,
    /// Whether trying again may help.
    pub kind: ErrorKind,
    /// What the storage said.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// A decision as the log keeps it: the columns it is found by, and the record's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedDecision {
    /// The decision.
    pub id: DecisionId,
    /// When it was made.
    pub decided_at: Timestamp,
    /// What was to be decided: `recommend`, `churn`.
    pub kind: String,
    /// About whom; `None` where nobody was named.
    pub customer: Option<CustomerId>,
    /// Whether the answer was not the full one.
    pub is_fallback: bool,
    /// The record's bytes.
    pub record: Vec<u8>,
}

/// Where decisions are kept, for as long as the settings say.
pub trait DecisionLog: Send + Sync {
    /// Appends a decision and returns after it is durable.
    ///
    /// # Errors
    /// [`DecisionLogError`]; then it was not stored.
    fn append(&self, decision: LoggedDecision) -> Result<(), DecisionLogError>;

    /// Keeps what kinds were declared as, durably, before records name it; the same again changes nothing. It stays for as long
    /// as a record may name it.
    ///
    /// # Errors
    /// [`DecisionLogError`]; then it was not kept.
    fn keep(&self, declaration: &Declaration) -> Result<(), DecisionLogError>;

    /// What was kept under a digest.
    ///
    /// # Errors
    /// [`DecisionLogError`].
    fn declaration(&self, digest: &str) -> Result<Option<Declaration>, DecisionLogError>;

    /// One decision.
    ///
    /// # Errors
    /// [`DecisionLogError`].
    fn get(&self, id: &DecisionId) -> Result<Option<LoggedDecision>, DecisionLogError>;

    /// The newest decisions, newest first; where `customer` is given, only theirs.
    ///
    /// # Errors
    /// [`DecisionLogError`].
    fn recent(&self, customer: Option<&CustomerId>, n_max: usize) -> Result<Vec<LoggedDecision>, DecisionLogError>;

    /// The next customer with a decision after `after`, in the order of their ids.
    ///
    /// # Errors
    /// [`DecisionLogError`].
    fn next_customer(&self, after: Option<&CustomerId>) -> Result<Option<CustomerId>, DecisionLogError>;

    /// Replaces the records of a customer's decisions by what `forget` makes of them; one of which it makes nothing stays as
    /// it is. Each that was replaced is never asked for again. Answers how many were replaced.
    ///
    /// # Errors
    /// [`DecisionLogError`].
    fn forget(
        &self,
        customer: &CustomerId,
        forget: &mut dyn FnMut(LoggedDecision) -> Option<Vec<u8>>,
    ) -> Result<u64, DecisionLogError>;

    /// How many decisions there ever were: (all, fallbacks).
    ///
    /// # Errors
    /// [`DecisionLogError`].
    fn counts(&self) -> Result<(u64, u64), DecisionLogError>;

    /// Visits the decisions made since a moment, in the order of time, until `visit` answers `false`.
    ///
    /// # Errors
    /// [`DecisionLogError`].
    fn since(&self, from: Timestamp, visit: &mut dyn FnMut(LoggedDecision) -> bool) -> Result<(), DecisionLogError>;
}
