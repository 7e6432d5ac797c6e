//! How does the interface describe itself?

mod examples;

use crate::app::App;
use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::get;
use decisions::{Kind, KindAbout};
use engine::Capabilities;
use serde_json::Value;
use std::sync::Arc;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::PathItem;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, Info, License, OpenApi, OpenApiBuilder, Ref, RefOr, ResponseBuilder, Schema, Tag};
use utoipa_swagger_ui::SwaggerUi;

/// What everything that asks for a key may answer, beside what it says of itself.
const OF_KEYS: [(&str, &str); 4] = [
    ("401", "No key or an unknown one"),
    ("403", "The key may not do this"),
    ("429", "Too many requests; Retry-After says when to try again"),
    ("503", "The server cannot do this now; Retry-After says when to try again"),
];

/// What is said of the interface as a whole.
pub(super) fn base() -> OpenApi {
    let mut info = Info::new("Rapport", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Customer events in, decisions out. Event paths speak Segment's tracking API, so every Segment client works. \
         Keys go as a Bearer token or as the Basic user name."
            .to_owned(),
    );
    info.license = Some(License::new("Apache-2.0"));
    let tag = |name: &str, description: &str| {
        let mut tag = Tag::new(name);
        tag.description = Some(description.to_owned());
        tag
    };
    let mut base = OpenApiBuilder::new().info(info).build();
    base.tags = Some(vec![
        tag("events", "What happened (write key)"),
        tag("imports", "What happened before (server key; admin key to take out again)"),
        tag("decisions", "What should we do? (server key)"),
        tag("knowledge", "What is written down for customers (server key)"),
        tag("declarations", "What can be done, switched and tried out (server key)"),
        tag("conversations", "What do customers write, and whose turn is it? (server key)"),
        tag("customers", "What is known of a customer (server key)"),
        tag("models", "What was learned (server key to read, admin key to change)"),
        tag("operation", "Is it well?"),
    ]);
    let components = base.components.get_or_insert_default();
    let http = |scheme| SecurityScheme::Http(Http::new(scheme));
    components.add_security_scheme("bearer", http(HttpAuthScheme::Bearer));
    components.add_security_scheme("basic", http(HttpAuthScheme::Basic));
    base
}

/// The whole OpenAPI document.
#[must_use]
pub fn document() -> OpenApi {
    let mut document = super::described().split_for_parts().1;
    complete(&mut document);
    document
}

/// Lists what can be decided where it is asked for: an example of each kind that is built in. The name is no closed list, for
/// outcomes that the settings declare are kinds, too.
fn list_kinds(document: &mut OpenApi) {
    let capabilities = Capabilities::built_in();
    let kinds: Vec<&KindAbout> = capabilities.kinds.iter().map(Kind::about).collect();
    let decide = document.paths.paths.get_mut("/v1/decide").and_then(|item| item.post.as_mut());
    let body = decide.and_then(|operation| operation.request_body.as_mut());
    let contents = body.and_then(|body| match body {
        RefOr::T(body) => Some(body.content.values_mut()),
        RefOr::Ref(_) => None,
    });
    for content in contents.into_iter().flatten() {
        for about in &kinds {
            let usual = about.usual().map(|(name, default)| (name, default.into()));
            let parameters = usual.chain(about.needed()).map(|(name, value)| (name.to_owned(), value));
            let asked = [("decision".to_owned(), about.name.as_str().into()), ("userId".to_owned(), "42".into())];
            let value: serde_json::Map<String, Value> = asked.into_iter().chain(parameters).collect();
            let example =
                ExampleBuilder::new().summary(&about.question).description(told_of(about)).value(Some(value.into()));
            if let RefOr::T(content) = &mut *content {
                content.examples.insert(about.name.to_string(), example.build().into());
            }
        }
    }
    let lines: String = kinds.iter().map(|about| format!("\n- `{}`: {}", about.name, told_of(about))).collect();
    let schemas = document.components.as_mut().map(|components| &mut components.schemas);
    if let Some(RefOr::T(Schema::Object(body))) = schemas.and_then(|schemas| schemas.get_mut("DecideBody")) {
        body.description = Some(format!(
            "What is to be decided, about whom. Outcomes of the settings are decisions under their names, beside:\n{lines}"
        ));
    }
}

/// What a kind answers, and what a question of it may say.
fn told_of(about: &KindAbout) -> String {
    let parameters: String = about
        .parameters
        .iter()
        .map(|one| {
            let default = one.takes.default().map(|default| format!("; {default} where nothing is said"));
            let takes = one.takes.in_words();
            format!(" `{}`: {}, {takes}{}.", one.name, one.meaning.to_lowercase(), default.unwrap_or_default())
        })
        .collect();
    format!(
        "{} Answers with {}, for the purpose {}.{parameters}",
        about.question,
        about.shape.in_words(),
        about.purpose
    )
}

/// Says of each operation that asks for a key what all of them may answer.
fn complete(document: &mut OpenApi) {
    list_kinds(document);
    let paths = document.paths.paths.values_mut();
    let operations = paths.flat_map(|PathItem { get, post, put, delete, .. }| [get, post, put, delete]).flatten();
    for operation in operations.filter(|operation| operation.security.is_some()) {
        for (status, description) in OF_KEYS {
            let body = Content::new(Some(Ref::from_schema_name("ErrorBody")));
            let response = ResponseBuilder::new().description(description).content("application/json", body);
            operation.responses.responses.entry(status.to_owned()).or_insert_with(|| response.into());
        }
    }
    examples::add(document);
}

/// The document as JSON, and a page to read it.
pub(super) fn routes(document: OpenApi) -> Router<Arc<App>> {
    // Written once: the router is shared by all connections, and so are these bytes. A document of texts can be written.
    let json = Bytes::from(serde_json::to_vec(&document).unwrap_or_default());
    Router::new()
        .route("/openapi.json", get(move || async move { ([(header::CONTENT_TYPE, "application/json")], json) }))
        .merge(SwaggerUi::new("/docs").config(utoipa_swagger_ui::Config::from("/openapi.json")))
}
