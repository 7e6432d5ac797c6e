//! What was written down of who did what?

use super::visit::{Visit, name};
use super::{Asked, N_ROWS};
use crate::app::App;
use crate::error::ServerError;
use axum::extract::Query;
use axum::response::Response;
use console::Icon;
use console::format::url_part;
use console::view::{AuditFilter, AuditPage, AuditRow, Frame};
use governance::{Actor, AuditEntry, Deed};
use storage::AuditQuestion;

/// `/audit?of=&before=`.
pub(super) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Response {
    visit.page(move |app, frame| Ok(fill(app, frame, &asked)?.render())).await
}

fn fill(app: &App, frame: Frame, asked: &Asked) -> Result<AuditPage, ServerError> {
    let of = AuditFilter::parse(asked.get("of").map_or("", String::as_str));
    let before = asked.get("before").and_then(|before| before.parse().ok());
    let found = app.storage.audit(&AuditQuestion { deeds: deeds(of).to_vec(), before, n_max: N_ROWS })?;
    let last = found.last().filter(|_| found.len() == N_ROWS).map(|(number, _)| *number);
    Ok(AuditPage {
        of,
        older: last.map(|number| format!("/audit?of={}&before={number}", of.name())),
        keep_days: u64::try_from(app.settings.audit.keep_days).unwrap_or(0),
        rows: found.into_iter().map(|(_, entry)| row(entry)).collect(),
        frame,
    })
}

fn deeds(of: AuditFilter) -> &'static [Deed] {
    match of {
        AuditFilter::All => &[],
        AuditFilter::SignIns => &[Deed::SignIn, Deed::SignInRefused],
        AuditFilter::Customers => &[Deed::CustomerOpened],
        AuditFilter::Models => &[Deed::Training, Deed::Promotion, Deed::Rollback],
        AuditFilter::Keys => &[Deed::KeyCreated, Deed::KeyRevoked],
    }
}

fn row(entry: AuditEntry) -> AuditRow {
    let (what, icon) = match entry.deed {
        Deed::SignIn => ("Signed in", Icon::Person),
        Deed::SignInRefused => ("Sign-in refused", Icon::Alert),
        Deed::CustomerOpened => ("Opened a customer", Icon::People),
        Deed::Training => ("Had a model trained", Icon::Layers),
        Deed::Promotion => ("Put a model in force", Icon::Layers),
        Deed::Rollback => ("Rolled a model back", Icon::Layers),
        Deed::Import => ("Imported a file", Icon::Pulse),
        Deed::ImportReplaced => ("Replaced what was imported", Icon::Pulse),
        Deed::ImportUndone => ("Had an import undone", Icon::Pulse),
        Deed::KeyCreated => ("Made a key", Icon::Key),
        Deed::KeyRevoked => ("Revoked a key", Icon::Key),
    };
    let role = match &entry.actor {
        Actor::Key { role, .. } => Some(role.to_string()),
        _ => None,
    };
    let is_customer = entry.deed == Deed::CustomerOpened;
    AuditRow {
        at: entry.at,
        who: name(&entry.actor),
        role,
        what: what.to_owned(),
        is_refusal: entry.deed == Deed::SignInRefused,
        icon,
        href: is_customer.then(|| format!("/customers/{}", url_part(&entry.subject))),
        subject: entry.subject,
        address: entry.address.map(|address| address.to_string()),
    }
}
