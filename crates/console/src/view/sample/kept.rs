//! What do the catalogue, imports and settings look like with something in them?

use super::{before, frame, now, twd};
use crate::view::{
    CataloguePage, Companion, DeclaredList, DeclaredRow, Frame, ImportRow, ImportState, ImportsPage, ItemFact,
    ItemPage, ItemRow, ItemWeek, SearchedInVain, SettingRow, SettingSection, SettingsPage, ShownLine,
};
use primitives::HOUR_MS;

const PICTURE: &str = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 64 64'><rect width='64' height='64' rx='8' fill='%23dfeef2'/><circle cx='32' cy='32' r='14' fill='%23267f8c'/></svg>";

pub(super) fn text(word: &str) -> String {
    word.to_owned()
}

fn row(id: &str, name: Option<&str>, price: i64, buyers: &str) -> ItemRow {
    ItemRow {
        id: text(id),
        name: name.map(text),
        picture: name.map(|_| text(PICTURE)),
        category: name.map(|_| text("Tea & coffee")),
        brand: name.map(|_| text("Northfield")),
        price: (price > 0).then(|| twd(price)),
        is_available: id != "4711402829205",
        stock: (price > 4_000).then_some(1_240),
        n_shown: price.unsigned_abs() / 7,
        is_described: name.is_some(),
        buyers_lately: text(buyers),
        buyers: text("212 customers"),
    }
}

/// A catalogue with an item that only orders name.
#[must_use]
pub fn items() -> CataloguePage {
    let tabs = [
        ("all", "All", 947),
        ("described", "Described", 735),
        ("never_shown", "Never shown", 218),
        ("cold", "Never sold", 31),
        ("unavailable", "Cannot be had", 12),
        ("nameless", "No name", 212),
        ("named_only", "Known by events only", 212),
    ];
    CataloguePage {
        frame: frame("/catalogue"),
        query: String::new(),
        category: String::new(),
        show: text("all"),
        tabs: tabs.map(|(name, words, n)| (text(name), text(words), n)).into(),
        categories: vec![(text("Tea & coffee"), 212), (text("Bread"), 96)],
        total: 947,
        named_only: 212,
        found: 947,
        rows: vec![
            row("4710421090059", Some("Soy milk, 1 l"), 4_500, "63 customers"),
            row("4711402829205", Some("Silken tofu"), 2_900, "fewer than 5 customers"),
            row("4710011401128", None, 0, "no customer"),
        ],
        in_vain: vec![SearchedInVain {
            words: text("oat drink"),
            n: 41,
            n_nothing: 38,
            last_at: now().plus_days(-1),
            next: vec![text("oat milk")],
        }],
        shown_since: Some(now().plus_days(-29)),
        older: Some(text("/catalogue?n=100")),
        describe: text("curl -H 'Authorization: Bearer SERVER_KEY' http://127.0.0.1:7070/v1/item -d '{}'"),
    }
}

fn shown(title: &str, kind: &str, n: u64, n_personal: u64, mean_place: f64) -> ShownLine {
    ShownLine { title: text(title), kind: text(kind), n, n_personal, mean_place }
}

/// An item of which something is missing.
#[must_use]
pub fn item() -> ItemPage {
    let fact = |what: &str, value: &str, by: &str, hours: i64| ItemFact {
        what: text(what),
        value: text(value),
        by: text(by),
        at: before(hours * HOUR_MS),
    };
    let companion = |row, similarity| Companion { item: row, similarity };
    ItemPage {
        frame: frame("/catalogue/4710421090059"),
        item: row("4710421090059", Some("Soy milk, 1 l"), 4_500, "63 customers"),
        why_not: Some(text("The catalogue says that it cannot be had.")),
        facts: vec![
            fact("Name", "Soy milk, 1 l", "The company", 40),
            fact("Category", "Drinks", "A browser or an app", 3),
        ],
        traits: vec![(text("brand"), text("Northfield")), (text("sizes"), text("[1,2]"))],
        described_at: Some(now().plus_days(-12)),
        missing: vec![(text("Price"), text("what a recommendation is worth cannot be said"))],
        describe: items().describe,
        weeks: (0..26_i64)
            .map(|week| {
                let n = (week * 7) % 23 + week;
                let buyers = if n < 5 { text("fewer than 5 customers") } else { format!("{n} customers") };
                let height = f64::from(u32::try_from(n).unwrap_or(0)).max(2.0);
                ItemWeek { monday: now().plus_days(7 * (week - 25)), buyers, height }
            })
            .collect(),
        shown: vec![
            shown("Recommendations", "recommend", 4_120, 3_870, 4.2),
            shown("Item search", "item_search", 311, 0, 1.7),
        ],
        shown_since: Some(now().plus_days(-29)),
        bought_with: Some(vec![
            companion(row("4711402829205", Some("Silken tofu"), 2_900, "12 customers"), 0.41),
            companion(row("4710011401128", None, 0, "no customer"), 0.12),
        ]),
    }
}

/// Imports of every state.
#[must_use]
pub fn imports() -> ImportsPage {
    let row = |id: u64, file: &str, state: ImportState| ImportRow {
        id,
        file: text(file),
        mapping: (id == 1).then(|| text("ta-feng")),
        began_at: before(i64::try_from(9 - id).unwrap_or(0) * 24 * HOUR_MS),
        ended_at: (state != ImportState::Open).then(|| before(23 * HOUR_MS)),
        rows: 817_741,
        accepted: 119_578,
        duplicates: 12,
        conflicts: 3,
        replaced: 0,
        rejected: 37,
        state,
    };
    let undone = ImportState::Undone { at: before(3 * HOUR_MS), withdrawn: 2_114, restored: 7 };
    ImportsPage {
        frame: frame("/imports"),
        rows: vec![
            row(5, "orders-2026-11.csv", ImportState::Open),
            row(4, "tickets.ndjson", ImportState::Leaving),
            row(3, "orders-2026-09.csv", ImportState::Stuck(text("The disk is full: make room and try again."))),
            row(2, "orders-2026-08.csv", undone),
            row(1, "orders.csv", ImportState::Done),
        ],
        following: Some((20_114, 119_578)),
        older: Some(text("/imports?n=100")),
        commands: vec![(text("A table"), text("rapport import orders.csv --mapping orders.toml --dry-run"))],
    }
}

/// Settings with one that was changed, one that waits, and a declared outcome.
#[must_use]
pub fn settings() -> SettingsPage {
    let row =
        |name: &str, meaning: &str, (value, default): (&str, &str), origin: &str, waiting: Option<&str>| SettingRow {
            name: text(name),
            meaning: text(meaning),
            value: text(value),
            default: text(default),
            origin: text(origin),
            waiting: waiting.map(text),
        };
    let list = |name: &str, title: &str, rows: Vec<DeclaredRow>| DeclaredList {
        name: text(name),
        title: text(title),
        meaning: text("What is foretold besides what is built in."),
        href: text("/capabilities"),
        waits: !rows.is_empty(),
        rows,
    };
    let outcome = DeclaredRow {
        name: text("returns_soon"),
        meaning: text("Will the customer buy again within 7 days?"),
        href: Some(text("/capabilities/returns_soon")),
    };
    let schema = DeclaredRow { name: text("Ticket Created"), meaning: text("What does not fit is told"), href: None };
    SettingsPage {
        frame: frame("/settings"),
        query: String::new(),
        changed_only: false,
        file: Some((text("/var/lib/rapport/rapport.toml"), true)),
        problem: Some(text("line 7: unknown field \"idle_secs\".")),
        counts: (2, 1),
        sections: vec![SettingSection {
            name: text("server"),
            meaning: text("Where the server listens."),
            settings: vec![
                row(
                    "listen",
                    "The address to listen on.",
                    ("\"0.0.0.0:7070\"", "\"127.0.0.1:7070\""),
                    "command line",
                    None,
                ),
                row("idle_seconds", "Seconds without a request.", ("75", "75"), "default", Some("61")),
            ],
        }],
        declared: vec![list("outcomes", "Outcomes", vec![outcome, schema]), list("schemas", "Schemas", vec![])],
    }
}

/// Those pages with their paths, and what they look like with nothing on them.
pub(super) fn pages() -> Vec<(&'static str, String)> {
    let empty = |here| Frame { notice: None, ..frame(here) };
    vec![
        ("/catalogue", items().render()),
        ("/catalogue/4710421090059", item().render()),
        ("/imports", imports().render()),
        ("/settings", settings().render()),
        (
            "/empty/catalogue",
            CataloguePage { frame: empty("/catalogue"), rows: vec![], older: None, ..items() }.render(),
        ),
        (
            "/empty/catalogue/1",
            ItemPage { traits: vec![], facts: vec![], missing: vec![], bought_with: None, ..item() }.render(),
        ),
        ("/empty/imports", ImportsPage { frame: empty("/imports"), rows: vec![], older: None, ..imports() }.render()),
        ("/empty/settings", SettingsPage { sections: vec![], query: "nothing".to_owned(), ..settings() }.render()),
    ]
}
