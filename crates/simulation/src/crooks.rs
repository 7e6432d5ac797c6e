//! Who comes to take? Programs that read the shop, testers of stolen cards, and rings that order on them.
//!
//! What they will do is planned when the company is founded, so that a charge taken back weeks later belongs to the order it
//! was taken for. Rings share devices and doorsteps, testers try small sums in a row, programs never move a pointer; none of
//! it is marked in what the company tells.

use crate::dice::Dice;
use crate::numbers;
use crate::people::{CARD, Group, Person};
use crate::settings::Settings;
use crate::things::{MACHINES, Things};

/// Customers for one program, tester or ring.
const CUSTOMERS_A_BOT: u32 = 400;
const CUSTOMERS_A_TESTER: u32 = 1_500;
const CUSTOMERS_A_RING: u32 = 1_200;
/// More than belong to one ring, and more than one tester has nights.
const N_TOGETHER_MAX: u32 = 16;

/// An order on a stolen card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Take {
    pub(crate) device: usize,
    /// How often they have come before.
    pub(crate) nth: u32,
    pub(crate) thing: usize,
    pub(crate) quantity: u32,
}

/// What is planned for a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// A program reads so many pages.
    Read { n_pages: u32 },
    /// A tester tries so many cards.
    Test { n_cards: u32 },
    /// One of a ring orders on a stolen card.
    Take(Take),
    /// The bank takes back what was paid for it.
    TakeBack { taken_on: i64, taken: Take },
}

/// Somebody who comes to take: by names of the same kind as everybody's.
#[derive(Debug)]
pub(crate) struct Crook {
    pub(crate) person: Person,
    has_account: bool,
}

/// Everything that crooks will do, by day.
#[derive(Debug, Default)]
pub(crate) struct Crooks {
    all: Vec<Crook>,
    /// The day, who, and what.
    planned: Vec<(i64, usize, Deed)>,
}

impl Crooks {
    pub(crate) fn new(settings: &Settings, things: &Things) -> Self {
        let mut crooks = Self::default();
        for (n_customers, concern, plan) in [
            (CUSTOMERS_A_BOT, "bot", plan_bot as fn(&mut Crooks, &mut Dice, &Settings, &Things, u32)),
            (CUSTOMERS_A_TESTER, "tester", plan_tester),
            (CUSTOMERS_A_RING, "ring", plan_ring),
        ] {
            for no in 0..settings.n_customers.div_ceil(n_customers) {
                plan(&mut crooks, &mut Dice::new(settings.seed, concern, u64::from(no)), settings, things, no);
            }
        }
        crooks.planned.sort_by_key(|(day, ..)| *day);
        crooks
    }

    /// Which accounts are crooks': what a detector should find.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = &str> {
        let with_account = self.all.iter().filter(|crook| crook.has_account);
        with_account.filter_map(|crook| crook.person.identity.accounts.first()).map(|account| account.user_id.as_str())
    }

    /// What is planned for a day, and by whom.
    pub(crate) fn of_day(&self, day: i64) -> impl Iterator<Item = (&Crook, Deed)> {
        let first = self.planned.partition_point(|(planned, ..)| *planned < day);
        let of_day = self.planned[first..].iter().take_while(move |(planned, ..)| *planned == day);
        of_day.map(|(_, who, deed)| (&self.all[*who], *deed))
    }

    fn add(&mut self, person: Person, has_account: bool) -> usize {
        self.all.push(Crook { person, has_account });
        self.all.len() - 1
    }
}

fn some_day(dice: &mut Dice, settings: &Settings) -> i64 {
    let days = i64::try_from(dice.below(settings.n_days as usize)).unwrap_or(0);
    settings.first_day() + days
}

/// A program comes night after night for some weeks.
fn plan_bot(crooks: &mut Crooks, dice: &mut Dice, settings: &Settings, things: &Things, no: u32) {
    let from = some_day(dice, settings);
    let bot = crooks.add(Person::new(settings, things, numbers::BOTS + no), false);
    for day in from..from + 5 + i64::from(dice.times(12.0, 60)) {
        crooks.planned.push((day, bot, Deed::Read { n_pages: 40 + dice.times(60.0, 300) }));
    }
}

fn plan_tester(crooks: &mut Crooks, dice: &mut Dice, settings: &Settings, things: &Things, no: u32) {
    let from = some_day(dice, settings);
    for night in 0..2 + dice.times(2.0, 8) {
        // A new account on a new device each night.
        let mut person = Person::new(settings, things, numbers::TESTERS + no * N_TOGETHER_MAX + night);
        person.nature.method = CARD;
        let tester = crooks.add(person, true);
        crooks.planned.push((from + i64::from(night), tester, Deed::Test { n_cards: 15 + dice.times(20.0, 90) }));
    }
}

/// A ring opens accounts on few devices, waits, takes what sells again, and is gone before the bank sees it. Whoever orders
/// has it sent to one of few doors.
fn plan_ring(crooks: &mut Crooks, dice: &mut Dice, settings: &Settings, things: &Things, no: u32) {
    let from = some_day(dice, settings);
    let count = |member: u32| numbers::RINGS + no * N_TOGETHER_MAX + member;
    let first = Person::new(settings, things, count(0));
    let mut devices: Vec<String> = first.identity.devices.clone();
    devices.extend((0..2).map(|_| format!("d-{}{}", dice.hex(), dice.hex())));
    devices.truncate(2 + dice.below(2));
    for member in 0..4 + u32::try_from(dice.below(6)).unwrap_or(0) {
        let mut person = Person::new(settings, things, count(member));
        person.identity.devices.clone_from(&devices);
        let Group { region, town, is_new_town, door, .. } = first.group;
        person.group = Group { region, town, is_new_town, door, ..person.group };
        (person.nature.method, person.turn) = (CARD, None);
        let who = crooks.add(person, true);
        for nth in 0..1 + u32::try_from(dice.below(3)).unwrap_or(0) {
            // Nobody orders twice on a day.
            let day = from + i64::from(member / 2 + 4 * nth) + i64::try_from(dice.below(4)).unwrap_or(0);
            let (thing, quantity) = (things.draw(dice, MACHINES, day), 1 + dice.times(0.6, 3));
            let taken = Take { device: dice.below(devices.len()), nth, thing, quantity };
            crooks.planned.push((day, who, Deed::Take(taken)));
            if dice.chance(0.8) {
                let weeks = 18 + i64::from(dice.times(14.0, 60));
                crooks.planned.push((day + weeks, who, Deed::TakeBack { taken_on: day, taken }));
            }
        }
    }
}
