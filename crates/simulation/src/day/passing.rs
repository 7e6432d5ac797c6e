//! Who looks in and goes again? Most of a shop's visitors never say who they are.

use super::Scene;
use crate::calendar::Today;
use crate::company::Company;
use crate::dice::{Dice, whole};
use crate::host::Listener;
use crate::life::Life;
use crate::message::{Message, Sender};
use crate::numbers;
use crate::people::Person;

/// So many a day for each customer there will ever be.
const A_DAY: f64 = 0.03;

/// What the shop tells of everybody who looked in on a day.
pub(crate) fn pass_by(company: &Company, today: &Today) -> Vec<Message> {
    let settings = company.settings();
    let mut dice = Dice::new(settings.seed, "passers", today.day.unsigned_abs());
    let n = f64::from(settings.n_customers) * A_DAY * today.traffic + dice.unit();
    let mut listener = Listener::default();
    for no in 0..whole(n) {
        let count = numbers::passer(today.day - settings.first_day(), no);
        let person = Person::new(settings, company.things(), count);
        let dice = Dice::new(settings.seed, "passer", u64::from(count));
        let mut life = Life::new(&person);
        Scene::new(company, today, &person, &mut life, dice, &mut listener).look_in();
    }
    listener.heard
}

impl Scene<'_> {
    fn look_in(&mut self) {
        let hour = 8.0 + 14.0 * self.dice.unit();
        self.come_to_pages(hour, 0);
        let began_at = self.clock;
        self.arrive(false);
        // What everybody looks at is what is in season.
        let department = self.dice.weighted(&self.today.demand);
        let n_looks = self.dice.times(1.2, 9);
        for _ in 0..n_looks {
            let thing = self.company.things().draw(&mut self.dice, department, self.today.day);
            self.pass(20.0);
            self.track(Sender::Browser, "Product Viewed", self.described(thing));
        }
        self.leave_page(n_looks as usize, began_at);
    }

    /// Somebody is there, on one of their devices.
    pub(super) fn come_to_pages(&mut self, hour: f64, device: usize) {
        self.life.n_visits += 1;
        self.at_hour(hour);
        self.device = Some(device);
        self.is_signed_in = false;
    }
}
