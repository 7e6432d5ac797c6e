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

/// Forty hours in three places, in which customers buy for 5 more while it is on, by what the company tells for `own` more; `refunded` is
/// paid back in some hours, whatever is on.
fn hours(counting: &Counting<'_>, own: f64, refunded: f64) -> Vec<switched::Cut> {
    let at = |name: &str| counting.kpi(name).unwrap().0;
    let (revenue, refunds) = (at("revenue"), at("refunds"));
    let unit = |y: f64, paid_back: f64| {
        let of = |kpi: usize| if kpi == revenue { y } else { f64::from(u8::from(kpi == refunds)) * paid_back };
        let pair = |y: f64| measurement::kpi::Counted::Pair(y, 1.0);
        let seen = |kpi: usize| measurement::exposed::Seen { after: pair(of(kpi)), before: pair(0.0) };
        vec![Unit { arm: 0, parts: vec![0], seen: (0..counting.kpis.len()).map(seen).collect() }]
    };
    let cut = |(place, slice): (i64, i64)| {
        let noise = |of: i64| f64::from(u8::try_from((slice * 7 + place * 3 + of * 5).rem_euclid(11)).unwrap());
        let is_on = (slice * (slice + 1) / 2 + place) % 2 == 0;
        let bought = |more: f64| 20.0 + noise(0) + if is_on { more } else { 0.0 };
        let paid_back = if noise(1) > 5.0 { refunded } else { 0.0 };
        let both = Both { all: unit(bought(5.0), paid_back), of_company: unit(bought(own), paid_back), n_claimed: 0 };
        let switch = decisions::Switch { experiment: "fees".to_owned(), slice, place: place.to_string() };
        (switch, usize::from(is_on), both)
    };
    (0..3).flat_map(|place| (0..40).map(move |slice| (place, slice))).map(cut).collect()
}

#[test]
fn a_switched_experiment_ships_what_is_better_by_both_counts_and_where_its_guardrails_are_known() {
    let measures = Measures::default();
    let counting = Counting::of(&measures, day(110), None);
    let stopped = |guardrails: &[&str]| Plan {
        metrics: vec!["revenue".to_owned()],
        guardrails: guardrails.iter().map(|name| (*name).to_owned()).collect(),
        ..plan("stopped")
    };
    let all = |guardrails: &[&str], refunded: f64| {
        let slices = hours(&counting, 0.0, refunded);
        counting.found_switched(&stopped(guardrails), &slices, (Some(day(100)), |both| &both.all))
    };
    for (guardrails, refunded, verdict, says) in [
        (&["refunds"][..], 3.0, experiment::Verdict::Ship, "revenue became better"),
        (&["refunds"], 0.0, experiment::Verdict::Stop, "nothing can be told of refunds, as the slices do not vary"),
        (&["refunds", "cost_to_serve"], 3.0, experiment::Verdict::Stop, "of cost_to_serve, as nobody said"),
        // What nobody asks for and nobody tells of holds nothing back.
        (&[], 0.0, experiment::Verdict::Ship, "revenue became better"),
        (&[], 3.0, experiment::Verdict::Ship, "revenue became better"),
    ] {
        let found = all(guardrails, refunded);
        let told = &found.report;
        assert!(told.verdict == verdict && told.says.contains(says), "{guardrails:?}: {found:?}");
    }
    let names: Vec<String> =
        all(&["cost_to_serve", "refunds"], 3.0).switched.into_iter().map(|one| one.metric).collect();
    assert_eq!(names, ["revenue", "cost_to_serve", "refunds"], "what is not counted is told all the same");
    let usual: Vec<String> = all(&[], 3.0).switched.into_iter().map(|one| one.metric).collect();
    assert_eq!(usual, ["revenue", "refunds", "tickets"], "what is usual and not counted is left out");
    let slices = hours(&counting, 0.0, 3.0);
    let own = counting.found_switched(&stopped(&["refunds"]), &slices, (Some(day(100)), |both| &both.of_company));
    assert_eq!(own.report.verdict, experiment::Verdict::Stop, "by what the company told: {own:?}");
}
