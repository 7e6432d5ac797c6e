//! Which names does a customer go by?

use events::{ANONYMOUS_PREFIX as ANONYMOUS, Call, Event, USER_PREFIX as USER};
use primitives::{AnonymousId, CustomerId, UserId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A name by which events call a customer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Identifier {
    /// The company's own name for them.
    User(UserId),
    /// A browser or a device.
    Anonymous(AnonymousId),
}

impl Identifier {
    /// The names in an event, the `userId` first.
    #[must_use]
    pub fn of(event: &Event) -> [Option<Self>; 2] {
        [event.user_id.clone().map(Self::User), event.anonymous_id.clone().map(Self::Anonymous)]
    }

    /// The names that the `previousId` of an `alias` may mean: it is a `userId` or an `anonymousId`.
    #[must_use]
    pub fn of_previous(previous_id: &str) -> [Self; 2] {
        [Self::User(UserId::from(previous_id)), Self::Anonymous(AnonymousId::from(previous_id))]
    }

    /// Every name that an event mentions, in whichever way: whoever knows all events that mention one of a customer's names
    /// knows everything that was ever said of who they are.
    pub fn mentioned(event: &Event) -> impl Iterator<Item = Self> {
        let others = match &event.call {
            Call::Alias { previous_id } => Self::of_previous(previous_id).map(Some),
            Call::Separate { names: [one, other], .. } => [Self::of_key(one), Self::of_key(other)],
            _ => [None, None],
        };
        Self::of(event).into_iter().chain(others).flatten()
    }

    /// The customer that this name founds when it is the first one heard.
    ///
    /// A `userId` is its own customer id, so that people find customers under the names they know. Only a `userId` that
    /// would read as something else is written out as `user:…`.
    #[must_use]
    pub fn customer_id(&self) -> CustomerId {
        match self {
            Self::User(id) if events::says_a_kind(id.as_str()) => CustomerId::from(format!("{USER}{id}")),
            Self::User(id) => CustomerId::from(id.as_str()),
            Self::Anonymous(id) => CustomerId::from(format!("{ANONYMOUS}{id}")),
        }
    }

    /// The name that founded a customer id: the inverse of [`Identifier::customer_id`].
    #[must_use]
    pub fn founder(id: &CustomerId) -> Self {
        let text = id.as_str();
        if let Some(anonymous) = text.strip_prefix(ANONYMOUS) {
            Self::Anonymous(AnonymousId::from(anonymous))
        } else {
            Self::User(UserId::from(text.strip_prefix(USER).unwrap_or(text)))
        }
    }

    /// The names that a person may mean by a text, what says more before what says less: `anonymous:42` and `user:42` say which
    /// kind of name 42 is; what says nothing is a `userId` before it is an `anonymousId`.
    #[must_use]
    pub fn meant_by(text: &str) -> [Self; 3] {
        let [user, device] = Self::of_previous(text);
        [Self::founder(&CustomerId::from(text)), user, device]
    }

    /// Whether an event can have it.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        !self.text().is_empty()
    }

    /// A text that means this name and none else: `user:…` or `anonymous:…`.
    #[must_use]
    pub fn to_meant(&self) -> String {
        match self {
            Self::User(id) => format!("{USER}{id}"),
            Self::Anonymous(id) => format!("{ANONYMOUS}{id}"),
        }
    }

    /// The name itself.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::User(id) => id.as_str(),
            Self::Anonymous(id) => id.as_str(),
        }
    }

    /// The name of a key, which [`Identifier::key`] made; `None` where it is none.
    #[must_use]
    pub fn of_key(key: &str) -> Option<Self> {
        match key.split_once(':')? {
            ("u", id) => Some(Self::User(UserId::from(id))),
            ("a", id) => Some(Self::Anonymous(AnonymousId::from(id))),
            _ => None,
        }
    }

    /// The key under which the name is stored: `u:…` or `a:…`.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::User(id) => format!("u:{id}"),
            Self::Anonymous(id) => format!("a:{id}"),
        }
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "userId {id}"),
            Self::Anonymous(id) => write!(f, "anonymousId {id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_by_a_text_that_means_it_first() {
        let (user, device) = (|id: &str| Identifier::User(id.into()), |id: &str| Identifier::Anonymous(id.into()));
        for name in [user("42"), device("42"), user("user:42"), user("anonymous:a"), device("user:42")] {
            assert_eq!(Identifier::meant_by(&name.to_meant())[0], name);
            assert!(name.is_possible());
        }
        assert!(!user("").is_possible() && !device("").is_possible());
    }
    use proptest::prelude::*;

    #[test]
    fn a_name_says_what_it_is() {
        let (user, device) = (Identifier::User("ann".into()), Identifier::Anonymous("phone".into()));
        assert_eq!((user.to_string(), device.to_string()), ("userId ann".to_owned(), "anonymousId phone".to_owned()));
        assert_eq!(["", "u", "x:ann", "user:ann"].map(Identifier::of_key), [None, None, None, None]);
        assert_eq!((user.key(), device.key()), ("u:ann".to_owned(), "a:phone".to_owned()));
    }

    #[test]
    fn a_text_means_the_name_of_the_kind_that_it_names_and_else_a_user_id_first() {
        let (user, device) = (|id: &str| Identifier::User(id.into()), |id: &str| Identifier::Anonymous(id.into()));
        for (text, first) in [("42", user("42")), ("user:42", user("42")), ("anonymous:42", device("42"))] {
            assert_eq!(Identifier::meant_by(text), [first, user(text), device(text)]);
        }
    }

    proptest! {
        #[test]
        fn every_customer_id_names_one_founder(name in "(anonymous:|user:)?[a-z:]{0,8}", anonymous: bool) {
            let founder =
                if anonymous { Identifier::Anonymous(name.as_str().into()) } else { Identifier::User(name.as_str().into()) };
            prop_assert_eq!(Identifier::of_key(&founder.key()), Some(founder.clone()));
            prop_assert_eq!(Identifier::founder(&founder.customer_id()), founder);
        }
    }
}
