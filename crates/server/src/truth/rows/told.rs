//! What was told of each customer in a number, beside what is true of them: is its mean right, and are they in order?

use super::super::World;
use super::super::arithmetic::{at, beside, interval, mean};
use super::super::cases::{Case, Future, N_FOLDS};
use super::super::knowable;
use super::super::row::{About, Estimated, Form, Row, Skill, Verdict, beyond, row, sized, told_apart, unanswered};
use crate::error::ServerError;
use primitives::Seed;

/// So much of the way from chance to what can be known is asked for.
const PART: f64 = 0.8;

/// How well numbers tell those apart of whom the second are the truths; `None` where there is nothing to tell.
pub(super) type Order = fn(&[f64], &[f64]) -> Option<f64>;

/// What was told of each customer, and what is true of them.
pub(super) struct Told {
    /// What rows about it begin with, for programs and for people.
    pub(super) name: String,
    pub(super) title: String,
    /// How far ahead it was told.
    pub(super) days: i64,
    pub(super) truths: Vec<f64>,
    /// How well an oracle tells them apart.
    pub(super) best: Option<f64>,
    /// What can be told of each from what was told of them; `None` where too few are there to say.
    pub(super) knowable: Option<Vec<f64>>,
    /// Nothing where nobody answers.
    pub(super) estimates: Vec<f64>,
}

impl Told {
    /// Of whom nobody answers it is still known what comes.
    pub(super) fn of(
        world: &World<'_>,
        (name, title, days): (String, String, i64),
        (cases, estimates): (Vec<&Case>, Vec<f64>),
        came: impl Fn(&Future) -> f64,
        order: Order,
    ) -> Result<Self, ServerError> {
        let asked: Vec<&Case> = if cases.is_empty() { world.cases.all.iter().collect() } else { cases };
        let of_fold = |fold, is_inside| -> Vec<f64> {
            asked.iter().map(|case| case.mean_of_fold(fold, is_inside, &came)).collect()
        };
        let inputs = world.opened.engine.catalogue().inputs_of(&name);
        let seed = world.lived.company.settings().seed;
        let knowable =
            knowable::foretold(world.cases, &asked, &inputs, (world.as_of, seed), &came).map_err(|error| {
                ServerError::new(error.kind(), format!("what can be known of {name} cannot be learned: {error}"))
            })?;
        Ok(Self {
            knowable,
            name,
            title,
            days,
            truths: asked.iter().map(|case| case.mean(&came)).collect(),
            best: mean((0..N_FOLDS).filter_map(|fold| order(&of_fold(fold, false), &of_fold(fold, true)))),
            estimates,
        })
    }

    pub(super) fn about(&self, name: &str, title: String, form: Form) -> About {
        About {
            name: format!("{}.{name}", self.name),
            title: format!("{}: {title}", self.title),
            form,
            n: self.truths.len(),
        }
    }

    /// The number of the estimates and truths of all customers, and its interval.
    pub(super) fn estimated(
        &self,
        seed: Seed,
        number: impl Fn(&[f64], &[f64]) -> Option<f64> + Sync,
    ) -> Option<Estimated> {
        if self.estimates.is_empty() {
            return None;
        }
        let of = |drawn: &[usize]| number(&at(&self.estimates, drawn), &at(&self.truths, drawn));
        let (low, high) = interval(self.estimates.len(), seed, of)?;
        Some(Estimated { estimate: number(&self.estimates, &self.truths)?, low, high })
    }

    /// Whether the mean is right; `of_what` says what it is the mean of.
    pub(super) fn mean(&self, of_what: &str, form: Form, seed: Seed, why: &str) -> Row {
        let about = self.about("mean", format!("{of_what}, within {} days", self.days), form);
        let truth = mean(self.truths.iter().copied());
        match (truth, truth.and_then(|truth| self.estimated(seed, beside(truth)))) {
            (Some(truth), Some(estimated)) => sized(about, truth, estimated),
            _ => unanswered(about, truth, why),
        }
    }

    /// Whether customers are told apart, by a measure that is called so and of which chance reaches so much.
    pub(super) fn order(&self, order: Order, (called, chance): (&str, f64), seed: Seed, why: &str) -> Row {
        let about = self.about("order", format!("who rather than who ({called})"), Form::Number);
        let (Some(oracle), Some(estimated)) = (self.best, self.estimated(seed, order)) else {
            return unanswered(about, self.best, why);
        };
        let known = self.knowable.as_ref().and_then(|known| Some((known, order(known, &self.truths)?)));
        let beyond = known.and_then(|(known, _)| {
            interval(known.len(), seed, |drawn| {
                let truths = at(&self.truths, drawn);
                let of = |told: &[f64]| order(&at(told, drawn), &truths);
                Some(beyond(of(&self.estimates)?, (chance, of(known)?), PART))
            })
        });
        let Some(((_, knowable), beyond)) = known.zip(beyond) else {
            let says = "Too few customers are known to say what can be known of them".to_owned();
            return row(about, Some(oracle), Some(estimated), Verdict::Unclear, says);
        };
        let skill = Skill {
            oracle,
            knowable: Some(knowable),
            simple: chance,
            simple_is: "chance",
            gain_low: estimated.low - chance,
            part: PART,
            beyond,
        };
        told_apart(about, &skill, estimated)
    }
}
