//! What does a connected machine tell? How much it is used, week by week, and when it fails.

use super::Scene;
use super::visit::round;
use crate::life::Ahead;
use crate::message::Sender;

const FAULTS: [&str; 4] = ["pump_pressure", "heating", "water_sensor", "grinder_blocked"];
/// Machines fail about so often a year; a failing one fails again and again until somebody complains.
const FAULTS_A_YEAR: f64 = 1.1;

impl Scene<'_> {
    pub(super) fn use_machine(&mut self) {
        let cups = self.person.nature.cups_a_day;
        if cups <= 0.0 || !self.life.has_said_who {
            return;
        }
        let device = format!("LM-{:06}", self.person.no);
        // Each reports on a day of its own.
        let turning = if self.life.turns_away_on.is_some() { 0.4 } else { 1.0 };
        if self.today.day.rem_euclid(7) == i64::from(self.person.no % 7) {
            self.clock = 3 * 3_600_000;
            let value = self.dice.times(7.0 * cups * turning * self.life.use_level.max(0.2), 200);
            let properties = [
                ("metric", "cups".into()),
                ("value", value.into()),
                ("unit", "cups".into()),
                ("device", device.as_str().into()),
            ];
            self.track(Sender::BackOffice, "Service Measured", properties);
        }
        let is_failing = self.life.ahead.iter().any(|pending| matches!(pending.what, Ahead::Fault { .. }));
        let p = if is_failing { 0.5 } else { FAULTS_A_YEAR / 365.0 };
        if self.dice.chance(p) {
            self.at_hour(8.0);
            let code = FAULTS[(self.person.no as usize + self.life.n_orders as usize) % FAULTS.len()];
            let seconds = round(self.dice.around(90.0, 0.6));
            let properties = [("code", code.into()), ("seconds", seconds.into()), ("device", device.as_str().into())];
            self.track(Sender::BackOffice, "Service Faulted", properties);
            self.life.feel(-0.07);
            if !is_failing {
                let days = 2.0 + 6.0 * self.person.nature.patience;
                self.life.await_in(self.today.day, days, Ahead::Fault { n: 1 });
            }
        }
    }
}
