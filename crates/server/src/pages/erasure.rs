//! What goes with a customer, and what happens at "Yes, for good"?

use super::door;
use super::visit::Visit;
use crate::app::ERASED_WITHIN;
use crate::removal;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::Response;
use console::format::counted;
use console::view::ErasurePage;
use engine::{Erasing, Foreseen};
use governance::Deed;
use profiles::Erasure;

/// `/customers/{id}/erase`: the question before it. Changes nothing.
pub(super) async fn show(visit: Visit, id: Result<Path<String>, PathRejection>) -> Response {
    let Ok(Path(id)) = id else { return visit.not_found() };
    let by = visit.by();
    visit
        .page(move |app, frame| {
            let Foreseen { customer, user, names, removed } = app.engine.foresee_erasure(&id)?;
            // By their id, as the erasure looks for it: what was typed may be any of their names.
            if let Some(customer) = customer {
                app.audit.note(Deed::CustomerOpened, &by, customer.as_str());
            }
            let erase = user.map_or_else(|| id.clone(), |user| user.to_meant());
            let names = names.iter().map(ToString::to_string).collect();
            Ok(ErasurePage { id, names, removed: removal::in_words(removed), erase, frame }.render())
        })
        .await
}

/// `POST /customers/{id}/erase`: for good.
pub(super) async fn erase(visit: Visit, id: Result<Path<String>, PathRejection>) -> Response {
    let Ok(Path(id)) = id else { return visit.not_found() };
    let by = visit.by();
    let done = visit.app.run(move |app| {
        let said = match app.eraser.erase(&id, &by, ERASED_WITHIN)? {
            Erasing::Done(Erasure { id, removed, .. }) => {
                let events = counted(removed.events, "event", "events");
                format!("Erased for good, with {events}. The receipt: {id}")
            }
            Erasing::UnderWay { erasure, failed: None } => {
                format!("The customer is being erased, which takes a while. The receipt: {}", erasure.id)
            }
            Erasing::UnderWay { erasure, failed: Some(why) } => {
                format!("The customer is being erased, and it waits: {why}. The receipt: {}", erasure.id)
            }
        };
        Ok(said)
    });
    visit.lead_to("/customers", &door::flash(done.await))
}
