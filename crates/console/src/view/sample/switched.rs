//! What do the sample pages tell of flags and experiments?

use super::kept::text;
use super::*;

/// Flags.
#[must_use]
pub fn flags() -> FlagsPage {
    let rule = |who: &str, when: &str, value: Option<&str>, experiment: Option<&str>| FlagRuleTold {
        who: text(who),
        when: text(when),
        value: value.map(text),
        experiment: experiment.map(text),
    };
    let got = |value: &str, why: &str, n| FlagGot { value: text(value), why: text(why), n };
    FlagsPage {
        frame: frame("/flags"),
        editor: Some(text("/new/flags")),
        problem: Some(text(
            "flag \"basket\": \"default\" is missing: write the value that it has by itself. What was declared before stays.",
        )),
        flags: vec![
            FlagCard {
                name: text("checkout"),
                title: text("Checkout"),
                of: "text",
                default: text("\"old\""),
                on: true,
                needs: vec![text("accounts is true")],
                rules: vec![
                    rule(
                        "All of whom it holds that",
                        "traits.plan = \"pro\" and orders_365d >= 2",
                        Some("\"new\""),
                        None,
                    ),
                    rule("Who takes part in checkout_copy", "", None, Some("checkout_copy")),
                    rule("25 % of the customers", "", Some("\"new\""), None),
                ],
                is_saved: true,
                got: vec![got("\"old\"", "default", 512), got("\"bold\"", "drawn", 201), got("\"new\"", "rule 1", 88)],
            },
            FlagCard {
                name: text("accounts"),
                title: text("Accounts"),
                of: "boolean",
                default: text("true"),
                on: true,
                needs: vec![],
                rules: vec![],
                is_saved: false,
                got: vec![got("true", "default", 801)],
            },
            FlagCard {
                name: text("banner"),
                title: text("Banner over every page"),
                of: "json",
                default: text("{\"text\":\"\",\"colour\":\"none\",\"link\":\"/nowhere\"}"),
                on: false,
                needs: vec![],
                rules: vec![rule(
                    "25 % of the customers",
                    "",
                    Some("{\"text\":\"<b>Sale</b>\",\"colour\":\"red\"}"),
                    None,
                )],
                is_saved: true,
                got: vec![],
            },
        ],
        n_answers: 801,
        is_all: false,
    }
}

/// Where no flag is declared.
#[must_use]
pub fn flags_none() -> FlagsPage {
    FlagsPage { flags: vec![], problem: None, ..flags() }
}

fn finding(title: &str, bearing: &'static str, lift: Option<(f64, f64, f64)>, reason: Option<&str>) -> FindingLine {
    FindingLine {
        title: text(title),
        variation: text("bold"),
        numbers: (Some(0.241), lift.map(|(lift, ..)| 0.241 * (1.0 + lift))),
        lift,
        is_less_better: title.starts_with("Paid"),
        is_share: false,
        note: None,
        bearing,
        reason: reason.map(text),
    }
}

/// Experiments in every state.
#[must_use]
pub fn experiments() -> ExperimentsPage {
    let day = |days: i64| Timestamp::from_millis(now().as_millis() + days * 24 * HOUR_MS);
    let arm = |name: &str, value: &str, n| ArmLine { name: text(name), value: Some(text(value)), share: Some(0.5), n };
    let running = ExperimentCard {
        name: text("checkout_copy"),
        title: text("Checkout copy"),
        state: ExperimentState::Running,
        who: text("Half of those of whom it holds that orders_365d >= 1 take part."),
        flags: vec![text("checkout")],
        timeline: Some(Span { began: day(-9), closes: day(5), ends: day(33), now: now() }),
        verdict: Some(("Go on", "")),
        says: Some(text("Nothing is clear yet; customers come in for 5 days more.")),
        next: text("Leave it alone until its planned end: to look more often changes nothing."),
        arms: vec![arm("control", "\"old\"", 2_031), arm("bold", "\"new\"", 1_988)],
        srm: (true, Some(0.497)),
        metrics: vec![
            finding("Customers who ordered", "unclear", Some((0.031, -0.02, 0.082)), None),
            finding("Margin a customer", "better", Some((0.06, 0.01, 0.11)), None),
        ],
        guardrails: vec![
            finding("Paid back", "worse", Some((0.2, 0.05, 0.35)), None),
            finding(
                "Cost to serve",
                "unknown",
                None,
                Some("nobody said what a contact costs; set `contact_cost` in `[money]`"),
            ),
        ],
        segments: vec![(
            text("Had not bought before"),
            vec![finding("Customers who ordered", "unclear", Some((0.05, -0.1, 0.2)), None)],
        )],
        turns: Some(Turns { begins: false, stops: true, ships: vec![text("bold"), text("control")] }),
        n_mixed: 3,
        intervals: "While it runs, intervals are those that hold however often one looks.",
    };
    let broken = ExperimentCard {
        name: text("price_test"),
        title: text("Price <b>test</b>"),
        verdict: Some(("Broken", "bad")),
        says: Some(text("The variations are not as large as they should be.")),
        next: text("Stop it, find where customers of one variation are lost, and begin anew under another name."),
        srm: (false, Some(0.000_2)),
        turns: None,
        metrics: vec![],
        guardrails: vec![],
        segments: vec![],
        ..running.clone()
    };
    let draft = ExperimentCard {
        name: text("draft"),
        title: text("Draft"),
        state: ExperimentState::Draft,
        timeline: None,
        verdict: None,
        says: None,
        next: text("Set state = \"running\" in [[experiments]] to begin."),
        srm: (true, None),
        turns: Some(Turns { begins: true, ..Turns::default() }),
        n_mixed: 0,
        ..broken.clone()
    };
    ExperimentsPage {
        frame: frame("/experiments"),
        editor: Some(text("/new/experiments")),
        when: text("Counted at 2026-11-22T04:52:39Z."),
        experiments: vec![running, broken, draft],
    }
}

/// Where nothing is tried out.
#[must_use]
pub fn experiments_none() -> ExperimentsPage {
    ExperimentsPage { experiments: vec![], ..experiments() }
}
