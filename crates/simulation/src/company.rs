//! What is the company, and how does a day of it go?

use crate::calendar::{Calendar, Today};
use crate::crooks::Crooks;
use crate::day;
use crate::dice::Dice;
use crate::host::{Host, Listener};
use crate::life::Life;
use crate::message::Message;
use crate::people::Person;
use crate::settings::Settings;
use crate::things::{N_DEPARTMENTS, Thing, Things};
use crate::things_price;
use primitives::stable_hash;
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

/// Shelves are filled every so many days.
const RESTOCK_DAYS: i64 = 5;
/// So many tickets a day does one of the desk's people close.
const TICKETS_AN_AGENT: f64 = 28.0;
/// People are lived through in runs of so many, on as many threads as there are; what comes out is the same for any number.
const N_AT_ONCE: usize = 512;

/// A company: what it sells, to whom, and on which days. It stands still; [`Company::live`] moves it on by a day.
#[derive(Debug)]
pub struct Company {
    settings: Settings,
    things: Things,
    calendar: Calendar,
    people: Vec<Person>,
    crooks: Crooks,
    by_id: HashMap<String, usize>,
    usual_prices: [f64; N_DEPARTMENTS],
    key: String,
    /// What lies on the shelves this morning, and what is taken today.
    shelves: Vec<u32>,
    taken: Vec<AtomicU32>,
    /// Tickets that wait this morning, and those opened today.
    waiting: f64,
    opened: AtomicU32,
    n_agents: f64,
}

/// The lives of everybody, as far as they have been lived.
#[derive(Debug, Clone)]
pub struct Lives(pub(crate) Vec<Life>);

impl Company {
    /// Founds the company.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let things = Things::new(&settings);
        let people: Vec<Person> =
            (0..settings.n_customers).into_par_iter().map(|no| Person::new(&settings, &things, no)).collect();
        let by_id = things.all().iter().enumerate().map(|(no, thing)| (thing.id.clone(), no)).collect();
        let usual_prices = std::array::from_fn(|department| things_price::usual(&things, department));
        let crooks = Crooks::new(&settings, &things);
        let key = format!("{} {}", settings.seed.value(), settings.n_customers);
        let key = format!("lk{:08x}", stable_hash(&key) & 0xffff_ffff);
        let shelves = things.all().iter().map(|thing| thing.shelf).collect();
        let taken = things.all().iter().map(|_| AtomicU32::new(0)).collect();
        let n_agents = (f64::from(settings.n_customers) * 0.004 / TICKETS_AN_AGENT).max(0.1);
        Self {
            calendar: Calendar::new(&settings),
            settings,
            things,
            people,
            crooks,
            by_id,
            usual_prices,
            key,
            shelves,
            taken,
            waiting: 0.0,
            opened: AtomicU32::new(0),
            n_agents,
        }
    }

    /// What it was made of.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What it sells.
    #[must_use]
    pub fn things(&self) -> &Things {
        &self.things
    }

    /// Its days.
    #[must_use]
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// Who its customers are, at one time or another.
    #[must_use]
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// Everybody's life before the first day.
    #[must_use]
    pub fn lives(&self) -> Lives {
        Lives(self.people.iter().map(Life::new).collect())
    }

    /// Lets everybody live through a day in which nobody decides anything, and answers what the company tells about it, in
    /// order of time.
    pub fn live(&mut self, lives: &mut Lives, day: i64) -> Vec<Message> {
        let today = self.calendar.today(day);
        self.open_shop(day);
        let company = &*self;
        let runs = lives.0.par_chunks_mut(N_AT_ONCE).zip(company.people.par_chunks(N_AT_ONCE));
        let heard: Vec<Listener> = runs
            .map(|(lives, people)| {
                let mut listener = Listener::default();
                for (person, life) in people.iter().zip(lives) {
                    company.live_one(&today, person, life, "day", &mut listener);
                }
                listener
            })
            .collect();
        self.close_shop();
        let mut told: Vec<Message> = heard.into_iter().flat_map(|listener| listener.heard).collect();
        told.extend(self.crooks.live(self, &today));
        told.extend(crate::passers::pass_by(self, &today));
        // Stable: people of one moment stay in the order of their numbers.
        told.sort_by_key(|message| message.at);
        told
    }

    /// Lets one person live through a day. `coin` is the name of the chance that falls: another name is another future.
    pub(crate) fn live_one(&self, today: &Today, person: &Person, life: &mut Life, coin: &str, host: &mut dyn Host) {
        let n = u64::from(person.no) << 24 | (today.day.unsigned_abs() & 0xff_ffff);
        day::live(self, today, person, life, Dice::new(self.settings.seed, coin, n), host);
    }

    fn open_shop(&mut self, day: i64) {
        if day.rem_euclid(RESTOCK_DAYS) == 0 {
            let shelves = self.things.all().iter().map(|thing| thing.shelf);
            self.shelves = shelves.collect();
        }
    }

    fn close_shop(&mut self) {
        for (left, taken) in self.shelves.iter_mut().zip(&self.taken) {
            *left = left.saturating_sub(taken.swap(0, Ordering::Relaxed));
        }
        let opened = f64::from(self.opened.swap(0, Ordering::Relaxed));
        self.waiting = (self.waiting + opened - self.n_agents * TICKETS_AN_AGENT).max(0.0);
    }

    /// Whether there was one this morning, on this day of its life.
    pub(crate) fn is_in_stock(&self, thing: usize, day: i64) -> bool {
        self.shelves[thing] > 0 && self.things.get(thing).from_day <= day
    }

    pub(crate) fn take_from_stock(&self, thing: usize, quantity: u32) {
        self.taken[thing].fetch_add(quantity, Ordering::Relaxed);
    }

    pub(crate) fn takes_work(&self) {
        self.opened.fetch_add(1, Ordering::Relaxed);
    }

    /// How many days the desk takes to answer, as long as its queue is this morning.
    pub(crate) fn days_to_answer(&self, day: i64) -> f64 {
        let weekend = if crate::calendar::weekday(day) >= 4 { 1.0 } else { 0.0 };
        0.8 + weekend + self.waiting / (self.n_agents * TICKETS_AN_AGENT)
    }

    /// What a thing costs on a day, in minor units.
    #[must_use]
    pub fn price_on(&self, thing: &Thing, today: &Today) -> i64 {
        things_price::on(thing, today)
    }

    /// The middle of a department's prices, in minor units.
    pub(crate) fn usual_price(&self, department: usize) -> f64 {
        self.usual_prices[department]
    }

    pub(crate) fn thing_no(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn message_id(&self, person: u32, n: u32) -> String {
        format!("{}-{person:06}-{n:05}", self.key)
    }

    pub(crate) fn crook_message_id(&self, day: i64, no: usize, n: u32) -> String {
        format!("{}-x{day}-{no}-{n:04}", self.key)
    }

    pub(crate) fn passer_message_id(&self, day: i64, no: usize, n: u32) -> String {
        format!("{}-p{day}-{no}-{n}", self.key)
    }

    /// The accounts that crooks opened or will open: what a detector should find.
    pub fn crooked_accounts(&self) -> impl Iterator<Item = &str> {
        self.crooks.accounts()
    }

    /// The catalogue, as the company's own service tells it on its first day and whenever something new is there.
    #[must_use]
    pub fn catalogue(&self) -> Vec<serde_json::Value> {
        (0..self.things.all().len()).map(|no| things_price::item(self, no, &self.key)).collect()
    }
}
