//! Which lists are on the sample pages? Three of them, one with everything on it, and a filter that cannot be read.

use super::*;
use crate::chart::Column;

const FILTER: &str = "churn >= 0.5 and orders_365d >= 2 and traits.city = \"Taipei\"";

/// Lists from everywhere.
#[must_use]
pub fn lists() -> ListsPage {
    let row = |name: &str, title: &str, source, filter: &str, count, webhook| ListRow {
        name: name.to_owned(),
        title: title.to_owned(),
        source,
        filter: filter.to_owned(),
        count: Some(count),
        failure: None,
        unanswered: Vec::new(),
        counts: counts().iter().map(|column| column.value).collect(),
        webhook,
    };
    let failing = ListRow {
        failure: Some(
            "The filter cannot be read at position 1: found \"visits_7d\", expected a score, a feature".to_owned(),
        ),
        count: None,
        counts: Vec::new(),
        ..row("old", "Visited lately", None, "visits_7d > 3", 0, None)
    };
    ListsPage {
        frame: frame("/lists"),
        example: "churn > 0.5 and orders_365d >= 2 and traits.city = \"Graz\"".to_owned(),
        lists: vec![
            row(
                "about_to_leave",
                "Who is about to leave, what are they worth, and why",
                Some("Built in"),
                "churn >= 0.5",
                4_212,
                None,
            ),
            row(
                "vip",
                "Very important",
                Some("Settings"),
                "consent.personalization = true and feature.orders_365d >= 12",
                318,
                None,
            ),
            row("leaving_regulars", "Regulars in Taipei who are about to leave", None, FILTER, 97, Some(webhook(true))),
            failing,
        ],
    }
}

fn webhook(fails: bool) -> Told {
    Told {
        url: "https://example.org/hooks/leaving".to_owned(),
        waiting: if fails { 3 } else { 0 },
        lost: 0,
        failure: fails.then(|| ("It answered 503: it is to answer with 2xx".to_owned(), Some(now().plus_days(0)))),
    }
}

fn counts() -> Vec<Column> {
    let points = [61, 64, 70, 69, 75, 81, 80, 78, 84, 90, 88, 93, 92, 97];
    let column = |(day, n): (usize, i32)| Column { title: format!("{} Nov: {n}", day + 9), value: f64::from(n) };
    points.into_iter().enumerate().map(column).collect()
}

/// A saved list with everything on it.
#[must_use]
pub fn list() -> ListPage {
    let change = |hours: i64, id: &str, has_entered| ChangeRow {
        at: Timestamp::from_millis(now().as_millis() - hours * HOUR_MS),
        id: id.to_owned(),
        has_entered,
    };
    let head = ListHead {
        name: "leaving_regulars".to_owned(),
        title: "Regulars in Taipei who are about to leave".to_owned(),
        source: None,
        looked_at: Some(Timestamp::from_millis(now().as_millis() - 9_000)),
        counts: counts(),
        changes: vec![change(1, "1069", true), change(3, "20459", true), change(30, "1113", false)],
        webhook: Some(webhook(true)),
        secret: None,
    };
    ListPage { frame: frame("/lists/leaving_regulars"), list: Some(head), ..list_tried() }
}

/// Customers by a filter that somebody tries.
#[must_use]
pub fn list_tried() -> ListPage {
    let choice = |name: &str, is_chosen| ColumnChoice { name: name.to_owned(), meaning: name.to_owned(), is_chosen };
    ListPage {
        frame: frame("/lists?filter=known"),
        list: None,
        filter: FILTER.to_owned(),
        mistake: None,
        sort: "-churn".to_owned(),
        written: "churn,value".to_owned(),
        choices: vec![
            ChoiceGroup {
                title: "Scores".to_owned(),
                choices: vec![choice("churn", true), choice("value", true), choice("why.churn", true)],
            },
            ChoiceGroup {
                title: "Features".to_owned(),
                choices: vec![
                    choice("recency_days", false),
                    choice("orders_365d", true),
                    choice("revenue_365d", false),
                ],
            },
        ],
        others: "traits.city".to_owned(),
        columns: heads(),
        rows: lines(),
        count: 97,
        note: None,
        unanswered: Vec::new(),
        next: Some("/lists?cursor=1".to_owned()),
        export: "filter=known".to_owned(),
    }
}

/// A filter that cannot be read.
#[must_use]
pub fn list_mistaken() -> ListPage {
    let message = "Found \"oders_365d\", expected a score, a feature, traits.…, consent.…; did you mean orders_365d?";
    ListPage {
        filter: "churn > 0.5 and oders_365d >= 2".to_owned(),
        mistake: Some(Mistake::of("churn > 0.5 and oders_365d >= 2", 17, 10, message.to_owned())),
        rows: Vec::new(),
        ..list_tried()
    }
}

fn heads() -> Vec<ListColumn> {
    let column = |title: &str, sorted, is_number, sum: Option<&str>| ListColumn {
        title: title.to_owned(),
        meaning: String::new(),
        sort: (title != "Why").then(|| "/lists?sort=churn".to_owned()),
        sorted,
        is_number,
        sum: sum.map(str::to_owned),
    };
    vec![
        column("Churn", Some(true), true, Some("64.2")),
        column("Lifetime value", None, true, Some("18,240 EUR")),
        column("orders_365d", None, true, Some("412")),
        column("traits.city", None, false, None),
        column("consent.marketing", None, false, None),
        column("Why", None, false, None),
    ]
}

fn lines() -> Vec<ListLine> {
    let line =
        |id: &str, label: Option<&str>, days: i64, churn: f64, value: Option<f64>, city: &str, why: [&str; 2]| {
            ListLine {
                id: id.to_owned(),
                label: label.map(str::to_owned),
                known: true,
                last_seen: now().plus_days(-days),
                cells: vec![
                    ListCell::Share(churn),
                    value.map_or(ListCell::Nothing, |value| {
                        ListCell::Amount(crate::format::amount(value, Currency::parse("EUR").ok()))
                    }),
                    ListCell::Number(churn * 20.0),
                    ListCell::Text(city.to_owned()),
                    ListCell::YesNo(true),
                    ListCell::Texts(why.map(str::to_owned).to_vec()),
                ],
            }
        };
    vec![
        line(
            "20459",
            None,
            34,
            0.93,
            Some(310.25),
            "Taipei",
            ["No order for 61 days: speaks for it (+1.24)", "2 orders in a year (+0.31)"],
        ),
        line(
            "42",
            Some("Mei-Ling Chen"),
            12,
            0.72,
            Some(18_240.0),
            "Taipei",
            ["No order for 34 days (+0.80)", "Bought less often lately (+0.22)"],
        ),
        line(
            "1113",
            Some("j.huang@example.com"),
            3,
            0.51,
            None,
            "Taipei",
            ["No order for 21 days (+0.40)", "First order 90 days ago (+0.10)"],
        ),
    ]
}
