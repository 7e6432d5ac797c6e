//! How does what crooks have planned look to the company? Like what anybody does: they come to the same pages, by names of the
//! same kind, and pay at the same till. What gives them away is what they do.

use super::Scene;
use super::basket::{Line, total};
use super::order::shipping;
use crate::actions::Offer;
use crate::calendar::Today;
use crate::company::Company;
use crate::crooks::{Crook, Deed, Take};
use crate::dice::Dice;
use crate::host::{Host, Listener};
use crate::life::{Life, Payment};
use crate::message::{Message, Sender};
use crate::respond::SHIPPING_MINOR;
use std::collections::BTreeMap;

/// Stolen cards that are refused, of those that testers try.
const SHARE_REFUSED: f64 = 0.94;
/// Owners of cards who say what it was.
const SAYS_FRAUD: f64 = 0.8;

/// What the crooks do on a day.
pub(crate) fn commit(company: &Company, today: &Today) -> Vec<Message> {
    let mut lives: BTreeMap<u32, Life> = BTreeMap::new();
    let mut listener = Listener::default();
    for (crook, deed) in company.crooks().of_day(today.day) {
        let life = lives.entry(crook.person.no).or_insert_with(|| Life::new(&crook.person));
        do_it(company, today, crook, deed, life, &mut listener);
    }
    listener.heard
}

fn do_it(company: &Company, today: &Today, crook: &Crook, deed: Deed, life: &mut Life, host: &mut dyn Host) {
    let dice = coins(company, crook, today.day);
    let mut scene = Scene::new(company, today, &crook.person, life, dice, host);
    match deed {
        Deed::Read { n_pages } => scene.read(n_pages),
        Deed::Test { n_cards } => scene.test(n_cards),
        Deed::Take(take) => drop(scene.take(take)),
        Deed::TakeBack { taken_on, taken } => {
            if let Some(payment) = paid(company, taken_on, crook, taken) {
                scene.at_hour(super::DESK_HOUR);
                scene.have_taken_back(payment, SAYS_FRAUD);
            }
        }
    }
}

fn coins(company: &Company, crook: &Crook, day: i64) -> Dice {
    Dice::of_day(company.settings().seed, "crook", crook.person.no, day)
}

/// What was paid on the day of an order: it goes as it went then, and nobody listens.
fn paid(company: &Company, day: i64, crook: &Crook, taken: Take) -> Option<Payment> {
    let dice = coins(company, crook, day);
    let (today, mut life, mut nobody) = (company.calendar().today(day), Life::new(&crook.person), Listener::default());
    Scene::new(company, &today, &crook.person, &mut life, dice, &mut nobody).take(taken)
}

impl Scene<'_> {
    /// A program reads page after page, and moves no pointer.
    fn read(&mut self, n_pages: u32) {
        self.come_to_pages(2.5, 0);
        let began_at = self.clock;
        self.arrive(false);
        for _ in 0..n_pages {
            self.pass(1.5);
            let thing = self.dice.below(self.company.things().all().len());
            self.track(Sender::Browser, "Product Viewed", self.described(thing));
        }
        self.leave_page_with(n_pages as usize, began_at, 0, 0);
    }

    /// Small sums in a row, by one card after the other.
    fn test(&mut self, n_cards: u32) {
        self.come_to_pages(2.5, 0);
        let things = self.company.things();
        let drawn: Vec<usize> = (0..40).map(|_| self.dice.below(things.all().len())).collect();
        let is_sold = |no: &usize| things.get(*no).from_day <= self.today.day;
        let cheapest = drawn.iter().copied().filter(is_sold).min_by_key(|no| things.get(*no).price_minor);
        let thing = cheapest.unwrap_or(0);
        let lines = self.fill_cart(thing, 1);
        let minor = total(&lines) + SHIPPING_MINOR;
        let mut n_left = u64::from(n_cards);
        while n_left > 0 {
            let before = self.life.n_messages;
            let order = self.start_checkout(minor);
            if self.pay(minor, order, SHARE_REFUSED).is_some() {
                self.order(&lines, order, SHIPPING_MINOR);
            }
            // Two are told of each card, and one of the till.
            n_left = n_left.saturating_sub(((self.life.n_messages - before) / 2).max(1));
        }
    }

    /// Takes what sells again; answers what was paid, where the card was not refused.
    fn take(&mut self, Take { device, nth, thing, quantity }: Take) -> Option<Payment> {
        self.life.n_visits = nth;
        self.life.has_said_who = nth > 0;
        self.come_to_pages(self.person.nature.hour, device);
        let lines = self.fill_cart(thing, quantity);
        let shipping = shipping(&lines, Offer::None);
        let minor = total(&lines) + shipping;
        let order = self.start_checkout(minor);
        let payment = self.pay(minor, order, self.chance_of_refusal(minor))?;
        self.order(&lines, order, shipping);
        Some(payment)
    }

    fn fill_cart(&mut self, thing: usize, quantity: u32) -> Vec<Line> {
        let began_at = self.clock;
        self.arrive(false);
        self.sign_in();
        self.pass(25.0);
        self.track(Sender::Browser, "Product Viewed", self.described(thing));
        self.pass(8.0);
        self.track(Sender::Browser, "Product Added", self.described(thing));
        self.leave_page(1, began_at);
        self.pass(15.0);
        vec![Line { thing, quantity, price_minor: self.price(thing), shown_by: None }]
    }
}
