//! What becomes of a cart? A payment, an order, a parcel, and sometimes a way back.

use super::Scene;
use super::asking::Chosen;
use super::basket::{Line, cost, total};
use crate::actions::Offer;
use crate::dice::logistic;
use crate::life::{Ahead, Payment};
use crate::message::Sender;
use crate::object::{Field, Object, object};
use crate::people::CARD;
use crate::respond::{FREE_FROM_MINOR, SHIPPING_MINOR};

const METHODS: [&str; 3] = ["invoice", "card", "wallet"];
/// Parcels that arrive late, broken or not at all, of a hundred on an ordinary day.
const SPOILED_PERCENT: f64 = 3.2;
/// Of a hundred things that are kept for years, so many are sent back; of those that are used up, so many.
const RETURNED_PERCENT: (f64, f64) = (9.0, 1.2);

impl Scene<'_> {
    pub(super) fn check_out(&mut self, mut lines: Vec<Line>, offered: Chosen<Offer>) {
        self.sign_in();
        self.pass(15.0);
        let given = offered.what.costs(total(&lines));
        let earned = total(&lines) - cost(self.company.things(), &lines) - given;
        if offered.what == Offer::Tenth {
            lines.iter_mut().for_each(|line| line.price_minor -= line.price_minor / 10);
        }
        let shipping = shipping(&lines, offered.what);
        let minor = total(&lines) + shipping;
        let order = self.start_checkout(minor);
        if let Some(payment) = self.pay(minor, order, self.chance_of_refusal(minor)) {
            if offered.what != Offer::None {
                let order_id = self.order_id(order);
                self.track(Sender::Browser, "Coupon Applied", [("order_id", order_id.into())]);
            }
            self.order(&lines, order, shipping);
            self.send_off(payment, &lines);
            self.tell_worth(offered.decision_id.as_deref(), offered.what.name(), earned);
        }
    }

    pub(super) fn buy_in_shop(&mut self, lines: &[Line]) {
        self.order(lines, self.life.n_messages, 0);
    }

    fn payment_id(&self, Payment { order, attempt, .. }: Payment) -> String {
        format!("P{:010}-{order}-{attempt}", self.person.number)
    }

    pub(super) fn order_id(&self, order: u64) -> String {
        format!("O{:010}-{order}", self.person.number)
    }

    /// Answers the number of the order that may come of it.
    pub(super) fn start_checkout(&mut self, minor: i64) -> u64 {
        self.track(Sender::Browser, "Checkout Started", [("currency", self.currency()), ("value", self.major(minor))]);
        self.pass(60.0);
        self.life.n_messages
    }

    /// Tries to pay, once more after a refusal; answers by which payment it went through. A card is refused with this chance.
    pub(super) fn pay(&mut self, minor: i64, order: u64, p_refused: f64) -> Option<Payment> {
        let (company, order_id) = (self.company, self.order_id(order));
        for attempt in 1..=2 {
            let method = if attempt == 1 { self.person.nature.method } else { CARD };
            let payment = Payment { order, attempt, minor };
            let payment_id = self.payment_id(payment);
            let fields = |reason| {
                [
                    ("payment_id", payment_id.as_str().into()),
                    ("order_id", order_id.as_str().into()),
                    ("amount", company.major(minor)),
                    ("currency", company.currency()),
                    ("method", METHODS[method % 3].into()),
                    ("reason", reason),
                ]
            };
            self.pass(5.0);
            self.track(Sender::BackOffice, "Payment Attempted", fields(Field::Absent));
            self.pass(2.0);
            if !self.dice.chance(p_refused) {
                self.track(Sender::BackOffice, "Payment Approved", fields(Field::Absent));
                return Some(payment);
            }
            let reason = ["insufficient_funds", "do_not_honor", "expired_card"][self.dice.below(3)];
            self.track(Sender::BackOffice, "Payment Declined", fields(reason.into()));
            self.life.feel(-0.08);
            if self.dice.chance(0.45) {
                break;
            }
            self.pass(40.0);
        }
        None
    }

    /// Cards are refused the more, the larger the sum beside what there is to spend.
    pub(super) fn chance_of_refusal(&self, minor: i64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "sums are far below 2^53")]
        let burden = minor as f64 / 10_000.0 / self.person.income(self.today.day);
        logistic(-4.4 + 1.1 * burden.ln_1p() + if self.person.nature.method == CARD { 0.6 } else { 0.0 })
    }

    pub(super) fn order(&mut self, lines: &[Line], order: u64, shipping: i64) {
        self.life.n_orders += 1;
        self.life.last_order = order;
        let products: Vec<Object> = lines.iter().map(|line| self.product(line)).collect();
        let properties = [
            ("order_id", self.order_id(order).into()),
            ("currency", self.currency()),
            ("revenue", self.major(total(lines) + shipping)),
            ("products", products.into()),
        ];
        self.pass(2.0);
        self.track(Sender::BackOffice, "Order Completed", properties);
        for line in lines {
            let item = self.company.things().get(line.thing).id.as_str();
            self.tell_of(Sender::BackOffice, "Decision Converted", line.shown_by.as_deref(), item);
            self.put_away(line);
            self.life.taken.push((line.thing, line.quantity));
        }
    }

    fn product(&self, line: &Line) -> Object {
        let thing = self.company.things().get(line.thing);
        object([
            ("product_id", thing.id.as_str().into()),
            ("name", thing.name.as_str().into()),
            ("category", self.company.things().department(thing.department).into()),
            ("brand", thing.brand.as_str().into()),
            ("price", self.major(line.price_minor)),
            ("quantity", line.quantity.into()),
        ])
    }

    /// It is there again; and what was tried and suits better becomes the new habit.
    fn put_away(&mut self, line: &Line) {
        let things = self.company.things();
        let bought = things.get(line.thing);
        self.life.has_replaced(bought.department);
        let Some(no) = self.life.needs.iter().position(|need| need.department == bought.department) else { return };
        self.life.left[no] = (self.life.left[no].max(0.0) + f64::from(line.quantity)).min(3.0);
        let (fit, former) =
            (self.person.taste.fit(bought), self.person.taste.fit(things.get(self.life.needs[no].favourite)));
        if fit > former && self.dice.chance(0.5) {
            self.life.needs[no].favourite = line.thing;
        }
    }

    fn send_off(&mut self, payment: Payment, lines: &[Line]) {
        let p = SPOILED_PERCENT / 100.0 * self.today.trouble;
        let is_spoiled = self.dice.chance(p);
        let Some(dearest) = lines.iter().max_by_key(|line| line.price_minor) else { return };
        let (thing, minor) = (dearest.thing, dearest.price_minor * i64::from(dearest.quantity));
        let days = self.dice.between(1.0, 4.0);
        self.life.await_in(self.today.day, days, Ahead::Parcel { payment, thing, minor, is_spoiled });
        let percent =
            if self.company.things().get(thing).lasts_days.is_none() { RETURNED_PERCENT.0 } else { RETURNED_PERCENT.1 };
        let fits = self.person.taste.fit(self.company.things().get(thing));
        if self.dice.chance(percent / 100.0 * (-0.5 * fits).exp()) {
            let days = self.dice.between(5.0, 15.0);
            self.life.await_in(self.today.day, days, Ahead::Return { order: payment.order, thing, minor });
        }
    }

    /// The bank takes a payment back.
    pub(super) fn have_taken_back(&mut self, payment: Payment, p_fraudulent: f64) {
        // What a bank gives as the reason is what its customer said, who may say anything.
        let reason = if self.dice.chance(p_fraudulent) { "fraudulent" } else { "not_received" };
        let properties = [
            ("payment_id", self.payment_id(payment).into()),
            ("order_id", self.order_id(payment.order).into()),
            ("amount", self.major(payment.minor)),
            ("currency", self.currency()),
            ("reason", reason.into()),
        ];
        self.track(Sender::BackOffice, "Chargeback Received", properties);
    }

    /// Something sent back is paid back.
    pub(super) fn pay_back(&mut self, order: u64, thing: usize, minor: i64) {
        let product_id = self.company.things().get(thing).id.clone();
        let products = vec![object([("product_id", product_id.into())])];
        let properties = [
            ("order_id", self.order_id(order).into()),
            ("revenue", self.major(minor)),
            ("currency", self.currency()),
            ("products", products.into()),
        ];
        self.track(Sender::BackOffice, "Order Refunded", properties);
    }
}

/// What the parcel costs.
pub(super) fn shipping(lines: &[Line], offer: Offer) -> i64 {
    if offer == Offer::FreeShipping || total(lines) >= FREE_FROM_MINOR { 0 } else { SHIPPING_MINOR }
}
