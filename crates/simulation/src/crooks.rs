//! Who comes to take? Programs that read the shop, testers of stolen cards, and rings that order on them.
//!
//! What they will do is planned when the company is founded, so that a charge taken back weeks later belongs to the order it
//! was taken for. Rings share devices and doorsteps, testers try small sums in a row, programs never move a pointer; none of
//! it is marked in what the company tells.

use crate::dice::Dice;
use crate::settings::Settings;
use crate::things::{MACHINES, Things};

/// Customers for one program, tester or ring.
const CUSTOMERS_A_BOT: u32 = 400;
const CUSTOMERS_A_TESTER: u32 = 1_500;
const CUSTOMERS_A_RING: u32 = 1_200;

/// What is planned for a day.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Deed {
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

    /// What is planned for a day.
    pub(crate) fn of_day(&self, day: i64) -> impl Iterator<Item = &Deed> {
        let first = self.planned.partition_point(|(planned, _)| *planned < day);
        self.planned[first..].iter().take_while(move |(planned, _)| *planned == day).map(|(_, deed)| deed)
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
