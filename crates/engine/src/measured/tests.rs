//! Is an experiment judged when all that can be known of it is known, and is nothing left out that was asked for?

use super::*;

fn plan(state: &'static str) -> Plan {
    let variations = vec![("control".to_owned(), 1.0), ("bold".to_owned(), 1.0)];
    let guardrails = vec!["cost_to_serve".to_owned()];
    Plan { variations, metrics: vec!["conversion".to_owned()], guardrails, days: 14, state, switchback: None }
}

fn day(day: i64) -> Timestamp {
    Timestamp::from_millis(0).plus_days(day)
}

#[test]
fn an_experiment_ends_when_the_last_window_is_over_or_where_it_is_stopped() {
    let at = |state, now| stage(Some(&plan(state)), Some(day(100)), (28, day(now)));
    assert_eq!(at("running", 110), Stage::Running { days_left: Some(4) });
    // Whoever came on the last day is counted for 28 days from then on.
    for now in [114, 141] {
        assert_eq!(at("running", now), Stage::Running { days_left: Some(0) }, "{now}");
    }
    assert_eq!((at("running", 142), at("stopped", 142)), (Stage::AtEnd, Stage::AtEnd));
    assert_eq!(at("stopped", 110), Stage::Stopped);
    assert_eq!(stage(None, Some(day(100)), (28, day(500))), Stage::Running { days_left: None });
}

#[test]
fn a_guardrail_that_is_not_counted_is_told_as_unknown() {
    let measures = Measures::default();
    let counting = Counting::of(&measures, day(110), None);
    let plan = plan("running");
    let who = Who { variations: plan.variations.clone(), n_drawn: Vec::new(), n_mixed: 0 };
    let found = counting.found(Some(&plan), who, &[], Some(day(100)));
    let guardrail = &found.report.guardrails[0];
    assert_eq!((guardrail.metric.as_str(), guardrail.bearing), ("cost_to_serve", experiment::Bearing::Unknown));
    assert!(guardrail.compared.reason.as_ref().unwrap().contains("contact_cost"), "{guardrail:?}");
}
