//! Does somebody come today, by which way, and what do they look at?

use super::Scene;
use crate::dice::logistic;
use crate::message::Sender;

const WEB: usize = 0;
const APP: usize = 1;

/// Something somebody looks at.
pub(super) struct Look {
    pub(super) thing: usize,
    /// The decision that showed it.
    pub(super) shown_by: Option<String>,
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
        let channel = self.dice.weighted(&nature.channels);
        self.at_hour(nature.hour);
        match channel {
            WEB | APP => self.visit_pages(channel == APP),
            _ => self.visit_shop(),
        }
    }

    /// The less is left of what they need, the sooner they come; who is turning away comes less and less.
    fn chance_to_come(&self) -> f64 {
        let nature = &self.person.nature;
        let emptiest = self.life.left.iter().copied().fold(1.0, f64::min);
        let pull = 0.9 + 1.6 * logistic(5.0 * (0.25 - emptiest)) + if self.life.replaces.is_some() { 0.6 } else { 0.0 };
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
        let signs_in =
            !self.is_signed_in && self.life.n_visits > self.person.identity.signs_in_after && self.dice.chance(0.6);
        let began_at = self.clock;
        self.arrive(is_app);
        if signs_in {
            self.sign_in();
        }
        self.decide_on_consent();
        let mut looks = self.looks();
        self.search_sometimes(&mut looks);
        self.follow_recommendations(&mut looks);
        self.meet_prices(&looks);
        let n_seen = looks.len();
        let cart = self.look_and_choose(looks);
        let cart = self.weigh(cart);
        self.leave_page(n_seen, began_at);
        if let Some((lines, offer)) = cart {
            self.check_out(lines, offer);
        }
        self.device = None;
    }

    /// What they came for, and what catches their eye.
    fn looks(&mut self) -> Vec<Look> {
        let mut looks = Vec::new();
        for no in 0..self.life.left.len() {
            let (need, left) = (&self.life.needs[no], self.life.left[no]);
            let (favourite, department) = (need.favourite, need.department);
            if !self.dice.chance(logistic(7.0 * (0.3 - left))) {
                continue;
            }
            let thing = if self.dice.chance(0.45 * self.person.taste.curiosity) {
                self.company.things().draw(&mut self.dice, department, self.today.day)
            } else {
                favourite
            };
            looks.push(Look { thing, shown_by: None });
        }
        if let Some(department) = self.life.replaces {
            for _ in 0..2 {
                let thing = self.company.things().draw(&mut self.dice, department, self.today.day);
                looks.push(Look { thing, shown_by: None });
            }
        }
        let n_browsed = self.dice.times(1.6 + 3.0 * self.person.taste.curiosity, 14);
        let liking = &self.person.taste.departments;
        let weights: [f64; crate::things::N_DEPARTMENTS] = std::array::from_fn(|no| liking[no] * self.today.demand[no]);
        for _ in 0..n_browsed {
            let department = self.dice.weighted(&weights);
            let thing = self.company.things().draw(&mut self.dice, department, self.today.day);
            looks.push(Look { thing, shown_by: None });
        }
        looks
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
        let bought = self.take_along(looks);
        if !bought.is_empty() {
            self.pass(600.0);
            self.buy_in_shop(&bought);
        }
    }
}

/// To two places: nobody measures more.
pub(super) fn round(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
