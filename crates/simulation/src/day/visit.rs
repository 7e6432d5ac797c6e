//! Does somebody come today, by which way, and what do they do there?

use super::Scene;
use crate::dice::logistic;
use crate::host::Question;
use crate::message::Sender;
use crate::object::{Field, Object, object};
use crate::people::{region, town};

const WEB: usize = 0;
const APP: usize = 1;
/// So many things are shown beside what is looked for.
const N_SHOWN: usize = 6;
/// So far down do people look: with this share of the attention of the place above.
const ATTENTION_STAYS: f64 = 0.72;

/// Something somebody looks at, and how much they need it, from 0 to about 2.
pub(super) struct Look {
    pub(super) thing: usize,
    pub(super) need: f64,
    /// The decision that showed it, and at which place.
    pub(super) shown_by: Option<(String, usize)>,
}

impl Scene<'_> {
    pub(super) fn visit(&mut self) {
        let p = self.chance_to_come();
        if !self.dice.chance(p) {
            return;
        }
        self.life.last_visit = Some(self.today.day);
        self.life.n_visits += 1;
        let nature = &self.person.nature;
        let hour = nature.hour;
        let channel = self.dice.weighted(&nature.channels);
        self.at_hour(hour);
        match channel {
            WEB | APP => self.visit_pages(channel == APP),
            _ => self.visit_shop(),
        }
    }

    /// The less is left of what they need, the sooner they come; who is turning away comes less and less.
    fn chance_to_come(&self) -> f64 {
        let nature = &self.person.nature;
        let emptiest = self.life.left.iter().copied().fold(1.0, f64::min);
        let pull = 0.9 + 1.6 * logistic(5.0 * (0.25 - emptiest));
        let week: f64 = nature.weekdays.iter().sum::<f64>() / 7.0;
        let turning = self.life.turns_away_on.map_or(1.0, |_| 0.35);
        let fades = if self.life.last_visit == Some(self.today.day - 1) { 0.5 } else { 1.0 };
        let p = self.today.traffic * pull * turning * fades / nature.every_days;
        (p * nature.weekdays[self.today.weekday] / week).min(0.9)
    }

    fn visit_pages(&mut self, is_app: bool) {
        let n_devices = self.person.identity.devices.len();
        let device = self.dice.below(n_devices);
        self.device = Some(device);
        self.account = self.account_of(device);
        self.is_signed_in = self.life.signed_in & (1 << device) != 0;
        if !self.is_signed_in && self.life.n_visits > self.person.identity.signs_in_after && self.dice.chance(0.6) {
            self.arrive(is_app);
            self.sign_in();
        } else {
            self.arrive(is_app);
        }
        self.decide_on_consent();
        let mut looks = self.looks();
        let n_recommended = looks.len();
        self.follow_recommendations(&mut looks);
        self.search_sometimes(&looks);
        let n_seen = looks.len();
        let bought = self.look_and_choose(looks);
        self.leave_page(n_seen + n_recommended);
        if !bought.is_empty() {
            self.check_out(bought);
        }
        self.device = None;
    }

    /// Second accounts live on the last device.
    pub(super) fn account_of(&self, device: usize) -> usize {
        let accounts = self.person.identity.accounts.len();
        if self.life.has_merged || device + 1 < self.person.identity.devices.len() { 0 } else { accounts - 1 }
    }

    fn arrive(&mut self, is_app: bool) {
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
            ("loyaltyId", person.identity.loyalty_id.as_deref().into()),
        ]);
        let context = (!self.life.has_said_who).then(|| self.consent(true));
        self.life.has_said_who = true;
        self.say(Sender::Browser, "identify", &object([("traits", traits.into()), ("context", context.into())]));
    }

    fn consent(&self, is_asked: bool) -> Object {
        let agrees = self.person.nature.agrees;
        let says = |agrees: bool| Field::from(agrees && is_asked);
        let preferences = object([
            ("personalization", says(agrees.personalization)),
            ("analytics", says(agrees.analytics)),
            ("marketing", says(agrees.marketing)),
        ]);
        object([("consent", object([("categoryPreferences", preferences.into())]).into())])
    }

    fn decide_on_consent(&mut self) {
        let regrets = self.person.nature.agrees.regrets_on_visit == Some(self.life.n_visits);
        if regrets && self.life.has_said_who && !self.life.has_regretted {
            self.life.has_regretted = true;
            let context = self.consent(false);
            let fields = object([("event", "Consent Updated".into()), ("context", context.into())]);
            self.say(Sender::Browser, "track", &fields);
        }
    }

    /// What they came for, and what catches their eye.
    fn looks(&mut self) -> Vec<Look> {
        let mut looks = Vec::new();
        for (no, left) in self.life.left.clone().into_iter().enumerate() {
            let need = &self.life.needs[no];
            let (favourite, department) = (need.favourite, need.department);
            if !self.dice.chance(logistic(7.0 * (0.3 - left))) {
                continue;
            }
            let thing = if self.dice.chance(0.45 * self.person.taste.curiosity) {
                self.company.things().draw(&mut self.dice, department, self.today.day)
            } else {
                favourite
            };
            looks.push(Look { thing, need: (1.3 - left).max(0.0), shown_by: None });
        }
        let n_browsed = self.dice.times(1.6 + 3.0 * self.person.taste.curiosity, 14);
        for _ in 0..n_browsed {
            let weights: Vec<f64> = self
                .person
                .taste
                .departments
                .iter()
                .zip(self.today.demand)
                .map(|(liking, demand)| liking * demand)
                .collect();
            let department = self.dice.weighted(&weights);
            let thing = self.company.things().draw(&mut self.dice, department, self.today.day);
            looks.push(Look { thing, need: 0.0, shown_by: None });
        }
        looks
    }

    /// What is shown to them is looked at the more, the better it suits, and the less, the further down it stands.
    fn follow_recommendations(&mut self, looks: &mut Vec<Look>) {
        let question = Question {
            decision: "recommend",
            person: self.person,
            user_id: self.is_signed_in.then(|| self.person.identity.accounts[self.account].user_id.as_str()),
            device: self.device.map(|device| self.person.identity.devices[device].as_str()),
            n: N_SHOWN,
            at: self.now(),
        };
        let Some(reply) = self.host.decide(&question) else { return };
        for (place, item) in reply.items.iter().take(N_SHOWN).enumerate() {
            let Some(thing) = self.company.thing_no(item) else { continue };
            let position = place + 1;
            self.pass(0.4);
            let id = reply.decision_id.as_str();
            let properties =
                || [("decision_id", id.into()), ("item_id", item.as_str().into()), ("position", position.into())];
            self.track(Sender::Browser, "Decision Shown", properties());
            let need = self.need_of(thing);
            if self.dice.chance(self.chance_to_follow(thing, need, place)) {
                self.pass(4.0);
                self.track(Sender::Browser, "Decision Clicked", properties());
                looks.push(Look { thing, need, shown_by: Some((reply.decision_id.clone(), position)) });
            }
        }
    }

    /// How much they need what this thing is for.
    fn need_of(&self, thing: usize) -> f64 {
        let department = self.company.things().get(thing).department;
        let of = self.life.needs.iter().zip(&self.life.left).find(|(need, _)| need.department == department);
        of.map_or(0.0, |(need, left)| (1.3 - left).max(0.0) * if need.favourite == thing { 1.0 } else { 0.6 })
    }

    /// The true response to something shown at a place from 0.
    fn chance_to_follow(&self, thing: usize, need: f64, place: usize) -> f64 {
        let thing = self.company.things().get(thing);
        let suits =
            self.person.taste.fit(thing) + 1.4 * need + 0.35 * self.person.taste.departments[thing.department].ln_1p();
        let attention = ATTENTION_STAYS.powi(i32::try_from(place).unwrap_or(i32::MAX));
        0.45 * attention * logistic(1.3 * suits - 1.9)
    }

    fn search_sometimes(&mut self, looks: &[Look]) {
        let Some(look) = looks.first() else { return };
        if !self.dice.chance(0.35) {
            return;
        }
        self.pass(6.0);
        let name = self.company.things().get(look.thing).name.to_lowercase();
        let last = name.split(',').next().unwrap_or(&name).to_owned();
        let query = self.mistype(&last);
        let is_hit = query == last;
        let n_found = if is_hit { 4 + self.dice.below(20) } else { self.dice.below(3) };
        self.track(
            Sender::Browser,
            "Products Searched",
            [("query", query.as_str().into()), ("results", n_found.into())],
        );
        if n_found > 0 {
            self.pass(3.0);
            let position = 1 + self.dice.below(n_found.min(5));
            let properties =
                [("query", query.as_str().into()), ("results", n_found.into()), ("position", position.into())];
            self.track(Sender::Browser, "Search Result Clicked", properties);
        }
    }

    /// A text as this person types it.
    pub(super) fn mistype(&mut self, text: &str) -> String {
        let share = self.person.nature.typos / 100.0;
        let mut typed = String::with_capacity(text.len());
        for letter in text.chars() {
            match if self.dice.chance(share) { self.dice.below(3) } else { 3 } {
                0 => {}
                1 => typed.extend([letter, letter]),
                2 if letter == 'e' => typed.push('r'),
                _ => typed.push(letter),
            }
        }
        if typed.trim().is_empty() { text.to_owned() } else { typed }
    }

    /// What was done on the page, as the snippet sums it up when it is left.
    fn leave_page(&mut self, n_looks: usize) {
        self.pass(10.0);
        let anger = logistic(-4.0 * self.life.mood - 3.0);
        let seconds = self.dice.around(25.0 + 30.0 * f64::from(u32::try_from(n_looks).unwrap_or(0)), 0.5);
        let clicks = self.dice.times(2.0 + f64::from(u32::try_from(n_looks).unwrap_or(0)), 60);
        let keys = self.dice.times(6.0, 60);
        let corrections = self.dice.times(f64::from(keys) * self.person.nature.typos / 20.0, keys);
        let properties = [
            ("path", "/".into()),
            ("seconds_visible", round(seconds).into()),
            ("idle_seconds", round(seconds * 0.3 * self.dice.unit()).into()),
            ("scroll_share", round(self.dice.unit()).into()),
            ("pointer_moves", (clicks * 4).into()),
            ("pointer_distance", round(self.dice.around(3_000.0, 0.6)).into()),
            ("clicks", clicks.into()),
            ("rage_clicks", self.dice.times(1.5 * anger, 6).into()),
            ("dead_clicks", self.dice.times(0.2 + anger, 8).into()),
            ("keys", keys.into()),
            ("corrections", corrections.into()),
        ];
        self.track(Sender::Browser, "Page Left", properties);
    }

    fn visit_shop(&mut self) {
        if self.today.is_holiday || self.today.weekday == 6 {
            return;
        }
        let store = format!("store-{}", 1 + self.person.region(self.today.day));
        let loyalty_id = self.person.identity.loyalty_id.clone();
        // Without a card nobody knows who it is, and the till tells nothing about them.
        let Some(loyalty_id) = loyalty_id.filter(|_| self.life.has_said_who) else { return };
        let seconds = round(self.dice.around(900.0, 0.5));
        let properties = [("store_id", store.into()), ("loyalty_id", loyalty_id.into()), ("seconds", seconds.into())];
        self.track(Sender::BackOffice, "Store Visited", properties);
        let looks = self.looks();
        let bought = self.choose(looks);
        if !bought.is_empty() {
            self.pass(600.0);
            self.buy_in_shop(bought);
        }
    }
}

/// To two places: nobody measures more.
pub(super) fn round(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
