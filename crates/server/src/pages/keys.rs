//! Which keys are there, and what happens when somebody makes or revokes one?

use super::door::{flash, unreadable};
use super::visit::Visit;
use crate::app::App;
use crate::audit::key_subject;
use crate::error::ServerError;
use crate::keys::{KeyInfo, KeyState};
use axum::Form;
use axum::extract::Path;
use axum::extract::rejection::{FormRejection, PathRejection};
use axum::response::Response;
use console::view::{Frame, KeyRow, KeyRowState, KeysPage, MadeKey};
use governance::{Deed, Role};
use primitives::ErrorKind;
use serde::Deserialize;

/// `/keys`.
pub(super) async fn show(visit: Visit) -> Response {
    visit.page(|app, frame| Ok(fill(app, frame, None).render())).await
}

/// The form of "Make key".
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    name: String,
    role: String,
}

/// `POST /keys`: the answer shows the key, once; it must stand in no address, no cookie and no log.
pub(super) async fn create(visit: Visit, wanted: Result<Form<Wanted>, FormRejection>) -> Response {
    let Ok(Form(Wanted { name, role })) = wanted else { return unreadable(&visit) };
    let by = visit.by();
    let made = visit.app.run(move |app| {
        let role = Role::from_name(&role).ok_or_else(no_such_role)?;
        let new = app.keys.create(&name, role)?;
        app.audit.note(Deed::KeyCreated, &by, subject(&new.info));
        Ok(MadeKey { name: new.info.name, role: new.info.role.to_string(), key: new.key })
    });
    match made.await {
        Ok(made) => {
            visit.at("/keys".to_owned()).page(move |app, frame| Ok(fill(app, frame, Some(made)).render())).await
        }
        failed => visit.lead_to("/keys", &flash(failed.map(|_| String::new()))),
    }
}

/// `POST /keys/{id}/revoke`.
pub(super) async fn revoke(visit: Visit, id: Result<Path<String>, PathRejection>) -> Response {
    let Ok(Path(id)) = id else { return visit.not_found() };
    let by = visit.by();
    let done = visit.app.run(move |app| {
        let revoked = app.keys.revoke(&id)?;
        app.audit.note(Deed::KeyRevoked, &by, subject(&revoked));
        Ok(format!("The {} key “{}” opens nothing any more.", revoked.role, revoked.name))
    });
    visit.lead_to("/keys", &flash(done.await))
}

fn fill(app: &App, frame: Frame, made: Option<MadeKey>) -> KeysPage {
    let roles = Role::ALL.map(|role| (role.to_string(), role.meaning().to_owned())).into();
    KeysPage { frame, made, roles, rows: app.keys.list().into_iter().map(row).collect() }
}

fn row(info: KeyInfo) -> KeyRow {
    let KeyInfo { id, name, role, created_at, used_at, state } = info;
    let state = match state {
        KeyState::InForce => KeyRowState::InForce,
        KeyState::Preset => KeyRowState::Preset,
        KeyState::Replaced => KeyRowState::Replaced,
        KeyState::Revoked { at } => KeyRowState::Revoked { at },
    };
    KeyRow { id, name, role: role.to_string(), created_at, used_at, state }
}

fn subject(info: &KeyInfo) -> String {
    key_subject(info.role, &info.name, &info.id)
}

fn no_such_role() -> ServerError {
    let names = Role::ALL.map(Role::name).join(", ");
    ServerError::new(ErrorKind::Invalid, format!("there is no such role: choose one of {names}"))
}
