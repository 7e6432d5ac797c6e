//! How is it chosen among actions that come with questions, as the settings say it?

use super::{RankSettings, Settings};
use decisions::Ranking;
use learning::PolicySettings;
use std::ops::RangeInclusive;

impl Settings {
    /// How it is chosen, and how that is learned.
    #[must_use]
    pub fn ranking(&self) -> (Ranking, PolicySettings) {
        let &RankSettings { floor, gamma, reward_default, reward_days, half_life_days } = &self.rank;
        let learning = PolicySettings { reward_days, half_life_days, ..PolicySettings::default() };
        (Ranking { floor, gamma, reward_default }, learning)
    }

    /// Checks it: (key, limit, value) of the first thing that is wrong.
    pub(super) fn broken_ranking(&self) -> Option<(&'static str, String, String)> {
        let RankSettings { floor, gamma, reward_default, reward_days, half_life_days } = self.rank.clone();
        let ranges: [(&str, f64, RangeInclusive<f64>); 5] = [
            ("rank.floor", floor, 0.0..=1.0),
            ("rank.gamma", gamma, 0.0..=1e6),
            ("rank.reward_default", reward_default, -1.0..=1.0),
            ("rank.reward_days", reward_days as f64, 1.0..=365.0),
            ("rank.half_life_days", half_life_days, 0.0..=3_650.0),
        ];
        let broken = ranges.into_iter().find(|(_, value, range)| !range.contains(value));
        broken.map(|(key, value, range)| {
            (key, format!("must be {} to {}", range.start(), range.end()), value.to_string())
        })
    }
}
