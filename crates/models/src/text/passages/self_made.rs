//! Which questions can be made of a knowledge base, so that it tells itself how far it may be trusted?

use super::signs::Signs;
use super::small::is_small;
use super::words::each_word;
use super::{PassageIndex, Searched, Trust};
use crate::ModelError;
use primitives::Seed;
use rand::RngExt as _;
use rayon::prelude::*;

/// So many passages are asked about at most: every so many-th of more.
const N_PASSAGES_MAX: usize = 400;
/// So likely a word of a heading is left out, and one of what stands below.
const HEADING_LEFT_OUT: f64 = 0.4;
const TEXT_LEFT_OUT: f64 = 0.5;
/// So many words of what stands below a heading are a question.
const N_WORDS: usize = 14;
/// The same passages are asked the same.
const SEED: u64 = 0x5EED;

impl PassageIndex {
    /// How far what is found may be trusted, as questions tell that are made of the passages.
    pub(super) fn learned(&self, passages: &[Searched<'_>], plains: &[(String, String)]) -> Result<Trust, ModelError> {
        let step = passages.len().div_ceil(N_PASSAGES_MAX).max(1);
        let asked: Vec<usize> = (0..passages.len()).step_by(step).collect();
        let found: Vec<Vec<(Signs, bool)>> =
            asked.par_iter().map(|at| self.asked_of_itself(*at, passages, plains)).collect();
        Trust::learn(&found.concat())
    }

    fn asked_of_itself(&self, at: usize, passages: &[Searched<'_>], plains: &[(String, String)]) -> Vec<(Signs, bool)> {
        let document = passages[at].document;
        let (heading, text) = &plains[at];
        let mut dice = Seed::new(SEED).stream("questions", at as u64);
        let beginning: Vec<&str> = text.split_whitespace().take(N_WORDS).collect();
        let questions =
            [left_out(heading, HEADING_LEFT_OUT, &mut dice), left_out(&beginning.join(" "), TEXT_LEFT_OUT, &mut dice)];
        let mut told = Vec::new();
        for question in questions.into_iter().flatten() {
            let (found, signs) = self.found(&question, 1, None, None);
            let is_own = found.first().is_some_and(|first| passages[first.passage].document == document);
            told.extend(signs.map(|signs| (signs, is_own)));
            let (_, signs) = self.found(&question, 1, None, Some(document));
            told.extend(signs.map(|signs| (signs, false)));
        }
        told
    }
}

/// A text without some of its words; nothing where nothing of the matter is left.
fn left_out(plain: &str, share: f64, dice: &mut impl rand::Rng) -> Option<String> {
    let mut kept = Vec::new();
    each_word(plain, |word| {
        if !dice.random_bool(share) {
            kept.push(word);
        }
    });
    kept.iter().any(|word| !is_small(word)).then(|| kept.join(" "))
}
