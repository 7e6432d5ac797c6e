//! Which letters does somebody get, and what do they do with them?

use super::Scene;
use crate::dice::logistic;
use crate::message::Sender;
use crate::object::object;

/// A letter goes out every other Thursday.
const WEEKDAY: usize = 3;
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
        let (opens, hour) = (nature.opens_mail, nature.mail_hour);
        let number = self.today.day.div_euclid(14);
        let subject = SUBJECTS[usize::try_from(number.rem_euclid(6)).unwrap_or(0)];
        let email_id = format!("E{number}-{:06}", self.person.no);
        let mail = || {
            [
                ("email_id", email_id.as_str().into()),
                ("campaign_id", format!("letter-{number}").into()),
                ("email_subject", subject.into()),
            ]
        };
        self.clock = 6 * 3_600_000;
        self.track(Sender::BackOffice, "Email Sent", mail());
        if self.dice.chance(0.004) {
            self.track(Sender::BackOffice, "Email Bounced", mail());
            return;
        }
        if !self.dice.chance(opens) {
            return;
        }
        self.at_hour(hour);
        self.track(Sender::BackOffice, "Email Opened", mail());
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
            let consent = object([("categoryPreferences", refuses.into())]);
            let context = object([("consent", consent.into())]);
            let fields = object([("event", "Consent Updated".into()), ("context", context.into())]);
            self.say(Sender::BackOffice, "track", &fields);
        }
    }
}
