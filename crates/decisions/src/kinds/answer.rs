//! What is written down that answers this question, and is that sure enough to be said?
//!
//! A passage is quoted, and nothing is made up: what a text says is matched, whatever it asks for. Where no passage is likely enough the
//! answer, that is said. What is kept of the question is its redacted form ([`redacted()`]), so that a replay reads the same.

mod phrases;

use crate::documents::{filled, placeholders};
use crate::kind::{ContentShape, KindAbout, More, Reads};
use crate::parameter::{Parameter, Parameters, Takes};
use crate::quoted::{Answering, HandOff, HandOffReason, Meant, Quote, Reply, Retrieved};
use crate::search::Wanted;
use crate::{Ask, Content, DecisionError, Kind, Knowledge, Question, Said, Why};
use governance::Purpose;
use models::text::tone::Tone;
use models::text::{language, redacted};
use phrases::{Phrases, asks_for_a_person};
use serde_json::Value;
use std::collections::BTreeMap;

const TEXT: Parameter = Parameter {
    name: "text",
    meaning: "the question, as it was written",
    takes: Takes::Message { bytes_max: 1 << 20 },
};
const CONVERSATION: Parameter = Parameter {
    name: "conversationId",
    meaning: "the conversation that it is part of, as whoever asks calls it",
    takes: Takes::Text { bytes_max: 200 },
};
const LANGUAGE: Parameter = Parameter {
    name: "language",
    meaning: "the language to look in, as two small letters; without it, that of the question",
    takes: Takes::Text { bytes_max: 2 },
};

/// Two passages are near where the second has so much of the score of the first.
const NEAR: f64 = 0.8;
/// It is asked back only where what is meant is likely to be among them: from so much of the confidence on that is needed to answer.
const WORTH_ASKING: f64 = 0.5;
/// So many passages may be meant.
const N_MEANT_MAX: usize = 3;

/// What is answered out of what is written down.
#[derive(Debug, Clone)]
pub struct Answer {
    about: KindAbout,
}

impl Answer {
    /// With what passages leave room for.
    #[must_use]
    pub fn new(answering: &Answering) -> Self {
        let named = |prefix: &str| -> Vec<String> {
            answering.facts.values().filter_map(|from| from.strip_prefix(prefix)).map(str::to_owned).collect()
        };
        let about = KindAbout {
            name: "answer".into(),
            title: "Answers".to_owned(),
            question: "What is written down that answers this question?".to_owned(),
            purpose: Purpose::Service,
            reads: Reads { traits: named("traits."), features: named("features."), ..Reads::default() },
            tasks: Vec::new(),
            parameters: vec![TEXT, CONVERSATION, LANGUAGE],
            is_shown: false,
            on_profile: false,
            is_risk: false,
            shape: ContentShape::Reply,
        };
        Self { about }
    }
}

impl Kind for Answer {
    fn about(&self) -> &KindAbout {
        &self.about
    }

    fn may_be_of_nobody(&self) -> bool {
        true
    }

    /// A message of nobody is kept by nobody: neither who wrote it could see it, nor have it erased.
    fn is_kept(&self, question: &Question) -> bool {
        !question.is_of_nobody()
    }

    fn kept(&self, mut parameters: Parameters) -> Parameters {
        if let Some(text) = parameters.get(TEXT.name).and_then(Value::as_str) {
            let text = redacted(text);
            parameters.insert(TEXT.name.to_owned(), text.into());
        }
        parameters
    }

    fn check(&self, given: &Parameters) -> Result<(), DecisionError> {
        self.about.check(given)?;
        if !given.contains_key(TEXT.name) {
            let why = "is missing: give the question that is to be answered".to_owned();
            return Err(DecisionError::Unfit { name: TEXT.name.to_owned(), why });
        }
        Ok(())
    }

    fn wanted(&self, parameters: &Parameters) -> Option<Wanted> {
        let said = |one: &Parameter| parameters.get(one.name).and_then(Value::as_str);
        Some(Wanted::Passages {
            question: redacted(said(&TEXT).unwrap_or_default()),
            language: said(&LANGUAGE).map(str::to_owned),
        })
    }

    fn personal(&self, ask: &Ask<'_>, known: &Knowledge) -> Result<Said, Why> {
        Ok(said(reply(ask, Some(known))))
    }

    /// Who is not known is told what is told to everybody; what has to be known of them is not told.
    fn general(&self, ask: &Ask<'_>, why: &Why) -> (Said, String) {
        if !matches!(why, Why::Refused(_)) {
            return (said(reply(ask, None)), String::new());
        }
        let hand_off = HandOff {
            reason: HandOffReason::Consent,
            text: "The customer does not permit that their messages are read by a program.".to_owned(),
        };
        let phrases = Phrases::of(None);
        let reply =
            Reply { text: phrases.person.to_owned(), is_abstained: true, hand_off: Some(hand_off), ..Reply::default() };
        (said(reply), format!("{}: the message was not read.", why.text("answer")))
    }
}

fn said(reply: Reply) -> Said {
    Said { content: Content::Reply(Box::new(reply)), model: None, more: More::default() }
}

/// What is answered out of what was found.
fn reply(ask: &Ask<'_>, known: Option<&Knowledge>) -> Reply {
    let text = ask.question.parameters.get(TEXT.name).and_then(Value::as_str).unwrap_or_default();
    let found = ask.world.retrieved().unwrap_or_default();
    let Retrieved { confidence, answering, .. } = &found;
    let first = found.passages.first();
    let spoken = language(text).map(str::to_owned);
    let phrases = Phrases::of(spoken.as_deref().or_else(|| first?.language.as_deref()));
    let wish = hand_off(text, answering);
    let base = Reply { confidence: *confidence, is_abstained: true, ..Reply::default() };
    if wish.as_ref().is_some_and(|wish| wish.reason == HandOffReason::Asked) {
        return Reply { text: phrases.person.to_owned(), hand_off: wish, ..base };
    }
    let facts = known.map_or_else(BTreeMap::new, |known| facts(answering, known));
    let passages = shown(&found.passages, &facts);
    if let Some(best) = first.filter(|_| *confidence >= answering.min_confidence) {
        return match filled(&best.text, &facts) {
            Ok(answer) => {
                let source = if best.source.is_empty() { &best.document } else { &best.source };
                let text = format!("{answer}\n\n{}", phrases.automatic(&best.title, source));
                Reply { text, passages, is_abstained: false, hand_off: wish, ..base }
            }
            Err(missing) => {
                let why = format!(
                    "The answer is in \"{}\", and needs {missing}, which is not known of the customer.",
                    best.title
                );
                let hand_off = wish.or(Some(HandOff { reason: HandOffReason::Fact, text: why }));
                Reply { text: phrases.unknown.to_owned(), passages, hand_off, ..base }
            }
        };
    }
    let meant = meant(&found);
    if !meant.is_empty() && wish.is_none() {
        return Reply { text: phrases.asking_back(&meant), passages, clarify: meant, ..base };
    }
    let nothing = HandOff {
        reason: HandOffReason::Unknown,
        text: "Nothing that is written down answers it surely enough.".to_owned(),
    };
    Reply { text: phrases.unknown.to_owned(), passages, hand_off: wish.or(Some(nothing)), ..base }
}

/// Why a person should go on, as far as the message says.
fn hand_off(text: &str, answering: &Answering) -> Option<HandOff> {
    let because = |reason: HandOffReason, text: &str| Some(HandOff { reason, text: text.to_owned() });
    if asks_for_a_person(text) {
        return because(HandOffReason::Asked, "They ask for a person.");
    }
    let read = Tone::built_in().ok()?.read(text);
    if read.emotion("frustration") >= answering.frustration {
        return because(HandOffReason::Frustrated, "They sound frustrated.");
    }
    (read.urgency >= answering.urgency).then(|| because(HandOffReason::Urgent, "It sounds as if it could not wait."))?
}

/// What is known of the customer, by the names that passages give it.
fn facts(answering: &Answering, known: &Knowledge) -> BTreeMap<String, String> {
    let value = |from: &str| match from.split_once('.')? {
        ("traits", name) => known.traits.get(name).filter(|value| !value.trim().is_empty()).cloned(),
        ("features", name) => known.feature(name).filter(|value| value.is_finite()).map(number),
        _ => None,
    };
    answering.facts.iter().filter_map(|(name, from)| Some((name.clone(), value(from)?))).collect()
}

/// A number as people write it: whole where it is, else with two digits.
fn number(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

/// The passages as they are shown: filled, and without those for which something is not known.
fn shown(passages: &[Quote], facts: &BTreeMap<String, String>) -> Vec<Quote> {
    let shown = |quote: &Quote| {
        if placeholders(&quote.text).is_empty() {
            return Some(quote.clone());
        }
        Some(Quote { text: filled(&quote.text, facts).ok()?, ..quote.clone() })
    };
    passages.iter().filter_map(shown).collect()
}

/// What may be meant, where passages of several documents are near to each other.
fn meant(found: &Retrieved) -> Vec<Meant> {
    let Some(first) = found.passages.first() else { return Vec::new() };
    if found.confidence < WORTH_ASKING * found.answering.min_confidence {
        return Vec::new();
    }
    let mut meant: Vec<&Quote> = Vec::new();
    for quote in found.passages.iter().filter(|quote| quote.score >= NEAR * first.score) {
        if meant.len() < N_MEANT_MAX && meant.iter().all(|other| other.document != quote.document) {
            meant.push(quote);
        }
    }
    if meant.len() < 2 {
        return Vec::new();
    }
    meant.into_iter().map(|quote| Meant { id: quote.id.clone(), title: quote.title.clone() }).collect()
}
