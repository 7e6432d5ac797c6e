//! Which lists take too long to be looked at, so that the others go on without them?

use decisions::List;
use primitives::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long a list is left out whose filter stays as it is: then it is tried again.
const LEFT_OUT: Duration = Duration::from_secs(24 * 60 * 60);

/// The failure of a list that took most of the time.
pub(super) const WHY: &str = "the time did not suffice to look at every customer, and this list took most of it: nobody comes or \
                              goes until its filter is simpler; it is tried again a day later";

/// The lists that are left out.
#[derive(Debug, Default)]
pub(crate) struct LeftOut(BTreeMap<String, (String, Timestamp)>);

impl LeftOut {
    /// Takes those in again that say something else by now, or were left out long enough.
    pub(super) fn keep<'l>(&mut self, lists: impl Iterator<Item = &'l List> + Clone, now: Timestamp) {
        self.0.retain(|name, (filter, until)| {
            *until > now && lists.clone().any(|list| list.name == *name && list.filter == *filter)
        });
    }

    /// Leaves a list out from now on.
    pub(super) fn add(&mut self, name: &str, filter: &str, now: Timestamp) {
        self.0.insert(name.to_owned(), (filter.to_owned(), now + LEFT_OUT));
    }

    /// Why a list that asks about others is not looked at; nothing where it is.
    pub(super) fn why_not(&self, name: &str, asked: &BTreeSet<&str>) -> Option<String> {
        if self.0.contains_key(name) {
            return Some(WHY.to_owned());
        }
        let slow = asked.iter().find(|asked| self.0.contains_key(**asked))?;
        Some(format!("it asks about the list \"{slow}\", which takes too long"))
    }
}
