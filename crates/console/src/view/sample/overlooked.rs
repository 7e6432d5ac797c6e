//! How is an invented company?

use super::{before, currency, frame, now, twd};
use crate::view::*;
use primitives::Timestamp;

const DAY: i64 = 86_400_000;

/// The overview of a shop with four months of purchases.
#[must_use]
pub fn overview() -> Overview {
    let days: Vec<SalesDay> = (0..28).map(sales_day).collect();
    let total = days.iter().map(|day| minor(&day.amount)).sum();
    Overview {
        frame: frame("/"),
        days: 28,
        ranges: vec![7, 28, 90],
        zone: "Asia/Taipei".to_owned(),
        attention: vec![
            attention(
                "37 events were rejected in the last 7 days: revenue must be a number (31), no userId (6).",
                "/events?status=rejected",
                "See them",
                true,
            ),
            attention(
                "“Parcel Lost” is not understood: 212 events in the last 7 days.",
                "/data",
                "See what comes in",
                false,
            ),
        ],
        tour: Some(tour()),
        figures: figures(total),
        notes: vec![],
        sales: Some(Sales { title: "Revenue".to_owned(), total: money(total), of: "8,412 orders".to_owned(), days }),
        at_risk: AtRisk {
            title: "At risk and valuable".to_owned(),
            about: "Who is about to leave, those first who are expected to spend most in a year.".to_owned(),
            href: "/lists/about_to_leave".to_owned(),
            n: 312,
            rows: vec![
                risk("1069", "Mei Chen", 0.83, 1_234_500, "No order for 41 days, usual pause 12 days"),
                risk("2113", "Lin Wei", 0.71, 987_600, "Two payments of the last 30 days failed"),
                risk("884", "Ya-Ting Hsu", 0.66, 873_000, "Spent 40 % less than in the 30 days before"),
                risk("20459", "20459", 0.58, 512_300, "Opened 1 of the last 9 e-mails"),
            ],
            why_not: vec![],
        },
        worth: Some(Worth::Online {
            personal: Some(Followed { decisions: 9_412, followed: 871, low: 0.0868, high: 0.0985 }),
            popular: Some(Followed { decisions: 1_204, followed: 61, low: 0.0391, high: 0.0645 }),
            window_days: 7,
        }),
        outcomes: vec![
            ("Churn".to_owned(), "/capabilities/churn".to_owned(), "answers".to_owned()),
            ("Expected value".to_owned(), "/capabilities/value".to_owned(), "answers".to_owned()),
        ],
        totals: vec![
            ("Events".to_owned(), "/events".to_owned(), "119,578".to_owned()),
            ("Customers".to_owned(), "/customers".to_owned(), "33,314".to_owned()),
            ("Decisions".to_owned(), "/decisions".to_owned(), "48,211".to_owned()),
            ("Models that answer".to_owned(), "/models".to_owned(), "4 of 4".to_owned()),
        ],
        try_lines: vec![],
    }
}

fn figures(total: i64) -> Vec<Figure> {
    let values = |size: f64| (0..28).map(|i| wave(i, size)).collect();
    vec![
        figure("Revenue", Some(money(total)), Some(money(total * 9 / 10)), "", values(80.0)),
        figure("Orders", count(8_412), count(7_930), "", values(300.0)),
        figure("Active customers", count(14_402), count(14_377), "13,354 known", values(900.0)),
        figure(
            "Repeat rate",
            Some(Measured::Share(0.713)),
            Some(Measured::Share(0.724)),
            "of 5,219 who ordered",
            values(0.7),
        ),
        Figure {
            is_more_better: false,
            ..figure("Revenue at risk", Some(money(41_300_000)), None, "312 customers", vec![])
        },
    ]
}

/// The overview of a server that has just been started.
#[must_use]
pub fn overview_empty() -> Overview {
    Overview {
        frame: Frame {
            notice: None,
            health: Health::Degraded("The disk is 96 % full: free some space".to_owned()),
            ..frame("/")
        },
        zone: "UTC".to_owned(),
        attention: vec![],
        tour: None,
        figures: ["Revenue", "Orders", "Active customers", "Repeat rate", "Revenue at risk"]
            .map(|title| figure(title, None, None, if title == "Orders" { "No orders yet" } else { "" }, vec![]))
            .into(),
        sales: None,
        at_risk: AtRisk {
            n: 0,
            rows: vec![],
            why_not: vec!["No churn model has been trained yet.".to_owned()],
            ..overview().at_risk
        },
        worth: Some(Worth::Nothing(
            "Customers with two purchases or more: 0 of 50, and 3 things more are missing.".to_owned(),
        )),
        outcomes: vec![],
        totals: vec![("Events".to_owned(), "/events".to_owned(), "0".to_owned())],
        try_lines: super::examples(),
        ..overview()
    }
}

/// The overview of a company that sells no goods: subscriptions, payments, questions of its own.
#[must_use]
pub fn overview_without_orders() -> Overview {
    let values = |size: f64| (0..28).map(|i| wave(i, size)).collect();
    let days: Vec<SalesDay> =
        (0..28).map(sales_day).map(|day| SalesDay { of: "31 payments".to_owned(), ..day }).collect();
    Overview {
        attention: vec![],
        tour: None,
        zone: "UTC".to_owned(),
        figures: vec![
            figure("Active customers", count(501), count(487), "501 known", values(400.0)),
            figure("Subscriptions in 30 days", Some(money(489_000)), None, "494 customers", vec![]),
            figure("Payments", Some(money(471_300)), Some(money(468_900)), "487 payments", values(90.0)),
            Figure {
                is_more_better: false,
                ..figure(
                    "Payments that failed",
                    Some(Measured::Share(0.042)),
                    Some(Measured::Share(0.031)),
                    "21 of 508",
                    vec![],
                )
            },
            Figure { is_more_better: false, ..figure("At risk", count(23), None, "Will cancel", vec![]) },
        ],
        sales: Some(Sales { title: "Payments".to_owned(), total: money(471_300), of: "487 payments".to_owned(), days }),
        at_risk: AtRisk {
            about: "Who will cancel within 30 days, those first of whom it is likeliest.".to_owned(),
            rows: vec![risk("m0421", "m0421", 0.73, 990, "Three tickets in the last 30 days")],
            n: 23,
            ..overview().at_risk
        },
        worth: Some(Worth::Nothing(
            "Customers with two purchases or more: 0 of 50, and 3 things more are missing.".to_owned(),
        )),
        ..overview()
    }
}

fn tour() -> TourCard {
    let titles = [
        "A customer arrives",
        "She is recognised",
        "She gets a recommendation, with its reason",
        "She withdraws consent and gets another",
        "She is about to leave",
        "She is worth so much",
        "She wrote to the desk",
        "She is on a list",
        "A decision is replayed",
        "What the model is worth",
        "Truth beside estimate",
        "Everything can be erased",
    ];
    let stop = |(number, title): (usize, &str)| TourStop {
        number,
        title: title.to_owned(),
        text: "What is to be seen there, in a sentence.".to_owned(),
        link: "See it".to_owned(),
        command: "curl -H 'Authorization: Bearer demo-server-key' http://127.0.0.1:7070/v1/customers/1069".to_owned(),
        is_seen: [1, 2, 5].contains(&number),
    };
    TourCard { stops: (1..).zip(titles).map(stop).collect(), is_open: true }
}

/// A weekly rhythm with a little noise, grown out of the day's number.
fn wave(i: i64, size: f64) -> f64 {
    let weekend = if day(i).hour_of_week() / 24 > 4 { 1.0 } else { 0.0 };
    let noise = crate::format::float((i.unsigned_abs() + 1) * 48_271 % 65_537 % 100) / 100.0;
    size * (1.0 + weekend / 3.0 + noise / 3.0 + crate::format::float(i.unsigned_abs()) / 150.0)
}

fn day(i: i64) -> Timestamp {
    now().plus_days(i - 27)
}

fn sales_day(i: i64) -> SalesDay {
    #[expect(clippy::cast_possible_truncation, reason = "an invented sum of some thousands")]
    let taken = |i: i64| money(wave(i, 80_000_000.0) as i64);
    let amount = taken(i);
    SalesDay {
        date: day(i),
        // The last day has only begun.
        amount: if i == 27 { money(minor(&amount) / 3) } else { amount },
        of: "312 orders".to_owned(),
        date_before: before(28 * DAY - i * DAY),
        before: money(minor(&taken(i + 3)) * 9 / 10),
    }
}

fn money(minor: i64) -> Measured {
    Measured::Money(primitives::Money { minor, currency: currency() })
}

fn minor(amount: &Measured) -> i64 {
    match amount {
        Measured::Money(money) => money.minor,
        _ => 0,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "as the figures take it")]
fn count(n: u64) -> Option<Measured> {
    Some(Measured::Count(n))
}

fn figure(title: &str, now: Option<Measured>, before: Option<Measured>, note: &str, days: Vec<f64>) -> Figure {
    Figure {
        title: title.to_owned(),
        meaning: "What it means, in a sentence.".to_owned(),
        href: String::new(),
        now,
        before,
        is_more_better: true,
        note: note.to_owned(),
        days,
    }
}

fn attention(text: &str, href: &str, action: &str, is_bad: bool) -> Attention {
    Attention { text: text.to_owned(), href: href.to_owned(), action: action.to_owned(), is_bad }
}

fn risk(id: &str, label: &str, risk: f64, minor: i64, why: &str) -> AtRiskRow {
    AtRiskRow {
        id: id.to_owned(),
        label: label.to_owned(),
        risk,
        stake: crate::format::money_short(twd(minor)),
        why: why.to_owned(),
    }
}
