//! What comes of an outcome among a customer's events, whoever tells of them?

use super::{Label, OnDataset, Outcome};
use features::{Trace, TraceReads};
use primitives::Timestamp;

impl Outcome {
    /// What comes of it after a moment: 1 where it comes true and 0 where it does not, or how often, or how much; `None` of a
    /// question which value comes. The trace is one that was read with `reads`, among which are [`Outcome::watches`].
    #[must_use]
    pub fn came(&self, trace: &Trace, reads: &TraceReads, as_of: Timestamp) -> Option<f64> {
        let place = |watch| reads.watches().iter().position(|watched| *watched == watch);
        let on = OnDataset {
            outcome: self,
            probes: Vec::new(),
            cells: reads.cells(),
            label: self.label.watch().and_then(place),
            now: Timestamp::MAX,
            number_max: f64::INFINITY,
        };
        match self.label {
            Label::Did(_) | Label::DidNot(_) => Some(f64::from(u8::from(on.came_true(trace, as_of)))),
            Label::Count(_) | Label::Sum(..) => Some(on.amount(trace, as_of)),
            Label::Which(..) => None,
        }
    }
}
