//! What is a topic called?

use crate::text::grams::Grams;
use crate::text::language::{language, stop_words};
use std::collections::{BTreeMap, BTreeSet};

/// So many terms tell of a topic.
pub(super) const N_TERMS: usize = 5;
/// A language counts from this share of the messages on.
const LANGUAGE_SHARE_MIN: f64 = 0.05;
/// So many messages are asked for their language.
const N_ASKED: usize = 2_000;

/// The terms of each group that are said in it more than elsewhere, the best first.
///
/// ```text
/// weight[c, t] = count[c, t] ln(1 + A / sum over c of count[c, t]),   A: terms of a group, the mean
/// ```
/// Words that everybody uses in a language of the messages are left out, and a term all of whose words are told already.
/// *Source*: Grootendorst 2022, arXiv:2203.05794.
pub(super) fn terms(plains: &[&str], groups: &[usize], n_groups: usize) -> Vec<Vec<String>> {
    let common = common_words(plains);
    let is_telling = |word: &str| !common.contains(word) && word.chars().any(char::is_alphabetic);
    let mut counts: Vec<BTreeMap<String, u32>> = vec![BTreeMap::new(); n_groups];
    for (plain, group) in plains.iter().zip(groups) {
        let Some(counts) = counts.get_mut(*group) else { continue };
        Grams::Words.each(plain, |gram| {
            if gram.split(' ').all(is_telling) {
                *counts.entry(gram.to_owned()).or_default() += 1;
            }
        });
    }
    let mut of_all: BTreeMap<&str, f64> = BTreeMap::new();
    for (term, n) in counts.iter().flatten() {
        *of_all.entry(term).or_default() += f64::from(*n);
    }
    let mean = of_all.values().sum::<f64>() / n_groups.max(1) as f64;
    let weight = |term: &str, n: u32| {
        let all = of_all.get(term).copied().unwrap_or(1.0);
        f64::from(n) * (1.0 + mean / all).ln()
    };
    counts
        .iter()
        .map(|counts| best(counts.iter().map(|(term, n)| (weight(term, *n), term.as_str())).collect()))
        .collect()
}

fn best(mut weighed: Vec<(f64, &str)>) -> Vec<String> {
    weighed.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    let (mut told, mut words): (Vec<String>, BTreeSet<&str>) = (Vec::new(), BTreeSet::new());
    for (_, term) in weighed {
        if told.len() == N_TERMS {
            break;
        }
        if !term.split(' ').all(|word| words.contains(word)) {
            words.extend(term.split(' '));
            told.push(term.to_owned());
        }
    }
    told
}

/// What everybody says in the languages in which some of the messages are written.
fn common_words(plains: &[&str]) -> BTreeSet<&'static str> {
    let step = plains.len().div_ceil(N_ASKED).max(1);
    let mut found: BTreeMap<&str, f64> = BTreeMap::new();
    for plain in plains.iter().step_by(step) {
        if let Some(language) = language(plain) {
            *found.entry(language).or_default() += 1.0;
        }
    }
    let all: f64 = found.values().sum();
    let spoken = found.into_iter().filter(|(_, n)| *n >= LANGUAGE_SHARE_MIN * all);
    spoken.flat_map(|(language, _)| stop_words(language)).collect()
}
