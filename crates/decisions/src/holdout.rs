//! Who is held out, so that it can be told in money what decisions were worth?
//!
//! Whoever is held out is answered as everybody is of whom nothing is known, at every place and for as long as the draw holds. What
//! they would have been answered is written down with the decision, so that both arms are asked the same.

use crate::KindName;
use crate::draw::{Draw, Of, Over};
use primitives::{CustomerId, DAY_MS, Timestamp, stable_hash};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// In which arm of the holdout somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arm {
    /// They are decided for.
    Treated,
    /// They are not.
    Holdout,
}

impl Arm {
    /// Its name in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Treated => "treated",
            Self::Holdout => "holdout",
        }
    }
}

/// That somebody met a draw: what came of it is counted from there on, in whichever arm they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// An experiment, or the name of a [`Draw`].
    pub experiment: String,
    /// The variation; of a holdout the name of the [`Arm`].
    pub arm: String,
}

/// Which share of the customers is held out of which decisions.
#[derive(Debug, Clone, PartialEq)]
pub struct Holdout {
    /// The share that is held out of everything that is shown to customers, from 0 for nobody.
    pub share: f64,
    /// The share that is held out of one kind besides.
    pub kinds: BTreeMap<KindName, f64>,
    /// The kinds that the draw over everything leaves alone.
    pub except: BTreeSet<KindName>,
    /// After how many days it is drawn anew who is held out; 0 for never.
    pub redraw_days: i64,
    /// What the draw begins with: another one is another draw.
    pub salt: String,
}

impl Default for Holdout {
    fn default() -> Self {
        Self { share: 0.0, kinds: BTreeMap::new(), except: BTreeSet::new(), redraw_days: 0, salt: String::new() }
    }
}

/// What was drawn for a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// In which arm they are.
    pub arm: Arm,
    /// Which draws that comes from.
    pub exposures: Vec<Exposure>,
}

impl Holdout {
    /// Whether a customer is held out of decisions of a kind; `None` where nobody is.
    #[must_use]
    pub fn draw(&self, kind: &KindName, customer: &CustomerId, as_of: Timestamp) -> Option<Drawn> {
        let over_all = (!self.except.contains(kind)).then_some(Over::Everything);
        let of_kind = Over::Kind(kind.clone());
        let has_own = self.share_over(&of_kind).is_some();
        let mut arm = Arm::Treated;
        let mut exposures = Vec::new();
        for over in over_all.into_iter().chain([of_kind]) {
            let Some(share) = self.share_over(&over) else { continue };
            let number = self.number(as_of);
            let is_held = share_of(&format!("{}\0{}", self.salt, over.drawn_by(number)), customer) < share;
            let of_this = if is_held { Arm::Holdout } else { Arm::Treated };
            arm = if is_held { Arm::Holdout } else { arm };
            // A kind that has no draw of its own is told by those of all who met it.
            let met = (over == Over::Everything && !has_own).then(|| Of::Met(kind.clone()));
            let setting = self.setting(share);
            exposures.extend(std::iter::once(Of::Drawn(over)).chain(met).map(|of| {
                let draw = Draw { of, setting: setting.clone(), number };
                Exposure { experiment: draw.to_string(), arm: of_this.name().to_owned() }
            }));
        }
        (!exposures.is_empty()).then_some(Drawn { arm, exposures })
    }

    /// Whether a draw is one of this setting, and not of what was set before.
    #[must_use]
    pub fn is_of(&self, draw: &Draw) -> bool {
        let over = match &draw.of {
            Of::Drawn(over) => over,
            Of::Met(_) => &Over::Everything,
        };
        let is_set = self.share_over(over).is_some_and(|share| self.setting(share) == draw.setting);
        is_set && draw.number.is_some() == (self.redraw_days > 0)
    }

    /// When a draw ends since it is drawn anew; `None` where it never is.
    #[must_use]
    pub fn end(&self, draw: &Draw) -> Option<Timestamp> {
        let next = draw.number?.saturating_add(1);
        (self.redraw_days > 0)
            .then(|| Timestamp::from_millis(next.saturating_mul(self.redraw_days).saturating_mul(DAY_MS)))
    }

    /// The share that is held out; `None` where nobody is.
    fn share_over(&self, over: &Over) -> Option<f64> {
        let share = match over {
            Over::Everything => Some(self.share),
            Over::Kind(kind) => self.kinds.get(kind).copied(),
        };
        share.filter(|share| *share > 0.0)
    }

    fn setting(&self, share: f64) -> String {
        Draw::setting(&self.salt, share, self.redraw_days)
    }

    /// The number of the draw that a moment lies in, where it is drawn anew.
    fn number(&self, as_of: Timestamp) -> Option<i64> {
        let days = Some(self.redraw_days).filter(|days| *days > 0)?;
        Some(as_of.as_millis().div_euclid(days.saturating_mul(DAY_MS)))
    }
}

/// Where a customer stands in a draw, from 0 to below 1: always the same, and as if by chance from draw to draw and from customer to
/// customer.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "fifty-three bits fit a float")]
pub fn share_of(draw: &str, customer: &CustomerId) -> f64 {
    const BITS: u32 = 53;
    (stable_hash(&format!("{draw}\0{customer}")) >> (u64::BITS - BITS)) as f64 / (1_u64 << BITS) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn customers(n: u32) -> impl Iterator<Item = CustomerId> {
        (0..n).map(|customer| CustomerId::from(format!("user:{customer}")))
    }

    fn arm(holdout: &Holdout, kind: &str, customer: &CustomerId, day: i64) -> Option<Arm> {
        holdout.draw(&kind.into(), customer, Timestamp::from_millis(day * DAY_MS)).map(|drawn| drawn.arm)
    }

    fn n_held(holdout: &Holdout, kind: &str, day: i64) -> usize {
        customers(20_000).filter(|customer| arm(holdout, kind, customer, day) == Some(Arm::Holdout)).count()
    }

    #[test]
    fn nobody_is_held_out_where_nothing_is_said() {
        assert_eq!(Holdout::default().draw(&"recommend".into(), &"user:1".into(), Timestamp::from_millis(0)), None);
    }

    #[test]
    fn as_many_are_held_out_as_was_said_and_always_the_same() {
        let holdout = Holdout { share: 0.1, ..Holdout::default() };
        let n = n_held(&holdout, "recommend", 0);
        assert!((1_850..2_150).contains(&n), "{n}");
        for customer in customers(200) {
            let arms = [("recommend", 0), ("act", 0), ("recommend", 900)]
                .map(|(kind, day)| arm(&holdout, kind, &customer, day));
            assert!(arms.iter().all(|arm| *arm == arms[0]), "one draw over everything");
        }
    }

    #[test]
    fn a_kind_has_a_draw_of_its_own_besides_and_may_be_left_alone() {
        let kinds = BTreeMap::from([("act".into(), 0.2)]);
        let holdout = Holdout { share: 0.1, kinds, except: ["search".into()].into(), ..Holdout::default() };
        let n = n_held(&holdout, "act", 0);
        // 1 - 0.9 * 0.8, for the two draws know nothing of each other.
        assert!((5_400..5_800).contains(&n), "{n}");
        assert_eq!(arm(&holdout, "search", &"user:1".into(), 0), None);
        let drawn = holdout.draw(&"act".into(), &"user:1".into(), Timestamp::from_millis(0)).unwrap();
        assert_eq!(met(&drawn), [Of::Drawn(Over::Everything), Of::Drawn(Over::Kind("act".into()))]);
        let drawn = holdout.draw(&"recommend".into(), &"user:1".into(), Timestamp::from_millis(0)).unwrap();
        assert_eq!(met(&drawn), [Of::Drawn(Over::Everything), Of::Met("recommend".into())]);
        assert_eq!(drawn.exposures[0].arm, drawn.exposures[1].arm);
        let alone = Holdout { share: 0.0, ..holdout };
        assert_eq!((arm(&alone, "recommend", &"user:1".into(), 0), n_held(&alone, "act", 0) > 3_700), (None, true));
    }

    #[test]
    fn it_is_drawn_anew_when_its_days_are_over_and_with_another_salt() {
        let holdout = Holdout { share: 0.5, redraw_days: 90, ..Holdout::default() };
        let arms =
            |holdout: &Holdout, day| -> Vec<_> { customers(2_000).map(|one| arm(holdout, "act", &one, day)).collect() };
        let first = arms(&holdout, 0);
        assert_eq!(first, arms(&holdout, 89));
        let n_same = |other: &[Option<Arm>]| first.iter().zip(other).filter(|(one, other)| one == other).count();
        assert!((900..1_100).contains(&n_same(&arms(&holdout, 90))));
        assert!((900..1_100).contains(&n_same(&arms(&Holdout { salt: "other".to_owned(), ..holdout }, 0))));
    }

    fn met(drawn: &Drawn) -> Vec<Of> {
        drawn.exposures.iter().map(|exposure| Draw::read(&exposure.experiment).unwrap().of).collect()
    }

    #[test]
    fn another_salt_share_or_number_of_days_is_another_draw() {
        let kinds = BTreeMap::from([("act".into(), 0.5)]);
        let first = Holdout { share: 0.5, redraw_days: 90, kinds, ..Holdout::default() };
        let changed = [
            Holdout { salt: "other".to_owned(), ..first.clone() },
            Holdout { share: 0.6, kinds: BTreeMap::from([("act".into(), 0.6)]), ..first.clone() },
            Holdout { redraw_days: 91, ..first.clone() },
            Holdout { redraw_days: 0, ..first.clone() },
            Holdout { share: 0.0, kinds: BTreeMap::new(), ..first.clone() },
        ];
        let draws = |holdout: &Holdout, kind: &str| -> Vec<Draw> {
            let drawn = holdout.draw(&kind.into(), &"user:1".into(), Timestamp::from_millis(180 * DAY_MS));
            let exposures = drawn.map(|drawn| drawn.exposures).unwrap_or_default();
            exposures.iter().map(|exposure| Draw::read(&exposure.experiment).unwrap()).collect()
        };
        for kind in ["act", "recommend"] {
            for draw in draws(&first, kind) {
                assert!(first.is_of(&draw) && first.end(&draw) == Some(Timestamp::from_millis(270 * DAY_MS)), "{draw}");
                for other in &changed {
                    assert!(!other.is_of(&draw) && !draws(other, kind).contains(&draw), "{draw} of {other:?}");
                }
            }
        }
    }

    proptest! {
        /// Whoever is held out by a small share is held out by every larger one.
        #[test]
        fn more_are_held_out_by_a_larger_share(customer in "[a-z0-9:]{1,12}", small in 0.001..1.0_f64, large in 0.001..1.0_f64) {
            let (small, large) = (small.min(large), small.max(large));
            let of = |share| arm(&Holdout { share, ..Holdout::default() }, "act", &customer.as_str().into(), 0).unwrap();
            prop_assert!(of(small) == Arm::Treated || of(large) == Arm::Holdout);
            let share = share_of("x", &customer.as_str().into());
            prop_assert!((0.0..1.0).contains(&share));
        }
    }
}
