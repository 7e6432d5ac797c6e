//! What do customers have who are like this one, of late?

use super::accumulator::Accumulator;
use super::crowd::Crowd;
use super::member::Member;
use super::prepared::Prepared;
use super::query::Own;
use super::taste::liked;
use crate::linear::narrow;
use crate::settings::settings;
use crate::{ModelError, bytes};
use primitives::Seed;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

settings! {
    /// UP-CF@r: what customers with the same items had on their last occasions.
    ///
    /// ```text
    /// share(v,j) = the share of the last n_occasions occasions of customer v on which v had j
    /// sim(u,v)   = sum over shared items of x[i] / (X^own_exponent n[v]^(1 - own_exponent))      x[i] = 2^(-age[i] / half_life_days)
    /// score(j)   = sum over the n_neighbours nearest v of sim(u,v)^locality share(v,j)           X = sum of x[i], n[v] = items of v
    /// ```
    /// For every item only the `n_per_item` customers who bought last are followed. With `n_per_item` and `n_neighbours` beyond the
    /// number of customers it is the published method over all of them.
    /// *Guarantees*: the same bits in any order of rows and on any number of threads; the seed is not used. *Cost* of a question:
    /// `n_per_item` additions for every item of the customer, and the items of `n_neighbours` customers.
    /// *Source*: Faggioli, Polato and Aiolli 2020, equations 1 to 6, doi:10.1145/3340631.3394850.
    UpCf {
        /// How many occasions of a customer count, the last ones.
        n_occasions: usize = 100 in 1..=1_000, larger: "remembers longer";
        /// How much of the divisor is the customer's own number of items.
        own_exponent: f64 = 0.5 in 0.0..=1.0, larger: "hears customers with many items more";
        /// How much more near customers count than those farther away.
        locality: f64 = 1.0 in 0.1..=50.0, larger: "hears only the nearest";
        /// How many customers are heard.
        n_neighbours: usize = 200 in 1..=10_000_000, larger: "hears more and costs time";
        /// How many customers are followed for every item, the newest first.
        n_per_item: usize = 200 in 1..=10_000_000, larger: "finds nearer customers and costs memory and time";
        /// After how many days a customer's purchase counts half when scoring.
        half_life_days: f64 = 36_500.0 in 0.01..=36_500.0, larger: "remembers longer";
    }
}

settings! {
    /// TIFU-KNN: a customer's frequencies, decayed in groups of occasions, beside those of the nearest customers.
    ///
    /// ```text
    /// groups of group_size occasions, the last ones full
    /// v[j]     = sum over occasions with j of within_decay^(later ones in its group) / size of its group
    ///            * group_decay^(later groups) / number of groups
    /// score(j) = own_weight v[j] + (1 - own_weight) mean of v over the n_neighbours customers with the smallest distance
    /// ```
    /// Customers who share nothing are no neighbours, and for every item only the `n_per_item` customers who bought last are
    /// followed. What they look at now is the last occasion.
    /// *Guarantees*: the same bits in any order of rows and on any number of threads; the seed is not used.
    /// *Source*: Hu, He, Gao and Zhang 2020, equations 1 to 5, doi:10.1145/3397271.3401066.
    TifuKnn {
        /// How many occasions make a group.
        group_size: usize = 7 in 1..=1_000, larger: "forgets within groups more, and between them less";
        /// What an occasion counts beside the next in its group.
        within_decay: f64 = 0.9 in 0.01..=1.0, larger: "remembers longer";
        /// What a group counts beside the next.
        group_decay: f64 = 0.7 in 0.01..=1.0, larger: "remembers longer";
        /// What the customer's own frequencies weigh beside those of others.
        own_weight: f64 = 0.7 in 0.0..=1.0, larger: "recommends more of what was bought before";
        /// How many customers are heard.
        n_neighbours: usize = 300 in 1..=10_000_000, larger: "hears more and costs time";
        /// How many customers are followed for every item, the newest first.
        n_per_item: usize = 200 in 1..=10_000_000, larger: "finds nearer customers and costs memory and time";
    }
}

const UP_CF: &str = "UP-CF member";
const TIFU_KNN: &str = "TIFU-KNN member";

/// Customers by what they had of late. See [`UpCf`] for the formula.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct UpCfModel {
    settings: UpCf,
    crowd: Crowd,
}

/// Customers by their decayed frequencies. See [`TifuKnn`] for the formula.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct TifuKnnModel {
    settings: TifuKnn,
    crowd: Crowd,
    /// The squared length of each of them.
    squares: Vec<f32>,
}

/// Every customer's items, the customers who bought last first; `worth(back, n)` is what an occasion counts after which `back`
/// of its `n` came.
fn newest_first(prepared: &Prepared, worth: impl Fn(usize, usize) -> f64) -> Vec<Vec<(u32, f32)>> {
    let mut profiles: Vec<(f64, Vec<(u32, f32)>)> = (0..prepared.n_customers())
        .map(|customer| {
            let baskets = prepared.baskets(customer);
            let mut profile: BTreeMap<u32, f64> = BTreeMap::new();
            for (at, basket) in baskets.iter().enumerate() {
                let worth = worth(baskets.len() - 1 - at, baskets.len());
                basket.items.iter().for_each(|item| *profile.entry(*item).or_insert(0.0) += worth);
            }
            let youngest = baskets.last().map_or(f64::INFINITY, |basket| basket.age_days);
            (youngest, profile.into_iter().map(|(item, worth)| (item, narrow(worth))).collect())
        })
        .collect();
    profiles.sort_by(|a, b| a.0.total_cmp(&b.0));
    profiles.into_iter().map(|(_, profile)| profile).collect()
}

impl UpCf {
    /// Reads what customers had of late.
    ///
    /// # Errors
    /// [`ModelError::Setting`] for a setting outside its range.
    pub(super) fn fit(&self, prepared: &Prepared, seed: Seed) -> Result<UpCfModel, ModelError> {
        let _ = seed;
        self.validate()?;
        let last = self.n_occasions;
        let profiles = newest_first(prepared, |back, n| if back < last { 1.0 / n.min(last) as f64 } else { 0.0 });
        let crowd = Crowd::of::<()>(profiles, prepared.n_items(), self.n_per_item, &mut Vec::new());
        Ok(UpCfModel { settings: self.clone(), crowd })
    }
}

impl Member for UpCfModel {
    fn propose(&self, own: &Own, sums: &mut Accumulator) {
        let settings = &self.settings;
        let liked = liked(own, settings.half_life_days);
        let own_size = liked.iter().map(|liked| liked.weight).sum::<f64>().powf(settings.own_exponent);
        let sharing = self.crowd.sharing(&liked, |liked, _| liked.weight);
        let similarity = |sum: &super::accumulator::Sum| {
            let other_size = (self.crowd.n_items_of(sum.item) as f64).powf(1.0 - settings.own_exponent);
            sum.score / (own_size * other_size)
        };
        self.crowd.add_nearest(&sharing, settings.n_neighbours, similarity, |near| near.powf(settings.locality), sums);
    }

    fn check(&self, n_items: usize) -> Result<(), ModelError> {
        bytes::check_settings(UP_CF, self.settings.validate())?;
        self.crowd.check(UP_CF, n_items)
    }
}

impl TifuKnn {
    /// Reads customers' decayed frequencies.
    ///
    /// # Errors
    /// [`ModelError::Setting`] for a setting outside its range.
    pub(super) fn fit(&self, prepared: &Prepared, seed: Seed) -> Result<TifuKnnModel, ModelError> {
        let _ = seed;
        self.validate()?;
        let profiles = newest_first(prepared, |back, n| self.worth(back, n));
        let mut squares: Vec<f32> =
            profiles.iter().map(|row| row.iter().map(|(_, value)| value * value).sum()).collect();
        let crowd = Crowd::of(profiles, prepared.n_items(), self.n_per_item, &mut squares);
        Ok(TifuKnnModel { settings: self.clone(), crowd, squares })
    }

    /// What an occasion counts after which `back` of `n` came.
    fn worth(&self, back: usize, n: usize) -> f64 {
        let (group, within, n_groups) = (back / self.group_size, back % self.group_size, n.div_ceil(self.group_size));
        // The first group is what is left over.
        let size = if group + 1 == n_groups { n - group * self.group_size } else { self.group_size };
        let power = |base: f64, exponent: usize| base.powi(i32::try_from(exponent).unwrap_or(i32::MAX));
        power(self.within_decay, within) / size as f64 * power(self.group_decay, group) / n_groups as f64
    }

    /// The decayed frequencies of a customer who asks, as weights of what they like.
    fn frequencies(&self, own: &Own) -> Vec<super::taste::Liked> {
        let n_now = usize::from(!own.session.is_empty());
        let n = own.occasions.len() + n_now;
        let mut liked = liked(own, 36_500.0);
        for liked in &mut liked {
            let ages = own.items.get(liked.source as usize).map_or(&[][..], |item| own.ages_of(item));
            let mut back: Vec<usize> =
                ages.iter().map(|age| n_now + own.occasions.partition_point(|other| other < age)).collect();
            back.dedup();
            let now = own.session.contains(&liked.place).then_some(0);
            liked.weight = now.into_iter().chain(back).map(|back| self.worth(back, n)).sum();
        }
        liked
    }
}

impl Member for TifuKnnModel {
    fn propose(&self, own: &Own, sums: &mut Accumulator) {
        let settings = &self.settings;
        let liked = settings.frequencies(own);
        for liked in &liked {
            sums.add(liked.place, settings.own_weight * liked.weight, liked.source);
        }
        let square: f64 = liked.iter().map(|liked| liked.weight * liked.weight).sum();
        let sharing = self.crowd.sharing(&liked, |liked, value| liked.weight * f64::from(value));
        let nearness = |sum: &super::accumulator::Sum| {
            let distance = square + f64::from(self.squares[sum.item as usize]) - 2.0 * sum.score;
            1.0 / (1.0 + distance.max(0.0))
        };
        let n = settings.n_neighbours.min(sharing.sums().len()).max(1);
        let weight = (1.0 - settings.own_weight) / n as f64;
        self.crowd.add_nearest(&sharing, settings.n_neighbours, nearness, |_| weight, sums);
    }

    fn check(&self, n_items: usize) -> Result<(), ModelError> {
        bytes::check_settings(TIFU_KNN, self.settings.validate())?;
        self.crowd.check(TIFU_KNN, n_items)?;
        if self.squares.len() != self.crowd.len() || !self.squares.iter().all(|square| square.is_finite()) {
            let reason = "its lengths are not one finite number for every customer".to_owned();
            return Err(ModelError::Corrupt { model: TIFU_KNN, reason });
        }
        Ok(())
    }
}
