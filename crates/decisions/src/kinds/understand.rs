//! What does a message say: what is asked for, in which mood, how urgently, in which language, and what does it name?
//!
//! Nothing of the customer is looked at but their word that messages may be read. What is kept of the message, and read, is its
//! redacted form ([`redacted()`]), so that a replay reads the same; what it names is read before, and kept beside.

use crate::kind::{ContentShape, KindAbout, More, Reads};
use crate::labels::{Intent, Labels, Named, Sentiment, Wish};
use crate::parameter::{Parameter, Parameters, Takes};
use crate::{Ask, Content, DecisionError, Kind, Knowledge, ModelRef, Question, Said, Why};
use governance::Purpose;
use learning::TaskName;
use models::text::tone::{EMOTIONS, Tone};
use models::text::{IntentModel, SlotKind, language, plain, redacted, slots};
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
            let (named, text) = (named(text), redacted(text));
            parameters.insert(NAMED.to_owned(), json!(named));
            parameters.insert(TEXT.name.to_owned(), text.into());
        }
        parameters
    }

    fn check(&self, given: &Parameters) -> Result<(), DecisionError> {
        let mut own = given.clone();
        own.remove(NAMED);
        self.about.check(&own)?;
        if !own.contains_key(TEXT.name) {
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
        let (intent, model, fallback) = self.intent(ask, text);
        let slots = named.unwrap_or_default();
        let (labels, fallback) = match Tone::built_in() {
            Ok(tone) => (Labels { intent, slots, ..sounding(tone, text) }, fallback),
            // Of a program that was built with a damaged file.
            Err(error) => {
                let language = language(&plain(text)).map(str::to_owned);
                let why = format!("In which mood it is cannot be told, since {error}.");
                (Labels { intent, slots, language, ..Labels::default() }, Some(why))
            }
        };
        Said { content: Content::Labels(Box::new(labels)), model, more: More { fallback, ..More::default() } }
    }

    /// What it asks for, by the model that was learned; nothing where there is none yet, and a sentence where it cannot be used.
    fn intent(&self, ask: &Ask<'_>, text: &str) -> (Option<Intent>, Option<ModelRef>, Option<String>) {
        match ask.models.texts(&self.task) {
            Ok((loaded, model)) => (Some(intent(model, text)), Some(ModelRef::from(loaded)), None),
            Err(why) => (None, None, Some(format!("{}: what is asked for is not told.", why.text(self.task.as_str())))),
        }
    }
}

/// How a message sounds.
fn sounding(tone: &Tone, text: &str) -> Labels {
    let read = tone.read(text);
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

fn intent(model: &IntentModel, text: &str) -> Intent {
    let reading = model.read(text);
    let label = |class: usize| model.classes().get(class).cloned().unwrap_or_default();
    let wish =
        |part: models::text::Part| Wish { label: label(part.class), confidence: part.confidence, text: part.text };
    let mut wishes: Vec<Wish> = model.parts(text).into_iter().map(wish).collect();
    if wishes.len() < 2 {
        wishes.clear();
    }
    Intent {
        label: label(reading.class),
        confidence: reading.confidence,
        is_out_of_scope: reading.is_out_of_scope,
        wishes,
    }
}

fn named(text: &str) -> Vec<Named> {
    let kind = |kind: SlotKind| match kind {
        SlotKind::Email => "email",
        SlotKind::Amount => "amount",
        SlotKind::Date => "date",
        SlotKind::OrderNumber => "order_number",
        SlotKind::Phone => "phone",
    };
    let named = slots(text).into_iter();
    named.map(|slot| Named { kind: kind(slot.kind).to_owned(), value: slot.value, text: slot.text }).collect()
}
