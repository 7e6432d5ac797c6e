//! Who did what, for programs?

use super::auth::MayAdminister;
use super::events::limit;
use super::extract::Query;
use crate::app::App;
use crate::failure::ApiError;
use axum::Json;
use axum::extract::State;
use governance::{Actor, AuditEntry, Deed};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use storage::AuditQuestion;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(audit))
}

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// How many, 1 to 1000.
    #[param(value_type = Option<usize>, default = 50, minimum = 1, maximum = 1000)]
    limit: Option<String>,
    /// Only one kind: `sign_in`, `sign_in_refused`, `customer_opened`, `training`, `promotion`, `rollback`, `import`,
    /// `import_replaced`, `import_undone`, `list_saved`, `list_removed`, `declared`, `declaration_removed`, `customers_exported`, `customer_separated`,
    /// `consent_refused`, `key_created`, `key_revoked`, `customer_erased`, `customer_allowed` or `settings_followed`.
    deed: Option<String>,
    /// Only entries with a smaller number: the smallest one of the last answer goes on from there.
    #[param(value_type = Option<u64>)]
    before: Option<String>,
}

/// Who did what.
#[derive(Debug, Serialize, ToSchema)]
struct AuditReply {
    /// The entries, newest first.
    entries: Vec<AuditEntryReply>,
}

/// One entry of the audit list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AuditEntryReply {
    /// Its number; later ones have larger numbers.
    number: u64,
    /// When it was.
    at: String,
    /// What was done.
    deed: &'static str,
    /// Who did it: `key`, `open_console`, `command`, `schedule` or `unknown`.
    actor: &'static str,
    /// The id of their key.
    key_id: Option<String>,
    /// The name of their key.
    key_name: Option<String>,
    /// The role of their key.
    role: Option<&'static str>,
    /// From which address it came.
    address: Option<String>,
    /// To what it was done.
    subject: String,
}

impl From<(u64, AuditEntry)> for AuditEntryReply {
    fn from((number, entry): (u64, AuditEntry)) -> Self {
        let AuditEntry { at, deed, actor, address, subject } = entry;
        let (actor, key) = match actor {
            Actor::Key { id, name, role } => ("key", Some((id, name, role.name()))),
            Actor::OpenConsole => ("open_console", None),
            Actor::Command => ("command", None),
            Actor::Schedule => ("schedule", None),
            Actor::Unknown => ("unknown", None),
        };
        let (key_id, key_name, role) = match key {
            Some((id, name, role)) => (Some(id), Some(name), Some(role)),
            None => (None, None, None),
        };
        Self {
            number,
            at: at.to_string(),
            deed: deed.name(),
            actor,
            key_id,
            key_name,
            role,
            address: address.map(|address| address.to_string()),
            subject,
        }
    }
}

/// Who signed in, opened which customer, trained models, imported files and changed keys
#[utoipa::path(
    get, path = "/v1/audit", tag = "operation", params(Filter),
    responses(
        (status = 200, description = "The newest entries", body = AuditReply),
        (status = 400, description = "A filter cannot be read", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn audit(
    _: MayAdminister,
    State(app): State<Arc<App>>,
    Query(filter): Query<Filter>,
) -> Result<Json<AuditReply>, ApiError> {
    let deeds = filter.deed.as_deref().map(deed).transpose()?.into_iter().collect();
    let before = filter.before.as_deref().map(number).transpose()?;
    let question = AuditQuestion { deeds, before, n_max: limit(filter.limit.as_deref())? };
    let found = app.run(move |app| Ok(app.storage.audit(&question)?)).await?;
    Ok(Json(AuditReply { entries: found.into_iter().map(AuditEntryReply::from).collect() }))
}

fn deed(text: &str) -> Result<Deed, ApiError> {
    Deed::from_name(text).ok_or_else(|| {
        let names = Deed::ALL.map(Deed::name).join(", ");
        ApiError::invalid(format!("there is no such deed: give one of {names}"))
    })
}

fn number(text: &str) -> Result<u64, ApiError> {
    text.parse().map_err(|_| ApiError::invalid("before must be the number of an entry"))
}
