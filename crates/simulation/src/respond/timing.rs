//! When is a letter read? When somebody sits down to read, if it still lies on top.

use super::Mind;

/// After so many hours in the box a letter has lost most of what it could lose.
const HOURS_ON_TOP: f64 = 5.0;
/// What never gets lost: somebody reads everything.
const READ_ANYHOW: f64 = 0.45;

impl Mind<'_> {
    /// The chance that a letter sent at this hour, from 0 to 24 in their own zone, is opened.
    #[must_use]
    pub fn opens(&self, hour: f64) -> f64 {
        let nature = &self.person.nature;
        let waits = (nature.mail_hour - hour).rem_euclid(24.0);
        let is_on_top = 1.0 / (1.0 + (waits / HOURS_ON_TOP).powi(2));
        let likes = (1.0 + 0.25 * self.life.mood).clamp(0.6, 1.2);
        (nature.opens_mail * likes * (READ_ANYHOW + (1.0 - READ_ANYHOW) * is_on_top)).min(0.98)
    }
}
