//! Are the words of an answer, and the names in a record, the right ones?

use super::shop::{Shop, champions, decided, knowledge, known, question, recommender, refused, trained};
use crate::{Champions, DecisionKind, Outcome, Record, decide};
use features::catalogue;
use learning::{Evaluation, Loaded, Model};

#[test]
fn a_kind_is_found_by_its_name_and_only_by_that() {
    for kind in DecisionKind::ALL {
        assert_eq!(DecisionKind::from_name(kind.name()), Some(kind));
        assert_eq!(kind.to_string(), kind.name());
    }
    assert_eq!(DecisionKind::ALL.map(DecisionKind::name), ["recommend", "churn"]);
    assert_eq!(DecisionKind::ALL.map(DecisionKind::is_shown), [true, false]);
    for name in ["", "Recommend", "horoscope", "churn "] {
        assert_eq!(DecisionKind::from_name(name), None, "{name}");
    }
}

/// The reason for item 7, which was bought so many days ago.
fn reason_for(age_days: f64, times: usize) -> String {
    let bought = vec![(7, age_days); times];
    let subject = known(knowledge(&bought, true));
    let answer = decide(&question(DecisionKind::Recommend, 12), &subject, &champions(true), &Shop::full()).unwrap();
    let Outcome::Items(items) = answer.outcome else { panic!("items were asked for") };
    items.into_iter().find(|item| item.id.as_str() == "item-7").unwrap().reason
}

#[test]
fn a_reason_counts_days_as_people_do() {
    for (age_days, times, said) in [
        (0.0, 1, "Bought before, within the last day"),
        (0.99, 1, "Bought before, within the last day"),
        (1.0, 1, "Bought before, yesterday"),
        (1.99, 2, "Bought 2 times, the last time yesterday"),
        (2.0, 1, "Bought before, 2 days ago"),
        (12.9, 3, "Bought 3 times, the last time 12 days ago"),
    ] {
        assert_eq!(reason_for(age_days, times), said, "{age_days} days, {times} times");
    }
}

#[test]
fn a_model_that_is_put_in_force_answers_with_its_version() {
    let mut champions = Champions::default();
    let header = trained().header.clone();
    let Evaluation::Churn(evaluation) = &header.evaluation else { panic!("a churn model was trained") };
    let base_rate = evaluation.base_rate;
    let load = |version: &str, model| Loaded { version: version.into(), header: header.clone(), model };
    champions.put(load("c7", trained().model.clone()));
    champions.put(load("r7", Model::Recommend(recommender())));
    let ask = |kind| decide(&question(kind, 1), &refused(), &champions, &Shop::full()).unwrap();
    let churn = ask(DecisionKind::Churn);
    assert_eq!(churn.model.unwrap().version.as_str(), "c7");
    let Outcome::Score { score, .. } = churn.outcome else { panic!("a score was asked for") };
    assert_eq!(
        score.unwrap().get().to_bits(),
        base_rate.to_bits(),
        "of somebody who refused, only the average may be said"
    );
    assert_eq!(ask(DecisionKind::Recommend).model.unwrap().version.as_str(), "r7");
}

#[test]
fn features_are_named_by_the_catalogue_that_computed_them() {
    let subject = known(knowledge(&[(0, 3.0)], true));
    let (_, record) = decided(&question(DecisionKind::Churn, 1), &subject, &champions(true), &Shop::full());
    let schema = catalogue::schema_hash();
    assert_eq!(record.feature_schema(), Some(schema.as_str()));
    let named: Vec<(String, Option<f64>)> = record.named_features().collect();
    let names: Vec<&str> = named.iter().map(|(name, _)| name.as_str()).collect();
    let defined: Vec<&str> = catalogue::definitions().iter().map(|definition| definition.name.as_str()).collect();
    assert_eq!(names, defined);
    let orders = catalogue::index_of("orders_all").unwrap();
    assert_eq!((named[orders].1, record.features()[orders]), (Some(3.0), Some(3.0)));
    assert_eq!(named.iter().filter(|(_, value)| value.is_some()).count(), 1);

    // Another program's features have places and no names.
    let mut logged = record.to_logged();
    let text = super::json(&logged.record).replace(&schema, "another-schema");
    logged.record = text.into_bytes();
    let other = Record::open(&logged).unwrap();
    assert_eq!(other.feature_schema(), Some("another-schema"));
    let (name, value) = other.named_features().nth(orders).unwrap();
    assert_eq!((name, value), (format!("feature_{orders}"), Some(3.0)));

    let (_, withheld) = decided(&question(DecisionKind::Churn, 1), &refused(), &champions(true), &Shop::full());
    assert_eq!((withheld.feature_schema(), withheld.named_features().count()), (None, 0));
}
