//! Is what comes with a question chosen by what came of what is like it, and is it told so that it can be learned from?

use super::shop::{NOW, Shop, catalogue, decided_as, known, refused, unknown};
use crate::{
    Actions, Answer, Arm, Content, DecisionError, Kind, Knowledge, Models, Parameters, Question, Rank, Ranking, Record,
    Subject, nobody,
};
use learning::{
    Data, Dataset, Doable, Loaded, PolicySettings, Reward, Rewarded, Round, RoundLog, shared_inputs, train,
};
use primitives::{DecisionId, HOUR_MS, ModelVersion, Seed, Timestamp};
use rand::RngExt as _;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const ACTIONS: [(&str, &str); 4] = [("news", "short"), ("essay", "long"), ("scores", "short"), ("story", "long")];

/// In the morning what is short is wanted, in the evening what is long.
fn chance(time: &str, length: &str) -> f64 {
    if (time == "morning") == (length == "short") { 0.6 } else { 0.15 }
}

fn asked(time: &str, actions: &[(&str, &str)], at: Timestamp) -> Question {
    let actions: Vec<Value> =
        actions.iter().map(|(id, length)| json!({"id": id, "features": {"length": length}})).collect();
    Question {
        kind: "rank".into(),
        customer: nobody().customer_id(),
        as_of: at,
        parameters: Parameters::from([("actions".to_owned(), actions.into())]),
        context: [("time".to_owned(), time.into())].into_iter().collect(),
        arm: None,
    }
}

fn ranked(id: &str, question: &Question, subject: &Subject, models: &Models) -> (Answer, Actions, Record) {
    let kind = Rank::new(Ranking::default());
    let (answer, record) = decided_as(id, &kind, question, (subject, models, &Shop::full()));
    let then = kind.declaration().unwrap().kind().unwrap();
    let again = crate::replay(then.as_ref(), catalogue(), &super::reopened(&record), models).unwrap();
    assert_eq!(again, answer, "a replay says the same");
    match answer.content.clone() {
        Content::Actions(actions) => (answer, *actions, record),
        other => panic!("actions were asked for: {other:?}"),
    }
}

/// How likely each was to be the first.
fn likely(actions: &Actions) -> BTreeMap<String, f64> {
    let mut left = 1.0;
    let p = |one: &crate::ChosenAction| {
        let p = left * one.propensity.get();
        left -= p;
        (one.id.clone(), p)
    };
    actions.chosen.iter().map(p).collect()
}

fn learned(rounds: Vec<Round>, now: Timestamp) -> Models {
    let settings = PolicySettings { reward: Reward::Given, is_shared: true, ..PolicySettings::default() };
    let place = |at: usize| Doable {
        name: at.to_string(),
        group: String::new(),
        value: 1.0,
        cost: 0.0,
        costs: 0.0,
        is_nothing: false,
    };
    let actions = (0..50).map(place).collect();
    let log = RoundLog { inputs: shared_inputs(), actions, settings, rounds, ..RoundLog::default() };
    let dataset = Dataset::of_rounds(RoundLog::default(), events::Offset::default()).with_occasions(log);
    let data = Data { dataset: &dataset, catalogue: catalogue(), now, seed: Seed::new(1) };
    let trained = train(&learning::Rank::default(), &data).unwrap();
    let mut models = Models::default();
    models.put(Loaded {
        version: ModelVersion::from("0123456789ab"),
        header: trained.header,
        inputs: features::Inputs::default(),
        catalogue: Arc::default(),
        body: trained.body,
    });
    models
}

/// What came of a decision, as it is learned from.
fn round(record: &Record, reward: Option<f64>) -> Round {
    let occasion = super::reopened(record).occasion().unwrap();
    Round {
        chances: Box::default(),
        channel: 0,
        is_own: false,
        is_shown: true,
        customer: nobody().customer_id(),
        at: occasion.at,
        decision: record.decision.id.to_string(),
        place: 0,
        action: occasion.chosen,
        candidates: occasion.candidates,
        propensity: occasion.propensity,
        x: Box::default(),
        reward: reward.map(|amount| Rewarded { at: occasion.at, amount }),
        sides: Some(Box::new(occasion.sides)),
    }
}

/// So many occasions, one every minute; answers what came of them, and how much less a choice brought than the best would have.
fn live(n: u32, from: u32, models: &Models, random: &mut impl rand::Rng) -> (Vec<Round>, f64) {
    let (mut rounds, mut regret) = (Vec::new(), 0.0);
    for at in from..from + n {
        let time = if random.random::<f64>() < 0.5 { "morning" } else { "evening" };
        let question = asked(time, &ACTIONS, Timestamp::from_millis(NOW.as_millis() + 60_000 * i64::from(at)));
        let id = DecisionId::of_occasion("rank", &at.to_string());
        let (_, actions, record) = ranked(id.as_str(), &question, &unknown(true), models);
        let (_, length) = ACTIONS.iter().find(|(id, _)| *id == actions.chosen[0].id).unwrap();
        let p = chance(time, length);
        regret += 0.6 - p;
        rounds.push(round(&record, (random.random::<f64>() < p).then_some(1.0)));
    }
    (rounds, regret / f64::from(n))
}

#[test]
fn the_better_action_of_each_situation_is_found_and_regret_falls() {
    let mut random = Seed::new(7).stream("rank", 0);
    let (mut rounds, mut models, mut regrets) = (Vec::new(), Models::default(), Vec::new());
    for batch in 0..5 {
        let (more, regret) = live(400, 400 * batch, &models, &mut random);
        rounds.extend(more);
        regrets.push(regret);
        models = learned(rounds.clone(), Timestamp::from_millis(NOW.as_millis() + 60_000 * 400 * i64::from(batch + 1)));
    }
    // Half of what is drawn evenly is of the wrong length.
    assert!((regrets[0] - 0.225).abs() < 0.04, "{regrets:?}");
    assert!(regrets[4] < 0.3 * regrets[0] && regrets[4] < regrets[1] + 0.01, "{regrets:?}");
    for (time, wanted) in [("morning", "short"), ("evening", "long")] {
        // What never came before is known by what is said of it.
        let offered = [("brand new", wanted), ("other new", if wanted == "short" { "long" } else { "short" })];
        for all in [ACTIONS.to_vec(), offered.to_vec()] {
            let id = DecisionId::of_occasion("rank", time);
            let (answer, actions, record) = ranked(id.as_str(), &asked(time, &all, NOW), &unknown(true), &models);
            let p = likely(&actions);
            let of_wanted: f64 = all.iter().filter(|(_, length)| *length == wanted).map(|(id, _)| p[*id]).sum();
            assert!(of_wanted > 0.8, "{time}: {p:?}");
            let model = answer.model.unwrap();
            assert_eq!((model.name.as_str(), model.version.as_str()), ("rank", "0123456789ab"));
            assert_eq!(record.models().get(&"rank".into()), Some(&model.version), "a replay finds it by the record");
            assert!((p.values().sum::<f64>() - 1.0).abs() < 1e-9 && p.values().all(|p| *p > 0.0));
        }
    }
}

#[test]
fn what_has_not_come_yet_is_not_taken_for_nothing() {
    // A reward comes after two hours; half of the occasions are younger than that.
    let mut random = Seed::new(9).stream("rank", 1);
    let (mut rounds, _) = live(1_200, 0, &Models::default(), &mut random);
    for (at, round) in rounds.iter_mut().enumerate() {
        round.at = Timestamp::from_millis(NOW.as_millis() + 12_000 * i64::try_from(at).unwrap());
        let told = Timestamp::from_millis(round.at.as_millis() + 2 * HOUR_MS);
        let until = Timestamp::from_millis(NOW.as_millis() + 4 * HOUR_MS);
        round.reward = round.reward.map(|reward| Rewarded { at: told, ..reward }).filter(|reward| reward.at <= until);
    }
    let models = learned(rounds, Timestamp::from_millis(NOW.as_millis() + 4 * HOUR_MS));
    let (_, actions, _) = ranked("o1", &asked("morning", &ACTIONS, NOW), &unknown(true), &models);
    let of = |id: &str| actions.chosen.iter().find(|one| one.id == id).unwrap().priority;
    assert!((of("news") - 0.6).abs() < 0.12 && (of("story") - 0.15).abs() < 0.12, "{actions:?}");
}

#[test]
fn until_something_is_learned_all_are_equally_likely_and_what_is_excluded_is_never_first() {
    let mut firsts: BTreeMap<String, u32> = BTreeMap::new();
    for at in 0..900 {
        let mut question = asked("morning", &ACTIONS, NOW);
        question.parameters.insert("exclude".to_owned(), json!(["essay"]));
        let id = DecisionId::of_occasion("rank", &at.to_string());
        let (answer, actions, record) = ranked(id.as_str(), &question, &unknown(true), &Models::default());
        assert_eq!((answer.fallback, answer.model), (None, None), "nothing is missing: nobody need be known");
        assert_eq!(actions.left_out["asked"], ["essay"]);
        assert!(likely(&actions).values().all(|p| (p - 1.0 / 3.0).abs() < 1e-9), "{actions:?}");
        assert_eq!(record.occasion().unwrap().candidates, [0, 2, 3].into());
        assert_eq!(record.acted(&[]), None, "nothing of it is of declared actions");
        *firsts.entry(actions.chosen[0].id.clone()).or_default() += 1;
    }
    assert!(firsts.len() == 3 && firsts.values().all(|n| (230..370).contains(n)), "{firsts:?}");
}

#[test]
fn who_is_held_out_gets_the_first_and_who_refuses_is_not_looked_at() {
    let mut random = Seed::new(7).stream("rank", 0);
    let models = learned(live(400, 0, &Models::default(), &mut random).0, NOW.plus_days(1));
    let question = Question { arm: Some(Arm::Holdout), customer: "u".into(), ..asked("evening", &ACTIONS, NOW) };
    let (answer, actions, record) = ranked("o2", &question, &known(Knowledge::default()), &models);
    let named: Vec<(&str, f64)> = actions.chosen.iter().map(|one| (one.id.as_str(), one.propensity.get())).collect();
    assert_eq!(named, [("news", 1.0)]);
    assert!(answer.fallback.unwrap().ends_with("the first one is taken.") && record.occasion().is_none());
    let question = Question { customer: "u".into(), ..asked("evening", &ACTIONS, NOW) };
    let (answer, actions, _) = ranked("o3", &question, &refused(), &models);
    assert!(answer.model.is_none() && likely(&actions).values().all(|p| (p - 0.25).abs() < 1e-9));
    let (answer, ..) = ranked("o4", &question, &known(Knowledge::default()), &models);
    assert!(answer.model.is_some() && answer.fallback.is_none());
}

#[test]
fn a_question_that_nothing_can_be_chosen_by_is_refused_with_what_to_give() {
    let kind = Rank::new(Ranking::default());
    let two = json!([{"id": "a"}, {"id": "b"}]);
    for (parameters, said) in [
        (json!({}), "actions is missing: give a list of 1 to 50 things"),
        (json!({"actions": two, "exclude": ["c"]}), "exclude names \"c\", which is none of the actions"),
        (json!({"actions": two, "exclude": ["a", "b"]}), "exclude names all of the actions: leave one to be chosen"),
        (json!({"actions": two, "event": ""}), "event is empty: give a name, or leave it out"),
        (json!({"actions": two, "event": "x".repeat(257)}), "event has 257 bytes: give at most 256"),
        (json!({"actions": two, "deferred": 1}), "deferred is 1: give true or false"),
    ] {
        let given: Parameters = serde_json::from_value(parameters).unwrap();
        let error: DecisionError = kind.check(&given).unwrap_err();
        assert!(error.to_string().starts_with(said), "{error}");
    }
}

/// It was learned and does not answer: whoever reads that nothing is known yet would wait for more of what there is already.
#[test]
fn where_what_was_learned_does_not_answer_it_is_said_why() {
    let why = "The newest rank model, 1f2e, does not answer, since simple answers are as good";
    let mut models = Models::default();
    models.set_aside("rank".into(), why.to_owned());
    let question = asked("morning", &ACTIONS, NOW);
    let (answer, actions, record) = ranked("set-aside", &question, &unknown(true), &models);
    assert_eq!(answer.model, None);
    assert!(actions.chosen.iter().all(|one| one.reason == format!("Nothing is foretold of it. {why}")), "{actions:?}");
    let mut again = Models::default();
    let record = super::reopened(&record);
    record.unusable().iter().for_each(|(task, why)| again.set_aside(task.clone(), why.clone()));
    let kind = Rank::new(Ranking::default());
    assert_eq!(crate::replay(&kind, catalogue(), &record, &again).unwrap(), answer, "by what the record says alone");
    let (_, actions, _) = ranked("nothing-yet", &question, &unknown(true), &Models::default());
    assert!(actions.chosen.iter().all(|one| one.reason == "Nothing is foretold of it yet"), "{actions:?}");
}
