//! Are the words of an answer, and the names in a record, the right ones?

use super::shop::{
    Shop, catalogue, decide, decided, every_kind, first_bought, key, knowledge, known, models, of_churn, of_recommend,
    place, question, recommender, refused, trained, unknown,
};
use crate::{Content, DecisionError, ItemFacts, Models, RankedItem, Reason, Record, Sales, World};
use learning::{Body, reasons};
use primitives::{ErrorKind, ItemKey};
use std::collections::BTreeSet;

#[test]
fn a_kind_is_found_by_its_name_and_only_by_that() {
    let names: Vec<String> = every_kind().iter().map(|kind| kind.about().name.to_string()).collect();
    assert_eq!(names[..2], ["recommend", "churn"]);
    for name in &names {
        assert_eq!(every_kind().get(name).unwrap().about().name.as_str(), name);
    }
    for name in ["", "Recommend", "horoscope", "churn "] {
        let error = every_kind().get(name).err().unwrap();
        assert!(error.to_string().ends_with(&format!("or {}", names.last().unwrap())), "{error}");
    }
}

/// The reason for item 7, which was bought so many days ago.
fn reason_for(age_days: f64, times: usize) -> String {
    let bought = vec![(7, age_days); times];
    let subject = known(knowledge(&bought, true));
    let answer = decide(&question("recommend", 12), &subject, &models(true), &Shop::full()).unwrap();
    let Content::Items(items) = answer.content else { panic!("items were asked for") };
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
    let mut models = Models::default();
    models.put(of_churn("c7"));
    models.put(of_recommend("r7"));
    let ask = |kind| decide(&question(kind, 1), &refused(), &models, &Shop::full()).unwrap();
    let churn = ask("churn");
    assert_eq!(churn.model.unwrap().version.as_str(), "c7");
    let Content::Score { score, .. } = churn.content else { panic!("a score was asked for") };
    assert_eq!(
        score.unwrap().get().to_bits(),
        0.3_f64.to_bits(),
        "of somebody who refused, only the average may be said"
    );
    assert_eq!(ask("recommend").model.unwrap().version.as_str(), "r7");
}

#[test]
fn features_are_named_by_the_model_that_looked_at_them() {
    let subject = known(knowledge(&[(0, 3.0)], true));
    let (_, record) = decided(&question("churn", 1), &subject, &models(true), &Shop::full());
    let names: Vec<String> = trained().header.features.iter().map(|feature| feature.name.to_string()).collect();
    let named = record.features(|task, version| {
        assert_eq!((task.as_str(), version.as_str()), ("churn", "c1"));
        Some(names.clone())
    });
    assert_eq!(named.keys().cloned().collect::<BTreeSet<_>>(), names.into_iter().collect());
    assert_eq!(named["orders_all"], Some(3.0));
    assert_eq!(named.values().filter(|value| value.is_some()).count(), 1);
    // A model that is not there any more, or another one: its features have places and no names.
    for other in [None, Some(vec!["one".to_owned()])] {
        let numbered = record.features(|_, _| other.clone());
        assert_eq!(numbered[&format!("feature_{}", place("orders_all"))], Some(3.0));
    }
    let (_, withheld) = decided(&question("churn", 1), &refused(), &models(true), &Shop::full());
    assert!(withheld.features(|_, _| None).is_empty());
}

fn items(answer: Content) -> Vec<RankedItem> {
    let Content::Items(items) = answer else { panic!("items were asked for") };
    items
}

#[test]
fn a_recommendation_names_what_it_is_like_where_that_is_known() {
    let subject = known(knowledge(&[(7, 3.0)], true));
    let mut shop = Shop::full();
    let said = |shop: &Shop| {
        let answer = decide(&question("recommend", 12), &subject, &models(true), shop).unwrap();
        items(answer.content).into_iter().map(|item| item.reason).collect::<Vec<_>>()
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
    let answer = decide(&question("recommend", 5), &unknown(true), &models(true), &Shop::full()).unwrap();
    let model = answer.model.unwrap();
    assert_eq!((model.name.as_str(), model.version.as_str()), ("recommend", "r1"));
    let (items, scored) = (items(answer.content), recommender().popular(5, None, &|_| true));
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
        let asked = question("recommend", 1);
        let answer = decide(&asked, &unknown(true), &models(false), &Orders(n_orders)).unwrap();
        assert_eq!(answer.fallback.unwrap().ends_with("most popular items."), n_orders > 0);
        let [item] = &items(answer.content)[..] else { panic!("one item is sold") };
        assert_eq!((item.score.to_bits(), item.reason.as_str()), (f64::to_bits(score), said));
    }
}

#[test]
fn a_score_s_reasons_are_the_model_s_weightiest_in_words() {
    let buyer = knowledge(&[(0, 3.0)], true);
    let Body::Binary(model) = &trained().body else { panic!("a churn model was trained") };
    let values = buyer.inputs(&"churn".into()).to_vec();
    let scored = model.score(&values).unwrap();
    let asked = question("churn", 1);
    let answer = decide(&asked, &known(buyer.clone()), &models(true), &Shop::full()).unwrap();
    let named = answer.model.unwrap();
    assert_eq!((named.name.as_str(), named.version.as_str()), ("churn", "c1"));
    let Content::Score { score, reasons: found } = answer.content else { panic!("a score was asked for") };
    assert_eq!((score, found.len()), (Some(scored.probability), 5));
    for (Reason { feature, value, contribution, text }, expected) in found.iter().zip(&scored.contributions) {
        assert_eq!(*feature, *trained().header.features[expected.feature_idx].name);
        assert_eq!(contribution.unwrap().to_bits(), expected.contribution.to_bits());
        assert_eq!(*value, Some(expected.value).filter(|value| !value.is_nan()));
        assert_eq!(
            text.to_lowercase(),
            reasons::text_of(catalogue(), &trained().header.features, &values, expected, None).to_lowercase()
        );
        assert!(text.starts_with(char::is_uppercase), "{text}");
    }
    assert!(found.iter().any(|reason| reason.value.is_none()), "most of this customer is not known: {found:?}");
}

#[test]
fn who_ordered_once_is_told_nothing_of_a_rhythm_and_nothing_twice() {
    let answer = decide(&question("churn", 1), &known(first_bought(40.0)), &models(true), &Shop::full()).unwrap();
    let Content::Score { reasons: found, .. } = answer.content else { panic!("a score was asked for") };
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
    buyer.inputs.values_mut().for_each(|inputs| inputs.values.truncate(3));
    let answer = decide(&question("churn", 1), &known(buyer), &models(true), &Shop::full()).unwrap();
    assert!(answer.fallback.unwrap().ends_with(": this is the average over all customers."));
    let Content::Score { score, reasons } = answer.content else { panic!("a score was asked for") };
    assert_eq!((score.map(|score| score.get().to_bits()), reasons.len()), (Some(0.3_f64.to_bits()), 0));
}

#[test]
fn a_record_says_what_the_log_is_searched_by_and_writes_its_answer_again() {
    for (subject, is_fallback) in [(known(knowledge(&[(0, 3.0)], true)), false), (refused(), true)] {
        let asked = question("recommend", 3);
        let (_, record) = decided(&asked, &subject, &models(true), &Shop::full());
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
        (DecisionError::Parameter { name: "n", value: 0, min: 1, max: 100 }, ErrorKind::Invalid),
        (DecisionError::NoSuchKind { name: "mood".to_owned(), known: Vec::new() }, ErrorKind::Invalid),
        (DecisionError::Version { found: 9, known: 3 }, ErrorKind::Corrupt),
        (DecisionError::from(damaged), ErrorKind::Corrupt),
        (DecisionError::from(std::io::Error::other("?")), ErrorKind::Corrupt),
        (DecisionError::Forgotten, ErrorKind::Forbidden),
    ] {
        assert_eq!(error.kind(), kind, "{error}");
    }
}
