//! What is chosen from? Actions or offers, with what else contacts are counted by.

use crate::Contacted;
use crate::action::Action;
use crate::offer::Offer;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which of the two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    Actions,
    Offers,
}

impl Of {
    /// The kind that answers from it.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Actions => "act",
            Self::Offers => "offer",
        }
    }

    /// What they are called.
    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::Actions => "actions",
            Self::Offers => "offers",
        }
    }
}

/// What is chosen from.
#[derive(Debug, Clone)]
pub struct Repertoire {
    pub(crate) of: Of,
    pub(crate) all: Vec<Action>,
    pub(crate) beside: Beside,
}

/// What contacts of the other list count as, by name: limits hold for all contacts together.
pub(crate) type Beside = BTreeMap<String, CountsAs>;

/// As what contacts with an action count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CountsAs {
    pub(crate) group: String,
    /// The only channel that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) channel: Option<String>,
    /// Whether it counts as a contact.
    pub(crate) counts: bool,
    /// Whether it is done only so often.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) ends: bool,
}

impl CountsAs {
    pub(crate) fn of(action: &Action) -> Self {
        Self {
            group: action.group.clone(),
            channel: only(action).map(str::to_owned),
            counts: !action.nothing && !action.service,
            ends: action.times > 0,
        }
    }
}

/// The channel of an action that has one.
pub(crate) fn only(action: &Action) -> Option<&str> {
    if action.channels.len() == 1 { action.channels.first().map(String::as_str) } else { None }
}

impl Repertoire {
    /// Offers.
    #[must_use]
    pub fn offers(offers: &[Offer]) -> Self {
        let all = offers.iter().map(|offer| offer.0.clone()).collect();
        Self { of: Of::Offers, all, beside: Beside::new() }
    }

    /// With what else customers are contacted about.
    #[must_use]
    pub fn beside<'a>(self, others: impl IntoIterator<Item = &'a Action>) -> Self {
        let beside = others.into_iter().map(|other| (other.name.clone(), CountsAs::of(other))).collect();
        Self { beside, ..self }
    }

    /// As what each contact counts, by the number of its name.
    pub(crate) fn counted(&self) -> BTreeMap<u64, CountsAs> {
        let own = self.all.iter().map(|action| (Contacted::number_of(&action.name), CountsAs::of(action)));
        let beside = self.beside.iter().map(|(name, counts)| (Contacted::number_of(name), counts.clone()));
        beside.chain(own).collect()
    }
}

impl From<Vec<Action>> for Repertoire {
    fn from(all: Vec<Action>) -> Self {
        Self { of: Of::Actions, all, beside: Beside::new() }
    }
}
