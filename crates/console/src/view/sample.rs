//! What do the pages look like with something on them? Invented pages, for the preview and for tests.

mod acting;
mod administration;
mod capable;
mod declared;
mod earned;
mod happening;
mod incoming;
mod kept;
mod learned;
mod listed;
mod machine;
mod overlooked;
mod people;
mod picture;
mod spoken;
mod switched;
mod tried;

pub use acting::{action, actions, actions_moved, actions_none, policies, tried_actions, tried_actions_nothing};
pub use administration::{audit, keys};
pub use capable::{capabilities, capability, capability_missing};
pub use declared::{editor, editor_of_experiment, editor_of_flag};
pub use earned::{holdout, holdout_of_nobody, report};
pub use happening::{event, events, events_rejected};
pub use incoming::{data, data_one};
pub use kept::{imports, item, items, settings};
pub use learned::{catalogue, decision, decisions, models, task_missing};
pub use listed::{list, list_mistaken, list_tried, lists};
pub use machine::system;
pub use overlooked::{overview, overview_empty, overview_without_orders};
pub use people::{customer, customer_stranger, customers, erasure, labels, search, separation};
pub use picture::picture;
pub use switched::{experiments, experiments_none, flags, flags_none};
pub use tried::{tried, tried_nothing, tried_search};

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
        ("/try", tried().render()),
        ("/try/search", tried_search().render()),
        ("/empty/try", tried_nothing().render()),
        ("/models", models().render()),
        ("/capabilities", capabilities().render()),
        ("/capabilities/churn", capability().render()),
        ("/features", catalogue().render()),
        ("/holdout", holdout().render()),
        ("/report", report().render()),
        ("/empty/holdout", holdout_of_nobody().render()),
        ("/decisions", decisions().render()),
        ("/decisions/019ab3f2", decision().render()),
        ("/api", api().render()),
        ("/search", search("ann").render()),
        ("/search/nothing", search("zzzz").render()),
        ("/keys", keys().render()),
        ("/audit", audit().render()),
        ("/system", system().render()),
        ("/login", login(None).render()),
        ("/empty", overview_empty().render()),
        ("/without-orders", overview_without_orders().render()),
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
    pages.extend(spoken::pages());
    pages.extend(acting::pages().into_iter().chain(declared::pages()));
    pages
}

/// The frame around a page at `here`.
#[must_use]
pub fn frame(here: &str) -> Frame {
    let notice =
        Notice::Shifted { source: "Ta-Feng grocery, Taiwan".to_owned(), years: "2000–2001".to_owned(), days: 9_401 };
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
        tour: None,
    }
}

/// The page about the API.
#[must_use]
pub fn api() -> ApiPage {
    let call = |title: &str, code: Option<&str>| ApiCall {
        title: title.to_owned(),
        text: "What somebody did.".to_owned(),
        key: "write".to_owned(),
        code: code.map(str::to_owned),
        answer: code.map(|_| r#"{"success":true,"accepted":1}"#.to_owned()),
    };
    let command =
        "curl -u WRITE_KEY: 'http://127.0.0.1:7070/v1/track' -d '{\"userId\":\"42\",\"event\":\"Product Viewed\"}'";
    ApiPage {
        frame: frame("/api"),
        base_url: "http://127.0.0.1:7070".to_owned(),
        languages: vec![("curl".to_owned(), "curl".to_owned()), ("browser".to_owned(), "Browser".to_owned())],
        lang: "curl".to_owned(),
        where_key: "Put the key in the place of WRITE_KEY.".to_owned(),
        groups: vec![CallGroup {
            title: "Tell what happens".to_owned(),
            calls: vec![call("Track", Some(command)), call("Recommendations", None)],
        }],
        sought: String::new(),
        events: vec![EventGroup {
            title: "Shops".to_owned(),
            words: "A till that knows only a card sends its number.".to_owned(),
            events: vec![EventLine {
                names: vec!["Store Visited".to_owned(), "store_visit".to_owned()],
                says: "they came into a shop".to_owned(),
                properties: vec![EventProperty {
                    keys: vec!["store_id".to_owned(), "location_id".to_owned()],
                    need: "expected".to_owned(),
                    holds: "an identifier".to_owned(),
                    meaning: "which shop".to_owned(),
                }],
                example: r#"{"type":"track","event":"Store Visited","properties":{"store_id":"s-7"}}"#.to_owned(),
            }],
        }],
    }
}

/// Commands to try: what each does, and the command.
fn examples() -> Vec<(String, String)> {
    [
        (
            "Send an event",
            "curl -u WRITE_KEY: http://127.0.0.1:7070/v1/track -d '{\"userId\":\"42\",\"event\":\"Product Viewed\",\"properties\":{\"product_id\":\"4710421090059\"}}'",
        ),
        (
            "Ask for a decision",
            "curl -H 'Authorization: Bearer SERVER_KEY' http://127.0.0.1:7070/v1/decide -d '{\"decision\":\"recommend\",\"userId\":\"42\",\"n\":5}'",
        ),
        (
            "Read a customer",
            "curl -H 'Authorization: Bearer SERVER_KEY' http://127.0.0.1:7070/v1/customers/42",
        ),
    ]
    .map(|(title, command)| (title.to_owned(), command.to_owned()))
    .into()
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
