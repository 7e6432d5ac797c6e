//! What does a connected machine tell? How much it is used, week by week, and when it fails.

use super::Scene;
use super::asking::Chosen;
use super::visit::round;
use crate::actions::Contact;
use crate::host::decision;
use crate::life::Ahead;
use crate::message::Sender;
use primitives::HOUR_MS;
use serde_json::Value;
use std::collections::BTreeMap;

const FAULTS: [&str; 4] = ["pump_pressure", "heating", "water_sensor", "grinder_blocked"];
/// Machines fail about so often a year; a failing one fails again and again until somebody complains.
const FAULTS_A_YEAR: f64 = 1.1;

impl Scene<'_> {
    pub(super) fn use_machine(&mut self) {
        let cups = self.person.nature.cups_a_day;
        if cups <= 0.0 || !self.life.has_said_who {
            return;
        }
        // Each reports on a day of its own.
        let turning = if self.life.turns_away_on.is_some() { 0.4 } else { 1.0 };
        if self.today.day.rem_euclid(7) == i64::from(self.person.no % 7) {
            self.at(3 * HOUR_MS);
            let value = self.dice.times(7.0 * cups * turning * self.life.use_level.max(0.2), 200);
            let properties = [
                ("metric", "cups".into()),
                ("value", value.into()),
                ("unit", "cups".into()),
                ("device", self.machine().into()),
            ];
            self.track(Sender::BackOffice, "Service Measured", properties);
        }
        let is_failing = self.life.ahead.iter().any(|pending| matches!(pending.what, Ahead::Fault { .. }));
        let p = if is_failing { 0.5 } else { FAULTS_A_YEAR / 365.0 };
        if self.dice.chance(p) {
            self.fail(is_failing);
        }
    }

    fn machine(&self) -> String {
        format!("LM-{:010}", self.person.number)
    }

    fn fail(&mut self, is_failing: bool) {
        self.at_hour(8.0);
        let code = FAULTS[(self.person.no as usize + self.life.n_orders as usize) % FAULTS.len()];
        let seconds = round(self.dice.around(90.0, 0.6));
        let properties = [("code", code.into()), ("seconds", seconds.into()), ("device", self.machine().into())];
        self.track(Sender::BackOffice, "Service Faulted", properties);
        self.life.feel(-0.07);
        self.life.n_faults += 1;
        if !is_failing {
            let Chosen { what: contact, decision_id: decided_by, .. } = self.be_told_first(code);
            let days = 2.0 + 6.0 * self.person.nature.patience;
            self.life.await_in(self.today.day, days, Ahead::Fault { contact, decided_by });
        }
    }

    /// The company may write or call before they do.
    fn be_told_first(&mut self, code: &'static str) -> Chosen<Contact> {
        let about = || BTreeMap::from([("code", Value::from(code))]);
        let chosen = self.choose(Sender::BackOffice, decision::CONTACT, &Contact::ALL, Contact::name, about);
        self.pass(600.0);
        match chosen.what {
            Contact::None => {}
            Contact::Email => {
                let text = format!("Your machine reports a fault ({}). Here is what helps.", code.replace('_', " "));
                let properties = [("channel", "email".into()), ("text", text.into())];
                self.track(Sender::BackOffice, "Message Sent", properties);
            }
            Contact::Call => {
                let call_id = format!("LF{:010}-{}", self.person.number, self.life.n_faults);
                self.track(Sender::BackOffice, "Call Started", [("call_id", call_id.as_str().into())]);
                let seconds = self.dice.around(150.0, 0.5).round();
                self.pass(seconds);
                let properties = [("call_id", call_id.as_str().into()), ("seconds", seconds.into())];
                self.track(Sender::BackOffice, "Call Ended", properties);
            }
        }
        let relief = self.mind().is_relieved(chosen.what);
        self.life.feel(relief);
        self.tell_met(Sender::BackOffice, chosen.decision_id.as_deref(), chosen.what.name());
        chosen
    }
}
