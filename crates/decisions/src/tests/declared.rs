//! Does a decision come out the same when the settings declare something else since, or nothing?

use super::shop::{Shop, catalogue, decided_of, knowledge, known, loaded, models, question, refused, trained};
use crate::Rules;
use crate::{Content, DecisionError, Declaration, Kind, Kinds, Models, Record, Segment, Subject, kinds, replay};
use ::models::rfm::Group;
use learning::{Outcome, Trained};
use primitives::ErrorKind;
use serde_json::{Value, json};

fn outcome(table: &Value) -> Outcome {
    Outcome::from_table(table.as_object().unwrap()).unwrap()
}

fn segment(table: &Value) -> Segment {
    Segment::from_table(table.as_object().unwrap()).unwrap()
}

/// Back within a week, among who bought.
pub(super) fn returns_soon() -> Outcome {
    outcome(&json!({
        "name": "returns_soon", "question": "Back?", "among": {"event": "Order Completed", "within_days": 60},
        "label": {"did": {"event": "Order Completed"}}, "within_days": 7,
    }))
}

fn orders(name: &str, title: &str, at_least: f64) -> Segment {
    segment(&json!({"name": name, "title": title, "rule": [{"feature": "orders_all", "at_least": at_least}]}))
}

/// The models of the shop, and one for the outcome.
pub(super) fn all_models() -> Models {
    let mut models = models(true);
    let Trained { mut header, body } = trained().clone();
    header.task = "returns_soon".into();
    models.put(loaded("b1", header, body));
    models
}

/// Somebody who ordered three times, of whom the model of the outcome knows as much as that of churn.
pub(super) fn buyer() -> Subject {
    let mut known_of = knowledge(&[(0, 3.0)], true);
    let inputs = known_of.inputs[&"churn".into()].clone();
    known_of.inputs.insert("returns_soon".into(), inputs);
    known(known_of)
}

/// A record, replayed by what it says was declared.
fn replayed(record: &Record, kept: &[Declaration], models: &Models) -> crate::Answer {
    let digest = record.declaration().unwrap();
    let kind = kept.iter().find(|one| one.digest == digest).unwrap().kind().unwrap();
    assert_eq!(kind.about().name, record.question.kind);
    replay(kind.as_ref(), catalogue(), record, models).unwrap()
}

fn kept(kinds: &Kinds) -> Vec<Declaration> {
    kinds.iter().filter_map(Kind::declaration).cloned().collect()
}

#[test]
fn a_record_replays_by_what_was_declared_then_whatever_is_declared_now() {
    let then = kinds(&[returns_soon()], &[orders("loyal", "Loyal", 3.0), orders("new", "New", 0.0)], Rules::default());
    let mut changed = returns_soon();
    changed.label = learning::Label::DidNot(learning::What::Purchase);
    let nothing = kinds(&[], &[], Rules::default());
    let other = kinds(&[changed], &[orders("loyal", "Renamed", 4.0), orders("more", "More", 1.0)], Rules::default());
    let stranger = known(knowledge(&[], false));
    for name in ["returns_soon", "segments", "churn"] {
        for subject in [buyer(), stranger.clone(), refused()] {
            let (answer, record) = decided_of(&then, &question_of(name), &subject, &all_models(), &Shop::full());
            let record = super::reopened(&record);
            assert_eq!(replayed(&record, &kept(&then), &all_models()), answer, "{name}");
            assert!(
                !kept(&other).iter().any(|one| Some(one.digest.as_str()) == record.declaration()) || name == "churn"
            );
            assert_eq!(super::reopened(&record.clone().forget()).declaration(), record.declaration());
        }
        // Today's declaration would say something else, or nothing: the test would not fail otherwise.
        let (answer, record) = decided_of(&then, &question_of(name), &stranger, &all_models(), &Shop::full());
        let today = other.get(name).unwrap();
        assert_eq!(replay(today, catalogue(), &record, &all_models()).unwrap() == answer, name == "churn", "{name}");
        assert_eq!(nothing.get(name).is_err(), name == "returns_soon");
    }
    let (_, shown) = decided_of(&then, &question("recommend", 3), &buyer(), &all_models(), &Shop::full());
    assert_eq!(shown.declaration(), None, "nothing of it can be declared");
}

fn question_of(name: &str) -> crate::Question {
    crate::Question { kind: name.into(), ..question("churn", 1) }
}

#[test]
fn that_no_segment_was_declared_is_a_declaration_too() {
    let (answer, record) = decided_of(
        &kinds(&[], &[], Rules::default()),
        &question_of("segments"),
        &buyer(),
        &all_models(),
        &Shop::full(),
    );
    assert_eq!(replayed(&record, &kept(&kinds(&[], &[], Rules::default())), &all_models()), answer);
    let later = kinds(&[], &[orders("loyal", "Loyal", 3.0)], Rules::default());
    let today = replay(later.get("segments").unwrap(), catalogue(), &record, &all_models()).unwrap();
    assert_ne!(today, answer, "what is declared today would say something else");
}

#[test]
fn the_groups_that_there_are_are_the_built_in_ones_and_the_declared() {
    for kind in kinds(&[returns_soon()], &[orders("loyal", "Loyal", 3.0)], Rules::default()).iter() {
        let groups = kind.groups();
        match kind.about().name.as_str() {
            "segments" => {
                let built_in = Group::ALL.map(Group::name);
                assert_eq!(groups, [&built_in[..], &["loyal"]].concat());
            }
            name => assert!(groups.is_empty(), "{name} divides nobody: {groups:?}"),
        }
    }
}

#[test]
fn the_words_of_a_declaration_hold_what_its_rules_look_at_and_nothing_else() {
    let score = segment(&json!({"name": "gone", "rule": [{"score": "returns_soon", "at_most": 0.5}]}));
    let declaration = |segments: &[Segment]| {
        let kinds = kinds(&[returns_soon()], segments, Rules::default());
        kinds.get("segments").unwrap().declaration().unwrap().words.clone()
    };
    assert!(declaration(std::slice::from_ref(&score)).contains("within_days"), "the question whose score it looks at");
    let without = declaration(&[orders("loyal", "Loyal", 3.0)]);
    assert!(without.contains("orders_all") && !without.contains("returns_soon"), "{without}");
}

#[test]
fn words_that_are_not_those_that_were_kept_are_refused() {
    let good =
        kinds(&[returns_soon()], &[], Rules::default()).get("returns_soon").unwrap().declaration().unwrap().clone();
    assert!(good.kind().is_ok());
    let words = good.words.replace("60", "61");
    let changed = Declaration { words: words.clone(), ..good.clone() };
    let refused = |declaration: &Declaration| declaration.kind().err().unwrap();
    assert!(matches!(refused(&changed), DecisionError::Declaration { source: None, .. }));
    assert_eq!(refused(&changed).kind(), ErrorKind::Corrupt);
    assert!(refused(&changed).to_string().contains(&good.digest), "{}", refused(&changed));
    let again = |words: String| Declaration { digest: crate::digest::digest(&words), words };
    assert!(again(words).kind().is_ok(), "another declaration has another name");
    let newer = refused(&again(good.words.replacen("\"v\":1", "\"v\":2", 1)));
    assert!(matches!(newer, DecisionError::Version { found: 2, known: 1 }), "{newer}");
    let half = refused(&again(good.words.replace("label", "lable")));
    assert!(matches!(half, DecisionError::Declaration { source: Some(_), .. }), "{half}");
}

/// What was written before declarations were kept opens, says nothing of one, and is written as it was.
#[test]
fn a_record_of_the_third_version_opens_and_replays_with_the_kinds_of_today() {
    let (answer, record) = super::shop::decided(&question("churn", 1), &buyer(), &models(true), &Shop::full());
    let logged = record.to_logged();
    let mut third: Value = serde_json::from_str(&super::json(&logged.record)).unwrap();
    third.as_object_mut().unwrap().remove("declaration").unwrap();
    third["v"] = 3.into();
    let third = Record::open(&crate::LoggedDecision { record: third.to_string().into_bytes(), ..logged }).unwrap();
    assert_eq!(third.declaration(), None);
    assert_eq!(super::shop::replay(&third, &models(true)).unwrap(), answer);
    assert!(super::json(&third.to_logged().record).starts_with("{\"v\":3,"));
}

#[test]
fn segments_are_told_by_their_names_and_shown_by_their_titles() {
    let declared = [orders("loyal", "Loyal ones", 3.0), orders("any", "Anybody", 0.0), orders("rare", "Rare", 9.0)];
    let kinds = kinds(&[], &declared, Rules::default());
    let (answer, _) = decided_of(&kinds, &question_of("segments"), &buyer(), &all_models(), &Shop::full());
    let Content::Choice { others, .. } = &answer.content else { panic!("a choice was asked for") };
    assert_eq!(others, &["loyal", "any"]);
    let segments = kinds.get("segments").unwrap();
    assert_eq!(
        ["loyal", "any", "Loyal ones", "gone"].map(|name| segments.title_of(name)),
        ["Loyal ones", "Anybody", "Loyal ones", "gone"]
    );
    assert_eq!(kinds.get("churn").unwrap().title_of("loyal"), "loyal");
}
