//! How do several members become one recommender?

use super::blended::{Blended, Learned};
use super::choice::{N_QUESTIONS_MIN, ORDERS, Trial, choose};
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

/// For how many days it is looked ahead at most.
const WINDOW_DAYS_MAX: f64 = 14.0;

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
    /// *Cost*: three times that of the members, for there are two kinds of questions; twice that of the trees, and twice more where
    /// things are bought again, for lists of what is new.
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
        let tried = self.ask(&exams, &kept, repeats, None, true);
        let members: Vec<MemberSettings> = kept.iter().map(|member| able[*member].clone()).collect();
        let order = choose(&tried, &mut trial, &names_of(&members), &goal_of(&tried, &members), &self.blend, seed)?;
        drop(tried);
        // Where things are bought again, what is new is asked for by itself, too.
        let mut of_new = Trial::default();
        let order_of_new = if repeats {
            let tried = self.ask(&exams, &kept, false, Some(self.blend.n_questions / 2), true);
            drop(exams);
            self.order_of_new(interactions, tried, &members, &mut of_new, seed)?
        } else {
            drop(exams);
            None
        };
        let told = of_new.ndcg.into_iter().filter(|(name, _)| ORDERS.contains(&name.as_str()));
        trial.ndcg.extend(told.map(|(name, ndcg)| (format!("{name} of new"), ndcg)));
        let prepared = Prepared::of(interactions)?;
        let fitted: Vec<MemberModel> =
            members.iter().map(|settings| settings.fit(&prepared, seed)).collect::<Result<_, _>>()?;
        let sales = Sales::of(&prepared);
        let settings = Self { members, ..self.clone() };
        let learned =
            Learned { settings, keys: prepared.keys, sales, members: fitted, order, repeats, trial, order_of_new };
        Ok(Recommender::from(Blended::new(learned)))
    }

    /// The best order of what customers did not have, where there are questions enough: those that were `tried`, and others of what
    /// was new to customers in the last days. What somebody tries next depends on the season more than what they buy again.
    fn order_of_new(
        &self,
        interactions: &Interactions,
        tried: Vec<Tried>,
        members: &[MemberSettings],
        trial: &mut Trial,
        seed: Seed,
    ) -> Result<Option<Order>, ModelError> {
        let parts = HoldOut::Days(window_days(interactions)).part(interactions, self.blend.n_questions / 2, seed);
        let exams: Vec<Exam> = Exam::of(parts, members, seed)?.into_iter().collect();
        let all: Vec<usize> = (0..members.len()).collect();
        let tried = by_customer(vec![tried, self.ask(&exams, &all, false, None, true)]);
        drop(exams);
        if tried.len() < N_QUESTIONS_MIN {
            return Ok(None);
        }
        choose(&tried, trial, &names_of(members), &Goal::default(), &self.blend, seed).map(Some)
    }

    /// Which members answer, by their numbers: those that are missed in the sum. What the others would add goes to the trial.
    fn members_kept(&self, exams: &[Exam], able: &[MemberSettings], repeats: bool, trial: &mut Trial) -> Vec<usize> {
        let all: Vec<usize> = (0..able.len()).collect();
        let tried = self.ask(exams, &all, repeats, Some(N_QUESTIONS_OF_MEMBERS), false);
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

    /// The questions of all exams, at most so many of each kind; without what trees look at, where members are chosen.
    fn ask(&self, exams: &[Exam], members: &[usize], repeats: bool, n_max: Option<usize>, rows: bool) -> Vec<Tried> {
        let sit = |(kind, exam): (usize, &Exam)| {
            let n_max = n_max.map_or(usize::MAX, |n| n.div_ceil(exams.len()));
            let tried = exam.ask(&Sitting { members, n_each: self.blend.n_each, repeats, n_max, rows });
            tried.into_iter().map(|tried| tried.of_kind(kind)).collect()
        };
        by_customer(exams.iter().enumerate().map(sit).collect())
    }
}

/// Customer by customer: where some questions are learned from and others judge, nobody is asked on both sides.
fn by_customer(each: Vec<Vec<Tried>>) -> Vec<Tried> {
    let mut tried: Vec<Tried> = each.into_iter().flatten().collect();
    tried.sort_by_key(|tried| tried.customer);
    tried
}

/// How many of the last days are asked about: a quarter of all, at most two weeks.
fn window_days(interactions: &Interactions) -> f64 {
    let ages = || interactions.rows.iter().map(|row| row.age_days);
    let (youngest, oldest) = (ages().fold(f64::INFINITY, f64::min), ages().fold(0.0, f64::max));
    ((oldest - youngest) / 4.0).min(WINDOW_DAYS_MAX)
}

/// What members are called, in their order.
fn names_of(members: &[MemberSettings]) -> Vec<&'static str> {
    members.iter().map(MemberSettings::name).collect()
}

/// No kind of question should be answered worse than by a member of taste alone.
fn goal_of(tried: &[Tried], members: &[MemberSettings]) -> Goal {
    Goal::of(tried, &members.iter().map(MemberSettings::is_of_taste).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests;
