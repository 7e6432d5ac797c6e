//! Does anything of the future, or of somebody who refused, get into what is learned?

use super::world::{
    Told, catalogue, data, dataset, day, events, load, now, numbered, of_churn, of_recommend, order, seed, task,
};
use crate::outcome::OnDataset;
use crate::tasks::asked::Rows;
use crate::tasks::recommend;
use crate::{Dataset, churn};
use events::{Call, Recorded};
use features::Trace;
use governance::{ConsentPolicy, Purpose};
use models::recommend::RecommenderSettings;
use primitives::{ItemId, ItemKey, Timestamp};
use std::collections::BTreeSet;

/// Another future: after `cutoff` nobody orders what they did, and somebody else does. Names and consents stay.
fn with_another_future(events: &[Recorded], cutoff: Timestamp, late: Timestamp) -> Vec<Recorded> {
    let mut changed: Vec<_> = events.iter().map(|recorded| recorded.event.clone()).collect();
    let customers: BTreeSet<_> = changed.iter().filter_map(|event| event.user_id.clone()).collect();
    for event in changed.iter_mut().filter(|event| event.occurred_at > cutoff) {
        match &mut event.call {
            Call::Track { event, .. } if event == "Order Completed" => *event = "Looked Around".to_owned(),
            _ => {}
        }
        // What was read of it was read of what it said before.
        event.reading = events::Reading::default();
    }
    for customer in customers.iter().step_by(3) {
        changed.push(order(customer.as_str(), "P00003", cutoff.plus_days(1), cutoff.plus_days(1)));
        // It happened long ago, and nobody knew of it before the cutoff.
        changed.push(order(customer.as_str(), "late intruder", late, cutoff.plus_days(2)));
    }
    numbered(changed)
}

fn rows(dataset: &Dataset, as_ofs: &[Timestamp]) -> Rows {
    let label = |asked: &OnDataset<'_>, trace: &Trace, as_of| f64::from(u8::from(asked.came_true(trace, as_of)));
    Rows::of(&data(dataset, now()), &churn(), &catalogue().all(), as_ofs, label)
}

fn bits(rows: &Rows) -> (Vec<(String, Timestamp)>, Vec<u64>, Vec<u64>) {
    let names = rows.whose().iter().map(|whose| (whose.customer.to_string(), whose.as_of)).collect();
    let values = (0..rows.len()).flat_map(|row| rows.row(row)).map(|value| value.to_bits()).collect();
    (names, values, rows.labels.iter().map(|label| label.to_bits()).collect())
}

#[test]
fn another_future_changes_no_row_that_churn_is_learned_from() {
    let split = task(&of_churn()).split(&data(dataset(), now())).unwrap();
    let late = split.train_as_ofs[0].plus_days(-1);
    let other = load(&with_another_future(events(), split.test_from, late));
    assert!(bits(&rows(dataset(), &split.train_as_ofs)) == bits(&rows(&other, &split.train_as_ofs)));
    let test = [rows(dataset(), &[split.test_from]), rows(&other, &[split.test_from])].map(|rows| bits(&rows));
    assert!(test[0].0 == test[1].0 && test[0].1 == test[1].1, "the test's features knew the future");
    assert!(test[0].2 != test[1].2, "the other future is no other future");
}

#[test]
fn another_future_changes_no_recommender_that_is_judged() {
    let split = task(&of_recommend()).split(&data(dataset(), now())).unwrap();
    let other = load(&with_another_future(events(), split.test_from, split.train_from));
    let judged = |dataset: &Dataset| {
        let judged = task(&of_recommend()).judge(&data(dataset, now()), &split, None).unwrap();
        let time = &judged.evaluation.protocols["time"];
        (judged.evaluation.n_train, time.orders.clone(), (time.all.n_test, time.all.metrics.clone()))
    };
    let ((n_train, orders, n_test), (other_n_train, other_orders, other_n_test)) = (judged(dataset()), judged(&other));
    assert_eq!((n_train, &orders), (other_n_train, &other_orders));
    let settings = RecommenderSettings::default();
    let fit = |dataset: &Dataset| recommend::fit(dataset, split.train_until, &settings, seed()).unwrap();
    assert!(fit(dataset()) == fit(&other));
    assert_ne!(n_test, other_n_test, "the other future is no other future");
}

#[test]
fn a_purchase_exactly_thirty_days_later_is_one() {
    let at = |millis: i64| Timestamp::from_millis(day(100).as_millis() + millis);
    let later = 30 * primitives::DAY_MS;
    for (again, churned) in [(0, true), (1, false), (later, false), (later + 1, true)] {
        let history = [order("ann", "tea", day(99), day(99)), order("ann", "tea", at(again), at(again))];
        let dataset = load(&numbered(history));
        let rows = rows(&dataset, &[day(100)]);
        assert_eq!((rows.len(), rows.labels[0] > 0.5), (1, churned), "{again} ms later");
    }
}

#[test]
fn only_those_who_bought_lately_can_be_lost() {
    for (n_days_ago, n_rows) in [(0, 1), (89, 1), (90, 0), (200, 0)] {
        let dataset = load(&numbered([order("ann", "tea", day(300 - n_days_ago), day(300 - n_days_ago))]));
        assert_eq!(rows(&dataset, &[day(300)]).len(), n_rows, "{n_days_ago} days ago");
    }
}

#[test]
fn next_items_are_those_after_the_moment() {
    let dataset = load(&numbered((0..4).map(|n| order("ann", &format!("i{n}"), day(n), day(n)))));
    let trace = &dataset.customers()[0].get().state;
    let expected = ["i2", "i3"].map(|id| ItemKey::from(&ItemId::from(id)));
    assert_eq!(BTreeSet::from_iter(trace.items_between(day(1), day(3))), expected.into());
}

#[test]
fn who_refuses_is_in_no_frame_and_is_counted() {
    let refused: BTreeSet<String> = events()
        .iter()
        .filter(|recorded| events::consent_statements(&recorded.event).contains(&(Purpose::Analytics, false)))
        .filter_map(|recorded| Some(recorded.event.user_id.as_ref()?.to_string()))
        .collect();
    assert!(!refused.is_empty(), "somebody must refuse for this test to mean anything");
    assert!(dataset().n_left_out() > 0);
    let rows = rows(dataset(), &[now().plus_days(-30), now()]);
    assert!(rows.len() > 100 && rows.whose().iter().all(|whose| !refused.contains(&whose.customer.to_string())));
    assert!(dataset().customers().iter().all(|customer| customer.consent().granted));

    let nobody = ConsentPolicy::new([]);
    let stated =
        Dataset::load(&Told(events().to_vec()), &nobody, features::TraceReads::default(), &mut |_| {}).unwrap();
    assert!(stated.n_customers() < dataset().n_customers());
    assert_eq!(
        stated.n_customers() as u64 + stated.n_left_out(),
        dataset().n_customers() as u64 + dataset().n_left_out()
    );
    assert!(stated.customers().iter().all(|customer| customer.consent().basis.name() == "stated"));
}

#[test]
fn progress_is_told_up_to_the_last_event() {
    let mut told = Vec::new();
    let dataset =
        Dataset::load(&Told(events().to_vec()), &ConsentPolicy::default(), features::TraceReads::default(), &mut |n| {
            told.push(n)
        })
        .unwrap();
    assert!(told.is_sorted() && told.last() == Some(&dataset.n_events()));
    assert_eq!(dataset.n_events(), events().len() as u64);
}

#[test]
fn live_and_training_histories_are_the_same() {
    let trace = &dataset().customers()[0].get().state;
    let state = trace.state_at(now());
    let history = recommend::history_of(dataset().wanted(), &state, now());
    assert_eq!(history.len(), state.lines().len());
    assert!(history.iter().all(|bought| bought.age_days >= 0.0 && bought.quantity > 0.0));
}
