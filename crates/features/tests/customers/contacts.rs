//! Is what came of a decision what was said of it?

use super::{state, track};
use events::{Origin, Recorded};
use features::{Contact, Worth};
use primitives::{Currency, Money, Timestamp};
use profiles::CustomerState;
use proptest::prelude::*;
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
        is_vouched: true,
        is_click_vouched: false,
        is_success_vouched: false,
    };
    let cups = Contact { shown_at: Some(at(2)), dismissed_at: Some(at(4)), ..nothing };
    let grinder = Contact {
        action: Contact::name_of("grinder"),
        shown_at: Some(at(1)),
        clicked_at: Some(at(3)),
        converted_at: Some(at(5)),
        is_click_vouched: true,
        is_success_vouched: true,
        worth: Some(Worth::In(euros)),
        ..nothing
    };
    let other = Contact {
        decision: Contact::name_of("e"),
        action: 0,
        converted_at: Some(at(6)),
        is_success_vouched: true,
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

/// What a key said second by second, of decisions by their numbers.
fn sent(all: &[(&str, usize, Origin)]) -> Vec<Recorded> {
    let named: Vec<_> = all.iter().map(|(name, of, _)| (*name, json!({"decision_id": format!("d{of}")}))).collect();
    let origins = all.iter().map(|(.., origin)| *origin);
    let mut sent = said(&named);
    sent.iter_mut().zip(origins).for_each(|(recorded, origin)| recorded.event.origin = origin);
    sent
}

#[test]
fn nothing_that_a_write_key_tells_makes_what_the_company_told_be_forgotten() {
    let mut all = vec![("Decision Dismissed", 0, Origin::Server), ("Decision Shown", 1, Origin::Import)];
    let steps = ["Decision Shown", "Decision Dismissed", "Decision Clicked", "Decision Converted"];
    all.extend((2..600).map(|of| (steps[of % 4], of, Origin::Client)));
    let contacts = state(&sent(&all)).contacts();
    let vouched: Vec<_> = contacts.iter().filter(|one| one.is_vouched).collect();
    let [no, shown] = vouched[..] else { panic!("{vouched:?}") };
    assert_eq!((no.decision, no.dismissed_at), (Contact::name_of("d0"), Some(at(1))));
    assert_eq!((shown.decision, shown.shown_at), (Contact::name_of("d1"), Some(at(2))));
    assert_eq!(contacts.len() - 2, 3 * 64, "of each that it is bounded");
    // Nor does what is merely shown make a refusal be forgotten, whoever told it.
    for origin in [Origin::Client, Origin::Server] {
        let mut all = vec![("Decision Dismissed", 0, origin)];
        all.extend((1..300).map(|of| ("Decision Shown", of, origin)));
        let contacts = state(&sent(&all)).contacts();
        let no = contacts.iter().find(|one| one.decision == Contact::name_of("d0")).and_then(|one| one.dismissed_at);
        assert_eq!(no, Some(at(1)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// What is remembered of decisions is a function of the set of what was told of them.
    #[test]
    fn what_is_told_of_decisions_by_whomever_can_come_in_any_order_and_together(
        told in proptest::collection::vec((0_usize..4, 0_usize..90, any::<bool>()), 1..400),
        seed: u64,
        cut: usize,
    ) {
        let steps = ["Decision Shown", "Decision Dismissed", "Decision Clicked", "Decision Converted"];
        let origin = |is_vouched| if is_vouched { Origin::Server } else { Origin::Client };
        let told: Vec<_> = told.into_iter().map(|(step, of, by)| (steps[step], of, origin(by))).collect();
        let events = sent(&told);
        let mut shuffled = events.clone();
        shuffled.sort_by_key(|event| (event.offset.0.wrapping_mul(seed | 1), event.offset));
        let all = state(&events);
        prop_assert_eq!(&all, &state(&shuffled));
        let (left, right) = shuffled.split_at(cut % (shuffled.len() + 1));
        let mut merged = state(left);
        merged.merge(state(right));
        prop_assert_eq!(&all, &merged);
        prop_assert_eq!(all.contacts(), merged.contacts());
        let is_claimed = told.iter().any(|(.., origin)| *origin == Origin::Client);
        prop_assert_eq!(all.has_claimed_contacts(), is_claimed);
    }
}
