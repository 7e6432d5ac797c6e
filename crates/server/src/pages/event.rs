//! What was sent with one event, and what did it change?

use super::answer::rounded;
use super::customer::past::{BUSY, is_too_much};
use super::customer::shown_trait;
use super::events::row;
use super::visit::{Visit, note_opened};
use crate::app::App;
use crate::error::ServerError;
use crate::looks::Opener;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::Response;
use console::view::{Changed, ChangedFeature, EventPage, Frame};
use engine::Change;
use events::{Call, Deed, Event, Offset, Origin, Recorded};
use governance::ConsentBasis;
use primitives::{Currency, capital};
use profiles::{Identifier, Profile};
use std::collections::{BTreeMap, BTreeSet};

/// The longest value of a trait that is shown.
const VALUE_CHARS_MAX: usize = 200;

/// `/events/{offset}`.
pub(super) async fn show(visit: Visit, offset: Result<Path<u64>, PathRejection>) -> Response {
    let Ok(Path(offset)) = offset else { return visit.not_found() };
    let opener = visit.opener();
    visit.page(move |app, frame| Ok(fill(app, &opener, frame, Offset(offset))?.render())).await
}

fn fill(app: &App, opener: &Opener, frame: Frame, offset: Offset) -> Result<EventPage, ServerError> {
    let recorded = app.engine.event(offset)?;
    let place = app.looks.pasts.try_acquire();
    let change = match place.as_ref().map(|_| app.engine.change_by(&recorded)) {
        Err(_) => Err(BUSY.to_owned()),
        Ok(Ok(change)) => Ok(changed(&recorded, change)),
        // Too much hangs together with it: that is said in place of what it changed.
        Ok(Err(error)) if is_too_much(&error) => Err(capital(&error.to_string())),
        Ok(Err(error)) => return Err(error.into()),
    };
    drop(place);
    let read = match recorded.event.deed() {
        Deed::Other | Deed::PageViewed => None,
        deed => serde_json::to_string(deed).ok(),
    };
    let origin = match recorded.event.origin {
        Origin::Client => "a write key",
        Origin::Server => "a server key",
        Origin::Import => "import",
    };
    let row = row::accepted(app, &recorded)?;
    if let Some(id) = &row.customer {
        note_opened(app, opener, id.as_str());
    }
    Ok(EventPage { frame, row, origin: origin.to_owned(), read, change })
}

fn changed(Recorded { offset, event }: &Recorded, change: Change) -> Changed {
    Changed {
        identity: identity(*offset, event, &change),
        traits: traits(&change),
        consents: change.consents.iter().map(|answer| (capital(answer.purpose.name()), consent(answer))).collect(),
        features: change.features.iter().map(|moved| feature(moved, change.currency)).collect(),
    }
}

fn consent(answer: &governance::ConsentAnswer) -> String {
    match (answer.granted, answer.basis) {
        (true, ConsentBasis::Stated { .. }) => "granted by the customer".to_owned(),
        (false, ConsentBasis::Stated { .. }) => "refused by the customer".to_owned(),
        (true, ConsentBasis::Default) => "granted by the settings’ default".to_owned(),
        (false, ConsentBasis::Default) => "not granted by the settings’ default".to_owned(),
    }
}

fn feature((of, before, after): &engine::Moved, currency: Option<Currency>) -> ChangedFeature {
    let unit = match of.unit {
        "currency" => currency.as_ref().map_or("", Currency::code),
        unit => unit,
    };
    let known = |value: f64| (!value.is_nan()).then(|| rounded(of.unit, value));
    ChangedFeature {
        name: of.name.clone(),
        meaning: of.meaning.clone(),
        unit: unit.to_owned(),
        before: known(*before),
        after: known(*after),
    }
}

/// What it did with who is who.
fn identity(offset: Offset, event: &Event, change: &Change) -> Vec<String> {
    if let Call::Item { item_id, .. } = &event.call {
        return vec![format!("It tells what is known of the item {item_id} of the catalogue.")];
    }
    let Some(after) = &change.after else { return Vec::new() };
    let mut said = Vec::new();
    match change.before.as_slice() {
        [] => said.push(format!("A new customer: {}.", after.id)),
        [_] => {}
        several => {
            let ids: Vec<String> = several.iter().map(|one| one.id.to_string()).collect();
            if after.joins.as_slice().iter().any(|join| join.offset == offset) {
                said.push(format!("{} became one customer: {}.", ids.join(" and "), after.id));
            }
        }
    }
    let known: BTreeSet<&Identifier> = change.before.iter().flat_map(|one| one.links.keys()).collect();
    let of_names = after.links.iter().filter(|(name, _)| !known.contains(name));
    said.extend(of_names.map(|(name, link)| format!("{name} belongs to them from here on: {}.", link.reason.text())));
    // A refusal is kept by both, and only so many: which one is this event's tells its place.
    let refused = after.refusals.iter().filter(|one| one.offset == offset);
    said.extend(
        refused.map(|one| format!("{} and {} were not joined: {}.", one.names[0], one.names[1], one.reason.text())),
    );
    said
}

fn traits(change: &Change) -> Vec<(String, Option<String>, Option<String>)> {
    let told = |profiles: &[Profile]| -> BTreeMap<String, String> {
        let each = profiles.iter().flat_map(|one| one.traits.iter());
        each.map(|(name, said)| (name.clone(), said.json.to_string())).collect()
    };
    let (before, after) = (told(&change.before), told(change.after.as_slice()));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let value =
        |of: &BTreeMap<String, String>, name: &String| of.get(name).map(|json| shown_trait(json, VALUE_CHARS_MAX));
    let moved = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    moved.map(|name| (name.clone(), value(&before, name), value(&after, name))).collect()
}
