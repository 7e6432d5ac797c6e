//! Is what was learned of actions what is chosen by, and is what was chosen told so that it can be learned from?

use super::shop::{NOW, Shop, catalogue, decided_by, known, question, unknown};
use crate::{
    Act, Action, Actions, Answer, Arbitration, Arm, Contender, Content, Explore, Kind, Knowledge, Lever, Levers,
    Models, Question, Record, Subject,
};
use learning::{Data, Dataset, Doable, Loaded, PolicySettings, Rewarded, Round, RoundLog, Votes, train};
use primitives::{HOUR_MS, ModelVersion, Seed, Timestamp};
use serde_json::json;
use std::sync::{Arc, OnceLock};

fn actions() -> Vec<Action> {
    let tables = [
        json!({"name": "grinder", "value": 10, "group": "things", "prior": 0.9}),
        json!({"name": "cups", "value": 10, "group": "things", "prior": 0.1}),
        json!({"name": "filters", "value": 10, "group": "things", "prior": 0.9}),
        json!({"name": "course", "value": 10, "group": "visits", "prior": 0.07}),
        json!({"name": "recall", "value": 1, "mandatory": true, "eligible": "orders_365d > 50"}),
    ];
    tables.iter().map(|table| Action::from_table(table.as_object().unwrap()).unwrap()).collect()
}

fn act(explore: Explore) -> Act {
    let arbitration = Arbitration { explore, ..Arbitration::default() };
    Act::new(actions(), arbitration, &[], &["orders_365d".to_owned()].into(), &[])
}

/// A policy that has learned: cups are accepted by half of those who order often, and by hardly anybody else; grinders by one of ten.
fn policies() -> Models {
    policies_with(Votes::None)
}

/// The same, with who votes.
fn policies_with(votes: Votes) -> Models {
    static TRAINED: [OnceLock<Loaded>; 3] = [const { OnceLock::new() }; 3];
    let loaded = TRAINED[votes as usize].get_or_init(|| {
        let actions = ["grinder", "cups", "filters", "course"].map(|name| Doable {
            name: name.to_owned(),
            group: if name == "course" { "visits" } else { "things" }.to_owned(),
            value: 10.0,
            cost: 0.0,
            costs: 0.0,
            is_nothing: false,
        });
        let round = |at: u32| {
            let (action, often) = (at % 2, at / 2 % 2);
            let one_of = if action == 1 { 2 - 2 * i64::from(1 - often) } else { 10 };
            let moment = Timestamp::from_millis(NOW.as_millis() - i64::from(2_000 - at) * HOUR_MS);
            let comes = one_of > 0 && i64::from(at / 4) % one_of == 0;
            Round {
                customer: format!("c{at}").into(),
                at: moment,
                decision: format!("d{at:05}"),
                channel: 0,
                is_own: true,
                is_shown: true,
                place: 0,
                action,
                candidates: [0, 1].into(),
                chances: Box::default(),
                propensity: 0.5,
                x: [if often == 1 { 9.0 } else { 1.0 }].into(),
                reward: comes.then_some(Rewarded { at: moment, amount: 1.0 }),
                sides: None,
            }
        };
        let log = RoundLog {
            inputs: vec!["orders_365d".to_owned()],
            actions: actions.into(),
            settings: PolicySettings { votes, ..PolicySettings::default() },
            rounds: (0..2_000).map(round).collect(),
            n_unbelievable: 0,
            n_unshown: 0,
            unshown: Vec::new(),
            is_vouched: true,
        };
        let dataset = Dataset::of_rounds(log, events::Offset::default());
        let data = Data { dataset: &dataset, catalogue: catalogue(), now: NOW, seed: Seed::new(1) };
        let trained = train(&learning::Act::default(), &data).unwrap();
        Loaded {
            version: ModelVersion::from("0123456789ab"),
            header: trained.header,
            inputs: features::Inputs::default(),
            catalogue: Arc::default(),
            body: trained.body,
        }
    });
    let mut models = Models::default();
    models.put(loaded.clone());
    models
}

fn customer(orders: f64) -> Subject {
    known(Knowledge { features: [("orders_365d".to_owned(), orders)].into(), ..Knowledge::default() })
}

fn asked(customer: &str, n: u64) -> Question {
    let parameters = [("n".to_owned(), n.into())].into();
    Question { kind: "act".into(), customer: customer.into(), parameters, ..question("churn", 1) }
}

fn decided(act: &Act, question: &Question, subject: &Subject, models: &Models) -> (Answer, Actions, Record) {
    let (answer, record) = decided_by(act, question, subject, models, &Shop::full());
    let again = crate::replay(act, catalogue(), &super::reopened(&record), models).unwrap();
    assert_eq!(again, answer, "a replay says the same");
    match answer.content.clone() {
        Content::Actions(actions) => (answer, *actions, record),
        other => panic!("actions were asked for: {other:?}"),
    }
}

#[test]
fn what_is_learned_takes_the_place_of_what_was_declared() {
    let act = act(Explore::SquareCb);
    let (answer, actions, record) = decided(&act, &asked("user:1", 4), &customer(9.0), &policies());
    let model = answer.model.unwrap();
    assert_eq!((model.name.as_str(), model.version.as_str()), ("act", "0123456789ab"));
    assert_eq!(record.models().get(&"act".into()), Some(&model.version), "a replay finds it by the record");
    let of = |name: &str| actions.chosen.iter().find(|action| action.id == name).unwrap();
    let share = |name: &str| of(name).factors.unwrap().propensity;
    assert!((share("cups") - 0.5).abs() < 0.06 && (share("grinder") - 0.1).abs() < 0.06, "{actions:?}");
    assert!(of("cups").reason.contains("by what came of it before"), "{:?}", of("cups"));
    // Filters were never drawn: they are worth what their group is. Of visits nothing is known.
    assert!((0.1..0.3).contains(&share("filters")) && of("filters").reason.contains("as others of its group are"));
    assert!((share("course") - 0.07).abs() < 1e-9 && of("course").reason.contains("as was declared"));
    let (_, actions, _) = decided(&act, &asked("user:1", 4), &customer(1.0), &policies());
    let cups = actions.chosen.iter().find(|action| action.id == "cups").unwrap();
    assert!(cups.factors.unwrap().propensity < 0.06, "it is learned for whom: {cups:?}");
    // Without a model what was declared counts, and of whom nothing is known the model says what it can.
    let (answer, actions, _) = decided(&act, &asked("user:1", 4), &customer(9.0), &Models::default());
    assert_eq!(answer.model, None);
    assert!(actions.chosen.iter().any(|action| (action.factors.unwrap().propensity - 0.9).abs() < 1e-9));
    let (answer, ..) = decided(&act, &asked("user:1", 4), &unknown(true), &policies());
    assert!(answer.model.is_some() && answer.fallback.is_some(), "{answer:?}");
}

#[test]
fn whatever_explores_leaves_a_chance_to_everything_and_most_to_what_is_best() {
    for explore in Explore::NAMES.map(|name| Explore::of(name).unwrap()) {
        let (act, models) = (act(explore), policies_with(explore.votes()));
        let first = |customer_idx: u32| {
            let (_, actions, _) = decided(&act, &asked(&format!("user:{customer_idx}"), 1), &customer(9.0), &models);
            (actions.chosen[0].id.clone(), actions.chosen[0].propensity.get())
        };
        let found: Vec<(String, f64)> = (0..60).map(first).collect();
        // Of filters nothing is known: whoever is optimistic tries them first.
        let is_meant = |name: &str| name == "cups" || explore == Explore::LinUcb && name == "filters";
        let n_best = found.iter().filter(|(name, _)| is_meant(name)).count();
        // Those who vote in a cover are each drawn to what the others rarely choose.
        let least = if explore == Explore::Cover { 40 } else { 50 };
        assert!(n_best >= least, "{explore:?}: {n_best}");
        // A fiftieth is spread over four.
        assert!(found.iter().all(|(_, chance)| *chance >= 0.02 / 4.0 - 1e-9), "{explore:?}: {found:?}");
    }
    assert_eq!(Explore::of("anything"), None);
}

/// Grinders cost more than they bring by what is known of them: so little that it could not be otherwise. Cups hardly succeed for
/// these customers, which costs nothing to try.
#[test]
fn what_is_foretold_leaves_out_only_what_costs_more_than_it_could_bring() {
    let tables = [
        json!({"name": "grinder", "value": 10, "group": "things", "cost": 3}),
        json!({"name": "cups", "value": 10, "group": "things"}),
    ];
    let actions: Vec<Action> =
        tables.iter().map(|table| Action::from_table(table.as_object().unwrap()).unwrap()).collect();
    let act = Act::new(actions, Arbitration::default(), &[], &["orders_365d".to_owned()].into(), &[]);
    for orders in [1.0, 0.0, -40.0] {
        let (_, actions, _) = decided(&act, &asked("user:1", 2), &customer(orders), &policies());
        assert_eq!(actions.chosen.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["cups"], "{orders}");
        assert_eq!(actions.left_out.get("value"), Some(&vec!["grinder".to_owned()]));
    }
}

#[test]
fn what_was_drawn_is_told_with_its_chances_and_what_it_was_drawn_from() {
    let inputs = crate::inputs_of_policies(&[]);
    let question = asked("user:1", 2);
    let (_, actions, record) = decided(&act(Explore::SquareCb), &question, &customer(99.0), &Models::default());
    assert_eq!(actions.chosen[0].id, "recall");
    let acted = super::reopened(&record).acted(&inputs).unwrap();
    assert_eq!((acted.customer.as_str(), acted.at, acted.x.len()), ("user:1", NOW, inputs.len()));
    let at = inputs.iter().position(|name| name == "orders_365d").unwrap();
    assert!((acted.x[at] - 99.0).abs() < 1e-6 && acted.x[0].is_nan(), "{:?}", acted.x);
    let [drawn] = &acted.drawn[..] else { panic!("what comes first is not drawn: {acted:?}") };
    assert_eq!((drawn.name.as_str(), drawn.place, drawn.is_first), (actions.chosen[1].id.as_str(), 0, false));
    assert!((drawn.propensity - actions.chosen[1].propensity.get()).abs() < 1e-12);
    let mut candidates = drawn.candidates.clone();
    candidates.sort();
    assert_eq!(candidates, ["course", "cups", "filters", "grinder"]);
    // Two places: the second was drawn from what the first had left.
    let (_, _, record) = decided(&act(Explore::SquareCb), &question, &customer(1.0), &Models::default());
    let acted = record.acted(&inputs).unwrap();
    assert_eq!(acted.drawn.iter().map(|one| (one.place, one.candidates.len())).collect::<Vec<_>>(), [(0, 4), (1, 3)]);
    // Nothing was drawn for whom is held out, nor is anything left to learn from where it was forgotten.
    let held = Question { arm: Some(Arm::Holdout), ..question.clone() };
    let (_, _, held_out) = decided(&act(Explore::SquareCb), &held, &customer(1.0), &Models::default());
    assert_eq!(held_out.acted(&inputs), None);
    assert_eq!(record.forget().acted(&inputs), None);
}

/// Whoever votes is asked: with them another chance comes out than without, and the same again from the bytes of the model.
#[test]
fn those_who_vote_are_asked_and_read_back_from_the_bytes_of_the_model() {
    for explore in [Explore::Bag, Explore::Cover] {
        let (act, voting, alone) = (act(explore), policies_with(explore.votes()), policies());
        let chances = |models: &Models| -> Vec<f64> {
            let first = |orders: f64| {
                let (_, actions, _) = decided(&act, &asked("user:1", 4), &customer(orders), models);
                let first = |one: &crate::ChosenAction| one.propensity.get();
                actions.chosen.iter().map(first).next().unwrap()
            };
            (0..12).map(|orders| first(f64::from(orders))).collect()
        };
        let (_, policy) = voting.policy(&"act".into()).unwrap();
        assert_eq!(policy.n_members(), 5);
        let bytes = policy.to_bytes().unwrap();
        let again = learning::PolicyModel::from_bytes(&bytes).unwrap();
        assert_eq!(&again, policy, "{explore:?}");
        let (_, plain) = alone.policy(&"act".into()).unwrap();
        assert_eq!((plain.n_members(), plain.to_bytes().unwrap()[0], bytes[0]), (0, 5, 6));
        for damaged in [bytes[..bytes.len() - 1].to_vec(), [&[4], &plain.to_bytes().unwrap()[1..]].concat()] {
            assert!(learning::PolicyModel::from_bytes(&damaged).is_err());
        }
        // Without anybody who votes, what seems best gets all but the floor.
        assert!(
            chances(&alone).iter().all(|chance| (*chance - 0.985).abs() < 1e-9 || *chance < 0.006),
            "{:?}",
            chances(&alone)
        );
        let told = chances(&voting);
        assert!(told.iter().all(|chance| (0.005 - 1e-9..=0.985 + 1e-9).contains(chance)), "{told:?}");
    }
}

/// What can be weighed again of a record is what was drawn from then; and levers change nothing else.
#[test]
fn what_could_have_been_drawn_is_weighed_again_as_it_was_and_with_other_levers() {
    for explore in Explore::NAMES.map(|name| Explore::of(name).unwrap()) {
        let (act, models) = (act(explore), policies());
        for subject in [customer(9.0), customer(60.0), unknown(true)] {
            let (_, actions, record) = decided(&act, &asked("user:1", 4), &subject, &models);
            let record = super::reopened(&record);
            let weighed = |kind: &dyn Kind| crate::contenders(kind, catalogue(), &record, &models).unwrap();
            let all = weighed(&act);
            let drawn = record.acted(&[]).unwrap().drawn;
            let named: std::collections::BTreeSet<&str> = all.iter().map(|one| one.name.as_str()).collect();
            assert_eq!(named, drawn[0].candidates.iter().map(String::as_str).collect());
            let first = all.iter().find(|one| one.name == drawn[0].name).unwrap();
            // What is drawn first is told as its part of all chances, which sum to 1 but for rounding.
            assert!((first.chance - drawn[0].propensity).abs() < 1e-12, "{explore:?}: {all:?}");
            assert!((all.iter().map(|one| one.chance).sum::<f64>() - 1.0).abs() < 1e-9, "{all:?}");
            let chosen = actions.chosen.iter().find(|one| one.id == first.name).unwrap();
            assert_eq!((Some(first.factors), first.priority), (chosen.factors, chosen.priority));

            assert_eq!(weighed(act.with_levers(&Levers::default()).unwrap().as_ref()), all, "nothing is set otherwise");
            let best = Contender::best(&all, |one| one.priority).unwrap().name.clone();
            let aside = Lever { weight: Some(0.0), value: None };
            let levers = Levers { actions: [(best.clone(), aside)].into(), ..Levers::default() };
            let others = weighed(act.with_levers(&levers).unwrap().as_ref());
            assert!(others.len() + 1 == all.len() && others.iter().all(|one| one.name != best), "{others:?}");
            let dear = Lever { weight: None, value: Some(1_000.0) };
            let levers =
                Levers { actions: [("course".to_owned(), dear)].into(), floor: Some(0.5), ..Levers::default() };
            let others = weighed(act.with_levers(&levers).unwrap().as_ref());
            assert_eq!(Contender::best(&others, |one| one.priority).unwrap().name, "course");
            assert!(others.iter().all(|one| one.chance >= 0.5 / others.len() as f64 - 1e-12), "{others:?}");
        }
    }
    // Of whom was held out, and of what is forgotten, nothing is weighed again.
    let (act, models) = (act(Explore::SquareCb), policies());
    let (_, _, record) = decided(&act, &asked("user:1", 1), &customer(9.0), &models);
    assert!(crate::contenders(&act, catalogue(), &record.clone().forget(), &models).is_err());
    let held = Question { arm: Some(Arm::Holdout), ..asked("user:1", 1) };
    let (_, record) = decided_by(&act, &held, &customer(9.0), &models, &Shop::full());
    assert!(crate::contenders(&act, catalogue(), &record, &models).unwrap().is_empty());
    let churn = crate::Propensity::new(&learning::churn());
    assert!(crate::contenders(&churn, catalogue(), &record, &models).unwrap().is_empty());
    assert!(
        churn.actions().is_empty() && churn.arbitration().is_none() && churn.with_levers(&Levers::default()).is_none()
    );
}
