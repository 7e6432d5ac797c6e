//! What do the pages look like with something on them? Invented pages, for the preview and for tests.

mod administration;
mod capable;
mod happening;
mod incoming;
mod kept;
mod learned;
mod listed;
mod people;
mod picture;

pub use administration::{audit, keys};
pub use capable::{capabilities, capability, capability_missing};
pub use happening::{event, events, events_rejected};
pub use incoming::{data, data_one};
pub use kept::{imports, item, items, settings};
pub use learned::{catalogue, decision, decisions, models, task_missing};
pub use listed::{list, list_mistaken, list_tried, lists};
pub use people::{customer, customer_stranger, customers, erasure, search, separation};
pub use picture::picture;

use super::*;
use primitives::{Currency, HOUR_MS, Money, Timestamp};

const MINUTE: i64 = 60_000;

/// Every page with its path: the full ones at their own addresses, the empty ones under `/empty`.
#[must_use]
pub fn pages() -> Vec<(&'static str, String)> {
    let empty = |here| Frame { notice: None, ..frame(here) };
    let mut pages = vec![
        ("/", overview().render()),
        ("/events", events().render()),
        ("/events/rejected", events_rejected().render()),
        ("/events/119578", event().render()),
        ("/data", data().render()),
        ("/data/one", data_one().render()),
        ("/customers", customers().render()),
        ("/customers/42", customer().render()),
        ("/customers/42/erase", erasure().render()),
        ("/customers/42/separate", separation().render()),
        ("/lists", lists().render()),
        ("/lists/about_to_leave", list().render()),
        ("/lists/tried", list_tried().render()),
        ("/empty/lists", list_mistaken().render()),
        ("/models", models().render()),
        ("/capabilities", capabilities().render()),
        ("/capabilities/churn", capability().render()),
        ("/features", catalogue().render()),
        ("/decisions", decisions().render()),
        ("/decisions/019ab3f2", decision().render()),
        ("/api", api().render()),
        ("/search", search("ann").render()),
        ("/search/nothing", search("zzzz").render()),
        ("/keys", keys().render()),
        ("/audit", audit().render()),
        ("/login", login(None).render()),
        ("/empty", overview_empty().render()),
        ("/empty/data", DataPage { frame: empty("/data"), rows: vec![], refused: vec![], ..data() }.render()),
        ("/empty/events", EventsPage { frame: empty("/events"), rows: vec![], older: None, ..events() }.render()),
        (
            "/empty/customers",
            CustomersPage {
                frame: empty("/customers"),
                query: "nobody".to_owned(),
                rows: vec![],
                older: None,
                ..customers()
            }
            .render(),
        ),
        ("/empty/customer", customer_stranger().render()),
        (
            "/empty/features",
            FeaturesPage { waiting: vec![], progress: (0, 0), refused: None, doubts: vec![], ..catalogue() }.render(),
        ),
        ("/empty/capability", capability_missing().render()),
        ("/empty/models", ModelsPage { frame: empty("/models"), tasks: vec![task_missing()] }.render()),
        (
            "/empty/decisions",
            DecisionsPage { frame: empty("/decisions"), total: 0, rows: vec![], older: None, ..decisions() }.render(),
        ),
        ("/empty/audit", AuditPage { frame: empty("/audit"), rows: vec![], older: None, ..audit() }.render()),
        ("/empty/login", login(Some("That is not the admin key. Check that it was copied whole.".to_owned())).render()),
        ("/404", ErrorPage::not_found(frame("/nowhere")).render()),
    ];
    pages.extend(kept::pages());
    pages
}

/// The frame around a page at `here`.
#[must_use]
pub fn frame(here: &str) -> Frame {
    let notice =
        Notice::Shifted { source: "Ta-Feng grocery, Taiwan".to_owned(), years: "2000–2001".to_owned(), weeks: 1_343 };
    Frame {
        now: now(),
        theme: Theme::Auto,
        notice: Some(notice),
        version: "0.1.0".to_owned(),
        health: Health::Good,
        flash: None,
        here: here.to_owned(),
        signed_in_as: Some("Mei Chen".to_owned()),
        may_operate: true,
        may_administer: true,
        mark: "12-3-0".to_owned(),
    }
}

/// The overview of a shop with four months of purchases.
#[must_use]
pub fn overview() -> Overview {
    let day = |i: i64| now().plus_days(i - 59);
    // A weekly rhythm with a little noise, grown out of the day's number.
    let wave = |i: i64, size: u64| {
        let weekend = u64::from(day(i).hour_of_week() / 24 > 4);
        let noise = (i.unsigned_abs() + 1) * 48_271 % 65_537 % 100;
        size + size / 3 * weekend + size / 3 * noise / 100 + size / 150 * i.unsigned_abs()
    };
    let per_day = |size| (30..60).map(|i| DayCount { day: day(i), count: wave(i, size) }).collect();
    Overview {
        frame: frame("/"),
        events: EventsCard { total: 119_578, today: 1_204, rejected: 37, per_day: per_day(1_000) },
        customers: CustomersCard { known: 32_266, anonymous: 1_048, active_30d: 14_402, active_partial: false },
        models: vec![
            ModelLine {
                title: "Recommendations".to_owned(),
                state: champion_state("NDCG@10", 0.0871, "own favourites", 0.0643, (0.29, 0.42)),
            },
            ModelLine {
                title: "Churn".to_owned(),
                state: champion_state("Log loss", 0.5588, "days since last order", 0.561, (-0.003, 0.011)),
            },
        ],
        decisions: DecisionsCard {
            total: 48_211,
            since_start: 1_530,
            fallbacks: 1_912,
            p50_ms: Some(0.31),
            p99_ms: Some(1.74),
        },
        worth: Some(Worth { decisions: 9_412, followed: 871, window_days: 7, low: 0.0868, high: 0.0985 }),
        currency: currency(),
        last_order: Some(now()),
        left_out: vec![],
        revenue: (0..60)
            .map(|i| DayRevenue {
                day: day(i),
                minor: i64::try_from(wave(i, 80_000_000)).unwrap_or(0),
                orders: wave(i, 900),
            })
            .collect(),
        health: HealthCard {
            log_bytes: 84_200_000,
            log_offset: 119_615,
            checkpoint_offset: 118_900,
            sealed_days: 119,
            history_bytes: 61_000_000,
            disk_bytes: 212_000_000,
            n_set_aside: 0,
            uptime_ms: 27 * HOUR_MS,
        },
        try_lines: vec![],
    }
}

/// The overview of a server that has just been started.
#[must_use]
pub fn overview_empty() -> Overview {
    let missing =
        |title: &str, text: &str| ModelLine { title: title.to_owned(), state: ModelState::Missing(text.to_owned()) };
    Overview {
        frame: Frame {
            notice: None,
            health: Health::Degraded("The disk is 96 % full: free some space".to_owned()),
            ..frame("/")
        },
        events: EventsCard { total: 0, today: 0, rejected: 0, per_day: vec![] },
        customers: CustomersCard { known: 0, anonymous: 0, active_30d: 0, active_partial: false },
        models: vec![
            missing("Recommendations", "Customers with two purchases or more: 0 of 50; 3 more."),
            missing("Churn", "Days of purchases: 0 of 67; 3 more."),
        ],
        decisions: DecisionsCard { total: 0, since_start: 0, fallbacks: 0, p50_ms: None, p99_ms: None },
        worth: None,
        revenue: vec![],
        last_order: None,
        health: HealthCard {
            log_bytes: 0,
            log_offset: 0,
            checkpoint_offset: 0,
            sealed_days: 0,
            history_bytes: 0,
            disk_bytes: 131_072,
            n_set_aside: 0,
            uptime_ms: 8_000,
        },
        try_lines: api().examples.into_iter().map(|example| (example.title, example.command)).collect(),
        ..overview()
    }
}

/// The page about the API.
#[must_use]
pub fn api() -> ApiPage {
    let example = |title: &str, text: &str, command: &str, answer: &str| Example {
        title: title.to_owned(),
        text: text.to_owned(),
        command: command.to_owned(),
        answer: answer.to_owned(),
    };
    ApiPage {
        frame: frame("/api"),
        base_url: "http://127.0.0.1:7070".to_owned(),
        examples: vec![
            example(
                "Send an event",
                "Any Segment client does this by itself.",
                "curl -u WRITE_KEY: http://127.0.0.1:7070/v1/track -d '{\"userId\":\"42\",\"event\":\"Product Viewed\",\"properties\":{\"product_id\":\"4710421090059\"}}'",
                r#"{"success":true}"#,
            ),
            example(
                "Ask for a decision",
                "The answer names its reasons, its model and its consent.",
                "curl -H 'Authorization: Bearer SERVER_KEY' http://127.0.0.1:7070/v1/decide -d '{\"decision\":\"recommend\",\"userId\":\"42\",\"n\":5}'",
                r#"{"decisionId":"019ab3f2c1d4e5f6","items":[]}"#,
            ),
            example(
                "Read a customer",
                "Everything that is known, with its meaning.",
                "curl -H 'Authorization: Bearer SERVER_KEY' http://127.0.0.1:7070/v1/customers/42",
                "",
            ),
        ],
    }
}

/// The sign-in page.
#[must_use]
pub fn login(problem: Option<String>) -> LoginPage {
    LoginPage {
        theme: Theme::Auto,
        version: "0.1.0".to_owned(),
        problem,
        back: "/".to_owned(),
        new_key_command: "rapport keys create NAME --role admin".to_owned(),
    }
}

fn champion_state(
    metric: &str,
    value: f64,
    baseline: &str,
    baseline_value: f64,
    (low, high): (f64, f64),
) -> ModelState {
    ModelState::Champion {
        version: "3f9a1c77d2e0".to_owned(),
        metric: metric.to_owned(),
        value,
        baseline: baseline.to_owned(),
        baseline_value,
        advantage: Some(Advantage { share: f64::midpoint(low, high), low, high }),
    }
}

fn now() -> Timestamp {
    Timestamp::from_millis(1_795_323_159_000)
}

fn before(ms: i64) -> Timestamp {
    Timestamp::from_millis(now().as_millis() - ms)
}

fn currency() -> Currency {
    Currency::parse("TWD").unwrap_or(Currency::USD)
}

fn twd(minor: i64) -> Money {
    Money { minor, currency: currency() }
}
