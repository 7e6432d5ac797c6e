//! What does it do to write or call before somebody complains?

use super::{Mind, ramp};
use crate::actions::Contact;

impl Mind<'_> {
    /// The chance that a machine that fails becomes a complaint.
    #[must_use]
    pub fn complains(&self, contact: Contact) -> f64 {
        let nature = &self.person.nature;
        let silent = 0.35 * nature.patience;
        let eases = match contact {
            Contact::None => 1.0,
            // Who would have borne it in silence is told that there is something to bear; who reads no letters is told nothing.
            Contact::Email if nature.patience > 0.75 && self.life.mood > 0.1 => 1.25,
            Contact::Email => 1.0 - 0.55 * nature.opens_mail.sqrt(),
            Contact::Call => 0.3 + 0.25 * ramp(nature.temper, 1.0, 1.8),
        };
        ((1.0 - silent) * eases).min(1.0)
    }

    /// By how much it lifts their mood to be told.
    #[must_use]
    pub fn is_relieved(&self, contact: Contact) -> f64 {
        let nature = &self.person.nature;
        match contact {
            Contact::None => 0.0,
            Contact::Email => 0.12 * nature.opens_mail,
            // Somebody of the quiet kind does not like to be called.
            Contact::Call => 0.2 * ramp(nature.temper, 0.5, 1.1) - 0.05,
        }
    }
}
