//! What does an answer hold?

use crate::labels::Labels;
use crate::quoted::Reply;
use crate::search::{Completion, Told};
use crate::switch::Switch;
use crate::{Arm, Exposure, KindName, LeftOut};
use governance::ConsentAnswer;
use primitives::{Currency, CustomerId, DecisionId, ItemId, ItemKey, ModelVersion, Probability};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An answer with its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Its name.
    pub id: DecisionId,
    /// What was decided.
    pub kind: KindName,
    /// About whom.
    pub customer: CustomerId,
    /// The answer.
    pub answer: Answer,
}

/// What was decided, by which model, on which ground.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// What it says.
    #[serde(rename = "outcome")]
    pub content: Content,
    /// The model that was asked; `None` where there is none yet.
    pub model: Option<ModelRef>,
    /// Whether the customer's data could be used, and who said so.
    pub consent: ConsentAnswer,
    /// Why the answer is not the full one; `None` where it is.
    pub fallback: Option<String>,
    /// How likely this policy was to give this answer: 1 for a policy without chance.
    pub propensity: Probability,
    /// Why there are fewer items than were asked for; `None` where there are as many, or it is not about items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortfall: Option<String>,
    /// How many items each rule has left out, of those that were looked at.
    #[serde(default, skip_serializing_if = "LeftOut::is_empty")]
    pub left_out: LeftOut,
    /// In which arm of the holdout the customer is; `None` where nobody is held out of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arm: Option<Arm>,
}

/// What an answer says, in one of few forms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Content {
    /// Items, best first.
    Items(Vec<RankedItem>),
    /// Items that were looked for, best first, and what is told of the search beside them.
    Search {
        /// The items.
        items: Vec<RankedItem>,
        /// What is told.
        told: Box<Told>,
    },
    /// Actions, the one to be done first first, and which rule left each of the others out.
    Actions(Box<Actions>),
    /// What each flag is for a customer, and which experiments they met.
    Flags(Box<FlagAnswers>),
    /// Ways to go on for who has begun to write, the likeliest first.
    Completions(Vec<Completion>),
    /// A score with its reasons, the weightiest first.
    Score {
        /// A probability; `None` where nothing is known to say one.
        score: Option<Probability>,
        /// Why.
        reasons: Vec<Reason>,
    },
    /// An amount, of money or of anything else, with the interval in which it lies nine times of ten.
    Amount {
        /// How much; `None` where nothing is known to say one.
        amount: Option<Amount>,
        /// Why.
        reasons: Vec<Reason>,
    },
    /// What a message says.
    Labels(Box<Labels>),
    /// What is answered to a question.
    Reply(Box<Reply>),
    /// One of several, and what else holds.
    Choice {
        /// Which; `None` where nothing is known to say one.
        label: Option<String>,
        /// What else holds, by name; by title in answers of before names were told.
        others: Vec<String>,
        /// How likely each is, the likeliest first, where that is known. What is missing to 1 is that none comes.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        probabilities: Vec<Likely>,
        /// Why.
        reasons: Vec<Reason>,
    },
}

impl Content {
    /// The items that it shows, in their order; none where it is no list of items.
    pub fn shown(&self) -> impl Iterator<Item = ItemKey> + '_ {
        self.items().unwrap_or_default().iter().map(|item| ItemKey::from(&item.id))
    }

    /// The items that it holds, best first; none where it holds anything else.
    #[must_use]
    pub fn items(&self) -> Option<&[RankedItem]> {
        match self {
            Self::Items(items) | Self::Search { items, .. } => Some(items),
            Self::Actions(_)
            | Self::Flags(_)
            | Self::Completions(_)
            | Self::Score { .. }
            | Self::Amount { .. }
            | Self::Labels(_)
            | Self::Reply(_)
            | Self::Choice { .. } => None,
        }
    }

    /// The experiments that were met in it: whoever got this answer is counted for these variations from then on.
    #[must_use]
    pub fn exposures(&self) -> Vec<Exposure> {
        let Self::Flags(flags) = self else { return Vec::new() };
        let name = |experiment: &String| match flags.switches.get(experiment) {
            Some(drawn_by) => Switch::name(experiment, drawn_by),
            None => experiment.clone(),
        };
        let of = |(experiment, arm): (&String, &String)| Exposure { experiment: name(experiment), arm: arm.clone() };
        flags.experiments.iter().map(of).collect()
    }
}

/// An amount that is expected: of money, in major units, where it has a currency or all amounts are money.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Amount {
    /// The mean.
    pub value: f64,
    /// In one of twenty cases it is less.
    pub low: f64,
    /// In one of twenty cases it is more.
    pub high: f64,
    /// In which currency, where one is known.
    pub currency: Option<Currency>,
    /// Within how many days; not known of answers from before it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<i64>,
}

/// One of several, and how likely it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Likely {
    /// Which.
    pub label: String,
    /// How likely.
    pub probability: Probability,
}

/// What to do, and what not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Actions {
    /// What to do, first what counts most.
    pub chosen: Vec<ChosenAction>,
    /// By rule, the names of those that it left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub left_out: BTreeMap<String, Vec<String>>,
    /// Where to do nothing was among them: how likely each was to be drawn first, by its name. So it can be told later what an action
    /// changes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub chances: BTreeMap<String, f32>,
}

/// An action that is to be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChosenAction {
    /// Its name.
    pub id: String,
    /// How likely it was to be chosen for its place, after those before it: by all rules, and chance.
    pub propensity: Probability,
    /// What it is worth to do it, as its factors say; 0 where they are forgotten.
    pub priority: f64,
    /// What the priority is made of; `None` where the customer refused since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factors: Option<Factors>,
    /// Why, in words.
    pub reason: String,
    /// What is handed out with it.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub content: serde_json::Map<String, serde_json::Value>,
    /// Whether it came before all others, and was not drawn.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_mandatory: bool,
}

/// What the priority of an action is made of.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Factors {
    /// How likely it is accepted.
    pub propensity: f64,
    /// What it earns then.
    pub value: f64,
    /// Which share of that would not come without it.
    pub incremental: f64,
    /// What the contact costs.
    pub cost: f64,
    /// What the place counts.
    pub context: f64,
    /// Its own weight.
    pub weight: f64,
    /// What is left of it where the customer was contacted often.
    pub fatigue: f64,
    /// What it costs when it is accepted.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub accepted: f64,
    /// What a unit of its budget would bring elsewhere.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub shadow_price: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_nothing(number: &f64) -> bool {
    number.to_bits() == 0
}

impl Factors {
    /// `(propensity * (value * incremental - accepted) - cost) * context * weight * fatigue - shadow_price * expected`
    #[must_use]
    pub fn priority(&self) -> f64 {
        let gain =
            (self.propensity * self.value).mul_add(self.incremental, -self.cost) - self.propensity * self.accepted;
        gain * self.context * self.weight * self.fatigue - self.shadow_price * self.expected()
    }

    /// What it is expected to cost: `cost + propensity * accepted`.
    #[must_use]
    pub fn expected(&self) -> f64 {
        self.propensity.mul_add(self.accepted, self.cost)
    }
}

/// What flags are for a customer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FlagAnswers {
    /// What each flag is, by its name.
    pub flags: BTreeMap<String, FlagAnswer>,
    /// The experiments that were met on the way, each with the variation that was drawn.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub experiments: BTreeMap<String, String>,
    /// By which slice of time and which place those of them were drawn that are switched.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub switches: BTreeMap<String, String>,
}

/// What a flag is for a customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlagAnswer {
    /// Its value.
    pub value: serde_json::Value,
    /// The variation, where it was drawn in an experiment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variation: Option<String>,
    /// Why.
    pub reason: FlagReason,
    /// Which of its rules decided, counted from 1; `None` where none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<usize>,
}

/// Why a flag is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FlagReason {
    /// No rule gave another value.
    Default,
    /// A rule gave it to all of whom its condition holds.
    Rule,
    /// A rule gave it to a share, and they are of it.
    Share,
    /// It was drawn in an experiment.
    Experiment,
    /// Another flag is not what it must be first, so it is the default.
    Needs,
    /// The flag is switched off, so it is the default.
    Off,
    /// The customer is held out, so it is the default.
    Holdout,
}

impl FlagReason {
    /// Its name in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Rule => "rule",
            Self::Share => "share",
            Self::Experiment => "experiment",
            Self::Needs => "needs",
            Self::Off => "off",
            Self::Holdout => "holdout",
        }
    }
}

/// One item of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RankedItem {
    /// The item.
    pub id: ItemId,
    /// How strongly it is recommended; comparable within one answer.
    pub score: f64,
    /// Why, in words.
    pub reason: String,
    /// How likely it was to stand in its place, after those before it; not known of answers from before it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub propensity: Option<Probability>,
}

/// One feature's part in an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// The feature.
    pub feature: String,
    /// Its value; `None` where it is not known.
    pub value: Option<f64>,
    /// What it added to the score of the trees: in log-odds, where that tells a yes from a no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contribution: Option<f64>,
    /// In words.
    pub text: String,
}

/// Which model it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelRef {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: ModelVersion,
}
