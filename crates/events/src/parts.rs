//! Which parts does every call have, whichever it is? For records and for columns.

use crate::{Call, CallKind, Fields, Places};
use primitives::ItemId;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What a call holds, in the form that all calls share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallParts<'a> {
    /// Which call it is.
    pub kind: CallKind,
    /// What it names: the event, the page, the screen, the group, the other identity or the item.
    pub name: Option<&'a str>,
    /// A page's or a screen's category.
    pub category: Option<&'a str>,
    /// Properties or traits as JSON text, empty where there are none; what a correction withdraws and restores.
    pub fields: Cow<'a, str>,
}

/// Why parts or a record are not what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The check behind a record is of other bytes.
    #[error("its bytes have changed since they were written")]
    Check,
    /// Something is shorter or longer than it says.
    #[error("it does not end where it should")]
    Length,
    /// A text is not UTF-8.
    #[error("a text in it is not UTF-8")]
    Text,
    /// A name or a number that stands for nothing.
    #[error("its {0} is not one that this program knows")]
    Unknown(&'static str),
    /// A call lacks what it is about.
    #[error("it does not say what it is about")]
    Nameless,
    /// What a correction says is not what was written.
    #[error("what it withdraws cannot be read")]
    Places,
    /// What a separation says is not what was written.
    #[error("what it separates cannot be read")]
    Names,
}

/// What a correction holds, as JSON text.
#[derive(Serialize, Deserialize)]
struct Corrected<'a> {
    withdrawn: Cow<'a, [Places]>,
    #[serde(default, skip_serializing_if = "<[Places]>::is_empty")]
    restored: Cow<'a, [Places]>,
    reason: Cow<'a, str>,
}

/// What a separation holds, as JSON text.
#[derive(Serialize, Deserialize)]
struct Separated<'a> {
    names: Cow<'a, [String; 2]>,
    reason: Cow<'a, str>,
}

impl Call {
    /// Its parts.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "it does not panic: see the reason below")]
    pub fn parts(&self) -> CallParts<'_> {
        let kind = self.kind();
        let (name, category, fields): (_, _, Option<&Fields>) = match self {
            Self::Identify { traits } => (None, None, Some(traits)),
            Self::Track { event, properties } => (Some(event.as_str()), None, Some(properties)),
            Self::Page { name, category, properties } | Self::Screen { name, category, properties } => {
                (name.as_deref(), category.as_deref(), Some(properties))
            }
            Self::Group { group_id, traits } => (Some(group_id.as_str()), None, Some(traits)),
            Self::Alias { previous_id } => (Some(previous_id.as_str()), None, None),
            Self::Item { item_id, traits } => (Some(item_id.as_str()), None, Some(traits)),
            Self::Correction { withdrawn, restored, reason } => {
                let said = Corrected {
                    withdrawn: withdrawn.as_slice().into(),
                    restored: restored.as_slice().into(),
                    reason: reason.into(),
                };
                #[expect(clippy::expect_used, reason = "numbers and a text are always JSON")]
                let fields = serde_json::to_string(&said).expect("a correction is always JSON").into();
                return CallParts { kind, name: None, category: None, fields };
            }
            Self::Separate { names, reason } => {
                let said = Separated { names: Cow::Borrowed(names), reason: reason.into() };
                #[expect(clippy::expect_used, reason = "texts are always JSON")]
                let fields = serde_json::to_string(&said).expect("a separation is always JSON").into();
                return CallParts { kind, name: None, category: None, fields };
            }
        };
        CallParts { kind, name, category, fields: fields.map_or("", Fields::as_text).into() }
    }

    /// The call of these parts, which are those of [`Call::parts`].
    ///
    /// # Errors
    /// [`Damage`] where no call has such parts.
    pub fn of_parts(parts: CallParts<'_>) -> Result<Self, Damage> {
        let CallParts { kind, name, category, fields } = parts;
        let named = || name.map(str::to_owned).ok_or(Damage::Nameless);
        let category = category.map(str::to_owned);
        let held = Fields::of_text(&fields);
        Ok(match kind {
            CallKind::Identify => Self::Identify { traits: held },
            CallKind::Track => Self::Track { event: named()?, properties: held },
            CallKind::Page => Self::Page { name: name.map(str::to_owned), category, properties: held },
            CallKind::Screen => Self::Screen { name: name.map(str::to_owned), category, properties: held },
            CallKind::Group => Self::Group { group_id: named()?, traits: held },
            CallKind::Alias => Self::Alias { previous_id: named()? },
            CallKind::Item => Self::Item { item_id: ItemId::from(named()?), traits: held },
            CallKind::Correction => {
                let said: Corrected<'_> = serde_json::from_str(&fields).map_err(|_| Damage::Places)?;
                let (withdrawn, restored) = (said.withdrawn.into_owned(), said.restored.into_owned());
                Self::Correction { withdrawn, restored, reason: said.reason.into_owned() }
            }
            CallKind::Separate => {
                let said: Separated<'_> = serde_json::from_str(&fields).map_err(|_| Damage::Names)?;
                Self::Separate { names: said.names.into_owned(), reason: said.reason.into_owned() }
            }
        })
    }

    /// Which call it is.
    #[must_use]
    pub fn kind(&self) -> CallKind {
        match self {
            Self::Identify { .. } => CallKind::Identify,
            Self::Track { .. } => CallKind::Track,
            Self::Page { .. } => CallKind::Page,
            Self::Screen { .. } => CallKind::Screen,
            Self::Group { .. } => CallKind::Group,
            Self::Alias { .. } => CallKind::Alias,
            Self::Item { .. } => CallKind::Item,
            Self::Correction { .. } => CallKind::Correction,
            Self::Separate { .. } => CallKind::Separate,
        }
    }
}
