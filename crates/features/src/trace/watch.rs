//! Which events are remembered one by one, because an outcome is made of them?

use crate::{Catalogue, CellSpec, Cells};
use events::{EventKey, Filter, Offset, Origin, Recorded, Take};
use primitives::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Events to be remembered, and a value of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Watch {
    /// Which events.
    pub filter: Filter,
    /// Which value of them; without one only the times are remembered.
    pub take: Option<Take>,
    /// Whether that is a message, which is kept whole.
    pub is_message: bool,
}

/// What a [`crate::Trace`] looks for in events, beside what features always look at: known before the history is read.
#[derive(Debug, Clone, Default)]
pub struct TraceReads {
    pub(super) cells: Arc<Cells>,
    watches: Vec<Watch>,
}

/// An event that was watched for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Match<'a> {
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When we came to know it: what was received after an `as_of` was not known then.
    pub received_at: Timestamp,
    /// What tells it from others at the same moment.
    pub key: EventKey,
    /// Who told of it.
    pub origin: Origin,
    /// The value taken, where it is a number.
    pub number: Option<f64>,
    /// The value taken as text, where there is one.
    pub text: Option<&'a str>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Matched {
    watch: u32,
    occurred_at: Timestamp,
    received_at: Timestamp,
    offset: Offset,
    key: EventKey,
    origin: Origin,
    number: Option<f64>,
    text: Option<Box<str>>,
}

impl TraceReads {
    /// Watches for events; [`crate::Trace::matches`] names a watch by its place here.
    #[must_use]
    pub fn new(watches: Vec<Watch>) -> Self {
        Self { cells: Arc::default(), watches }
    }

    /// Keeps what the declared features of a catalogue are read from, too.
    #[must_use]
    pub fn for_features(self, catalogue: &Catalogue) -> Self {
        Self { cells: Arc::clone(catalogue.cells()), ..self }
    }

    /// Keeps this as well.
    #[must_use]
    pub fn keeping(self, others: impl IntoIterator<Item = CellSpec>) -> Self {
        Self { cells: Arc::new(Cells::new(self.cells.specs().cloned().chain(others))), ..self }
    }

    /// What is kept of each customer.
    #[must_use]
    pub fn cells(&self) -> &Cells {
        &self.cells
    }

    /// What is watched for, each in its place.
    #[must_use]
    pub fn watches(&self) -> &[Watch] {
        &self.watches
    }

    pub(super) fn matches(&self, recorded: &Recorded) -> impl Iterator<Item = Matched> {
        let Recorded { offset, event } = recorded;
        let watches = (0_u32..).zip(&self.watches).filter(|(_, watch)| watch.filter.matches(event));
        watches.map(move |(idx, watch)| {
            let take = watch.take.as_ref();
            Matched {
                watch: idx,
                occurred_at: event.occurred_at,
                received_at: event.received_at,
                offset: *offset,
                key: event.key(),
                origin: event.origin,
                number: take.and_then(|take| take.number(event)),
                text: take
                    .and_then(|take| take.text(event))
                    .map(|text| beginning_of(&text, watch.n_bytes_max()).into()),
            }
        })
    }
}

/// What is kept of a text: whoever looks at it takes longer ones for none, and a stranger may send many that are long.
fn beginning_of(text: &str, n_bytes_max: usize) -> &str {
    let text = text.trim();
    &text[..text.floor_char_boundary(n_bytes_max + 1)]
}

impl Watch {
    fn n_bytes_max(&self) -> usize {
        if self.is_message { Match::MESSAGE_BYTES_MAX } else { Match::TEXT_BYTES_MAX }
    }
}

impl Match<'_> {
    /// So much is kept of a message.
    pub const MESSAGE_BYTES_MAX: usize = 4_000;
    /// The longest text that is kept whole; of a longer one so much is kept that this can be told.
    pub const TEXT_BYTES_MAX: usize = 104;
}

impl Matched {
    pub(super) fn is_of(&self, watch_idx: usize) -> bool {
        self.watch_idx() == watch_idx
    }

    pub(super) fn watch_idx(&self) -> usize {
        usize::try_from(self.watch).unwrap_or(usize::MAX)
    }

    pub(super) fn place(&self) -> (Offset, u32) {
        (self.offset, self.watch)
    }

    pub(super) fn as_match(&self) -> Match<'_> {
        Match {
            occurred_at: self.occurred_at,
            received_at: self.received_at,
            key: self.key,
            origin: self.origin,
            number: self.number,
            text: self.text.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_text_only_so_much_is_kept_that_it_is_seen_to_be_long() {
        let most = Match::TEXT_BYTES_MAX;
        for n in [0, 1, most, most + 1] {
            assert_eq!(beginning_of(&"x".repeat(n), most).len(), n);
        }
        assert_eq!(beginning_of(&"x".repeat(31_000), most).len(), most + 1);
        assert_eq!(beginning_of(&format!("{}ab", " ".repeat(500)), most), "ab", "blanks are no value");
        let message = Watch { filter: Filter::named("a"), take: None, is_message: true };
        assert_eq!(beginning_of(&"x".repeat(31_000), message.n_bytes_max()).len(), Match::MESSAGE_BYTES_MAX + 1);
        let wide = "ä".repeat(200);
        let kept = beginning_of(&wide, most);
        assert!(kept.len() >= most && kept.len() <= most + 1 && wide.starts_with(kept));
    }
}
