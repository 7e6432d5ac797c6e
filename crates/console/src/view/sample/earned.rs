//! What were the decisions of the sample pages worth?

use super::*;

fn told() -> Earned {
    let line = |title: &str, lift: Option<(f64, f64, f64)>, money, reason: Option<&str>| {
        LiftLine {
        title: title.to_owned(),
        held_out: (412, lift.map(|_| 41.2)),
        treated: (7_930, lift.map(|_| 44.12)),
        lift,
        money,
        sequential: lift.map(|(_, low, high)| (low - 0.04, high + 0.04)),
        srm: (true, Some(0.63)),
        says: "Margin in up to 28 days of all decisions was more: +7.1 % (+1.9 to +12.4 %) against those held out of everything; 23,156 EUR in all (6,200 to 40,400).".to_owned(),
        reason: reason.map(str::to_owned),
    }
    };
    let kpi = |title: &str, bearing, lift, reason: Option<&str>| KpiLine {
        title: title.to_owned(),
        held_out: Some(0.241),
        treated: Some(0.259),
        is_share: title.starts_with("Customers"),
        lift,
        note: None,
        bearing,
        reason: reason.map(str::to_owned),
    };
    Earned {
        measure: "Margin in up to 28 days".to_owned(),
        currency: Some("EUR".to_owned()),
        lines: vec![
            line("All decisions", Some((0.071, 0.019, 0.124)), Some((23_156.0, 6_200.0, 40_400.0)), None),
            line("Next best action", Some((-0.02, -0.09, -0.001)), Some((-1_200.0, -5_000.0, -60.0)), None),
            line("Recommendations", Some((0.03, -0.02, 0.08)), Some((900.0, -600.0, 2_400.0)), None),
            line("Placements", None, None, Some("nobody who is held out has met them for long enough yet")),
        ],
        kpis: vec![
            kpi("Customers who ordered", "better", Some((0.075, 0.02, 0.13)), None),
            kpi("Cost of contacts a customer", "worse", Some((0.04, 0.01, 0.07)), None),
            kpi("Revenue an order", "unclear", Some((0.01, -0.02, 0.04)), None),
            kpi("Ratings of 4 and 5", "unknown", None, Some("nothing was counted among those held out that the ratio divides by")),
        ],
        of_time: "It counts what each customer brought since they were first decided for.",
        way: Some("Margin a customer, as it was counted: +7.1 % (+1.9 % to +12.4 %). Clearly changed, each against the step before: orders (+6.0 %).".to_owned()),
        n_left_out: 31,
    }
}

/// Lift with everything that can be said of it.
#[must_use]
pub fn holdout() -> HoldoutPage {
    HoldoutPage { frame: frame("/holdout"), told: told(), share: "5.0 % of the customers are.".to_owned() }
}

/// Where nobody is held out.
#[must_use]
pub fn holdout_of_nobody() -> HoldoutPage {
    let lines = told().lines.into_iter().map(|line| LiftLine {
        held_out: (0, None),
        treated: (0, None),
        lift: None,
        money: None,
        sequential: None,
        srm: (true, None),
        says: "What all decisions were worth cannot be told: nobody is held out; set `share` in `[holdout]`."
            .to_owned(),
        reason: Some("nobody is held out; set `share` in `[holdout]`".to_owned()),
        ..line
    });
    let told = Earned { lines: lines.collect(), kpis: vec![], way: None, n_left_out: 0, ..told() };
    HoldoutPage {
        told,
        share: "Nobody is held out of everything: set share in [holdout] of rapport.toml.".to_owned(),
        ..holdout()
    }
}

/// The same of a month, to print.
#[must_use]
pub fn report() -> ReportPage {
    let month = |name: &str, word: &str| (format!("/report?month={name}"), word.to_owned());
    ReportPage {
        frame: frame("/report"),
        told: told(),
        month: "November 2026".to_owned(),
        months: vec![month("2026-11", "November 2026"), month("2026-10", "October 2026")],
        unknown: vec!["The month is not over: what is told is of its days so far.".to_owned()],
    }
}
