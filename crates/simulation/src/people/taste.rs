//! What does somebody like, what do they run out of, and what may it cost?

use super::Group;
use crate::dice::Dice;
use crate::things::{BABY, DEPARTMENTS, N_DEPARTMENTS, N_TASTES, Thing, Things};

/// At most so many things are bought again and again by one person.
pub(crate) const N_NEEDS_MAX: usize = 8;

/// What somebody likes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Taste {
    /// How often they look into each department, beside others.
    pub(crate) departments: [f64; N_DEPARTMENTS],
    direction: [f64; N_TASTES],
    /// How much a higher price keeps them from buying.
    pub(crate) price_sensitivity: f64,
    /// How much a lowered price draws them, beyond the money.
    pub(crate) bargain: f64,
    /// From 0, the same as ever, to 1, always something else.
    pub(crate) curiosity: f64,
}

impl Taste {
    pub(super) fn new(dice: &mut Dice, group: &Group) -> Self {
        // Few departments make most of what one person buys.
        let departments = std::array::from_fn(|department| {
            let liking = dice.waiting(1.0).powf(1.6);
            let fits_age = if department == BABY && !matches!(group.age, 0 | 1) { 0.05 } else { 1.0 };
            DEPARTMENTS[department].weight * liking * fits_age
        });
        Self {
            departments,
            direction: std::array::from_fn(|_| dice.bell()),
            price_sensitivity: dice.around(1.1, 0.5) / group.income.sqrt(),
            bargain: dice.around(1.0, 0.6),
            curiosity: dice.unit().powi(2),
        }
    }

    /// How well a thing suits them: around 0, above 1 for a few.
    pub(crate) fn fit(&self, thing: &Thing) -> f64 {
        let along: f64 = self.direction.iter().zip(thing.taste).map(|(one, other)| one * other).sum();
        0.5 * along + 0.3 * thing.quality
    }
}

/// Something that is used up and bought again.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Need {
    pub(crate) department: usize,
    /// What they used to buy.
    pub(crate) favourite: usize,
    /// After how many days they run out of it.
    pub(crate) every_days: f64,
    /// How much of it is left when the history begins, from 0 to 1.
    pub(crate) left: f64,
}

impl Need {
    pub(super) fn all(dice: &mut Dice, taste: &Taste, things: &Things, from_day: i64) -> Vec<Self> {
        let n = 1 + dice.below(N_NEEDS_MAX - 1);
        let mut needs: Vec<Self> = Vec::with_capacity(n);
        for _ in 0..n {
            let weights: Vec<f64> = (0..N_DEPARTMENTS)
                .map(|department| {
                    let is_had = needs.iter().any(|need| need.department == department);
                    let is_used_up = DEPARTMENTS[department].lasts_days.is_some();
                    if is_used_up && !is_had { taste.departments[department] } else { 0.0 }
                })
                .collect();
            let department = dice.weighted(&weights);
            needs.push(Self::new(dice, taste, things, department, from_day));
        }
        needs
    }

    /// A need of a department, with the best of a few things of it as the favourite.
    pub(crate) fn new(dice: &mut Dice, taste: &Taste, things: &Things, department: usize, day: i64) -> Self {
        let tried: Vec<usize> = (0..4).map(|_| things.draw(dice, department, day)).collect();
        let fit = |no: &usize| taste.fit(things.get(*no));
        let favourite = tried.into_iter().max_by(|a, b| fit(a).total_cmp(&fit(b))).unwrap_or(0);
        let lasts = things.get(favourite).lasts_days.unwrap_or(60.0);
        // A household uses up what it likes at a pace of its own.
        Self { department, favourite, every_days: dice.around(lasts * 1.3, 0.4), left: dice.unit() }
    }
}
