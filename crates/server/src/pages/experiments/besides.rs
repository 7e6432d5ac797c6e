//! What is told of what was found slice by slice, or list by list, and not customer by customer?

use crate::pages::words::unmarked;
use console::view::FindingLine;
use decisions::Experiment;
use measurement::experiment::{Direction, Stage};
use measurement::interleave::Interleaved;
use measurement::switchback::SwitchedMetric;

/// Which share of what customers chose each of two sides had picked from which lists are drafted; the change is what the second has more.
pub(super) fn preference(found: &Interleaved, plan: &Experiment, stage: Stage) -> Option<FindingLine> {
    Some(FindingLine {
        title: "Share of what each customer chose".to_owned(),
        variation: plan.variations.get(1)?.name.clone(),
        numbers: found.shares(),
        lift: found.preference.zip(found.interval(stage)).map(|(value, interval)| (value, interval.low, interval.high)),
        is_less_better: false,
        is_share: true,
        note: None,
        bearing: found.bearing(stage).name(),
        reason: found.reason.clone(),
    })
}

/// What a metric was in slices with it and without it, where it is switched. The change is told in shares of what it was without.
pub(super) fn sliced(one: &SwitchedMetric, title: String, plan: &Experiment) -> Option<FindingLine> {
    let found = &one.found;
    let control = found.control.filter(|control| *control != 0.0).map(f64::abs);
    let lift = found.difference.zip(found.interval).zip(control);
    Some(FindingLine {
        title,
        variation: plan.variations.get(1)?.name.clone(),
        numbers: (found.control, found.treated),
        lift: lift.map(|((value, range), control)| (value / control, range.low / control, range.high / control)),
        is_less_better: one.direction == Direction::Down,
        is_share: false,
        note: None,
        bearing: one.bearing.name(),
        reason: found.reason.as_deref().map(unmarked),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use measurement::Interval;
    use measurement::experiment::Bearing;
    use measurement::switchback::Switched;
    use serde_json::json;

    #[test]
    fn what_slices_say_is_told_in_shares_of_what_they_were_without_it() {
        let table =
            json!({"name": "price", "variations": [{"name": "control", "value": 1}, {"name": "dear", "value": 2}]});
        let plan = Experiment::from_table(table.as_object().unwrap()).unwrap();
        let of = |control: f64| {
            let interval = Some(Interval { low: -3.0, high: -1.0 });
            let unknown = Switched::unknown("`earned` is not counted");
            let found =
                Switched { control: Some(control), treated: Some(2.0), difference: Some(-2.0), interval, ..unknown };
            let one = SwitchedMetric::new("earned", Direction::Down, false, found);
            sliced(&SwitchedMetric { bearing: Bearing::Better, ..one }, "Earned".to_owned(), &plan).unwrap()
        };
        let told = of(4.0);
        assert_eq!((told.variation.as_str(), told.numbers), ("dear", (Some(4.0), Some(2.0))));
        assert_eq!((told.lift, told.bearing, told.is_less_better), (Some((-0.5, -0.75, -0.25)), "better", true));
        assert_eq!(of(-4.0).lift, told.lift, "less is less, below nothing too");
        assert_eq!(of(0.0).lift, None, "of nothing there is no share");
        assert_eq!(told.reason.as_deref(), Some("earned is not counted"));
    }
}
