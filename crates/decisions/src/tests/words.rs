//! Are the words of an answer, and the names in a record, the right ones?

use super::shop::{
    Shop, champions, decided, first_bought, key, knowledge, known, question, recommender, refused, trained, unknown,
};
use crate::{
    Champions, DecisionError, DecisionKind, ItemFacts, Outcome, RankedItem, Record, Sales, ScoreReason, World, decide,
};
use features::catalogue;
use governance::Purpose;
use learning::{Evaluation, Loaded, Model, reasons};
use primitives::{ErrorKind, ItemKey};

#[test]
fn a_kind_is_found_by_its_name_and_only_by_that() {
    for kind in DecisionKind::ALL {
        assert_eq!(DecisionKind::from_name(kind.name()), Some(kind));
        assert_eq!(kind.to_string(), kind.name());
    }
    assert_eq!(DecisionKind::ALL.map(DecisionKind::name), ["recommend", "churn"]);
    assert_eq!(DecisionKind::ALL.map(DecisionKind::is_shown), [true, false]);
    assert_eq!(DecisionKind::ALL.map(DecisionKind::purpose), [Purpose::Personalization; 2]);
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

fn items(answer: Outcome) -> Vec<RankedItem> {
    let Outcome::Items(items) = answer else { panic!("items were asked for") };
    items
}

#[test]
fn a_recommendation_names_what_it_is_like_where_that_is_known() {
    let subject = known(knowledge(&[(7, 3.0)], true));
    let mut shop = Shop::full();
    let said = |shop: &Shop| {
        let answer = decide(&question(DecisionKind::Recommend, 12), &subject, &champions(true), shop).unwrap();
        items(answer.outcome).into_iter().map(|item| item.reason).collect::<Vec<_>>()
    };
    let reasons = said(&shop);
    assert!(reasons.contains(&"Often bought by customers who, like this one, bought ITEM-7".to_owned()), "{reasons:?}");
    assert!(reasons.contains(&"Popular with all customers".to_owned()), "{reasons:?}");
    shop.names.remove(&key(7));
    let reasons = said(&shop);
    assert!(reasons.contains(&"Often bought by customers with similar purchases".to_owned()), "{reasons:?}");
}

#[test]
fn what_everybody_gets_is_in_the_order_of_the_model_and_says_so() {
    let answer =
        decide(&question(DecisionKind::Recommend, 5), &unknown(true), &champions(true), &Shop::full()).unwrap();
    let model = answer.model.unwrap();
    assert_eq!((model.name.as_str(), model.version.as_str()), ("recommend", "r1"));
    let (items, scored) = (items(answer.outcome), recommender().popular(5, &|_| true));
    assert_eq!(items.len(), 5);
    for (item, scored) in items.iter().zip(scored) {
        assert_eq!((item.id.as_str(), item.score.to_bits()), (Shop::full().name(scored.item), scored.score.to_bits()));
        assert_eq!(item.reason, "Popular with all customers");
    }
}

/// A shop of one item, as the first programs counted what was sold.
struct Orders(u64);

impl World for Orders {
    fn is_available(&self, _: ItemKey) -> bool {
        true
    }

    fn facts(&self, _: ItemKey) -> Option<ItemFacts> {
        Some(ItemFacts { id: "tea".into(), title: "Tea".to_owned() })
    }

    fn popular(&self, _: usize) -> Vec<(ItemKey, Sales)> {
        vec![(key(0), Sales::Orders(self.0))]
    }
}

#[test]
fn records_of_the_first_programs_are_told_as_they_were() {
    for (n_orders, score, said) in [
        (0, 0.0, "In the catalogue"),
        (1, 1.0, "In 1 order of the last 30 days"),
        (7, 7.0, "In 7 orders of the last 30 days"),
    ] {
        let asked = question(DecisionKind::Recommend, 1);
        let answer = decide(&asked, &unknown(true), &champions(false), &Orders(n_orders)).unwrap();
        assert_eq!(answer.fallback.unwrap().ends_with("most popular items."), n_orders > 0);
        let [item] = &items(answer.outcome)[..] else { panic!("one item is sold") };
        assert_eq!((item.score.to_bits(), item.reason.as_str()), (f64::to_bits(score), said));
    }
}

#[test]
fn a_score_s_reasons_are_the_model_s_weightiest_in_words() {
    let buyer = knowledge(&[(0, 3.0)], true);
    let Model::Churn(model) = &trained().model else { panic!("a churn model was trained") };
    let scored = model.score(&buyer.vector).unwrap();
    let asked = question(DecisionKind::Churn, 1);
    let answer = decide(&asked, &known(buyer.clone()), &champions(true), &Shop::full()).unwrap();
    let named = answer.model.unwrap();
    assert_eq!((named.name.as_str(), named.version.as_str()), ("churn", "c1"));
    let Outcome::Score { score, reasons: found } = answer.outcome else { panic!("a score was asked for") };
    assert_eq!((score, found.len()), (Some(scored.probability), 5));
    for (ScoreReason { feature, value, contribution, text }, expected) in found.iter().zip(&scored.contributions) {
        assert_eq!(*feature, catalogue::definitions()[expected.feature_idx].name);
        assert_eq!(contribution.to_bits(), expected.contribution.to_bits());
        assert_eq!(*value, Some(expected.value).filter(|value| !value.is_nan()));
        assert_eq!(text.to_lowercase(), reasons::text_of(&buyer.vector, expected).to_lowercase());
        assert!(text.starts_with(char::is_uppercase), "{text}");
    }
    assert!(found.iter().any(|reason| reason.value.is_none()), "most of this customer is not known: {found:?}");
}

#[test]
fn who_ordered_once_is_told_nothing_of_a_rhythm_and_nothing_twice() {
    let answer =
        decide(&question(DecisionKind::Churn, 1), &known(first_bought(40.0)), &champions(true), &Shop::full()).unwrap();
    let Outcome::Score { reasons: found, .. } = answer.outcome else { panic!("a score was asked for") };
    let said: Vec<&str> = found.iter().filter_map(|reason| Some(reason.text.rsplit_once(" (")?.0)).collect();
    let different: std::collections::BTreeSet<&&str> = said.iter().collect();
    assert!(!said.is_empty() && different.len() == said.len(), "{said:?}");
    for word in ["on average", "between orders", "usual one"] {
        assert!(said.iter().all(|said| !said.contains(word)), "{word}: {said:?}");
    }
}

#[test]
fn a_customer_the_model_cannot_read_gets_the_average() {
    let mut buyer = knowledge(&[(0, 3.0)], true);
    buyer.vector.values.truncate(catalogue::index_of("orders_all").unwrap() + 1);
    let answer = decide(&question(DecisionKind::Churn, 1), &known(buyer), &champions(true), &Shop::full()).unwrap();
    assert!(answer.fallback.unwrap().ends_with(": this is the average over all customers."));
    let Outcome::Score { score, reasons } = answer.outcome else { panic!("a score was asked for") };
    assert_eq!((score.map(|score| score.get().to_bits()), reasons.len()), (Some(0.3_f64.to_bits()), 0));
}

#[test]
fn a_record_says_what_the_log_is_searched_by_and_writes_its_answer_again() {
    for (subject, is_fallback) in [(known(knowledge(&[(0, 3.0)], true)), false), (refused(), true)] {
        let asked = question(DecisionKind::Recommend, 3);
        let (_, record) = decided(&asked, &subject, &champions(true), &Shop::full());
        let logged = record.to_logged();
        assert_eq!((logged.kind.as_str(), logged.is_fallback), ("recommend", is_fallback));
        assert_eq!((&logged.id, logged.customer.as_ref()), (&record.decision.id, Some(&asked.customer)));
        assert_eq!(record.clone().rewrite(|_| "anything".to_owned()).response, "{}", "the bytes are still there");
        let opened = Record::open(&logged).unwrap();
        assert!(opened.response.is_empty() && opened.was_sent("{}") && !opened.was_sent("{ }"));
        assert_eq!(opened.rewrite(|decision| decision.id.to_string()).response, record.decision.id.to_string());
    }
}

#[test]
fn an_error_says_whose_fault_it_is() {
    let damaged = serde_json::from_str::<u8>("?").unwrap_err();
    for (error, kind) in [
        (DecisionError::N { n: 0 }, ErrorKind::Invalid),
        (DecisionError::Version { found: 9, known: 2 }, ErrorKind::Corrupt),
        (DecisionError::from(damaged), ErrorKind::Corrupt),
        (DecisionError::from(std::io::Error::other("?")), ErrorKind::Corrupt),
        (DecisionError::Forgotten, ErrorKind::Forbidden),
    ] {
        assert_eq!(error.kind(), kind, "{error}");
    }
}
