//! What does an answer out of the knowledge base look like on the wire?

use decisions::{HandOff, Meant, Quote, Reply};
use serde::Serialize;
use utoipa::ToSchema;

/// What is answered to a question; nothing of other decisions.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct QuotedReply<'a> {
    /// What to tell: the passage, where it comes from and that this was automatic; a question back; or that nothing was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    /// The passages that were found, best first. The first one is what is quoted.
    #[serde(skip_serializing_if = "Option::is_none")]
    passages: Option<Vec<QuoteReply<'a>>>,
    /// Whether nothing is quoted, since nothing is likely enough the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    abstained: Option<bool>,
    /// How likely the first passage answers the question.
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<f64>,
    /// What may be meant, where it is asked back; null where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    clarify: Option<Option<Vec<MeantReply<'a>>>>,
    /// Why a person should go on; null where none need.
    #[serde(skip_serializing_if = "Option::is_none")]
    hand_off: Option<Option<HandOffReply<'a>>>,
    /// Always true: nobody wrote this answer for this question.
    #[serde(skip_serializing_if = "Option::is_none")]
    automatic: Option<bool>,
}

/// A passage.
#[derive(Debug, Serialize, ToSchema)]
struct QuoteReply<'a> {
    /// Its document, and the how manieth passage of it it is.
    #[schema(example = "help/returns.md#2")]
    id: &'a str,
    /// The title of the document, and the headings above it.
    title: &'a str,
    /// Where it comes from.
    source: &'a str,
    text: &'a str,
    /// How much speaks for it, from 0 to 1; comparable within one answer.
    score: f64,
    document: &'a str,
    /// Which version of the document it is of.
    version: u64,
}

/// Something that may be meant.
#[derive(Debug, Serialize, ToSchema)]
struct MeantReply<'a> {
    id: &'a str,
    title: &'a str,
}

/// Why a person should go on.
#[derive(Debug, Serialize, ToSchema)]
struct HandOffReply<'a> {
    /// `asked`, `frustrated`, `urgent`, `unknown`, `fact` (something is not known of the customer) or `consent`.
    #[schema(example = "asked")]
    reason: &'static str,
    /// The same in words, for that person.
    text: &'a str,
}

impl<'a> QuotedReply<'a> {
    pub(super) fn of(reply: &'a Reply) -> Self {
        let quote = |Quote { id, document, version, title, source, text, score, .. }: &'a Quote| QuoteReply {
            id,
            title,
            source,
            text,
            score: *score,
            document,
            version: *version,
        };
        let meant = |Meant { id, title }: &'a Meant| MeantReply { id, title };
        let hand_off = |HandOff { reason, text }: &'a HandOff| HandOffReply { reason: reason.name(), text };
        Self {
            text: Some(&reply.text),
            passages: Some(reply.passages.iter().map(quote).collect()),
            abstained: Some(reply.is_abstained),
            confidence: Some(reply.confidence),
            clarify: Some((!reply.clarify.is_empty()).then(|| reply.clarify.iter().map(meant).collect())),
            hand_off: Some(reply.hand_off.as_ref().map(hand_off)),
            automatic: Some(true),
        }
    }
}
