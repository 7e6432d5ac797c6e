//! How do the answers look? Examples beside them in the description.

use crate::recorded::Recorded;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{Content, OpenApi, RefOr, Response};

const JSON: &str = "application/json";

/// Puts an example beside every answer in JSON.
pub(super) fn add(document: &mut OpenApi) {
    let recorded = Recorded::read();
    let mut of_schemas = BTreeMap::new();
    each(document, &mut |asked, status, response| {
        let own = recorded.answers.get(asked).and_then(|own| own.get(status));
        if (asked, status) == ("POST /v1/decide", "200") {
            show_each(response, &recorded.decisions);
        } else if let Some(content) = unshown(response) {
            content.example = own.or_else(|| recorded.errors.get(status)).cloned();
            of_schemas.extend(schema(content).zip(content.example.clone()));
        }
    });
    // What could not be asked for looks like what has the same form.
    each(document, &mut |_, _, response| {
        if let Some(content) = unshown(response) {
            content.example = schema(content).and_then(|schema| of_schemas.get(&schema).cloned());
        }
    });
}

/// Calls `with` with every answer: of what, under which status.
fn each(document: &mut OpenApi, with: &mut dyn FnMut(&str, &str, &mut Response)) {
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            for (status, response) in &mut operation.responses.responses {
                if let RefOr::T(response) = response {
                    with(&format!("{method} {path}"), status, response);
                }
            }
        }
    }
}

/// The JSON of an answer, where no example stands beside it yet.
fn unshown(response: &mut Response) -> Option<&mut Content> {
    match response.content.get_mut(JSON)? {
        RefOr::T(content) => Some(content).filter(|content| content.example.is_none() && content.examples.is_empty()),
        RefOr::Ref(_) => None,
    }
}

/// The form of an answer, where it has a name. Errors of one status say nothing of those of another.
fn schema(content: &Content) -> Option<String> {
    match content.schema.as_ref()? {
        RefOr::Ref(named) if !named.ref_location.ends_with("ErrorBody") => Some(named.ref_location.clone()),
        _ => None,
    }
}

/// Shows an answer for each kind in place of one.
fn show_each(response: &mut Response, decisions: &BTreeMap<String, Value>) {
    let Some(content) = unshown(response) else { return };
    for (kind, answer) in decisions {
        let example = ExampleBuilder::new().value(Some(answer.clone())).build();
        content.examples.insert(kind.clone(), example.into());
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let PathItem { get, post, put, delete, .. } = item;
    let named = [("GET", get), ("POST", post), ("PUT", put), ("DELETE", delete)];
    named.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}
