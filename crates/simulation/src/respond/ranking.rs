//! How do places matter? The eye begins at the top and gives up.

use super::Mind;
use crate::dice::logistic;

/// So far down do people look: with this share of the attention of the place above.
const ATTENTION_STAYS: f64 = 0.72;
/// Whoever has a list before them and knows what they want gives up later.
const PATIENCE_STAYS: f64 = 0.86;

impl Mind<'_> {
    /// The chance that they follow a thing that is shown to them unasked, at a place from 0.
    #[must_use]
    pub fn follows(&self, thing_no: usize, place: usize) -> f64 {
        let thing = self.company.things().get(thing_no);
        let taste = &self.person.taste;
        let need = self.need_of(thing_no);
        let suits = taste.fit(thing) + 1.4 * need + 0.35 * taste.departments[thing.department].ln_1p();
        0.45 * attention(ATTENTION_STAYS, place) * logistic(1.3 * suits - 1.9)
    }

    /// The chances that they click on each thing of a list in which they look for one of them. They read from the top, take at
    /// most one, and what remains to 1 is the chance that they click on none.
    #[must_use]
    pub fn clicks(&self, wanted: usize, found: &[usize]) -> Vec<f64> {
        let mut still_reads = 1.0;
        let chances = found.iter().enumerate().map(|(place, thing)| {
            let stays = if place == 0 { 1.0 } else { PATIENCE_STAYS };
            still_reads *= stays;
            let draws = if *thing == wanted { 0.9 } else { self.is_led_astray(*thing) };
            let clicks = still_reads * draws;
            still_reads -= clicks;
            clicks
        });
        chances.collect()
    }

    /// How much they need what this thing is for, from 0 to about 1.5.
    #[must_use]
    pub fn need_of(&self, thing: usize) -> f64 {
        let department = self.company.things().get(thing).department;
        if self.life.replaces == Some(department) {
            return 1.4;
        }
        let of = self.life.needs.iter().zip(&self.life.left).find(|(need, _)| need.department == department);
        of.map_or(0.0, |(need, left)| (1.3 - left).max(0.0) * if need.favourite == thing { 1.0 } else { 0.6 })
    }

    /// The curious take something that suits them on the way.
    fn is_led_astray(&self, thing: usize) -> f64 {
        let taste = &self.person.taste;
        let fit = taste.fit(self.company.things().get(thing));
        (0.02 + 0.1 * taste.curiosity) * fit.exp().min(4.0)
    }
}

fn attention(stays: f64, place: usize) -> f64 {
    stays.powi(i32::try_from(place).unwrap_or(i32::MAX))
}
