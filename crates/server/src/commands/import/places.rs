//! Where is something done: at an address, in the data directory at hand, or in the server that holds it?

use super::elsewhere::Server;
use super::here::Here;
use super::target::{N_LISTED, Target};
use crate::api::imports::ImportReply;
use crate::args::{Elsewhere, Options};
use crate::error::ServerError;
use crate::serve::Opened;
use crate::settings::Settings;
use events::ImportId;
use primitives::ErrorKind;
use storage::Access;

/// Where something is done.
pub(crate) enum Place {
    Here(Box<Opened>),
    There(Server),
}

impl Place {
    /// At the address given, else in the data directory, else in the server that holds it.
    pub(crate) fn of(options: &Options, settings: Settings, elsewhere: &Elsewhere) -> Result<Self, ServerError> {
        if let Some(url) = &elsewhere.to {
            return Ok(Self::There(Server::elsewhere(url, elsewhere.key()?)?));
        }
        match Opened::open(&options.data, Access::Exclusive, settings) {
            Err(error) if error.kind() == ErrorKind::Conflict => match crate::local::find(&options.data) {
                Some(found) => Ok(Self::There(Server::on_this_machine(found, options.data.clone()))),
                None => Err(error),
            },
            opened => Ok(Self::Here(Box::new(opened?))),
        }
    }
}

/// Finds where an import goes.
pub(crate) fn open(
    options: &Options,
    settings: Settings,
    elsewhere: &Elsewhere,
) -> Result<Box<dyn Target>, ServerError> {
    Ok(match Place::of(options, settings, elsewhere)? {
        Place::Here(opened) => Box::new(Here::new(*opened)),
        Place::There(server) => Box::new(server),
    })
}

/// The imports of a data directory, also of one that a server holds.
pub(crate) fn list(options: &Options, elsewhere: &Elsewhere) -> Result<Vec<ImportReply>, ServerError> {
    if let Some(url) = &elsewhere.to {
        let server = Server::elsewhere(url, elsewhere.key()?)?;
        return in_pages(|before| server.imports(before));
    }
    let directory = storage::DataDir::open(&options.data, Access::ReadOnly)?;
    let storage = storage::Storage::open(directory, storage::StorageSettings::default())?;
    let imports = storage.import_log();
    in_pages(|before| {
        let page = imports.imports(before.map(ImportId), N_LISTED)?;
        Ok(page.into_iter().map(ImportReply::from).collect())
    })
}

/// Asks for page after page, newest first, and answers in the order in which they began.
fn in_pages(
    page: impl Fn(Option<u64>) -> Result<Vec<ImportReply>, ServerError>,
) -> Result<Vec<ImportReply>, ServerError> {
    let mut all: Vec<ImportReply> = Vec::new();
    loop {
        let next = page(all.last().map(|oldest| oldest.id))?;
        let is_last = next.len() < N_LISTED;
        all.extend(next);
        if is_last {
            all.reverse();
            return Ok(all);
        }
    }
}
