//! What do the model and the simple answers say, and how good is it?

use super::cases::{Case, Test};
use super::lists::{Judged, K_MAX, NAMES, judge, means, rejudge, together};
use super::simple::Simple;
use crate::evaluation::{Gain, Numbers, Protocol, Slice, paired_gain};
use models::recommend::{Recommender, Scored};
use primitives::{ItemKey, Seed};
use std::collections::{BTreeMap, BTreeSet};

/// To how many customers an item has sold at most that is called cold.
const N_CUSTOMERS_COLD: usize = 5;

/// How each case was answered: by the model, and by what costs nothing.
pub(super) struct Answers {
    pub(super) ours: Vec<Judged>,
    pub(super) simple: Vec<(&'static str, Vec<Judged>)>,
}

fn ids(scored: Vec<Scored>) -> Vec<ItemKey> {
    scored.into_iter().map(|scored| scored.item).collect()
}

/// A recommender's list.
pub(super) fn list_of(model: &Recommender, case: &Case) -> Vec<ItemKey> {
    ids(model.rank(&case.query(), K_MAX, &|_| true))
}

/// By how much our NDCG@10 is above theirs, customer by customer.
pub(super) fn ndcg_gain(ours: &[Judged], theirs: &[Judged], seed: Seed, label: &str) -> Gain {
    let differences: Vec<f64> = ours.iter().zip(theirs).map(|(a, b)| a.ndcg() - b.ndcg()).collect();
    paired_gain(&differences, seed, label)
}

impl Test {
    /// Asks everybody. All lists are made for the same customers from what was known before; own items are filled up with
    /// the popular ones, so that no list is short.
    pub(super) fn answers(&self) -> Answers {
        self.ask(&self.cases, false)
    }

    fn ask(&self, cases: &[Case], new_only: bool) -> Answers {
        let allowed = |case: &Case| {
            let had = if new_only || !self.model.repeats() { case.had() } else { BTreeSet::new() };
            move |item: ItemKey| !had.contains(&item)
        };
        let ours = judge(cases, |case| ids(self.model.rank(&case.query(), K_MAX, &allowed(case))));
        let by = |name: &'static str| {
            (name, judge(cases, |case| self.simple.list(name, &case.history, K_MAX, &allowed(case))))
        };
        Answers { ours, simple: Simple::NAMES.into_iter().map(by).collect() }
    }

    /// Everything that is told of this way of asking.
    pub(super) fn protocol(&self, answers: &Answers, decides: bool, seed: Seed) -> Protocol {
        let label = |what: &str| format!("evaluate recommend by {} {what}", self.way.name());
        let interval = |(at, name): (usize, &&str)| {
            let scores: Vec<f64> = answers.ours.iter().map(|judged| judged.scores[at]).collect();
            ((*name).to_owned(), paired_gain(&scores, seed, &label(name)))
        };
        let gain = |(name, theirs): &(&str, Vec<Judged>)| {
            ((*name).to_owned(), ndcg_gain(&answers.ours, theirs, seed, &label(name)))
        };
        let sold = self.sold();
        let n_customers = self.known.rows.iter().map(|row| row.customer).collect::<BTreeSet<_>>().len();
        let share = |n: usize| n as f64 / n_customers.max(1) as f64;
        let shares: BTreeMap<ItemKey, f64> = sold.iter().map(|(key, n)| (*key, share(*n))).collect();
        let n_items = sold.len();
        let trial = self.model.trial().cloned().unwrap_or_default();
        Protocol {
            decides,
            n_items: n_items as u64,
            all: answers.slice(&|judged| with(means(judged), together(judged, n_items, &shares))),
            intervals: NAMES.iter().enumerate().map(interval).collect(),
            gains: answers.simple.iter().map(gain).collect(),
            slices: self.slices(answers, &sold),
            members: self.model.member_names().into_iter().map(str::to_owned).collect(),
            orders: trial.ndcg,
            members_add: trial.adds,
        }
    }

    fn slices(&self, answers: &Answers, sold: &BTreeMap<ItemKey, usize>) -> BTreeMap<String, Slice> {
        let is_cold = |key: &ItemKey| sold.get(key).copied().unwrap_or(0) <= N_CUSTOMERS_COLD;
        let of = |keep: &dyn Fn(&Case, &BTreeSet<ItemKey>, &ItemKey) -> bool| {
            let wanted = |case: &Case| {
                let had = case.had();
                case.wanted.iter().copied().filter(|key| keep(case, &had, key)).collect()
            };
            let wanted: Vec<BTreeSet<ItemKey>> = self.cases.iter().map(wanted).collect();
            answers.of(&wanted).slice(&means)
        };
        let came_once =
            |case: &Case| case.history.iter().all(|it| it.age_days.total_cmp(&case.history[0].age_days).is_eq());
        let new = |case: &Case| {
            let had = case.had();
            let wanted: BTreeSet<ItemKey> = case.wanted.difference(&had).copied().collect();
            (!wanted.is_empty()).then(|| Case {
                history: case.history.clone(),
                wanted,
                hour_of_week: case.hour_of_week,
            })
        };
        let new: Vec<Case> = self.cases.iter().filter_map(new).collect();
        let slices = [
            ("repeat", of(&|_, had, key| had.contains(key))),
            ("new", of(&|_, had, key| !had.contains(key))),
            ("new_only", self.ask(&new, true).slice(&means)),
            ("cold_customers", of(&|case, _, _| came_once(case))),
            ("cold_items", of(&|_, _, key| is_cold(key))),
        ];
        slices.into_iter().map(|(name, slice)| (name.to_owned(), slice)).collect()
    }

    /// To how many customers each item has sold.
    fn sold(&self) -> BTreeMap<ItemKey, usize> {
        let pairs: BTreeSet<(u32, u32)> = self.known.rows.iter().map(|row| (row.item, row.customer)).collect();
        let mut sold = BTreeMap::new();
        for (item, _) in pairs {
            *sold.entry(self.known.items[item as usize]).or_default() += 1;
        }
        sold
    }
}

impl Answers {
    fn of(&self, wanted: &[BTreeSet<ItemKey>]) -> Self {
        let simple = self.simple.iter().map(|(name, judged)| (*name, rejudge(judged, wanted)));
        Self { ours: rejudge(&self.ours, wanted), simple: simple.collect() }
    }

    fn slice(&self, numbers: &dyn Fn(&[Judged]) -> Numbers) -> Slice {
        Slice {
            n_test: self.ours.len() as u64,
            metrics: numbers(&self.ours),
            baselines: self.simple.iter().map(|(name, judged)| ((*name).to_owned(), numbers(judged))).collect(),
        }
    }
}

fn with(mut numbers: Numbers, others: Numbers) -> Numbers {
    numbers.extend(others);
    numbers
}
