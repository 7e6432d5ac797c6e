//! Who comes to take? Programs that read the shop, testers of stolen cards, and rings that order on them.
//!
//! What they will do is planned when the company is founded, so that a charge taken back weeks later belongs to the order it
//! was taken for. Rings share devices and doorsteps, testers try small sums in a row, programs never move a pointer; none of
//! it is marked in what the company tells.

use crate::calendar::Today;
use crate::company::Company;
use crate::dice::Dice;
use crate::message::{Message, Names, Sender, call, object};
use crate::settings::Settings;
use crate::things::{MACHINES, Things};
use primitives::{DAY_MS, Timestamp};
use serde_json::{Map, Value};

/// Customers for one program, tester or ring.
const CUSTOMERS_A_BOT: u32 = 400;
const CUSTOMERS_A_TESTER: u32 = 1_500;
const CUSTOMERS_A_RING: u32 = 1_200;

/// What is planned for a day.
#[derive(Debug, Clone, PartialEq)]
enum Deed {
    /// A program reads so many pages.
    Read { device: String, n_pages: u32 },
    /// A tester tries so many cards.
    Test { device: String, account: String, n_cards: u32 },
    /// One of a ring orders on a stolen card.
    Take { device: String, account: String, order: String, thing: usize, quantity: u32 },
    /// The bank takes a payment back.
    TakeBack { account: String, order: String, minor: i64 },
}

/// Everything that crooks will do, by day.
#[derive(Debug)]
pub(crate) struct Crooks {
    planned: Vec<(i64, Deed)>,
}

impl Crooks {
    pub(crate) fn new(settings: &Settings, things: &Things) -> Self {
        let mut planned = Vec::new();
        for (n_customers, concern, plan) in [
            (CUSTOMERS_A_BOT, "bot", plan_bot as fn(&mut Dice, &Settings, &Things, u32, &mut Vec<(i64, Deed)>)),
            (CUSTOMERS_A_TESTER, "tester", plan_tester),
            (CUSTOMERS_A_RING, "ring", plan_ring),
        ] {
            for no in 0..settings.n_customers.div_ceil(n_customers) {
                plan(&mut Dice::new(settings.seed, concern, u64::from(no)), settings, things, no, &mut planned);
            }
        }
        planned.sort_by_key(|(day, _)| *day);
        Self { planned }
    }

    /// Which accounts are crooks': what a detector should find.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = &str> {
        self.planned.iter().filter_map(|(_, deed)| match deed {
            Deed::Test { account, .. } | Deed::Take { account, .. } => Some(account.as_str()),
            Deed::Read { .. } | Deed::TakeBack { .. } => None,
        })
    }

    /// What they do on a day.
    pub(crate) fn live(&self, company: &Company, today: &Today) -> Vec<Message> {
        let first = self.planned.partition_point(|(day, _)| *day < today.day);
        let of_today = self.planned[first..].iter().take_while(|(day, _)| *day == today.day);
        let mut told = Vec::new();
        for (nth, (_, deed)) in of_today.enumerate() {
            let n = (today.day.unsigned_abs() << 16) | (nth as u64 & 0xffff);
            let dice = Dice::new(company.settings().seed, "crook", n);
            let mut scene = Scene { company, today, dice, no: nth, n_told: 0, clock: 0, told: Vec::new() };
            scene.do_it(deed);
            told.append(&mut scene.told);
        }
        told
    }
}

fn some_day(dice: &mut Dice, settings: &Settings) -> i64 {
    let days = i64::try_from(dice.below(settings.n_days as usize)).unwrap_or(0);
    settings.first_day() + days
}

fn device(dice: &mut Dice) -> String {
    format!("d-{}{}", dice.hex(), dice.hex())
}

/// A program comes night after night for some weeks.
fn plan_bot(dice: &mut Dice, settings: &Settings, _: &Things, _: u32, planned: &mut Vec<(i64, Deed)>) {
    let from = some_day(dice, settings);
    let device = device(dice);
    for day in from..from + 5 + i64::from(dice.times(12.0, 60)) {
        planned.push((day, Deed::Read { device: device.clone(), n_pages: 40 + dice.times(60.0, 300) }));
    }
}

fn plan_tester(dice: &mut Dice, settings: &Settings, _: &Things, no: u32, planned: &mut Vec<(i64, Deed)>) {
    let from = some_day(dice, settings);
    for night in 0..2 + i64::from(dice.times(2.0, 8)) {
        let account = format!("C9{no:04}{night:02}");
        planned.push((from + night, Deed::Test { device: device(dice), account, n_cards: 15 + dice.times(20.0, 90) }));
    }
}

/// A ring opens accounts on few devices, waits, takes what sells again, and is gone before the bank sees it.
fn plan_ring(dice: &mut Dice, settings: &Settings, things: &Things, no: u32, planned: &mut Vec<(i64, Deed)>) {
    let from = some_day(dice, settings);
    let devices: Vec<String> = (0..2 + dice.below(2)).map(|_| device(dice)).collect();
    for member in 0..4 + dice.below(6) {
        let account = format!("C8{no:04}{member:02}");
        for nth in 0..1 + dice.below(3) {
            let day = from + i64::try_from(member / 2 + nth + dice.below(4)).unwrap_or(0);
            let (thing, quantity) = (things.draw(dice, MACHINES, day), 1 + dice.times(0.6, 3));
            let order = format!("O8{no:04}{member:02}-{nth}");
            let minor = things.get(thing).price_minor * i64::from(quantity);
            let device = dice.pick(&devices).cloned().unwrap_or_default();
            planned.push((day, Deed::Take { device, account: account.clone(), order: order.clone(), thing, quantity }));
            if dice.chance(0.8) {
                let weeks = 18 + i64::from(dice.times(14.0, 60));
                planned.push((day + weeks, Deed::TakeBack { account: account.clone(), order, minor }));
            }
        }
    }
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

impl Scene<'_> {
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
        self.say(Sender::Browser, both, "identify", object([("traits", self.traits_of(account))]));
        for card in 0..n_cards {
            self.pass(6_000.0);
            let minor = 100 + i64::try_from(self.dice.below(400)).unwrap_or(0);
            let properties = |company: &Company, currency: Value| {
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
                outcome.insert("reason".to_owned(), "do_not_honor".into());
                self.track(Sender::BackOffice, office, "Payment Declined", outcome);
            }
        }
    }

    fn take(&mut self, device: &str, account: &str, order: &str, no: usize, quantity: u32) {
        let (both, office) =
            (Names { user: Some(account), device: Some(device) }, Names { user: Some(account), device: None });
        self.say(Sender::Browser, both, "identify", object([("traits", self.traits_of(account))]));
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
            ("products", Value::from(vec![Value::from(product)])),
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
    fn traits_of(&self, account: &str) -> Value {
        let ring = account.get(2..6).unwrap_or_default();
        let traits = object([
            ("email", format!("{}@drop.example", account.to_lowercase()).into()),
            ("city", "Marben".into()),
            ("district", "new town".into()),
            ("street", format!("Dock {ring}").into()),
        ]);
        traits.into()
    }

    fn currency(&self) -> Value {
        self.company.settings().currency.code().into()
    }

    fn pass(&mut self, millis: f64) {
        let millis = crate::dice::whole(self.dice.around(millis, 0.3)).max(1);
        self.clock = (self.clock + i64::try_from(millis).unwrap_or(1)).min(DAY_MS - 1);
    }

    fn track(&mut self, sender: Sender, names: Names<'_>, event: &str, properties: Map<String, Value>) {
        self.say(sender, names, "track", object([("event", event.into()), ("properties", properties.into())]));
    }

    fn say(&mut self, sender: Sender, names: Names<'_>, kind: &str, fields: Map<String, Value>) {
        self.n_told += 1;
        let id = self.company.crook_message_id(self.today.day, self.no, self.n_told);
        let at = Timestamp::from_millis(self.today.day * DAY_MS + self.clock);
        let mut payload = call(kind, id, at, names);
        payload.extend(fields);
        self.told.push(Message { at, sender, payload: payload.into() });
    }
}
