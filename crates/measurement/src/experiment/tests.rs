//! Is each verdict given where it should be, and told why?

use super::*;
use crate::statistics::Measure;

fn variation(name: &str, n: u64) -> Variation {
    Variation { name: name.to_owned(), weight: 1.0, n }
}

fn share(name: &str, successes: [u64; 2], n: [u64; 2]) -> Metric {
    Metric {
        name: name.to_owned(),
        direction: Direction::Up,
        is_guardrail: false,
        how: How::new(Measure::Share),
        arms: successes.iter().zip(n).map(|(successes, n)| Moments::of_share(*successes, n).into()).collect(),
        segments: BTreeMap::new(),
    }
}

fn guardrail(metric: Metric) -> Metric {
    Metric { is_guardrail: true, direction: Direction::Down, ..metric }
}

fn counted(n: [u64; 2], metrics: Vec<Metric>, stage: Stage) -> Counted {
    let variations = vec![variation("control", n[0]), variation("bold", n[1])];
    Counted { variations, metrics, stage, alpha: 0.05, n_mixed: 0, drawn: Vec::new() }
}

const N: [u64; 2] = [10_000, 10_000];
const RUNNING: Stage = Stage::Running { days_left: Some(6) };

#[test]
fn where_the_arms_do_not_fit_nothing_else_is_told() {
    let n = [10_400, 9_600];
    let found = report(&counted(n, vec![share("conversion", [500, 900], n)], Stage::AtEnd));
    assert_eq!(found.verdict, Verdict::Broken);
    assert!(found.metrics.is_empty() && found.guardrails.is_empty() && found.by_segment.is_empty());
    assert!(found.says.contains("10400 of `control` and 9600 of `bold`"), "{}", found.says);
}

#[test]
fn a_guardrail_that_is_worse_stops_even_a_winner() {
    let metrics = vec![share("conversion", [500, 900], N), guardrail(share("refunds", [100, 300], N))];
    let found = report(&counted(N, metrics, RUNNING));
    assert_eq!(found.verdict, Verdict::Stop);
    assert!(found.says.starts_with("Stop `bold`: `refunds` is up by 200.0 %"), "{}", found.says);
}

#[test]
fn a_guardrail_that_is_better_stops_nothing() {
    let metrics = vec![share("conversion", [500, 900], N), guardrail(share("refunds", [300, 100], N))];
    assert_eq!(report(&counted(N, metrics, RUNNING)).verdict, Verdict::Ship);
}

#[test]
fn what_counts_at_the_end_does_not_count_while_it_is_looked_at() {
    // p = .003 for one look, not enough for all looks.
    let metrics = || vec![share("conversion", [500, 595], N)];
    let (running, end) = (report(&counted(N, metrics(), RUNNING)), report(&counted(N, metrics(), Stage::AtEnd)));
    assert_eq!((running.verdict, end.verdict), (Verdict::GoOn, Verdict::Ship));
    assert_eq!(running.says, "Go on: no metric is clearly better or worse; customers come in for 6 days more.");
}

#[test]
fn the_end_without_a_gain_is_a_stop() {
    let found = report(&counted(N, vec![share("conversion", [500, 505], N)], Stage::AtEnd));
    assert_eq!(found.verdict, Verdict::Stop);
    assert_eq!(found.says, "Stop: the planned end is reached, and no metric is clearly better or worse.");
}

#[test]
fn one_that_was_stopped_is_judged_by_one_look_and_never_goes_on() {
    let unclear = report(&counted(N, vec![share("conversion", [500, 505], N)], Stage::Stopped));
    assert_eq!(unclear.verdict, Verdict::Stop);
    assert_eq!(unclear.says, "Stop: it was ended, and no metric is clearly better or worse.");
    let gained = || vec![share("conversion", [500, 595], N)];
    assert_eq!(report(&counted(N, gained(), Stage::Stopped)).verdict, Verdict::Ship);
    let open = report(&counted(N, gained(), Stage::Running { days_left: Some(0) }));
    assert_eq!(open.verdict, Verdict::GoOn, "customers are still counted");
    assert!(
        open.says.ends_with("the planned end is reached, and what customers do is still counted."),
        "{}",
        open.says
    );
}

#[test]
fn one_find_among_twenty_is_adjusted_for_the_others() {
    // p = .02 alone.
    let lucky = || share("lucky", [500, 575], N);
    let alone = report(&counted(N, vec![lucky()], Stage::AtEnd));
    let mut metrics = vec![lucky()];
    metrics.extend((0..19).map(|k| share(&format!("other_{k}"), [500, 500 + k], N)));
    let among = report(&counted(N, metrics, Stage::AtEnd));
    assert_eq!((alone.verdict, among.verdict), (Verdict::Ship, Verdict::Stop));
    let (p, adjusted) = (among.metrics[0].compared.difference.unwrap().p, among.metrics[0].p_adjusted.unwrap());
    assert!(p < 0.05 && adjusted > 0.05, "{p} {adjusted}");
}

#[test]
fn nothing_is_better_beside_an_interval_that_holds_none_and_what_is_worse_stays_so() {
    // Few successes of the control: the difference is clear, how many times as many it is is not.
    let metric = |direction| Metric { direction, ..share("repeat", [4, 14], [400, 400]) };
    let bearing = |direction| report(&counted([400, 400], vec![metric(direction)], Stage::AtEnd)).metrics.remove(0);
    let (up, down) = (bearing(Direction::Up), bearing(Direction::Down));
    assert!(up.p_adjusted.unwrap() < 0.05 && up.compared.lift.unwrap().fixed.low < 0.0, "{up:?}");
    assert_eq!((up.bearing, down.bearing), (Bearing::Unclear, Bearing::Worse));
}

#[test]
fn segments_are_told_and_change_no_verdict() {
    let mut metric = share("conversion", [500, 505], N);
    for (segment, successes) in [("new", [100, 200]), ("loyal", [400, 305])] {
        metric.segments.insert(segment.to_owned(), share("", successes, [5000, 5000]).arms);
    }
    let found = report(&counted(N, vec![metric], RUNNING));
    assert_eq!(found.verdict, Verdict::GoOn);
    let told: Vec<_> = found.by_segment.iter().map(|f| (f.segment.as_deref().unwrap(), f.bearing)).collect();
    assert_eq!(told, [("loyal", Bearing::Worse), ("new", Bearing::Better)]);
}

#[test]
fn an_empty_arm_and_a_missing_metric_say_why() {
    let found = report(&counted([0, 0], vec![share("conversion", [0, 0], [0, 0])], RUNNING));
    assert_eq!(found.verdict, Verdict::GoOn);
    assert!(found.says.contains("there is nobody in the arm `control` yet"), "{}", found.says);
    assert!(report(&counted(N, Vec::new(), RUNNING)).says.contains("no metric is declared"));
    let alone = Counted { variations: vec![variation("control", 5)], ..counted(N, Vec::new(), RUNNING) };
    assert!(report(&alone).says.contains("nothing to compare"));
}

#[test]
fn of_three_variations_the_one_that_wins_is_named() {
    let mut metric = share("conversion", [500, 505], N);
    metric.arms.push(Moments::of_share(700, 10_000).into());
    let mut three = counted(N, vec![metric], Stage::AtEnd);
    three.variations.push(variation("calm", 10_000));
    let found = report(&three);
    assert!(found.says.starts_with("Ship `calm`"), "{}", found.says);
    assert_eq!(found.metrics.len(), 2);
}

#[test]
fn whoever_turns_out_to_be_one_with_others_makes_no_imbalance() {
    // A stranger says of 900 of one arm that they are one person.
    let merged = counted([10_000, 9_101], vec![share("conversion", [500, 505], [10_000, 9_101])], RUNNING);
    assert_eq!(report(&merged).verdict, Verdict::Broken);
    let told = report(&Counted { drawn: vec![10_000, 10_000], n_mixed: 1, ..merged });
    assert!(told.verdict != Verdict::Broken && told.srm.ok && told.n["bold"] == 9_101, "{told:?}");
    assert!(told.says.contains("1 customer met more than one variation"), "{}", told.says);
    let lost = report(&Counted { drawn: vec![10_000, 9_101], ..counted([10_000, 10_000], vec![], RUNNING) });
    assert!(lost.verdict == Verdict::Broken && lost.says.contains("9101 of"), "{}", lost.says);
}

#[test]
fn customers_of_two_arms_are_told() {
    let mixed = Counted { n_mixed: 3, ..counted(N, vec![share("conversion", [500, 505], N)], RUNNING) };
    assert!(
        report(&mixed)
            .says
            .ends_with("3 customers met more than one variation and count for the one that is theirs now.")
    );
}

#[test]
fn a_quantile_is_compared_as_any_other_number() {
    let waits = |slower: f64| -> Vec<f64> { (0..2_000).map(|n| f64::from(n % 97) * slower).collect() };
    let arm = |values: &[f64]| Arm::Quantile(crate::statistics::quantile(values, 0.9));
    let wait = |arms: Vec<Arm>| Metric {
        name: "wait_p90".to_owned(),
        direction: Direction::Down,
        arms,
        ..share("", [0, 0], N)
    };
    let slower = report(&counted(N, vec![wait(vec![arm(&waits(1.0)), arm(&waits(1.2))])], Stage::AtEnd));
    assert!(slower.says.starts_with("Stop `bold`: `wait_p90` is up by 20."), "{}", slower.says);
    let few = report(&counted(N, vec![wait(vec![arm(&waits(1.0)), arm(&[1.0])])], RUNNING));
    assert!(few.says.contains("needs more than 34 values in each arm"), "{}", few.says);
}
