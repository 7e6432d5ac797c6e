//! What keeps a member who hardly uses the membership any more? For some a gift or a rest; others are only reminded of it.

use super::{Mind, ramp};
use crate::actions::Retention;

/// Of a membership that is not used, so many are cancelled a day where nothing is said.
const CANCELS_A_DAY: f64 = 0.06;

impl Mind<'_> {
    /// The chance that they cancel today a membership that they hardly use, after this was offered.
    #[must_use]
    pub fn cancels(&self, offered: Retention) -> f64 {
        let is_lost = self.life.turns_away_on.is_some();
        let factor = match offered {
            Retention::None => 1.0,
            // Nothing holds who has made up their mind.
            Retention::MonthFree | Retention::Pause if is_lost => 0.95,
            // The easy-going who are not annoyed had only forgotten that they pay.
            Retention::MonthFree | Retention::Pause if self.is_reminded() => 1.7,
            Retention::MonthFree => 1.0 - 0.75 * ramp(self.person.taste.price_sensitivity, 0.6, 1.6),
            Retention::Pause => 0.55 - 0.25 * ramp(self.person.nature.likes_plans, -1.5, 0.5),
        };
        CANCELS_A_DAY * factor
    }

    /// The chance that they let it rest for a month where that is offered: who has made up their mind, and who had forgotten that they
    /// pay, do not.
    pub(crate) fn rests(&self) -> f64 {
        (1.0 - self.cancels(Retention::Pause) / self.cancels(Retention::None)).max(0.0)
    }

    /// The chance that they are members still so many days after this was offered, where each day is as today.
    #[must_use]
    pub fn keeps(&self, offered: Retention, n_days: i32) -> f64 {
        let stays = (1.0 - self.cancels(offered)).powi(n_days);
        let rests = if offered == Retention::Pause { self.rests() } else { 0.0 };
        rests + (1.0 - rests) * stays
    }

    fn is_reminded(&self) -> bool {
        self.person.nature.patience > 0.6 && self.life.mood > 0.1
    }
}
