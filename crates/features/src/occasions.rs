//! What came of decisions that were about an occasion and no customer? A fold over events, so that it is learned from them.
//!
//! What stays true:
//! - only what the company's own systems tell counts: whoever reads a write key could make anything look good;
//! - the first word counts: what is told again changes nothing;
//! - it is bounded: the decisions of which it was told first give way.

use events::{Call, DecisionStep, Event, Offset, Recorded};
use primitives::{DecisionId, Timestamp, stable_hash};
use profiles::{Change, ProfileError, ProfileStore, TotalsRow};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Of how many decisions it is kept what came of them; so many more may gather before the oldest go.
const N_MAX: usize = 100_000;
const N_OVER: usize = 10_000;

const KEY: &str = "occasions";

/// In which property of an event it stands how much came of a decision.
pub const REWARD: &str = "reward";

/// What came of a decision.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Came {
    /// The place in the log of the first word of it.
    first: Offset,
    /// When it was said first that it was shown.
    pub shown_at: Option<Timestamp>,
    /// When it was said first how much came of it, and how much that was.
    pub reward: Option<(Timestamp, f64)>,
}

/// What came of decisions about occasions, by the hashes of their ids.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Occasions {
    held: BTreeMap<u64, Came>,
    offset: Offset,
    row: TotalsRow,
}

impl Occasions {
    /// Opens what a store's last checkpoint left.
    ///
    /// # Errors
    /// [`ProfileError`] where the store cannot be read or the row is damaged.
    pub fn open(store: &dyn ProfileStore) -> Result<Self, ProfileError> {
        let held = TotalsRow::stored(store, KEY)?;
        Ok(Self { held, offset: store.offset()?, row: TotalsRow::default() })
    }

    /// Folds in one event. One at or before the offset reached changes nothing.
    pub fn apply(&mut self, recorded: &Recorded) {
        let Recorded { offset, event } = recorded;
        if *offset <= self.offset {
            return;
        }
        self.offset = *offset;
        let Some(seen) = event.answered().filter(|seen| DecisionId::is_of_occasion(&seen.id)) else { return };
        if !event.origin.is_trusted() {
            return;
        }
        let came = self.held.entry(stable_hash(&seen.id)).or_insert(Came { first: *offset, ..Came::default() });
        let before = *came;
        match seen.step {
            DecisionStep::Shown => drop(came.shown_at.get_or_insert(event.occurred_at)),
            step => {
                let said = reward_in(event).or(seen.bare_value);
                let said = said.unwrap_or(if step == DecisionStep::Dismissed { 0.0 } else { 1.0 });
                came.reward.get_or_insert((event.occurred_at, said));
            }
        }
        if *came != before || before.first == *offset {
            self.row.changed();
        }
        self.forget();
    }

    /// What came of a decision; `None` where nothing was said of it.
    #[must_use]
    pub fn came(&self, decision: &str) -> Option<Came> {
        self.held.get(&stable_hash(decision)).copied()
    }

    fn forget(&mut self) {
        if self.held.len() <= N_MAX + N_OVER {
            return;
        }
        let mut firsts: Vec<Offset> = self.held.values().map(|came| came.first).collect();
        let (_, last, _) = firsts.select_nth_unstable(N_OVER);
        let last = *last;
        self.held.retain(|_, came| came.first > last);
    }

    /// Begins a checkpoint of this moment, together with the profiles' one; see [`Occasions::fill`].
    ///
    /// # Errors
    /// [`ProfileError::Corrupt`] where it cannot be encoded.
    pub fn begin_checkpoint(&mut self) -> Result<(), ProfileError> {
        self.row.begin_checkpoint(KEY, &self.held)
    }

    /// Moves the checkpoint's row into a slice of at most `n_max` changes.
    pub fn fill(&mut self, slice: &mut Vec<Change>, n_max: usize) {
        self.row.fill(slice, n_max);
    }

    /// Ends the checkpoint: where it is not durable, the next one takes the row again.
    pub fn end_checkpoint(&mut self, is_durable: bool) {
        self.row.end_checkpoint(is_durable);
    }
}

/// How much an event says that came of it.
fn reward_in(event: &Event) -> Option<f64> {
    match &event.call {
        Call::Track { properties, .. } => properties.get(REWARD)?.as_f64(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::{Envelope, Origin, parse_event};
    use profiles::MemoryProfileStore;
    use serde_json::json;

    fn event(offset: u64, name: &str, decision: &str, reward: Option<f64>, origin: Origin) -> Recorded {
        let properties = json!({"decision_id": decision, "reward": reward});
        let event = json!({"type": "track", "event": name, "userId": "u", "properties": properties});
        let received_at = at(i64::try_from(offset).unwrap());
        let mut event = parse_event(event, None, &Envelope::new(received_at, Origin::Client)).unwrap();
        event.origin = origin;
        Recorded { offset: Offset(offset), event }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second)
    }

    #[test]
    fn the_first_word_of_the_company_counts_and_a_start_remembers_it() {
        let store = MemoryProfileStore::default();
        let mut occasions = Occasions::open(&store).unwrap();
        let id = DecisionId::of_occasion("rank", "visit 1");
        let of = |offset, name: &str, reward, origin| event(offset, name, id.as_str(), reward, origin);
        let told = [
            of(1, "Decision Converted", Some(1.0), Origin::Client),
            of(2, "Decision Shown", None, Origin::Server),
            of(3, "Decision Converted", Some(0.25), Origin::Server),
            of(4, "Decision Converted", Some(0.75), Origin::Server),
            of(5, "Decision Shown", None, Origin::Server),
            event(6, "Decision Converted", "00f00f", Some(1.0), Origin::Server),
        ];
        told.iter().for_each(|recorded| occasions.apply(recorded));
        let came = occasions.came(id.as_str()).unwrap();
        assert_eq!((came.shown_at, came.reward), (Some(at(2)), Some((at(3), 0.25))));
        assert_eq!(occasions.came("00f00f"), None, "it is about a customer, whose state keeps it");
        let before = occasions.clone();
        occasions.apply(&told[2]);
        assert_eq!(occasions, before, "an event that was folded in changes nothing");
        occasions.begin_checkpoint().unwrap();
        let mut rows = Vec::new();
        occasions.fill(&mut rows, 9);
        store.commit(Offset(6), rows).unwrap();
        occasions.end_checkpoint(true);
        assert_eq!(Occasions::open(&store).unwrap().came(id.as_str()), Some(came));
    }

    #[test]
    fn what_says_no_amount_is_a_success_and_what_was_sent_away_is_none() {
        let mut occasions = Occasions::default();
        let said = [("Decision Converted", 1.0), ("Decision Clicked", 1.0), ("Decision Dismissed", 0.0)];
        for (offset, (name, amount)) in (1..).zip(said) {
            let id = DecisionId::of_occasion("rank", name);
            occasions.apply(&event(offset, name, id.as_str(), None, Origin::Server));
            assert_eq!(
                occasions.came(id.as_str()).unwrap().reward.unwrap().1.to_bits(),
                f64::to_bits(amount),
                "{name}"
            );
        }
    }

    #[test]
    fn the_oldest_give_way() {
        let mut occasions = Occasions::default();
        let n = (N_MAX + N_OVER) as u64;
        for offset in 1..=n + 1 {
            occasions.held.insert(offset, Came { first: Offset(offset), ..Came::default() });
        }
        occasions.forget();
        assert!(occasions.held.len() <= N_MAX && occasions.held.contains_key(&(n + 1)));
        assert!(!occasions.held.contains_key(&(N_OVER as u64)));
    }
}
