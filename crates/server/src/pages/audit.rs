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
    let found = app.storage.audit(&AuditQuestion { deeds: deeds(of), before, n_max: N_ROWS })?;
    let last = found.last().filter(|_| found.len() == N_ROWS).map(|(number, _)| *number);
    Ok(AuditPage {
        of,
        older: last.map(|number| format!("/audit?of={}&before={number}", of.name())),
        keep_days: u64::try_from(app.settings.audit.keep_days).unwrap_or(0),
        rows: found.into_iter().map(|(_, entry)| row(entry)).collect(),
        frame,
    })
}

/// The deeds that a filter shows; none stands for all of them.
fn deeds(of: AuditFilter) -> Vec<Deed> {
    Deed::ALL.into_iter().filter(|deed| told(*deed).0 == of).collect()
}

/// Under which filter a deed is found, and how it is told.
fn told(deed: Deed) -> (AuditFilter, &'static str, Icon) {
    match deed {
        Deed::SignIn => (AuditFilter::SignIns, "Signed in", Icon::Person),
        Deed::SignInRefused => (AuditFilter::SignIns, "Sign-in refused", Icon::Alert),
        Deed::CustomerOpened => (AuditFilter::Customers, "Opened a customer", Icon::People),
        Deed::Training => (AuditFilter::Models, "Had a model trained", Icon::Layers),
        Deed::Promotion => (AuditFilter::Models, "Put a model in force", Icon::Layers),
        Deed::Rollback => (AuditFilter::Models, "Rolled a model back", Icon::Layers),
        Deed::Import => (AuditFilter::Imports, "Imported a file", Icon::Pulse),
        Deed::ImportReplaced => (AuditFilter::Imports, "Replaced what was imported", Icon::Pulse),
        Deed::ImportUndone => (AuditFilter::Imports, "Had an import undone", Icon::Pulse),
        Deed::ListSaved => (AuditFilter::Customers, "Saved a list", Icon::People),
        Deed::ListRemoved => (AuditFilter::Customers, "Removed a list", Icon::People),
        Deed::Declared => (AuditFilter::Declared, "Declared", Icon::Layers),
        Deed::DeclarationRemoved => (AuditFilter::Declared, "Took a declaration away", Icon::Layers),
        Deed::CustomersExported => (AuditFilter::Customers, "Exported customers", Icon::People),
        Deed::CustomerErased => (AuditFilter::Customers, "Had a customer erased", Icon::People),
        Deed::CustomerAllowed => (AuditFilter::Customers, "Let an erased customer in again", Icon::People),
        Deed::SettingsFollowed => (AuditFilter::Models, "Took over what the settings declare", Icon::Layers),
        Deed::CustomerSeparated => (AuditFilter::Customers, "Separated a customer", Icon::People),
        Deed::ConsentRefused => (AuditFilter::Customers, "Refused a use for a customer", Icon::People),
        Deed::KeyCreated => (AuditFilter::Keys, "Made a key", Icon::Key),
        Deed::KeyRevoked => (AuditFilter::Keys, "Revoked a key", Icon::Key),
    }
}

/// What stands in the place of the id of a customer who was erased since.
const ERASED: &str = "erased ";

fn row(entry: AuditEntry) -> AuditRow {
    let (_, what, icon) = told(entry.deed);
    let role = match &entry.actor {
        Actor::Key { role, .. } => Some(role.to_string()),
        _ => None,
    };
    let is_of_one = matches!(entry.deed, Deed::CustomerOpened | Deed::CustomerSeparated | Deed::ConsentRefused);
    let is_customer = is_of_one && !entry.subject.starts_with(ERASED);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_deed_is_found_under_one_filter_and_every_filter_finds_some() {
        assert!(deeds(AuditFilter::All).is_empty(), "which shows all");
        let filters = AuditFilter::ALL.into_iter().map(|(filter, _)| filter).filter(|of| *of != AuditFilter::All);
        let found: Vec<Vec<Deed>> = filters.map(deeds).collect();
        assert!(found.iter().all(|deeds| !deeds.is_empty()), "{found:?}");
        for deed in Deed::ALL {
            assert_eq!(found.iter().flatten().filter(|one| **one == deed).count(), 1, "{deed:?}");
        }
        assert_eq!(deeds(AuditFilter::Imports), [Deed::Import, Deed::ImportReplaced, Deed::ImportUndone]);
    }
}
