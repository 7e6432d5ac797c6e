//! How is a customer on a list told to a program?

use decisions::filter::Subject;
use engine::{Cell, Column, CustomerLine};
use primitives::Timestamp;
use profiles::Identifier;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A customer on a list. What is not known, or may not be used, is left out.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomerLineReply {
    customer_id: String,
    /// The `userId`s and `anonymousId`s they are known by.
    user_ids: Vec<String>,
    /// Whether a `userId` is known.
    known: bool,
    #[schema(value_type = String)]
    first_seen: Option<Timestamp>,
    #[schema(value_type = String)]
    last_seen: Option<Timestamp>,
    /// What the kinds of decision answer, by name: numbers, and words.
    scores: Map<String, Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    features: Map<String, Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    traits: Map<String, Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    consents: Map<String, Value>,
    /// Their groups and segments.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    segments: Option<Value>,
    /// Why a score is what it is, by its name.
    #[serde(skip_serializing_if = "Map::is_empty")]
    why: Map<String, Value>,
}

/// The name by which it is told, without what says that it is a score.
pub(crate) fn name_of(subject: &Subject) -> String {
    match subject {
        Subject::Named(name) | Subject::Score(name) | Subject::Feature(name) => name.clone(),
        Subject::Trait(path) => path.join("."),
        Subject::Consent(purpose) => purpose.name().to_owned(),
        other => other.to_string(),
    }
}

impl CustomerLineReply {
    /// A line with these columns.
    pub(crate) fn of(line: CustomerLine, columns: &[Column]) -> Self {
        let CustomerLine { profile, cells, .. } = line;
        let mut reply = Self {
            customer_id: profile.id.to_string(),
            user_ids: profile.links.keys().filter_map(user_id).collect(),
            known: profile.is_known(),
            first_seen: Some(profile.first_seen),
            last_seen: Some(profile.last_seen),
            ..Self::default()
        };
        for (column, cell) in columns.iter().zip(cells) {
            let Some(value) = cell.map(value) else { continue };
            match column {
                Column::Why(kind) => drop(reply.why.insert(kind.clone(), value)),
                Column::Of(subject) => {
                    let name = name_of(subject);
                    match subject {
                        Subject::Score(_) => drop(reply.scores.insert(name, value)),
                        Subject::Named(_) | Subject::Feature(_) => drop(reply.features.insert(name, value)),
                        Subject::Trait(_) => drop(reply.traits.insert(name, value)),
                        Subject::Consent(_) => drop(reply.consents.insert(name, value)),
                        Subject::Segment => reply.segments = Some(value),
                        // They stand on every line.
                        Subject::Id | Subject::Known | Subject::FirstSeen | Subject::LastSeen | Subject::List => {}
                    }
                }
            }
        }
        reply
    }
}

fn user_id(name: &Identifier) -> Option<String> {
    match name {
        Identifier::User(id) => Some(id.to_string()),
        Identifier::Anonymous(_) => None,
    }
}

pub(crate) fn value(cell: Cell) -> Value {
    match cell {
        Cell::Number(number) => Value::from(number),
        Cell::Text(text) => Value::from(text),
        Cell::Texts(texts) => Value::from(texts),
        Cell::Moment(at) => Value::from(at.to_string()),
        Cell::YesNo(yes) => Value::from(yes),
        Cell::Json(json) => json,
    }
}
