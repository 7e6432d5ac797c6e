//! What did hands and eyes do on the pages? The snippet sums it up when they are left.

use super::Scene;
use super::visit::round;
use crate::dice::logistic;
use crate::message::Sender;

impl Scene<'_> {
    /// The pages are left, and with them the session ends. A mood shows in the clicks, a hand in the corrections.
    pub(super) fn leave_page(&mut self, n_looks: usize, began_at: i64) {
        let clicks = self.dice.times(2.0 + float(n_looks), 60);
        let keys = self.dice.times(6.0, 60);
        self.leave_page_with(n_looks, began_at, clicks, keys);
    }

    /// The same of so many clicks and keys: a program makes none.
    pub(super) fn leave_page_with(&mut self, n_looks: usize, began_at: i64, clicks: u32, keys: u32) {
        self.pass(10.0);
        let anger = logistic(-4.0 * self.life.mood - 3.0);
        let seconds = self.dice.around(25.0 + 30.0 * float(n_looks), 0.5);
        let corrections = self.dice.times(f64::from(keys) * self.person.nature.typos / 20.0, keys);
        let distance = if clicks == 0 { 0.0 } else { round(self.dice.around(3_000.0, 0.6)) };
        let properties = [
            ("seconds_visible", round(seconds).into()),
            ("idle_seconds", round(seconds * 0.3 * self.dice.unit()).into()),
            ("scroll_share", round(self.dice.unit()).into()),
            ("pointer_moves", (clicks * 4).into()),
            ("pointer_distance", distance.into()),
            ("clicks", clicks.into()),
            ("rage_clicks", self.dice.times(1.5 * anger, 6).min(clicks).into()),
            ("dead_clicks", self.dice.times(0.2 + anger, 8).min(clicks).into()),
            ("keys", keys.into()),
            ("corrections", corrections.into()),
        ];
        self.track(Sender::Browser, "Page Left", properties);
        #[expect(clippy::cast_precision_loss, reason = "a day is far below 2^53 milliseconds")]
        let lasted = round((self.clock - began_at).max(0) as f64 / 1_000.0);
        let properties = [("session_id", self.session_id().into()), ("seconds", lasted.into())];
        self.track(Sender::Browser, "Session Ended", properties);
    }
}

fn float(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}
