//! What does the log hold of a decision, so that it can be explained and decided again?

use crate::packed::{pack, unpack};
use crate::{Bought, Decision, DecisionError, Knowledge, LoggedDecision, Outcome, Question, Subject, Testimony};
use features::{FeatureVector, catalogue};
use governance::{ConsentAnswer, ConsentPolicy, Consents, Statement, Voice, permit};
use serde::{Deserialize, Serialize};

/// The version of the record that this program writes.
const RECORD_VERSION: u8 = 2;

/// Takes the place of every sentence that told something of a customer who has refused since.
const FORGOTTEN: &str = "Forgotten, since the customer has refused.";

/// Everything that went into a decision and came out of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    v: u8,
    /// What was asked.
    pub question: Question,
    /// What was known of the customer, and on which ground it was used.
    known: Disclosed,
    /// What the world answered.
    pub testimony: Testimony,
    /// The answer.
    pub decision: Decision,
    /// The bytes that were sent. They follow from the decision and are not stored: [`Record::rewrite`] writes them again.
    #[serde(default, skip_serializing)]
    pub response: String,
    /// What the bytes that were sent are recognised by.
    #[serde(default)]
    sent: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Disclosed {
    Known {
        consent: ConsentAnswer,
        /// Which features they are: [`catalogue::schema_hash`] of the program that decided.
        #[serde(default)]
        schema: String,
        /// Features; `None` where a value is not known, since JSON has no NaN.
        features: Vec<Option<f64>>,
        bought: Vec<Bought>,
    },
    /// What was known was forgotten: the customer refused later.
    Forgotten(ConsentAnswer),
    Withheld(ConsentAnswer),
    Unknown(ConsentAnswer),
}

#[derive(Deserialize)]
struct Version {
    v: u8,
}

impl Record {
    /// The record of a decision that was just made.
    #[must_use]
    pub fn new(
        question: Question,
        subject: &Subject,
        testimony: Testimony,
        decision: Decision,
        response: String,
    ) -> Self {
        let known = match subject {
            Subject::Known(knowledge) => Disclosed::Known {
                consent: knowledge.consent(),
                schema: catalogue::schema_hash(),
                features: knowledge.get().vector.values.iter().map(|v| (!v.is_nan()).then_some(*v)).collect(),
                bought: knowledge.get().bought.clone(),
            },
            Subject::Withheld(consent) => Disclosed::Withheld(*consent),
            Subject::Unknown(consent) => Disclosed::Unknown(*consent),
        };
        let sent = digest(&response);
        Self { v: RECORD_VERSION, question, known, testimony, decision, response, sent }
    }

    /// The customer as they were known.
    #[must_use]
    pub fn subject(&self) -> Subject {
        match &self.known {
            Disclosed::Withheld(consent) | Disclosed::Forgotten(consent) => Subject::Withheld(*consent),
            Disclosed::Unknown(consent) => Subject::Unknown(*consent),
            Disclosed::Known { consent, features, bought, .. } => {
                let values = features.iter().map(|value| value.unwrap_or(f64::NAN)).collect();
                let vector = FeatureVector { as_of: self.question.as_of, values };
                restate(*consent, Knowledge { vector, bought: bought.clone() })
            }
        }
    }

    /// The features the decision was made from; empty where the customer's data was not used.
    #[must_use]
    pub fn features(&self) -> &[Option<f64>] {
        match &self.known {
            Disclosed::Known { features, .. } => features,
            Disclosed::Forgotten(_) | Disclosed::Withheld(_) | Disclosed::Unknown(_) => &[],
        }
    }

    /// Which features they are; `None` where the customer's data was not used.
    #[must_use]
    pub fn feature_schema(&self) -> Option<&str> {
        match &self.known {
            Disclosed::Known { schema, .. } => Some(schema),
            Disclosed::Forgotten(_) | Disclosed::Withheld(_) | Disclosed::Unknown(_) => None,
        }
    }

    /// The features with their names; numbered, where another catalogue than this program's computed them.
    pub fn named_features(&self) -> impl Iterator<Item = (String, Option<f64>)> {
        let is_ours = self.feature_schema() == Some(&catalogue::schema_hash());
        self.features().iter().enumerate().map(move |(place, value)| {
            let definition = catalogue::definitions().get(place).filter(|_| is_ours);
            (definition.map_or_else(|| format!("feature_{place}"), |definition| definition.name.clone()), *value)
        })
    }

    /// Whether these are the bytes that were sent.
    #[must_use]
    pub fn was_sent(&self, text: &str) -> bool {
        self.sent == digest(text)
    }

    /// Writes the bytes again that the log does not hold, as answers are written today.
    #[must_use]
    pub fn rewrite(mut self, write: impl FnOnce(&Decision) -> String) -> Self {
        if self.response.is_empty() {
            self.response = write(&self.decision);
        }
        self
    }

    /// Whether what was known of the customer was forgotten, since they refused later.
    #[must_use]
    pub fn is_forgotten(&self) -> bool {
        matches!(self.known, Disclosed::Forgotten(_))
    }

    /// The record without what was known of the customer: which items or which score was answered stays, and nothing that
    /// says why. Who may not be known has nothing to be forgotten.
    #[must_use]
    pub fn forget(mut self) -> Self {
        let Disclosed::Known { consent, .. } = self.known else { return self };
        self.known = Disclosed::Forgotten(consent);
        // What was asked of the catalogue names what the customer bought, and the caller may have said anything.
        self.testimony = Testimony::default();
        self.question.context.clear();
        self.decision.answer.fallback = self.decision.answer.fallback.map(|_| FORGOTTEN.to_owned());
        match &mut self.decision.answer.outcome {
            Outcome::Items(items) => items.iter_mut().for_each(|item| FORGOTTEN.clone_into(&mut item.reason)),
            Outcome::Score { reasons, .. } => reasons.clear(),
        }
        // The bytes that were sent held the reasons: neither they nor what would prove a guess at them is kept.
        self.response.clear();
        self.sent.clear();
        self
    }

    /// What the log keeps.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "it does not panic: see the reason below")]
    pub fn to_logged(&self) -> LoggedDecision {
        #[expect(clippy::expect_used, reason = "a record holds only finite numbers, strings and maps with string keys")]
        let record = serde_json::to_vec(self).expect("a record is always JSON");
        LoggedDecision {
            id: self.decision.id.clone(),
            decided_at: self.question.as_of,
            kind: self.question.kind.name().to_owned(),
            customer: Some(self.question.customer.clone()),
            is_fallback: self.decision.answer.fallback.is_some(),
            record: pack(record),
        }
    }

    /// Opens a logged record of any version up to this program's.
    ///
    /// # Errors
    /// [`DecisionError::Version`] or [`DecisionError::Corrupt`].
    pub fn open(logged: &LoggedDecision) -> Result<Self, DecisionError> {
        let json = unpack(&logged.record)?;
        match serde_json::from_slice::<Version>(&json)?.v {
            1 => {
                let old: Self = serde_json::from_slice(&json)?;
                Ok(Self { v: RECORD_VERSION, sent: digest(&old.response), ..old })
            }
            RECORD_VERSION => Ok(serde_json::from_slice(&json)?),
            found => Err(DecisionError::Version { found, known: RECORD_VERSION }),
        }
    }
}

fn digest(response: &str) -> String {
    format!("{:032x}", xxhash_rust::xxh3::xxh3_128(response.as_bytes()))
}

/// Consent as it was answered then, so that what was permitted then can be read again for the same purpose.
fn restate(consent: ConsentAnswer, knowledge: Knowledge) -> Subject {
    let mut consents = Consents::default();
    if let governance::ConsentBasis::Stated { at } = consent.basis {
        consents.state(consent.purpose, Statement { granted: consent.granted, at, voice: Voice::Company });
    }
    let policy = ConsentPolicy::new([(consent.purpose, consent.granted)]);
    match permit(&policy, &consents, consent.purpose, knowledge) {
        Ok(permitted) => Subject::Known(permitted),
        Err(denied) => Subject::Withheld(denied.0),
    }
}
