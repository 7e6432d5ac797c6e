//! What came of a decision, by all that was said of it with its name?

use crate::Engine;
use crate::error::EngineError;
use decisions::{Content, Record};
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
        let names: Vec<&str> = match &record.decision.answer.content {
            Content::Actions(actions) => actions.chosen.iter().map(|action| action.id.as_str()).collect(),
            content => content.items().unwrap_or_default().iter().map(|item| item.id.as_str()).collect(),
        };
        let decision = Contact::name_of(record.decision.id.as_str());
        let told = self.with_customer(&record.question.customer, |customer| {
            let all = customer.state.contacts().into_iter();
            all.filter(|contact| contact.decision == decision).collect::<Vec<Contact>>()
        })?;
        let place = |contact: &Contact| names.iter().position(|name| Contact::name_of(name) == contact.action);
        let mut found: Vec<(Option<usize>, Contact)> =
            told.unwrap_or_default().into_iter().map(|contact| (place(&contact), contact)).collect();
        found.sort_by_key(|(place, contact)| (*place, contact.action));
        let came = |(place, contact): (Option<usize>, Contact)| Came {
            of: place.and_then(|place| names.get(place)).map(|name| (*name).to_owned()),
            contact,
        };
        Ok(found.into_iter().map(came).collect())
    }
}
