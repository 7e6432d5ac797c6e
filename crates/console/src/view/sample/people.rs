//! Who is on the sample pages? A list of customers, one with a history and one of whom nothing is known.

use super::*;

/// A search with four results.
#[must_use]
pub fn customers() -> CustomersPage {
    let row =
        |id: &str, label: Option<&str>, days: i64, orders, revenue: Option<i64>, answers: Option<(f64, f64, f64)>| {
            CustomerRow {
                id: id.to_owned(),
                label: label.map(str::to_owned),
                known: !id.starts_with("anonymous:"),
                first_seen: now().plus_days(-115),
                last_seen: now().plus_days(-days),
                orders,
                revenue: revenue.map(twd),
                answers: match answers {
                    Some((leaves, spends, returns)) => {
                        vec![score(leaves).glance(), value(spends).glance(), returning(returns).glance()]
                    }
                    None => vec![None; 3],
                },
            }
        };
    CustomersPage {
        frame: frame("/customers"),
        query: String::new(),
        total: 33_314,
        found: 33_314,
        note: None,
        answers: ["Churn", "Lifetime value", "Back within a week"].map(str::to_owned).to_vec(),
        rows: vec![
            row("42", Some("Mei-Ling Chen"), 0, 23, Some(1_845_600), Some((0.72, 18_240.0, 0.31))),
            row("1069", None, 1, 9, Some(402_900), Some((0.41, 6_120.5, 0.44))),
            row("1113", Some("j.huang@example.com"), 3, 2, Some(61_200), Some((0.12, 940.0, 0.71))),
            row("anonymous:5f0c3a9e-77", None, 6, 0, None, None),
            row("20459", None, 34, 4, Some(98_050), Some((0.93, 310.25, 0.02))),
        ],
        older: Some("/customers?after=20459".to_owned()),
    }
}

/// A customer with a history, after "Decide now".
#[must_use]
pub fn customer() -> CustomerPage {
    let consent = |purpose: &str, meaning: &str, granted, stated: bool| Consent {
        purpose: purpose.to_owned(),
        meaning: meaning.to_owned(),
        ground: if purpose == "service" { "the contract with the customer" } else { "legitimate interest" }.to_owned(),
        granted,
        stated_at: stated.then(|| now().plus_days(-12)),
    };
    let identifier = |kind: &str, value: &str| Identifier {
        kind: kind.to_owned(),
        value: value.to_owned(),
        since: Some(now().plus_days(-115)),
        evidence: "named by the first event that came".to_owned(),
        separable: (kind == "anonymousId").then(|| format!("anonymous:{value}")),
    };
    CustomerPage {
        frame: frame("/customers/42"),
        id: "42".to_owned(),
        label: Some("Mei-Ling Chen".to_owned()),
        known: true,
        lists: vec![("about_to_leave".to_owned(), "Who is about to leave".to_owned())],
        identifiers: vec![
            identifier("userId", "42"),
            identifier("anonymousId", "b1946ac9-2492-4d2e"),
            identifier("email", "mei@example.com"),
        ],
        refused_joins: vec![RefusedJoin {
            names: ["userId 43".to_owned(), "userId 42".to_owned()],
            reason: "A write key cannot make two userIds one customer; a server key or an import can".to_owned(),
            at: before(26 * HOUR_MS),
            offset: 152_107,
        }],
        event_count: 188,
        orders: 23,
        revenue: Some(twd(1_845_600)),
        first_seen: now().plus_days(-115),
        last_seen: before(2 * HOUR_MS),
        timeline: timeline(),
        traits: [("age_group", "35–39"), ("residence", "115 Nangang"), ("email", "mei@example.com")]
            .map(|(name, value)| Trait { name: name.to_owned(), value: value.to_owned() })
            .to_vec(),
        consents: vec![
            consent("personalization", "Recommendations and scores from this customer’s own behaviour", true, true),
            consent("marketing", "Mails and messages with offers", false, true),
            consent("analytics", "Counting and evaluation across all customers", true, false),
            consent("service", "Doing what this customer asked for: support, order information", true, false),
            consent("security", "Keeping from fraud and abuse; what the law demands does not ask", true, false),
        ],
        features: features(),
        decisions: [
            ("recommend", "Recommendations"),
            ("churn", "Churn"),
            ("value", "Lifetime value"),
            ("returns_soon", "Back within a week"),
        ]
        .map(|(name, title)| (name.to_owned(), title.to_owned()))
        .to_vec(),
        told: vec![score(0.72), value(18_240.0), returning(0.31), choice()],
        told_note: None,
        shown: vec![Shown { title: "Recommendations".to_owned(), content: list(), note: None }],
        decided: Some(answer("Recommendations", list())),
    }
}

/// What would go with that customer.
#[must_use]
pub fn erasure() -> ErasurePage {
    ErasurePage {
        frame: frame("/customers/42/erase"),
        id: "42".to_owned(),
        erase: "user:42".to_owned(),
        names: ["userId 42", "anonymousId b1946ac9-2492-4d2e"].map(str::to_owned).to_vec(),
        removed: ["188 events", "12 decisions", "3 names in the audit list"].map(str::to_owned).to_vec(),
    }
}

/// What would become of that customer without their device.
#[must_use]
pub fn separation() -> SeparationPage {
    let part = |id: &str, names: &[&str], n_events| Part {
        id: id.to_owned(),
        names: names.iter().map(|&name| name.to_owned()).collect(),
        n_events,
    };
    SeparationPage {
        frame: frame("/customers/42/separate?identifier=anonymous%3Ab1946ac9-2492-4d2e"),
        id: "42".to_owned(),
        founder: "userId 42".to_owned(),
        other: "anonymousId b1946ac9-2492-4d2e".to_owned(),
        identifier: "anonymous:b1946ac9-2492-4d2e".to_owned(),
        parts: vec![
            part("42", &["userId 42", "email mei@example.com"], 151),
            part("anonymous:b1946ac9-2492-4d2e", &["anonymousId b1946ac9-2492-4d2e"], 37),
        ],
    }
}

/// An anonymous customer of whom next to nothing is known.
#[must_use]
pub fn customer_stranger() -> CustomerPage {
    CustomerPage {
        id: "anonymous:5f0c3a9e-77aa-4b1d-9d53-0c1f0e6ab001".to_owned(),
        label: None,
        known: false,
        lists: vec![],
        identifiers: vec![Identifier {
            kind: "anonymousId".to_owned(),
            value: "5f0c3a9e-77aa-4b1d-9d53-0c1f0e6ab001".to_owned(),
            since: None,
            evidence: String::new(),
            separable: None,
        }],
        refused_joins: vec![],
        consents: customer().consents.into_iter().map(|consent| Consent { granted: false, ..consent }).collect(),
        orders: 0,
        revenue: None,
        event_count: 1,
        timeline: Timeline { days: vec![], not_shown: 0 },
        traits: vec![],
        features: vec![],
        told: vec![],
        told_note: Some(
            "The customer's data may not be used for personalization: this is the average over all customers. Churn: 43 %."
                .to_owned(),
        ),
        shown: vec![Shown {
            title: "Recommendations".to_owned(),
            content: Content::Items(Items { items: vec![] }),
            note: Some("The customer refused personalization, and the catalogue holds no item that can be shown.".to_owned()),
        }],
        decided: Some(Answer {
            fallback: Some(
                "The customer refused personalization: this is what a customer brings on average, counted from the first order."
                    .to_owned(),
            ),
            consent: ConsentBasis { purpose: "personalization".to_owned(), granted: false, stated: true },
            model: None,
            ..answer("Lifetime value", average())
        }),
        ..customer()
    }
}

pub(super) fn score(probability: f64) -> Content {
    let because = |feature: &str, text: &str, contribution| Contribution {
        feature: feature.to_owned(),
        text: text.to_owned(),
        contribution,
    };
    Content::Score(Score {
        is_risk: true,
        title: "Churn".to_owned(),
        question: "Will there be no purchase in the next 30 days?".to_owned(),
        probability,
        base_rate: Some(0.38),
        is_average: false,
        contributions: vec![
            because("recency_days", "The last order was 41 days ago", 1.12),
            because("revenue_trend_30_90", "Spending fell by 62 % against the last 90 days", 0.58),
            because("orders_90d", "6 orders in 90 days", -0.47),
            because("tenure_days", "A customer for 115 days", -0.21),
            because("weekend_share", "Four of five orders on weekends", 0.06),
        ],
    })
}

fn returning(probability: f64) -> Content {
    let because = |feature: &str, text: &str, contribution| Contribution {
        feature: feature.to_owned(),
        text: text.to_owned(),
        contribution,
    };
    Content::Score(Score {
        is_risk: false,
        title: "Back within a week".to_owned(),
        question: "Will the customer buy again within 7 days?".to_owned(),
        probability,
        base_rate: Some(0.27),
        is_average: false,
        contributions: vec![
            because("orders_90d", "6 orders in 90 days", 0.61),
            because("recency_days", "The last order was 41 days ago", -0.44),
        ],
    })
}

fn value(value: f64) -> Content {
    Content::Amount(Amount {
        title: "Lifetime value".to_owned(),
        question: "How much will this customer spend in the next year?".to_owned(),
        value,
        low: value * 0.35,
        high: value * 1.9,
        currency: Some(currency()),
        is_average: false,
        reasons: [
            "23 orders in 115 days, the last one 41 days ago",
            "Still active with a likelihood of 64 %",
            "About 800 TWD an order, which is more than most spend",
        ]
        .map(str::to_owned)
        .to_vec(),
    })
}

fn average() -> Content {
    let Content::Amount(amount) = value(4_310.0) else { return Content::Nothing };
    Content::Amount(Amount { is_average: true, reasons: vec![], ..amount })
}

fn choice() -> Content {
    Content::Choice(Choice {
        title: "Reason of the last contact".to_owned(),
        question: "What was the last message about?".to_owned(),
        label: Some("Delivery".to_owned()),
        probability: None,
        is_average: false,
        others: ["Refund", "Address"].map(str::to_owned).to_vec(),
        reasons: vec!["The message names a parcel that has not come".to_owned()],
    })
}

/// What would be shown.
pub(super) fn list() -> Content {
    Content::Items(Items { items: items() })
}

pub(super) fn features() -> Vec<FeatureGroup> {
    let feature = |name: &str, meaning: &str, value, unit: &str| Feature {
        name: name.to_owned(),
        meaning: meaning.to_owned(),
        value,
        unit: unit.to_owned(),
    };
    vec![
        FeatureGroup {
            title: "Recency, frequency, money".to_owned(),
            features: vec![
                feature("recency_days", "Days since the last order", Some(41.3), "days"),
                feature("orders_30d", "Orders in 30 days", Some(0.0), "orders"),
                feature("orders_90d", "Orders in 90 days", Some(6.0), "orders"),
                feature("revenue_90d", "Revenue in 90 days", Some(3_845.5), "TWD"),
            ],
        },
        FeatureGroup {
            title: "Habits".to_owned(),
            features: vec![
                feature("weekend_share", "Share of orders on weekends", Some(0.8125), ""),
                feature("hours_between_sessions", "Hours between visits", None, "h"),
            ],
        },
    ]
}

pub(super) fn items() -> Vec<Item> {
    [
        (
            "4710011401128",
            "Silken tofu",
            "Chilled",
            0.412,
            "Bought by customers who buy soy milk, as this one does every week",
        ),
        ("4711271000014", "Fresh milk", "Dairy", 0.377, "Bought 7 times, last 9 days ago: about due"),
        ("4719090900065", "Jasmine rice 3 kg", "Staples", 0.205, "Bought together with rice noodles"),
        ("4710421090059", "Sesame oil", "Pantry", 0.151, "From the category bought most"),
    ]
    .map(|(id, title, category, score, reason)| Item {
        id: id.to_owned(),
        title: Some(title.to_owned()),
        category: Some(category.to_owned()),
        score,
        reason: reason.to_owned(),
    })
    .to_vec()
}

pub(super) fn answer(title: &str, content: Content) -> Answer {
    Answer {
        id: "019ab3f2c1d4e5f6".to_owned(),
        title: title.to_owned(),
        content,
        consent: ConsentBasis { purpose: "personalization".to_owned(), granted: true, stated: true },
        model: Some(ModelRef { name: "item-to-item".to_owned(), version: "9bd04f21aa73".to_owned() }),
        fallback: None,
        held_out: false,
        latency_ms: Some(0.34),
    }
}

fn timeline() -> Timeline {
    let entry = |ms: i64, kind: &str, title: &str, detail: &str, amount: Option<i64>| TimelineEntry {
        at: before(ms),
        kind: kind.to_owned(),
        title: title.to_owned(),
        detail: (!detail.is_empty()).then(|| detail.to_owned()),
        amount: amount.map(twd),
    };
    Timeline {
        days: vec![
            TimelineDay {
                day: now(),
                entries: vec![
                    entry(2 * HOUR_MS, "track", "Product Added", "Silken tofu", None),
                    entry(2 * HOUR_MS + 9 * MINUTE, "track", "Product Viewed", "Silken tofu", None),
                    entry(2 * HOUR_MS + 14 * MINUTE, "page", "Home", "", None),
                ],
            },
            TimelineDay {
                day: now().plus_days(-41),
                entries: vec![
                    entry(
                        41 * 24 * HOUR_MS,
                        "track",
                        "Order Completed",
                        "5 items: soy milk, jasmine rice, …",
                        Some(64_900),
                    ),
                    entry(41 * 24 * HOUR_MS + 4 * MINUTE, "track", "Payment Failed", "The card had expired", None),
                ],
            },
        ],
        not_shown: 183,
    }
}

/// What is found for a text: something of everything for `ann`, nothing for anything else that is no page's name.
#[must_use]
pub fn search(query: &str) -> SearchPage {
    let hit = |href: &str, title: &str, detail: &str| Hit {
        href: href.to_owned(),
        title: title.to_owned(),
        detail: detail.to_owned(),
    };
    let found = |hits: &[Hit]| if query == "ann" { hits.to_vec() } else { Vec::new() };
    SearchPage {
        frame: frame("/search?q=ann"),
        query: query.to_owned(),
        customers: found(&[hit("/customers/42", "Ann Li", "42"), hit("/customers/anna", "anna", "")]),
        items: found(&[hit("/catalogue/7", "Annual planner", "Paper · 7")]),
        decisions: found(&[hit("/decisions/019ab3f2", "recommend", "22 Nov 2026, 04:52:39 · 019ab3f2")]),
        note: None,
    }
}
