//! Which lists of customers are kept, who is on them, and who came and went? The port that every store of them answers to.

use primitives::{CustomerId, ErrorKind, Timestamp};
use serde::{Deserialize, Serialize};

/// The longest name of a list, and the longest title, in bytes.
const NAME_BYTES_MAX: usize = 64;
const TITLE_BYTES_MAX: usize = 200;

/// A list of customers: for whom a filter holds, in an order, with columns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// Its name: small letters, digits, `_` and `-`.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// For whom it holds.
    pub filter: String,
    /// By what it is sorted; without it, who was seen last comes first.
    #[serde(default)]
    pub sort: String,
    /// What is told of each, with commas between; without it, every score.
    #[serde(default)]
    pub columns: String,
    /// Who is told when somebody comes or goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Webhook>,
}

/// Where it is told who came and who went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// The address.
    pub url: String,
    /// What signs: whoever has it can say that they are this program.
    pub secret: String,
    /// Only what came after this number is told.
    #[serde(default)]
    pub after: u64,
}

impl List {
    /// The same with a title as long as one may be at the most.
    #[must_use]
    pub fn with_title(self, mut title: String) -> Self {
        title.truncate(title.floor_char_boundary(TITLE_BYTES_MAX));
        Self { title, ..self }
    }

    /// Why it cannot be kept, whatever its filter says.
    ///
    /// # Errors
    /// The reason, for people: what is wrong, and what to write.
    pub fn check(&self) -> Result<(), String> {
        let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
        let (name, shown) = (&self.name, primitives::visible(&self.name));
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(is_letter) {
            return Err(format!("name is \"{shown:.60}\": write small letters, digits, _ and -, a letter first"));
        }
        if name.len() > NAME_BYTES_MAX {
            return Err(format!("name has {} bytes: write {NAME_BYTES_MAX} at the most", name.len()));
        }
        if self.title.trim().is_empty() || self.title.len() > TITLE_BYTES_MAX {
            return Err(format!("title has {} bytes: write 1 to {TITLE_BYTES_MAX}", self.title.len()));
        }
        self.webhook.as_ref().map_or(Ok(()), Webhook::check)
    }
}

impl Webhook {
    /// The longest address, in bytes.
    const URL_BYTES_MAX: usize = 2_000;

    /// Why nobody can be told there.
    ///
    /// # Errors
    /// The reason, for people.
    pub fn check(&self) -> Result<(), String> {
        let rest = self.url.strip_prefix("https://").or_else(|| self.url.strip_prefix("http://"));
        let has_host = rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '['));
        let is_plain = self.url.bytes().all(|byte| byte.is_ascii_graphic());
        if !has_host || !is_plain || self.url.len() > Self::URL_BYTES_MAX {
            return Err(format!(
                "webhook is no address: write https:// or http://, a host and a path, {} bytes at the most",
                Self::URL_BYTES_MAX
            ));
        }
        Ok(())
    }
}

/// Somebody came or went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListChange {
    /// The how manieth change of its list it is, from 1.
    pub number: u64,
    /// When it was found.
    pub at: Timestamp,
    /// Who.
    pub customer: CustomerId,
    /// Whether they came.
    pub has_entered: bool,
}

/// How it is with a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListState {
    /// How many customers are on it.
    pub n: u64,
    /// When it was looked at last; nothing where it was not yet.
    pub looked_at: Option<Timestamp>,
    /// Why it could not be, where it could not.
    pub failure: Option<String>,
    /// The number of its newest change.
    pub newest: u64,
    /// How far its webhook was told.
    pub delivery: Delivery,
}

/// How far a webhook was told of changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivery {
    /// The number of the last change that it took.
    pub upto: u64,
    /// How many changes were forgotten before it took them.
    pub n_lost: u64,
    /// How often the next one was tried in vain.
    pub n_tries: u32,
    /// When it is tried again.
    pub next_at: Option<Timestamp>,
    /// Why it was not taken.
    pub failure: Option<String>,
}

/// The store failed.
#[derive(Debug, thiserror::Error)]
#[error("{attempt}")]
pub struct ListStoreError {
    /// What was attempted, and what to do.
    pub attempt: String,
    /// Whether trying again may help.
    pub kind: ErrorKind,
    /// What the storage said.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Where lists are kept, with who is on them. What is stored is durable on return.
pub trait ListStore: Send + Sync {
    /// The lists that were saved, by name.
    ///
    /// # Errors
    /// [`ListStoreError`].
    fn lists(&self) -> Result<Vec<List>, ListStoreError>;

    /// Saves a list in the place of one of the same name.
    ///
    /// # Errors
    /// [`ListStoreError`].
    fn save(&self, list: &List) -> Result<(), ListStoreError>;

    /// Removes what was saved under a name with all that is kept of it: who is on it, who came and went, and its counts. The
    /// numbers of its changes are not given again.
    ///
    /// # Errors
    /// [`ListStoreError`].
    fn remove(&self, name: &str) -> Result<(), ListStoreError>;

    /// How it is with a list, saved or not.
    ///
    /// # Errors
    /// [`ListStoreError`].
    fn state(&self, name: &str) -> Result<ListState, ListStoreError>;

    /// Who is on a list, in the order of their ids.
    ///
    /// # Errors
    /// [`ListStoreError`].
    fn members(&self, name: &str) -> Result<Vec<CustomerId>, ListStoreError>;

    /// On which lists a customer is, by name.
    ///
    /// # Errors
    /// [`ListStoreError`].
    fn lists_of(&self, customer: &CustomerId) -> Result<Vec<String>, ListStoreError>;

    /// Notes who came and who went, each with a number of its own, all or nothing. Who is there already does not come, and who
    /// is not does not go.
    ///
    /// # Errors
    /// [`ListStoreError`].
    fn change(
        &self,
        name: &str,
        at: Timestamp,
        entered: &[CustomerId],
        left: &[CustomerId],
    ) -> Result<(), ListStoreError>;

    /// Notes that a list was looked at, or why it could not be.
    ///
    /// # Errors
    /// [`ListStoreError`].
    fn note_looked_at(&self, name: &str, at: Timestamp, failure: Option<&str>) -> Result<(), ListStoreError>;

    /// Notes how far a webhook was told.
    ///
    /// # Errors
    /// [`ListStoreError`].
    fn note_delivery(&self, name: &str, delivery: &Delivery) -> Result<(), ListStoreError>;

    /// Changes of a list after a number, in their order.
    ///
    /// # Errors
    /// [`ListStoreError`].
    fn changes(&self, name: &str, after: u64, n_max: usize) -> Result<Vec<ListChange>, ListStoreError>;

    /// Notes how many were on a list within the hour of a moment.
    ///
    /// # Errors
    /// [`ListStoreError`].
    fn count(&self, name: &str, at: Timestamp, n: u32) -> Result<(), ListStoreError>;

    /// How many were on a list, by the beginnings of the hours, or the days where that is long ago.
    ///
    /// # Errors
    /// [`ListStoreError`].
    fn counts(&self, name: &str) -> Result<Vec<(Timestamp, u32)>, ListStoreError>;

    /// Removes a customer from every list, and all that says that they ever were on one.
    ///
    /// # Errors
    /// [`ListStoreError`].
    fn forget(&self, customer: &CustomerId) -> Result<u64, ListStoreError>;

    /// Forgets what is kept no longer: counts of hours and days, and changes of which a list has too many. What a webhook was
    /// not told by then is counted as lost.
    ///
    /// # Errors
    /// [`ListStoreError`].
    fn prune(&self, now: Timestamp) -> Result<(), ListStoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_kept_says_why() {
        let list = |name: &str, title: &str, url: Option<&str>| List {
            name: name.to_owned(),
            title: title.to_owned(),
            webhook: url.map(|url| Webhook { url: url.to_owned(), secret: String::new(), after: 0 }),
            ..List::default()
        };
        for (list, said) in [
            (list("leaving", "Leaving", None), None),
            (list("about_to-leave9", "a", Some(&format!("https://{}", "a".repeat(1_992)))), None),
            (list(&"a".repeat(64), &"a".repeat(200), Some("http://127.0.0.1:9/a?b=c")), None),
            (list("a", "a", Some("https://[::1]/")), None),
            (list(&"a".repeat(65), "a", None), Some("name has 65 bytes")),
            (list("", "a", None), Some("name is \"\"")),
            (list("1a", "a", None), Some("a letter first")),
            (list("aB", "a", None), Some("small letters")),
            (list("a", " ", None), Some("title has 1 bytes")),
            (list("a", &"a".repeat(201), None), Some("title has 201 bytes")),
            (list("a", "a", Some("ftp://host/")), Some("write https://")),
            (list("a", "a", Some("https:///path")), Some("write https://")),
            (list("a", "a", Some("https://host/a b")), Some("write https://")),
            (list("a", "a", Some(&format!("https://{}", "a".repeat(1_993)))), Some("2000 bytes at the most")),
        ] {
            let found = list.check();
            assert_eq!(found.is_ok(), said.is_none(), "{found:?}");
            assert!(said.is_none_or(|said| found.unwrap_err().contains(said)), "{said:?}");
        }
    }
}
