//! Is a question asked only of whom it was declared for?

use super::shop::{NOW, Shop, decided_by, loaded, refused, trained};
use crate::{Answer, Content, Kinds, LoggedDecision, Models, Question, Record, Segment, Subject, kinds};
use events::{Call, Event, Fields, Offset, Origin, Recorded};
use features::{Catalogue, FeatureState};
use governance::ConsentPolicy;
use learning::{Outcome, Trained};
use primitives::{DAY_MS, Timestamp};
use profiles::{Customer, MemoryProfileStore, Profiles};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

const WITHIN_DAYS: i64 = 30;

fn outcome(event: &Value) -> Outcome {
    let mut among = event.clone();
    among["within_days"] = WITHIN_DAYS.into();
    let table = json!({
        "name": "upgrades", "question": "Will they?", "among": among, "label": {"did": {"event": "Upgraded"}},
        "within_days": 7,
    });
    Outcome::from_table(table.as_object().unwrap()).unwrap()
}

fn parsed(among: &Value) -> learning::Among {
    let table = json!({
        "name": "other", "question": "Will they?", "among": among, "label": {"did": {"event": "Upgraded"}}, "within_days": 7,
    });
    Outcome::from_table(table.as_object().unwrap()).unwrap().among
}

fn signs_in() -> Outcome {
    outcome(&json!({"event": "Signed In"}))
}

/// Every kind, with a segment of whoever has any score of the outcome.
fn every_kind(outcome: &Outcome) -> Kinds {
    let scored = json!({"name": "scored", "rule": [{"score": "upgrades", "at_least": 0.0}]});
    let of_churn = json!({"name": "leaving", "rule": [{"score": "churn", "at_least": 0.0}]});
    let segment = |table: Value| Segment::from_table(table.as_object().unwrap()).unwrap();
    kinds(std::slice::from_ref(outcome), &[segment(scored), segment(of_churn)], crate::Rules::default())
}

fn models() -> Models {
    let mut models = super::shop::models(true);
    let Trained { mut header, body } = trained().clone();
    header.task = "upgrades".into();
    header.evaluation.base_rate = Some(0.25);
    models.put(loaded("u1", header, body));
    models
}

/// Somebody who did these things so many milliseconds ago, in the order in which they came in.
fn customer(outcome: &Outcome, did: &[(&str, i64)]) -> Customer<FeatureState> {
    told_of(outcome, &[&[("Page Read", 80 * DAY_MS)], did].concat())
}

/// Somebody of whom nothing but this was told.
fn told_of(outcome: &Outcome, did: &[(&str, i64)]) -> Customer<FeatureState> {
    let cells = catalogue(outcome).cells().clone();
    let mut profiles = Profiles::open_reading(Arc::new(MemoryProfileStore::default()), cells).unwrap();
    for (offset, (title, ago)) in (1..).zip(did) {
        let at = Timestamp::from_millis(NOW.as_millis() - ago);
        let properties = json!({"kind": "web", "revenue": 5}).as_object().unwrap().clone();
        let event = Event {
            message_id: format!("m{offset}").as_str().into(),
            user_id: Some("ann".into()),
            anonymous_id: None,
            occurred_at: at,
            received_at: at,
            stated_at: None,
            call: match *title {
                "identify" => Call::Identify { traits: properties.into() },
                event => Call::Track { event: event.to_owned(), properties: properties.into() },
            },
            context: Fields::new(),
            origin: Origin::Server,
            reading: events::Reading::default(),
        };
        profiles.apply(&Recorded { offset: Offset(offset), event }).unwrap();
    }
    profiles.into_resident().remove(0)
}

fn catalogue(outcome: &Outcome) -> Catalogue {
    Catalogue::built_in().keeping(outcome.among.cells())
}

/// What a kind answers, live and from its record.
fn ask(outcome: &Outcome, name: &str, customer: &Customer<FeatureState>, catalogue: &Catalogue) -> (Answer, Record) {
    let kinds = every_kind(outcome);
    let kind = kinds.get(name).unwrap();
    let models = models();
    let subject = Subject::of(Some(customer), &ConsentPolicy::default(), kind.about(), &models, catalogue, (NOW, None));
    let question = Question { kind: name.into(), ..super::shop::question("churn", 1) };
    let (answer, record) = decided_by(kind, &question, &subject, &models, &Shop::full());
    let record = super::reopened(&record);
    let declared = kind.declaration().unwrap().kind().unwrap();
    assert_eq!(crate::replay(declared.as_ref(), catalogue, &record, &models).unwrap(), answer);
    (answer, record)
}

fn held(outcome: &Outcome, customer: &Customer<FeatureState>, catalogue: &Catalogue) -> Vec<String> {
    let (answer, _) = ask(outcome, "segments", customer, catalogue);
    let Content::Choice { others, .. } = answer.content else { panic!("a choice was asked for") };
    others
}

#[test]
fn who_did_not_do_it_lately_enough_has_no_score_of_their_own_and_is_told_why() {
    let within = WITHIN_DAYS * DAY_MS;
    let never = Some(", and the customer never did: this is");
    let of_web = outcome(&json!({"event": "Signed In", "properties.kind": "web"}));
    let of_app = outcome(&json!({"event": "Signed In", "properties.kind": "app"}));
    for (outcome, did, said) in [
        (signs_in(), &[][..], never),
        (signs_in(), &[("Signed Up", 0)], never),
        (signs_in(), &[("Signed In", 0)], None),
        (signs_in(), &[("Signed In", within - 1)], None),
        (signs_in(), &[("Signed In", within)], Some(", and the customer last did 30 days ago: this is")),
        (signs_in(), &[("Signed In", 2 * within - 1)], Some(", and the customer last did 59 days ago: this is")),
        (signs_in(), &[("Signed In", 2 * within), ("Signed In", DAY_MS)], None),
        (signs_in(), &[("Signed In", DAY_MS), ("Signed In", 2 * within)], None),
        (of_web, &[("Signed In", DAY_MS)], None),
        (of_app, &[("Signed In", DAY_MS)], never),
    ] {
        let somebody = customer(&outcome, did);
        let catalogue = catalogue(&outcome);
        let (answer, _) = ask(&outcome, "upgrades", &somebody, &catalogue);
        let Content::Score { score, reasons } = &answer.content else { panic!("a score was asked for") };
        assert_eq!(answer.fallback.is_none(), said.is_none(), "{did:?}: {answer:?}");
        assert_eq!(reasons.is_empty(), said.is_some());
        assert_eq!(
            score.unwrap().get().to_bits() == 0.25_f64.to_bits(),
            said.is_some(),
            "the average of those of whom it is asked"
        );
        assert!(answer.model.is_some());
        assert!(answer.fallback.unwrap_or_default().contains(said.unwrap_or_default()), "{did:?}");
        assert_eq!(held(&outcome, &somebody, &catalogue).contains(&"scored".to_owned()), said.is_none(), "{did:?}");
    }
}

#[test]
fn whom_it_is_asked_of_is_said_as_it_was_declared() {
    let mut one = outcome(&json!({"event": "Signed In", "properties.kind": "app", "properties.n": 2}));
    let said =
        |outcome: &Outcome| ask(outcome, "upgrades", &customer(outcome, &[]), &catalogue(outcome)).0.fallback.unwrap();
    let words =
        "The question is asked of who did \"Signed In\" with properties.kind = \"app\" and properties.n = 2 within";
    assert!(said(&one).starts_with(&format!("{words} 30 days, and")), "{}", said(&one));
    if let learning::Among::Did { within_days, .. } = &mut one.among {
        *within_days = 1;
    }
    assert!(said(&one).starts_with(&format!("{words} 1 day, and")), "{}", said(&one));
    let mut of_day = signs_in();
    of_day.among.clone_from(&one.among);
    if let learning::Among::Did { what, .. } = &mut of_day.among {
        *what = learning::What::Event(events::Filter::named("Signed In"));
    }
    for (hours, ago) in [(24, "1 day ago"), (47, "1 day ago"), (48, "2 days ago")] {
        let somebody = customer(&of_day, &[("Signed In", hours * DAY_MS / 24)]);
        let said = ask(&of_day, "upgrades", &somebody, &catalogue(&of_day)).0.fallback.unwrap();
        assert!(said.contains(&format!(", and the customer last did {ago}: ")), "{said}");
    }
}

#[test]
fn what_is_still_being_counted_is_said_and_nobody_is_taken_for_one_who_never_did() {
    let outcome = signs_in();
    let somebody = customer(&outcome, &[("Signed In", 0)]);
    let uncounted = Catalogue::built_in();
    let (answer, record) = ask(&outcome, "upgrades", &somebody, &uncounted);
    let said = "The question is asked of who did \"Signed In\" within 30 days, which is still being counted: this is the average";
    assert!(answer.fallback.unwrap().starts_with(said));
    assert!(!held(&outcome, &somebody, &uncounted).contains(&"scored".to_owned()));
    assert!(!super::json(&record.to_logged().record).contains("\"asked\""));
    assert!(held(&outcome, &somebody, &catalogue(&outcome)).contains(&"scored".to_owned()));
}

#[test]
fn a_rule_on_the_score_of_buyers_holds_only_of_buyers() {
    let outcome = signs_in();
    let catalogue = catalogue(&outcome);
    for (did, holds) in [
        (&[][..], false),
        (&[("Order Completed", 0)][..], false),
        (&[("Order Completed", DAY_MS - 1)], false),
        (&[("Order Completed", DAY_MS)], true),
        (&[("Order Completed", 70 * DAY_MS), ("Order Completed", 0)], true),
    ] {
        let held = held(&outcome, &customer(&outcome, did), &catalogue);
        assert_eq!(held.contains(&"leaving".to_owned()), holds, "{did:?}");
    }
}

#[test]
fn who_was_only_told_of_has_no_score_of_their_own() {
    let of = |among: Value| Outcome { among: parsed(&among), ..signs_in() };
    let nothing = "The customer has not done anything yet, and models learn from what is done: this is the average";
    for outcome in [of(json!("everyone")), of(json!({"never": {"event": "Signed In"}})), signs_in()] {
        let asks = |did: &[(&str, i64)]| {
            let (somebody, catalogue) = (told_of(&outcome, did), catalogue(&outcome));
            let (answer, record) = ask(&outcome, "upgrades", &somebody, &catalogue);
            let holds = held(&outcome, &somebody, &catalogue).contains(&"scored".to_owned());
            assert_eq!(holds, answer.fallback.is_none(), "{did:?}");
            (answer, record)
        };
        let is_of_some = outcome == signs_in();
        let said = asks(&[("identify", DAY_MS)]).0.fallback.unwrap();
        assert!(said.starts_with(nothing) || is_of_some && said.contains("and the customer never did"), "{said}");
        let (answer, record) = asks(&[("identify", DAY_MS), ("Page Read", 0)]);
        assert_eq!(answer.fallback.is_some(), is_of_some);
        // What was recorded before that was looked at is answered as it was.
        let logged = record.to_logged();
        let mut before: Value = serde_json::from_str(&super::json(&logged.record)).unwrap();
        let features = before["known"]["known"]["read"]["features"].as_object_mut().unwrap();
        assert!(features.remove("known_days").is_some(), "{features:?}");
        let before = LoggedDecision { record: before.to_string().into_bytes(), ..logged };
        let kinds = every_kind(&outcome);
        let again = crate::replay(
            kinds.get("upgrades").unwrap(),
            &catalogue(&outcome),
            &Record::open(&before).unwrap(),
            &models(),
        );
        assert_eq!(again.unwrap(), answer);
    }
}

#[test]
fn who_may_not_be_known_is_not_told_of_whom_it_is_asked() {
    let outcome = signs_in();
    let kinds = every_kind(&outcome);
    let question = Question { kind: "upgrades".into(), ..super::shop::question("churn", 1) };
    let (answer, _) = decided_by(kinds.get("upgrades").unwrap(), &question, &refused(), &models(), &Shop::full());
    assert!(answer.fallback.unwrap().starts_with("The customer's data may not be used"));
}

/// What was decided before it was looked whom it is asked of.
#[test]
fn a_record_of_the_third_version_replays_as_it_was_answered() {
    let outcome = signs_in();
    let somebody = customer(&outcome, &[("Order Completed", 9 * DAY_MS), ("Signed In", 0)]);
    let catalogue = catalogue(&outcome);
    let kinds = every_kind(&outcome);
    for name in ["upgrades", "segments"] {
        let (answer, record) = ask(&outcome, name, &somebody, &catalogue);
        let logged = record.to_logged();
        let mut third: Value = serde_json::from_str(&super::json(&logged.record)).unwrap();
        third.as_object_mut().unwrap().remove("declaration").unwrap();
        third["known"]["known"]["read"].as_object_mut().unwrap().remove("asked").unwrap();
        third["v"] = 3.into();
        let third = Record::open(&crate::LoggedDecision { record: third.to_string().into_bytes(), ..logged }).unwrap();
        let again = crate::replay(kinds.get(name).unwrap(), &catalogue, &third, &models()).unwrap();
        assert_eq!(again.fallback, answer.fallback, "{name}");
        match (again.content, answer.content) {
            (Content::Choice { others: before, .. }, Content::Choice { others: now, .. }) => {
                assert_eq!(
                    (before, now),
                    (vec!["Scored".into(), "Leaving".into()], vec!["scored".into(), "leaving".into()])
                );
            }
            (before, now) => assert_eq!(before, now),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// As in training: who did it at least once in the days before, whatever else and in whatever order.
    #[test]
    fn it_is_asked_of_who_did_it_in_the_days_before(ages in proptest::collection::vec(0..70 * DAY_MS, 0..5)) {
        let outcome = signs_in();
        let did: Vec<(&str, i64)> = ages.iter().map(|age| ("Signed In", *age)).collect();
        let (answer, _) = ask(&outcome, "upgrades", &customer(&outcome, &did), &catalogue(&outcome));
        prop_assert_eq!(answer.fallback.is_none(), ages.iter().any(|age| *age < WITHIN_DAYS * DAY_MS));
    }
}
