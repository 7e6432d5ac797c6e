//! Where are decisions kept? The port that every decision log answers to.

use crate::Declaration;
use primitives::{CustomerId, DecisionId, ErrorKind, Timestamp};
use std::collections::BTreeMap;

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

/// That a customer met an experiment: from then on what they do counts for its arm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposed {
    /// The experiment.
    pub experiment: String,
    /// Who met it, by the name that they had then.
    pub customer: CustomerId,
    /// In which arm.
    pub arm: String,
    /// When first.
    pub first_at: Timestamp,
}

/// Which decisions are meant; what is not said narrows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DecisionQuery {
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only about this customer.
    pub customer: Option<CustomerId>,
    /// Only those that were the full answer, or those that were not.
    pub is_fallback: Option<bool>,
    /// Only those of a day of UTC, counted from 1970.
    pub day: Option<i64>,
}

/// How many decisions of a kind were made on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionCount {
    /// The day of UTC, counted from 1970.
    pub day: i64,
    /// What was to be decided.
    pub kind: String,
    /// Whether the answer was not the full one.
    pub is_fallback: bool,
    /// How many.
    pub n: u64,
}

/// Where decisions are kept, for as long as the settings say.
pub trait DecisionLog: Send + Sync {
    /// Appends a decision and returns after it is durable.
    ///
    /// # Errors
    /// [`DecisionLogError`]; then it was not stored.
    fn append(&self, decision: LoggedDecision) -> Result<(), DecisionLogError> {
        self.append_all(vec![decision], Vec::new())
    }

    /// Appends decisions in one transaction, with the experiments that were met in them, and returns after all of it is durable. Who
    /// met an experiment before has met it then, and in that arm.
    ///
    /// # Errors
    /// [`DecisionLogError`]; then none was stored but those whose id was not there already.
    fn append_all(&self, decisions: Vec<LoggedDecision>, exposed: Vec<Exposed>) -> Result<(), DecisionLogError>;

    /// Visits everybody who met an experiment, in the order of their ids, until `visit` answers `false`.
    ///
    /// # Errors
    /// [`DecisionLogError`].
    fn exposed(&self, experiment: &str, visit: &mut dyn FnMut(Exposed) -> bool) -> Result<(), DecisionLogError>;

    /// The experiments that anybody met, each with how many did in each arm.
    ///
    /// # Errors
    /// [`DecisionLogError`].
    fn experiments(&self) -> Result<BTreeMap<String, BTreeMap<String, u64>>, DecisionLogError>;

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

    /// Visits the decisions meant, the newest first, until `visit` answers `false`.
    ///
    /// # Errors
    /// [`DecisionLogError`].
    fn newest(
        &self,
        meant: &DecisionQuery,
        visit: &mut dyn FnMut(LoggedDecision) -> bool,
    ) -> Result<(), DecisionLogError>;

    /// The newest decisions, newest first; where `customer` is given, only theirs.
    ///
    /// # Errors
    /// [`DecisionLogError`].
    fn recent(&self, customer: Option<&CustomerId>, n_max: usize) -> Result<Vec<LoggedDecision>, DecisionLogError> {
        let meant = DecisionQuery { customer: customer.cloned(), ..DecisionQuery::default() };
        let mut found = Vec::new();
        if n_max > 0 {
            self.newest(&meant, &mut |decision| {
                found.push(decision);
                found.len() < n_max
            })?;
        }
        Ok(found)
    }

    /// How many decisions of each kind were made on each day since a moment, by day: of the newest `n_max` of them.
    ///
    /// # Errors
    /// [`DecisionLogError`].
    fn by_day(&self, from: Timestamp, n_max: u64) -> Result<Vec<DecisionCount>, DecisionLogError>;

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
