//! How is the past read as it was known then? A customer's signals in the order in which they were received.

pub(crate) mod watch;

use crate::FeatureState;
use crate::channels::Matter;
use crate::signal::{Order, Signals};
use events::{Offset, Origin, Recorded};
use primitives::Timestamp;
use profiles::CustomerState;
use profiles::squeeze_in;
use serde::{Deserialize, Serialize};
use watch::{Match, Matched, TraceReads};

/// Everything features have ever looked at of one customer, and what was watched for, for training.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    received: Vec<Received>,
    matched: Vec<Matched>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Received {
    offset: Offset,
    at: Timestamp,
    origin: Origin,
    signals: Signals,
}

impl Trace {
    /// The state as it was known at a moment: what was received later is not in it.
    #[must_use]
    pub fn state_at(&self, as_of: Timestamp) -> FeatureState {
        let mut found = FeatureState::default();
        self.walk(&[as_of], |_, state| found.clone_from(state));
        found
    }

    /// The state as it was known at each of several moments, earliest first: one pass of the state machine.
    pub fn walk(&self, as_ofs: &[Timestamp], visit: impl FnMut(Timestamp, &FeatureState)) {
        self.walk_revised(as_ofs, |_, _| {}, visit);
    }

    /// [`Trace::walk`] where each order counts as `revise` makes it, which is told who said so.
    pub fn walk_revised(
        &self,
        as_ofs: &[Timestamp],
        revise: impl Fn(Origin, &mut Order),
        mut visit: impl FnMut(Timestamp, &FeatureState),
    ) {
        let mut moments = as_ofs.to_vec();
        moments.sort_unstable();
        // History that was imported late stands late in the log and was received early.
        let mut received: Vec<&Received> = self.received.iter().collect();
        received.sort_by_key(|received| received.at);
        let (mut state, mut next) = (FeatureState::default(), received.into_iter().peekable());
        for as_of in moments {
            while let Some(received) = next.next_if(|received| received.at <= as_of) {
                let mut order = received.signals.order.as_deref().copied();
                if let Some(order) = &mut order {
                    revise(received.origin, order);
                }
                state.add(&received.signals, order);
            }
            visit(as_of, &state);
        }
    }

    /// The orders that occurred after a moment, up to and including another: what outcomes are made of.
    pub fn orders_between(&self, after: Timestamp, until: Timestamp) -> impl Iterator<Item = &Order> {
        self.orders_told().map(|(_, order)| order).filter(move |order| order.at > after && order.at <= until)
    }

    /// Every order, and who told of it.
    pub fn orders_told(&self) -> impl Iterator<Item = (Origin, &Order)> {
        let told = self.received.iter().filter_map(|it| Some((it.origin, it.signals.order.as_deref()?)));
        told.filter(|(_, order)| !order.is_refund)
    }

    /// Every order that was received by a moment, and who told of it.
    pub fn orders_known(&self, as_of: Timestamp) -> impl Iterator<Item = (Origin, &Order)> + Clone {
        let known = self.received_until(as_of).filter_map(|it| Some((it.origin, it.signals.order.as_deref()?)));
        known.filter(|(_, order)| !order.is_refund)
    }

    /// Every refund that was received by a moment, and who told of it.
    pub fn refunds_known(&self, as_of: Timestamp) -> impl Iterator<Item = (Origin, &Order)> + Clone {
        let known = self.received_until(as_of).filter_map(|it| Some((it.origin, it.signals.order.as_deref()?)));
        known.filter(|(_, order)| order.is_refund)
    }

    /// The items bought after a moment, up to and including another, each once, sorted.
    #[must_use]
    pub fn items_between(&self, after: Timestamp, until: Timestamp) -> Vec<primitives::ItemKey> {
        let lines = self.received.iter().flat_map(|received| &received.signals.lines);
        let mut items: Vec<_> =
            lines.filter(|line| line.at > after && line.at <= until).map(|line| line.item).collect();
        items.sort_unstable();
        items.dedup();
        items
    }

    /// Every product bought that was received by a moment.
    pub fn lines_until(&self, as_of: Timestamp) -> impl Iterator<Item = &crate::Line> {
        self.received_until(as_of).flat_map(|received| &received.signals.lines)
    }

    /// Everything read, watched, heard or borrowed that was received by a moment, each time it was told.
    pub fn consumed_until(&self, as_of: Timestamp) -> impl Iterator<Item = &crate::Line> {
        self.received_until(as_of).flat_map(|received| &received.signals.consumed)
    }

    /// Every product that was looked at or put into a cart and received by a moment.
    pub fn views_until(&self, as_of: Timestamp) -> impl Iterator<Item = &crate::View> {
        self.received_until(as_of).flat_map(|received| &received.signals.views)
    }

    /// When they did anything, in the order of the log. That they became known is nothing that they did, also where a declared
    /// feature looks at it.
    pub fn seen(&self) -> impl Iterator<Item = Timestamp> {
        self.received.iter().filter(|received| received.signals.is_deed).map(|received| received.signals.seen.at)
    }

    /// When they did the first and the last thing.
    #[must_use]
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        self.seen().min().zip(self.seen().max())
    }

    /// The events that a [`crate::Watch`] was for, in the order of the log; its place is that in [`TraceReads::new`].
    pub fn matches(&self, watch_idx: usize) -> impl Iterator<Item = Match<'_>> {
        self.matched.iter().filter(move |matched| matched.is_of(watch_idx)).map(Matched::as_match)
    }

    /// Of each of so many watches, the events that were received by a moment; without those that only the public write key told of
    /// on a matter of which the company itself told something: there its own word stands alone, as it does in features.
    #[must_use]
    pub fn believed(&self, n_watches: usize, as_of: Timestamp) -> Vec<Vec<Match<'_>>> {
        let mut believed = vec![Vec::new(); n_watches];
        let matters = |received: &Received| -> Vec<Matter> {
            let all = received.signals.channels.iter().map(|told| told.matter());
            all.filter(|matter| *matter != Matter::Conduct).collect()
        };
        let ours = self.received_until(as_of).filter(|received| received.origin.is_trusted());
        let ours: Vec<Matter> = ours.flat_map(matters).collect();
        for matched in &self.matched {
            let found = matched.as_match();
            let is_overruled = || {
                let (offset, _) = matched.place();
                let told = self.received.binary_search_by_key(&offset, |received| received.offset);
                told.is_ok_and(|at| matters(&self.received[at]).iter().any(|matter| ours.contains(matter)))
            };
            let is_believed = found.received_at <= as_of && (found.origin.is_trusted() || !is_overruled());
            if let Some(of_watch) = believed.get_mut(matched.watch_idx()).filter(|_| is_believed) {
                of_watch.push(found);
            }
        }
        believed
    }

    fn received_until(&self, as_of: Timestamp) -> impl Iterator<Item = &Received> + Clone {
        self.received.iter().filter(move |received| received.at <= as_of)
    }
}

impl CustomerState for Trace {
    type Reads = TraceReads;
    const HAS_TIMELINE: bool = false;

    fn apply(&mut self, recorded: &Recorded, reads: &TraceReads) {
        if let Some(signals) = Signals::of(recorded, &reads.cells) {
            let Recorded { offset, event } = recorded;
            let received = Received { offset: *offset, at: event.received_at, origin: event.origin, signals };
            let place = self.received.len();
            squeeze_in(&mut self.received, place, received);
        }
        self.matched.extend(reads.matches(recorded));
    }

    fn merge(&mut self, other: Self) {
        self.received.extend(other.received);
        self.received.sort_by_key(|received| received.offset);
        self.matched.extend(other.matched);
        self.matched.sort_by_key(Matched::place);
    }
}
