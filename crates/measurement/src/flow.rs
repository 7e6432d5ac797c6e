//! On the way from what was shown to what was earned, where do the treated gain, and where do they lose?

use crate::Interval;
use crate::statistics::{Compared, How, Measure, Moments, compare};
use serde::{Deserialize, Serialize};

/// One step of the way, counted of each customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What is counted: "clicks".
    pub name: String,
    /// Of the control: y is this step, x the step before, and 1 of the first.
    pub control: Moments,
    /// Of the treated.
    pub treated: Moments,
}

/// What a step adds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stepped {
    /// What is counted.
    pub name: String,
    /// How many a customer of the control.
    pub control: f64,
    /// How many a customer of the treated.
    pub treated: f64,
    /// How many for each one of the step before, compared.
    pub rate: Compared,
    /// Which part of the change it makes: ln(rate of the treated / rate of the control). The parts add up to the whole.
    pub part: Option<f64>,
}

/// The whole way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// Its steps.
    pub steps: Vec<Stepped>,
    /// The last step a customer, compared: what comes out in the end.
    pub whole: Option<Compared>,
    /// In a sentence.
    pub says: String,
}

/// What each step adds to what comes out in the end.
///
/// ```text
/// earned a customer = shown a customer · clicks a shown · orders a click · earned an order
/// ln(T/C) of the whole = Σ ln(T/C) of the steps
/// ```
/// *Shapes*: the steps in their order, each with the step before as x. *Guarantees*: the parts add up to the logarithm of
/// the whole, as far as each x is the y of the step before. *Edge cases*: a step that nobody reached has no rate after it,
/// and says so; then the parts tell less than the whole. *Cost*: constant for each step. *Source*: elementary.
///
/// ```
/// use measurement::flow::{Step, flow};
/// use measurement::statistics::{How, Measure, Moments};
/// let step = |name: &str, control: [(f64, f64); 3], treated: [(f64, f64); 3]| Step {
///     name: name.to_owned(),
///     control: Moments::of_pairs(control),
///     treated: Moments::of_pairs(treated),
/// };
/// let found = flow(
///     &[
///         step("clicks", [(1.0, 1.0), (2.0, 1.0), (3.0, 1.0)], [(3.0, 1.0), (4.0, 1.0), (5.0, 1.0)]),
///         step("orders", [(1.0, 1.0), (1.0, 2.0), (1.0, 3.0)], [(1.0, 3.0), (1.0, 4.0), (1.0, 5.0)]),
///     ],
///     &How::new(Measure::Mean),
/// );
/// // Twice the clicks, and half as many orders for each of them: nothing in the end.
/// let parts: Vec<f64> = found.steps.iter().filter_map(|step| step.part).collect();
/// assert!((parts[0] - 2f64.ln()).abs() < 1e-12 && (parts[0] + parts[1]).abs() < 1e-12);
/// ```
#[must_use]
pub fn flow(steps: &[Step], how: &How) -> Flow {
    let one = |step: &Step| {
        let rate = compare(&step.control, &step.treated, &How { measure: Measure::Ratio, ..*how });
        let above = |arm: &Moments| (arm.sum > 0.0 && arm.sum_x > 0.0).then(|| arm.sum / arm.sum_x);
        let part = above(&step.treated).zip(above(&step.control)).map(|(treated, control)| (treated / control).ln());
        Stepped { name: step.name.clone(), control: step.control.mean(), treated: step.treated.mean(), rate, part }
    };
    let whole = steps.last().map(|last| compare(&last.control, &last.treated, &How { measure: Measure::Mean, ..*how }));
    let mut flow = Flow { steps: steps.iter().map(one).collect(), whole, says: String::new() };
    flow.says = says(&flow);
    flow
}

fn says(flow: &Flow) -> String {
    let Some((last, whole)) = flow.steps.last().zip(flow.whole.as_ref()) else {
        return "No step is counted.".to_owned();
    };
    let Some(lift) = &whole.lift else {
        let reason = whole.reason.as_deref().unwrap_or("there is nothing to compare with");
        return format!("What comes out in the end cannot be compared: {reason}.");
    };
    let percent = |share: f64| format!("{:+.1} %", 100.0 * share);
    let Interval { low, high } = lift.fixed;
    let name = primitives::capital(&last.name);
    let whole = format!(
        "{name} a customer, as it was counted: {} ({} to {})",
        percent(lift.value),
        percent(low),
        percent(high)
    );
    let clear = flow.steps.iter().filter_map(|step| {
        let lift = step.rate.lift.as_ref().filter(|lift| lift.fixed.low > 0.0 || lift.fixed.high < 0.0)?;
        Some(format!("{} ({})", step.name, percent(lift.value)))
    });
    let clear: Vec<String> = clear.collect();
    if clear.is_empty() {
        // Each step is less sure than the whole: small changes of several together may be a large one.
        let how = if lift.fixed.low > 0.0 || lift.fixed.high < 0.0 {
            "By which step cannot be told: of none by itself, against the step before, the change is clear."
        } else {
            "No step is clearly changed, each against the step before."
        };
        return format!("{whole}. {how}");
    }
    format!("{whole}. Clearly changed, each against the step before: {}.", clear.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Seed;
    use proptest::prelude::*;

    /// Customers who see ten items, click on some, order of the clicks, and earn of the orders.
    fn way(n: u32, seed: u64, click: [f64; 2], order: [f64; 2]) -> Vec<Step> {
        let mut random = Seed::new(seed).stream("flow", 0);
        let names = ["shown", "clicks", "orders", "margin"];
        let mut steps: Vec<Step> = names
            .map(|name| Step { name: name.to_owned(), control: Moments::default(), treated: Moments::default() })
            .into();
        for customer in 0..n {
            let arm = usize::from(customer % 2 == 1);
            let mut hits =
                |n: u32, p: f64| f64::from((0..n).map(|_| u32::from(random.random::<f64>() < p)).sum::<u32>());
            let clicks = hits(10, click[arm]);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most ten")]
            let orders = hits(clicks as u32, order[arm]);
            let counts = [1.0, 10.0, clicks, orders, orders * 12.0];
            for (step, pair) in steps.iter_mut().zip(counts.windows(2)) {
                let side = if arm == 1 { &mut step.treated } else { &mut step.control };
                side.add(pair[1], pair[0]);
            }
        }
        steps
    }

    #[test]
    fn the_step_that_changed_is_named() {
        let found = flow(&way(20_000, 1, [0.2, 0.2], [0.3, 0.36]), &How::new(Measure::Mean));
        assert!(found.says.starts_with("Margin a customer, as it was counted: +"), "{}", found.says);
        assert!(found.says.contains("Clearly changed, each against the step before: orders (+"), "{}", found.says);
        assert!(!found.says.contains("clicks"), "{}", found.says);
    }

    #[test]
    fn where_nothing_changed_nothing_is_named() {
        let found = flow(&way(4_000, 2, [0.2, 0.2], [0.3, 0.3]), &How::new(Measure::Mean));
        assert!(found.says.ends_with("No step is clearly changed, each against the step before."), "{}", found.says);
    }

    #[test]
    fn a_way_that_nobody_went_says_so() {
        assert_eq!(flow(&[], &How::new(Measure::Mean)).says, "No step is counted.");
        let nobody = flow(&way(0, 3, [0.2, 0.2], [0.3, 0.3]), &How::new(Measure::Mean));
        assert!(nobody.says.contains("there is nobody in the arm `control`"), "{}", nobody.says);
        let unclicked = flow(&way(100, 4, [0.0, 0.0], [0.3, 0.3]), &How::new(Measure::Mean));
        assert_eq!(unclicked.steps[2].part, None);
        assert!(unclicked.steps[2].rate.reason.as_ref().unwrap().contains("divides by"));
    }

    proptest! {
        #[test]
        fn the_parts_add_up_to_the_whole(seed in 0_u64..1_000, more in 0.1_f64..0.5) {
            let steps = way(400, seed, [0.3, more], [0.4, 0.3]);
            let found = flow(&steps, &How::new(Measure::Mean));
            let parts: Option<f64> = found.steps.iter().map(|step| step.part).sum();
            let last = found.steps.last().unwrap();
            if let Some(parts) = parts {
                prop_assert!((parts - (last.treated / last.control).ln()).abs() < 1e-9);
            }
        }
    }
}
