//! Is what is done for a customer what may be done, and the same on every channel?

use super::shop::{NOW, catalogue, decided_by, known, models, question, unknown};
use crate::filter::{Measure, Names};
use crate::{
    Act, Action, Actions, Answer, Arbitration, Content, ItemFacts, Kind, Knowledge, Models, Offer, Question,
    Repertoire, Sales, Segment, Subject, World,
};
use primitives::{HOUR_MS, ItemKey, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A shop in which one item is sold out.
struct SoldOut(ItemKey);

impl World for SoldOut {
    fn is_available(&self, item: ItemKey) -> bool {
        item != self.0
    }

    fn facts(&self, _: ItemKey) -> Option<ItemFacts> {
        None
    }

    fn popular(&self, _: usize) -> Vec<(ItemKey, Sales)> {
        Vec::new()
    }
}

fn action(table: Value) -> Action {
    Action::from_table(table.as_object().unwrap()).unwrap()
}

/// The same as actions and as offers: it is one arbitration.
fn both(tables: &[Value]) -> [Act; 2] {
    let actions: Vec<Action> = tables.iter().cloned().map(action).collect();
    let offers: Vec<Offer> =
        tables.iter().map(|table| Offer::from_table(table.as_object().unwrap()).unwrap()).collect();
    [Repertoire::from(actions), Repertoire::offers(&offers)].map(of)
}

fn of(all: Repertoire) -> Act {
    Act::new(all, Arbitration::default(), &[learning::churn()], &["orders_365d".to_owned()].into(), &[])
}

fn asked(customer: &str, parameters: Value) -> Question {
    let parameters = parameters.as_object().cloned().unwrap().into_iter().collect();
    Question { kind: "act".into(), customer: customer.into(), parameters, ..question("churn", 1) }
}

fn buyer(orders: f64) -> Subject {
    known(Knowledge {
        features: [("orders_365d".to_owned(), orders)].into(),
        traits: [("plan".to_owned(), "pro".to_owned())].into(),
        ..Knowledge::default()
    })
}

fn answered(act: &Act, question: &Question, subject: &Subject) -> (Answer, Actions) {
    let question = &Question { kind: act.about().name.clone(), ..question.clone() };
    let sold_out = SoldOut(ItemKey::from(&primitives::ItemId::from("gone")));
    let (answer, record) = decided_by(act, question, subject, &Models::default(), &sold_out);
    let again = crate::replay(act, catalogue(), &super::reopened(&record), &Models::default()).unwrap();
    assert_eq!(again, answer, "a replay says the same");
    match answer.content.clone() {
        Content::Actions(actions) => (answer, *actions),
        other => panic!("actions were asked for: {other:?}"),
    }
}

fn ids(actions: &Actions) -> Vec<&str> {
    actions.chosen.iter().map(|action| action.id.as_str()).collect()
}

#[test]
fn an_action_that_is_left_out_names_the_first_rule_that_does_it() {
    let until = json!(Timestamp::from_millis(NOW.as_millis() - 1).to_string());
    for act in both(&[
        json!({"name": "open", "value": 5}),
        json!({"name": "elsewhere", "channels": ["email"], "until": until, "value": 5}),
        json!({"name": "over", "until": until, "eligible": "orders_365d > 99", "value": 5}),
        json!({"name": "unmeant", "eligible": "orders_365d > 99", "value": 5}),
        json!({"name": "aside", "weight": 0, "eligible": "orders_365d > 99", "value": 5}),
        json!({"name": "rich", "eligible": "orders_365d > 99", "suitable": "orders_365d > 99", "value": 5}),
        json!({"name": "fit", "suitable": "orders_365d > 99", "stock": "gone", "value": 5}),
        json!({"name": "gone", "stock": "gone", "value": 5, "cost": 500}),
        json!({"name": "dear", "stock": "there", "value": 5, "prior": 0.1, "cost": 0.5}),
        json!({"name": "unscored", "eligible": "churn < 0.5 or orders_365d > 99", "value": 5}),
        json!({"name": "unsaid", "suitable": "traits.size = \"L\"", "value": 5}),
        json!({"name": "pro", "eligible": "traits.plan = \"pro\"", "value": 0.01}),
    ]) {
        let (answer, actions) =
            answered(&act, &asked("user:1", json!({"channel": "web", "n": 9, "exclude": ["unmeant"]})), &buyer(3.0));
        let expected: BTreeMap<String, Vec<String>> = [
            ("channel", "elsewhere"),
            ("schedule", "over"),
            ("asked", "unmeant"),
            ("weight", "aside"),
            ("eligible", "rich"),
            ("suitable", "fit"),
            ("stock", "gone"),
            ("value", "dear"),
            ("eligible: not known", "unscored"),
            ("suitable: not known", "unsaid"),
        ]
        .map(|(rule, name)| (rule.to_owned(), vec![name.to_owned()]))
        .into();
        assert_eq!(actions.left_out, expected);
        let mut chosen = ids(&actions);
        chosen.sort_unstable();
        assert_eq!(chosen, ["open", "pro"]);
        let of = if act.about().name.as_str() == "act" { "actions" } else { "offers" };
        assert!(answer.shortfall.unwrap().starts_with(&format!("2 of 9 {of}: asked left out 1, channel left out 1")));
        // Of whom nothing is known, whatever asks for the person is left out.
        let (answer, actions) = answered(&act, &asked("user:2", json!({"n": 1})), &unknown(true));
        assert_eq!((ids(&actions), actions.left_out["eligible: not known"].len()), (vec!["open"], 4));
        assert!(answer.fallback.unwrap().ends_with(&format!("{of} that ask for the person are left out.")));
    }
}

#[test]
fn within_a_period_every_channel_does_the_same_and_no_action_twice() {
    let names: Vec<Value> = (0..6).map(|at| json!({"name": format!("a{at}"), "value": 5 + at})).collect();
    for act in both(&names) {
        let mut firsts = BTreeSet::new();
        for customer in 0..40 {
            let customer = format!("user:{customer}");
            let of = |parameters: Value, hours: i64| {
                let at = Timestamp::from_millis(NOW.as_millis() + hours * HOUR_MS);
                answered(&act, &Question { as_of: at, ..asked(&customer, parameters) }, &buyer(3.0)).1
            };
            let web = of(json!({"channel": "web"}), 0);
            for (channel, hours) in [("email", 1), ("call", 5), ("store", 11)] {
                assert_eq!(of(json!({"channel": channel}), hours), web, "noon to midnight is one period");
            }
            let three = of(json!({"n": 3}), 0);
            let different: BTreeSet<&str> = ids(&three).into_iter().collect();
            assert_eq!((different.len(), ids(&three)[0]), (3, ids(&web)[0]));
            firsts.insert((ids(&web)[0].to_owned(), ids(&of(json!({}), 24))[0].to_owned()));
        }
        assert!(firsts.iter().any(|(today, tomorrow)| today != tomorrow), "the next day is drawn by itself");
    }
}

#[test]
fn actions_are_chosen_as_often_as_is_told() {
    for act in both(&[
        json!({"name": "best", "value": 10}),
        json!({"name": "good", "value": 9}),
        json!({"name": "poor", "value": 1}),
        json!({"name": "nothing", "nothing": true}),
    ]) {
        let n = 4_000;
        let mut counted: BTreeMap<String, (f64, f64)> = BTreeMap::new();
        for customer in 0..n {
            let (answer, actions) = answered(&act, &asked(&format!("user:{customer}"), json!({"n": 1})), &buyer(1.0));
            let first = &actions.chosen[0];
            assert_eq!(answer.propensity, first.propensity);
            let known = counted.entry(first.id.clone()).or_insert((0.0, first.propensity.get()));
            known.0 += 1.0 / f64::from(n);
            assert!((known.1 - first.propensity.get()).abs() < 1e-12, "the same for everybody of whom the same holds");
        }
        let told: f64 = counted.values().map(|(_, told)| told).sum();
        assert!((told - 1.0).abs() < 1e-9 && counted.len() == 4, "{counted:?}");
        for (name, (found, told)) in &counted {
            assert!(
                (found - told).abs() < 4.0 * (told * (1.0 - told) / f64::from(n)).sqrt() && *told >= 0.005,
                "{name}: {found} {told}"
            );
        }
        assert!(counted["best"].1 > counted["good"].1 && counted["good"].1 > counted["poor"].1, "{counted:?}");
    }
}

#[test]
fn what_is_mandatory_comes_first_and_what_a_place_counts_is_told() {
    for act in both(&[
        json!({"name": "terms", "mandatory": true, "value": 0, "weight": 2}),
        json!({"name": "notice", "mandatory": true, "value": 0, "weight": 5}),
        json!({"name": "offer", "value": 10, "prior": 0.5, "cost": 1, "weight": 2, "context": {"place": {"checkout": 1.5}},
               "content": {"headline": "Now"}}),
    ]) {
        let mut question = asked("user:1", json!({"n": 3}));
        question.context.insert("place".to_owned(), "checkout".into());
        let (_, actions) = answered(&act, &question, &buyer(1.0));
        assert_eq!(ids(&actions), ["notice", "terms", "offer"]);
        let offer = &actions.chosen[2];
        assert!((offer.priority - 12.0).abs() < 1e-12, "(0.5 * 10 - 1) * 1.5 * 2: {offer:?}");
        assert_eq!(
            (offer.content["headline"].as_str(), offer.propensity.get().to_bits()),
            (Some("Now"), 1.0_f64.to_bits())
        );
        let (_, actions) = answered(&act, &asked("user:1", json!({"n": 1})), &buyer(1.0));
        assert_eq!(
            (ids(&actions), (actions.left_out["outranked"].len(), &*actions.left_out["no place"])),
            (vec!["notice"], (1, &["terms".to_owned()][..]))
        );
    }
}

#[test]
fn who_is_held_out_has_nothing_done_for_them() {
    for act in both(&[
        json!({"name": "offer", "value": 10}),
        json!({"name": "terms", "mandatory": true, "value": 0}),
        json!({"name": "vip_terms", "mandatory": true, "value": 0, "eligible": "orders_365d >= 1"}),
    ]) {
        let held = Question { arm: Some(crate::Arm::Holdout), ..asked("user:1", json!({"n": 9})) };
        let (answer, actions) = answered(&act, &held, &buyer(1.0));
        // What is mandatory is for whom it is for, held out or not.
        assert_eq!(ids(&actions), ["terms", "vip_terms"]);
        assert!(answer.fallback.unwrap().ends_with("nothing is done but what is mandatory."));
        let few = answer.shortfall.unwrap();
        assert!(
            few.starts_with("2 of 9 ") && few.ends_with(": the customer is held out"),
            "not that none is declared: {few}"
        );
        let (_, of_others) = answered(&act, &held, &buyer(0.0));
        assert_eq!((ids(&of_others), &*of_others.left_out["eligible"]), (vec!["terms"], &["vip_terms".to_owned()][..]));
        let (_, refused) = answered(&act, &held, &super::shop::refused());
        assert_eq!((ids(&refused), refused.left_out["eligible: not known"].len()), (vec!["terms"], 1));
        // A record of before, when nothing was looked at, is answered as it was then.
        let models = crate::Models::default();
        let (_, record) =
            super::shop::decided_as("one", &act, &held, (&buyer(1.0), &models, &super::shop::Shop::full()));
        let logged = record.to_logged();
        let before = super::json(&logged.record).replacen("\"v\":7", "\"v\":6", 1);
        let before = crate::Record::open(&crate::LoggedDecision { record: before.into_bytes(), ..logged }).unwrap();
        let names = |record: &crate::Record| match crate::replay(&act, catalogue(), record, &models).unwrap().content {
            Content::Actions(actions) => ids(&actions).into_iter().map(str::to_owned).collect::<Vec<_>>(),
            other => panic!("actions were asked for: {other:?}"),
        };
        assert_eq!((names(&before), names(&super::reopened(&record)).len()), (vec!["terms".to_owned()], 2));
    }
}

#[test]
fn what_is_declared_is_read_and_written_alike_and_a_mistake_is_told_with_its_place() {
    let full = json!({
        "name": "grinder", "title": "A grinder", "group": "cross_sell", "channels": ["email", "web"], "eligible": "orders_365d >= 1",
        "suitable": "churn < 0.6", "stock": "LK-0042", "value": 12.5, "cost": 0.25, "prior": 0.03, "from": "2026-12-01T00:00:00.000Z",
        "until": "2026-12-24T00:00:00.000Z", "weight": 2.0, "context": {"placement": {"checkout": 1.5}}, "upsell": true,
        "service": true, "mandatory": true, "times": 3, "nothing": true, "features": {"kind": "machine"}, "content": {"url": "/g"}
    });
    assert_eq!(Value::from(action(full.clone()).to_table()), full);
    let names = Names {
        scores: [("churn".to_owned(), Measure::Number)].into(),
        features: ["orders_365d".to_owned()].into(),
        ..Names::default()
    };
    let refused = |table: Value| {
        let read = Action::from_table(table.as_object().unwrap());
        read.and_then(|action| Action::check(&[action], &names)).unwrap_err().to_string()
    };
    for (table, said) in [
        (json!({"name": "A b", "value": 1}), "name is \"A b\""),
        (json!({"name": "a"}), "value is missing: write a number"),
        (json!({"name": "a", "value": 0}), "write what it earns, more than 0"),
        (json!({"name": "a", "value": -1}), "value is -1"),
        (json!({"name": "a", "valeu": 1}), "valeu is 1: there is no such key: write value"),
        (json!({"name": "a", "value": 1, "prior": 5}), "prior is 5: write a number from 0 to 1"),
        (json!({"name": "a", "value": 1, "channels": ["wep"]}), "did you mean \"web\"?"),
        (json!({"name": "a", "value": 1, "channels": []}), "write a list of some of web"),
        (json!({"name": "a", "value": 1, "from": "soon"}), "write a day or a moment"),
        (json!({"name": "a", "value": 1, "from": "2026-12-24", "until": "2026-12-24"}), "it ends before it begins"),
        (json!({"name": "a", "value": 1, "context": {"x": 5}}), "write factors from 0"),
        (json!({"name": "a", "value": 1, "upsell": "yes"}), "write true or false"),
        (json!({"name": "a", "value": 1, "content": []}), "write a table"),
        (json!({"name": "a", "value": 1, "eligible": "orders_365 >= 1"}), "eligible is \"orders_365 >= 1\""),
        (json!({"name": "a", "value": 1, "eligible": "id = \"42\""}), "not known in a decision"),
        (json!({"name": "a", "value": 1, "suitable": "orders_365d > 5 and orders_365d < 5"}), "it can hold of nobody"),
        (json!({"name": "a", "value": 1, "weight": 0}), "all actions have the weight 0"),
        (json!({"name": "a", "value": 1, "times": -1}), "times is -1: write a whole number of 0 to 1000"),
        (json!({"name": "a", "value": 1, "nothing": true}), "to do nothing earns nothing: leave the value out"),
    ] {
        let error = refused(table);
        assert!(error.starts_with("action \"") && error.contains(said), "{said}: {error}");
    }
    let twice = [action(json!({"name": "a", "value": 1})), action(json!({"name": "a", "value": 2}))];
    assert!(Action::check(&twice, &names).unwrap_err().to_string().contains("of this name already"));
    assert_eq!(Action::check(&[], &names), Ok(()));
}

#[test]
fn a_name_that_no_action_has_is_refused_with_the_one_that_was_meant() {
    let [one, none] = [&[json!({"name": "grinder", "value": 10})][..], &[]].map(|tables| both(tables)[0].clone());
    let check = |act: &Act, parameters: Value| {
        let parameters = parameters.as_object().cloned().unwrap().into_iter().collect();
        act.check(&parameters).map_err(|error| error.to_string())
    };
    for key in ["among", "exclude"] {
        assert_eq!(check(&one, json!({key: ["grinder"]})), Ok(()));
        let said = check(&one, json!({key: ["grinder", "grindr"]})).unwrap_err();
        assert!(said.contains(key) && said.contains("none of the actions: did you mean \"grinder\"?"), "{said}");
    }
    assert_eq!(check(&none, json!({"among": ["grinder"]})), Ok(()), "where none is declared, that is told");
}

#[test]
fn a_declaration_makes_the_same_kind_again() {
    for act in both(&[json!({"name": "grinder", "eligible": "orders_365d >= 1 and churn < 2", "value": 12.5})]) {
        let again = act.declaration().unwrap().kind().unwrap();
        assert_eq!((again.about(), again.declaration()), (act.about(), act.declaration()));
        assert_eq!((act.title_of("grinder"), act.title_of("other")), ("Grinder", "other"));
        assert!(
            act.about().reads.tasks.iter().any(|task| task.as_str() == "churn")
                && models(true).binary(&"churn".into()).is_ok()
        );
    }
}

/// Two segments of the company's own: one by a trait, one by a score.
fn segments() -> Vec<Segment> {
    let segment = |table: Value| Segment::from_table(table.as_object().unwrap()).unwrap();
    vec![
        segment(json!({"name": "pro", "rule": [{"trait": "plan", "is": "pro"}]})),
        segment(json!({"name": "leaving", "rule": [{"score": "churn", "at_least": 0.0}]})),
    ]
}

#[test]
fn conditions_ask_for_segments_and_consent_and_a_replay_finds_both_as_they_were() {
    let actions = [
        json!({"name": "of_pro", "eligible": "segment = \"pro\"", "value": 1}),
        json!({"name": "of_others", "eligible": "segment != \"pro\"", "value": 1}),
        json!({"name": "of_either", "eligible": "segment in (\"pro\", \"leaving\")", "value": 1}),
        json!({"name": "of_champions", "eligible": "segment = \"Champions\"", "value": 1}),
        json!({"name": "mail", "eligible": "consent.marketing = true", "value": 1}),
        json!({"name": "no_mail", "suitable": "consent.marketing = false", "value": 1}),
    ];
    let declared: Vec<Action> = actions.iter().cloned().map(action).collect();
    let features = ["orders_365d".to_owned()].into();
    let act = Act::new(declared.clone(), Arbitration::default(), &[learning::churn()], &features, &segments());
    Action::check(&declared, &crate::names_of_conditions(&[learning::churn()], &features, &segments())).unwrap();
    let reads = &act.about().reads;
    assert_eq!(reads.consents, [governance::Purpose::Marketing]);
    assert!(reads.currency && reads.traits.contains(&"plan".to_owned()), "{reads:?}");
    assert_eq!(reads.tasks, ["churn".into(), "segments".into(), "uplift".into()]);
    let somebody = |plan: &str, marketing: Option<bool>| {
        known(Knowledge {
            traits: [("plan".to_owned(), plan.to_owned())].into(),
            consents: marketing.map(|yes| (governance::Purpose::Marketing, yes)).into_iter().collect(),
            ..Knowledge::default()
        })
    };
    let chosen = |subject: &Subject| {
        let (_, actions) = answered(&act, &asked("user:1", json!({"n": 9})), subject);
        let mut chosen: Vec<String> = ids(&actions).into_iter().map(str::to_owned).collect();
        chosen.sort();
        (chosen, actions.left_out)
    };
    let (pro, left_out) = chosen(&somebody("pro", Some(true)));
    assert_eq!(pro, ["mail", "of_either", "of_pro"]);
    assert_eq!(left_out["eligible: not known"], ["of_champions"], "there are no groups yet");
    assert_eq!(chosen(&somebody("free", Some(false))).0, ["no_mail", "of_others"]);
    assert_eq!(chosen(&somebody("free", None)).0, ["of_others"], "what is not known leaves an action out");
    assert_eq!(chosen(&unknown(true)).0, Vec::<String>::new());
    // What it was declared as has the segments, so that others since change nothing; and is as ever where none is asked for.
    let again = act.declaration().unwrap().kind().unwrap();
    let looks = |reads: &crate::kind::Reads| (reads.traits.clone(), reads.consents.clone(), reads.tasks.clone());
    assert_eq!((again.declaration(), looks(&again.about().reads)), (act.declaration(), looks(reads)));
    let plain = |segments: &[Segment]| {
        let declared = vec![action(json!({"name": "mail", "value": 1}))];
        Act::new(declared, Arbitration::default(), &[learning::churn()], &features, segments)
    };
    assert_eq!(plain(&segments()).declaration(), plain(&[]).declaration());
}

#[test]
fn a_segment_that_there_is_not_is_refused() {
    let names = crate::names_of_conditions(&[], &BTreeSet::new(), &segments());
    let check = |written: &str| Action::check(&[action(json!({"name": "a", "value": 1, "eligible": written}))], &names);
    assert_eq!(check("segment = \"pro\" and not consent.analytics = true"), Ok(()));
    let said = check("segment = \"prro\"").unwrap_err().to_string();
    assert!(said.contains("did you mean") && said.contains("pro"), "{said}");
    let said = check("known").unwrap_err().to_string();
    assert!(said.contains("ask for features, scores, traits, segments or consent"), "{said}");
}
