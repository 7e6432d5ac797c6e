//! Is what customers agreed to read, and what is neither yes nor no rejected?

use super::{batch, one, track};
use events::RejectionCode::WrongType;
use events::{CONSENT_UPDATED, consent_statements};
use governance::Purpose::{self, Analytics, Marketing, Personalization, Security, Service};
use serde_json::{Value, json};

fn context(preferences: Value) -> Value {
    json!({"consent": {"categoryPreferences": preferences}})
}

#[test]
fn preferences_become_statements_and_a_refusal_wins() {
    let cases: [(Value, &[(Purpose, bool)]); 9] = [
        (json!({}), &[]),
        (json!({"Advertising": true, "Analytics": false}), &[(Analytics, false), (Marketing, true)]),
        (json!({"functional": true, "personalization": false}), &[(Personalization, false)]),
        (json!({"functional": false, "personalization": true}), &[(Personalization, false)]),
        (json!({"functional": true, "personalization": true}), &[(Personalization, true)]),
        (json!({"Support": true, "service": false, "fraud": true}), &[(Service, false), (Security, true)]),
        (json!({"strictly necessary": true}), &[]),
        (json!(null), &[]),
        (
            json!({"marketing": false, "statistics": true, "preferences": true}),
            &[(Personalization, true), (Analytics, true), (Marketing, false)],
        ),
    ];
    for (preferences, expected) in cases {
        let event = one(track(json!({"context": context(preferences.clone())}))).unwrap();
        assert_eq!(consent_statements(&event), expected, "{preferences}");
        let update = json!({"event": CONSENT_UPDATED, "properties": {"categoryPreferences": preferences}});
        assert_eq!(consent_statements(&one(track(update)).unwrap()), expected, "{preferences}");
    }
}

#[test]
fn both_places_of_an_update_count_and_other_events_have_one() {
    let both = |event: &str| {
        track(json!({"event": event, "context": context(json!({"analytics": true})),
            "properties": {"categoryPreferences": {"analytics": false}}}))
    };
    assert_eq!(consent_statements(&one(both(CONSENT_UPDATED)).unwrap()), [(Analytics, false)]);
    assert_eq!(consent_statements(&one(both("Something Else")).unwrap()), [(Analytics, true)]);
}

#[test]
fn consent_in_the_context_of_a_batch_holds_for_every_event() {
    let body = json!({"context": context(json!({"analytics": false, "marketing": true})), "batch": [
        track(json!({})),
        track(json!({"context": context(json!({"marketing": false}))})),
    ]});
    let said: Vec<_> = batch(&body).accepted.iter().map(consent_statements).collect();
    assert_eq!(said, [[(Analytics, false), (Marketing, true)], [(Analytics, false), (Marketing, false)]]);
}

#[test]
fn what_is_neither_yes_nor_no_is_rejected() {
    let update =
        |preferences: Value| json!({"event": CONSENT_UPDATED, "properties": {"categoryPreferences": preferences}});
    for (changes, field) in [
        (json!({"context": {"consent": true}}), "/context/consent"),
        (json!({"context": context(json!(["analytics"]))}), "/context/consent/categoryPreferences"),
        (json!({"context": context(json!({"analytics": "yes"}))}), "/context/consent/categoryPreferences/analytics"),
        (json!({"context": context(json!({"a/b": null}))}), "/context/consent/categoryPreferences/a~1b"),
        (update(json!(1)), "/properties/categoryPreferences"),
        (update(json!({"analytics": 1})), "/properties/categoryPreferences/analytics"),
    ] {
        let rejection = one(track(changes.clone())).expect_err(&changes.to_string());
        assert_eq!((rejection.code, rejection.field.as_str()), (WrongType, field), "{changes}");
    }
}
