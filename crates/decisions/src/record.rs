//! What does the log hold of a decision, so that it can be explained and decided again?

mod old;

use crate::digest::digest;
use crate::kinds::EFFECTS;
use crate::labels::Labels;
use crate::packed::{pack, unpack};
use crate::search::Told;
use crate::{
    Arm, Bought, Content, Decision, DecisionError, Drafted, Exposed, Exposure, FlagReason, Kind, Knowledge,
    LoggedDecision, ModelInputs, Models, Question, Reply, Subject, Testimony,
};
use governance::{ConsentAnswer, ConsentPolicy, Consents, Purpose, Statement, Voice, permit};
use learning::TaskName;
use primitives::{Currency, ItemKey, ModelVersion};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The version of the record that this program writes.
const RECORD_VERSION: u8 = 7;
/// The last version whose records do not say what was declared.
const UNDECLARED_VERSION: u8 = 3;
/// The last version whose items do not say their places.
const UNPLACED_VERSION: u8 = 4;
/// The last version by which whoever was held out got nothing that asks for the person, mandatory or not.
const UNSEEN_VERSION: u8 = 6;

/// Takes the place of every sentence that told something of a customer who has refused since.
const FORGOTTEN: &str = "Forgotten, since the customer refuses personalization or analytics.";

/// The arm of whoever is decided for where nobody is held out.
const POLICY: &str = "policy";

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
    /// The digest of what the kind was declared as; `None` where nothing is declared of it, and in older records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    declaration: Option<String>,
    /// Why models could not answer that there were, by task.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    unusable: BTreeMap<TaskName, String>,
    /// The model of effects that told what changes everybody alike, where nothing of the customer was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    effects: Option<ModelVersion>,
    /// The answer.
    pub decision: Decision,
    /// What whoever was held out would have been answered; `None` where nobody was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    would: Option<Content>,
    /// Who picked each item, where an experiment drafts such lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    drafted: Option<Drafted>,
    /// The draws that the customer met. The log keeps them by customer.
    #[serde(skip)]
    exposures: Vec<Exposure>,
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
        read: Read,
    },
    /// What was known was forgotten: the customer refused later.
    Forgotten(ConsentAnswer),
    Withheld(ConsentAnswer),
    Unknown(ConsentAnswer),
}

/// What of the customer was looked at. `None` where a number is not known, since JSON has no NaN.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Read {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    inputs: BTreeMap<TaskName, Inputs>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    features: BTreeMap<String, Option<f64>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    asked: BTreeMap<TaskName, Vec<Option<f64>>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    traits: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bought: Vec<Bought>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    viewed: Vec<ItemKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<Currency>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    consents: BTreeMap<Purpose, bool>,
}

/// What one model looked at. Its header names the features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Inputs {
    version: ModelVersion,
    values: Vec<Option<f64>>,
}

#[derive(Deserialize)]
struct Version {
    v: u8,
}

impl From<&Knowledge> for Read {
    fn from(known: &Knowledge) -> Self {
        let told = |value: &f64| (!value.is_nan()).then_some(*value);
        let inputs = known.inputs.iter().map(|(task, ModelInputs { version, values })| {
            (task.clone(), Inputs { version: version.clone(), values: values.iter().map(told).collect() })
        });
        Self {
            inputs: inputs.collect(),
            features: known.features.iter().map(|(name, value)| (name.clone(), told(value))).collect(),
            asked: known.asked.iter().map(|(task, found)| (task.clone(), found.iter().map(told).collect())).collect(),
            traits: known.traits.clone(),
            bought: known.bought.clone(),
            viewed: known.viewed.clone(),
            currency: known.currency,
            consents: known.consents.clone(),
        }
    }
}

impl From<&Read> for Knowledge {
    fn from(read: &Read) -> Self {
        let number = |value: &Option<f64>| value.unwrap_or(f64::NAN);
        let inputs = read.inputs.iter().map(|(task, Inputs { version, values })| {
            (task.clone(), ModelInputs { version: version.clone(), values: values.iter().map(number).collect() })
        });
        Self {
            inputs: inputs.collect(),
            features: read.features.iter().map(|(name, value)| (name.clone(), number(value))).collect(),
            asked: read.asked.iter().map(|(task, found)| (task.clone(), found.iter().map(number).collect())).collect(),
            traits: read.traits.clone(),
            bought: read.bought.clone(),
            viewed: read.viewed.clone(),
            currency: read.currency,
            consents: read.consents.clone(),
        }
    }
}

impl Record {
    /// The record of a decision that was just made.
    #[must_use]
    pub fn new(
        (kind, models): (&dyn Kind, &Models),
        question: Question,
        subject: &Subject,
        testimony: Testimony,
        (decision, would): (Decision, Option<Content>),
        response: String,
    ) -> Self {
        let known = match subject {
            Subject::Known(known) => Disclosed::Known { consent: known.consent(), read: Read::from(known.get()) },
            Subject::Withheld(consent) => Disclosed::Withheld(*consent),
            Subject::Unknown(consent) => Disclosed::Unknown(*consent),
        };
        let sent = digest(&response);
        let declaration = kind.declaration().map(|declaration| declaration.digest.clone());
        // What learns from the choices of a kind about occasions is called as that kind is.
        let of_occasions = kind.is_of_occasions().then(|| TaskName::from(kind.about().name.as_str()));
        let tasks = kind.about().tasks.iter().cloned().chain(of_occasions);
        let unusable =
            tasks.filter_map(|task| models.why_unusable(&task).map(str::to_owned).map(|why| (task, why))).collect();
        let task = TaskName::from(EFFECTS);
        let is_asked = !matches!(known, Disclosed::Known { .. }) && kind.about().reads.tasks.contains(&task);
        let effects = models.get(&task).filter(|_| is_asked).map(|loaded| loaded.version.clone());
        Self {
            v: RECORD_VERSION,
            question,
            known,
            testimony,
            declaration,
            unusable,
            effects,
            decision,
            would,
            drafted: None,
            exposures: Vec::new(),
            response,
            sent,
        }
    }

    /// With who picked each item of it.
    #[must_use]
    pub fn drafted_by(self, drafted: Option<Drafted>) -> Self {
        Self { drafted, ..self }
    }

    /// Who picked each item, where an experiment drafts such lists.
    #[must_use]
    pub fn drafted(&self) -> Option<&Drafted> {
        self.drafted.as_ref()
    }

    /// With the draws that the customer met.
    #[must_use]
    pub fn meeting(self, exposures: Vec<Exposure>) -> Self {
        Self { exposures, ..self }
    }

    /// The draws that the customer met; of a record from the log nothing.
    #[must_use]
    pub fn met(&self) -> &[Exposure] {
        &self.exposures
    }

    /// That the customer met experiments, as the log keeps it; of a record from the log nothing.
    #[must_use]
    pub fn exposed(&self) -> Vec<Exposed> {
        let of = |exposure: &Exposure| Exposed {
            experiment: exposure.experiment.clone(),
            customer: self.question.customer.clone(),
            arm: exposure.arm.clone(),
            first_at: self.question.as_of,
        };
        self.exposures.iter().map(of).collect()
    }

    /// The items that were chosen.
    #[must_use]
    pub fn chosen(&self) -> BTreeSet<ItemKey> {
        self.decision.answer.content.shown().collect()
    }

    /// Whether it is of before items said their places.
    pub(crate) fn is_unplaced(&self) -> bool {
        self.v <= UNPLACED_VERSION
    }

    /// Whether the customer was held out by a program that looked at nothing of them then.
    pub(crate) fn is_held_out_unseen(&self) -> bool {
        self.v <= UNSEEN_VERSION && self.question.arm == Some(Arm::Holdout)
    }

    /// The customer as they were known.
    #[must_use]
    pub fn subject(&self) -> Subject {
        match &self.known {
            Disclosed::Withheld(consent) | Disclosed::Forgotten(consent) => Subject::Withheld(*consent),
            Disclosed::Unknown(consent) => Subject::Unknown(*consent),
            Disclosed::Known { consent, read } => restate(*consent, Knowledge::from(read)),
        }
    }

    /// How many different items were looked at that the customer had bought, or was looking at.
    #[must_use]
    pub fn n_own_items(&self) -> u64 {
        match self.subject() {
            Subject::Known(known) => {
                let Knowledge { bought, viewed, .. } = known.get();
                let items: BTreeSet<ItemKey> =
                    bought.iter().map(|bought| bought.item).chain(viewed.iter().copied()).collect();
                items.len() as u64
            }
            Subject::Withheld(_) | Subject::Unknown(_) => 0,
        }
    }

    /// Which way of deciding answered: the policy that is in force, to who was treated where some are held out, or none to who was.
    #[must_use]
    pub fn arm(&self) -> &str {
        self.question.arm.map_or(POLICY, Arm::name)
    }

    /// What whoever was held out would have been answered, chance aside; `None` where nobody was.
    #[must_use]
    pub fn would(&self) -> Option<&Content> {
        self.would.as_ref()
    }

    /// The digest of what the kind was declared as when it answered; `None` where nothing is declared of it, and in records of
    /// before it was kept: their kinds are those of today.
    #[must_use]
    pub fn declaration(&self) -> Option<&str> {
        self.declaration.as_deref()
    }

    /// Whether it is of before records said what was declared.
    pub(crate) fn is_of_before(&self) -> bool {
        self.v <= UNDECLARED_VERSION
    }

    /// Why models could not answer that there were, by task, each as the beginning of a sentence.
    #[must_use]
    pub fn unusable(&self) -> &BTreeMap<TaskName, String> {
        &self.unusable
    }

    /// The models that the answer was made with, by task.
    #[must_use]
    pub fn models(&self) -> BTreeMap<TaskName, ModelVersion> {
        let named = self.decision.answer.model.iter().map(|model| (model.name.as_str().into(), model.version.clone()));
        let read = self.read().into_iter().flat_map(|read| &read.inputs);
        let read = read.map(|(task, inputs)| (task.clone(), inputs.version.clone()));
        let effects = self.effects.iter().map(|version| (TaskName::from(EFFECTS), version.clone()));
        named.chain(read).chain(effects).collect()
    }

    /// The features the decision was made from, by name; empty where the customer's data was not used. `names` answers the
    /// names of what a model looks at; without them they are numbered.
    #[must_use]
    pub fn features(
        &self,
        names: impl Fn(&TaskName, &ModelVersion) -> Option<Vec<String>>,
    ) -> BTreeMap<String, Option<f64>> {
        let Some(read) = self.read() else { return BTreeMap::new() };
        let mut features = read.features.clone();
        for (task, Inputs { version, values }) in &read.inputs {
            let known = names(task, version).filter(|names| names.len() == values.len());
            for (place, value) in values.iter().enumerate() {
                let name = known.as_ref().and_then(|names| names.get(place));
                features.insert(name.cloned().unwrap_or_else(|| format!("feature_{place}")), *value);
            }
        }
        features
    }

    /// Whether anything that was known of the customer went into it, and still stands in it.
    #[must_use]
    pub fn holds_knowledge(&self) -> bool {
        self.read().is_some()
    }

    fn read(&self) -> Option<&Read> {
        match &self.known {
            Disclosed::Known { read, .. } => Some(read),
            Disclosed::Forgotten(_) | Disclosed::Withheld(_) | Disclosed::Unknown(_) => None,
        }
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
        // And so may words: numbers, and yes and no, say nothing of anybody.
        self.question.parameters.retain(|_, given| given.is_number() || given.is_boolean());
        self.decision.answer.left_out.clear();
        self.decision.answer.shortfall = self.decision.answer.shortfall.map(|_| FORGOTTEN.to_owned());
        self.decision.answer.fallback = self.decision.answer.fallback.map(|_| FORGOTTEN.to_owned());
        scrub(&mut self.decision.answer.content);
        self.would.iter_mut().for_each(scrub);
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
            kind: self.question.kind.to_string(),
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
            1 | 2 => Ok(serde_json::from_slice::<old::Record>(&json)?.into_record()),
            UNDECLARED_VERSION..=RECORD_VERSION => Ok(serde_json::from_slice(&json)?),
            found => Err(DecisionError::Version { found, known: RECORD_VERSION }),
        }
    }
}

/// Takes out of an answer all that says why.
fn scrub(content: &mut Content) {
    match content {
        Content::Items(items) => items.iter_mut().for_each(|item| FORGOTTEN.clone_into(&mut item.reason)),
        Content::Search { items, told } => {
            items.iter_mut().for_each(|item| FORGOTTEN.clone_into(&mut item.reason));
            // What was understood says the words.
            **told = Told::default();
        }
        Content::Completions(completions) => completions.clear(),
        Content::Labels(labels) => **labels = Labels::default(),
        // Passages say what was asked.
        Content::Reply(reply) => **reply = Reply { is_abstained: reply.is_abstained, ..Reply::default() },
        Content::Actions(actions) => {
            // How likely each was to be chosen says nothing of why. What it is worth follows from how likely they accept it.
            for action in &mut actions.chosen {
                FORGOTTEN.clone_into(&mut action.reason);
                (action.factors, action.priority) = (None, 0.0);
            }
            actions.left_out.clear();
            actions.chances.clear();
        }
        // What was drawn says nothing of anybody; a rule that decided does: whom it is for.
        Content::Flags(flags) => flags.flags.values_mut().for_each(|flag| {
            if flag.reason == FlagReason::Rule {
                (flag.value, flag.rule) = (serde_json::Value::Null, None);
            }
        }),
        Content::Score { reasons, .. } | Content::Amount { reasons, .. } => reasons.clear(),
        Content::Choice { reasons, others, probabilities, .. } => {
            reasons.clear();
            others.clear();
            probabilities.clear();
        }
    }
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
