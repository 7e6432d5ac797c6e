//! What do the sample pages tell of actions, and of how it is learned what they are worth?

use super::kept::text;
use super::*;
use crate::format;

/// The pages of actions, flags and experiments, with their paths.
pub(super) fn pages() -> Vec<(&'static str, String)> {
    vec![
        ("/try/act", tried_actions().render()),
        ("/empty/try/act", tried_actions_nothing().render()),
        ("/actions", actions().render()),
        ("/actions/moved", actions_moved().render()),
        ("/actions/grinder", action().render()),
        ("/empty/actions", actions_none().render()),
        ("/policies", policies().render()),
        ("/flags", flags().render()),
        ("/empty/flags", flags_none().render()),
        ("/experiments", experiments().render()),
        ("/empty/experiments", experiments_none().render()),
    ]
}

fn came(chosen: u64, shown: u64, clicked: u64, dismissed: u64, converted: u64, worth: f64) -> CameTold {
    CameTold { chosen, shown, clicked, dismissed, converted, worth }
}

fn euro() -> Option<Currency> {
    Currency::parse("EUR").ok()
}

fn line(name: &str, title: &str, value: f64, cost: f64, told: CameTold) -> ActionLine {
    ActionLine {
        name: text(name),
        title: text(title),
        group: None,
        marks: vec![],
        channels: text("web, app, email"),
        value,
        cost,
        when: None,
        terms: vec![],
        state: ActionState::InForce,
        came: told,
    }
}

fn lines() -> Vec<ActionLine> {
    vec![
        ActionLine {
            group: Some(text("cross_sell")),
            when: Some(text("from 1 Dec 2026 until 24 Dec 2026")),
            ..line("grinder", "A grinder for your beans", 12.5, 0.2, came(412, 380, 61, 12, 18, 1_602.0))
        },
        ActionLine {
            group: Some(text("cross_sell")),
            marks: vec!["sells more"],
            terms: vec![text("10 % off when it is accepted"), text("31 of 50 EUR spent in 7 days")],
            ..line("cups", "Cups that go with it", 4.0, 0.0, came(240, 201, 20, 31, 6, 96.0))
        },
        ActionLine {
            channels: text("call"),
            ..line("win_back", "Call who has not been here for long", 40.0, 5.0, came(31, 12, 0, 2, 4, 212.5))
        },
        ActionLine {
            marks: vec!["serves", "comes first"],
            channels: text("everywhere"),
            ..line("recall", "A recall of machines of 2025", 0.0, 0.0, came(9, 9, 5, 0, 0, 0.0))
        },
        ActionLine {
            marks: vec!["does nothing"],
            channels: text("everywhere"),
            ..line("nothing", "Nothing", 0.0, 0.0, came(308, 0, 0, 0, 0, 0.0))
        },
        ActionLine {
            state: ActionState::Over,
            ..line("summer", "Cold brew for hot days", 6.0, 0.1, CameTold::default())
        },
        ActionLine {
            state: ActionState::SetAside,
            ..line("course", "A course on <b>latte</b> art", 9.0, 2.0, CameTold::default())
        },
    ]
}

fn lately() -> LatelyTold {
    LatelyTold {
        n: 1_000,
        since: Some(Timestamp::from_millis(now().as_millis() - 96 * HOUR_MS)),
        is_all: false,
        but: vec![text(
            "52 more were about customers who are held out, for whom nothing is done but what is mandatory.",
        )],
    }
}

fn levers(is_moved: bool) -> Vec<LeverLine> {
    let lever = |name: &str, title: &str, weight: f64, value: f64, first: (u64, u64)| LeverLine {
        name: text(name),
        title: text(title),
        weight: (weight, 1.0),
        value: (value, if name == "grinder" { 12.5 } else { value }),
        first,
    };
    let grinder = if is_moved { 6.0 } else { 12.5 };
    vec![
        lever("grinder", "A grinder for your beans", 1.0, grinder, (431, 190)),
        lever("cups", "Cups that go with it", if is_moved { 1.6 } else { 1.0 }, 4.0, (244, 460)),
        lever("win_back", "Call who has not been here for long", 1.0, 40.0, (28, 31)),
    ]
}

/// What is done for customers.
#[must_use]
pub fn actions() -> ActionsPage {
    let step = |title: &str, n: u64, of: u64, lost: Option<&str>| FunnelStep {
        title: text(title),
        n,
        of,
        lost: lost.map(text),
    };
    ActionsPage {
        frame: frame("/actions"),
        kind: text("act"),
        kinds: vec![(text("act"), text("Next best action")), (text("offer"), text("Offer"))],
        table: "actions",
        is_followed: true,
        editor: Some(text("/new/actions")),
        currency: euro(),
        actions: lines(),
        lately: lately(),
        funnel: [
            vec![
                step("Declared", 7_000, 7_000, None),
                step(
                    "For this place and time",
                    4_812,
                    7_000,
                    Some("Most left out: its time has not come or is over (1,000)"),
                ),
                step("Eligible", 3_650, 7_000, Some("Most left out: the customer may not have it (1,120)")),
                step("Suitable and in stock", 3_402, 7_000, Some("Most left out: it does not suit the customer (248)")),
                step(
                    "Within the contact policy",
                    2_288,
                    7_000,
                    Some("Most left out: too many contacts with the customer (902)"),
                ),
                step(
                    "Worth more than it costs",
                    2_170,
                    7_000,
                    Some("Most left out: it costs more than it brings (118)"),
                ),
                step("Chosen", 1_000, 7_000, Some("Most left out: another was drawn (1,170)")),
            ],
            vec![
                step("Chosen", 1_000, 1_000, None),
                step("Met the customer", 602, 1_000, None),
                step("Clicked", 86, 1_000, None),
                step("Succeeded", 28, 1_000, None),
            ],
        ],
        explored: Some((172, 1_000, 0.164)),
        sensitivity: vec![
            (text("How likely it is accepted"), 512),
            (text("What it earns"), 388),
            (text("What a contact costs"), 41),
            (text("What the place counts"), 0),
        ],
        n_weighed: 1_000,
        is_all_weighed: false,
        levers: levers(false),
        changed: None,
        written: None,
        refused: None,
    }
}

/// The same with other levers.
#[must_use]
pub fn actions_moved() -> ActionsPage {
    let written = "[[actions]]\nname = \"grinder\"\nvalue = 6\n\n[[actions]]\nname = \"cups\"\nweight = 1.6";
    ActionsPage {
        levers: levers(true),
        changed: Some(291),
        written: Some(text(written)),
        refused: Some(text("weight of course: \"many\" is no number from 0 to 1000")),
        ..actions()
    }
}

/// Where none is declared.
#[must_use]
pub fn actions_none() -> ActionsPage {
    ActionsPage { actions: vec![], lately: LatelyTold::default(), ..actions() }
}

/// One action.
#[must_use]
pub fn action() -> ActionPage {
    let mut action = lines().remove(0);
    action.marks = vec!["sells more"];
    let pair = |a: &str, b: &str| (text(a), text(b));
    let day = |i: i64| ActionDay {
        day: Timestamp::from_millis(now().as_millis() - (13 - i) * 24 * HOUR_MS),
        chosen: u64::try_from(20 + (i * 7) % 17).unwrap_or_default(),
        converted: u64::try_from((i * 3) % 5).unwrap_or_default(),
        is_open: i == 0 || i == 13,
    };
    let rows =
        decisions().rows.into_iter().take(3).zip(["Succeeded, worth 89 EUR", "Clicked", "Nothing is known of it"]);
    ActionPage {
        frame: frame("/actions/grinder"),
        kind: text("act"),
        editor: Some(text("/actions/grinder/edit")),
        currency: euro(),
        action,
        facts: vec![
            pair("Earns", "12.5 EUR"),
            pair("Costs a contact", "0.2 EUR"),
            pair("Accepted, before anything is known", "3 %"),
            pair("Weight", "1"),
            pair("Where placement is checkout", "× 1.5"),
            pair("In stock", "LK-0042"),
        ],
        conditions: vec![
            ConditionTold {
                title: text("Who may have it"),
                written: text("orders_365d >= 1 and not traits.has_grinder = true"),
                asks: vec![
                    pair("orders_365d", "Orders in the last 365 days"),
                    pair("traits.has_grinder", "Trait, as the company told it"),
                ],
                href: Some(text("/lists?filter=orders_365d%20%3E%3D%201")),
            },
            ConditionTold { title: text("Whom it suits"), written: String::new(), asks: vec![], href: None },
        ],
        eligible: text("4,120 of 9,331 customers who may be asked for may have it now."),
        content: Some(text("{\"headline\":\"Freshly ground\",\"url\":\"/grinders\"}")),
        lately: lately(),
        left_out: vec![
            (text("Another was drawn"), 402),
            (text("The customer may not have it"), 120),
            (text("Too many contacts with the customer"), 66),
        ],
        days: (0..14).map(day).collect(),
        rows: rows.map(|(row, came)| (row, text(came))).collect(),
    }
}

fn counted(all: &[(&str, u64)]) -> Vec<(String, u64)> {
    all.iter().map(|(words, n)| (text(words), *n)).collect()
}

/// Another policy, and what it would have earned.
fn other() -> OtherTold {
    OtherTold {
        explore: text("squarecb"),
        gamma: 10.0,
        floor: 0.02,
        declared: (text("squarecb"), 20.0, 0.02),
        levers: levers(true),
        refused: None,
        earned: Some(OtherEarned {
            verdict: ("May be either", ""),
            says: text(
                "B may earn more or less: 0.212 a round where 0.190 came, +11.6 % (−4.0 to +27.2 %). About 9100 rounds like these would tell a difference of that size.",
            ),
            doubts: vec![text(
                "in 31 rounds the action was certain (a propensity of 1): they say nothing of what else could have been done",
            )],
            n: 4_210,
            since: Some(Timestamp::from_millis(now().as_millis() - 900 * HOUR_MS)),
            but: vec![text("388 choices of the last 7 days are left out: what comes of them may still come.")],
            logged: Some(0.19),
            estimates: vec![
                (text("Foretold, corrected by chance (DR)"), 0.212, Some(0.015)),
                (text("Weighted by chance (IPS)"), 0.209, Some(0.021)),
            ],
            effective: Some((1_204.0, 200.0)),
            weights: counted(&[
                ("up to 0.5", 1_210),
                ("up to 1", 901),
                ("up to 2", 1_500),
                ("up to 5", 480),
                ("up to 10", 100),
                ("more", 19),
            ]),
            shares: vec![
                (text("A grinder for your beans"), 0.41, 0.2),
                (text("Cups that go with it"), 0.24, 0.48),
                (text("Nothing"), 0.31, 0.3),
            ],
        }),
    }
}

/// How it is learned what they are worth.
#[must_use]
pub fn policies() -> PoliciesPage {
    let pair = |a: &str, b: &str| (text(a), text(b));
    let point = |i: u64| CurvePoint {
        version: format!("0a{i}"),
        at: Timestamp::from_millis(now().as_millis() - i64::try_from(12 - i).unwrap_or_default() * 9 * HOUR_MS),
        n: 200 + i * 90,
        value: 0.11 + 0.006 * format::float(i) + if i.is_multiple_of(3) { 0.01 } else { 0.0 },
        logged: 0.105 + 0.003 * format::float(i),
        is_champion: i == 11,
    };
    let day = |i: i64| {
        let n = u64::try_from(i).unwrap_or_default();
        (Timestamp::from_millis(now().as_millis() - (9 - i) * 24 * HOUR_MS), 90 + n * 5, 3 + n)
    };
    PoliciesPage {
        frame: frame("/policies"),
        kind: text("act"),
        kinds: vec![(text("act"), text("Next best action"))],
        has_actions: true,
        currency: euro(),
        facts: vec![
            pair("Version", "3f0a91c2"),
            pair("Learned", "20 minutes ago"),
            pair("From", "1,190 choices among actions"),
            pair("Tries by", "SquareCB, gamma 10, floor 0.02"),
        ],
        curve: (0..12).map(point).collect(),
        lately: lately(),
        days: (0..10).map(day).collect(),
        explored: Some((172, 1_000, 0.164)),
        chances: counted(&[
            ("up to 2 %", 12),
            ("up to 5 %", 61),
            ("up to 10 %", 80),
            ("up to 25 %", 95),
            ("up to 50 %", 131),
            ("more", 621),
        ]),
        other: other(),
        ways: vec![
            ("squarecb", text("The worse, the less (SquareCB)")),
            ("greedy", text("Only by what is spread evenly")),
        ],
    }
}

/// What would be done for a customer.
#[must_use]
pub fn tried_actions() -> TryActPage {
    let action = |title: &str, propensity: f64, priority: f64| Action {
        title: text(title),
        made_of: vec![
            ("accepted", text("3 %")),
            ("earns", text("12.5")),
            ("costs", text("0.2")),
            ("place", text("× 1.5")),
        ],
        reason: text("Accepted in 3.0 of 100 cases by what came of it before, and worth 12.50 then"),
        propensity,
        priority,
    };
    let pair = |a: &str, b: &str| (text(a), text(b));
    TryActPage {
        frame: frame("/try?what=act&customer=42"),
        kind: text("act"),
        kinds: vec![pair("", "Recommendations"), pair("search", "Search"), pair("act", "Next best action")],
        customer: text("42"),
        channel: text("web"),
        channels: vec!["web", "app", "email"],
        context: text("{\"placement\":\"checkout\"}"),
        n: 2,
        examples: vec![],
        refused: None,
        answer: Some(TriedActions {
            customer: Some(pair("42", "Ann Miller")),
            note: None,
            actions: Actions {
                actions: vec![
                    action("A grinder for your beans", 0.91, 0.175),
                    action("Cups that go with it", 0.6, 0.04),
                ],
                left_out: vec![
                    pair("Not for this channel", "Call who has not been here for long"),
                    pair("Another was drawn", "Nothing"),
                ],
            },
            took_ms: 0.31,
            command: text("curl http://127.0.0.1:7070/v1/decide -d '{\"decision\":\"act\",\"userId\":\"42\"}'"),
        }),
    }
}

/// Before anybody is named.
#[must_use]
pub fn tried_actions_nothing() -> TryActPage {
    TryActPage {
        customer: String::new(),
        answer: None,
        examples: vec![(text("42"), text("Ann Miller"))],
        ..tried_actions()
    }
}
