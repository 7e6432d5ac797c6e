//! What can be bought, and what is known of each thing, by whom?

use super::visit::Visit;
use super::{Asked, api, more_rows, n_rows, text};
use crate::app::App;
use crate::args::quoted;
use crate::error::ServerError;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query};
use axum::response::Response;
use console::format;
use console::view::{
    CataloguePage, Companion, Frame, ItemFact, ItemPage, ItemRow, ItemWeek, SearchedInVain, ShownLine,
};
use engine::{ItemQuery, OnShelf, ShownBy, Standing};
use features::named::{PICTURES, STOCKS};
use features::{Fact, Item, N_DAYS_LATELY};
use governance::Headcount;
use primitives::{Currency, DAY_MS, ErrorKind, ItemId, ItemKey, Timestamp};
use serde_json::{Value, json};

/// How many queries are told for which nothing is found.
const N_IN_VAIN: usize = 20;
/// How many items are told that are bought with one.
const N_COMPANIONS: usize = 10;
/// How tall a week is drawn in which fewer than five bought it.
const FEW: f64 = 2.0;
/// What a page shows as a picture: within an `img` nothing of an SVG runs.
const IMAGES: [&str; 5] =
    ["data:image/svg+xml", "data:image/png", "data:image/jpeg", "data:image/webp", "data:image/gif"];

/// `/catalogue?q=&category=&show=`.
pub(super) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let base_url = visit.base_url.clone();
    visit.page(move |app, frame| Ok(fill_list(app, frame, &asked, &base_url).render())).await
}

/// `/catalogue/{id}`.
pub(super) async fn show(visit: Visit, id: Result<Path<String>, PathRejection>) -> Response {
    let Ok(Path(id)) = id else { return visit.not_found() };
    let base_url = visit.base_url.clone();
    visit.page(move |app, frame| Ok(fill(app, frame, &id, &base_url)?.render())).await
}

fn fill_list(app: &App, frame: Frame, asked: &Asked, base_url: &str) -> CataloguePage {
    let standing = asked.get("show").and_then(|name| Standing::from_name(name)).unwrap_or_default();
    let (query, category, n) = (text(asked, "q", 200), text(asked, "category", 200), n_rows(asked));
    let wanted =
        ItemQuery { text: query.clone(), category: (!category.is_empty()).then(|| category.clone()), standing };
    let found = app.engine.find_items(&wanted, n, frame.now);
    let count = |standing: Standing| found.counts.get(&standing).copied().unwrap_or(0);
    let narrowed = [("q", query.as_str()), ("category", &category), ("show", standing.name())];
    let n_narrowed = [&query, &category].into_iter().filter(|one| !one.is_empty()).count();
    CataloguePage {
        show: standing.name().to_owned(),
        tabs: Standing::ALL.into_iter().map(|one| (one.name().to_owned(), words(one).to_owned(), count(one))).collect(),
        total: count(Standing::All),
        named_only: count(Standing::NamedOnly),
        older: more_rows("/catalogue", &narrowed, found.items.len(), n),
        found: found.n_found,
        categories: found.categories,
        rows: found.items.iter().map(|one| shelf_row(one, frame.now)).collect(),
        shown_since: app.engine.shown_since(frame.now),
        in_vain: if n_narrowed == 0 { in_vain(app) } else { Vec::new() },
        describe: describe(app, base_url, "4711", &["name", "category", "price"]),
        query,
        category,
        frame,
    }
}

/// What is looked for and mostly not found.
fn in_vain(app: &App) -> Vec<SearchedInVain> {
    let queries = app.engine.look(|live| live.searches.without_result(N_IN_VAIN));
    let one = |query: features::Query| SearchedInVain {
        words: query.words,
        n: query.n.into(),
        n_nothing: query.n_nothing.into(),
        last_at: query.last_at,
        next: query.next,
    };
    queries.into_iter().map(one).collect()
}

fn words(standing: Standing) -> &'static str {
    match standing {
        Standing::All => "All",
        Standing::Described => "Described",
        Standing::NamedOnly => "Known by events only",
        Standing::Nameless => "No name",
        Standing::Unavailable => "Cannot be had",
        Standing::NeverShown => "Never shown",
        Standing::Cold => "Never sold",
    }
}

fn fill(app: &App, frame: Frame, id: &str, base_url: &str) -> Result<ItemPage, ServerError> {
    let key = ItemKey::from(&ItemId::from(id));
    let companions = app.engine.bought_with(key, N_COMPANIONS);
    let found = app.engine.look(|live| {
        let item = live.items.get(key)?.clone();
        let of = |(key, similarity): (ItemKey, f64)| Some((live.items.get(key)?.clone(), similarity));
        Some((item, live.items.offers(key), companions.map(|all| all.into_iter().filter_map(of).collect::<Vec<_>>())))
    });
    let Some((item, is_offered, companions)) = found else {
        let message = format!("there is no item \"{}\": the catalogue lists all of them", primitives::visible(id));
        return Err(ServerError::new(ErrorKind::NotFound, message));
    };
    let row = |item: &Item| row(item, frame.now);
    let missing = missing(&item);
    let fields: Vec<&str> = missing.iter().map(|(field, ..)| *field).collect();
    Ok(ItemPage {
        why_not: (!is_offered).then(|| why_not(&item).to_owned()),
        facts: facts(&item),
        traits: item.traits().map(|(name, value)| (name.to_owned(), shown(&value))).collect(),
        described_at: item.described_at,
        describe: describe(app, base_url, item.id.as_str(), &fields),
        missing: missing.into_iter().map(|(_, what, why)| (what.to_owned(), why.to_owned())).collect(),
        weeks: weeks(&item, frame.now),
        shown: app.engine.shown_by(key, frame.now).into_iter().map(|one| shown_line(app, one)).collect(),
        shown_since: app.engine.shown_since(frame.now),
        bought_with: companions.map(|all| {
            let one = |(item, similarity): &(Item, f64)| Companion { item: row(item), similarity: *similarity };
            all.iter().map(one).collect()
        }),
        item: row(&item),
        frame,
    })
}

/// An item of the catalogue's list.
fn shelf_row(one: &OnShelf, now: Timestamp) -> ItemRow {
    ItemRow { n_shown: one.n_shown, ..row(&one.item, now) }
}

/// How many bought it in each week.
fn weeks(item: &Item, now: Timestamp) -> Vec<ItemWeek> {
    let week = |(monday, buyers): (i64, Headcount)| ItemWeek {
        monday: Timestamp::from_millis(monday * DAY_MS),
        buyers: buyers.to_string(),
        // Of fewer than five it is drawn that there were some.
        height: buyers.told().map_or(FEW, f64::from),
    };
    item.buyers_by_week(now).map(week).collect()
}

fn shown_line(app: &App, one: ShownBy) -> ShownLine {
    let kind = app.engine.capabilities().kinds.get(one.kind.as_str()).ok();
    ShownLine {
        title: kind.map_or_else(|| one.kind.to_string(), |kind| kind.about().title.clone()),
        kind: one.kind.to_string(),
        n: one.n,
        n_personal: one.n.saturating_sub(one.n_general),
        mean_place: one.mean_place,
    }
}

/// How many of an item there are, where the company tells a number.
fn stock(item: &Item) -> Option<u64> {
    STOCKS.iter().find_map(|name| item.said(name)?.as_u64())
}

/// An item as lists show it.
pub(super) fn row(item: &Item, now: Timestamp) -> ItemRow {
    ItemRow {
        id: item.id.to_string(),
        name: item.name.as_ref().map(|name| name.value.clone()),
        picture: picture(item),
        category: item.category.as_ref().map(|category| category.value.clone()),
        brand: item.said("brand").and_then(|brand| Some(brand.as_str()?.chars().take(80).collect())),
        price: item.price.as_ref().map(|price| price.value),
        is_available: item.is_available(),
        stock: stock(item),
        n_shown: 0,
        is_described: item.described_at.is_some(),
        buyers_lately: Headcount::of(item.n_buyers_lately(now, N_DAYS_LATELY)).to_string(),
        buyers: Headcount::of(item.n_buyers()).to_string(),
    }
}

/// The picture of an item that a page may show.
pub(super) fn picture(item: &Item) -> Option<String> {
    let starts = |said: &str, kind: &str| said.get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind));
    let is_image = |said: &str| IMAGES.iter().any(|kind| starts(said, kind));
    let said = |is_meant: &dyn Fn(&str) -> bool| {
        PICTURES.iter().find_map(|name| item.said(name)?.as_str().filter(|said| is_meant(said)).map(str::to_owned))
    };
    // A trait that says where one lies stands in the way of none that holds it.
    said(&is_image).or_else(|| said(&|said| starts(said, "https://")))
}

/// A trait's value as people read it.
fn shown(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match text.strip_prefix("data:").and_then(|rest| rest.split([',', ';']).next()) {
        Some(kind) => format!("a picture of {} ({kind})", format::bytes(text.len() as u64)),
        None => text.chars().take(400).collect(),
    }
}

/// Why an item is not recommended.
fn why_not(item: &Item) -> &'static str {
    if item.is_available() {
        "Only a write key named it, which is in every web page: name it with a server key or an import."
    } else {
        "The catalogue says that it cannot be had."
    }
}

/// What was said of it, by whom and when.
fn facts(item: &Item) -> Vec<ItemFact> {
    fn fact<T>(what: &str, said: Option<&Fact<T>>, value: impl Fn(&T) -> String) -> Option<ItemFact> {
        let said = said?;
        let by = if said.is_vouched() { "The company" } else { "A browser or an app" };
        Some(ItemFact { what: what.to_owned(), value: value(&said.value), by: by.to_owned(), at: said.at() })
    }
    [
        fact("Name", item.name.as_ref(), Clone::clone),
        fact("Category", item.category.as_ref(), Clone::clone),
        fact("Price", item.price.as_ref(), |price| format::money(*price)),
        fact("Can be had", item.available.as_ref(), |can| if *can { "yes" } else { "no" }.to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What nobody said of it, and what it would be good for: the field, its name in words, and what for.
fn missing(item: &Item) -> Vec<(&'static str, &'static str, &'static str)> {
    let all = [
        (item.name.is_none(), "name", "Name", "pages, reasons and answers show the id in its place"),
        (item.category.is_none(), "category", "Category", "customers cannot be told apart by what they like"),
        (item.price.is_none(), "price", "Price", "what a recommendation is worth cannot be said"),
        (
            picture(item).is_none(),
            "imageUrl",
            "Picture",
            "pages show none: an address with https:, or a data: address of an image",
        ),
    ];
    all.into_iter().filter(|(is_missing, ..)| *is_missing).map(|(_, field, what, why)| (field, what, why)).collect()
}

/// A command that describes an item, with the fields that are asked for.
fn describe(app: &App, base_url: &str, id: &str, fields: &[&str]) -> String {
    let example = |field: &str| match field {
        "name" => Some(("name", json!("Green tea, 100 g"))),
        "category" => Some(("category", json!("Tea"))),
        "price" => Some(("price", json!(4.9))),
        "imageUrl" => Some(("imageUrl", json!("data:image/png;base64,…"))),
        _ => None,
    };
    let mut traits: serde_json::Map<String, Value> =
        fields.iter().filter_map(|field| example(field)).map(|(name, value)| (name.to_owned(), value)).collect();
    if traits.contains_key("price") {
        let currency = app.settings.default_currency().unwrap_or(Currency::EUR);
        traits.insert("currency".to_owned(), currency.code().into());
    }
    let body = json!({"itemId": id, "traits": traits}).to_string();
    format!("curl {} {base_url}/v1/item -d {}", api::bearer(app), quoted(&body))
}
