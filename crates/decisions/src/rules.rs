//! Which rules hold for every list of items, whatever a model would rather show?

use serde::{Deserialize, Serialize};

/// Whether items are shown again that the customer has bought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Repeats {
    /// As likely as the model has learned that it is, and not before it can be due again.
    #[default]
    Learned,
    /// As likely as the model has learned that it is, however lately it was bought.
    Allowed,
    /// Never.
    Excluded,
}

impl Repeats {
    /// Their names.
    pub const NAMES: [&'static str; 3] = ["learned", "allowed", "excluded"];

    /// What a name means.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Learned, Self::Allowed, Self::Excluded].into_iter().find(|one| one.name() == name)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Learned => "learned",
            Self::Allowed => "allowed",
            Self::Excluded => "excluded",
        }
    }
}

/// Rules for lists of items. Where nothing is said, none holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// Whether what was bought is shown again.
    pub repeats: Repeats,
    /// The most items of one category in a list; 0 sets no limit.
    pub per_category_max: u32,
    /// The most items of one brand in a list; 0 sets no limit.
    pub per_brand_max: u32,
    /// How much of a list must be new to the customer, at least.
    pub new_share_min: f64,
    /// How much the item counts more that earns most, from 0 to 1: at 1 twice as much as the one that earns least.
    pub margin_weight: f64,
    /// How much it counts that items of a list differ, from 0 to 1.
    pub diversity: f64,
    /// How likely each place is drawn from what would not have been shown, from 0 to 1.
    pub explore_share: f64,
}

impl Rules {
    /// Whether a list is put in another order, or shown in part, by these rules.
    #[must_use]
    pub fn reorder(&self) -> bool {
        Self { repeats: Repeats::default(), ..*self } != Self::default()
    }
}
