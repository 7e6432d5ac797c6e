//! What can go wrong with a decision?

use crate::KindName;
use primitives::ErrorKind;

/// A question that cannot be decided, or a record that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum DecisionError {
    /// There is no such kind of decision.
    #[error("there is no decision \"{}\": ask for {}", primitives::visible(.name), listed(.known.iter().map(KindName::as_str)))]
    NoSuchKind {
        /// What was asked for.
        name: String,
        /// The kinds that there are.
        known: Vec<KindName>,
    },
    /// A question of this kind has no such parameter.
    #[error(
        "\"{kind}\" takes no \"{}\": {}",
        primitives::visible(.name),
        if .known.is_empty() { "leave it out".to_owned() } else { format!("it takes {}", listed(.known.iter().copied())) }
    )]
    NoSuchParameter {
        /// The kind.
        kind: KindName,
        /// What was given.
        name: String,
        /// The parameters that there are.
        known: Vec<&'static str>,
    },
    /// A parameter is out of range.
    #[error("{name} is {value}: it goes from {min} to {max}")]
    Parameter {
        /// Its name.
        name: &'static str,
        /// What was given.
        value: i64,
        /// The smallest.
        min: i64,
        /// The largest.
        max: i64,
    },
    /// A parameter has another form than it takes.
    #[error("{name} {why}")]
    Unfit {
        /// Its name.
        name: String,
        /// What is wrong with it, and what to give.
        why: String,
    },
    /// A newer program wrote the record.
    #[error("the decision has record version {found}, this program reads up to {known}: use the newer program")]
    Version {
        /// The version found.
        found: u8,
        /// The newest version known.
        known: u8,
    },
    /// The record is not what was written.
    #[error("the decision's record cannot be read: restore the data directory from a backup")]
    Corrupt(#[from] serde_json::Error),
    /// The record cannot be unpacked.
    #[error("the decision's record cannot be unpacked: restore the data directory from a backup")]
    Packed(#[from] std::io::Error),
    /// What was declared then is not there, or not what was kept.
    #[error("what this decision was declared as ({digest}) cannot be read: restore the data directory from a backup")]
    Declaration {
        /// What the record names it by.
        digest: String,
        /// What stands there instead.
        #[source]
        source: Option<serde_json::Error>,
    },
    /// What was known of the customer then is gone.
    #[error(
        "this decision cannot be made again: the customer refuses personalization or analytics, and what was known of them \
         was forgotten; only which items or which score was answered is still in the log"
    )]
    Forgotten,
}

impl DecisionError {
    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoSuchKind { .. } | Self::NoSuchParameter { .. } | Self::Parameter { .. } | Self::Unfit { .. } => {
                ErrorKind::Invalid
            }
            Self::Forgotten => ErrorKind::Forbidden,
            Self::Version { .. } | Self::Corrupt(_) | Self::Packed(_) | Self::Declaration { .. } => ErrorKind::Corrupt,
        }
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}
