//! What of what somebody looks at do they take, at which prices, and do they keep it to the till?

use super::Scene;
use super::asking::Chosen;
use super::visit::Look;
use crate::actions::Offer;
use crate::host::decision;
use crate::message::Sender;
use crate::object::Field;
use crate::prices;
use crate::things::Things;
use primitives::Money;
use serde_json::Value;
use std::collections::BTreeMap;

/// A price may be set between these parts of the listed one: beyond them it is taken for a mistake.
const FACTORS: (f64, f64) = (0.5, 1.5);

/// A line of an order.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) thing: usize,
    pub(super) quantity: u32,
    /// For one, in minor units.
    pub(super) price_minor: i64,
    /// The decision that showed it.
    pub(super) shown_by: Option<String>,
}

/// What its things cost the company.
pub(super) fn cost(things: &Things, lines: &[Line]) -> i64 {
    lines.iter().map(|line| things.get(line.thing).cost_minor * i64::from(line.quantity)).sum()
}

/// What is to be paid for it, the parcel aside.
pub(super) fn total(lines: &[Line]) -> i64 {
    lines.iter().map(|line| line.price_minor * i64::from(line.quantity)).sum()
}

impl<'a> Scene<'a> {
    /// The prices of what they are about to look at, where somebody sets them.
    pub(super) fn meet_prices(&mut self, looks: &[Look]) {
        if looks.is_empty() {
            return;
        }
        let things = self.company.things();
        let choices = || looks.iter().map(|look| things.get(look.thing).id.clone()).collect();
        let Some(reply) = self.ask(Sender::Browser, decision::PRICE, looks.len(), choices, BTreeMap::new) else {
            return;
        };
        let factor = |look: &Look| {
            let factor = reply.attributes.get(&things.get(look.thing).id).and_then(Value::as_f64)?;
            (FACTORS.0..=FACTORS.1).contains(&factor).then_some((look.thing, factor))
        };
        self.factors = looks.iter().filter_map(factor).collect();
    }

    /// Looks at one after the other on the pages, and puts some into the cart.
    pub(super) fn look_and_choose(&mut self, looks: Vec<Look>) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        for look in looks {
            self.pass(25.0);
            self.track(Sender::Browser, "Product Viewed", self.described(look.thing));
            if !self.takes(&look) {
                continue;
            }
            self.add(&mut lines, &look);
            self.pass(8.0);
            self.track(Sender::Browser, "Product Added", self.described(look.thing));
        }
        self.take_companions(&mut lines);
        lines
    }

    /// The same in a shop in town, where nobody notes what is looked at.
    pub(super) fn take_along(&mut self, looks: Vec<Look>) -> Vec<Line> {
        let mut lines = Vec::new();
        for look in looks {
            if self.takes(&look) {
                self.add(&mut lines, &look);
            }
        }
        self.take_companions(&mut lines);
        lines
    }

    /// Goes to the till with it, or leaves it where it is; an offer may turn it either way.
    pub(super) fn weigh(&mut self, lines: Vec<Line>) -> Option<(Vec<Line>, Chosen<Offer>)> {
        if lines.is_empty() {
            return None;
        }
        let value = total(&lines);
        let (currency, cost) = (self.company.settings().currency, cost(self.company.things(), &lines));
        let one = Money { minor: 1, currency }.to_major();
        let worth = Offer::ALL.map(|offer| one * self.mind().earns(value, cost, offer)).to_vec();
        let about = || (BTreeMap::from([("value", Value::from(Money { minor: value, currency }.to_major()))]), worth);
        let chosen = self.choose_with(Sender::Browser, decision::OFFER, &Offer::ALL, Offer::name, about);
        self.tell_met(Sender::Browser, chosen.decision_id.as_deref(), chosen.what.name());
        let p = self.mind().checks_out(value, chosen.what);
        self.dice.chance(p).then_some((lines, chosen))
    }

    fn takes(&mut self, look: &Look) -> bool {
        if !self.company.is_in_stock(look.thing, self.today.day) {
            return false;
        }
        let p = self.mind().takes(look.thing, self.factor(look.thing));
        self.dice.chance(p)
    }

    /// Which part of today's listed price it costs them.
    fn factor(&self, thing: usize) -> f64 {
        self.factors.iter().find(|(of, _)| *of == thing).map_or(1.0, |(_, factor)| *factor)
    }

    /// What a thing costs them today, in minor units.
    pub(super) fn price(&self, thing: usize) -> i64 {
        let listed = prices::on(self.company.things().get(thing), self.today);
        prices::part_of(listed, self.factor(thing))
    }

    fn add(&mut self, lines: &mut Vec<Line>, look: &Look) {
        if lines.iter().any(|line| line.thing == look.thing) {
            return;
        }
        let is_used_up = self.company.things().get(look.thing).lasts_days.is_some();
        let quantity = if is_used_up { 1 + self.dice.times(0.35, 4) } else { 1 };
        let price_minor = self.price(look.thing);
        lines.push(Line { thing: look.thing, quantity, price_minor, shown_by: look.shown_by.clone() });
    }

    /// What goes with it is taken along.
    fn take_companions(&mut self, lines: &mut Vec<Line>) {
        for no in 0..lines.len() {
            for companion in self.company.things().get(lines[no].thing).companions {
                let p = self.mind().takes_along(companion, self.factor(companion));
                if self.dice.chance(p) && self.company.is_in_stock(companion, self.today.day) {
                    self.add(lines, &Look { thing: companion, shown_by: None });
                }
            }
        }
    }

    /// A thing as the pages describe it.
    pub(super) fn described(&self, thing_no: usize) -> [(&'static str, Field<'a>); 5] {
        let company = self.company;
        let thing = company.things().get(thing_no);
        [
            ("product_id", thing.id.as_str().into()),
            ("name", thing.name.as_str().into()),
            ("category", company.things().department(thing.department).into()),
            ("price", self.major(self.price(thing_no))),
            ("currency", self.currency()),
        ]
    }
}
