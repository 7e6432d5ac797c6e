//! Which letters does somebody get, and what do they do with them?

use super::Scene;
use super::arriving::CONSENT_UPDATED;
use super::asking::Chosen;
use crate::dice::logistic;
use crate::host::decision;
use crate::message::Sender;
use crate::object::object;
use primitives::HOUR_MS;
use serde_json::Value;
use std::collections::BTreeMap;

/// A letter goes out every other Thursday.
const WEEKDAY: usize = 3;
/// The hours at which it may go out, the usual one first.
const HOURS: [(i64, &str); 17] = [
    (6, "6"),
    (7, "7"),
    (8, "8"),
    (9, "9"),
    (10, "10"),
    (11, "11"),
    (12, "12"),
    (13, "13"),
    (14, "14"),
    (15, "15"),
    (16, "16"),
    (17, "17"),
    (18, "18"),
    (19, "19"),
    (20, "20"),
    (21, "21"),
    (22, "22"),
];
const SUBJECTS: [&str; 6] = [
    "New on our shelves",
    "This week costs less",
    "What goes with your coffee",
    "From our workshop",
    "For slow evenings",
    "Back in stock",
];

impl Scene<'_> {
    pub(super) fn receive_mail(&mut self) {
        let nature = &self.person.nature;
        let is_sent = nature.agrees.marketing && !self.life.has_regretted && !self.life.wants_no_mail;
        if !is_sent || self.today.weekday != WEEKDAY || self.today.day.div_euclid(7) % 2 != 0 {
            return;
        }
        let reads_at = nature.mail_hour;
        let number = self.today.day.div_euclid(14);
        let subject = SUBJECTS[usize::try_from(number.rem_euclid(6)).unwrap_or(0)];
        let email_id = format!("E{number}-{:010}", self.person.number);
        let mail = || {
            [
                ("email_id", email_id.as_str().into()),
                ("campaign_id", format!("letter-{number}").into()),
                ("email_subject", subject.into()),
            ]
        };
        self.at(HOURS[0].0 * HOUR_MS);
        let about = || BTreeMap::from([("campaign_id", Value::from(format!("letter-{number}")))]);
        let Chosen { what: sent_at, decision_id, .. } =
            self.choose(Sender::BackOffice, decision::SEND_TIME, &HOURS, |(_, name)| name, about);
        self.at(sent_at.0 * HOUR_MS);
        self.track(Sender::BackOffice, "Email Sent", mail());
        self.tell_of(Sender::BackOffice, "Decision Shown", decision_id.as_deref(), sent_at.1);
        if self.dice.chance(0.004) {
            self.track(Sender::BackOffice, "Email Bounced", mail());
            return;
        }
        // As late in the day as it went out, at least.
        #[expect(clippy::cast_precision_loss, reason = "an hour of a day")]
        let hour = sent_at.0 as f64;
        let p = self.mind().opens(hour);
        if !self.dice.chance(p) {
            return;
        }
        let sent = self.clock;
        self.at_hour(reads_at);
        self.at(self.clock.max(sent));
        self.pass(60.0);
        self.track(Sender::BackOffice, "Email Opened", mail());
        self.tell_of(Sender::BackOffice, "Decision Converted", decision_id.as_deref(), sent_at.1);
        let is_drawn =
            self.today.promotions.iter().any(|promotion| self.person.taste.departments[promotion.department] > 2.0);
        if self.dice.chance(if is_drawn { 0.3 } else { 0.12 }) {
            self.pass(15.0);
            self.track(Sender::BackOffice, "Email Link Clicked", mail());
        } else if self.dice.chance(0.03 * logistic(-3.0 * self.life.mood)) {
            self.pass(15.0);
            self.life.wants_no_mail = true;
            self.track(Sender::BackOffice, "Email Unsubscribed", mail());
            let refuses = object([("marketing", false.into())]);
            self.track(Sender::BackOffice, CONSENT_UPDATED, [("categoryPreferences", refuses.into())]);
        }
    }
}
