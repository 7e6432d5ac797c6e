//! Is a flag for each customer what was declared, the same at every place, and is it told why?

use super::shop::{NOW, catalogue, decided_by, known, models, question, unknown};
use crate::Slot;
use crate::filter::{Measure, Names};
use crate::{
    Answer, Arm, Content, Experiment, Exposure, Flag, FlagAnswers, FlagReason, Flags, Kind, Knowledge, Models,
    Question, Subject, World,
};
use primitives::ItemKey;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Flags ask nothing of the world.
struct Nothing;

impl World for Nothing {
    fn is_available(&self, _: ItemKey) -> bool {
        false
    }

    fn facts(&self, _: ItemKey) -> Option<crate::ItemFacts> {
        None
    }

    fn popular(&self, _: usize) -> Vec<(ItemKey, crate::Sales)> {
        Vec::new()
    }
}

fn table(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn flags_of(flags: &[Value]) -> Vec<Flag> {
    flags.iter().map(|one| Flag::from_table(&table(one)).unwrap()).collect()
}

fn experiments_of(experiments: &[Value]) -> Vec<Experiment> {
    experiments.iter().map(|one| Experiment::from_table(&table(one)).unwrap()).collect()
}

fn names() -> Names {
    Names {
        scores: [("churn".to_owned(), Measure::Number)].into(),
        features: ["orders_365d".to_owned()].into(),
        ..Names::default()
    }
}

fn kind(flags: &[Value], experiments: &[Value]) -> Flags {
    let (flags, experiments) = (flags_of(flags), experiments_of(experiments));
    Experiment::check(&experiments, &names()).unwrap();
    Flag::check(&flags, &experiments, &names()).unwrap();
    Flags::new(flags, experiments, &[learning::churn()], &["orders_365d".to_owned()].into(), &[])
}

fn asked(customer: &str, parameters: Value, context: Value) -> Question {
    let parameters = table(&parameters).into_iter().collect();
    let context = serde_json::from_value(context).unwrap();
    Question { kind: "flags".into(), customer: customer.into(), parameters, context, ..question("churn", 1) }
}

fn of(customer: &str) -> Question {
    asked(customer, json!({}), json!({}))
}

fn person(plan: &str, orders: f64) -> Subject {
    known(Knowledge {
        features: [("orders_365d".to_owned(), orders)].into(),
        traits: [("plan".to_owned(), plan.to_owned())].into(),
        ..Knowledge::default()
    })
}

fn answered(kind: &Flags, question: &Question, subject: &Subject) -> (Answer, FlagAnswers) {
    let (answer, record) = decided_by(kind, question, subject, &Models::default(), &Nothing);
    let again = crate::replay(kind, catalogue(), &super::reopened(&record), &Models::default()).unwrap();
    assert_eq!(again, answer, "a replay says the same");
    match answer.content.clone() {
        Content::Flags(flags) => (answer, *flags),
        other => panic!("flags were asked for: {other:?}"),
    }
}

/// Value, reason and rule of each flag.
fn told(flags: &FlagAnswers) -> BTreeMap<&str, (Value, FlagReason, Option<usize>)> {
    flags.flags.iter().map(|(name, one)| (name.as_str(), (one.value.clone(), one.reason, one.rule))).collect()
}

fn bold() -> Value {
    json!({"name": "copy", "variations": [{"name": "control", "value": "A"}, {"name": "bold", "value": "B"}]})
}

#[test]
fn the_first_rule_that_is_right_decides_and_is_told() {
    let kind = kind(
        &[
            json!({"name": "plain", "default": 1}),
            json!({"name": "off", "default": false, "on": false, "rules": [{"value": true}]}),
            json!({"name": "page", "default": "old", "rules": [
                {"when": "traits.plan = \"pro\" and orders_365d >= 2", "value": "new"}, {"share": 0.0, "value": "never"},
                {"when": "orders_365d >= 1", "value": "half"}]}),
            json!({"name": "drawn", "default": "", "rules": [{"share": 1.0, "value": "all"}]}),
            json!({"name": "needing", "default": "no", "needs": [{"flag": "page", "is": "new"}], "rules": [{"value": "yes"}]}),
            json!({"name": "needing_off", "default": "no", "needs": [{"flag": "off"}], "rules": [{"value": "yes"}]}),
        ],
        &[],
    );
    let (answer, flags) = answered(&kind, &of("ann"), &person("pro", 2.0));
    assert_eq!(answer.fallback, None);
    let expected = [
        ("drawn", (json!("all"), FlagReason::Share, Some(1))),
        ("needing", (json!("yes"), FlagReason::Rule, Some(1))),
        ("needing_off", (json!("no"), FlagReason::Needs, None)),
        ("off", (json!(false), FlagReason::Off, None)),
        ("page", (json!("new"), FlagReason::Rule, Some(1))),
        ("plain", (json!(1), FlagReason::Default, None)),
    ];
    assert_eq!(told(&flags), expected.into());
    let (_, flags) = answered(&kind, &of("ann"), &person("pro", 1.0));
    assert_eq!(told(&flags)["page"], (json!("half"), FlagReason::Rule, Some(3)));
    assert_eq!(told(&flags)["needing"], (json!("no"), FlagReason::Needs, None));
    // Of whom nothing is known: shares are drawn, and conditions hold by what the question says.
    let (answer, flags) = answered(&kind, &asked("ann", json!({}), json!({"plan": "pro"})), &unknown(true));
    assert!(answer.fallback.unwrap().ends_with("rules that ask what is known of the person do not apply."));
    assert_eq!(told(&flags)["drawn"], (json!("all"), FlagReason::Share, Some(1)));
    assert_eq!(told(&flags)["page"], (json!("old"), FlagReason::Default, None));
}

#[test]
fn what_the_question_says_of_a_customer_counts_before_what_was_known() {
    let kind = kind(
        &[
            json!({"name": "page", "default": "old", "rules": [{"when": "traits.plan = \"pro\"", "value": "new"}]}),
            json!({"name": "grown", "default": false, "rules": [{"when": "traits.age >= 18", "value": true}]}),
            json!({"name": "young", "default": false, "rules": [{"when": "not traits.age >= 18", "value": true}]}),
        ],
        &[],
    );
    let value = |context: Value, name: &str| {
        answered(&kind, &asked("ann", json!({}), context), &person("pro", 1.0)).1.flags[name].value.clone()
    };
    assert_eq!((value(json!({}), "page"), value(json!({"plan": "free"}), "page")), (json!("new"), json!("old")));
    assert_eq!((value(json!({"age": 18}), "grown"), value(json!({"age": 17}), "grown")), (json!(true), json!(false)));
    assert_eq!((value(json!({"age": 17}), "young"), value(json!({}), "young")), (json!(true), json!(false)));
}

#[test]
fn an_experiment_that_is_met_is_told_with_its_variation_also_where_only_a_need_met_it() {
    let flags = [
        json!({"name": "button", "default": "", "rules": [{"experiment": "copy"}]}),
        json!({"name": "below", "default": 0, "needs": [{"flag": "button", "is": "B"}], "rules": [{"value": 1}]}),
        json!({"name": "other", "default": 0}),
    ];
    let kind = kind(&flags, &[bold()]);
    let mut n_bold = 0;
    for customer in 0..200 {
        let name = format!("customer-{customer}");
        let (answer, all) = answered(&kind, &of(&name), &person("pro", 1.0));
        let button = &all.flags["button"];
        let variation = button.variation.clone().unwrap();
        assert_eq!((button.reason, button.rule), (FlagReason::Experiment, Some(1)));
        assert_eq!(button.value, json!(if variation == "bold" { "B" } else { "A" }));
        assert_eq!(all.flags["below"].value, json!(i32::from(variation == "bold")));
        let met = vec![Exposure { experiment: "copy".to_owned(), arm: variation.clone() }];
        assert_eq!(answer.content.exposures(), met);
        // Sticky: nothing that is known of them changes it, and neither does what else is asked for.
        for (parameters, exposures) in [
            (json!({"flags": ["below"]}), met.clone()),
            (json!({"flags": ["other"]}), Vec::new()),
            (json!({"flags": ["button", "below"]}), met),
        ] {
            let (answer, few) = answered(&kind, &asked(&name, parameters, json!({"plan": "x"})), &unknown(false));
            assert_eq!(answer.content.exposures(), exposures);
            assert!(few.flags.iter().all(|(name, one)| all.flags[name].value == one.value));
        }
        n_bold += usize::from(variation == "bold");
    }
    assert!((70..130).contains(&n_bold), "{n_bold} of 200");
}

#[test]
fn an_experiment_behind_a_need_that_is_not_met_is_not_met_either() {
    let kind = |needs: Value| {
        let flags = [
            json!({"name": "closed", "default": false}),
            json!({"name": "switched", "default": false, "on": false, "needs": [{"flag": "button", "is": "B"}]}),
            json!({"name": "button", "default": "", "rules": [{"experiment": "copy"}]}),
            json!({"name": "page", "default": 0, "needs": needs, "rules": [{"value": 1}]}),
        ];
        kind(&flags, &[bold()])
    };
    let (closed, button) = (json!({"flag": "closed"}), json!({"flag": "button", "is": "B"}));
    for (needs, is_met) in [
        (json!([closed, button]), false),
        (json!([button, closed]), true),
        (json!([{"flag": "closed", "is": false}, button]), true),
        (json!([{"flag": "switched"}]), false),
        (json!([]), false),
    ] {
        let kind = kind(needs.clone());
        for customer in ["ann", "bob", "cleo", "dora"] {
            let (answer, flags) =
                answered(&kind, &asked(customer, json!({"flags": ["page"]}), json!({})), &unknown(true));
            assert_eq!(!answer.content.exposures().is_empty(), is_met, "{needs}");
            assert!(flags.experiments.keys().eq(is_met.then_some("copy")), "{needs}");
            // An answer tells by itself what was met, and what of it where a flag was something else for who asked.
            let (_, all) = answered(&kind, &of(customer), &unknown(true));
            let met = |but_for: &[&str]| kind.met(&all, &but_for.iter().map(|name| (*name).to_owned()).collect());
            assert_eq!((met(&[]), met(&["page"])), (all.experiments.clone(), all.experiments.clone()), "{needs}");
            assert!(met(&["button"]).is_empty(), "{needs}");
        }
    }
}

#[test]
fn whoever_is_held_out_gets_defaults_and_meets_no_experiment() {
    let flags = [
        json!({"name": "button", "default": "", "rules": [{"experiment": "copy"}]}),
        json!({"name": "off", "default": 3, "on": false}),
    ];
    let kind = kind(&flags, &[bold()]);
    let held = Question { arm: Some(Arm::Holdout), ..of("ann") };
    let (answer, flags) = answered(&kind, &held, &person("pro", 1.0));
    assert_eq!((answer.arm, answer.content.exposures()), (Some(Arm::Holdout), Vec::new()));
    assert_eq!(told(&flags)["button"], (json!(""), FlagReason::Holdout, None));
    assert_eq!(told(&flags)["off"], (json!(3), FlagReason::Off, None));
    assert!(answer.fallback.unwrap().starts_with("The customer is held out"));
    let (_, record) = decided_by(&kind, &held, &person("pro", 1.0), &Models::default(), &Nothing);
    let Some(Content::Flags(would)) = record.would() else { panic!("what they would have got is kept") };
    assert_eq!(would.flags["button"].reason, FlagReason::Experiment);
}

#[test]
fn nobody_is_drawn_and_gets_what_everybody_gets() {
    let flags = [
        json!({"name": "button", "default": "", "rules": [{"experiment": "copy"}, {"share": 1, "value": "S"}]}),
        json!({"name": "all", "default": 0, "rules": [{"value": 1}]}),
    ];
    let kind = kind(&flags, &[bold()]);
    let nobody = Question { customer: crate::nobody().customer_id(), ..of("x") };
    let (answer, flags) = answered(&kind, &nobody, &unknown(true));
    assert_eq!(told(&flags)["button"], (json!(""), FlagReason::Default, None));
    assert_eq!(told(&flags)["all"], (json!(1), FlagReason::Rule, Some(1)));
    assert!(answer.content.exposures().is_empty());
}

#[test]
fn of_a_layer_nobody_meets_two_and_an_experiment_that_stops_moves_no_other() {
    let of_layer = |name: &str, share: f64, state: &str| {
        json!({"name": name, "share": share, "layer": "page", "state": state,
            "variations": [{"name": "a", "value": 1}, {"name": "b", "value": 2}]})
    };
    let flag = |name: &str| json!({"name": name, "default": 0, "rules": [{"experiment": name}]});
    let flags = [flag("one"), flag("two"), flag("three")];
    let met = |state: &str| -> Vec<BTreeMap<String, String>> {
        let experiments =
            [of_layer("one", 0.3, state), of_layer("two", 0.5, "running"), of_layer("three", 0.2, "running")];
        let kind = kind(&flags, &experiments);
        let of = |n: usize| answered(&kind, &of(&format!("user-{n}")), &unknown(true)).1.experiments;
        (0..2_000).map(of).collect()
    };
    let (running, stopped) = (met("running"), met("stopped"));
    assert!(running.iter().all(|met| met.len() == 1), "the layer is full: everybody meets one, and nobody two");
    for (name, share) in [("one", 0.3), ("two", 0.5), ("three", 0.2)] {
        let n = running.iter().filter(|met| met.contains_key(name)).count();
        assert!((n as f64 / 2_000.0 - share).abs() < 0.04, "{name}: {n}");
    }
    for (before, after) in running.iter().zip(&stopped) {
        assert_eq!(before.contains_key("one"), after.is_empty());
        assert!(after.iter().all(|(name, variation)| before.get(name) == Some(variation)));
    }
}

#[test]
fn whoever_is_left_over_of_a_share_is_drawn_evenly_in_an_experiment_of_the_same_name() {
    let flag = json!({"name": "copy", "default": "", "rules": [{"share": 0.5, "value": "S"}, {"experiment": "copy"}]});
    let kind = kind(&[flag], &[bold()]);
    let mut n = BTreeMap::new();
    for customer in 0..4_000 {
        let (_, flags) = answered(&kind, &of(&customer.to_string()), &unknown(true));
        *n.entry(flags.flags["copy"].value.as_str().unwrap().to_owned()).or_insert(0) += 1;
    }
    assert!((n["S"] - 2_000_i32).abs() < 130 && (n["A"] - n["B"]).abs() < 180, "{n:?}");
}

#[test]
fn a_number_with_a_fraction_anywhere_is_told_with_one_everywhere() {
    let flags = [
        json!({"name": "whole", "default": 1, "rules": [{"when": "orders_365d > 9", "value": 2}]}),
        json!({"name": "part", "default": 1, "rules": [{"when": "orders_365d > 9", "value": 0.5}]}),
    ];
    let (_, flags) = answered(&kind(&flags, &[]), &of("ann"), &person("pro", 1.0));
    assert_eq!(
        (flags.flags["whole"].value.to_string(), flags.flags["part"].value.to_string()),
        ("1".into(), "1.0".into())
    );
}

#[test]
fn a_flag_that_is_not_there_is_named_with_the_nearest() {
    let kind = kind(&[json!({"name": "checkout", "default": 1})], &[]);
    let refused = |name: &str| kind.check(&[("flags".to_owned(), json!([name]))].into()).unwrap_err().to_string();
    assert_eq!(refused("chekout"), "flags names \"chekout\", which is no flag: did you mean \"checkout\"?");
    assert_eq!(refused("z"), "flags names \"z\", which is no flag: the settings declare what there is");
}

#[test]
fn a_flag_that_was_declared_later_is_called_as_it_is_by_now() {
    let titled = |name: &str, title: &str| kind(&[json!({"name": name, "title": title, "default": 1})], &[]);
    let in_force = Slot::new(titled("limit", "The limit"));
    let declared = in_force.kind();
    in_force.put(titled("checkout", "The checkout"));
    let held = declared.held().unwrap();
    assert_eq!(["checkout", "limit"].map(|name| held.title_of(name)), ["The checkout", "limit"]);
}

#[test]
fn what_was_declared_is_kept_with_the_decision() {
    let kind = kind(&[json!({"name": "button", "default": "", "rules": [{"experiment": "copy"}]})], &[bold()]);
    let then = kind.declaration().unwrap().kind().unwrap();
    assert_eq!(then.declaration(), kind.declaration());
    assert_eq!(then.about(), kind.about());
    let (answer, record) = decided_by(&kind, &of("ann"), &unknown(true), &models(true), &Nothing);
    assert_eq!(crate::replay(&*then, catalogue(), &record, &models(true)).unwrap(), answer);
    let _ = NOW;
}

#[test]
fn a_rule_that_asked_for_the_person_is_forgotten_with_them() {
    let flags = [
        json!({"name": "page", "default": "old", "rules": [{"when": "traits.plan = \"pro\"", "value": "new"}]}),
        json!({"name": "button", "default": "", "rules": [{"experiment": "copy"}]}),
    ];
    let (_, record) =
        decided_by(&kind(&flags, &[bold()]), &of("ann"), &person("pro", 1.0), &Models::default(), &Nothing);
    let text = super::json(&super::reopened(&record.forget()).to_logged().record);
    assert!(!text.contains("new") && !text.contains("pro\"") && text.contains("\"copy\""), "{text}");
}

#[test]
fn declarations_are_read_and_written_alike() {
    let flag = json!({"name": "checkout", "title": "The checkout", "type": "text", "default": "old", "on": false,
        "needs": [{"flag": "login", "is": true}], "rules": [{"when": "traits.plan = \"pro\"", "value": "new"},
        {"experiment": "copy"}, {"share": 0.25, "value": "new"}]});
    let read = Flag::from_table(&table(&flag)).unwrap();
    assert_eq!((read.to_table(), serde_json::from_value::<Flag>(json!(read)).unwrap()), (table(&flag), read));
    let experiment = json!({"name": "copy", "title": "Copy", "who": "orders_365d >= 1", "share": 0.5, "layer": "checkout",
        "variations": [{"name": "control", "value": "A", "weight": 1.0}, {"name": "bold", "value": "B", "weight": 2.0}],
        "metrics": ["margin"], "guardrails": ["refunds"], "days": 14, "state": "draft"});
    let read = Experiment::from_table(&table(&experiment)).unwrap();
    assert_eq!(
        (read.to_table(), serde_json::from_value::<Experiment>(json!(read)).unwrap()),
        (table(&experiment), read)
    );
}

#[test]
fn a_mistake_in_a_flag_names_the_key_and_what_to_write() {
    for (changed, said) in [
        (json!({"name": "A B"}), "name is \"A B\""),
        (json!({"type": "bool"}), "type is \"bool\": write boolean, text, number or json"),
        (json!({"default": null}), "default is missing: write the value"),
        (json!({"default": 3}), "default is 3: the flag is of type text"),
        (json!({"on": "no"}), "on is \"no\": write true or false"),
        (json!({"rules": {}}), "rules is {}: write a list of at most 32 tables"),
        (json!({"rules": [{"when": "known"}]}), "write a value, or the name of an experiment"),
        (json!({"rules": [{"value": 3}]}), "the flag is of type text"),
        (json!({"rules": [{"value": "x", "share": 1.5}]}), "write a share from 0 to 1"),
        (json!({"rules": [{"value": "x", "wen": "y"}]}), "write when"),
        (json!({"rules": [{"experiment": "copy", "value": "x"}]}), "write only its name"),
        (json!({"needs": [{"is": true}]}), "name a flag"),
        (json!({"needs": [{"flag": "b", "is": {}}]}), "write true, false, a text or a number"),
        (json!({"defualt": 1}), "there is no such key: write default"),
    ] {
        let mut flag = table(&json!({"name": "a", "type": "text", "default": "x"}));
        flag.extend(table(&changed));
        let error = Flag::from_table(&flag).unwrap_err().to_string();
        assert!(error.starts_with("flag \"") && error.contains(said), "{said}: {error}");
    }
}

#[test]
fn a_mistake_in_an_experiment_names_the_key_and_what_to_write() {
    for (changed, said) in [
        (json!({"name": "holdout"}), "held out are counted by this name"),
        (json!({"share": 2}), "share is 2: write a share from 0 to 1"),
        (json!({"unit": "store"}), "unit is \"store\": write customer"),
        (json!({"state": "on"}), "write draft, running or stopped"),
        (json!({"days": 0}), "whole number of days from 1 to 365"),
        (json!({"variations": [{"name": "a", "value": 1}]}), "write a list of 2 to 20"),
        (json!({"variations": [{"name": "a", "value": 1}, {"name": "a", "value": 2}]}), "of this name already"),
        (json!({"variations": [{"name": "a", "value": 1}, {"name": "b", "value": "2"}]}), "values of one type"),
        (json!({"variations": [{"name": "a", "value": 1}, {"name": "b"}]}), "give it a value"),
        (json!({"variations": [{"name": "a", "value": 1, "weight": -1}, {"name": "b", "value": 1}]}), "write a weight"),
        (
            json!({"variations": [{"name": "a", "value": 1, "weight": 0}, {"name": "b", "value": 1, "weight": 0}]}),
            "all weights are 0",
        ),
        (json!({"metrics": "margin"}), "write a list of at most 50 names"),
    ] {
        let mut experiment = table(&bold());
        experiment.extend(table(&changed));
        let error = Experiment::from_table(&experiment).unwrap_err().to_string();
        assert!(error.starts_with("experiment \"") && error.contains(said), "{said}: {error}");
    }
}

#[test]
fn what_does_not_fit_together_is_refused_with_a_sentence() {
    let flag = |name: &str, more: Value| {
        let mut flag = table(&json!({"name": name, "default": false}));
        flag.extend(table(&more));
        Value::Object(flag)
    };
    let refused =
        |flags: &[Value]| Flag::check(&flags_of(flags), &experiments_of(&[bold()]), &names()).unwrap_err().to_string();
    let needs = |other: &str| json!({"needs": [{"flag": other}]});
    let circle = refused(&[flag("a", needs("b")), flag("b", needs("c")), flag("c", needs("a"))]);
    assert!(circle.contains("flags wait for each other: a needs b needs c needs a"), "{circle}");
    assert!(refused(&[flag("a", needs("a"))]).contains("a needs a"));
    assert!(refused(&[flag("login", json!({})), flag("a", needs("logn"))]).contains("did you mean \"login\"?"));
    let unfit = refused(&[flag("b", json!({})), flag("a", json!({"needs": [{"flag": "b", "is": "x"}]}))]);
    assert!(unfit.contains("needs.is is \"x\": the flag is of type boolean"), "{unfit}");
    assert!(refused(&[flag("a", json!({})), flag("a", json!({}))]).contains("a flag of this name already"));
    let drawn = |name: &str| flag("a", json!({"rules": [{"experiment": name}]}));
    assert!(refused(&[drawn("coppy")]).contains("no such experiment: did you mean \"copy\"?"));
    let other_type = refused(&[drawn("copy")]);
    assert!(
        other_type.contains("its variation \"control\" has the value \"A\", and the flag is of type boolean"),
        "{other_type}"
    );
    let asks = |when: &str| flag("a", json!({"rules": [{"when": when, "value": true}]}));
    assert!(refused(&[asks("orders_356d > 1")]).contains("did you mean orders_365d?"));
    assert!(refused(&[asks("orders_365d > 3 and orders_365d < 2")]).contains("it can hold of nobody"));
    assert!(refused(&[asks("list = \"vip\"")]).contains("rules.when is"));
    let named = refused(&[asks("id = \"ann\"")]);
    assert!(
        named.ends_with("not known in a decision: ask for features, scores, traits, segments or consent"),
        "{named}"
    );
    // Each needs two below it: in fours it would be asked for 2 + 4 + … others.
    let wide = |n: usize| {
        flag(&format!("f{n}"), json!({"needs": [{"flag": format!("f{}", n + 1)}, {"flag": format!("f{}", n + 2)}]}))
    };
    let many: Vec<Value> = (0..12).map(wide).chain([flag("f12", json!({})), flag("f13", json!({}))]).collect();
    assert!(refused(&many).contains("need fewer"));

    let of_layer = |name: &str, share: f64| {
        let mut experiment = table(&bold());
        experiment.extend(table(&json!({"name": name, "share": share, "layer": "page"})));
        Value::Object(experiment)
    };
    let refused =
        |experiments: &[Value]| Experiment::check(&experiments_of(experiments), &names()).unwrap_err().to_string();
    let full = refused(&[of_layer("one", 0.7), of_layer("two", 0.4)]);
    assert!(full.contains("have 110 % of the customers with this one") && full.contains("leave 30 % to it"), "{full}");
    assert!(refused(&[bold(), bold()]).contains("an experiment of this name already"));
    let thirds: Vec<Value> = ["a", "b", "c"].map(|name| of_layer(name, 1.0 / 3.0)).into();
    assert_eq!(Experiment::check(&experiments_of(&thirds), &names()), Ok(()));
}

/// A condition on two traits, in our language.
fn condition() -> impl Strategy<Value = String> {
    let texts = ["a", "b", "c", "true", "8010", "0.5", "1.0"];
    let one = (0..2_usize, 0..5_usize, 0..texts.len()).prop_map(move |(of, how, text)| {
        let (of, text) = (["plan", "city"][of], texts[text]);
        match how {
            0 => format!("traits.{of} = \"{text}\""),
            1 => format!("traits.{of} != \"{text}\""),
            2 => format!("traits.{of} in (\"{text}\", \"c\")"),
            3 => format!("traits.{of} exists"),
            _ => format!("not traits.{of} = \"{text}\""),
        }
    });
    one.prop_recursive(3, 12, 3, |inner| {
        (prop::collection::vec(inner, 2..4), any::<bool>(), any::<bool>()).prop_map(|(parts, is_all, is_not)| {
            let joined = format!("({})", parts.join(if is_all { " and " } else { " or " }));
            if is_not { format!("not {joined}") } else { joined }
        })
    })
}

/// What a client may know as an attribute: texts, and values that are written as texts of conditions are.
fn attribute() -> impl Strategy<Value = Option<Value>> {
    let values = ["a", "b", "c", "d", "true", "8010", "0.5", "1.0"].map(|text| json!(text));
    let typed = [json!(true), json!(false), json!(8010), json!(8010.0), json!(0.5), json!(1), json!(1.0), Value::Null];
    prop::option::of(prop::sample::select([values, typed].concat()))
}

proptest! {
    /// Clients that load what is published and evaluate it themselves find what is decided here, for every rule that they can read.
    #[test]
    fn clients_find_the_same(when in condition(), plan in attribute(), city in attribute(), customer in "[a-z0-9]{1,8}", share in 0.0..1.0_f64) {
        let flags = [
            json!({"name": "login", "default": false, "rules": [{"when": when, "value": true}]}),
            json!({"name": "page", "default": "old", "needs": [{"flag": "login"}],
                "rules": [{"share": share, "value": "new"}, {"experiment": "copy"}]}),
        ];
        let kind = kind(&flags, &[bold()]);
        let said = [("plan", plan), ("city", city)];
        let said = said.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let said: BTreeMap<String, Value> = said.collect();
        // Texts are known as traits, and what has a type the question says.
        let (texts, typed): (BTreeMap<_, _>, BTreeMap<_, _>) =
            said.clone().into_iter().partition(|(_, value)| value.is_string());
        let traits = texts.into_iter().filter_map(|(name, text)| Some((name, text.as_str()?.to_owned()))).collect();
        let subject = known(Knowledge { traits, ..Knowledge::default() });
        let (_, ours) = answered(&kind, &asked(&customer, json!({}), json!(typed)), &subject);
        let mut attributes = json!(said);
        attributes["id"] = json!(customer);
        for (name, one) in &ours.flags {
            let theirs = ::flags::evaluate(kind.published(), name, &::flags::Context::of(attributes.clone()));
            prop_assert_eq!((&theirs.value, theirs.source == ::flags::Source::Experiment), (&one.value, one.variation.is_some()));
        }
        let asks_us = serde_json::to_string(kind.published()).unwrap().contains("rapport");
        prop_assert!(!asks_us, "conditions on texts of traits are published as such");
    }

    /// More of a share only adds customers.
    #[test]
    fn a_larger_share_only_adds(customer in "[a-z0-9]{1,8}", small in 0.0..1.0_f64, large in 0.0..1.0_f64) {
        let (small, large) = (small.min(large), small.max(large));
        let is_in = |share: f64| {
            let kind = kind(&[json!({"name": "page", "default": false, "rules": [{"share": share, "value": true}]})], &[]);
            answered(&kind, &of(&customer), &unknown(true)).1.flags["page"].value == json!(true)
        };
        prop_assert!(!is_in(small) || is_in(large));
    }
}

#[test]
fn what_only_we_can_answer_holds_of_nobody_in_clients() {
    let flag = json!({"name": "page", "default": "old", "rules": [{"when": "orders_365d >= 1", "value": "new"}]});
    let kind = kind(&[flag], &[]);
    let (_, ours) = answered(&kind, &of("ann"), &person("pro", 1.0));
    let theirs =
        ::flags::evaluate(kind.published(), "page", &::flags::Context::of(json!({"id": "ann", "orders_365d": 5})));
    assert_eq!((ours.flags["page"].value.clone(), theirs.value), (json!("new"), json!("old")));
    let looked_at: BTreeSet<&str> = kind.about().reads.features.iter().map(String::as_str).collect();
    assert_eq!(looked_at, ["orders_365d"].into());
}

#[test]
fn the_documentation_has_every_key() {
    let doc = include_str!("../../../../docs/flags.md");
    for (key, meaning) in Flag::keys().iter().chain(Experiment::keys()) {
        assert!(doc.contains(&format!("| `{key}` | {meaning} |")), "| `{key}` | {meaning} |");
    }
}

/// Everybody in a place gets the same for a slice of time, and the next one is drawn anew.
#[test]
fn an_experiment_that_is_switched_is_drawn_by_the_place_and_the_slice() {
    let switched = json!({"name": "fees", "switchback": {"minutes": 60, "by": "store"},
        "variations": [{"name": "control", "value": 1}, {"name": "higher", "value": 2}]});
    let kind = kind(&[json!({"name": "fee", "default": 0, "rules": [{"experiment": "fees"}]})], &[switched]);
    let ask = |customer: &str, store: Value, hour: i64| {
        let question = asked(customer, json!({}), json!({ "store": store }));
        let as_of = primitives::Timestamp::from_millis(NOW.as_millis() + hour * primitives::HOUR_MS);
        let (answer, told) = answered(&kind, &Question { as_of, ..question }, &person("free", 1.0));
        (told.flags["fee"].value.clone(), answer.content.exposures())
    };
    let mut seen = BTreeMap::new();
    for hour in 0..200 {
        let (value, exposures) = ask("ann", json!("graz"), hour);
        for customer in ["bob", "cleo"] {
            assert_eq!(ask(customer, json!("graz"), hour).0, value, "who they are does not matter");
        }
        let switch = crate::Switch::read(&exposures[0].experiment).unwrap();
        assert_eq!((switch.experiment.as_str(), switch.place.as_str(), exposures.len()), ("fees", "graz", 1));
        assert_eq!(exposures[0].arm, if value == 1 { "control" } else { "higher" });
        seen.insert(switch.slice, value);
    }
    let n_higher = seen.values().filter(|value| **value == 2).count();
    assert!(seen.len() == 200 && (70..=130).contains(&n_higher), "{n_higher} of {} slices", seen.len());
    let others =
        (0..200).filter(|hour| ask("ann", json!("graz"), *hour).0 != ask("ann", json!("wien"), *hour).0).count();
    assert!((60..=140).contains(&others), "another place is drawn for itself: {others}");
    for nowhere in [json!(null), json!(""), json!({})] {
        assert_eq!(ask("ann", nowhere, 0), (json!(0), Vec::new()), "who is nowhere takes no part");
    }
    assert_eq!(answered(&kind, &of("ann"), &person("free", 1.0)).1.flags["fee"].value, 0);
}

#[test]
fn what_cannot_be_switched_says_why() {
    let read = |change: Value| {
        let mut experiment = bold();
        for (key, value) in table(&change) {
            experiment[key.as_str()] = value;
        }
        Experiment::from_table(&table(&experiment)).map_err(|mistake| mistake.to_string())
    };
    assert!(read(json!({"switchback": {"minutes": 30, "by": "store"}})).is_ok());
    let three = json!([{"name": "a", "value": 1}, {"name": "b", "value": 2}, {"name": "c", "value": 3}]);
    for (change, said) in [
        (json!({"switchback": 5}), "write { minutes = 60"),
        (json!({"switchback": {"minutes": 0, "by": "store"}}), "write minutes from 1 to 10080"),
        (json!({"switchback": {"minutes": 60}}), "switchback.by is missing"),
        (json!({"switchback": {"minutes": 60, "by": "store", "place": 1}}), "there is no such key"),
        (json!({"switchback": {"minutes": 60, "by": "store"}, "share": 0.5}), "no share of the customers"),
        (json!({"switchback": {"minutes": 60, "by": "store"}, "layer": "x"}), "it has no layer"),
        (json!({"switchback": {"minutes": 60, "by": "store"}, "variations": three}), "write two variations"),
    ] {
        let found = read(change).unwrap_err();
        assert!(found.contains(said), "{found} does not say {said}");
    }
}
