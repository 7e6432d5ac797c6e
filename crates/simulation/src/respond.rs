//! How does somebody respond to what is decided about them? By true functions of who they are, how their life stands, the
//! moment, and what was decided; one file for each decision.
//!
//! The days throw their coins against these chances, and nobody else knows them: an oracle that is given the same person and
//! the same life, but not the coin, answers what is right. So a lift, an elasticity or the share of questions that an answer
//! contains has a right value, whatever an estimator makes of it. The functions bend and break where people do (a price above
//! the usual one hurts more than one below it pleases, a reminder wakes who had forgotten) and follow no model that is
//! fitted anywhere in this product.

mod answer;
mod contact;
mod offer;
mod price;
mod ranking;
mod retain;
#[cfg(test)]
mod tests;
mod timing;

use crate::calendar::Today;
use crate::company::{Company, Lives};
use crate::life::Life;
use crate::people::Person;

pub(crate) use offer::{FREE_FROM_MINOR, SHIPPING_MINOR};

/// Somebody at a moment of their life: what they would do is asked of it.
#[derive(Debug, Clone, Copy)]
pub struct Mind<'a> {
    pub(crate) company: &'a Company,
    pub(crate) today: &'a Today,
    pub(crate) person: &'a Person,
    pub(crate) life: &'a Life,
}

impl Company {
    /// What this person would do today, as their life stands: the truth that no estimator is told.
    #[must_use]
    pub fn would<'a>(&'a self, lives: &'a Lives, no: u32, today: &'a Today) -> Mind<'a> {
        Mind { company: self, today, person: &self.people()[no as usize], life: &lives.0[no as usize] }
    }
}

/// 0 below `low`, 1 above `high`, and a straight way between them.
fn ramp(number: f64, low: f64, high: f64) -> f64 {
    ((number - low) / (high - low)).clamp(0.0, 1.0)
}
