//! How good is one member alone?

use super::accumulator::Accumulator;
use super::member::Member as _;
use super::members::{MemberModel, MemberSettings};
use super::prepared::Prepared;
use super::query::Own;
use super::{Interactions, Query};
use crate::{ModelError, bytes};
use primitives::{ItemKey, Seed};
use serde::{Deserialize, Serialize};

const NAME: &str = "member of a recommender";
const VERSION: u8 = 1;

/// One member without the others: to be compared with them, and with what other libraries make of the same data.
///
/// ```
/// use models::recommend::{Alone, Cooccurrence, HistoryItem, Interaction, Interactions, MemberSettings, Query};
/// use primitives::{ItemKey, Seed};
/// let bought = |customer, item| Interaction { customer, item, age_days: 1.0, quantity: 1.0 };
/// let interactions = Interactions {
///     rows: vec![bought(1, 0), bought(1, 1), bought(2, 0), bought(2, 1), bought(3, 2)],
///     items: vec![ItemKey(10), ItemKey(20), ItemKey(30)],
///     ..Interactions::default()
/// };
/// let cosine = Cooccurrence { customer_exponent: 0.0, shrinkage_share: 0.0, other_exponent: 0.5, ..Cooccurrence::default() };
/// let settings = MemberSettings::Cooccurrence(cosine);
/// let model = Alone::fit(&settings, &interactions, Seed::new(1))?;
/// let history = [HistoryItem { item: ItemKey(10), age_days: 0.0, quantity: 1.0 }];
/// // Both have the same customers: their cosine is 1.
/// assert_eq!(model.rank(&Query::of(&history), 3, &|_| true), [(ItemKey(20), 1.0)]);
/// # Ok::<(), models::ModelError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Alone {
    learned: Learned,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Learned {
    /// The catalogue in ascending order.
    keys: Vec<ItemKey>,
    member: MemberModel,
}

impl Alone {
    /// Learns from purchases.
    ///
    /// # Errors
    /// [`ModelError::Setting`] for a setting outside its range; what [`Interactions::validate`] refuses; [`ModelError::Fit`].
    pub fn fit(settings: &MemberSettings, interactions: &Interactions, seed: Seed) -> Result<Self, ModelError> {
        let prepared = Prepared::of(interactions)?;
        let member = settings.fit(&prepared, seed)?;
        Ok(Self { learned: Learned { keys: prepared.keys, member } })
    }

    /// The `n` best of all `allowed` items that it speaks for, with what it says of them: best first, ties by key.
    #[must_use]
    pub fn rank(&self, query: &Query<'_>, n: usize, allowed: &dyn Fn(ItemKey) -> bool) -> Vec<(ItemKey, f64)> {
        let keys = &self.learned.keys;
        let own = Own::of(query, keys);
        let places: Vec<u32> = (0..).take(keys.len()).filter(|place| allowed(keys[*place as usize])).collect();
        let mut scored: Vec<(u32, f64)> = match self.learned.member.score(&own, &places) {
            Some(scores) => places.into_iter().zip(scores.into_iter().map(f64::from)).collect(),
            None => {
                let mut sums = Accumulator::new(own.items.len());
                self.learned.member.propose(&own, &mut sums);
                let told = sums.sums().iter().map(|sum| (sum.item, sum.score));
                told.filter(|(place, _)| places.binary_search(place).is_ok()).collect()
            }
        };
        let best_first = |a: &(u32, f64), b: &(u32, f64)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if n > 0 && scored.len() > n {
            scored.select_nth_unstable_by(n - 1, best_first);
        }
        scored.truncate(n);
        scored.sort_unstable_by(best_first);
        scored.into_iter().map(|(place, score)| (keys[place as usize], score)).collect()
    }

    /// It as bytes: a version byte, then postcard.
    ///
    /// # Errors
    /// [`ModelError::Encode`] where the codec fails.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        bytes::encode(NAME, VERSION, &self.learned)
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`ModelError::Corrupt`] where the bytes are of another version or do not fit together.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let learned: Learned = bytes::decode(NAME, VERSION, bytes)?;
        let corrupt = |reason: &str| Err(ModelError::Corrupt { model: NAME, reason: reason.to_owned() });
        if u32::try_from(learned.keys.len()).is_err() || !learned.keys.is_sorted_by(|a, b| a < b) {
            return corrupt("the item keys are not in ascending order");
        }
        learned.member.check(learned.keys.len())?;
        Ok(Self { learned })
    }
}
