//! What came of a decision, by all that was said of it with its name?

use crate::Engine;
use crate::error::EngineError;
use decisions::{ChosenAction, Content, Record};
use features::Contact;

/// What came of one thing that was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Came {
    /// Which action or item; `None` where none was said, or one that was not answered: then the first is meant.
    pub of: Option<String>,
    /// What was said of it.
    pub contact: Contact,
}

impl Engine {
    /// What was told of a decision until now, in the order of the answer; nothing where nothing was, or the customer is not known.
    ///
    /// # Errors
    /// [`EngineError`] where the customer cannot be read.
    pub fn came_of(&self, record: &Record) -> Result<Vec<Came>, EngineError> {
        let told =
            self.with_customer(&record.question.customer, |customer| came_of(record, customer.state.contacts()))?;
        Ok(told.unwrap_or_default())
    }

    /// What came of each action that a decision chose, as far as anything is known; `None` where it may not be counted what came.
    ///
    /// # Errors
    /// [`EngineError`] where the customer cannot be read.
    pub fn came_of_each(&self, record: &Record) -> Result<Option<Vec<Option<Contact>>>, EngineError> {
        let Content::Actions(actions) = &record.decision.answer.content else { return Ok(None) };
        let Some(now) = self.now(&record.question.customer)? else { return Ok(None) };
        let came = came_of(record, now.contacts.into_values());
        let of_each = |(at, action): (usize, &ChosenAction)| {
            let named = came.iter().find(|came| came.of.as_ref() == Some(&action.id));
            // Where no action is said, the first one of the answer is meant.
            let unnamed = || came.iter().find(|came| at == 0 && came.contact.action == 0);
            named.or_else(unnamed).map(|came| came.contact)
        };
        Ok(Some(actions.chosen.iter().enumerate().map(of_each).collect()))
    }
}

/// What of all that came is of a decision, in the order of its answer.
fn came_of(record: &Record, contacts: impl IntoIterator<Item = Contact>) -> Vec<Came> {
    let names: Vec<&str> = match &record.decision.answer.content {
        Content::Actions(actions) => actions.chosen.iter().map(|action| action.id.as_str()).collect(),
        content => content.items().unwrap_or_default().iter().map(|item| item.id.as_str()).collect(),
    };
    let decision = Contact::name_of(record.decision.id.as_str());
    let place = |contact: &Contact| names.iter().position(|name| Contact::name_of(name) == contact.action);
    let all = contacts.into_iter().filter(|contact| contact.decision == decision);
    let mut found: Vec<(Option<usize>, Contact)> = all.map(|contact| (place(&contact), contact)).collect();
    found.sort_by_key(|(place, contact)| (*place, contact.action));
    let came = |(place, contact): (Option<usize>, Contact)| Came {
        of: place.and_then(|place| names.get(place)).map(|name| (*name).to_owned()),
        contact,
    };
    found.into_iter().map(came).collect()
}
