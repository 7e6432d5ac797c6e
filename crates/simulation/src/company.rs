//! What is the company? It stands still here; `living` moves it on.

use crate::calendar::Calendar;
use crate::crooks::Crooks;
use crate::desk::Desk;
use crate::life::Life;
use crate::people::Person;
use crate::prices;
use crate::settings::Settings;
use crate::shelves::Shelves;
use crate::things::{N_DEPARTMENTS, Things};
use primitives::stable_hash;
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

/// Beginnings have numbers that no day of a first life has, and each so many to itself.
const FIRST_OF_BEGINNINGS: u64 = 100_000_000;
const N_A_BEGINNING: u64 = 100;

/// A company: what it sells, to whom, and on which days. It stands still; `live` moves it on by a day. What never changes is
/// shared by its clones.
#[derive(Debug, Clone)]
pub struct Company {
    settings: Settings,
    things: Arc<Things>,
    calendar: Calendar,
    people: Arc<Vec<Person>>,
    crooks: Arc<Crooks>,
    by_id: Arc<HashMap<String, usize>>,
    usual_prices: [f64; N_DEPARTMENTS],
    key: String,
    shelves: Shelves,
    desk: Desk,
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
        let usual_prices = std::array::from_fn(|department| prices::usual(&things, department));
        let crooks = Crooks::new(&settings, &things);
        let key = format!("{} {}", settings.seed.value(), settings.n_customers);
        let key = format!("lk{:08x}", stable_hash(&key) & 0xffff_ffff);
        Self {
            calendar: Calendar::new(&settings),
            desk: Desk::new(&settings),
            settings,
            shelves: Shelves::new(&things),
            things: Arc::new(things),
            people: Arc::new(people),
            crooks: Arc::new(crooks),
            by_id: Arc::new(by_id),
            usual_prices,
            key,
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

    /// Fills the shelves, on the days on which they are; answers what has run out since yesterday, or is there again.
    pub(crate) fn open_shop(&mut self, day: i64) -> Vec<(usize, bool)> {
        self.shelves.open(day);
        self.shelves.changed()
    }

    pub(crate) fn shelves(&self) -> &Shelves {
        &self.shelves
    }

    #[cfg(test)]
    pub(crate) fn shelves_mut(&mut self) -> &mut Shelves {
        &mut self.shelves
    }

    /// Counts what is left on the shelves and in the desk's queue after everybody's day.
    pub(crate) fn close_shop(&mut self, lives: &mut Lives) {
        let mut opened = 0.0;
        for life in &mut lives.0 {
            for (thing, quantity) in std::mem::take(&mut life.taken) {
                self.shelves.take(thing, quantity);
            }
            opened += f64::from(std::mem::take(&mut life.n_opened));
        }
        self.desk.close(opened);
    }

    /// Whether there was one this morning, on this day of its life.
    pub(crate) fn is_in_stock(&self, thing: usize, day: i64) -> bool {
        self.shelves.has(thing) && self.things.get(thing).from_day <= day
    }

    /// Who answers there.
    pub(crate) fn desk(&self) -> &Desk {
        &self.desk
    }

    /// The middle of a department's prices, in minor units.
    pub(crate) fn usual_price(&self, department: usize) -> f64 {
        self.usual_prices[department]
    }

    /// The number of the thing with this id.
    #[must_use]
    pub fn thing_no(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// Begins anew with lives that others have lived on already: from now on what happens has names and numbers that nothing
    /// has had before, where each beginning has an `nth` of its own from 1 on.
    pub fn begin_again(&mut self, lives: &mut Lives, nth: u64) {
        self.key = format!("{}.{nth}", self.key);
        for life in &mut lives.0 {
            life.n_messages = FIRST_OF_BEGINNINGS.saturating_add(nth.saturating_mul(N_A_BEGINNING));
        }
    }

    /// Whoever tells it: the number of somebody, and the number of what was told of them.
    pub(crate) fn message_id(&self, number: u32, n: u64) -> String {
        format!("{}-{number:010}-{n:05}", self.key)
    }

    /// The accounts that crooks opened or will open: what a detector should find.
    pub fn crooked_accounts(&self) -> impl Iterator<Item = &str> {
        self.crooks.accounts()
    }

    /// What the crooks of this company have planned.
    pub(crate) fn crooks(&self) -> &Crooks {
        &self.crooks
    }

    /// What every message id of this company begins with.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }
}
