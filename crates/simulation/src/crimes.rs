//! How does what crooks have planned look to the company?

use crate::calendar::Today;
use crate::company::Company;
use crate::crooks::Deed;
use crate::dice::Dice;
use crate::message::{Message, Names, Sender, call};
use crate::object::{Field, Object, object};
use primitives::{DAY_MS, Timestamp};

/// What the crooks do on a day.
pub(crate) fn commit(company: &Company, today: &Today) -> Vec<Message> {
    let mut told = Vec::new();
    for (nth, deed) in company.crooks().of_day(today.day).enumerate() {
        let n = (today.day.unsigned_abs() << 16) | (nth as u64 & 0xffff);
        let dice = Dice::new(company.settings().seed, "crook", n);
        let mut scene = Scene { company, today, dice, no: nth, n_told: 0, clock: 0, told: Vec::new() };
        scene.do_it(deed);
        told.append(&mut scene.told);
    }
    told
}

struct Scene<'a> {
    company: &'a Company,
    today: &'a Today,
    dice: Dice,
    no: usize,
    n_told: u32,
    clock: i64,
    told: Vec<Message>,
}

impl<'a> Scene<'a> {
    fn do_it(&mut self, deed: &Deed) {
        let hour = match deed {
            Deed::Read { .. } | Deed::Test { .. } => 1.0 + 3.0 * self.dice.unit(),
            Deed::Take { .. } | Deed::TakeBack { .. } => 9.0 + 10.0 * self.dice.unit(),
        };
        self.clock = i64::try_from(crate::dice::whole(hour * 3_600_000.0)).unwrap_or(0);
        match deed {
            Deed::Read { device, n_pages } => self.read(device, *n_pages),
            Deed::Test { device, account, n_cards } => self.test(device, account, *n_cards),
            Deed::Take { device, account, order, thing, quantity } => {
                self.take(device, account, order, *thing, *quantity)
            }
            Deed::TakeBack { account, order, minor } => self.take_back(account, order, *minor),
        }
    }

    fn read(&mut self, device: &str, n_pages: u32) {
        let names = Names { user: None, device: Some(device) };
        for _ in 0..n_pages {
            self.pass(1_500.0);
            let no = self.dice.below(self.company.things().all().len());
            let thing = self.company.things().get(no);
            let properties = object([
                ("product_id", thing.id.as_str().into()),
                ("name", thing.name.as_str().into()),
                ("category", self.company.things().department(thing.department).into()),
                ("price", self.company.major(self.company.price_on(thing, self.today))),
                ("currency", self.currency()),
            ]);
            self.track(Sender::Browser, names, "Product Viewed", properties);
        }
    }

    fn test(&mut self, device: &str, account: &str, n_cards: u32) {
        let both = Names { user: Some(account), device: Some(device) };
        self.say(Sender::Browser, both, "identify", &object([("traits", self.traits_of(account).into())]));
        for card in 0..n_cards {
            self.pass(6_000.0);
            let minor = 100 + i64::try_from(self.dice.below(400)).unwrap_or(0);
            let properties = |company: &Company, currency| {
                object([
                    ("payment_id", format!("P{account}-{card}").into()),
                    ("amount", company.major(minor)),
                    ("currency", currency),
                    ("method", "card".into()),
                ])
            };
            let office = Names { user: Some(account), device: None };
            self.track(Sender::BackOffice, office, "Payment Attempted", properties(self.company, self.currency()));
            self.pass(900.0);
            let mut outcome = properties(self.company, self.currency());
            if self.dice.chance(0.06) {
                self.track(Sender::BackOffice, office, "Payment Approved", outcome);
            } else {
                outcome.add("reason", &"do_not_honor".into());
                self.track(Sender::BackOffice, office, "Payment Declined", outcome);
            }
        }
    }

    fn take(&mut self, device: &str, account: &str, order: &str, no: usize, quantity: u32) {
        let (both, office) =
            (Names { user: Some(account), device: Some(device) }, Names { user: Some(account), device: None });
        self.say(Sender::Browser, both, "identify", &object([("traits", self.traits_of(account).into())]));
        let thing = self.company.things().get(no);
        let price = self.company.price_on(thing, self.today);
        let minor = price * i64::from(quantity);
        let product = object([
            ("product_id", thing.id.as_str().into()),
            ("name", thing.name.as_str().into()),
            ("category", self.company.things().department(thing.department).into()),
            ("price", self.company.major(price)),
            ("quantity", quantity.into()),
        ]);
        self.pass(40_000.0);
        self.track(Sender::Browser, both, "Product Viewed", object([("product_id", thing.id.as_str().into())]));
        self.pass(60_000.0);
        let paid = object([
            ("payment_id", format!("P{order}").into()),
            ("order_id", order.into()),
            ("amount", self.company.major(minor)),
            ("currency", self.currency()),
            ("method", "card".into()),
        ]);
        self.track(Sender::BackOffice, office, "Payment Approved", paid);
        let properties = object([
            ("order_id", order.into()),
            ("currency", self.currency()),
            ("revenue", self.company.major(minor)),
            ("products", vec![product].into()),
        ]);
        self.track(Sender::BackOffice, office, "Order Completed", properties);
    }

    fn take_back(&mut self, account: &str, order: &str, minor: i64) {
        let properties = object([
            ("payment_id", format!("P{order}").into()),
            ("order_id", order.into()),
            ("amount", self.company.major(minor)),
            ("currency", self.currency()),
            ("reason", "fraudulent".into()),
        ]);
        self.track(Sender::BackOffice, Names { user: Some(account), device: None }, "Chargeback Received", properties);
    }

    /// A ring has things sent to one of few doors.
    fn traits_of(&self, account: &str) -> Object {
        let ring = account.get(2..6).unwrap_or_default();
        object([
            ("email", format!("{}@drop.example", account.to_lowercase()).into()),
            ("city", "Marben".into()),
            ("district", "new town".into()),
            ("street", format!("Dock {ring}").into()),
        ])
    }

    fn currency(&self) -> Field<'a> {
        self.company.currency()
    }

    fn pass(&mut self, millis: f64) {
        let millis = crate::dice::whole(self.dice.around(millis, 0.3)).max(1);
        self.clock = (self.clock + i64::try_from(millis).unwrap_or(1)).min(DAY_MS - 1);
    }

    fn track(&mut self, sender: Sender, names: Names<'_>, event: &str, properties: Object) {
        self.say(sender, names, "track", &object([("event", event.into()), ("properties", properties.into())]));
    }

    fn say(&mut self, sender: Sender, names: Names<'_>, kind: &str, fields: &Object) {
        self.n_told += 1;
        let id = self.company.crook_message_id(self.today.day, self.no, self.n_told);
        let at = Timestamp::from_millis(self.today.day * DAY_MS + self.clock);
        let mut call = call(kind, id, at, names);
        call.join(fields);
        self.told.push(Message { at, sender, json: call.end() });
    }
}
