//! What does a message say: what is asked for, in which mood, how urgently, in which language, and what does it name?
//!
//! Nothing of the customer is looked at but their word that messages may be read. What is kept of the message, and read, is its
//! redacted form ([`kept()`]), so that a replay reads the same; what it names is read before, and kept beside.

use crate::kind::{ContentShape, KindAbout, More, Reads};
use crate::labels::{Intent, Labels, Named, Sentiment, Wish};
use crate::parameter::{Parameter, Parameters, Takes};
use crate::{Ask, Content, DecisionError, Kind, Knowledge, ModelRef, Question, Said, Why};
use governance::Purpose;
use learning::TaskName;
use models::text::tone::{EMOTIONS, Tone};
use models::text::{Cleaned, IntentModel, Kept, Part, kept, language};
use serde_json::{Value, json};

const TEXT: Parameter = Parameter {
    name: "text",
    meaning: "the message, as it was written: HTML and quotes of earlier mails are left out by themselves",
    takes: Takes::Message { bytes_max: 1 << 20 },
};
/// What is kept beside the message of what it names.
const NAMED: &str = "named";

/// What a message says.
#[derive(Debug, Clone)]
pub(crate) struct Understand {
    about: KindAbout,
    task: TaskName,
}

impl Default for Understand {
    fn default() -> Self {
        let task = TaskName::from("intent");
        let about = KindAbout {
            name: "understand".into(),
            title: "Messages".to_owned(),
            question: "What does this message ask for, in which mood, and how urgently?".to_owned(),
            purpose: Purpose::Service,
            reads: Reads::default(),
            tasks: vec![task.clone()],
            parameters: vec![TEXT],
            is_shown: false,
            on_profile: false,
            is_risk: false,
            shape: ContentShape::Labels,
        };
        Self { about, task }
    }
}

impl Kind for Understand {
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
            let Kept { text, named } = kept(text);
            let named = named.into_iter();
            let named =
                named.map(|slot| Named { kind: slot.kind.name().to_owned(), value: slot.value, text: slot.text });
            parameters.insert(NAMED.to_owned(), json!(named.collect::<Vec<_>>()));
            parameters.insert(TEXT.name.to_owned(), text.into());
        }
        parameters
    }

    fn check(&self, given: &Parameters) -> Result<(), DecisionError> {
        self.about.check_each(given.iter().filter(|(name, _)| *name != NAMED))?;
        if !given.contains_key(TEXT.name) {
            let why = "is missing: give the message that is to be understood".to_owned();
            return Err(DecisionError::Unfit { name: TEXT.name.to_owned(), why });
        }
        Ok(())
    }

    fn check_again(&self, kept: &Parameters) -> Result<(), DecisionError> {
        self.check(kept)
    }

    /// Nothing of the customer is looked at: a message says the same whoever wrote it.
    fn personal(&self, ask: &Ask<'_>, _: &Knowledge) -> Result<Said, Why> {
        Ok(self.said(ask))
    }

    fn general(&self, ask: &Ask<'_>, why: &Why) -> (Said, String) {
        match why {
            Why::Refused(_) => {
                let content = Content::Labels(Box::default());
                let sentence = format!("{}: the message was not read.", why.text("reading"));
                (Said { content, model: None, more: More::default() }, sentence)
            }
            Why::Unknown => {
                let mut said = self.said(ask);
                let sentence = said.more.fallback.take().unwrap_or_default();
                (said, sentence)
            }
            _ => (self.said(ask), format!("{}: the message is read all the same.", why.text("reading"))),
        }
    }
}

impl Understand {
    fn said(&self, ask: &Ask<'_>) -> Said {
        let parameters = &ask.question.parameters;
        let text = parameters.get(TEXT.name).and_then(Value::as_str).unwrap_or_default();
        let named = parameters.get(NAMED).cloned().and_then(|named| serde_json::from_value(named).ok());
        let text = Cleaned::of(text);
        let (intent, model, fallback) = self.intent(ask, &text);
        let slots = named.unwrap_or_default();
        let (labels, fallback) = match Tone::built_in() {
            Ok(tone) => (Labels { intent, slots, ..sounding(tone, &text) }, fallback),
            // Of a program that was built with a damaged file.
            Err(error) => {
                let language = language(text.plain()).map(str::to_owned);
                let why = format!("In which mood it is cannot be told, since {error}.");
                (Labels { intent, slots, language, ..Labels::default() }, Some(why))
            }
        };
        Said { content: Content::Labels(Box::new(labels)), model, more: More { fallback, ..More::default() } }
    }

    /// What it asks for, by the model that was learned; nothing where there is none yet, and a sentence where it cannot be used.
    fn intent(&self, ask: &Ask<'_>, text: &Cleaned) -> (Option<Intent>, Option<ModelRef>, Option<String>) {
        match ask.models.texts(&self.task) {
            Ok((loaded, model)) => (Some(intent(model, text)), Some(ModelRef::from(loaded)), None),
            Err(why) => (None, None, Some(format!("{}: what is asked for is not told.", why.text(self.task.as_str())))),
        }
    }
}

/// How a message sounds.
fn sounding(tone: &Tone, text: &Cleaned) -> Labels {
    let read = tone.read_cleaned(text);
    let named = |numbers: &[f64]| EMOTIONS.iter().map(|name| (*name).to_owned()).zip(numbers.to_vec());
    Labels {
        sentiment: Some(Sentiment { label: read.sentiment.label().to_owned(), score: read.sentiment.score }),
        emotions: named(&read.emotions).collect(),
        probabilities: named(&read.probabilities).chain([("urgency".to_owned(), read.urgency_probability)]).collect(),
        urgency: Some(read.urgency),
        language: read.language.map(str::to_owned),
        ..Labels::default()
    }
}

fn intent(model: &IntentModel, text: &Cleaned) -> Intent {
    let (reading, parts) = model.read_in_parts(text);
    let label = |class: usize| model.classes().get(class).cloned().unwrap_or_default();
    let wish = |part: Part| Wish { label: label(part.class), confidence: part.confidence, text: part.text };
    Intent {
        label: label(reading.class),
        confidence: reading.confidence,
        is_out_of_scope: reading.is_out_of_scope,
        wishes: if parts.len() > 1 { parts.into_iter().map(wish).collect() } else { Vec::new() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_after_the_word_order_is_kept_nowhere_and_what_is_kept_may_be_asked_again() {
        let kind = Understand::default();
        let given = Parameters::from([(
            TEXT.name.to_owned(),
            json!("My order AB-4711 on order 4111111111111111, mail ann@shop.example\n> order 99887"),
        )]);
        let kept = kind.kept(given.clone());
        let told = json!(kept).to_string();
        assert!(!told.contains("4111111111111111") && !told.contains("99887"), "{told}");
        let named: Vec<(&str, &str)> = kept[NAMED]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["kind"].as_str().unwrap(), one["value"].as_str().unwrap()))
            .collect();
        assert_eq!(named, [("order_number", "AB-4711"), ("email", "ann@shop.example")]);
        kind.check_again(&kept).unwrap();
        assert!(kind.check(&Parameters::new()).unwrap_err().to_string().contains("give the message"));
        let misspelt = Parameters::from([("txt".to_owned(), json!("a")), (TEXT.name.to_owned(), json!("a"))]);
        assert!(matches!(kind.check(&misspelt), Err(DecisionError::NoSuchParameter { .. })));
    }
}
