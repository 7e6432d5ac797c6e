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
                subscribed: (orders > 9).then(|| "99.00 TWD a month".to_owned()),
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
        has_orders: true,
        has_subscriptions: true,
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
        name: purpose.to_lowercase(),
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
        conversations: vec![("T-1041".to_owned(), "Where is my parcel: waits for us".to_owned())],
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
        facts: [("Orders", "23"), ("Revenue", "18,456 TWD"), ("Open tickets", "1")]
            .map(|(what, value)| (what.to_owned(), value.to_owned()))
            .to_vec(),
        goods: goods(),
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
        feature: String::new(),
        done: done(),
        decided_before: decided_before(),
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
        conversations: vec![],
        identifiers: vec![Identifier {
            kind: "anonymousId".to_owned(),
            value: "5f0c3a9e-77aa-4b1d-9d53-0c1f0e6ab001".to_owned(),
            since: None,
            evidence: String::new(),
            separable: None,
        }],
        refused_joins: vec![],
        consents: customer().consents.into_iter().map(|consent| Consent { granted: false, ..consent }).collect(),
        facts: vec![],
        goods: vec![],
        done: vec![],
        decided_before: vec![],
        event_count: 1,
        timeline: Timeline { days: vec![], kinds: vec![], not_shown: 0, older: None, note: None },
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

/// What a message says.
#[must_use]
pub fn labels() -> Labels {
    Labels {
        rows: vec![
            ("Asks for", "Delivery (93 %)".to_owned()),
            ("Mood", "negative, -0.62".to_owned()),
            ("Urgency", "71 %".to_owned()),
            ("Language", "en".to_owned()),
            ("Names", "order number AB-4711".to_owned()),
        ],
        emotions: vec![("Frustration".to_owned(), 0.81), ("Worry".to_owned(), 0.34)],
    }
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
        ("4719090900065", "Jasmine rice 3 kg", "Staples", 0.205, "Bought by customers who bought rice noodles"),
        ("4710421090059", "Sesame oil", "Pantry", 0.151, "From the category bought most"),
    ]
    .map(|(id, title, category, score, reason)| Item {
        id: id.to_owned(),
        title: Some(title.to_owned()),
        picture: None,
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
        sought: None,
        content,
        consent: ConsentBasis { purpose: "personalization".to_owned(), granted: true, stated: true },
        model: Some(ModelRef { name: "item-to-item".to_owned(), version: "9bd04f21aa73".to_owned() }),
        fallback: None,
        held_out: false,
        latency_ms: Some(0.34),
    }
}

fn goods() -> Vec<Goods> {
    let picture = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'><circle cx='4' cy='4' r='3' fill='teal'/></svg>";
    let good = |id: &str, title: Option<&str>, n_orders, days: i64, picture: Option<&str>| Goods {
        id: id.to_owned(),
        title: title.map(str::to_owned),
        category: title.map(|_| "Chilled".to_owned()),
        picture: picture.map(str::to_owned),
        n_orders,
        pieces: 1.5 * crate::format::float(n_orders),
        last_at: now().plus_days(-days),
    };
    vec![
        good("4710011401128", Some("Silken tofu"), 12, 41, Some(picture)),
        good("4711271000014", Some("Fresh milk"), 7, 50, Some(picture)),
        good("4719090900065", None, 1, 90, None),
    ]
}

fn done() -> Vec<Done> {
    let action = |name: &str, title: &str, came: (&str, &'static str)| DoneAction {
        action: (name.to_owned(), title.to_owned()),
        reason: "Accepted in 3.0 of 100 cases by what came of it before, and worth 12.50 then".to_owned(),
        came: (came.0.to_owned(), came.1),
    };
    let at = |hours: i64| Timestamp::from_millis(now().as_millis() - hours * HOUR_MS);
    let one = |hours, actions, note: Option<&str>| Done {
        id: "019ab3f2-0000-7000-8000-000000000002".to_owned(),
        at: at(hours),
        channel: Some("web".to_owned()),
        actions,
        note: note.map(str::to_owned),
    };
    vec![
        one(3, vec![action("grinder", "A grinder for your beans", ("Succeeded, worth 89.00 EUR", "good"))], None),
        one(30, vec![action("cups", "Cups that go with it", ("Sent away", "warn"))], None),
        one(80, vec![], Some("The customer is held out: nothing is done but what is mandatory.")),
    ]
}

fn decided_before() -> Vec<(DecisionRow, Option<String>)> {
    let row = |id: &str, kind: &str, answer: &str, days: i64| DecisionRow {
        id: id.to_owned(),
        at: now().plus_days(-days),
        kind: kind.to_owned(),
        customer: Some("42".to_owned()),
        has_page: true,
        answer: answer.to_owned(),
        basis: "model".to_owned(),
        fallback: None,
        held_out: false,
        latency_ms: None,
    };
    let bought = "Fresh milk was bought 2 d 3 h later. That it followed does not say that the decision made it.";
    vec![
        (row("019ab3f2c1d4e5f6", "Recommendations", "8 items, first Silken tofu", 1), None),
        (row("019ab3f2c1d4e5f5", "Recommendations", "8 items, first Fresh milk", 44), Some(bought.to_owned())),
    ]
}

fn entry(ms: i64, kind: &str, name: &str, title: &str, detail: &str, amount: Option<i64>) -> TimelineEntry {
    TimelineEntry {
        at: before(ms),
        offset: 119_578 - ms.unsigned_abs() / 60_000,
        kind: kind.to_owned(),
        name: name.to_owned(),
        title: title.to_owned(),
        detail: (!detail.is_empty()).then(|| detail.to_owned()),
        amount: amount.map(twd),
        lines: vec![],
        since: vec![],
    }
}

fn ordered() -> TimelineEntry {
    let line = |title: &str, id: &str, quantity, minor| OrderLine {
        title: title.to_owned(),
        id: id.to_owned(),
        quantity,
        price: Some(twd(minor)),
    };
    TimelineEntry {
        lines: vec![
            line("Silken tofu", "4710011401128", 2.0, 4_500),
            line("Jasmine rice", "4719090900065", 1.0, 55_900),
        ],
        since: vec!["Paid 649.00 TWD by card, 12 Oct 2026, 04:53:10".to_owned()],
        ..entry(
            41 * 24 * HOUR_MS,
            "track",
            "Order Completed",
            "Ordered",
            "2 items: Silken tofu, Jasmine rice · order o-70",
            Some(64_900),
        )
    }
}

fn timeline() -> Timeline {
    let kind = |title: &str, count, is_hidden| PastKind {
        title: title.to_owned(),
        count: Some(count),
        is_hidden,
        href: format!("/customers/42?hide={}&past=25#timeline", title.to_lowercase()),
    };
    Timeline {
        days: vec![
            TimelineDay {
                day: now(),
                entries: vec![
                    entry(2 * HOUR_MS, "track", "Product Added", "Put Silken tofu into the cart", "", None),
                    entry(
                        2 * HOUR_MS + 9 * MINUTE,
                        "track",
                        "Product Viewed",
                        "Looked at Silken tofu",
                        "Chilled",
                        None,
                    ),
                    entry(2 * HOUR_MS + 14 * MINUTE, "page", "Home", "Saw the page Home", "/", None),
                ],
            },
            TimelineDay {
                day: now().plus_days(-41),
                entries: vec![
                    ordered(),
                    entry(
                        41 * 24 * HOUR_MS + 4 * MINUTE,
                        "track",
                        "Payment Failed",
                        "A payment failed",
                        "by card · expired",
                        Some(64_900),
                    ),
                ],
            },
        ],
        kinds: vec![kind("Purchases", 120, false), kind("Sessions", 44, false), kind("E-mail", 24, true)],
        not_shown: 183,
        older: Some("/customers/42?past=50#timeline".to_owned()),
        note: None,
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
