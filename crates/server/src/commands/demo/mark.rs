//! Which demonstration does a data directory hold?

use super::part::{MARK, write_file};
use crate::args::DemoArgs;
use crate::demo::DemoData;
use crate::error::ServerError;
use primitives::ErrorKind;
use serde::{Deserialize, Serialize};
use simulation::Label;
use std::path::Path;

/// Which data it is, and how it is spoken of.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Mark {
    pub(super) data: DemoData,
    /// By how many days real purchases were moved.
    #[serde(default)]
    pub(super) days_shifted: i64,
    /// What it is, in words.
    pub(super) description: String,
    /// A customer worth looking at.
    pub(super) customer: String,
}

impl Mark {
    /// What a directory says of itself; `None` where it says nothing.
    pub(super) fn read(data: &Path) -> Result<Option<Self>, ServerError> {
        let path = data.join(MARK);
        match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ServerError::io(format!("cannot read {}", path.display()))(error)),
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|_| {
                let message = format!(
                    "{} holds a demonstration that another version of this program made: choose another directory with \
                     --data, or remove that one",
                    data.display()
                );
                ServerError::new(ErrorKind::Conflict, message)
            }),
        }
    }

    /// That this is what was asked for.
    pub(super) fn check(&self, ask: &DemoArgs, data: &Path) -> Result<(), ServerError> {
        let other = match self.data {
            DemoData::Purchases { .. } if !ask.real => "the one of real purchases: say --real to see it".to_owned(),
            DemoData::Company(_) if ask.real => "the one of a simulated company: leave --real out to see it".to_owned(),
            DemoData::Company(Label { seed, customers, days, .. })
                if ask.seed.is_some_and(|asked| asked != seed)
                    || ask.customers.is_some_and(|asked| asked != customers)
                    || ask.days.is_some_and(|asked| asked != days) =>
            {
                format!("the one of {customers} customers over {days} days, of the seed {seed}: ask for the same")
            }
            _ => return Ok(()),
        };
        let message =
            format!("{} holds another demonstration, {other}; or choose another directory with --data", data.display());
        Err(ServerError::new(ErrorKind::Conflict, message))
    }

    pub(super) fn write(&self, data: &Path) -> Result<(), ServerError> {
        let bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| ServerError::new(ErrorKind::Internal, format!("{MARK} cannot be written: {error}")))?;
        write_file(&data.join(MARK), &bytes)
    }
}
