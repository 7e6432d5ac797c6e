//! What can be offered to a customer? An action that costs something when it is accepted, under a budget.

use crate::action::Action;
use crate::filter::Names;
use crate::terms;
use events::declared::Mistake;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::ops::Deref;
use std::sync::LazyLock;

/// Something that can be offered: all that an action says, with its [terms](crate::Terms).
#[derive(Debug, Clone, PartialEq)]
pub struct Offer(pub Action);

/// What offers are called in sentences.
pub(crate) const WHAT: &str = "offer";

/// What no offer can be called: `POST /v1/offers/allocate` is something else.
const TAKEN: &str = "allocate";

impl Offer {
    /// The keys of a declaration, and what each says.
    #[must_use]
    pub fn keys() -> &'static [(&'static str, &'static str)] {
        static KEYS: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| [Action::keys(), &terms::KEYS].concat());
        &KEYS
    }

    /// Reads a declaration.
    ///
    /// # Errors
    /// [`Mistake`], also where what it says contradicts itself.
    pub fn from_table(fields: &Map<String, Value>) -> Result<Self, Mistake> {
        let offer = Action::read(WHAT, fields)?;
        let terms = &offer.terms;
        let wrong = |key: &str, remedy: &str| {
            let found = fields.get(key).map_or("missing".to_owned(), ToString::to_string);
            Err(Mistake { key: key.to_owned(), found, ..Mistake::of_name(WHAT, &offer.name, remedy) })
        };
        if offer.name == TAKEN {
            return wrong("name", "a path of the interface is called so: choose another name");
        }
        if offer.nothing && !terms.is_none() {
            return wrong("nothing", "to offer nothing costs nothing: leave out discount, costs, budget and keeps");
        }
        if terms.budget.is_some() && terms.discount <= 0.0 && terms.costs <= 0.0 && offer.cost <= 0.0 {
            return wrong(
                "budget",
                "it costs nothing, so that nothing is spent: say discount, costs or cost, or leave the budget out",
            );
        }
        if terms.budget.is_some() && offer.mandatory {
            return wrong(
                "budget",
                "what is mandatory is offered to everybody, whatever was spent: leave out one of the two",
            );
        }
        if offer.cost + terms.costs > 0.0 && terms.budget.is_some_and(|budget| offer.cost + terms.costs > budget.amount)
        {
            return wrong(
                "budget",
                "once accepted it costs more than the whole budget: give it more, or leave the offer out",
            );
        }
        Ok(Self(offer))
    }

    /// As [`Offer::from_table`] reads it.
    #[must_use]
    pub fn to_table(&self) -> Map<String, Value> {
        self.0.to_table()
    }

    /// Whether offers can be declared together beside actions, over what conditions may ask.
    ///
    /// # Errors
    /// [`Mistake`] as of [`Action::check`]; and where an action has the name of an offer: what came of one would be learned of the other.
    pub fn check(offers: &[Self], actions: &[Action], names: &Names) -> Result<(), Mistake> {
        let all: Vec<Action> = offers.iter().map(|offer| offer.0.clone()).collect();
        Action::check_all(WHAT, &all, names)?;
        let taken = all.iter().find(|offer| actions.iter().any(|action| action.name == offer.name));
        taken.map_or(Ok(()), |offer| {
            let remedy = "there is an action and an offer of this name, and what came of one would be learned of the other: choose another one";
            Err(Mistake::of_name(WHAT, &offer.name, remedy))
        })
    }
}

impl Deref for Offer {
    type Target = Action;

    fn deref(&self) -> &Action {
        &self.0
    }
}

impl From<Offer> for Action {
    fn from(offer: Offer) -> Self {
        offer.0
    }
}

impl Serialize for Offer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_table().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Offer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        events::declared::deserialize(deserializer, Self::from_table)
    }
}
