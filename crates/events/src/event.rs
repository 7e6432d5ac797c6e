//! What is an event?

use crate::{EventKey, Fields, Places, Reading};
use primitives::{AnonymousId, ItemId, MessageId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Something that happened to a customer, or something said about an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// What makes this event the same event when it is sent again.
    pub message_id: MessageId,
    /// The customer, as the company's systems know them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The browser or device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anonymous_id: Option<AnonymousId>,
    /// When it happened: the sender's clock, corrected, never after `received_at`.
    pub occurred_at: Timestamp,
    /// When we came to know it; for imported history, when it occurred.
    pub received_at: Timestamp,
    /// When it happened by the sender's word, where that lay in the future: `occurred_at` is then `received_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stated_at: Option<Timestamp>,
    /// What happened.
    #[serde(flatten)]
    pub call: Call,
    /// Where it happened: page, device, campaign, consent.
    #[serde(default, skip_serializing_if = "Fields::is_empty")]
    pub context: Fields,
    /// Who said so, which decides how far it is believed.
    #[serde(default = "Origin::of_version_1")]
    pub origin: Origin,
    /// What [`Event::deed`] has read; nothing at first. Whoever changes the call makes it nothing again.
    #[serde(skip)]
    pub reading: Reading,
}

/// Where an event comes from: what it may say, and how far it is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A client with a write key: a browser, an app. That key is public, so a stranger may be speaking.
    Client,
    /// The company's own service with a server key.
    Server,
    /// A file of history: counts as received when it occurred.
    Import,
}

impl Origin {
    /// Every origin.
    pub const ALL: [Self; 3] = [Self::Client, Self::Server, Self::Import];

    /// The name on the wire: `client`, `server`, `import`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Import => "import",
        }
    }

    /// The origin of that name, or `None`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|origin| origin.name() == name)
    }

    /// Whether the company itself speaks, and not whoever holds the public write key.
    #[must_use]
    pub fn is_trusted(self) -> bool {
        self != Self::Client
    }

    /// Records of version 1 did not say; what they said was believed.
    fn of_version_1() -> Self {
        Self::Server
    }
}

/// What happened, by Segment's calls and one of our own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum Call {
    /// Who the customer is.
    Identify {
        /// What is known about them.
        #[serde(default, skip_serializing_if = "Fields::is_empty")]
        traits: Fields,
    },
    /// What the customer did.
    Track {
        /// The name of the deed, such as `Order Completed`.
        event: String,
        /// Its particulars.
        #[serde(default, skip_serializing_if = "Fields::is_empty")]
        properties: Fields,
    },
    /// Which page of a site the customer saw.
    Page {
        /// The page's name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// The page's category.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        category: Option<String>,
        /// Its particulars.
        #[serde(default, skip_serializing_if = "Fields::is_empty")]
        properties: Fields,
    },
    /// Which screen of an app the customer saw.
    Screen {
        /// The screen's name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// The screen's category.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        category: Option<String>,
        /// Its particulars.
        #[serde(default, skip_serializing_if = "Fields::is_empty")]
        properties: Fields,
    },
    /// Which group (company, household) the customer belongs to.
    Group {
        /// The group.
        group_id: String,
        /// What is known about the group.
        #[serde(default, skip_serializing_if = "Fields::is_empty")]
        traits: Fields,
    },
    /// That the identity `previous_id` and this customer are one person.
    Alias {
        /// The other identity: a `userId` or an `anonymousId`.
        previous_id: String,
    },
    /// What an item is. Ours: only trusted sources (imports, server keys) may say it.
    Item {
        /// The item.
        item_id: ItemId,
        /// What is known about it: `name`, `category`, `price`, `currency`, anything else.
        #[serde(default, skip_serializing_if = "Fields::is_empty")]
        traits: Fields,
    },
    /// That events which were accepted before count no longer, or again. Ours: nobody can send it, it comes of an import
    /// that replaces what was there, or is undone.
    Correction {
        /// Where the events stand that count no longer.
        withdrawn: Vec<Places>,
        /// Where the events stand that count again.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        restored: Vec<Places>,
        /// Why, in words.
        reason: String,
    },
    /// That two names are not one person, whatever was said of them before: the past is told anew so. Ours: nobody can send
    /// it, a person asks for it.
    Separate {
        /// The two names, as the keys of identifiers: `u:…` for a `userId`, `a:…` for an `anonymousId`.
        names: [String; 2],
        /// Why, in words; empty where nobody said.
        reason: String,
    },
}

/// Which call it is, without its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallKind {
    /// See [`Call::Identify`].
    Identify,
    /// See [`Call::Track`].
    Track,
    /// See [`Call::Page`].
    Page,
    /// See [`Call::Screen`].
    Screen,
    /// See [`Call::Group`].
    Group,
    /// See [`Call::Alias`].
    Alias,
    /// See [`Call::Item`].
    Item,
    /// See [`Call::Correction`].
    Correction,
    /// See [`Call::Separate`].
    Separate,
}

impl CallKind {
    /// Every kind that can be sent.
    pub const ALL: [Self; 7] =
        [Self::Identify, Self::Track, Self::Page, Self::Screen, Self::Group, Self::Alias, Self::Item];

    /// Every kind, by its place in a record: never change the order, add behind.
    pub(crate) const STORED: [Self; 9] = [
        Self::Identify,
        Self::Track,
        Self::Page,
        Self::Screen,
        Self::Group,
        Self::Alias,
        Self::Item,
        Self::Correction,
        Self::Separate,
    ];

    /// The place in [`CallKind::STORED`].
    pub(crate) fn place(self) -> u8 {
        match self {
            Self::Identify => 0,
            Self::Track => 1,
            Self::Page => 2,
            Self::Screen => 3,
            Self::Group => 4,
            Self::Alias => 5,
            Self::Item => 6,
            Self::Correction => 7,
            Self::Separate => 8,
        }
    }

    /// The name on the wire: `identify`, `track`, …
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Identify => "identify",
            Self::Track => "track",
            Self::Page => "page",
            Self::Screen => "screen",
            Self::Group => "group",
            Self::Alias => "alias",
            Self::Item => "item",
            Self::Correction => "correction",
            Self::Separate => "separate",
        }
    }

    /// The kind of that name, or `None`; also one that nobody can send.
    #[must_use]
    pub fn of_stored(name: &str) -> Option<Self> {
        Self::STORED.into_iter().find(|kind| kind.name() == name)
    }

    /// The kind of that name that can be sent, or `None`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for CallKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Event {
    /// How many bytes of JSON are free-form in it: properties or traits, and the context.
    #[must_use]
    pub fn free_form_bytes(&self) -> usize {
        let of_call = match &self.call {
            Call::Identify { traits: fields }
            | Call::Group { traits: fields, .. }
            | Call::Item { traits: fields, .. }
            | Call::Track { properties: fields, .. }
            | Call::Page { properties: fields, .. }
            | Call::Screen { properties: fields, .. } => fields.as_text().len(),
            Call::Alias { .. } | Call::Correction { .. } | Call::Separate { .. } => 0,
        };
        self.context.as_text().len() + of_call
    }

    /// Which call it is.
    #[must_use]
    pub fn kind(&self) -> CallKind {
        self.call.kind()
    }

    /// What tells it from others at the same moment.
    #[must_use]
    pub fn key(&self) -> EventKey {
        // An id belongs to its origin: the same one of another is another event (ADR 0015).
        let of_origin = match self.origin {
            Origin::Client => 0,
            Origin::Server => 1,
            Origin::Import => 2,
        };
        EventKey(primitives::stable_hash(self.message_id.as_str()).wrapping_add(of_origin))
    }

    /// What people call it: the tracked event's name, else the page's or screen's, else the call itself.
    #[must_use]
    pub fn title(&self) -> &str {
        match &self.call {
            Call::Track { event, .. } => event,
            Call::Page { name: Some(name), .. } | Call::Screen { name: Some(name), .. } => name,
            _ => self.kind().name(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(call: Call) -> Event {
        let at = Timestamp::from_millis(1_000);
        let (message_id, user_id) = (MessageId::from("m"), Some(UserId::from("u")));
        let (context, origin) = (Fields::new(), Origin::Server);
        Event {
            message_id,
            user_id,
            anonymous_id: None,
            occurred_at: at,
            received_at: at,
            stated_at: None,
            call,
            context,
            origin,
            reading: Reading::default(),
        }
    }

    #[test]
    fn only_the_public_key_of_a_client_is_not_the_companys_word() {
        assert_eq!(Origin::ALL.map(Origin::is_trusted), [false, true, true]);
    }

    #[test]
    fn an_origin_and_a_kind_have_one_name_in_records_and_in_words() {
        for origin in Origin::ALL {
            assert_eq!(serde_json::to_value(origin).unwrap(), origin.name());
            assert_eq!(Origin::from_name(origin.name()), Some(origin));
        }
        for (place, kind) in (0..).zip(CallKind::STORED) {
            assert_eq!((kind.place(), CallKind::of_stored(kind.name())), (place, Some(kind)));
            assert_eq!(CallKind::from_name(kind.name()), CallKind::ALL.into_iter().find(|known| *known == kind));
            assert_eq!(
                (serde_json::to_value(kind).unwrap(), kind.to_string()),
                (kind.name().into(), kind.name().into())
            );
        }
    }

    #[test]
    fn people_call_an_event_by_its_own_name_where_it_has_one() {
        let (category, properties) = (Some("Shop".to_owned()), Fields::new());
        let page = |name: Option<&str>| Call::Page {
            name: name.map(str::to_owned),
            category: category.clone(),
            properties: properties.clone(),
        };
        let screen = |name: Option<&str>| Call::Screen {
            name: name.map(str::to_owned),
            category: category.clone(),
            properties: properties.clone(),
        };
        for (call, title) in [
            (Call::Track { event: "Signed Up".to_owned(), properties: properties.clone() }, "Signed Up"),
            (page(Some("Home")), "Home"),
            (screen(Some("Cart")), "Cart"),
            (page(None), "page"),
            (screen(None), "screen"),
            (Call::Identify { traits: Fields::new() }, "identify"),
            (Call::Group { group_id: "g".to_owned(), traits: Fields::new() }, "group"),
            (Call::Alias { previous_id: "p".to_owned() }, "alias"),
            (Call::Item { item_id: ItemId::from("i"), traits: Fields::new() }, "item"),
        ] {
            assert_eq!(event(call).title(), title);
        }
    }
}
