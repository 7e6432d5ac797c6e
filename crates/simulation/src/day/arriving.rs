//! By what do the pages know who is there, and what may they do with it?

use super::Scene;
use crate::message::Sender;
use crate::object::{Field, Object, object};
use crate::people::{region, town};

/// What the specification calls it when somebody agrees or refuses.
pub(super) const CONSENT_UPDATED: &str = "Segment Consent Preference Updated";

impl Scene<'_> {
    /// Second accounts live on the last device.
    pub(super) fn account_of(&self, device: usize) -> usize {
        let accounts = self.person.identity.accounts.len();
        if device + 1 < self.person.identity.devices.len() { 0 } else { accounts - 1 }
    }

    pub(super) fn arrive(&mut self, is_app: bool) {
        self.track(Sender::Browser, "Session Started", [("session_id", self.session_id().into())]);
        let referrer = ["", "https://search.example/", "https://social.example/", ""][self.dice.below(4)];
        let agent = if is_app { "LarkspurApp/4.2" } else { "Browser/130" };
        let page = object([("referrer", referrer.into())]);
        let context = object([("userAgent", agent.into()), ("page", page.into())]);
        let kind = if is_app { "screen" } else { "page" };
        let properties = object([("path", "/".into()), ("url", "https://shop.larkspur.example/".into())]);
        self.say(
            Sender::Browser,
            kind,
            &object([("name", "Home".into()), ("properties", properties.into()), ("context", context.into())]),
        );
    }

    pub(super) fn session_id(&self) -> String {
        format!("V{:010}-{}", self.person.number, self.life.n_visits)
    }

    /// From here on the device is known to be theirs.
    pub(super) fn sign_in(&mut self) {
        if self.is_signed_in {
            return;
        }
        self.pass(20.0);
        self.is_signed_in = true;
        if let Some(device) = self.device {
            self.life.signed_in |= 1 << device;
        }
        self.say_who();
    }

    /// Tells who it is, with what a form asks for.
    pub(super) fn say_who(&mut self) {
        let day = self.today.day;
        let (person, account) = (self.person, self.account());
        let lives_in = person.region(day);
        let traits = object([
            ("firstName", person.identity.name.0.into()),
            ("lastName", person.identity.name.1.into()),
            ("email", account.email.as_str().into()),
            ("ageBand", person.group.age_band().into()),
            ("region", region(lives_in).into()),
            ("city", town(lives_in, person.group.town).into()),
            ("district", if person.group.is_new_town { "new town" } else { "old town" }.into()),
            ("street", person.street(day).into()),
            ("loyaltyId", person.identity.loyalty_id.as_deref().into()),
        ]);
        let consent = || object([("categoryPreferences", self.preferences(true).into())]);
        let context = (!self.life.has_said_who).then(|| object([("consent", consent().into())]));
        self.life.has_said_who = true;
        self.say(Sender::Browser, "identify", &object([("traits", traits.into()), ("context", context.into())]));
    }

    fn preferences(&self, is_asked: bool) -> Object {
        let agrees = self.person.nature.agrees;
        let says = |agrees: bool| Field::from(agrees && is_asked);
        object([
            ("personalization", says(agrees.personalization)),
            ("analytics", says(agrees.analytics)),
            ("marketing", says(agrees.marketing)),
        ])
    }

    pub(super) fn decide_on_consent(&mut self) {
        let regrets = self.person.nature.agrees.regrets_on_visit == Some(self.life.n_visits);
        if regrets && self.life.has_said_who && !self.life.has_regretted {
            self.life.has_regretted = true;
            let preferences = self.preferences(false);
            self.track(Sender::Browser, CONSENT_UPDATED, [("categoryPreferences", preferences.into())]);
        }
    }
}
