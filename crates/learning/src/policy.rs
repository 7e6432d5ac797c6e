//! Which action is worth how much for whom? A policy, learned in batches from what was drawn before.
//!
//! The newest quarter of the rounds, or more where few customers are in it or little came of it, says what the policy would have earned there,
//! beside what was earned; it and folds of the customers before it say which settings are best. Then everything is learned from.

mod arrival;
mod balance;
mod case;
mod choice;
mod judge;
mod lesson;
mod silence;

pub(crate) use judge::{DECIDES, judge};

use crate::body::PolicyModel;
use crate::contest::Contest;
use crate::evaluation::mean;
use crate::need::Need;
use crate::reigning::Reigning;
use crate::rounds::{HOURS, PolicySettings, Round, RoundLog, own_are_enough};
use crate::split::Split;
use crate::task::{Data, Fitted, from_json};
use crate::{Body, Importance, LearningError};
use lesson::{Lesson, are_hours_known};
use models::bandit::ValuesSettings;
use primitives::{CustomerId, DAY_MS, Timestamp};
use serde::{Deserialize, Serialize};
use silence::heard;
use std::collections::BTreeSet;

/// How to get more to learn from.
const MORE: &str = "ask what to do for customers, with their `userId`";
/// How to have rewards come.
const ANSWER: &str = "send what comes of decisions: `Decision Converted` with `decision_id`, or the `decision_id` in the event \
                      that is sent anyway, such as `Order Completed`";

/// Which part of the rounds the policy is judged on, the newest one; where fewer than so many customers are in it, more of them, up
/// to half; and where less came of it, as far back as it takes, with at least as much before it.
const JUDGED: usize = 4;
const JUDGED_MOST: usize = 2;
const N_CUSTOMERS_JUDGED: usize = 20;
const N_REWARDS_JUDGED: usize = 10;

/// With what a policy was fitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Fit {
    pub(crate) values: ValuesSettings,
    #[serde(flatten)]
    pub(crate) policy: PolicySettings,
}

/// What is needed to learn a policy.
pub(crate) fn needs(data: &Data<'_>) -> Vec<Need> {
    let log = data.dataset.rounds();
    let customers: BTreeSet<&str> = log.rounds.iter().map(|round| round.customer.as_str()).collect();
    let actions: BTreeSet<u32> = log.rounds.iter().map(|round| round.action).collect();
    let (n_rounds, n_rewarded) = (log.rounds.len() as u64, log.n_rewarded());
    let answer = match n_rewarded {
        0 if n_rounds >= 500 => {
            format!("nothing came of any of {n_rounds} choices, so that there is nothing to learn from: {ANSWER}")
        }
        _ => ANSWER.to_owned(),
    };
    vec![
        Need::of_customers("choices among actions", 200, n_rounds, MORE),
        Need::of_customers("customers they were made for", 20, customers.len() as u64, MORE),
        Need::new(
            "actions that were chosen",
            2,
            actions.len() as u64,
            "declare several actions that are possible together",
        ),
        Need::of_customers("choices that something came of", 5, n_rewarded, answer),
    ]
}

/// What it is judged on, and what comes before that.
pub(crate) fn split(log: &RoundLog, now: Timestamp) -> Option<Split> {
    split_of(&heard(log, now))
}

fn split_of(log: &RoundLog) -> Option<Split> {
    let rounds = &log.rounds;
    let (first, last) = (rounds.first()?.at, rounds.last()?.at);
    let test_from = rounds.get(first_judged(rounds))?.at;
    Some(Split {
        train_from: first,
        train_until: test_from,
        test_from,
        test_until: last,
        window_days: (last.millis_since(test_from) + DAY_MS - 1) / DAY_MS,
        train_as_ofs: Vec::new(),
        gaps: Vec::new(),
    })
}

/// With which of the rounds, in the order of time, the judging begins.
fn first_judged(rounds: &[Round]) -> usize {
    let mut first = first_by_customers(rounds);
    let are_own_enough = own_are_enough(rounds);
    let came = |round: &&Round| round.reward.is_some() && (round.is_own || !are_own_enough);
    let enough = N_REWARDS_JUDGED.min(rounds.iter().filter(came).count() / 2);
    let mut n_came = rounds[first..].iter().filter(came).count();
    while n_came < enough && first > 0 {
        first -= 1;
        n_came += usize::from(came(&&rounds[first]));
    }
    first
}

/// The same, as far as it is a matter of customers alone.
fn first_by_customers(rounds: &[Round]) -> usize {
    let (last, least) = (quarter(rounds), rounds.len() - rounds.len() / JUDGED_MOST);
    let are_own_enough = own_are_enough(rounds);
    let is_judged = |round: &Round| round.place == 0 && (round.is_own || !are_own_enough);
    let of = |round: &'_ Round| is_judged(round).then(|| round.customer.clone());
    let mut customers: BTreeSet<CustomerId> = rounds[last..].iter().filter_map(of).collect();
    let mut first = last;
    while customers.len() < N_CUSTOMERS_JUDGED && first > least {
        first -= 1;
        customers.extend(of(&rounds[first]));
    }
    first
}

/// With which of the rounds the newest quarter begins.
fn quarter(rounds: &[Round]) -> usize {
    rounds.len() - rounds.len() / JUDGED
}

/// Fits a policy on all rounds.
pub(crate) fn fit(data: &Data<'_>, log: &RoundLog, settings: &serde_json::Value) -> Result<Fitted, LearningError> {
    let settings: Fit = from_json(settings)?;
    let log = &*heard(log, data.now);
    let lesson = Lesson::of(log, log.rounds.len(), data.now, &settings.policy);
    let committee = lesson.committee(log, &settings, data.seed)?;
    let model = lesson.fit(log, &settings)?.with_votes(committee);
    let named = log.rounds.iter().filter(|round| round.is_of_somebody());
    let customers: BTreeSet<&str> = named.map(|round| round.customer.as_str()).collect();
    Ok(Fitted {
        // What is hashed has no name to be told.
        importances: if log.settings.is_shared { Vec::new() } else { importances(&model) },
        method: method(log, &settings, &model),
        body: Body::Policy(Box::new(model)),
        features: Vec::new(),
        n_rows: log.rounds.len() as u64,
        n_customers: customers.len() as u64,
        newest_row: log.rounds.last().map(|round| round.at),
    })
}

/// A policy goes on from the one before it: it has learned of the same rounds and more, so that the two cannot be compared on
/// anything that is new to both.
pub(crate) fn contest(reigning: Option<&Reigning>) -> Contest {
    match reigning {
        None => Contest::Unopposed,
        Some(Reigning { version, model: Err(fault), .. }) => {
            Contest::Unfit { champion: version.clone(), fault: fault.clone() }
        }
        Some(Reigning { version, model: Ok(_), n_refused }) => {
            Contest::Continued { champion: version.clone(), n_refused: *n_refused }
        }
    }
}

/// What is to be said of choices of which nobody told whether they were shown.
fn untold(log: &RoundLog) -> Option<String> {
    let (n_untold, n) = (log.n_untold(), log.rounds.len() as u64);
    // Where hardly any is missing, there is nothing to do.
    (n_untold * 10 >= n && n_untold > 0).then(|| {
        format!(
            "{n_untold} of {n} choices were answered and never told as shown; they count as not accepted: send `Decision Shown`"
        )
    })
}

/// How much each input moves what actions are worth, in the mean over the rounds.
fn importances(model: &PolicyModel) -> Vec<Importance> {
    let moved = model.slopes();
    let total: f64 = moved.iter().sum();
    let mut shares: Vec<Importance> = model
        .inputs()
        .iter()
        .zip(&moved)
        .filter(|(_, moved)| **moved > 0.0)
        .map(|(input, moved)| Importance { feature: input.clone(), share: moved / total })
        .collect();
    shares.sort_by(|a, b| b.share.total_cmp(&a.share).then_with(|| a.feature.cmp(&b.feature)));
    shares
}

/// How the model works, in words.
fn method(log: &RoundLog, settings: &Fit, model: &PolicyModel) -> String {
    let forgets = match settings.policy.half_life_days {
        days if days > 0.0 => format!("a choice counts half after {days} days"),
        _ => "nothing is forgotten".to_owned(),
    };
    let came = mean(log.rounds.iter().map(|round| f64::from(u8::from(round.reward.is_some()))));
    let untold = untold(log).map(|said| format!("; {said}"));
    let ValuesSettings { ridge, common, .. } = settings.values;
    let n = model.n_actions();
    let what = match log.settings.is_shared {
        true => format!(
            "One regression for all actions, on {} numbers of what is said of the situation, the action and both together, with a \
             ridge of {ridge}",
            log.inputs.len()
        ),
        false if choice::is_of_means(&settings.values) => {
            format!(
                "The mean of each of {n} actions beside that of its group, since nothing that is known tells customers apart"
            )
        }
        false if common > 0.0 => format!(
            "A regression for each of {n} actions around what its group has in common, with a ridge of {ridge} for what is its own \
             and of {common} for what is common"
        ),
        false => format!("A regression for each of {n} actions around the mean of its group, with a ridge of {ridge}"),
    };
    let has_hours = log.inputs.iter().any(|input| HOURS.contains(&input.as_str()));
    let n_strangers = log.rounds.iter().filter(|round| !round.is_own).count();
    let strangers = match own_are_enough(&log.rounds) && n_strangers > 0 {
        true => format!(
            "; {n_strangers} choices for customers of whom the company had told nothing count for no more than those for its own together"
        ),
        false => String::new(),
    };
    let hours = match has_hours && !are_hours_known(&log.rounds) {
        true => "; the hour of the day does not count before choices came on seven days",
        false => "",
    };
    format!(
        "{what}; {forgets}, and what is younger than {} days counts as far as its success can have come; something came of {:.1} % of the \
         choices so far{strangers}{hours}{}",
        settings.policy.reward_days,
        100.0 * came,
        untold.unwrap_or_default(),
    )
}

/// A moment in days.
fn days(from: Timestamp, until: Timestamp) -> f64 {
    until.millis_since(from).max(0) as f64 / DAY_MS as f64
}
