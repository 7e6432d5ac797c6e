//! Is what came of a decision what was said of it?

use super::{state, track};
use events::{Origin, Recorded};
use features::{Contact, Worth};
use primitives::{Currency, Money, Timestamp};
use profiles::CustomerState;
use serde_json::{Value, json};

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(1_790_000_000_000 + second * 1_000)
}

/// What was said second by second.
fn said(all: &[(&str, Value)]) -> Vec<Recorded> {
    let one = |(second, (offset, (name, properties))): (i64, (u64, &(&str, Value)))| {
        track(offset, at(second), at(second), name, properties.clone())
    };
    (1..).zip((1..).zip(all)).map(one).collect()
}

#[test]
fn what_is_said_of_an_action_is_told_of_it_and_of_no_other() {
    let of = |action: &str| json!({"decision_id": "d", "action": action, "channel": "web"});
    let contacts = state(&said(&[
        ("Decision Shown", of("grinder")),
        ("Decision Shown", of("cups")),
        ("Decision Clicked", of("grinder")),
        ("Decision Dismissed", of("cups")),
        ("Decision Converted", json!({"decisionId": "d", "actionId": "grinder", "value": 12.5, "currency": "EUR"})),
        ("Decision Converted", json!({"decision_id": "e", "value": 3})),
    ]))
    .contacts();
    let euros = Money { minor: 1_250, currency: Currency::parse("EUR").unwrap() };
    let nothing = Contact {
        decision: Contact::name_of("d"),
        action: Contact::name_of("cups"),
        shown_at: None,
        clicked_at: None,
        dismissed_at: None,
        converted_at: None,
        worth: None,
        channel: Contact::name_of("web"),
    };
    let cups = Contact { shown_at: Some(at(2)), dismissed_at: Some(at(4)), ..nothing };
    let grinder = Contact {
        action: Contact::name_of("grinder"),
        shown_at: Some(at(1)),
        clicked_at: Some(at(3)),
        converted_at: Some(at(5)),
        worth: Some(Worth::In(euros)),
        ..nothing
    };
    let other = Contact {
        decision: Contact::name_of("e"),
        action: 0,
        converted_at: Some(at(6)),
        worth: Some(Worth::Bare(3.0)),
        channel: 0,
        ..nothing
    };
    assert_eq!(contacts, [cups, grinder, other], "from old to new");
}

#[test]
fn any_event_that_names_a_decision_answers_it() {
    let product = json!({"product_id": "p", "decisionId": "d"});
    let order = json!({"order_id": "o", "revenue": 20, "currency": "EUR", "decision_id": "d", "action": "grinder"});
    let contacts = state(&said(&[
        ("Email Opened", json!({"decision_id": "d"})),
        ("Product Viewed", product.clone()),
        ("Order Completed", order),
        ("Course Booked", json!({"decision_id": "c"})),
        ("Unsubscribed", json!({"decision_id": "u"})),
        ("Order Refunded", json!({"order_id": "o", "revenue": 1, "currency": "EUR", "decision_id": "r"})),
        ("Product Removed", product),
        ("Course Booked", json!({"decision_id": ["not", "a", "name"]})),
        ("Course Booked", json!({})),
    ]))
    .contacts();
    let of = |name: &str| contacts.iter().filter(move |one| one.decision == Contact::name_of(name)).collect::<Vec<_>>();
    let [first, bought] = of("d")[..] else { panic!("{contacts:?}") };
    assert_eq!((first.shown_at, first.clicked_at, first.converted_at), (Some(at(1)), Some(at(2)), None));
    assert_eq!((bought.action, bought.converted_at), (Contact::name_of("grinder"), Some(at(3))));
    assert!(matches!(bought.worth, Some(Worth::In(money)) if money.minor == 2_000));
    assert_eq!((of("c")[0].converted_at, of("c")[0].worth), (Some(at(4)), None), "a goal of their own");
    assert_eq!(of("u")[0].dismissed_at, Some(at(5)));
    assert_eq!(contacts.len(), 4, "what gives back or names nothing answers nothing: {contacts:?}");
}

#[test]
fn a_write_key_is_not_believed_where_the_company_ever_told_of_one() {
    let converted = |name: &str, value: f64, origin| {
        let mut recorded = said(&[("Decision Converted", json!({"decision_id": name, "value": value}))]).remove(0);
        recorded.event.origin = origin;
        recorded.event.message_id = format!("{name}{value}").into();
        recorded
    };
    let claimed = [converted("a", 1_000_000.0, Origin::Client)];
    assert_eq!(state(&claimed).contacts().len(), 1, "where nobody else tells any, it counts");
    let both = [claimed[0].clone(), converted("b", 5.0, Origin::Server)];
    let contacts = state(&both).contacts();
    assert_eq!(contacts.iter().map(|one| one.decision).collect::<Vec<_>>(), [Contact::name_of("b")]);
    let clicked = said(&[("Decision Clicked", json!({"decision_id": "b", "value": 9}))]);
    let mut with_click = state(&both);
    with_click.merge(state(&clicked));
    let [contact] = with_click.contacts()[..] else { panic!("one decision") };
    assert_eq!((contact.clicked_at, contact.worth), (Some(at(1)), Some(Worth::Bare(5.0))), "a click is worth nothing");
}

#[test]
fn items_of_a_list_that_were_seen_push_nothing_out() {
    let item = |at: usize| ("Decision Shown", json!({"decision_id": format!("r{at}"), "item_id": "i", "position": 1}));
    let mut all = vec![("Decision Converted", json!({"decision_id": "d", "action": "grinder"}))];
    all.extend((0..200).map(item));
    assert_eq!(state(&said(&all)).contacts().len(), 1);
    // Of more than 64 decisions those that were told of last.
    let many: Vec<_> = (0..70).map(|at| ("Decision Shown", json!({"decision_id": format!("d{at}")}))).collect();
    let contacts = state(&said(&many)).contacts();
    assert_eq!((contacts.len(), contacts[0].decision), (64, Contact::name_of("d6")));
}
