//! How does somebody at the console declare actions, flags and experiments, change them and take them away?
//!
//! One form for every list: its fields are data ([`fields`]), [`written`] puts a table into them, [`read`] takes out what was changed,
//! and the engine checks and saves it as it does for `PUT /v1/…`. `do=look` only tells what would be.

mod fields;
mod fill;
mod prospects;
mod read;
mod switches;
mod written;

use super::door::{flash, unreadable};
use super::visit::Visit;
use crate::app::App;
use crate::error::ServerError;
use crate::failure::ApiError;
use axum::extract::rejection::{FormRejection, PathRejection};
use axum::extract::{DefaultBodyLimit, Path};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Form, Router};
use console::format::url_part;
use decisions::Playbook;
use engine::{DeclaredIn, Declaring, EngineError, KnownTable};
use fill::{Draft, Refused};
use primitives::ErrorKind;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use written::Filled;

use fill::word;

/// The largest form: what is handed out with an action may be long, and a browser writes some letters as three.
const FORM_BYTES_MAX: usize = 256 * 1024;

type Sent = Result<Form<Vec<(String, String)>>, FormRejection>;
type Named = Result<Path<String>, PathRejection>;

/// The paths of the forms: `/new/actions`, `/actions/{name}/edit` and the same of each list. What is new stands beside the lists and not
/// in them, where something may be called so.
pub(super) fn routes() -> Router<Arc<App>> {
    let mut router = Router::new();
    // What has no form is declared over HTTP alone.
    for &(list, _) in Playbook::LISTS.iter().filter(|(list, _)| !fields::groups(list).is_empty()) {
        let new = get(move |visit: Visit| show(visit, list, None))
            .post(move |visit: Visit, sent: Sent| save(visit, list, None, sent));
        let edit = get(move |visit: Visit, name: Named| async move {
            let Ok(Path(name)) = name else { return visit.not_found() };
            show(visit, list, Some(name)).await
        })
        .post(move |visit: Visit, name: Named, sent: Sent| async move {
            let Ok(Path(name)) = name else { return visit.not_found() };
            save(visit, list, Some(name), sent).await
        });
        let remove = post(move |visit: Visit, name: Named| remove(visit, list, name));
        router = router
            .route(&format!("/new/{list}"), new)
            .route(&format!("/{list}/{{name}}/edit"), edit)
            .route(&format!("/{list}/{{name}}/remove"), remove);
    }
    router
        .route("/flags/{name}/switch", post(switches::switch))
        .route("/experiments/{name}/state", post(switches::turn))
        .route("/experiments/{name}/ship", post(switches::ship))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

/// What a form is about.
#[derive(Debug, Clone)]
struct Meant {
    list: &'static str,
    /// What it changes; `None` of something new.
    name: Option<String>,
}

impl Meant {
    /// Where the form stands.
    fn address(&self) -> String {
        match &self.name {
            None => format!("/new/{}", self.list),
            Some(name) => format!("/{}/{}/edit", self.list, url_part(name)),
        }
    }

    fn known(&self, app: &App) -> Result<Option<KnownTable>, EngineError> {
        self.name.as_ref().map(|name| app.engine.declared_as(self.list, name)).transpose()
    }
}

/// Where one of a list is told of.
fn told_at(list: &str, name: &str) -> String {
    match list {
        "actions" => format!("/actions/{}", url_part(name)),
        "flags" => format!("/flags#f-{}", url_part(name)),
        other => format!("/{other}#e-{}", url_part(name)),
    }
}

async fn show(visit: Visit, list: &'static str, name: Option<String>) -> Response {
    let meant = Meant { list, name };
    visit
        .page(move |app, frame| {
            let known = meant.known(app)?;
            let table = known.as_ref().map(|known| known.table.clone()).unwrap_or_default();
            let draft = Draft { filled: written::written(list, &table), seen: None, refused: None, is_looked_at: true };
            Ok(fill::page(app, frame, &meant, known.as_ref(), draft).render())
        })
        .await
}

/// What became of a form that was sent.
enum Became {
    /// It is in force, under this name.
    Saved(String),
    /// It is not: why, beside its fields.
    Not(Box<Draft>),
}

async fn save(visit: Visit, list: &'static str, name: Option<String>, sent: Sent) -> Response {
    let Ok(Form(pairs)) = sent else { return unreadable(&visit) };
    let (meant, filled, by) = (Meant { list, name }, pairs.into_iter().collect::<Filled>(), visit.by());
    let is_look = filled.text("do") == "look";
    let asked = meant.clone();
    let became = visit.app.run(move |app| {
        let known = asked.known(app)?;
        let seen = Some(filled.text("seen").to_owned()).filter(|seen| !seen.is_empty());
        let saved = said(&asked, known.as_ref(), &filled).and_then(|table| {
            let wanted = wanted(&asked, &table, seen.as_deref());
            match is_look {
                true => app.engine.would_declare(list, wanted).map(|_| None).map_err(Refused::from),
                false => app.declare(list, wanted, &by).map_err(Refused::from),
            }
        });
        Ok::<_, ServerError>(match saved {
            Ok(Some(saved)) => Became::Saved(saved.name().to_owned()),
            Ok(None) => Became::Not(Box::new(Draft { filled, seen, refused: None, is_looked_at: true })),
            Err(Refused::Engine(error)) if fill::is_ours(&error) => return Err(error.into()),
            Err(refused) => {
                Became::Not(Box::new(Draft { filled, seen, refused: Some(refused), is_looked_at: is_look }))
            }
        })
    });
    match became.await {
        Err(error) => visit.failed(&error),
        Ok(Became::Saved(name)) => {
            let done = format!("The {} “{name}” is saved, and in force.", word(list));
            visit.lead_to(&told_at(list, &name), &flash(Ok(done)))
        }
        Ok(Became::Not(draft)) => {
            let at = meant.address();
            let mut response = visit
                .at(at)
                .page(move |app, frame| {
                    let known = meant.known(app)?;
                    Ok(fill::page(app, frame, &meant, known.as_ref(), *draft).render())
                })
                .await;
            if !is_look && response.status() == StatusCode::OK {
                *response.status_mut() = StatusCode::BAD_REQUEST;
            }
            response
        }
    }
}

/// What a form says of its table.
fn said(meant: &Meant, known: Option<&KnownTable>, filled: &Filled) -> Result<Map<String, Value>, Refused> {
    let table = known.map(|known| known.table.clone()).unwrap_or_default();
    let is_open = |field: &fields::Described| fill::is_open(field, known);
    let mut said = read::changed(meant.list, filled, &table, &is_open).map_err(Refused::Unread)?;
    if meant.list == "experiments" && known.is_none() {
        // It begins when somebody says so, and not by being written down.
        said.insert("state".to_owned(), json!("draft"));
    }
    Ok(said)
}

fn wanted<'a>(meant: &'a Meant, table: &'a Map<String, Value>, seen: Option<&'a str>) -> Declaring<'a> {
    match &meant.name {
        None => Declaring::New(table),
        Some(name) => Declaring::Changed { name, table, seen },
    }
}

/// `POST /actions/{name}/remove`, and the same of each list.
async fn remove(visit: Visit, list: &'static str, name: Named) -> Response {
    let Ok(Path(name)) = name else { return visit.not_found() };
    let (by, back) = (visit.by(), Meant { list, name: Some(name.clone()) }.address());
    let removed: Result<String, ApiError> = visit
        .app
        .run(move |app| {
            app.declare(list, Declaring::Gone(&name), &by)?;
            Ok(format!("The {} “{name}” is taken away.", word(list)))
        })
        .await;
    let to = if removed.is_ok() { format!("/{list}") } else { back };
    visit.lead_to(&to, &flash(removed))
}

/// What is saved here, and not declared by the settings.
///
/// # Errors
/// [`ServerError`] that says where it is changed.
fn saved(app: &App, list: &'static str, name: &str) -> Result<KnownTable, ServerError> {
    let known = app.engine.declared_as(list, name)?;
    match known.source {
        DeclaredIn::Saved => Ok(known),
        DeclaredIn::Settings => Err(ServerError::new(ErrorKind::Conflict, fill::settings_win(list, name))),
    }
}
