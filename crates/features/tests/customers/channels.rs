//! Do the channels keep the laws of the state, and say what a recount says?

use super::{bits, place, state, trace, track, vector};
use events::Recorded;
use features::FeatureState;
use primitives::{DAY_MS, HOUR_MS, Timestamp};
use profiles::CustomerState;
use proptest::prelude::*;
use serde_json::{Value, json};

/// The present: as of which everything is read.
const NOW_MS: i64 = 500 * DAY_MS;
const NOW: Timestamp = Timestamp::from_millis(NOW_MS);

/// One event of some channel: its name and properties. `a` and `b` make them differ.
fn said(kind: usize, a: u8, b: u8) -> (&'static str, Value) {
    let id = format!("i{}", a % 5);
    let amount = f64::from(b);
    let kinds = [
        ("Products Searched", json!({"query": "tea", "results": b % 2})),
        ("Search Result Clicked", json!({"position": u32::from(b) + 1})),
        ("Product Viewed", json!({"product_id": id})),
        (
            "Page Left",
            json!({"seconds_visible": b, "idle_seconds": b, "rage_clicks": a % 3, "keys": a, "corrections": b % 9}),
        ),
        ("page_view", json!({})),
        ("Session Ended", json!({"seconds": b})),
        ("Email Delivered", json!({})),
        ("Email Opened", json!({})),
        ("Unsubscribed", json!({})),
        ("Ticket Created", json!({"ticket_id": id})),
        ("Ticket Resolved", json!({"ticket_id": id})),
        ("Ticket Reopened", json!({"ticket_id": format!("i{a}{b}")})),
        ("Message Received", json!({"text": "Where is it?"})),
        ("Call Ended", json!({"seconds": b, "waited_seconds": a})),
        ("CSAT Submitted", json!({"score": b % 5 + 1})),
        ("NPS Submitted", json!({"score": b % 11})),
        ("Payment Approved", json!({"amount": amount, "currency": "EUR"})),
        ("Payment Declined", json!({"amount": amount, "currency": "EUR"})),
        ("Chargeback Received", json!({"payment_id": id})),
        ("Subscription Started", json!({"subscription_id": id, "plan": "a", "amount": amount, "currency": "EUR"})),
        ("Subscription Renewed", json!({"subscription_id": id, "plan": "a", "amount": amount})),
        (
            "Subscription Upgraded",
            json!({"subscription_id": id, "interval": if b.is_multiple_of(2) { "month" } else { "year" }}),
        ),
        (
            "Subscription Downgraded",
            json!({"subscription_id": id, "plan": "b", "amount": 1, "currency": "EUR", "interval": "year"}),
        ),
        ("Subscription Cancelled", json!({"subscription_id": id})),
        (
            "Service Measured",
            json!({"metric": format!("m{}", a % 9), "value": amount - 100.0, "unit": if b.is_multiple_of(7) { "b" } else { "a" }}),
        ),
        ("Service Faulted", json!({"seconds": b})),
        ("Store Visited", json!({"store_id": id})),
        ("Decision Shown", json!({"decisionId": id})),
        ("Decision Clicked", json!({"decisionId": id})),
        ("Decision Shown", json!({"decisionId": format!("d{a}"), "action": id, "channel": "web"})),
        ("Decision Dismissed", json!({"decisionId": format!("d{a}"), "action": id})),
        ("Decision Converted", json!({"decisionId": format!("d{}", b % 90), "action": id, "value": amount})),
        ("Decision Converted", json!({"decisionId": format!("d{}", a % 90), "value": amount, "currency": "EUR"})),
        ("Grinder Taken", json!({"decisionId": format!("d{}", a % 90)})),
    ];
    kinds[kind % kinds.len()].clone()
}

/// Mostly close to each other, so that visits come of it, and some of long ago.
fn events() -> impl Strategy<Value = Vec<Recorded>> {
    let ago_ms = prop_oneof![3 => 0..30 * HOUR_MS, 2 => 0..470 * DAY_MS];
    let one = (any::<usize>(), any::<u8>(), any::<u8>(), ago_ms, 0..40 * HOUR_MS);
    proptest::collection::vec(one, 1..220).prop_map(|all| {
        let recorded = |(offset, (kind, a, b, ago_ms, late_ms)): (u64, (usize, u8, u8, i64, i64))| {
            let (name, properties) = said(kind, a, b);
            let at = |ago_ms: i64| Timestamp::from_millis(NOW_MS - ago_ms);
            track(offset, at(ago_ms), at((ago_ms - late_ms).max(0)), name, properties)
        };
        (1_u64..).zip(all).map(recorded).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn neither_the_order_nor_the_way_of_coming_together_matters(events in events(), seed: u64, cut in 0_usize..220) {
        let mut shuffled = events.clone();
        shuffled.sort_by_key(|e| (e.offset.0.wrapping_mul(seed | 1), e.offset));
        let whole = state(&events);
        prop_assert_eq!(&whole, &state(&shuffled));
        let (left, right) = shuffled.split_at(cut.min(shuffled.len()));
        let (mut merged, mut other_way) = (state(left), state(right));
        merged.merge(state(right));
        other_way.merge(state(left));
        prop_assert_eq!(&merged, &whole);
        prop_assert_eq!(&other_way, &whole);
        let opened: FeatureState = postcard::from_bytes(&postcard::to_stdvec(&whole).unwrap()).unwrap();
        prop_assert_eq!(&opened, &whole);
    }

    #[test]
    fn training_sees_what_was_known_live_and_nothing_later(events in events(), as_of_ago in 0..40 * HOUR_MS) {
        let as_of = Timestamp::from_millis(NOW_MS - as_of_ago);
        let known: Vec<Recorded> = events.iter().filter(|e| e.event.received_at <= as_of).cloned().collect();
        prop_assert_eq!(bits(&trace(&events).state_at(as_of), as_of), bits(&state(&known), as_of));
    }

    /// Against lists: what is in no bucket's border is counted exactly.
    #[test]
    fn what_is_counted_is_what_a_recount_counts(events in events()) {
        let vector = vector(&state(&events), NOW);
        let value = |name: &str| vector[place(name)];
        let ago_ms = |e: &Recorded| NOW.millis_since(e.event.occurred_at);
        // In whole days, whose middles are the borders of buckets of days; in the newest eight days in hours.
        let within = |e: &Recorded, days: i64| {
            let bucket = if ago_ms(e) < 7 * DAY_MS { HOUR_MS } else { DAY_MS };
            let at = e.event.occurred_at.as_millis();
            (NOW_MS - (at.div_euclid(bucket) * bucket + bucket / 2)).max(0) < days * DAY_MS
        };
        let newest = events.iter().map(ago_ms).min().unwrap();
        prop_assume!(newest < HOUR_MS);
        let n_of = |name: &str, days: i64| {
            let n = events.iter().filter(|e| e.event.title() == name && within(e, days)).count();
            f64::from(u32::try_from(n).unwrap())
        };
        for (feature, name, days) in [
            ("searches_30d", "Products Searched", 30),
            ("emails_delivered_30d", "Email Delivered", 30),
            ("emails_unwanted_365d", "Unsubscribed", 365),
            ("tickets_opened_90d", "Ticket Created", 90),
            ("payments_failed_90d", "Payment Declined", 90),
            ("downgrades_365d", "Subscription Downgraded", 365),
            ("cancellations_365d", "Subscription Cancelled", 365),
            ("store_visits_90d", "Store Visited", 90),
            ("faults_30d", "Service Faulted", 30),
            ("measurements_30d", "Service Measured", 30),
            ("decisions_shown_30d", "Decision Shown", 30),
        ] {
            prop_assert_eq!(value(feature).to_bits(), n_of(name, days).to_bits(), "{}", feature);
        }
        prop_assert_eq!(value("chargebacks_all").to_bits(), n_of("Chargeback Received", 1_000).to_bits());
        let contacts = n_of("Ticket Created", 30) + n_of("Message Received", 30) + n_of("Call Ended", 30);
        prop_assert_eq!(value("contacts_30d").to_bits(), contacts.to_bits());
    }

    /// Whether a ticket is open says the newest word on it, however often and in which order it was told.
    #[test]
    fn a_ticket_is_as_its_newest_word_says(words in proptest::collection::vec((0_u8..6, 0_usize..4, 0_i64..50), 0..60)) {
        let steps = ["Ticket Created", "Ticket Assigned", "Ticket Resolved", "Ticket Reopened"];
        let recorded = |(offset, (id, step, day)): (u64, &(u8, usize, i64))| {
            let at = Timestamp::from_millis(NOW_MS - day * DAY_MS);
            track(offset, at, at, steps[*step], json!({"ticket_id": id}))
        };
        let told: Vec<Recorded> = (1..).zip(&words).map(recorded).collect();
        let open = |id: u8| {
            let of_it = words.iter().enumerate().filter(|(_, (known, ..))| *known == id);
            // Of two at the same moment the later step.
            let newest = of_it.max_by_key(|(_, (_, step, day))| (-day, *step));
            newest.filter(|(_, (_, step, _))| *step != 2)
        };
        let expected: Vec<i64> = (0..6).filter_map(open).map(|(_, (.., day))| *day).collect();
        let vector = vector(&state(&told), NOW);
        prop_assert_eq!(vector[place("tickets_open")].to_bits(), (expected.len() as f64).to_bits());
        let silent = expected.iter().max().map_or(f64::NAN, |day| *day as f64);
        prop_assert_eq!(vector[place("ticket_silent_days")].to_bits(), silent.to_bits());
    }
}

/// What happened so many minutes ago.
fn told(all: &[(i64, &str, Value)]) -> FeatureState {
    let recorded = |(offset, (minutes, name, properties)): (u64, &(i64, &str, Value))| {
        let at = Timestamp::from_millis(NOW_MS - minutes * 60_000);
        track(offset, at, at, name, properties.clone())
    };
    let events: Vec<Recorded> = (1_u64..).zip(all).map(recorded).collect();
    state(&events)
}

fn assert_values(state: &FeatureState, expected: &[(&str, f64)]) {
    let vector = vector(state, NOW);
    for (name, expected) in expected {
        let found = vector[place(name)];
        let is_it = found.is_nan() && expected.is_nan() || (found - expected).abs() < 1e-9;
        assert!(is_it, "{name} is {found} and not {expected}");
    }
}

const DAY: i64 = 24 * 60;
fn nothing() -> Value {
    json!({})
}

#[test]
fn a_visit_is_told_while_it_lasts() {
    let before = [(95, "Checkout Started", nothing()), (60, "page_view", nothing())];
    let visit = [
        (29 + 29, "search", json!({"query": "tea"})),
        (50, "Products Searched", json!({"query": "teas"})),
        (49, "Product Clicked", json!({"product_id": "a"})),
        (45, "search", json!({"query": "pots"})),
        (44, "Page Left", json!({"seconds_visible": 9, "rage_clicks": 2, "dead_clicks": 1})),
        (20, "page_view", nothing()),
        (1, "Product Added", json!({"product_id": "a"})),
        // Nobody need be there for these.
        (0, "Email Delivered", nothing()),
        (0, "Service Measured", json!({"metric": "a", "value": 1})),
        (0, "Order Refunded", nothing()),
        (0, "Signed Up", nothing()),
    ];
    let all: Vec<_> = before.into_iter().chain(visit).collect();
    assert_values(
        &told(&all),
        &[
            ("session_stage", 3.0),
            ("session_seconds", 3_600.0),
            ("session_pages", 2.0),
            ("session_searches_in_vain", 1.0),
            ("session_frustrations", 3.0),
        ],
    );
    let stage = |name: &str, properties: Value| vector(&told(&[(29, name, properties)]), NOW)[place("session_stage")];
    let stages = [
        ("Session Started", 0.0),
        ("page_view", 1.0),
        ("Products Searched", 1.0),
        ("view_item_list", 1.0),
        ("Product Viewed", 2.0),
        ("Search Result Clicked", 2.0),
        ("Product Removed", 3.0),
        ("Cart Viewed", 4.0),
        ("Order Completed", 5.0),
    ];
    for (name, expected) in stages {
        assert!((stage(name, nothing()) - expected).abs() < 1e-9, "{name}");
    }
    for name in ["Email Opened", "Coupon Entered", "Ticket Created", "Signed Up"] {
        assert!(stage(name, json!({"ticket_id": 1})).is_nan(), "{name}");
    }
    let gone = told(&[(30, "page_view", nothing())]);
    assert_values(&gone, &[("session_stage", f64::NAN), ("session_pages", f64::NAN)]);
    // A pause of half an hour ends a visit; so many steps of one are remembered, and none of long before.
    let paused = told(&[(31, "Cart Viewed", nothing()), (1, "page_view", nothing())]);
    assert_values(&paused, &[("session_stage", 1.0), ("session_seconds", 60.0)]);
    let ongoing = told(&[(30, "Cart Viewed", nothing()), (1, "page_view", nothing())]);
    assert_values(&ongoing, &[("session_stage", 4.0), ("session_seconds", 1_800.0)]);
    let long: Vec<_> = (0..60).map(|minute| (minute, "page_view", nothing())).collect();
    assert_values(&told(&long), &[("session_pages", 48.0), ("session_seconds", 47.0 * 60.0)]);
    let longer: Vec<_> = (0..40).map(|step| (step * 29, "page_view", nothing())).collect();
    assert_values(&told(&longer), &[("session_pages", 25.0), ("session_seconds", 24.0 * 29.0 * 60.0)]);
}

#[test]
fn what_hands_did_on_pages_is_summed() {
    let left = |seconds: u32, idle: u32| {
        json!({"seconds_visible": seconds, "idle_seconds": idle, "rage_clicks": 1, "dead_clicks": 2, "keys": 6, "corrections": 2,
            "form_fields_left": 3})
    };
    let state = told(&[
        (10, "Page Left", left(100, 30)),
        (20 * DAY, "Page Left", left(60, 10)),
        (40 * DAY, "Page Left", left(9, 9)),
    ]);
    let expected = [
        ("visible_seconds_7d", 100.0),
        ("idle_share_30d", 40.0 / 160.0),
        ("frustrations_30d", 6.0),
        ("correction_share_30d", 2.0 / 6.0),
        ("form_fields_left_30d", 6.0),
    ];
    assert_values(&state, &expected);
    let state = told(&[(10, "Page Left", json!({"seconds_visible": 1, "idle_seconds": 5}))]);
    assert_values(&state, &[("idle_share_30d", 1.0), ("correction_share_30d", f64::NAN)]);
    // Whoever takes back all of it has taken back all of it; and a share is never more than that.
    for (keys, corrections) in [(5, 5), (5, 9)] {
        let state = told(&[(10, "Page Left", json!({"keys": keys, "corrections": corrections}))]);
        assert_values(&state, &[("correction_share_30d", 1.0)]);
    }
}

#[test]
fn searches_are_answered_or_not() {
    let found = |n: u32| json!({"query": "tea", "results": n});
    let state = told(&[
        (1, "search", found(3)),
        (2, "search", found(0)),
        (3, "search", json!({"query": "tea"})),
        (4, "Products Searched", json!({"query": "tea", "position": 1})),
        (5, "Search Result Clicked", json!({"position": 1})),
        (100 * DAY, "search", found(0)),
    ]);
    assert_values(
        &state,
        &[("searches_30d", 4.0), ("search_nothing_share_90d", 0.25), ("search_click_share_90d", 0.5)],
    );
    let clicks: Vec<_> = (0..3).map(|minute| (minute, "Search Result Clicked", json!({"position": 1}))).collect();
    assert_values(&told(&clicks), &[("searches_30d", 0.0), ("search_click_share_90d", f64::NAN)]);
    let more_clicks: Vec<_> = clicks.into_iter().chain([(9, "search", found(1))]).collect();
    assert_values(&told(&more_clicks), &[("search_click_share_90d", 1.0)]);
}

#[test]
fn the_best_hour_is_the_one_in_which_most_is_opened() {
    // NOW is midnight: so many hours before it.
    let state = told(&[
        (5 * 60, "Email Opened", nothing()),
        (5 * 60 + DAY, "Email Opened", nothing()),
        (3 * 60, "Email Opened", nothing()),
        (3 * 60 + 9 * DAY, "Email Opened", nothing()),
        (2 * 60, "Email Opened", nothing()),
        (DAY, "Email Sent", nothing()),
    ]);
    let expected = [
        ("email_hour", 19.0),
        ("email_hour_share", 0.4),
        ("email_opened_days", 2.0 / 24.0),
        ("email_open_share_90d", 1.0),
    ];
    assert_values(&state, &expected);
    let state = told(&[
        (1, "Email Opened", nothing()),
        (1, "Email Link Clicked", nothing()),
        (2, "Email Delivered", nothing()),
        (2, "Email Delivered", nothing()),
        (2, "Email Delivered", nothing()),
        (2, "Email Delivered", nothing()),
        (3, "Email Sent", nothing()),
        (3, "Email Bounced", nothing()),
        (3, "Email Marked as Spam", nothing()),
    ]);
    let expected = [
        ("email_open_share_90d", 0.25),
        ("email_click_share_90d", 0.25),
        ("emails_bounced_90d", 1.0),
        ("emails_unwanted_365d", 1.0),
    ];
    assert_values(&state, &expected);
    assert_values(
        &told(&[]),
        &[("email_hour", f64::NAN), ("email_hour_share", f64::NAN), ("email_open_share_90d", f64::NAN)],
    );
}

#[test]
fn support_is_told_by_its_tickets_contacts_and_ratings() {
    let state = told(&[
        (10 * DAY, "Ticket Created", json!({"ticket_id": "a"})),
        (6 * DAY, "Ticket Assigned", json!({"ticket_id": "b"})),
        (9 * DAY, "Ticket Resolved", json!({"ticket_id": "c"})),
        // Twice, and a word from before that came late: nothing changes.
        (8 * DAY, "Ticket Resolved", json!({"ticket_id": "c"})),
        (11 * DAY, "Ticket Created", json!({"ticket_id": "c"})),
        (2 * DAY, "Ticket Created", nothing()),
        (4 * DAY, "Message Received", json!({"text": "a"})),
        (3 * DAY, "Message Sent", json!({"text": "a"})),
        (5 * DAY, "Call Started", json!({"waited_seconds": 30})),
        (5 * DAY, "Call Ended", json!({"seconds": 90})),
        (5 * DAY, "Call Ended", json!({"seconds": 30, "waited_seconds": 10})),
        (4 * DAY, "CSAT Submitted", json!({"score": 5})),
        (7 * DAY, "CSAT Submitted", json!({"score": 2})),
        (3 * DAY, "NPS Submitted", json!({"score": 6})),
        (2 * DAY, "CES Submitted", json!({"score": 4})),
    ]);
    let expected = [
        ("tickets_open", 2.0),
        ("ticket_silent_days", 10.0),
        ("tickets_opened_90d", 3.0),
        ("tickets_reopened_90d", 0.0),
        ("contacts_30d", 6.0),
        ("contact_days", 2.0),
        ("contact_gap_mean_days", 9.0 / 5.0),
        ("call_seconds_mean_365d", 60.0),
        ("call_waited_mean_365d", 20.0),
        ("mood_last", 0.5),
        ("csat_mean_365d", 0.625),
        ("nps_mean_365d", 6.0),
        ("ces_mean_365d", 0.5),
    ];
    assert_values(&state, &expected);
    let single = told(&[(DAY, "Ticket Reopened", json!({"ticket_id": 1})), (DAY, "Message Received", nothing())]);
    let expected = [
        ("tickets_reopened_90d", 1.0),
        ("contact_gap_mean_days", f64::NAN),
        ("mood_last", f64::NAN),
        ("contacts_30d", 1.0),
    ];
    assert_values(&single, &expected);
    // Of more tickets than are remembered those that were told of last.
    let many: Vec<_> = (0..70).map(|n| (n * DAY, "Ticket Created", json!({"ticket_id": n}))).collect();
    assert_values(&told(&many), &[("tickets_open", 64.0), ("ticket_silent_days", 63.0)]);
}

#[test]
fn payments_fail_or_do_not_and_a_chargeback_without_one_bends_nothing() {
    let paid = json!({"amount": 5, "currency": "EUR"});
    let state = told(&[
        (5 * DAY, "Payment Approved", paid.clone()),
        (4 * DAY, "Payment Attempted", paid.clone()),
        (4 * DAY, "Payment Declined", paid.clone()),
        (3 * DAY, "Payment Approved", paid.clone()),
        (100 * DAY, "Payment Failed", paid.clone()),
        (2 * DAY, "Chargeback Received", nothing()),
    ]);
    let expected = [
        ("payments_failed_90d", 1.0),
        ("payment_failed_share_365d", 0.5),
        ("payment_failed_days", 4.0),
        ("payment_last_failed", 0.0),
        ("chargebacks_all", 1.0),
        ("revenue_365d", 0.0),
        ("orders_all", 0.0),
    ];
    assert_values(&state, &expected);
    assert_values(
        &told(&[(1, "Payment Declined", paid)]),
        &[("payment_last_failed", 1.0), ("payment_failed_share_365d", 1.0)],
    );
    let alone = told(&[(2 * DAY, "Chargeback Received", nothing())]);
    let unknown =
        [("payment_failed_share_365d", f64::NAN), ("payment_last_failed", f64::NAN), ("chargebacks_all", 1.0)];
    assert_values(&alone, &unknown);
}

#[test]
fn a_subscription_is_as_its_newest_word_says() {
    let term = |id: &str, amount: f64, interval: &str| json!({"subscription_id": id, "plan": "p", "amount": amount, "currency": "EUR", "interval": interval});
    let state = told(&[
        (20 * DAY, "Subscription Started", term("a", 100.0, "month")),
        (10 * DAY, "Subscription Downgraded", term("a", 48.7, "month")),
        (400 * DAY, "Subscription Started", term("b", 365.25, "year")),
        (5 * DAY, "Subscription Started", term("c", 9.0, "week")),
        (DAY, "Subscription Cancelled", json!({"subscription_id": "c"})),
        (
            7 * DAY,
            "Subscription Upgraded",
            json!({"subscription_id": "d", "plan": "p", "amount": 1, "currency": "JPY"}),
        ),
    ]);
    let expected = [
        ("subscriptions_active", 3.0),
        ("subscription_amount_30d", 48.7 / 30.4375 * 30.0 + 30.0),
        ("renewal_days", 365.25 - 400.0),
        ("upgrades_365d", 1.0),
        ("downgrades_365d", 1.0),
        ("cancellations_365d", 1.0),
        ("downgraded_days", 10.0),
    ];
    // The newest that names a currency says in which is summed; here the yen of 7 days ago.
    assert_values(&state, &[("subscription_amount_30d", 1.0 / 30.4375 * 30.0)]);
    let mut with_euro = state.clone();
    with_euro.merge(told(&[(2, "Order Completed", json!({"revenue": 1, "currency": "EUR"}))]));
    assert_values(&with_euro, &expected);
    let stated = json!({"plan": "p", "renews_at": "1971-05-18T00:00:00Z"});
    let state = told(&[(DAY, "Subscription Renewed", stated)]);
    assert_values(
        &state,
        &[("renewal_days", 2.0), ("subscription_amount_30d", f64::NAN), ("subscriptions_active", 1.0)],
    );
    assert_values(&told(&[]), &[("renewal_days", f64::NAN), ("subscriptions_active", 0.0)]);
}

/// What an upgrade or a downgrade leaves unsaid stays as it was: the interval, the amount, when it is paid again.
#[test]
fn what_is_not_said_of_a_subscription_stays() {
    let started = json!({"amount": 120, "currency": "EUR", "interval": "year"});
    let more = |amount: Value| json!({"amount": amount, "currency": "EUR"});
    let yearly = |amount: f64| amount / 365.25 * 30.0;
    let state =
        told(&[(20 * DAY, "Subscription Started", started.clone()), (DAY, "Subscription Upgraded", more(json!(240)))]);
    assert_values(&state, &[("subscription_amount_30d", yearly(240.0)), ("renewal_days", 365.25 - 20.0)]);
    let state = told(&[(20 * DAY, "Subscription Started", started.clone()), (DAY, "Subscription Upgraded", json!({}))]);
    assert_values(&state, &[("subscription_amount_30d", yearly(120.0)), ("renewal_days", 365.25 - 20.0)]);
    // When it is paid again is as was stated, until it was paid since.
    let stated = json!({"amount": 120, "currency": "EUR", "interval": "year", "renews_at": "1971-05-18T00:00:00Z"});
    let state =
        told(&[(20 * DAY, "Subscription Started", stated.clone()), (DAY, "Subscription Downgraded", json!({}))]);
    assert_values(&state, &[("renewal_days", 2.0), ("subscription_amount_30d", yearly(120.0))]);
    let state = told(&[(20 * DAY, "Subscription Started", stated), (DAY, "Subscription Renewed", json!({}))]);
    assert_values(&state, &[("renewal_days", 365.25 - 1.0), ("subscription_amount_30d", yearly(120.0))]);
    // Nobody ever said how often: a month.
    let state = told(&[(3 * DAY, "Subscription Upgraded", more(json!(30)))]);
    assert_values(&state, &[("renewal_days", 30.4375 - 3.0), ("subscription_amount_30d", 30.0 / 30.4375 * 30.0)]);
}

/// An amount and how often it is paid only mean something together, and so do an amount and its currency.
#[test]
fn what_is_paid_is_known_with_its_currency_and_how_often() {
    let per = |amount: f64, days: f64| amount / days * 30.0;
    let (month, year, unknown) = (30.4375, 365.25, f64::NAN);
    let started = |amount: u32, interval: &str| json!({"amount": amount, "currency": "EUR", "interval": interval});
    let more = |amount: u32| json!({"amount": amount, "currency": "EUR"});
    let bare = |amount: u32| json!({"amount": amount});
    let often = |interval: &str| json!({"interval": interval});
    let cases: [(&[Value], f64); 23] = [
        // In the currency that was said last.
        (&[started(10, "month"), bare(12)], per(12.0, month)),
        (&[started(10, "month"), bare(12), bare(14)], per(14.0, month)),
        (&[started(10, "year"), json!({"amount": 12, "interval": "month"})], per(12.0, month)),
        (&[json!({"amount": 9_999, "currency": "JPY"}), more(10), bare(12)], per(12.0, month)),
        (&[bare(12)], unknown),
        (&[bare(12), more(10)], per(10.0, month)),
        (&[started(10, "month"), json!({"amount": 12, "currency": "no currency"})], per(12.0, month)),
        // How often changes, and how much is not said.
        (&[started(10, "month"), often("year")], unknown),
        (&[more(10), often("year")], unknown),
        (&[started(10, "month"), often("year"), often("month")], unknown),
        (&[started(10, "month"), often("year"), more(100)], per(100.0, year)),
        (&[started(10, "month"), often("year"), bare(100)], per(100.0, year)),
        (&[started(10, "month"), often("year"), started(100, "year"), often("year")], per(100.0, year)),
        (&[started(120, "year"), more(20), often("month")], unknown),
        (&[often("year"), more(20), often("month")], unknown),
        // How often is said again.
        (&[started(10, "month"), often("month"), often("month")], per(10.0, month)),
        (&[started(120, "year"), often("year")], per(120.0, year)),
        (&[started(120, "year"), more(240), often("year")], per(240.0, year)),
        (&[more(10), often("month"), often("month")], per(10.0, month)),
        // How much is said, and how often is as before.
        (&[started(120, "year"), more(20)], per(20.0, year)),
        (&[started(120, "year"), started(10, "month"), more(20)], per(20.0, month)),
        (&[often("year"), more(20)], per(20.0, year)),
        // It was never said beside an amount, and may have been a month.
        (&[often("year"), more(20), often("year")], unknown),
    ];
    for (said, expected) in cases {
        let days = (1..=said.len() as i64).rev();
        let names = ["Subscription Started"].into_iter().chain(std::iter::repeat("Subscription Upgraded"));
        let all: Vec<_> =
            days.zip(names).zip(said).map(|((day, name), said)| (day * DAY, name, said.clone())).collect();
        // A number of euro, whatever the subscription is known to cost.
        let order = (0, "Order Completed", json!({"revenue": 1, "currency": "EUR"}));
        let found = vector(&told(&[all, vec![order]].concat()), NOW)[place("subscription_amount_30d")];
        let is_it = found.is_nan() && expected.is_nan() || (found - expected).abs() < 1e-9;
        assert!(is_it, "{said:?} cost {found} and not {expected}");
    }
}

/// Whoever tells times to the second or to the day says several things at one moment.
#[test]
fn what_happened_at_one_moment_happened_step_by_step_whatever_it_is_called() {
    let of = |what: &str| json!({"ticket_id": 1, "subscription_id": 1, "plan": what, "amount": 9, "currency": "EUR"});
    let cases: [(&[&str], &str, f64); 9] = [
        (&["Ticket Created", "Ticket Assigned"], "tickets_open", 1.0),
        (&["Ticket Created", "Ticket Resolved"], "tickets_open", 0.0),
        (&["Ticket Assigned", "Ticket Closed"], "tickets_open", 0.0),
        (&["Ticket Created", "Ticket Resolved", "Ticket Reopened"], "tickets_open", 1.0),
        (&["Subscription Started", "Subscription Cancelled"], "subscriptions_active", 0.0),
        (&["Subscription Renewed", "Subscription Canceled"], "subscriptions_active", 0.0),
        (&["Subscription Started", "Subscription Upgraded", "Subscription Renewed"], "subscriptions_active", 1.0),
        (&["Payment Attempted", "Payment Declined"], "payment_last_failed", 1.0),
        (&["Payment Declined", "Payment Approved", "Chargeback Received"], "payment_last_failed", 0.0),
    ];
    for (names, feature, expected) in cases {
        for called in 0..40 {
            let one = |(n, name): (u64, &&str)| {
                let mut one = track(n, NOW, NOW, name, of("p"));
                one.event.message_id = format!("{called}-{n}").into();
                one
            };
            let told: Vec<Recorded> = (1..).zip(names).map(one).collect();
            let found = vector(&state(&told), NOW)[place(feature)];
            assert!((found - expected).abs() < 1e-9, "{names:?} come to {found}");
        }
    }
    // What is paid is what the last step says.
    for called in 0..40 {
        let steps = [("Subscription Started", 10), ("Subscription Renewed", 20), ("Subscription Upgraded", 30)];
        let one = |(n, (name, amount)): (u64, (&str, u32))| {
            let term = json!({"plan": "p", "amount": amount, "currency": "EUR"});
            let mut one = track(n, NOW, NOW, name, term);
            one.event.message_id = format!("{called}-{n}").into();
            one
        };
        let told: Vec<Recorded> = (1..).zip(steps).map(one).collect();
        let found = vector(&state(&told), NOW)[place("subscription_amount_30d")];
        assert!((found - 30.0 / 30.4375 * 30.0).abs() < 1e-9, "{found}");
    }
}

#[test]
fn use_rises_or_falls_in_one_unit() {
    let measured = |value: f64, unit: &str| json!({"metric": "hours", "value": value, "unit": unit});
    // What is measured is kept by the day: nothing lies on the border of one.
    let noon = |day: i32| i64::from(day) * DAY + DAY / 2;
    let mut all: Vec<_> =
        (0..90_i32).map(|day| (noon(day), "Service Measured", measured(f64::from(9 - day / 30), "h"))).collect();
    // The unit changes: other numbers, which are added to none of those.
    all.extend((0..9).map(|day| (noon(day), "Service Measured", measured(5_000.0, "s"))));
    all.push((3 * DAY, "Service Faulted", json!({"seconds": 60, "code": "E1"})));
    all.push((50 * DAY, "Service Faulted", nothing()));
    let expected = [
        ("usage_change_ratio", 9.0 / 8.0),
        ("usage_slope_90d", 1.0 / 8.0),
        ("measured_days", 0.5),
        ("measurements_30d", 39.0),
        ("faults_30d", 1.0),
        ("fault_seconds_90d", 60.0),
        ("fault_days", 3.0),
    ];
    assert_values(&told(&all), &expected);
    assert_values(&told(&[]), &[("usage_change_ratio", f64::NAN), ("usage_slope_90d", f64::NAN), ("faults_30d", 0.0)]);
}

#[test]
fn of_many_metrics_the_first_are_remembered_whenever_they_came() {
    let mut metrics: Vec<String> = (0..7).map(|n| format!("m{n}")).collect();
    metrics.sort_by_key(|metric| primitives::stable_hash(&format!("{metric}\0h")));
    // Each is told more often than the one before it, and has grown more since 40 days ago.
    let told_of = |place: usize| {
        let value = |value: usize| json!({"metric": metrics[place], "value": value, "unit": "h"});
        let (now, before) = (value(place + 2), value(1));
        (0..=place).map(|n| i64::try_from(n).unwrap()).flat_map(move |n| {
            [(n, "Service Measured", now.clone()), (40 * DAY + n, "Service Measured", before.clone())]
        })
    };
    let forwards: Vec<_> = (0..7).flat_map(told_of).collect();
    let backwards: Vec<_> = (0..7).rev().flat_map(told_of).collect();
    for all in [&forwards, &backwards] {
        assert_values(&told(all), &[("usage_change_ratio", 5.0), ("measurements_30d", 28.0)]);
    }
    // Of two that were told equally often the first.
    let equal: Vec<_> = [2, 1].into_iter().flat_map(|place| told_of(place).take(2)).collect();
    assert_values(&told(&equal), &[("usage_change_ratio", 3.0)]);
}

#[test]
fn visits_to_shops_and_decisions_are_counted() {
    let seen = || json!({"decisionId": "d"});
    let state = told(&[
        (1, "Decision Shown", seen()),
        (2, "Decision Shown", seen()),
        (3, "Decision Shown", seen()),
        (40 * DAY, "Decision Shown", seen()),
        (1, "Decision Clicked", seen()),
        (1, "Decision Dismissed", seen()),
        (1, "Decision Dismissed", seen()),
        (1, "Decision Converted", seen()),
        (3 * DAY, "Store Visited", json!({"loyalty_id": "l"})),
    ]);
    let expected = [
        ("decisions_shown_30d", 3.0),
        ("decision_click_share_90d", 0.25),
        ("decision_dismiss_share_90d", 0.5),
        ("decisions_converted_90d", 1.0),
        ("store_visits_90d", 1.0),
        ("store_visit_days", 3.0),
    ];
    assert_values(&state, &expected);
}

#[test]
fn who_was_told_of_by_no_channel_takes_no_room_for_them() {
    let order = told(&[(1, "Signed Up", nothing())]);
    let n_bytes = |state: &FeatureState| state.n_bytes() - size_of::<FeatureState>();
    let with = told(&[(1, "Signed Up", nothing()), (1, "Store Visited", nothing())]);
    assert!(n_bytes(&with) > n_bytes(&order) + 300);
}
