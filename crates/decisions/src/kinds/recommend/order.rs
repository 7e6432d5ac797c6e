//! In which order does a list stand, and which of the candidates are on it? The rules, applied place by place.

use super::candidate::{Candidate, worth_of_place};
use super::wish::Wish;
use crate::LeftOut;
use crate::keyed::ByItem;
use primitives::{ItemKey, Probability, Seed};
use rand::RngExt;
use std::collections::{BTreeMap, BTreeSet};

/// What of how alike two items are comes from their category, their brand, and their being bought together.
const ALIKE_BY_CATEGORY: f64 = 0.5;
const ALIKE_BY_BRAND: f64 = 0.2;
const ALIKE_BY_ORDERS: f64 = 0.3;

/// What chance may do: from which seed, for how many of the places.
#[derive(Debug, Clone, Copy)]
struct Chance {
    seed: Seed,
    share: f64,
}

/// A candidate's place in the list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Placed {
    /// Which candidate.
    pub(super) at: usize,
    /// Its score, with all that makes it count more.
    pub(super) score: f64,
    /// How likely it was to stand here, after those before it.
    pub(super) propensity: Probability,
}

/// A list in the making.
struct Picking<'a> {
    candidates: &'a [Candidate],
    /// What each is worth, from 0 to 1 for the best.
    values: Vec<f64>,
    /// How much of what was chosen each is alike to at most.
    alike: Vec<f64>,
    /// Where each stands among the candidates, where it matters how alike they are.
    at_of: ByItem<usize>,
    is_open: Vec<bool>,
    wish: &'a Wish<'a>,
    n_old_max: usize,
    per_category: BTreeMap<u32, u32>,
    per_brand: BTreeMap<u32, u32>,
    n_old: usize,
    kept_out: BTreeMap<&'static str, BTreeSet<usize>>,
}

/// Chooses the list from candidates, best first. `similar` answers how near others are to an item, from 0 to 1; `is_old`
/// whether the customer has bought it.
pub(super) fn order(
    candidates: &[Candidate],
    wish: &Wish<'_>,
    seed: Option<Seed>,
    is_old: &dyn Fn(ItemKey) -> bool,
    similar: &dyn Fn(ItemKey) -> Vec<(ItemKey, f64)>,
) -> (Vec<Placed>, LeftOut) {
    let plain = |at: usize| Placed { at, score: candidates[at].score, propensity: Probability::ONE };
    if !wish.reorders() {
        return ((0..candidates.len().min(wish.n)).map(plain).collect(), LeftOut::new());
    }
    let mut picking = Picking::of(candidates, wish);
    let scores = picking.scores();
    let chance = seed.map(|seed| Chance { seed, share: wish.rules.explore_share }).filter(|chance| chance.share > 0.0);
    let is_outside = outside(&picking.values, wish.n);
    let mut placed = Vec::new();
    while placed.len() < wish.n {
        let allowed: Vec<usize> = (0..candidates.len()).filter(|at| picking.allows(*at, is_old)).collect();
        let Some(best) = allowed.iter().copied().max_by(|a, b| picking.compare(*a, *b)) else { break };
        let others: Vec<usize> = allowed.into_iter().filter(|at| is_outside[*at]).collect();
        let (at, propensity) = chance.map_or((best, 1.0), |chance| chance.draw(best, &others, placed.len()));
        placed.push(Placed {
            at,
            score: scores[at],
            propensity: Probability::new(propensity).unwrap_or(Probability::ONE),
        });
        picking.take(at, is_old, similar);
    }
    let left_out = picking.kept_out.iter().map(|(rule, kept_out)| ((*rule).to_owned(), kept_out.len() as u64));
    (placed, left_out.collect())
}

/// Which candidates are not among the `n` that are worth most: those that only chance shows.
fn outside(values: &[f64], n: usize) -> Vec<bool> {
    let mut by_value: Vec<usize> = (0..values.len()).collect();
    by_value.sort_by(|a, b| values[*b].total_cmp(&values[*a]).then(a.cmp(b)));
    let mut is_outside = vec![false; values.len()];
    by_value.into_iter().skip(n).for_each(|at| is_outside[at] = true);
    is_outside
}

impl Chance {
    /// The candidate for a place, and how likely it was.
    #[expect(clippy::cast_precision_loss, reason = "candidates are few")]
    fn draw(self, best: usize, others: &[usize], place: usize) -> (usize, f64) {
        if others.is_empty() {
            return (best, 1.0);
        }
        let mut random = self.seed.stream("explore", place as u64);
        let at = if random.random::<f64>() < self.share { others[random.random_range(0..others.len())] } else { best };
        let by_chance = if others.contains(&at) { self.share / others.len() as f64 } else { 0.0 };
        let by_worth = if at == best { 1.0 - self.share } else { 0.0 };
        (at, by_chance + by_worth)
    }
}

impl<'a> Picking<'a> {
    fn of(candidates: &'a [Candidate], wish: &'a Wish<'a>) -> Self {
        let share_new = wish.rules.new_share_min;
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a list has at most a hundred items, and a share is from 0 to 1"
        )]
        let n_new_min = (share_new * wish.n as f64 - 1e-9).ceil().max(0.0) as usize;
        let by_item = candidates.iter().enumerate().filter(|_| wish.rules.diversity > 0.0);
        let mut picking = Self {
            at_of: by_item.map(|(at, candidate)| (candidate.item, at)).collect(),
            candidates,
            values: Vec::new(),
            alike: vec![0.0; candidates.len()],
            is_open: vec![true; candidates.len()],
            wish,
            n_old_max: wish.n.saturating_sub(n_new_min),
            per_category: BTreeMap::new(),
            per_brand: BTreeMap::new(),
            n_old: 0,
            kept_out: BTreeMap::new(),
        };
        picking.values = picking.worth();
        picking
    }

    /// What each is worth: what its place is worth among all, times what makes it count more, and what it earns.
    ///
    /// ```text
    /// worth = 10 / (10 + how many have a larger score) * lift * (1 + margin_weight * earned)
    /// ```
    fn worth(&self) -> Vec<f64> {
        let mut scores: Vec<f64> = self.candidates.iter().map(|candidate| candidate.score).collect();
        scores.sort_unstable_by(|a, b| b.total_cmp(a));
        let worth = self.candidates.iter().zip(self.earned()).map(|(candidate, earned)| {
            let n_better = scores.partition_point(|score| score.total_cmp(&candidate.score).is_gt());
            worth_of_place(n_better) * candidate.regard.lift * self.wish.rules.margin_weight.mul_add(earned, 1.0)
        });
        let worth: Vec<f64> = worth.collect();
        // What differs counts against the best of them, however much that was multiplied.
        let most = worth.iter().copied().fold(0.0, f64::max).max(f64::MIN_POSITIVE);
        worth.into_iter().map(|worth| worth / most).collect()
    }

    /// What each earns, from 0 for the least to 1 for the most; 0 where it is not known.
    fn earned(&self) -> Vec<f64> {
        let gains = || self.candidates.iter().filter_map(|candidate| candidate.regard.gain);
        let (low, high) = (gains().fold(f64::INFINITY, f64::min), gains().fold(f64::NEG_INFINITY, f64::max));
        let of = |gain: f64| if high > low { (gain - low) / (high - low) } else { 0.0 };
        self.candidates.iter().map(|candidate| candidate.regard.gain.map_or(0.0, of)).collect()
    }

    /// The scores that are told: those of the models where nothing makes an item count more.
    fn scores(&self) -> Vec<f64> {
        let is_weighed = self.wish.rules.margin_weight > 0.0 || !self.wish.lens.lifts.is_empty();
        match is_weighed {
            true => self.values.clone(),
            false => self.candidates.iter().map(|candidate| candidate.score).collect(),
        }
    }

    /// Whether a candidate may stand on the next place. Which rule keeps it out is written down.
    fn allows(&mut self, at: usize, is_old: &dyn Fn(ItemKey) -> bool) -> bool {
        if !self.is_open[at] {
            return false;
        }
        let Candidate { regard, item, .. } = &self.candidates[at];
        let is_full = |taken: &BTreeMap<u32, u32>, of: Option<u32>, most: u32| {
            most > 0 && of.is_some_and(|of| taken.get(&of).is_some_and(|n| *n >= most))
        };
        let rules = &self.wish.rules;
        let rule = if is_full(&self.per_category, regard.category, rules.per_category_max) {
            "per_category_max"
        } else if is_full(&self.per_brand, regard.brand, rules.per_brand_max) {
            "per_brand_max"
        } else if self.n_old >= self.n_old_max && is_old(*item) {
            "new_share_min"
        } else {
            return true;
        };
        self.kept_out.entry(rule).or_default().insert(at);
        // A rule that keeps it out of this place keeps it out of every later one.
        self.is_open[at] = false;
        false
    }

    /// Which is better for the next place: that which is worth more and is less alike to what is there already.
    fn compare(&self, a: usize, b: usize) -> std::cmp::Ordering {
        let diversity = self.wish.rules.diversity;
        let value = |at: usize| (1.0 - diversity) * self.values[at] - diversity * self.alike[at];
        let keys = || self.candidates[b].item.cmp(&self.candidates[a].item);
        // Where nothing else differs, the first that was proposed, and of equals the smaller key.
        value(a).total_cmp(&value(b)).then(self.values[a].total_cmp(&self.values[b])).then_with(keys)
    }

    fn take(&mut self, at: usize, is_old: &dyn Fn(ItemKey) -> bool, similar: &dyn Fn(ItemKey) -> Vec<(ItemKey, f64)>) {
        let taken = &self.candidates[at];
        self.is_open[at] = false;
        self.n_old += usize::from(is_old(taken.item));
        for (counts, of) in [(&mut self.per_category, taken.regard.category), (&mut self.per_brand, taken.regard.brand)]
        {
            if let Some(of) = of {
                *counts.entry(of).or_default() += 1;
            }
        }
        if self.wish.rules.diversity > 0.0 {
            let mut near = vec![0.0; self.candidates.len()];
            for (item, nearness) in similar(taken.item) {
                if let Some(at) = self.at_of.get(&item) {
                    near[*at] = nearness;
                }
            }
            let is_same = |a: Option<u32>, b: Option<u32>| a.is_some() && a == b;
            for ((alike, other), by_orders) in self.alike.iter_mut().zip(self.candidates).zip(near) {
                let by_category = f64::from(u8::from(is_same(taken.regard.category, other.regard.category)));
                let by_brand = f64::from(u8::from(is_same(taken.regard.brand, other.regard.brand)));
                let how_alike =
                    ALIKE_BY_CATEGORY * by_category + ALIKE_BY_BRAND * by_brand + ALIKE_BY_ORDERS * by_orders;
                *alike = alike.max(how_alike);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::candidate::Cause;
    use super::super::wish::Placement;
    use super::*;
    use crate::lens::{Lens, Regard};
    use crate::{Lifts, Rules};
    use proptest::prelude::*;

    const N: usize = 10;

    fn wish(rules: Rules) -> Wish<'static> {
        // That there are lifts is enough: what they come to stands with each candidate.
        let lifts = Lifts::parse(&serde_json::json!({"brand": {"any": 1.0}})).unwrap();
        let lens = Lens { lifts, ..Lens::default() };
        Wish {
            n: N,
            placement: Placement::Home,
            item: None,
            cart: Vec::new(),
            excluded: BTreeSet::new(),
            lens,
            is_searched: false,
            rules,
        }
    }

    /// Sixty candidates with scores as a fusion of ranks gives them, all within five in a hundred.
    fn flat(regard: impl Fn(u32) -> Regard) -> Vec<Candidate> {
        let of = |at: u32| Candidate {
            item: ItemKey(u64::from(at)),
            score: 1.04 + 0.055 / (1.0 + f64::from(at)),
            cause: Cause::New,
            regard: regard(at),
        };
        (0..60).map(of).collect()
    }

    fn ordered(candidates: &[Candidate], rules: Rules) -> Vec<usize> {
        let placed = order(candidates, &wish(rules), None, &|_| false, &|_| Vec::new()).0;
        placed.into_iter().map(|placed| placed.at).collect()
    }

    #[test]
    fn small_values_make_small_changes_however_close_the_scores_lie() {
        let tent = flat(|at| Regard { gain: Some(if at == 30 { 314.0 } else { 5.0 }), ..Regard::default() });
        let earning = ordered(&tent, Rules { margin_weight: 0.1, ..Rules::default() });
        assert!(!earning.contains(&30), "{earning:?}");
        let own = flat(|at| Regard { category: Some(if at < 20 { at / 15 } else { at % 7 }), ..Regard::default() });
        let diverse = ordered(&own, Rules { diversity: 0.1, ..Rules::default() });
        let n_others = diverse.iter().filter(|at| **at >= N).count();
        assert!(n_others <= 2, "{diverse:?}");
        let wide = ordered(&own, Rules { diversity: 0.9, ..Rules::default() });
        assert!(wide.iter().filter(|at| **at >= N).count() > 4, "large values change much: {wide:?}");
    }

    proptest! {
        /// Multiplying by at most 1.05 moves nothing past what is worth more than that.
        #[test]
        fn what_is_multiplied_by_a_little_passes_only_what_is_a_little_better(
            lifted in proptest::collection::vec(proptest::bool::ANY, 60), lift in 1.0_f64..=1.05,
        ) {
            let lift_of = |at: u32| if lifted[at as usize] { lift } else { 1.0 };
            let list = ordered(&flat(|at| Regard { lift: lift_of(at), ..Regard::default() }), Rules::default());
            let worth = |at: usize| 10.0 / (10.0 + f64::from(u32::try_from(at).unwrap()));
            for (place, at) in list.iter().enumerate() {
                let passed = (0..*at).filter(|better| !list[..place].contains(better));
                prop_assert!(passed.into_iter().all(|better| worth(better) <= lift * worth(*at) + 1e-12), "{:?}", list);
            }
        }
    }
}
