//! Which earlier sessions were like this one, and what else was in them?

use super::accumulator::{Accumulator, Sum};
use super::crowd::Crowd;
use super::member::Member;
use super::prepared::Prepared;
use super::query::Own;
use super::taste::trail;
use crate::linear::narrow;
use crate::settings::settings;
use crate::{ModelError, bytes};
use primitives::Seed;
use serde::{Deserialize, Serialize};

settings! {
    /// V-SKNN: what was in earlier sessions with the same items, of which recent ones count more, as in STAN.
    ///
    /// ```text
    /// a session = what a customer had without a pause of more than pause_days
    /// sim(s)    = sum over shared items of trail_decay^(occasions after it) / sqrt(|s|) * 2^(-(age[s] - age of the youngest) / half_life_days)
    /// score(j)  = sum over the n_neighbours nearest sessions with j of sim(s)
    /// ```
    /// The asking session is what they look at now, and before it the last `n_last` occasions of the history. For every item only
    /// the `n_per_item` newest sessions are followed.
    /// *Guarantees*: the same bits in any order of rows and on any number of threads; the seed is not used. *Cost* of a question:
    /// `n_per_item` additions for every item of the session, and the items of `n_neighbours` sessions.
    /// *Source*: Ludewig and Jannach 2018, section 2.2 (V-SKNN), doi:10.1007/s11257-018-9209-6; decay of earlier sessions as in Garg, Gupta,
    /// Malhotra, Vig and Shroff 2019, equation 4 (STAN), doi:10.1145/3331184.3331322.
    Sessions {
        /// A longer pause ends a session.
        pause_days: f64 = 0.02 in 0.0..=365.0, larger: "makes fewer and longer sessions";
        /// How many of the last occasions count beside what they look at now.
        n_last: usize = 5 in 0..=1_000, larger: "remembers longer";
        /// What an occasion counts beside the next.
        trail_decay: f64 = 0.7 in 0.0..=1.0, larger: "remembers longer";
        /// After how many days an earlier session counts half.
        half_life_days: f64 = 60.0 in 0.01..=36_500.0, larger: "hears older sessions";
        /// How many sessions are heard.
        n_neighbours: usize = 200 in 1..=10_000_000, larger: "hears more and costs time";
        /// How many sessions are followed for every item, the newest first.
        n_per_item: usize = 500 in 1..=10_000_000, larger: "finds nearer sessions and costs memory and time";
        /// A session with more items is nobody's, and left out.
        n_items_max: usize = 200 in 1..=100_000, larger: "costs memory and time";
    }
}

const NAME: &str = "session member";

/// Sessions. See [`Sessions`] for the formula.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SessionsModel {
    settings: Sessions,
    crowd: Crowd,
    /// What the age of each of them weighs.
    freshness: Vec<f32>,
}

impl Sessions {
    /// Cuts what customers had into sessions.
    ///
    /// # Errors
    /// [`ModelError::Setting`] for a setting outside its range.
    pub(super) fn fit(&self, prepared: &Prepared, seed: Seed) -> Result<SessionsModel, ModelError> {
        let _ = seed;
        self.validate()?;
        let mut sessions: Vec<(f64, Vec<u32>)> = Vec::new();
        for customer in 0..prepared.n_customers() {
            let baskets = prepared.baskets(customer);
            for session in baskets.chunk_by(|older, newer| older.age_days - newer.age_days <= self.pause_days) {
                let mut items: Vec<u32> = session.iter().flat_map(|basket| basket.items.iter().copied()).collect();
                items.sort_unstable();
                items.dedup();
                // One item alone says nothing of what goes with it.
                if (2..=self.n_items_max).contains(&items.len()) {
                    sessions.push((session.last().map_or(0.0, |basket| basket.age_days), items));
                }
            }
        }
        // Stable: of the same age, those of the smaller customer come first.
        sessions.sort_by(|a, b| a.0.total_cmp(&b.0));
        let youngest = prepared.youngest();
        let fresh = |age: f64| narrow(((youngest - age) / self.half_life_days).exp2());
        let mut freshness: Vec<f32> = sessions.iter().map(|(age, _)| fresh(*age)).collect();
        let profiles = sessions.into_iter().map(|(_, items)| items.into_iter().map(|item| (item, 1.0)).collect());
        let crowd = Crowd::of(profiles.collect(), prepared.n_items(), self.n_per_item, &mut freshness);
        Ok(SessionsModel { settings: self.clone(), crowd, freshness })
    }
}

impl Member for SessionsModel {
    fn propose(&self, own: &Own, sums: &mut Accumulator) {
        let liked = trail(own, self.settings.n_last, self.settings.trail_decay);
        let sharing = self.crowd.sharing(&liked, |liked, _| liked.weight);
        let nearness = |sum: &Sum| {
            let size = (self.crowd.n_items_of(sum.item) as f64).sqrt();
            sum.score / size * f64::from(self.freshness[sum.item as usize])
        };
        self.crowd.add_nearest(&sharing, self.settings.n_neighbours, nearness, |near| near, sums);
    }

    fn check(&self, n_items: usize) -> Result<(), ModelError> {
        bytes::check_settings(NAME, self.settings.validate())?;
        self.crowd.check(NAME, n_items)?;
        if self.freshness.len() != self.crowd.len() || !self.freshness.iter().all(|fresh| (0.0..=1.0).contains(fresh)) {
            let reason = "its freshness is not one number from 0 to 1 for every session".to_owned();
            return Err(ModelError::Corrupt { model: NAME, reason });
        }
        Ok(())
    }
}
