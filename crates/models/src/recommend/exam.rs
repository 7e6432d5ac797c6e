//! What do members say to questions whose answers are known, when they were told the rest only?

use super::gather::{Asked, gather};
use super::hold_out::{HeldOut, Question};
use super::members::{MemberModel, MemberSettings};
use super::prepared::Prepared;
use super::query::Own;
use super::repeat::Sales;
use super::tried::Tried;
use crate::ModelError;
use primitives::Seed;
use rayon::prelude::*;
use std::collections::BTreeSet;

/// Where a smaller share of what is wanted was had before, nothing is consumed twice.
const REPEATED_MIN: f64 = 0.01;

/// Questions of one kind, and members that know nothing of the answers.
pub(super) struct Exam {
    questions: Vec<Question>,
    prepared: Prepared,
    sales: Sales,
    popular: Vec<u32>,
    members: Vec<MemberModel>,
}

/// How an exam is held.
pub(super) struct Sitting<'a> {
    /// Which members are asked, by their numbers.
    pub(super) members: &'a [usize],
    /// How many candidates each source proposes.
    pub(super) n_each: usize,
    /// Whether what the customers had is among the candidates, and may be wanted.
    pub(super) repeats: bool,
    /// At most how many questions are asked.
    pub(super) n_max: usize,
    /// Whether trees will look at the candidates, too.
    pub(super) rows: bool,
}

impl Exam {
    /// Lets members learn from what is known. `None` where there is nothing to learn from or nobody to ask.
    ///
    /// # Errors
    /// What a member's `fit` says.
    pub(super) fn of(parts: HeldOut, members: &[MemberSettings], seed: Seed) -> Result<Option<Self>, ModelError> {
        if parts.known.rows.is_empty() || parts.questions.is_empty() {
            return Ok(None);
        }
        let prepared = Prepared::of(&parts.known)?;
        let questions = parts.questions;
        let fit = |settings: &MemberSettings| settings.fit(&prepared, seed);
        let members = members.iter().map(fit).collect::<Result<_, _>>()?;
        let sales = Sales::of(&prepared);
        let popular = sales.by_selling();
        Ok(Some(Self { questions, prepared, sales, popular, members }))
    }

    /// The questions that can be answered, with what these members say.
    pub(super) fn ask(&self, sitting: &Sitting<'_>) -> Vec<Tried> {
        let members: Vec<&MemberModel> = sitting.members.iter().map(|member| &self.members[*member]).collect();
        let n_items = u32::try_from(self.prepared.n_items()).unwrap_or(u32::MAX);
        let ask = |question: &Question| {
            let own = Own::of(&question.query(), &self.prepared.keys);
            let (n_each, repeats) = (sitting.n_each, sitting.repeats);
            let asked = Asked { own: &own, n_items, n_each, n_wide: n_each, repeats, allowed: &|_| true };
            let gathered = gather(&asked, &members, &self.sales, &self.popular);
            Tried::of(&gathered, question, &own, &self.prepared.keys, repeats, sitting.rows)
        };
        let n_asked = self.questions.len().min(sitting.n_max);
        self.questions[..n_asked].par_iter().with_min_len(16).filter_map(ask).collect()
    }
}

/// Whether what a customer had may be in their list, where so much of what is wanted was had before.
pub(super) fn allows(repeated: f64) -> bool {
    repeated >= REPEATED_MIN
}

/// What share of what is wanted the customers had before.
pub(super) fn repeated(questions: &[Question]) -> f64 {
    let wanted: usize = questions.iter().map(|question| question.wanted.len()).sum();
    let again = |question: &Question| {
        let had: BTreeSet<_> = question.history.iter().map(|bought| bought.item).collect();
        question.wanted.intersection(&had).count()
    };
    questions.iter().map(again).sum::<usize>() as f64 / wanted.max(1) as f64
}
