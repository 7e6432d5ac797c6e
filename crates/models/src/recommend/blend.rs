//! How do several members become one recommender?

use super::blended::{Blended, Learned};
use super::choice::choose;
use super::hold_out::HoldOut;
use super::members::{MemberModel, MemberSettings};
use super::prepared::Prepared;
use super::recipe::RecommenderSettings;
use super::repeat::Sales;
use super::tried::{Asking, Tried, allows};
use super::{Interactions, Recommender};
use crate::ModelError;
use primitives::Seed;

/// Which share of everybody's items is asked for where nothing is consumed twice.
const SHARE: f64 = 0.2;

impl RecommenderSettings {
    /// Learns from purchases: first from a part of them, of which the rest is asked to find the best order, then all members
    /// once more from everything.
    ///
    /// *Guarantees*: equal to the bit for the same purchases and seed, in any order of rows, on any number of threads.
    /// *Cost*: twice that of the members, and of the trees.
    ///
    /// # Errors
    /// [`ModelError::Setting`]; what [`Interactions::validate`] refuses; what a member's `fit` says.
    pub fn fit(&self, interactions: &Interactions, seed: Seed) -> Result<Recommender, ModelError> {
        self.blend.validate()?;
        interactions.validate()?;
        let (tried, repeated) = self.ask(interactions, seed)?;
        let (order, trial) = choose(&tried, repeated, &self.members, &self.blend, seed)?;
        drop(tried);
        let prepared = Prepared::of(interactions)?;
        let fit = |settings: &MemberSettings| settings.fit(&prepared, seed);
        let members: Vec<MemberModel> = self.members.iter().map(fit).collect::<Result<_, _>>()?;
        let sales = Sales::of(&prepared);
        let settings = self.clone();
        let repeats = allows(repeated);
        let learned = Learned { settings, keys: prepared.keys, sales, members, order, repeats, trial };
        Ok(Recommender::from(Blended::new(learned)))
    }

    /// The questions. Where nothing is consumed twice, what comes last says little of a taste: a share of everything is asked for,
    /// too, the questions of both in turn.
    fn ask(&self, interactions: &Interactions, seed: Seed) -> Result<(Vec<Tried>, f64), ModelError> {
        let ask = |hold_out: HoldOut| {
            let parts = hold_out.part(interactions, self.blend.n_questions, seed);
            Asking::of(&parts, &self.members, &self.blend, seed)
        };
        let first = ask(self.hold_out)?;
        if allows(first.repeated) || first.tried.is_empty() {
            return Ok((first.tried, first.repeated));
        }
        let (repeated, mut others) = (first.repeated, ask(HoldOut::Share(SHARE))?.tried.into_iter());
        let mut tried = Vec::with_capacity(first.tried.len() + others.len());
        for one in first.tried {
            tried.push(one);
            tried.extend(others.next());
        }
        tried.extend(others);
        Ok((tried, repeated))
    }
}

#[cfg(test)]
mod tests;
