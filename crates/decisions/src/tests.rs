//! Is there always a useful answer, only what consent allows in it, and the same one again from the record?

mod act;
mod acting;
mod alone;
mod among;
mod asked;
mod cut;
mod declared;
mod drafted;
mod filtered;
mod flags;
mod laws;
mod listed;
mod offer;
mod rank;
mod reference;
mod shelf;
mod shop;
mod suite;
mod unusable;
mod whom;
mod words;

use crate::{
    Content, DecisionError, ItemFacts, LoggedDecision, RankedItem, Record, Sales, Subject, Testimony, Witness, World,
};
use governance::{Consents, Headcount, Purpose, Statement, Voice};
use models::recommend::{Recommender, Scored};
use primitives::{DecisionId, ErrorKind, ItemKey};
use shop::{
    NOW, Shop, Unsold, decide, decided, every_kind, first_bought, knowledge, known, models, question, recommender,
    refused, replay, silent, unknown,
};

fn ids(outcome: &Content) -> Vec<&str> {
    match outcome {
        Content::Items(items) => items.iter().map(|item| item.id.as_str()).collect(),
        _ => panic!("items were asked for"),
    }
}

fn popular_by_model(model: &Recommender, n: usize) -> Vec<ItemKey> {
    model.popular(n, None, &|_| true).into_iter().map(|Scored { item, .. }| item).collect()
}

#[test]
fn every_recommendation_says_why_it_is_not_the_full_one() {
    let shop = Shop::full();
    let buyer = || known(knowledge(&[(0, 3.0)], true));
    for (subject, with_model, granted, said) in [
        (buyer(), true, true, None),
        (known(knowledge(&[], false)), true, true, Some("The customer has not bought anything yet: these are")),
        (known(knowledge(&[], true)), true, true, Some("The customer's orders name no products: these are")),
        (refused(), true, false, Some("The customer refused personalization: these are")),
        (
            silent(),
            true,
            false,
            Some("The customer has not agreed to personalization, and silence counts as a refusal: these"),
        ),
        (unknown(true), true, true, Some("Nothing is known of this customer yet: these are")),
        (buyer(), false, true, Some("No recommendation model has been trained yet: these are")),
        (refused(), false, false, Some("The customer refused personalization: these are")),
        (unknown(true), false, true, Some("Nothing is known of this customer yet: these are")),
    ] {
        let answer = decide(&question("recommend", 3), &subject, &models(with_model), &shop).unwrap();
        match (said, &answer.fallback) {
            (None, None) => {}
            (Some(said), Some(fallback)) if fallback.starts_with(said) && fallback.ends_with("popular items.") => {}
            (said, found) => panic!("{found:?} and not {said:?}"),
        }
        assert_eq!((answer.consent.purpose, answer.consent.granted), (Purpose::Personalization, granted));
        assert_eq!(answer.model.is_some(), with_model);
        assert_eq!(ids(&answer.content).len(), 3);
    }
}

#[test]
fn nothing_is_called_popular_that_was_not_sold() {
    for subject in [known(knowledge(&[(0, 3.0)], true)), refused(), unknown(true)] {
        let shop = Unsold(Shop::full());
        let answer = decide(&question("recommend", 3), &subject, &models(false), &shop).unwrap();
        let fallback = answer.fallback.unwrap();
        assert!(fallback.contains("nothing was sold lately") && !fallback.contains("popular"), "{fallback}");
        let Content::Items(items) = answer.content else { panic!("items were asked for") };
        assert!(items.len() == 3 && items.iter().all(|item| item.reason == "In the catalogue"));
    }
}

#[test]
fn an_empty_catalogue_is_said() {
    for with_model in [true, false] {
        for subject in [known(knowledge(&[(0, 3.0)], true)), refused(), unknown(true)] {
            let answer = decide(&question("recommend", 3), &subject, &models(with_model), &Shop::empty());
            let answer = answer.unwrap();
            assert!(ids(&answer.content).is_empty());
            if let Some(fallback) = &answer.fallback {
                assert!(fallback.ends_with(", and the catalogue holds no item that can be shown."), "{fallback}");
            }
        }
    }
}

#[test]
fn without_consent_the_answer_is_what_everybody_gets() {
    let shop = Shop::full();
    let ask = |subject: &Subject| decide(&question("recommend", 5), subject, &models(true), &shop).unwrap();
    let expected: Vec<_> = popular_by_model(&recommender(), 5).into_iter().map(|key| shop.name(key)).collect();
    for subject in [refused(), silent(), unknown(true), unknown(false)] {
        assert_eq!(ids(&ask(&subject).content), expected);
    }
    let personal = ask(&known(knowledge(&[(7, 1.0), (7, 20.0)], true)));
    assert_eq!(ids(&personal.content)[0], "item-7", "bought twice, and rare with others");
    let Content::Items(items) = personal.content else { panic!("items were asked for") };
    assert_eq!(items[0].reason, "Bought 2 times, the last time yesterday");
}

#[test]
fn a_score_needs_a_model_consent_and_an_order() {
    let shop = Shop::full();
    for (subject, with_model, is_personal, said) in [
        (known(knowledge(&[(0, 3.0)], true)), true, true, None),
        (known(knowledge(&[], false)), true, false, Some("has not bought anything yet")),
        (known(first_bought(0.000_2)), true, false, Some("first bought less than a day ago, which is too little")),
        (known(first_bought(0.999)), true, false, Some("this is the average over all customers.")),
        (known(first_bought(1.0)), true, true, None),
        (refused(), true, false, Some("may not be used for personalization: this is the average over all customers.")),
        (unknown(true), true, false, Some("Nothing is known of this customer yet: this is the average")),
        (known(knowledge(&[(0, 3.0)], true)), false, false, Some("No churn model has been trained yet")),
    ] {
        let answer = decide(&question("churn", 1), &subject, &models(with_model), &shop).unwrap();
        let Content::Score { score, reasons } = &answer.content else { panic!("a score was asked for") };
        assert_eq!(score.is_some(), with_model, "{answer:?}");
        assert_eq!(!reasons.is_empty(), is_personal);
        assert_eq!(
            answer.fallback.as_deref().map(|found| found.contains(said.unwrap_or("?"))),
            said.map(|_| true),
            "{answer:?}"
        );
        for reason in reasons {
            assert!(reason.text.starts_with(|first: char| !first.is_lowercase()), "{}", reason.text);
        }
        assert!(
            reasons.is_sorted_by(|a, b| a.contribution.map(f64::abs) >= b.contribution.map(f64::abs)),
            "{reasons:?}"
        );
    }
}

#[test]
fn a_question_out_of_range_is_refused() {
    for n in [0, 101, i64::MAX] {
        let error = decide(&question("recommend", n), &unknown(true), &models(true), &Shop::full());
        let error = error.expect_err("out of range");
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::Invalid, format!("n is {n}: it goes from 1 to 100")));
    }
    let mut asked = question("churn", 1);
    asked.parameters.insert("n".to_owned(), 3.into());
    let error = decide(&asked, &unknown(true), &models(true), &Shop::full()).expect_err("churn takes no n");
    assert_eq!(error.to_string(), "\"churn\" takes no \"n\": leave it out");
}

#[test]
fn what_cannot_be_had_is_not_recommended() {
    let mut shop = Shop::full();
    shop.available.remove(&shop::key(7));
    for with_model in [true, false] {
        let subject = known(knowledge(&[(7, 1.0), (7, 20.0)], true));
        let answer = decide(&question("recommend", 100), &subject, &models(with_model), &shop).unwrap();
        assert!(!ids(&answer.content).contains(&"item-7"));
        assert_eq!(ids(&answer.content).len(), shop.available.len());
    }
}

#[test]
fn the_record_of_a_refusal_holds_nothing_of_the_customer() {
    let (_, record) = decided(&question("recommend", 3), &refused(), &models(true), &Shop::full());
    assert!(record.features(|_, _| None).is_empty());
    let text = json(&record.to_logged().record);
    assert!(!text.contains("features") && !text.contains("bought"), "{text}");
}

#[test]
fn a_record_of_another_version_or_a_damaged_one_is_refused() {
    let (_, record) = decided(&question("churn", 1), &unknown(true), &models(false), &Shop::full());
    let logged = record.to_logged();
    assert_eq!(reopened(&record), record);
    assert!(logged.is_fallback && logged.kind == "churn" && logged.decided_at == NOW);
    let damaged = |record: Vec<u8>| Record::open(&LoggedDecision { record, ..logged.clone() }).expect_err("damaged");
    let newer = json(&logged.record).replacen("\"v\":7", "\"v\":9", 1);
    let newer = damaged(newer.into_bytes());
    assert!(matches!(newer, DecisionError::Version { found: 9, known: 7 }), "{newer}");
    assert!(newer.to_string().contains("newer program"));
    let half = damaged(logged.record[..logged.record.len() / 2].to_vec());
    assert_eq!((half.kind(), damaged(b"{}".to_vec()).kind()), (ErrorKind::Corrupt, ErrorKind::Corrupt));
}

/// Written by the first version of the record; it opens and replays in every later program.
#[test]
fn a_stored_record_of_the_first_version_still_replays() {
    let bytes = include_bytes!("../tests/fixtures/record-v1.json").to_vec();
    let id = DecisionId::from("019ab3f2c1d4e5f60718293a4b5c6d7e");
    let logged = LoggedDecision {
        id: id.clone(),
        decided_at: NOW,
        kind: "recommend".to_owned(),
        customer: Some("42".into()),
        is_fallback: true,
        record: bytes,
    };
    let record = Record::open(&logged).unwrap();
    assert_eq!((&record.decision.id, record.question.customer.as_str()), (&id, "42"));
    assert_eq!(record.question.parameters["n"], 2);
    let features = record.features(|_, _| None);
    assert_eq!((features["feature_0"], features["feature_1"]), (Some(12.5), None));
    assert_eq!(ids(&record.decision.answer.content), ["tea", "jam"]);
    assert_eq!(replay(&record, &models(false)).unwrap(), record.decision.answer);
    assert_eq!(reopened(&record), record);
    assert!(record.was_sent(&record.response) && !record.was_sent("{}"), "its answer is recognised as before");
}

/// The record of a customer with the median number of purchases, as the first version stored it.
#[test]
fn a_record_takes_few_bytes_and_holds_no_answer_twice() {
    let bytes = include_bytes!("../tests/fixtures/record-v1-median.json").to_vec();
    let (_, other) = decided(&question("churn", 1), &unknown(true), &models(false), &Shop::full());
    let record = Record::open(&LoggedDecision { record: bytes.clone(), ..other.to_logged() }).unwrap();
    let packed = record.to_logged().record;
    assert!(bytes.len() > 5_000 && packed.len() < 1_500, "{} bytes became {}", bytes.len(), packed.len());
    assert!(!json(&packed).contains("decisionId"), "{}", json(&packed));
    assert_eq!(reopened(&record), record);
}

#[test]
fn what_was_known_can_be_forgotten_with_every_word_of_it_and_what_was_answered_stays() {
    let subject = known(knowledge(&[(7, 1.0), (3, 20.0)], true));
    for kind in every_kind().iter() {
        let mut asked = question(kind.about().name.as_str(), 1);
        asked.context.insert("basket".to_owned(), "a gift for Ann".into());
        let (answer, mut record) = decided(&asked, &subject, &models(true), &Shop::full());
        record.decision.answer.fallback = Some("The customer's orders name no products".to_owned());
        let forgotten = reopened(&record.forget());
        let text = json(&forgotten.to_logged().record);
        for word in ["features", "bought", "Bought", "gift", "name no products", "\"value\":", "contribution"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
        assert!(forgotten.is_forgotten() && forgotten.features(|_, _| None).is_empty());
        assert_eq!(forgotten.testimony, Testimony::default());
        assert!(forgotten.to_logged().is_fallback, "that it was one stays");
        match (&forgotten.decision.answer.content, &answer.content) {
            (Content::Items(after), Content::Items(before)) => {
                let ids = |items: &[RankedItem]| items.iter().map(|item| item.id.clone()).collect::<Vec<_>>();
                assert_eq!(ids(after), ids(before));
            }
            (Content::Score { score: after, .. }, Content::Score { score: before, .. }) => assert_eq!(after, before),
            (after, before) => assert_eq!(std::mem::discriminant(after), std::mem::discriminant(before)),
        }
        let refused = replay(&forgotten, &models(true)).unwrap_err();
        assert!(refused.to_string().contains("the customer refuses personalization or analytics"), "{refused}");
    }
}

fn json(packed: &[u8]) -> String {
    String::from_utf8(crate::packed::unpack(packed).unwrap().into_owned()).unwrap()
}

fn reopened(record: &Record) -> Record {
    Record::open(&record.to_logged()).unwrap().rewrite(|_| record.response.clone())
}

#[test]
fn the_consent_of_a_known_customer_comes_from_what_they_said() {
    let mut consents = Consents::default();
    consents.state(Purpose::Personalization, Statement { granted: true, at: NOW, voice: Voice::Client });
    let policy = governance::ConsentPolicy::new([(Purpose::Personalization, false)]);
    let permitted = governance::permit(&policy, &consents, Purpose::Personalization, knowledge(&[(0, 3.0)], true));
    let subject = Subject::Known(permitted.unwrap());
    let (answer, record) = decided(&question("recommend", 3), &subject, &models(true), &Shop::full());
    assert_eq!(answer.consent.basis.name(), "stated");
    assert_eq!(record.subject().consent(), answer.consent);
    assert_eq!(replay(&record, &models(true)).unwrap(), answer);
}

/// A shop of one item that so many customers bought.
struct Sold(u32);

impl World for Sold {
    fn is_available(&self, _: ItemKey) -> bool {
        true
    }

    fn facts(&self, _: ItemKey) -> Option<ItemFacts> {
        Some(ItemFacts { id: "tea".into(), title: "Tea".to_owned() })
    }

    fn popular(&self, _: usize) -> Vec<(ItemKey, Sales)> {
        vec![(shop::key(0), Sales::Buyers { buyers: Headcount::of(self.0) })]
    }
}

#[test]
fn no_answer_and_no_record_tells_fewer_than_five_customers_apart() {
    let told = |n| {
        let (answer, record) = decided(&question("recommend", 1), &unknown(true), &models(false), &Sold(n));
        assert_eq!(replay(&record, &models(false)).unwrap(), answer);
        assert_eq!(reopened(&record), record);
        let Content::Items(items) = answer.content else { panic!("items were asked for") };
        (items[0].reason.clone(), items[0].score.to_bits(), record.testimony)
    };
    assert_eq!(told(0).0, "In the catalogue");
    assert_eq!(told(1).0, "Bought by fewer than 5 customers in the last 30 days");
    assert_eq!(told(5).0, "Bought by 5 customers in the last 30 days");
    for n in 2..5 {
        assert_eq!(told(n), told(1));
    }
    assert!(
        f64::from_bits(told(6).1) > f64::from_bits(told(5).1) && f64::from_bits(told(5).1) > f64::from_bits(told(4).1)
    );
}

#[test]
fn a_witness_writes_down_only_what_was_asked() {
    let shop = Shop::full();
    let witness = Witness::new(&shop);
    decide(&question("churn", 1), &unknown(true), &models(true), &witness).unwrap();
    assert_eq!(witness.into_testimony(), crate::Testimony::default());
}
