//! What of what somebody looks at do they take?

use super::Scene;
use super::visit::Look;
use crate::dice::logistic;
use crate::message::Sender;
use crate::object::Field;

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

impl<'a> Scene<'a> {
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
        if !lines.is_empty() && self.dice.chance(0.3 + 0.1 * self.person.taste.price_sensitivity.min(2.0)) {
            // Left in the cart.
            lines.clear();
        }
        lines
    }

    /// The same in a shop in town, where nobody notes what is looked at.
    pub(super) fn choose(&mut self, looks: Vec<Look>) -> Vec<Line> {
        let mut lines = Vec::new();
        for look in looks {
            if self.takes(&look) {
                self.add(&mut lines, &look);
            }
        }
        self.take_companions(&mut lines);
        lines
    }

    fn takes(&mut self, look: &Look) -> bool {
        if !self.company.is_in_stock(look.thing, self.today.day) {
            return false;
        }
        let p = self.chance_to_take(look.thing, look.need);
        self.dice.chance(p)
    }

    /// The true response to a price: a need pulls, the price pushes the more, the dearer the thing is among its like and the
    /// less there is to spend; a lowered price draws beyond the money it saves.
    pub(crate) fn chance_to_take(&self, thing_no: usize, need: f64) -> f64 {
        let (thing, taste) = (self.company.things().get(thing_no), &self.person.taste);
        let usual = self.company.usual_price(thing.department);
        #[expect(clippy::cast_precision_loss, reason = "prices are far below 2^53")]
        let dear = (self.price(thing_no) as f64 / usual).ln();
        let burden = (usual / 2_500.0).ln_1p() / self.person.income(self.today.day);
        let cheaper = 1.0 - self.today.price_factor(thing.department);
        let wants = 2.4 * need.min(1.5) + 0.9 * taste.fit(thing) + 0.35 * self.today.demand[thing.department].ln();
        let keeps = 2.6 + taste.price_sensitivity * dear + 0.8 * burden;
        logistic(wants - keeps + 2.5 * taste.bargain * cheaper + 0.5 * self.life.mood)
    }

    fn add(&mut self, lines: &mut Vec<Line>, look: &Look) {
        if lines.iter().any(|line| line.thing == look.thing) {
            return;
        }
        let is_used_up = self.company.things().get(look.thing).lasts_days.is_some();
        let quantity = if is_used_up { 1 + self.dice.times(0.35, 4) } else { 1 };
        let shown_by = look.shown_by.as_ref().map(|(decision, _)| decision.clone());
        lines.push(Line { thing: look.thing, quantity, price_minor: self.price(look.thing), shown_by });
    }

    /// What goes with it is taken along.
    fn take_companions(&mut self, lines: &mut Vec<Line>) {
        for no in 0..lines.len() {
            for companion in self.company.things().get(lines[no].thing).companions {
                if self.dice.chance(0.35 * self.chance_to_take(companion, 0.5))
                    && self.company.is_in_stock(companion, self.today.day)
                {
                    self.add(lines, &Look { thing: companion, need: 0.5, shown_by: None });
                }
            }
        }
    }

    /// A thing as the pages describe it.
    pub(super) fn described(&self, thing_no: usize) -> [(&'static str, Field<'a>); 6] {
        let company = self.company;
        let thing = company.things().get(thing_no);
        [
            ("product_id", thing.id.as_str().into()),
            ("name", thing.name.as_str().into()),
            ("category", company.things().department(thing.department).into()),
            ("brand", thing.brand.as_str().into()),
            ("price", self.major(self.price(thing_no))),
            ("currency", self.currency()),
        ]
    }
}
