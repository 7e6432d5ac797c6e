//! How do several members become one recommender?

use super::blended::{Blended, Learned};
use super::choice::{N_QUESTIONS_MIN, Trial, choose};
use super::climb::{climb, worth_asking};
use super::exam::{Exam, Sitting, allows, repeated};
use super::goal::{Goal, of_sum};
use super::hold_out::HoldOut;
use super::members::{MemberModel, MemberSettings};
use super::order::{Order, Weights};
use super::prepared::Prepared;
use super::recipe::RecommenderSettings;
use super::repeat::Sales;
use super::tried::Tried;
use super::{Interactions, Recommender};
use crate::ModelError;
use primitives::Seed;

/// Which share of everybody's items is asked for where nothing is consumed twice.
const SHARE: f64 = 0.2;

/// Of how many questions it is learned which members are worth asking.
const N_QUESTIONS_OF_MEMBERS: usize = 2_000;

/// How many members answer at most: each costs time at every question.
const N_MEMBERS_MAX: usize = 5;

/// How many members answer, the first ones, where there are too few questions to choose any.
const N_MEMBERS_UNTRIED: usize = 2;

impl RecommenderSettings {
    /// Learns from purchases: first from a part of them, of which the rest is asked to find the members that are worth asking and
    /// the best order of what they say, then these members once more from everything.
    ///
    /// *Guarantees*: equal to the bit for the same purchases and seed, in any order of rows, on any number of threads.
    /// *Cost*: twice that of the members, and of the trees; three times where nothing is consumed twice.
    ///
    /// # Errors
    /// [`ModelError::Setting`]; what [`Interactions::validate`] refuses; what a member's `fit` says.
    pub fn fit(&self, interactions: &Interactions, seed: Seed) -> Result<Recommender, ModelError> {
        self.blend.validate()?;
        interactions.validate()?;
        let parts = self.hold_out.part(interactions, self.blend.n_questions, seed);
        let repeated = repeated(&parts.questions);
        let repeats = allows(repeated) || parts.questions.is_empty();
        let suits = |member: &&MemberSettings| member.suits(interactions, repeats);
        let able: Vec<MemberSettings> = self.members.iter().filter(suits).cloned().collect();
        let mut exams: Vec<Exam> = Exam::of(parts, &able, seed)?.into_iter().collect();
        // Where nothing is consumed twice, what comes last says little of a taste: a share of everything is asked for, too.
        if !repeats {
            let parts = HoldOut::Share(SHARE).part(interactions, self.blend.n_questions, seed);
            exams.extend(Exam::of(parts, &able, seed)?);
        }
        let mut trial = Trial { repeated, ..Trial::default() };
        let kept = self.members_kept(&exams, &able, repeats, &mut trial);
        let tried = self.ask(&exams, &kept, repeats, None);
        let members: Vec<MemberSettings> = kept.iter().map(|member| able[*member].clone()).collect();
        let names: Vec<&'static str> = members.iter().map(MemberSettings::name).collect();
        let order = choose(&tried, &mut trial, &names, &goal_of(&tried, &members), &self.blend, seed)?;
        drop(tried);
        // Where things are bought again, what is new is asked for by itself, too.
        let mut of_new = Trial::default();
        let order_of_new = if repeats { self.order_of_new(&exams, &kept, &names, &mut of_new, seed)? } else { None };
        drop(exams);
        trial.ndcg.extend(of_new.ndcg.into_iter().map(|(name, ndcg)| (format!("{name} of new"), ndcg)));
        let prepared = Prepared::of(interactions)?;
        let fitted: Vec<MemberModel> =
            members.iter().map(|settings| settings.fit(&prepared, seed)).collect::<Result<_, _>>()?;
        let sales = Sales::of(&prepared);
        let settings = Self { members, ..self.clone() };
        let learned =
            Learned { settings, keys: prepared.keys, sales, members: fitted, order, repeats, trial, order_of_new };
        Ok(Recommender::from(Blended::new(learned)))
    }

    /// The best order of what customers did not have, where there are questions enough.
    fn order_of_new(
        &self,
        exams: &[Exam],
        kept: &[usize],
        names: &[&'static str],
        trial: &mut Trial,
        seed: Seed,
    ) -> Result<Option<Order>, ModelError> {
        let tried = self.ask(exams, kept, false, None);
        if tried.len() < N_QUESTIONS_MIN {
            return Ok(None);
        }
        choose(&tried, trial, names, &Goal::default(), &self.blend, seed).map(Some)
    }

    /// Which members answer, by their numbers: those that are missed in the sum. What the others would add goes to the trial.
    fn members_kept(&self, exams: &[Exam], able: &[MemberSettings], repeats: bool, trial: &mut Trial) -> Vec<usize> {
        let all: Vec<usize> = (0..able.len()).collect();
        let tried = self.ask(exams, &all, repeats, Some(N_QUESTIONS_OF_MEMBERS));
        if tried.len() < N_QUESTIONS_MIN {
            return all.into_iter().take(N_MEMBERS_UNTRIED).collect();
        }
        let goal = goal_of(&tried, able);
        let weights = climb(Weights::alike(able.len()), &tried, &goal);
        let (kept, out) = worth_asking(&weights, &tried, &goal, N_MEMBERS_MAX);
        for (member, falls) in out {
            let name = able[member].name().to_owned();
            trial.ndcg.insert(name.clone(), of_sum(&tried, &Weights::alone(able.len(), member)));
            trial.adds.insert(name, falls);
        }
        kept
    }

    /// The questions of all exams in turn; only some of each, and without what trees look at, where members are chosen.
    fn ask(&self, exams: &[Exam], members: &[usize], repeats: bool, n_max: Option<usize>) -> Vec<Tried> {
        let sit = |(kind, exam): (usize, &Exam)| {
            let n_max_each = n_max.map_or(usize::MAX, |n| n.div_ceil(exams.len()));
            let n_each = self.blend.n_each;
            let tried = exam.ask(&Sitting { members, n_each, repeats, n_max: n_max_each, rows: n_max.is_none() });
            tried.into_iter().map(move |tried| tried.of_kind(kind))
        };
        let mut each: Vec<_> = exams.iter().enumerate().map(sit).collect();
        let mut tried = Vec::with_capacity(each.iter().map(|tried| tried.len()).sum());
        while each.iter().any(|tried| tried.len() > 0) {
            tried.extend(each.iter_mut().filter_map(Iterator::next));
        }
        tried
    }
}

/// No kind of question should be answered worse than by a member of taste alone.
fn goal_of(tried: &[Tried], members: &[MemberSettings]) -> Goal {
    Goal::of(tried, &members.iter().map(MemberSettings::is_of_taste).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests;
