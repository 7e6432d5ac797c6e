//! What did an answer take that nobody got? Budgets, contacts and places are taken before it is logged, so that two answers at a time
//! do not take the same; where it cannot be logged, they are given back.

use crate::Engine;
use crate::reached::Uncounted;
use crate::spending::Booking;
use decisions::Record;

/// What an answer took. It is given back where nobody says that the answer is kept.
#[must_use]
pub(super) struct Taken<'e> {
    engine: &'e Engine,
    bookings: Vec<Booking>,
    counted: Option<Uncounted>,
}

impl<'e> Taken<'e> {
    /// What it took of budgets.
    pub(super) fn of(engine: &'e Engine, bookings: Vec<Booking>) -> Self {
        Self { engine, bookings, counted: None }
    }

    /// Counts the answer as a contact, and takes its places.
    pub(super) fn count(&mut self, record: &Record) {
        self.counted = self.engine.reaching.count(record);
    }

    /// Keeps it: the answer is given.
    pub(super) fn keep(mut self) {
        self.bookings.clear();
        self.counted = None;
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if !self.bookings.is_empty() {
            self.engine.spending.give_back(&self.bookings);
        }
        if let Some(counted) = self.counted.take() {
            self.engine.reaching.count_not(&counted);
        }
    }
}
