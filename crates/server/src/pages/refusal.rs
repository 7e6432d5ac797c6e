//! How does somebody at the console write down that a customer refuses a use of their data?

use super::customer::name_of;
use super::door;
use super::visit::Visit;
use crate::app::App;
use crate::error::ServerError;
use axum::Form;
use axum::extract::Path;
use axum::extract::rejection::{FormRejection, PathRejection};
use axum::response::Response;
use console::format::url_part;
use events::{CONSENT_UPDATED, CallKind, Envelope, Origin};
use governance::{Deed, Purpose};
use primitives::ErrorKind;
use profiles::Identifier;
use serde::Deserialize;
use serde_json::json;

/// The form of "They refuse".
#[derive(Debug, Deserialize)]
pub(super) struct Refused {
    purpose: String,
}

/// `POST /customers/{id}/refuse`: the customer's word in an event of the company's, which holds at once.
pub(super) async fn refuse(
    visit: Visit,
    id: Result<Path<String>, PathRejection>,
    form: Result<Form<Refused>, FormRejection>,
) -> Response {
    let Ok(Path(id)) = id else { return visit.not_found() };
    let asked = form.ok().and_then(|Form(form)| Purpose::ALL.into_iter().find(|one| one.name() == form.purpose));
    let Some(purpose) = asked else { return door::unreadable(&visit) };
    let (by, page) = (visit.by(), format!("/customers/{}", url_part(&id)));
    let done = visit.app.run(move |app| {
        let profile = app.engine.customer(&id)?.customer.profile;
        state(app, &name_of(&profile), purpose)?;
        app.audit.note(Deed::ConsentRefused, &by, profile.id.as_str());
        Ok(format!("Refused for them: {purpose}. It holds from now on."))
    });
    visit.lead_to(&page, &door::flash(done.await))
}

/// Takes in what a consent manager would send with a server key.
fn state(app: &App, name: &Identifier, purpose: Purpose) -> Result<(), ServerError> {
    let (field, name) = match name {
        Identifier::User(id) => ("userId", id.as_str()),
        Identifier::Anonymous(id) => ("anonymousId", id.as_str()),
    };
    let preferences = json!({"categoryPreferences": {purpose.name(): false}});
    let event = json!({field: name, "event": CONSENT_UPDATED, "properties": preferences}).to_string();
    let envelope = Envelope::new(app.engine.clock().now(), Origin::Server);
    let read = events::parse_single(event.as_bytes(), CallKind::Track, envelope);
    let failed =
        |why: String| ServerError::new(ErrorKind::Invalid, format!("the refusal cannot be written down: {why}"));
    let mut batch = read.map_err(|refusal| failed(refusal.to_string()))?;
    app.schemas.judge(&mut batch);
    if let Some(rejected) = batch.rejected.first() {
        return Err(failed(rejected.rejection.to_string()));
    }
    let ingested = app.engine.ingest(batch)?;
    if ingested.n_accepted == 0 {
        return Err(failed("the customer is being erased".to_owned()));
    }
    Ok(())
}
