//! Whom does a decision know, as of when, and on which ground?

use super::shop::{NOW, catalogue, every_kind, key, models, place};
use crate::{Bought, Subject};
use events::{Call, Event, Fields, Offset, Origin, Recorded};
use features::FeatureState;
use governance::{ConsentPolicy, Purpose};
use primitives::{DAY_MS, Timestamp};
use profiles::{Customer, MemoryProfileStore, Profiles};
use serde_json::{Value, json};
use std::sync::Arc;

fn fields(value: Value) -> Fields {
    let Value::Object(fields) = value else { panic!("fields are an object") };
    fields.into()
}

fn days_ago(days: i64) -> Timestamp {
    Timestamp::from_millis(NOW.as_millis() - days * DAY_MS)
}

/// Somebody who ordered two days before, and said this of personalization.
fn customer(word: Option<bool>) -> Customer<FeatureState> {
    let products = json!([{"product_id": "item-3", "quantity": 1.5}, {"product_id": "item-1"}]);
    let context = word.map_or(json!({}), |word| json!({"consent": {"categoryPreferences": {"personalization": word}}}));
    let event = Event {
        message_id: "m".into(),
        user_id: Some("ann".into()),
        anonymous_id: None,
        occurred_at: days_ago(2),
        received_at: days_ago(2),
        stated_at: None,
        call: Call::Track { event: "Order Completed".to_owned(), properties: fields(json!({"products": products})) },
        context: fields(context),
        origin: Origin::Server,
        reading: events::Reading::default(),
    };
    let mut profiles = Profiles::open(Arc::new(MemoryProfileStore::default())).unwrap();
    profiles.apply(&Recorded { offset: Offset(1), event }).unwrap();
    profiles.into_resident().remove(0)
}

fn asked(kind: &str, customer: Option<&Customer<FeatureState>>, of_the_silent: bool) -> Subject {
    let policy = ConsentPolicy::new([(Purpose::Personalization, of_the_silent), (Purpose::Analytics, !of_the_silent)]);
    let kind = every_kind().get(kind).unwrap().about();
    Subject::of(customer, &policy, kind, &models(true), catalogue(), (NOW, None))
}

#[test]
fn the_customer_s_word_goes_before_the_default_and_nobody_unknown_is_withheld() {
    for (word, of_the_silent, is_known, granted, basis) in [
        (Some(None), true, true, true, "default"),
        (Some(None), false, false, false, "default"),
        (Some(Some(true)), false, true, true, "stated"),
        (Some(Some(false)), true, false, false, "stated"),
        (None, true, false, true, "default"),
        (None, false, false, false, "default"),
    ] {
        let somebody = word.map(customer);
        let subject = asked("churn", somebody.as_ref(), of_the_silent);
        assert_eq!(matches!(subject, Subject::Known(_)), is_known, "{word:?}, {of_the_silent}");
        assert_eq!(matches!(subject, Subject::Unknown(_)), word.is_none());
        let consent = subject.consent();
        assert_eq!((consent.purpose, consent.granted), (Purpose::Personalization, granted));
        assert_eq!(consent.basis.name(), basis);
    }
}

#[test]
fn what_is_known_is_of_the_moment_of_the_question() {
    let somebody = customer(None);
    let known = |kind| {
        let Subject::Known(known) = asked(kind, Some(&somebody), true) else { panic!("silence is consent here") };
        known.into_inner()
    };
    let bought = |item, milli_units| Bought { item: key(item), at: days_ago(2), milli_units };
    let shown = known("recommend");
    assert_eq!(shown.bought, [bought(3, 1_500), bought(1, 1_000)]);
    assert!(shown.inputs.is_empty(), "nothing is looked at that the kind does not read");
    let scored = known("churn");
    assert!(scored.bought.is_empty());
    let values = scored.inputs(&"churn".into());
    assert_eq!((values[place("recency_days")], scored.feature("orders_all")), (2.0, Some(1.0)));
    assert_eq!((values[place("gap_mean_days")].is_nan(), scored.feature("unheard_of")), (true, None));
}
