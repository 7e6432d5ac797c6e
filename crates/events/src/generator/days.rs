//! What happens in the generated world, day by day?

use super::World;
use super::customer::Customer;
use super::dice::{Dice, whole};
use super::payload::{Payloads, Who};
use primitives::{HOUR_MS, Timestamp};
use serde_json::Value;

/// The web visitors a day who never say who they are, for each customer.
const STRANGERS_PER_CUSTOMER: f64 = 0.004;

/// The payloads of a world in order of time. One day at a time is in memory.
#[derive(Debug)]
pub(super) struct Days<'w> {
    world: &'w World,
    payloads: Payloads<'w>,
    visitors: Vec<Visitor>,
    weekday_of_start: usize,
    next_day: u32,
    today: std::vec::IntoIter<(Timestamp, Value)>,
    basket: Vec<(usize, u32)>,
}

/// Where a customer stands.
#[derive(Debug, Clone, Copy)]
struct Visitor {
    next_visit: Option<u32>,
    n_visits: u32,
    n_orders: u32,
}

impl<'w> Days<'w> {
    pub(super) fn new(world: &'w World) -> Self {
        let visitor = |customer: &Customer| Visitor {
            next_visit: u32::try_from(whole(customer.habits.first_visit)).ok(),
            n_visits: 0,
            n_orders: 0,
        };
        let starts_at = world.starts_at();
        let mut payloads = Payloads::new(world);
        let catalogue: Vec<_> = world.catalogue.items().iter().map(|item| payloads.item(starts_at, item)).collect();
        Self {
            world,
            payloads,
            visitors: world.customers.iter().map(visitor).collect(),
            weekday_of_start: usize::from(starts_at.hour_of_week() / 24),
            next_day: 0,
            today: catalogue.into_iter(),
            basket: Vec::new(),
        }
    }

    fn live(&mut self, day: u32) {
        let mut dice = Dice::new(self.world.seed, "world/day", u64::from(day));
        let midnight = self.world.starts_at().plus_days(i64::from(day));
        let mut events = Vec::new();
        for index in 0..self.visitors.len() {
            if self.visitors[index].next_visit == Some(day) {
                self.visit(&mut dice, index, midnight, &mut events);
                let habits = &self.world.customers[index].habits;
                self.visitors[index].next_visit = habits.next_visit(&mut dice, day, self.weekday_of_start);
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "customers are counted far below 2^53")]
        let strangers = self.visitors.len() as f64 * STRANGERS_PER_CUSTOMER;
        let n_strangers = whole(strangers + dice.unit());
        for _ in 0..n_strangers {
            self.stranger(&mut dice, midnight, &mut events);
        }
        // Stable: what happens in one visit at one moment stays in its order.
        events.sort_by_key(|(at, _)| *at);
        self.today = events.into_iter();
    }

    fn visit(&mut self, dice: &mut Dice, index: usize, midnight: Timestamp, events: &mut Vec<(Timestamp, Value)>) {
        let customer = &self.world.customers[index];
        let visitor = &mut self.visitors[index];
        let visit = visitor.n_visits;
        visitor.n_visits += 1;
        let mut moment = Moment::new(midnight, customer.habits.hour(dice));
        if visit < customer.habits.n_anonymous_visits {
            self.browse(dice, Who::device(&customer.device), Some(customer), &mut moment, events);
            return;
        }
        let known_visit = visit - customer.habits.n_anonymous_visits;
        let who = match &customer.legacy_id {
            Some(legacy_id) if known_visit < 2 => Who::user(legacy_id),
            Some(_) if known_visit == 2 => {
                events.push((moment.next(dice), self.payloads.alias(moment.at, customer)));
                Who::user(&customer.user_id)
            }
            _ => Who::user(&customer.user_id),
        };
        if known_visit == 0 {
            events.push((moment.next(dice), self.payloads.identify(moment.at, customer, who)));
        } else if known_visit == customer.refusal.on_visit && customer.refusal.is_any() {
            events.push((moment.next(dice), self.payloads.consent_updated(moment.at, customer, who)));
        }
        if dice.chance(customer.habits.browses) {
            let who = Who { device: Some(&customer.device), ..who };
            self.browse(dice, who, Some(customer), &mut moment, events);
            if dice.chance(0.3) {
                return;
            }
        }
        customer.tastes.basket(dice, &self.world.catalogue, &mut self.basket);
        self.visitors[index].n_orders += 1;
        let order = (index, self.visitors[index].n_orders);
        events.push((moment.next(dice), self.payloads.order(moment.at, who, order, &self.basket)));
    }

    fn stranger(&mut self, dice: &mut Dice, midnight: Timestamp, events: &mut Vec<(Timestamp, Value)>) {
        let device = format!("device-{}{}", dice.hex(), dice.hex());
        let mut moment = Moment::new(midnight, dice.between(7.0, 22.5));
        self.browse(dice, Who::device(&device), None, &mut moment, events);
    }

    /// A page and a few products, looked at on the web.
    fn browse(
        &mut self,
        dice: &mut Dice,
        who: Who<'_>,
        customer: Option<&Customer>,
        moment: &mut Moment,
        events: &mut Vec<(Timestamp, Value)>,
    ) {
        let catalogue = &self.world.catalogue;
        events.push((moment.next(dice), self.payloads.page(moment.at, who)));
        for _ in 0..1 + dice.below(3) {
            let item = match customer {
                Some(customer) => customer.tastes.want(dice, catalogue),
                None => catalogue.draw(dice),
            };
            events.push((moment.next(dice), self.payloads.viewed(moment.at, who, &catalogue.items()[item])));
        }
    }
}

impl Iterator for Days<'_> {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((_, payload)) = self.today.next() {
                return Some(payload);
            }
            if self.next_day >= self.world.settings.n_days {
                return None;
            }
            self.live(self.next_day);
            self.next_day += 1;
        }
    }
}

/// The clock of one visit, which moves forward with every deed by up to two minutes.
struct Moment {
    at: Timestamp,
}

impl Moment {
    fn new(midnight: Timestamp, hour: f64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a constant below 2^53")]
        let millis = whole(hour * HOUR_MS as f64);
        Self { at: Timestamp::from_millis(midnight.as_millis() + i64::try_from(millis).unwrap_or(0)) }
    }

    fn next(&mut self, dice: &mut Dice) -> Timestamp {
        let millis = i64::try_from(2_000 + dice.below(118_000)).unwrap_or(0);
        self.at = Timestamp::from_millis(self.at.as_millis() + millis);
        self.at
    }
}
