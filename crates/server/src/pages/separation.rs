//! What becomes of a customer without one of their names, and what happens at "Yes, not this person"?

use super::Asked;
use super::door;
use super::visit::Visit;
use axum::Form;
use axum::extract::rejection::{FormRejection, PathRejection};
use axum::extract::{Path, Query};
use axum::response::Response;
use console::format::{counted, url_part};
use console::view::{Frame, Part, SeparationPage};
use engine::Parted;
use governance::Deed;
use profiles::Identifier;
use serde::Deserialize;

/// `/customers/{id}/separate?identifier=`: the question before it. Changes nothing.
pub(super) async fn show(
    visit: Visit,
    id: Result<Path<String>, PathRejection>,
    Query(mut asked): Query<Asked>,
) -> Response {
    let (Ok(Path(id)), Some(identifier)) = (id, asked.remove("identifier")) else { return visit.not_found() };
    let by = visit.by();
    visit
        .page(move |app, frame| {
            let parted = app.engine.foresee_separation(&id, &identifier)?;
            app.audit.note(Deed::CustomerOpened, &by, parted.customer.as_str());
            Ok(fill(frame, parted, identifier).render())
        })
        .await
}

/// The form of "Yes, not this person".
#[derive(Debug, Deserialize)]
pub(super) struct Separated {
    identifier: String,
    #[serde(default)]
    reason: String,
}

/// `POST /customers/{id}/separate`: leads to who is left of the customer.
pub(super) async fn separate(
    visit: Visit,
    id: Result<Path<String>, PathRejection>,
    form: Result<Form<Separated>, FormRejection>,
) -> Response {
    let Ok(Path(id)) = id else { return visit.not_found() };
    let Ok(Form(form)) = form else { return door::unreadable(&visit) };
    let (by, page) = (visit.by(), page_of(&id));
    let done = visit.app.run(move |app| {
        let parted = app.engine.separate(&id, &form.identifier, form.reason.trim())?;
        app.audit.note(Deed::CustomerSeparated, &by, parted.customer.as_str());
        Ok((page_of(left(&parted)), said(&parted)))
    });
    match done.await {
        Ok((page, said)) => visit.lead_to(&page, &door::flash(Ok(said))),
        Err(error) => visit.lead_to(&page, &door::flash(Err(error))),
    }
}

fn page_of(id: &str) -> String {
    format!("/customers/{}", url_part(id))
}

/// Who is left of the customer: mostly they themselves. Where nothing was theirs but the other's, who has most of it.
fn left(parted: &Parted) -> &str {
    let themselves = parted.parts.iter().find(|part| part.customer == parted.customer);
    let one = themselves.or(parted.parts.first()).filter(|_| parted.is_done);
    one.map_or(&parted.customer, |part| &part.customer).as_str()
}

fn said(parted: &Parted) -> String {
    let gone = parted.parts.iter().filter(|part| part.customer.as_str() != left(parted));
    let events = counted(gone.map(|part| part.n_events).sum(), "event", "events");
    if parted.is_done {
        format!("They are two people now, in the past as well: {events} went to others.")
    } else {
        "They are two people from now on. The past is being told anew, which takes a while.".to_owned()
    }
}

fn fill(frame: Frame, parted: Parted, identifier: String) -> SeparationPage {
    let [founder, other] = parted.names.map(|name| name.to_string());
    let parts = parted.parts.into_iter().map(|part| Part {
        id: part.customer.to_string(),
        names: part.names.iter().map(Identifier::to_string).collect(),
        n_events: part.n_events,
    });
    SeparationPage { id: parted.customer.to_string(), founder, other, identifier, parts: parts.collect(), frame }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::PartOf;

    #[test]
    fn it_leads_to_who_is_left_and_counts_what_went_to_others() {
        for (parts, is_done, expected, n_gone) in [
            (&[("bob", 5), ("ann", 3)][..], true, "ann", Some("5 events")),
            (&[("bob", 5), ("eve", 1)], true, "bob", Some("1 event ")),
            (&[], true, "ann", Some("0 events")),
            // Until the past is told anew, the customer is who they were.
            (&[("bob", 5), ("eve", 1)], false, "ann", None),
        ] {
            let part = |&(id, n_events): &(&str, u64)| PartOf { customer: id.into(), names: vec![], n_events };
            let names = ["ann", "bob"].map(|name| Identifier::founder(&name.into()));
            let parted = Parted { customer: "ann".into(), names, parts: parts.iter().map(part).collect(), is_done };
            assert_eq!(left(&parted), expected, "{parts:?}");
            let said = said(&parted);
            assert!(n_gone.map_or(said.contains("being told anew"), |n| said.contains(n)), "{said}");
        }
    }
}
