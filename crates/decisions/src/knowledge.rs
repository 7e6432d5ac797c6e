//! What is known of a customer, as far as a kind of decision reads it?

use governance::Purpose;
use learning::TaskName;
use primitives::{Currency, ItemKey, ModelVersion, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is known of a customer at a moment, as far as the kind of decision reads it. Numbers that are not known are NaN.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Knowledge {
    /// What the models of its tasks look at.
    pub inputs: BTreeMap<TaskName, ModelInputs>,
    /// Features by name.
    pub features: BTreeMap<String, f64>,
    /// What tells whether the question of a task is asked of them; not there while it is still being counted.
    pub asked: BTreeMap<TaskName, Vec<f64>>,
    /// Traits by name.
    pub traits: BTreeMap<String, String>,
    /// What they bought lately, from old to new; or read, watched or looked at, where the model has learned from that.
    pub bought: Vec<Bought>,
    /// What they looked at or put into the cart in this visit, from old to new, each once.
    pub viewed: Vec<ItemKey>,
    /// In which currency they paid last.
    pub currency: Option<Currency>,
    /// Whether their data may be used, by purpose.
    pub consents: BTreeMap<Purpose, bool>,
}

/// What one model looks at, in its order.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelInputs {
    /// The model.
    pub version: ModelVersion,
    /// The values of its features.
    pub values: Vec<f64>,
}

/// One product that was bought.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bought {
    /// Which item.
    pub item: ItemKey,
    /// When.
    pub at: Timestamp,
    /// How many pieces, in thousandths.
    pub milli_units: i64,
}

impl Knowledge {
    /// What the model of a task looks at; nothing where there is none.
    pub(crate) fn inputs(&self, task: &TaskName) -> &[f64] {
        self.inputs.get(task).map_or(&[], |inputs| &inputs.values)
    }

    /// A feature by its name; `None` where it is not known.
    pub(crate) fn feature(&self, name: &str) -> Option<f64> {
        self.features.get(name).copied().filter(|value| !value.is_nan())
    }
}
