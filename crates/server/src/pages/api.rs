//! What stands on the page about the API? Calls that work as they are, in several languages.

mod reference;
pub(super) mod snippets;

use super::Asked;
use super::visit::Visit;
use super::waits::waits;
use crate::app::App;
use crate::args::quoted;
use crate::error::ServerError;
use crate::keys::is_of_a_demonstration;
use crate::recorded;
use axum::extract::Query;
use axum::response::Response;
use console::view::{ApiCall, ApiPage, CallGroup};
use decisions::{Kind, KindAbout};
use serde_json::{Value, json};
use snippets::{Call, Key, Language, written};
use std::cmp::Reverse;

/// Among how many items an example is looked for.
const N_LOOKED_AT: usize = 20;

/// `/api?lang=&event=`.
pub(super) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let base_url = visit.base_url.clone();
    let language = asked.get("lang").and_then(|name| Language::from_name(name)).unwrap_or_default();
    let sought = reference::sought(&asked);
    visit
        .page(move |app, frame| {
            let calls = calls(app, &Somebody::of(app)?);
            let shown = calls.into_iter().map(|(group, calls)| CallGroup {
                title: group.to_owned(),
                calls: calls.into_iter().map(|call| shown(app, language, &base_url, call)).collect(),
            });
            let (lang, _) = language.names();
            Ok(ApiPage {
                languages: Language::ALL
                    .iter()
                    .map(|one| one.names())
                    .map(|(name, words)| (name.to_owned(), words.to_owned()))
                    .collect(),
                lang: lang.to_owned(),
                where_key: language.where_key().to_owned(),
                groups: shown.collect(),
                events: reference::found(&sought),
                sought,
                frame,
                base_url,
            }
            .render())
        })
        .await
}

fn shown(app: &App, language: Language, base_url: &str, call: Call) -> ApiCall {
    let keys = &app.settings.keys;
    let known = match call.key {
        Key::Write => &keys.write,
        Key::Server => &keys.server,
        Key::Admin => &keys.admin,
    };
    ApiCall {
        code: written(language, &call, base_url, key(app, known, call.key.name())),
        answer: answer(app, &call).map(|answer| answer.to_string()),
        key: call.key.name().trim_end_matches("_KEY").to_lowercase(),
        title: call.title,
        text: call.text,
    }
}

/// How an answer to a call looks.
fn answer(app: &App, call: &Call) -> Option<Value> {
    let asked = call.body.as_ref().and_then(|body| body["decision"].as_str());
    match asked.and_then(|kind| app.engine.capabilities().kinds.get(kind).ok()) {
        Some(kind) => recorded::decision(kind.about()),
        None => recorded::answer(call.method, &call.path),
    }
}

/// Every call that is shown, in the order in which they can be tried: under their headings.
pub(super) fn calls(app: &App, somebody: &Somebody) -> Vec<(&'static str, Vec<Call>)> {
    let user = &somebody.user;
    let questions = app.engine.capabilities().kinds.iter().map(Kind::about).map(|about| Call {
        title: about.title.clone(),
        text: about.question.clone(),
        key: Key::Server,
        method: "POST",
        path: "/v1/decide".to_owned(),
        body: serde_json::from_str(&about.example(user)).ok(),
    });
    let plain = |title: &str, text: &str, key, method, path: String| Call {
        title: title.to_owned(),
        text: text.to_owned(),
        key,
        method,
        path,
        body: None,
    };
    let read = |title: &str, text: &str, path: String| plain(title, text, Key::Server, "GET", path);
    let looks = vec![
        read(
            "A customer",
            "Names, traits, consents, features with their meanings, and scores.",
            format!("/v1/customers/{user}"),
        ),
        read(
            "Customers by a filter",
            "Of features, traits and scores; page by page with the cursor of the answer.",
            "/v1/customers?filter=known&limit=5".to_owned(),
        ),
        read("Lists", "Those built in and your own, with how many are on each.", "/v1/lists".to_owned()),
    ];
    let erase = plain(
        "Erase somebody",
        "For good: everything that only their events carried, and events with their names are refused from then on.",
        Key::Admin,
        "DELETE",
        "/v1/customers/example-person".to_owned(),
    );
    vec![
        ("Tell what happens", tellings(somebody)),
        ("Ask what to do", questions.collect()),
        ("Look", looks),
        ("Erase", vec![erase]),
    ]
}

/// The calls that tell of events.
fn tellings(somebody: &Somebody) -> Vec<Call> {
    let user = &somebody.user;
    let told = |title: &str, text: &str, body: Value| Call {
        title: title.to_owned(),
        text: text.to_owned(),
        key: Key::Write,
        method: "POST",
        path: format!("/v1/{}", title.to_lowercase()),
        body: Some(body),
    };
    vec![
        told("Track", "What somebody did.", somebody.event()),
        told(
            "Identify",
            "Who somebody is: the latest word of each trait counts.",
            json!({"userId": user, "traits": {"plan": "premium", "newsletter": true}}),
        ),
        told(
            "Page",
            "Which page they saw.",
            json!({"anonymousId": "browser-1", "name": "Start", "properties": {"path": "/"}}),
        ),
        told(
            "Alias",
            "That two names are one person.",
            json!({"userId": "example-person", "previousId": "example-card"}),
        ),
        told(
            "Group",
            "Which company or household they belong to.",
            json!({"userId": user, "groupId": "household-7", "traits": {"size": 3}}),
        ),
        told(
            "Batch",
            "Up to 2,500 events at once, each with its type.",
            json!({"batch": [
                {"type": "track", "anonymousId": "browser-1", "event": "Products Searched", "properties": {"query": "tea"}},
                {"type": "page", "anonymousId": "browser-1", "name": "Tea"},
            ]}),
        ),
    ]
}

/// A customer and an item that exist, where there are some whose names need no quoting, and what customers do most here.
#[derive(Debug, Clone)]
pub(super) struct Somebody {
    user: String,
    event: String,
    properties: Value,
}

impl Somebody {
    /// The known customer who was here last, and the item that sells best.
    pub(super) fn of(app: &App) -> Result<Self, ServerError> {
        let plain = |id: &str| id.len() <= 40 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        let known = app.engine.known_lately()?;
        let user = known.iter().map(ToString::to_string).find(|id| plain(id));
        let now = app.engine.clock().now();
        let item = app.engine.look(|live| {
            let popular = live.items.popular(now, 30, N_LOOKED_AT);
            popular.iter().map(|(item, _)| item.id.to_string()).find(|id| plain(id))
        });
        let item = item.unwrap_or_else(|| "1".to_owned());
        let viewed = || ("Product Viewed".to_owned(), json!({ "product_id": item }));
        let others = if app.engine.has_purchases() { None } else { most_frequent(app) };
        let (event, properties) = others.unwrap_or_else(viewed);
        Ok(Self { user: user.unwrap_or_else(|| "42".to_owned()), event, properties })
    }

    /// What they did, as `/v1/track` takes it.
    fn event(&self) -> Value {
        json!({ "userId": self.user, "event": self.event, "properties": self.properties })
    }
}

/// The event that comes in most of those that have an example, as it is spelled here, with the example's properties.
fn most_frequent(app: &App) -> Option<(String, Value)> {
    let mut tracked: Vec<(Reverse<u64>, String)> = app.engine.look(|live| {
        let tracked = live.inflows.iter().filter(|(name, inflow)| inflow.channel.is_some() && !name.name.is_empty());
        tracked.map(|(name, inflow)| (Reverse(inflow.n_events), name.name)).collect()
    });
    tracked.sort();
    let events: Vec<_> = events::described().into_iter().flat_map(|channel| channel.events).collect();
    tracked.into_iter().find_map(|(_, name)| {
        let meant = events.iter().find(|event| event.names.iter().any(|one| features::is_same(one, &name)))?;
        Some((name, meant.example.get("properties")?.clone()))
    })
}

/// A question of a kind as a command, with each parameter at what holds where nobody says.
pub(super) fn question(app: &App, base_url: &str, somebody: &Somebody, about: &KindAbout) -> String {
    format!("curl {} {base_url}/v1/decide -d {}", bearer(app), quoted(&about.example(&somebody.user)))
}

/// A demonstration's keys are known to everybody; any other key is shown nowhere, not even where one's own are tried in one.
pub(super) fn key<'a>(app: &App, key: &'a str, stand_in: &'a str) -> &'a str {
    if app.is_console_open && is_of_a_demonstration(key) { key } else { stand_in }
}

pub(super) fn bearer(app: &App) -> String {
    format!("-H 'Authorization: Bearer {}'", key(app, &app.settings.keys.server, "SERVER_KEY"))
}

/// The first kind of each form of answer that can be given some day.
fn one_of_each(app: &App) -> Vec<&KindAbout> {
    let mut found: Vec<&KindAbout> = Vec::new();
    let kinds = app.engine.capabilities().kinds.iter().map(Kind::about);
    for about in kinds.filter(|about| !waits(app, about)) {
        if found.iter().all(|other| other.shape != about.shape) {
            found.push(about);
        }
    }
    found
}

/// Commands to copy, each with what it does: with the demonstration's keys where it is one: an event, a question for each form of answer, and a
/// customer.
pub(super) fn examples(app: &App, base_url: &str, somebody: &Somebody) -> Vec<(String, String)> {
    let user = &somebody.user;
    let (write, bearer) = (key(app, &app.settings.keys.write, "WRITE_KEY"), bearer(app));
    let asked =
        one_of_each(app).into_iter().map(|about| (about.question.clone(), question(app, base_url, somebody, about)));
    let event = (
        "Send an event".to_owned(),
        format!("curl -u {write}: {base_url}/v1/track -d {}", quoted(&somebody.event().to_string())),
    );
    let customer = ("Read a customer".to_owned(), format!("curl {bearer} {base_url}/v1/customers/{user}"));
    std::iter::once(event).chain(asked).chain([customer]).collect()
}
