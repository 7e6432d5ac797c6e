//! How does the interface describe itself?

use crate::app::App;
use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::get;
use std::sync::Arc;
use utoipa::openapi::path::PathItem;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, Info, License, OpenApi, OpenApiBuilder, Ref, ResponseBuilder, Tag};
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

/// Says of each operation that asks for a key what all of them may answer.
fn complete(document: &mut OpenApi) {
    let paths = document.paths.paths.values_mut();
    let operations = paths.flat_map(|PathItem { get, post, put, delete, .. }| [get, post, put, delete]).flatten();
    for operation in operations.filter(|operation| operation.security.is_some()) {
        for (status, description) in OF_KEYS {
            let body = Content::new(Some(Ref::from_schema_name("ErrorBody")));
            let response = ResponseBuilder::new().description(description).content("application/json", body);
            operation.responses.responses.entry(status.to_owned()).or_insert_with(|| response.into());
        }
    }
}

/// The document as JSON, and a page to read it.
pub(super) fn routes(document: &OpenApi) -> Router<Arc<App>> {
    // Written once: the router is shared by all connections, and so are these bytes. A document of texts can be written.
    let json = Bytes::from(serde_json::to_vec(document).unwrap_or_default());
    Router::new()
        .route("/openapi.json", get(move || async move { ([(header::CONTENT_TYPE, "application/json")], json) }))
        .merge(SwaggerUi::new("/docs").config(utoipa_swagger_ui::Config::from("/openapi.json")))
}
