//! What was searched lately, and what was shown? Read from the log of decisions, so that an order can be learned from it.

use crate::Engine;
use crate::error::EngineError;
use decisions::{ContentShape, DecisionQuery, Record, no_searches};
use learning::SearchLog;

/// So many of the newest searches are learned from: more would cost memory and time, and say what is no longer so.
const N_SEARCHES_MAX: usize = 20_000;

impl Engine {
    /// The newest searches of customers, with what they showed.
    ///
    /// # Errors
    /// [`EngineError`] where decisions cannot be read.
    pub fn searched(&self) -> Result<SearchLog, EngineError> {
        let mut log = no_searches();
        let kinds = self.capabilities.kinds.iter().map(|kind| kind.about());
        for about in kinds.filter(|about| about.shape == ContentShape::Search) {
            let meant = DecisionQuery { kind: Some(about.name.to_string()), ..DecisionQuery::default() };
            self.ports.decisions.newest(&meant, &mut |logged| {
                // What a newer program wrote is left out.
                log.searches.extend(Record::open(&logged).ok().and_then(|record| record.searched()));
                log.searches.len() < N_SEARCHES_MAX
            })?;
        }
        Ok(log)
    }
}
