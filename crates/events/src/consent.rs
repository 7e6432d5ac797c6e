//! What did the customer agree to in this event? Segment's consent preferences, read into purposes.

use crate::rejection::pointer_segment;
use crate::{Call, Event, Rejection};
use governance::Purpose;
use serde_json::Value;

/// The tracked event by which consent managers say that a customer's preferences changed.
pub const CONSENT_UPDATED: &str = "Segment Consent Preference Updated";

/// What the customer said, per purpose, in the order of [`Purpose::ALL`].
///
/// Read from `context.consent.categoryPreferences` of any event and from `properties.categoryPreferences` of
/// [`CONSENT_UPDATED`]. Categories that stand for no purpose are somebody else's business. Where several categories
/// stand for one purpose, a refusal wins.
#[must_use]
pub fn consent_statements(event: &Event) -> Vec<(Purpose, bool)> {
    let mut said: [Option<bool>; Purpose::ALL.len()] = [None; Purpose::ALL.len()];
    // Asked of the fields and not of what they hold, so that a context that says nothing of consent stays unopened.
    let of_context = event.context.get("consent").and_then(|consent| consent.get("categoryPreferences")?.as_object());
    for preferences in [of_context, preferences_of_update(event).and_then(Value::as_object)].into_iter().flatten() {
        for (category, choice) in preferences {
            let (Some(purpose), Some(granted)) = (Purpose::from_category(category), choice.as_bool()) else { continue };
            if let Some(place) = Purpose::ALL.iter().position(|known| *known == purpose) {
                said[place] = Some(granted && said[place].unwrap_or(true));
            }
        }
    }
    Purpose::ALL.into_iter().zip(said).filter_map(|(purpose, granted)| Some((purpose, granted?))).collect()
}

/// Refuses preferences that are neither given nor refused: to guess would be to consent for the customer.
pub(crate) fn check(event: &Event) -> Result<(), Rejection> {
    if let Some(consent) = event.context.get("consent") {
        match consent {
            Value::Null => {}
            Value::Object(consent) => check_preferences(
                consent.get("categoryPreferences").unwrap_or(&Value::Null),
                "/context/consent/categoryPreferences",
            )?,
            other => return Err(Rejection::wrong_type("/context/consent", other, PREFERENCES)),
        }
    }
    match preferences_of_update(event) {
        Some(preferences) => check_preferences(preferences, "/properties/categoryPreferences"),
        None => Ok(()),
    }
}

const PREFERENCES: &str = "send {\"categoryPreferences\": {\"analytics\": true, …}}";

fn check_preferences(preferences: &Value, pointer: &str) -> Result<(), Rejection> {
    let preferences = match preferences {
        Value::Null => return Ok(()),
        Value::Object(preferences) => preferences,
        other => return Err(Rejection::wrong_type(pointer, other, "send {\"analytics\": true, …}")),
    };
    match preferences.iter().find(|(_, choice)| !choice.is_boolean()) {
        None => Ok(()),
        Some((category, choice)) => Err(Rejection::wrong_type(
            format!("{pointer}/{}", pointer_segment(category)),
            choice,
            "a preference must be true or false",
        )),
    }
}

fn preferences_of_update(event: &Event) -> Option<&Value> {
    match &event.call {
        Call::Track { event, properties } if event == CONSENT_UPDATED => properties.get("categoryPreferences"),
        _ => None,
    }
}
