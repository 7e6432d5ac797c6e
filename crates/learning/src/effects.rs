//! What do actions change? Choices of one are compared with choices to do nothing that chance made in its place.
//!
//! ```text
//! rows of an action a: first places where a or nothing was drawn, and both could have been
//! chance e = p[a] / (p[a] + p[nothing]),   as they were logged;   outcome 1 where it succeeded within the days that count
//! ```
//! Success is what the company tells of decisions, where it tells it as often of those in which nothing was done; else it is an order.
//! Whoever is told success only of what was offered would take every sale for its doing. Choices count whether they were shown or not.

mod found;
mod rows;

use crate::body::{Body, EffectsModel, Ground, OfAction};
use crate::evaluation::{Evaluation, Gain, Numbers};
use crate::need::Need;
use crate::reigning::Reigning;
use crate::split::Split;
use crate::task::{Data, Fitted, Judged, as_json, from_json};
use crate::{LearningError, policy};
use found::Found;
use primitives::DAY_MS;
use rows::{Choices, Rows};
use std::collections::{BTreeMap, BTreeSet};

/// What the number that decides is called.
const DECIDES: &str = "qini";
/// The simple answer: to treat whoever comes.
const RANDOM: &str = "random";

/// How to get more to learn from.
const MORE: &str =
    "declare an action or offer with `nothing = true` beside others, and ask for decisions that may choose either";
/// How to have successes come.
const ANSWER: &str =
    "send orders, or with a secret key what came of decisions, also where nothing was done: `decision_id` in the event";

/// What is needed to learn what actions change.
pub(crate) fn needs(data: &Data<'_>) -> Vec<Need> {
    let choices = Choices::of(data);
    let most = choices.of.values().max_by_key(|rows| (rows.n_arm(true).min(rows.n_arm(false)), rows.n_successes()));
    let of = |count: &dyn Fn(&Rows<'_>) -> usize| most.map_or(0, |rows| count(rows) as u64);
    let least = rows::N_ARM_MIN as u64;
    let more = match choices.has_young {
        false => MORE.to_owned(),
        true => format!(
            "there are newer choices, which count when their days are over: wait, for `reward_days` is {}",
            data.dataset.rounds().settings.reward_days
        ),
    };
    vec![
        Need::of_customers(
            "choices of one action where nothing could have been done",
            least,
            of(&|it| it.n_arm(true)),
            more.clone(),
        ),
        Need::of_customers("choices to do nothing in its place", least, of(&|it| it.n_arm(false)), more),
        Need::of_customers("successes among them", rows::N_SUCCESSES_MIN as u64, of(&|it| it.n_successes()), ANSWER),
    ]
}

/// All of it: learners are compared on rows that they have not learned from, over and over.
pub(crate) fn split(data: &Data<'_>) -> Option<Split> {
    let rounds = &data.dataset.rounds().rounds;
    let (first, last) = (rounds.first()?.at, rounds.last()?.at);
    Some(Split {
        train_from: first,
        train_until: last,
        test_from: first,
        test_until: last,
        window_days: (last.millis_since(first) + DAY_MS - 1) / DAY_MS,
        train_as_ofs: Vec::new(),
        gaps: Vec::new(),
    })
}

/// Compares the learners of each action.
pub(crate) fn judge(data: &Data<'_>, split: &Split, reigning: Option<&Reigning>) -> Result<Judged, LearningError> {
    let log = data.dataset.rounds();
    let choices = Choices::of(data);
    let ground = Ground::of(&log.inputs, log.rounds.iter().chain(&log.unshown).map(|round| &*round.x));
    let mut found = BTreeMap::new();
    for (action, rows) in choices.enough() {
        let name = log.actions[*action as usize].name.clone();
        found.insert(name, Found::of(rows, &ground, data.seed)?);
    }
    let evaluation = evaluation(split, &choices, &found);
    Ok(Judged { settings: as_json(&found)?, evaluation, contest: policy::contest(reigning) })
}

/// Learns from all rows with the learners that were chosen.
pub(crate) fn fit(data: &Data<'_>, settings: &serde_json::Value) -> Result<Fitted, LearningError> {
    let found: BTreeMap<String, Found> = from_json(settings)?;
    let log = data.dataset.rounds();
    let Choices { of: all, is_told, .. } = Choices::of(data);
    let ground = Ground::of(&log.inputs, log.rounds.iter().chain(&log.unshown).map(|round| &*round.x));
    let mut of = BTreeMap::new();
    let (mut n_rows, mut customers, mut newest) = (0, BTreeSet::new(), None);
    for (action, rows) in &all {
        let name = &log.actions[*action as usize].name;
        let Some(found) = found.get(name) else { continue };
        let model = found.fit(rows, &ground, data.seed)?;
        n_rows += rows.len() as u64;
        customers.extend(rows.customers());
        newest = newest.max(rows.newest());
        let ordered = (!is_told).then_some(found.with);
        of.insert(name.clone(), OfAction { model, share: found.share, said: found.said.clone(), ordered });
    }
    let n_models = of.values().filter(|of| of.model.is_some()).count();
    let counted = if is_told { "what was told of decisions" } else { "orders" };
    let method = format!(
        "Choices of each of {} actions beside choices to do nothing, by {counted} within {} days; for {n_models} of them it could be told \
         whom they change more than others",
        of.len(),
        log.settings.reward_days,
    );
    Ok(Fitted {
        body: Body::Effects(Box::new(EffectsModel::new(ground, of))),
        features: Vec::new(),
        n_rows,
        n_customers: customers.len() as u64,
        newest_row: newest,
        importances: Vec::new(),
        method,
    })
}

fn evaluation(split: &Split, choices: &Choices<'_>, found: &BTreeMap<String, Found>) -> Evaluation {
    let enough = || choices.enough().map(|(_, rows)| rows);
    let customers: BTreeSet<u64> = enough().flat_map(Rows::customers).collect();
    let n_rows: usize = enough().map(Rows::len).sum();
    let number = |value| Numbers::from([(DECIDES.to_owned(), value)]);
    let n = f64::max(found.len() as f64, 1.0);
    let qini = found.values().map(|one| one.qini).sum::<f64>() / n;
    let se = found.values().map(|one| one.se * one.se).sum::<f64>().sqrt() / n;
    let mut warnings: Vec<String> = found.iter().map(|(name, one)| format!("{name}: {}", one.in_words())).collect();
    if !choices.is_told {
        warnings.push(
            "success is an order here, since of decisions in which nothing was done too little was told, or more rarely than of others, \
             or not with a secret key"
                .to_owned(),
        );
    }
    Evaluation {
        split: split.clone(),
        n_train: n_rows as u64,
        n_test: customers.len() as u64,
        counts: BTreeMap::from([
            ("n_actions".to_owned(), found.len() as u64),
            ("n_actions_told_apart".to_owned(), found.values().filter(|one| one.learner.is_some()).count() as u64),
        ]),
        base_rate: None,
        decides: DECIDES.to_owned(),
        bounds: Numbers::new(),
        metrics: number(qini),
        baselines: BTreeMap::from([(RANDOM.to_owned(), number(0.0))]),
        baseline_titles: BTreeMap::from([(RANDOM.to_owned(), "everybody treated alike".to_owned())]),
        gains: BTreeMap::from([(
            RANDOM.to_owned(),
            Gain { mean: qini, low: qini - 1.96 * se, high: qini + 1.96 * se },
        )]),
        to_beat: None,
        protocols: BTreeMap::new(),
        calibration: Vec::new(),
        warnings,
    }
}
