//! How do messages whose label is known come in? Each is an event, so that it is learned from, seen, exported and erased as all others.

use crate::error::ServerError;
use engine::Engine;
use events::{Batch, Envelope, OCCASIONS, Origin, Refusal};
use learning::LABELLED;
use models::text::redacted;
use primitives::{AnonymousId, ErrorKind, HOUR_MS, Timestamp, stable_hash};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::borrow::Cow;
use utoipa::ToSchema;

/// So many come in at once.
pub(crate) const N_EXAMPLES_MAX: usize = 500;

/// A message whose label is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Example {
    /// The message, as it was written.
    #[schema(example = "Where is my parcel?")]
    pub(crate) text: String,
    /// What it asks for; an empty one takes the label away that it had.
    #[schema(example = "delivery")]
    pub(crate) label: String,
    /// Who wrote it, where that is known: it is learned from as long as they permit `analytics`, and goes when they are erased. A message
    /// of nobody is kept in its redacted form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user_id: Option<String>,
}

/// What became of them.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ExamplesReply {
    /// How many were new.
    pub(crate) accepted: u64,
    /// How many were told within the hour before.
    pub(crate) duplicates: u64,
    /// How many name customers who were erased, and were refused.
    pub(crate) erased: u64,
}

/// Tells of all of them, durably; of none where one cannot be told.
///
/// # Errors
/// [`ServerError`] that names the one that cannot be, or where they cannot be stored.
pub(crate) fn tell(engine: &Engine, examples: &[Example]) -> Result<ExamplesReply, ServerError> {
    let batch = batch(examples, Envelope::new(engine.clock().now(), Origin::Server)).map_err(refused)?;
    if let Some(rejected) = batch.rejected.first() {
        let message = format!("examples[{}]: {}", rejected.index, rejected.rejection.message);
        return Err(ServerError::new(ErrorKind::Invalid, message));
    }
    let taken = engine.ingest(batch)?;
    Ok(ExamplesReply {
        accepted: taken.n_accepted as u64,
        duplicates: taken.n_duplicates as u64,
        erased: taken.erased.len() as u64,
    })
}

/// The events that tell of them, as the company's own word.
fn batch(examples: &[Example], envelope: Envelope) -> Result<Batch, Refusal> {
    let at = envelope.received_at;
    let told: Vec<Value> = examples.iter().map(|example| told(example, at)).collect();
    let body = json!({ "batch": told }).to_string();
    let mut batch = events::parse_batch(body.as_bytes(), envelope)?;
    // No way in may mention the name in which Rapport tells of nobody.
    for event in batch.accepted.iter_mut().filter(|event| event.user_id.is_none()) {
        event.anonymous_id = Some(AnonymousId::from(OCCASIONS));
    }
    Ok(batch)
}

fn told(example: &Example, at: Timestamp) -> Value {
    let Example { text, label, user_id } = example;
    let text = if user_id.is_some() { Cow::Borrowed(text.as_str()) } else { Cow::Owned(redacted(text)) };
    // Told again within the hour it is the same; later somebody may have thought better of it, and again.
    let same = json!([text, label, user_id, at.as_millis().div_euclid(HOUR_MS)]).to_string();
    let id = format!("labelled-{:016x}{:016x}", stable_hash(&same), stable_hash(&format!("{same}\n")));
    let mut event = json!({
        "type": "track", "event": LABELLED, "messageId": id, "properties": { "text": text, "label": label.trim() },
    });
    let whose = match user_id {
        Some(user_id) => json!({ "userId": user_id }),
        // What the company made up or took the names out of may be learned from.
        None => json!({
            "anonymousId": "labelled", "context": { "consent": { "categoryPreferences": { "analytics": true } } },
        }),
    };
    if let (Value::Object(event), Value::Object(whose)) = (&mut event, whose) {
        event.extend(whose);
    }
    event
}

/// What is wrong with one of them; nothing where all can be told.
pub(crate) fn fault(examples: &[Example]) -> Option<String> {
    if examples.is_empty() || examples.len() > N_EXAMPLES_MAX {
        return Some(format!("examples has {} messages: give 1 to {N_EXAMPLES_MAX}", examples.len()));
    }
    examples.iter().enumerate().find_map(|(at, example)| Some(format!("examples[{at}].{}", fault_of(example)?)))
}

/// What is wrong with one; nothing where it can be told.
pub(crate) fn fault_of(Example { text, label, .. }: &Example) -> Option<String> {
    if text.trim().is_empty() {
        Some("text is empty: give the message".to_owned())
    } else if label.trim().len() > learning::LABEL_BYTES_MAX {
        Some(format!("label is longer than {} bytes: give a name", learning::LABEL_BYTES_MAX))
    } else if label.chars().any(char::is_control) {
        Some("label has a sign that cannot be seen: give a name".to_owned())
    } else {
        None
    }
}

/// Why a batch that was made here cannot be read.
pub(crate) fn refused(refusal: Refusal) -> ServerError {
    let message = match refusal {
        Refusal::TooLarge { message } | Refusal::Malformed { message } => message,
        Refusal::NoRoom => "there is no memory for it now: send it again".to_owned(),
    };
    ServerError::new(ErrorKind::Invalid, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::Call;

    fn example(text: &str, user_id: Option<&str>) -> Example {
        Example { text: text.to_owned(), label: " delivery ".to_owned(), user_id: user_id.map(str::to_owned) }
    }

    #[test]
    fn a_message_of_somebody_is_theirs_and_one_of_nobody_names_nobody() {
        let at = Timestamp::from_millis(1_700_000_000_000);
        let all = [example("Mail me: ann@shop.example", Some("ann")), example("Mail me: ann@shop.example", None)];
        let batch = batch(&all, Envelope::new(at, Origin::Server)).unwrap();
        assert!(batch.rejected.is_empty(), "{:?}", batch.rejected);
        let texts: Vec<(Option<&str>, Option<&str>, &str)> = batch
            .accepted
            .iter()
            .map(|event| {
                let Call::Track { properties, .. } = &event.call else { panic!("a track call") };
                assert_eq!(properties["label"], "delivery");
                (
                    event.user_id.as_ref().map(|id| id.as_str()),
                    event.anonymous_id.as_ref().map(|id| id.as_str()),
                    properties["text"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(texts[0], (Some("ann"), None, "Mail me: ann@shop.example"));
        assert_eq!(texts[1], (None, Some(OCCASIONS), "Mail me: [email]"));
    }

    #[test]
    fn what_cannot_be_told_is_named_with_its_place() {
        let of = |one: Example| fault(&[example("where is it", None), one]);
        assert_eq!(of(example("a", None)), None);
        assert_eq!(of(Example { label: String::new(), ..example("a", None) }), None, "that takes a label away");
        assert!(of(example(" ", None)).unwrap().starts_with("examples[1].text is empty"));
        let long = Example { label: "x".repeat(101), ..example("a", None) };
        assert!(of(long).unwrap().contains("longer than 100 bytes"));
        let hidden = Example { label: "a\u{7}b".to_owned(), ..example("a", None) };
        assert!(of(hidden).unwrap().contains("cannot be seen"));
        assert!(fault(&[]).unwrap().contains("give 1 to 500"));
    }
}
