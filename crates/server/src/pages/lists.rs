//! Which lists are there, who is on one, and who is meant by a filter?

mod fill;

use super::Asked;
use super::door::{flash, unreadable};
use super::visit::Visit;
use crate::customer_files::{self, FileKind};
use crate::failure::ApiError;
use crate::signing::webhook;
use axum::Form;
use axum::extract::rejection::{FormRejection, PathRejection};
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use console::format::url_part;
use decisions::List;
use engine::KnownList;
use governance::Deed;
use serde::Deserialize;

/// `/lists`, and `/lists?filter=` for whom a filter means.
pub(super) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let is_asked = asked.keys().any(|name| name == "filter" || name == "columns" || name.starts_with(fill::CHOSEN));
    visit
        .page(move |app, frame| {
            if is_asked { Ok(fill::tried(app, frame, &asked)?.render()) } else { Ok(fill::all(app, frame)?.render()) }
        })
        .await
}

/// `/lists/{name}`.
pub(super) async fn show(
    visit: Visit,
    name: Result<Path<String>, PathRejection>,
    Query(asked): Query<Asked>,
) -> Response {
    let Ok(Path(name)) = name else { return visit.not_found() };
    visit.page(move |app, frame| Ok(fill::one(app, frame, &name, &asked, None)?.render())).await
}

/// `/lists/export.csv?filter=`.
pub(super) async fn as_csv(visit: Visit, Query(asked): Query<Asked>) -> Response {
    file(visit, asked, FileKind::Csv).await
}

/// `/lists/export.parquet?filter=`.
pub(super) async fn as_parquet(visit: Visit, Query(asked): Query<Asked>) -> Response {
    file(visit, asked, FileKind::Parquet).await
}

async fn file(visit: Visit, asked: Asked, kind: FileKind) -> Response {
    let by = visit.by();
    let written = visit.app.run(move |app| {
        let part = |name: &str| asked.get(name).map_or("", String::as_str);
        let selection = app.engine.selection(part("filter"), part("sort"), part("columns"))?;
        customer_files::write(app, &by, &selection, kind)
    });
    match written.await {
        Ok(file) => kind.response(file).into_response(),
        Err(error) => visit.failed(&error),
    }
}

/// The form of a list to be saved.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    name: String,
    #[serde(default)]
    title: String,
    filter: String,
    #[serde(default)]
    sort: String,
    #[serde(default)]
    columns: String,
}

/// `POST /lists`.
pub(super) async fn save(visit: Visit, wanted: Result<Form<Wanted>, FormRejection>) -> Response {
    let Ok(Form(Wanted { name, title, filter, sort, columns })) = wanted else { return unreadable(&visit) };
    let title = if title.trim().is_empty() { primitives::capital(&name.replace(['_', '-'], " ")) } else { title };
    let back = format!("/lists?filter={}&sort={}&columns={}", url_part(&filter), url_part(&sort), url_part(&columns));
    let by = visit.by();
    let list = List { name: name.trim().to_owned(), title, filter, sort, columns, webhook: None };
    let saved = visit.app.run(move |app| {
        let saved = app.engine.save_list(&list, false)?.list;
        app.audit.note(Deed::ListSaved, &by, saved.name.as_str());
        Ok(saved)
    });
    match saved.await {
        Ok(list) => {
            let done = format!("The list “{}” is saved, and will be looked at in a moment.", list.title);
            visit.lead_to(&format!("/lists/{}", url_part(&list.name)), &flash(Ok(done)))
        }
        Err(error) => visit.lead_to(&back, &flash(Err(error))),
    }
}

/// `POST /lists/{name}/remove`.
pub(super) async fn remove(visit: Visit, name: Result<Path<String>, PathRejection>) -> Response {
    let Ok(Path(name)) = name else { return visit.not_found() };
    let (by, back) = (visit.by(), format!("/lists/{}", url_part(&name)));
    let removed = visit.app.run(move |app| {
        let title = app.engine.list(&name)?.list.title;
        app.engine.remove_list(&name)?;
        app.audit.note(Deed::ListRemoved, &by, name);
        Ok(format!("The list “{title}” is removed."))
    });
    let removed: Result<String, ApiError> = removed.await;
    let to = if removed.is_ok() { "/lists" } else { &back };
    visit.lead_to(to, &flash(removed))
}

/// The form of a webhook's address.
#[derive(Debug, Deserialize)]
pub(super) struct Address {
    url: String,
}

/// `POST /lists/{name}/webhook`. The secret of a new one is shown on the page that this answers with, once.
pub(super) async fn set_webhook(
    visit: Visit,
    name: Result<Path<String>, PathRejection>,
    address: Result<Form<Address>, FormRejection>,
) -> Response {
    let Ok(Path(name)) = name else { return visit.not_found() };
    let Ok(Form(Address { url })) = address else { return unreadable(&visit) };
    let (by, here, listed) = (visit.by(), format!("/lists/{}", url_part(&name)), name.clone());
    let set = visit.app.run(move |app| {
        let KnownList { list, state, .. } = app.engine.list(&name)?;
        let url = Some(url.trim().to_owned()).filter(|url| !url.is_empty());
        let (webhook, secret) = webhook(url, list.webhook.clone(), state.newest, &app.settings.webhooks)?;
        app.engine.save_list(&List { webhook, ..list }, true)?;
        app.audit.note(Deed::ListSaved, &by, name);
        Ok(secret)
    });
    match set.await {
        Ok(Some(secret)) => {
            let filled = |name: String, secret| {
                move |app: &crate::app::App, frame| {
                    Ok(fill::one(app, frame, &name, &Asked::new(), Some(secret))?.render())
                }
            };
            visit.at(here).page(filled(listed, secret)).await
        }
        done => visit.lead_to(&here, &flash(done.map(|_| "The webhook is as you say.".to_owned()))),
    }
}
