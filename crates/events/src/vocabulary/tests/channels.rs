//! Is every event of every channel read, and whatever is missing, of a wrong type or absurd told?

use super::*;
use crate::vocabulary::channels::{CHANNELS, Properties, Verb};
use crate::vocabulary::properties::{Kind, Need, Property};
use crate::{DecisionSeen, DecisionStep, Interval, Measurement, Priority, Question, Subscription, SubscriptionStep};

/// Every event of the channels with its properties, the searches of purchases included.
fn all() -> impl Iterator<Item = (&'static str, Properties)> {
    let searches = ["products searched", "search", "view search results"].map(|name| (name, SEARCH));
    CHANNELS.iter().map(|spoken| (spoken.name, spoken.properties)).chain(searches)
}

/// What a sender would write, which is in no event the same for two properties.
fn good(property: &Property) -> Value {
    match property.kind {
        Kind::Id => json!(format!("the {}", property.keys[0])),
        Kind::Text => json!(format!("some {}", property.keys[0])),
        Kind::Word(words) => json!(words.last().unwrap()[0]),
        Kind::Count | Kind::Position => json!(3),
        Kind::Number if property.keys[0] == "scale_min" => json!(0),
        Kind::Number if property.keys[0] == "scale" => json!(6),
        Kind::Number | Kind::Amount | Kind::Gain => json!(4.5),
        Kind::Length => json!(1_200.5),
        Kind::Seconds => json!(61.5),
        Kind::Share => json!(0.25),
        Kind::Currency => json!("CHF"),
        Kind::Moment if property.keys[0] == "ended_at" => json!("2023-11-14T22:10:00Z"),
        Kind::Moment => json!("2023-11-14T22:00:00Z"),
    }
}

/// The right type and an impossible value.
fn absurd(kind: Kind) -> Vec<Value> {
    match kind {
        Kind::Id => vec![json!("undefined"), json!("a\u{0}b"), json!("x".repeat(513))],
        Kind::Text => Vec::new(),
        Kind::Word(_) => vec![json!("whenever"), json!(7)],
        Kind::Count => vec![json!(-1), json!(1.5), json!(1_000_000_001_u64)],
        Kind::Position => vec![json!(0), json!(-1), json!(1.5), json!(1_000_000_001_u64)],
        Kind::Number => vec![json!(9e12), json!(-9e12)],
        Kind::Length => vec![json!(-0.5), json!(9e12)],
        Kind::Seconds => vec![json!(-0.001), json!(2_678_400.001)],
        Kind::Share => vec![json!(-0.001), json!(1.001)],
        Kind::Amount => vec![json!(-0.01), json!(1e30)],
        Kind::Gain => vec![json!(1e30), json!(-1e30)],
        Kind::Currency => vec![json!("EURO"), json!("E1R")],
        Kind::Moment => vec![json!("yesterday"), json!(1e300)],
    }
}

/// The last values that are not absurd.
fn bounds(kind: Kind) -> Vec<Value> {
    match kind {
        Kind::Count => vec![json!(0), json!(1_000_000_000), json!("7")],
        Kind::Position => vec![json!(1), json!(1_000_000_000)],
        Kind::Length => vec![json!(0)],
        Kind::Seconds => vec![json!(0), json!(2_678_400)],
        Kind::Share => vec![json!(0), json!(1)],
        Kind::Amount => vec![json!(0), json!("0.01")],
        Kind::Gain => vec![json!(0), json!(-0.01), json!("-7.5")],
        Kind::Currency => vec![json!(" chf ")],
        Kind::Word(words) => words.concat().iter().map(|word| json!(word.to_uppercase())).collect(),
        Kind::Moment => vec![json!(1_700_000_000), json!("1700000000000")],
        Kind::Id | Kind::Text | Kind::Number => Vec::new(),
    }
}

/// What cannot be of the type at all.
fn of_wrong_type(kind: Kind) -> Vec<Value> {
    let mut all = vec![json!([1]), json!({"a": 1}), json!(true)];
    match kind {
        Kind::Id | Kind::Text | Kind::Word(_) | Kind::Moment => {}
        Kind::Currency => all.push(json!(978)),
        _ => all.extend([json!("NaN"), json!("inf"), json!("-inf"), json!("many"), json!("1e999")]),
    }
    all
}

fn whole(properties: Properties) -> Object {
    properties.iter().map(|(_, property)| (property.keys[0].to_owned(), good(property))).collect()
}

/// What is said where nobody names a currency elsewhere.
fn heard(name: &str, properties: Object) -> Result<(Deed, Vec<Rejection>), Rejection> {
    let event = track_with(None, name, Value::Object(properties))?;
    assert_eq!(event.is_marked(), !event.marks().is_empty(), "{name}");
    let stored = Event::from_record(&event.to_record()).unwrap();
    assert_eq!((stored.deed(), stored.marks()), (event.deed(), event.marks()), "{name}: what its record says");
    Ok((event.deed().clone(), event.marks()))
}

#[test]
fn every_name_is_found_in_any_writing_and_in_one_table() {
    assert!(CHANNELS.is_sorted_by_key(|spoken| spoken.name.as_bytes()), "or a name would not be found");
    for spoken in &CHANNELS {
        assert!(steps::NAMES.iter().all(|named| named.name != spoken.name), "{}", spoken.name);
        for written in [spoken.name.to_owned(), spoken.name.to_uppercase(), spoken.name.replace(' ', "-")] {
            assert!(matches!(meaning_of(&written), Some(Meaning::Channel(found)) if std::ptr::eq(found, spoken)));
            let event = track(&written, Value::Object(whole(spoken.properties))).unwrap();
            assert_eq!(event.understanding(), Understanding::Channel);
            assert_ne!(event.deed(), &Deed::Other, "{written}");
            let is_content = matches!(event.deed(), Deed::Content(_));
            assert_eq!(is_content, matches!(spoken.verb, Verb::Content(_) | Verb::ContentRated), "{written}");
            assert_eq!(event.commerce().is_some(), is_content, "{written}");
        }
    }
}

#[test]
fn every_property_is_read_under_each_of_its_keys() {
    for (name, properties) in all() {
        let (deed, marks) = heard(name, whole(properties)).unwrap();
        assert_eq!(marks, [], "{name}");
        let mut keys: Vec<_> = properties.iter().flat_map(|(_, property)| property.keys).collect();
        let n_keys = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), n_keys, "{name}: one key for two properties");
        for (_, property) in properties {
            for key in property.keys {
                let mut fields = whole(properties);
                let value = fields.remove(property.keys[0]).unwrap();
                fields.insert((*key).to_owned(), value);
                assert_eq!(heard(name, fields).unwrap(), (deed.clone(), Vec::new()), "{name}: {key}");
            }
            for written in bounds(property.kind) {
                let mut fields = whole(properties);
                // Nothing that would contradict it.
                fields.remove("ended_at");
                fields.insert(property.keys[0].to_owned(), written.clone());
                let marks = heard(name, fields).unwrap().1;
                assert_eq!(marks, [], "{name}: {} {written}", property.keys[0]);
            }
        }
    }
}

#[test]
fn every_key_of_several_words_may_be_written_in_camels() {
    for (_, property) in all().flat_map(|(_, properties)| properties) {
        for key in property.keys.iter().filter(|key| key.contains('_') && !key.starts_with("ga_")) {
            let mut words = key.split('_');
            let mut camels = words.next().unwrap().to_owned();
            words.for_each(|word| camels.extend([&word[..1].to_uppercase(), &word[1..]]));
            assert!(property.keys.contains(&camels.as_str()), "{key}: {camels}");
        }
    }
}

/// Each event, each of its properties, missing and wrong in every way: refused where the event says nothing without it, else
/// marked, and all the rest counts.
#[test]
fn whatever_is_wrong_in_a_property_is_told_and_bends_nothing_else() {
    for (name, properties) in all() {
        for (need, property) in properties {
            let key = property.keys[0];
            let pointer = format!("/properties/{key}");
            let mut without = whole(properties);
            without.remove(key);
            let missing = heard(name, without.clone());
            match (need, &missing) {
                (Need::Required, Err(refusal)) => {
                    assert_eq!((refusal.code, &refusal.field), (RejectionCode::MissingField, &pointer), "{name}");
                }
                (Need::Expected, Ok((_, marks))) => {
                    assert_eq!(marks.len(), 1, "{name}: {key}");
                    assert_eq!((marks[0].code, &marks[0].field), (RejectionCode::MissingField, &pointer), "{name}");
                    assert!(marks[0].message.ends_with(&format!("send it; it says {}", property.meaning)), "{name}");
                }
                (Need::Optional, Ok((_, marks))) => {
                    // An amount does not count without its currency.
                    assert_eq!(marks.len(), usize::from(key == "currency"), "{name}: {key}");
                }
                _ => panic!("{name}: without {key}: {missing:?}"),
            }
            let wrong = of_wrong_type(property.kind).into_iter().map(|value| (RejectionCode::WrongType, value));
            let wrong = wrong.chain(absurd(property.kind).into_iter().map(|value| (RejectionCode::BadValue, value)));
            for (code, value) in wrong {
                let mut fields = without.clone();
                fields.insert(key.to_owned(), value.clone());
                match (need, heard(name, fields)) {
                    (Need::Required, Err(refusal)) => {
                        assert_eq!((refusal.code, &refusal.field), (code, &pointer), "{name}: {value}");
                    }
                    (Need::Expected | Need::Optional, Ok((deed, marks))) => {
                        assert_eq!(deed, missing.as_ref().unwrap().0, "{name}: {key} {value}");
                        let found: Vec<_> = marks.iter().map(|mark| (mark.code, mark.field.as_str())).collect();
                        assert_eq!(found, [(code, pointer.as_str())], "{name}: {value}");
                    }
                    (_, found) => panic!("{name}: {key} {value}: {found:?}"),
                }
            }
            for nothing in [json!(null), json!(""), json!("  ")] {
                let mut fields = without.clone();
                fields.insert(key.to_owned(), nothing);
                assert_eq!(heard(name, fields), missing, "{name}: {key}");
            }
        }
    }
}

fn deed(name: &str, properties: Value) -> Deed {
    let event = track(name, properties).unwrap();
    assert_eq!(event.marks(), [], "{name}");
    event.deed().clone()
}

fn mark(name: &str, properties: Value) -> (Deed, String, String) {
    let event = track(name, properties).unwrap();
    let marks = event.marks();
    assert_eq!(marks.len(), 1, "{name}: {marks:?}");
    (event.deed().clone(), marks[0].field.clone(), marks[0].message.clone())
}

#[test]
fn a_call_takes_as_long_as_is_stated_or_as_lies_between_its_moments() {
    let seconds = |properties: Value| match deed("Call Ended", properties) {
        Deed::PhoneCall(call) => call.seconds,
        other => panic!("{other:?}"),
    };
    let span = |end: &str| json!({"started_at": "2023-11-14T10:00:00Z", "ended_at": end});
    assert_eq!(seconds(span("2023-11-14T10:01:30.5Z")), Some(90.5));
    assert_eq!(seconds(span("2023-11-14T10:00:00Z")), Some(0.0));
    assert_eq!(seconds(span("2023-12-15T10:00:00Z")), Some(2_678_400.0));
    assert_eq!(
        seconds(json!({"seconds": 5, "startedAt": "2023-11-14T10:00:00Z", "ended_at": 1_699_960_000})),
        Some(5.0)
    );
    assert_eq!(seconds(json!({"started_at": "2023-11-14T10:00:00Z"})), None);
    for end in ["2023-11-14T09:59:59.999Z", "2023-12-15T10:00:00.001Z"] {
        let (deed, field, message) = mark("Call Ended", span(end));
        assert!(matches!(deed, Deed::PhoneCall(call) if call.seconds.is_none() && call.is_end), "{end}");
        assert_eq!(field, "/properties/ended_at");
        assert!(message.contains("began at 2023-11-14T10:00:00"), "{message}");
    }
}

#[test]
fn a_score_lies_within_its_scale() {
    let share = |name: &str, properties: Value| match deed(name, properties) {
        Deed::Rated(rating) => rating.share(),
        other => panic!("{other:?}"),
    };
    for (name, properties, expected) in [
        ("CSAT Submitted", json!({"score": 5}), 1.0),
        ("CSAT Submitted", json!({"rating": 1}), 0.0),
        ("CSAT Submitted", json!({"score": 9, "scale": 10, "scale_min": 0}), 0.9),
        ("NPS Submitted", json!({"score": 0}), 0.0),
        ("NPS Submitted", json!({"score": "10"}), 1.0),
        ("CES Submitted", json!({"score": 4}), 0.5),
        ("CES Submitted", json!({"score": 3, "scaleMax": 5}), 0.5),
    ] {
        assert_eq!(share(name, properties.clone()).to_bits(), f64::to_bits(expected), "{name} {properties}");
    }
    for (name, score) in
        [("CSAT Submitted", 5.01), ("CSAT Submitted", 0.99), ("NPS Submitted", 10.5), ("NPS Submitted", -1.0)]
    {
        let refusal = track(name, json!({"score": score})).unwrap_err();
        assert_eq!((refusal.code, refusal.field.as_str()), (RejectionCode::BadValue, "/properties/score"));
        assert_eq!(refusal.message.contains("`scale`"), name.starts_with("CSAT"), "{refusal}");
    }
    // A scale that is none is left aside; the usual one counts.
    for scale in
        [json!({"score": 4, "scale": 1}), json!({"score": 4, "scale_min": 5}), json!({"score": 4, "scale": -2})]
    {
        let (deed, field, _) = mark("CSAT Submitted", scale);
        assert!(matches!(deed, Deed::Rated(rating) if (rating.least, rating.most) == (1.0, 5.0)));
        assert_eq!(field, "/properties/scale");
    }
    assert_eq!(track("NPS Submitted", json!({"score": 7, "scale": "wide"})).unwrap().marks(), [], "it has none");
}

#[test]
fn what_is_read_watched_or_heard_is_of_an_item_and_is_no_order_and_no_money() {
    let content = |name: &str, properties: Value| match deed(name, properties) {
        Deed::Content(commerce) => *commerce,
        other => panic!("{name}: {other:?}"),
    };
    for (name, properties, id, step) in [
        (
            "Video Content Started",
            json!({"asset_id": 7, "title": "Dawn", "genre": "Drama"}),
            "7",
            CommerceStep::Consumed,
        ),
        (
            "video_content_completed",
            json!({"asset_id": "7", "title": "Dawn", "genre": "Drama"}),
            "7",
            CommerceStep::Consumed,
        ),
        ("Song Played", json!({"songId": "s", "id": "event"}), "s", CommerceStep::Consumed),
        ("Article Viewed", json!({"id": "a", "section": "Sport"}), "a", CommerceStep::Consumed),
        ("Book Borrowed", json!({"content_id": "b", "product_id": "c"}), "b", CommerceStep::Consumed),
        ("Content Clicked", json!({"content_id": "b"}), "b", CommerceStep::Viewed),
        ("Article Bookmarked", json!({"articleId": "b"}), "b", CommerceStep::Added),
    ] {
        let read = content(name, properties.clone());
        assert_eq!((read.step, read.value, &read.order_id), (step, None, &None), "{name}");
        let [product] = read.products.as_slice() else { panic!("{name}: one item") };
        assert_eq!((product.id.as_str(), product.quantity, product.price), (id, 1.0, None), "{name}");
        assert_eq!(product.name.as_deref(), properties["title"].as_str(), "{name}");
        let category = properties["genre"].as_str().or(properties["section"].as_str());
        assert_eq!(product.category.as_deref(), category, "{name}");
    }
    // A playback names no item of its own.
    assert_eq!(content("Video Playback Started", json!({"content_asset_ids": ["7"]})).products, []);
    let (deed, field, _) = mark("Song Played", json!({"title": "Dawn"}));
    assert!(matches!(deed, Deed::Content(content) if content.products.is_empty()));
    assert_eq!(field, "/properties/content_id");
}

#[test]
fn who_gave_four_of_five_stars_liked_it() {
    let step = |properties: Value| match deed("Product Rated", properties) {
        Deed::Content(commerce) => commerce.step,
        other => panic!("{other:?}"),
    };
    for (properties, is_liked) in [
        (json!({"product_id": "a", "rating": 4}), true),
        (json!({"product_id": "a", "rating": 3.9}), false),
        (json!({"product_id": "a", "rating": 1}), false),
        (json!({"product_id": "a", "stars": 5}), true),
        (json!({"product_id": "a", "rating": 5, "scale": 10}), false),
        (json!({"product_id": "a", "rating": 7.75, "scale": 10}), true),
        (json!({"product_id": "a", "rating": 0.75, "scale": 1, "scale_min": 0}), true),
        (json!({"product_id": "a", "rating": 0.74, "scale": 1, "scale_min": 0}), false),
    ] {
        let expected = if is_liked { CommerceStep::Consumed } else { CommerceStep::Other };
        assert_eq!(step(properties.clone()), expected, "{properties}");
    }
    for (properties, wrong) in [
        (json!({"product_id": "a"}), "/properties/rating"),
        (json!({"product_id": "a", "rating": 5.01}), "/properties/rating"),
        (json!({"product_id": "a", "rating": 0.99}), "/properties/rating"),
        (json!({"product_id": "a", "rating": 4, "scale": 1}), "/properties/scale"),
    ] {
        let (deed, field, _) = mark("Product Rated", properties.clone());
        let is_no_more_than_told = matches!(&deed, Deed::Content(commerce) if commerce.step == CommerceStep::Other);
        assert!(is_no_more_than_told && field == wrong, "{properties}: {field}");
    }
}

#[test]
fn an_amount_counts_in_its_currency_and_takes_that_of_the_settings() {
    let euro = Currency::parse("EUR").unwrap();
    let amount = |event: &Event| match event.deed() {
        Deed::Payment(payment) => payment.amount,
        Deed::Subscription(subscription) => subscription.amount,
        other => panic!("{other:?}"),
    };
    for (name, properties) in [
        ("Payment Declined", json!({"amount": "12.5"})),
        ("Subscription Started", json!({"plan": "pro", "price": 12.5})),
    ] {
        let event = track_with(Some(euro), name, properties.clone()).unwrap();
        assert_eq!(amount(&event), Some(Money { minor: 1_250, currency: euro }));
        assert!(matches!(&event.call, Call::Track { properties, .. } if properties["currency"] == "EUR"));
        assert_eq!(event.marks(), []);
        let event = track_with(None, name, properties.clone()).unwrap();
        assert_eq!((amount(&event), event.marks()[0].field.as_str()), (None, "/properties/currency"), "and it counts");
        assert!(event.marks()[0].message.contains("currency.default"));
        let bare = if let Deed::Subscription(subscription) = event.deed() { subscription.bare_amount } else { None };
        assert_eq!(bare, name.starts_with("Subscription").then_some(12.5), "until its currency is known");
        assert_eq!(event.marks()[0].message.contains("last said of the subscription"), bare.is_some());
    }
    let yen = track_with(Some(euro), "Payment Approved", json!({"amount": 500, "currency": "jpy"})).unwrap();
    assert_eq!(amount(&yen).unwrap().to_string(), "500 JPY");
    // Nothing is written into an event that has no amount.
    let event = track_with(Some(euro), "Chargeback Received", json!({"reason": "fraud"})).unwrap();
    assert!(matches!(&event.call, Call::Track { properties, .. } if !properties.contains_key("currency")));
}

#[test]
fn a_search_is_one_of_purchases_too() {
    let search = |name: &str, properties: Value| match deed(name, properties) {
        Deed::Searched(search) => search,
        other => panic!("{other:?}"),
    };
    let found = search("search", json!({"search_term": "tea", "results": 0, "items": [{"item_id": "a"}]}));
    assert_eq!((found.query.as_deref(), found.n_results, found.is_click), (Some("tea"), Some(0), false));
    assert_eq!(found.commerce.unwrap().products.len(), 1);
    assert!(search("Products Searched", json!({"query": "tea", "position": 2})).is_click);
    let clicked = search("Search Result Clicked", json!({"position": 2, "query": "tea"}));
    assert_eq!((clicked.position, clicked.is_click, clicked.commerce), (Some(2), true, None));
    let clicked = track("Search Result Clicked", json!({"query": "tea"})).unwrap();
    assert!(matches!(clicked.deed(), Deed::Searched(search) if search.is_click), "wherever it stood");
    let event = track("search", json!({"items": [{"item_id": "a"}]})).unwrap();
    assert_eq!((event.commerce().unwrap().products.len(), event.marks().len()), (1, 1), "the query is missing");
    assert!(track("search", json!({"query": "tea", "products": 3})).is_err(), "as in every event of purchases");
}

#[test]
fn what_is_said_stands_in_the_deed() {
    let subscription = json!({"subscriptionId": 7, "planName": "Pro", "amount": 99, "currency": "EUR",
        "billing_interval": "Annual", "renews_at": "2024-11-14T00:00:00Z"});
    let expected = Subscription {
        step: SubscriptionStep::Upgraded,
        id: Some("7".into()),
        plan: Some("Pro".into()),
        amount: Some(Money { minor: 9_900, currency: Currency::parse("EUR").unwrap() }),
        bare_amount: None,
        interval: Some(Interval::Year),
        renews_at: Some(Timestamp::parse("2024-11-14T00:00:00Z").unwrap()),
        reason: None,
    };
    assert_eq!(deed("Subscription Upgraded", subscription), Deed::Subscription(Box::new(expected)));
    let measured = Measurement { metric: "logins".into(), value: -2.5, unit: None, device: Some("d".into()) };
    let said = json!({"metric": "logins", "value": "-2.5", "deviceId": "d"});
    assert_eq!(deed("service_measured", said), Deed::Measured(Box::new(measured)));
    let seen =
        DecisionSeen { item: Some("a".into()), position: Some(1), ..DecisionSeen::new(DecisionStep::Dismissed, "d1") };
    let said = json!({"decisionId": "d1", "product_id": "a", "position": 1});
    assert_eq!(deed("Decision Dismissed", said), Deed::Decision(Box::new(seen)));
    let message = |name: &str| deed(name, json!({"body": "Where is it?", "conversation_id": 3}));
    assert!(matches!(message("Message Received"), Deed::Message(said)
        if said.is_from_customer && said.has_text && said.ticket.as_deref() == Some("3")));
    assert!(matches!(message("Message Sent"), Deed::Message(said) if !said.is_from_customer));
    let silent = track("Message Sent", json!({})).unwrap();
    assert!(matches!(silent.deed(), Deed::Message(said) if !said.has_text), "it is marked, and counts");
    let ticket = json!({"ticket_id": "t", "priority": "Critical", "title": "Broken"});
    assert!(matches!(deed("Ticket Closed", ticket), Deed::Ticket(ticket)
        if ticket.step == crate::TicketStep::Resolved && ticket.priority == Some(Priority::Urgent)
            && ticket.subject.as_deref() == Some("Broken")));
    assert!(matches!(deed("Session Ended", json!({"seconds": 3})), Deed::Session(session) if session.is_end));
    assert!(matches!(deed("session_start", json!({})), Deed::Session(session) if !session.is_end));
    assert!(matches!(deed("CES Submitted", json!({"score": 3, "feedback": "slow"})), Deed::Rated(rating)
        if rating.question == Question::Ces && rating.has_comment));
    assert!(matches!(deed("CES Submitted", json!({"score": 3})), Deed::Rated(rating) if !rating.has_comment));
}

#[test]
fn a_page_that_was_seen_is_one_however_it_was_told() {
    assert_eq!(deed("page_view", json!({})), Deed::PageViewed);
    let mut event = track("Page Viewed", json!({})).unwrap();
    for call in [
        Call::Page { name: None, category: None, properties: crate::Fields::new() },
        Call::Screen { name: Some("Call Ended".into()), category: None, properties: crate::Fields::new() },
    ] {
        (event.call, event.reading) = (call, Reading::default());
        assert_eq!((event.deed(), event.understanding()), (&Deed::PageViewed, Understanding::Other));
    }
    (event.call, event.reading) = (Call::Alias { previous_id: "p".into() }, Reading::default());
    assert_eq!(event.deed(), &Deed::Other);
}

#[test]
fn what_was_stored_before_it_would_have_been_refused_says_nothing() {
    let event = track("Weather Observed", json!({"score": 11})).unwrap();
    let record = serde_json::to_string(&event).unwrap().replace("Weather Observed", "NPS Submitted");
    let stored: Event = serde_json::from_str(&record).unwrap();
    assert_eq!((stored.deed(), stored.marks()), (&Deed::Other, Vec::new()));
}

#[test]
fn an_interval_has_its_days() {
    let days = [Interval::Day, Interval::Week, Interval::Month, Interval::Quarter, Interval::Year].map(Interval::days);
    assert_eq!(
        days.map(|days| (days * 400.0).to_bits()),
        [400.0_f64, 2_800.0, 12_175.0, 36_525.0, 146_100.0].map(f64::to_bits)
    );
}
