//! How is a customer erased, let in again or split, from the command line? `rapport customer`.

use super::import::places::Place;
use super::{report, split};
use crate::api::erasures::{ErasureReply, ForeseenReply};
use crate::api::separations::{SeparateReply, SeparateRequest};
use crate::args::{CustomerCommand, Elsewhere, Options, quoted};
use crate::error::ServerError;
use crate::removal;
use crate::serve::Opened;
use crate::settings::Settings;
use console::format::url_part;
use engine::{AuditTrail, By};
use governance::Deed;
use primitives::ErrorKind;
use std::time::Duration;

/// How often a server that works is asked how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Erases a customer, lets one in again or splits one: in the data directory at hand, in the server that holds it, or elsewhere.
pub(super) fn run(
    options: &Options,
    settings: Settings,
    what: CustomerCommand,
    elsewhere: &Elsewhere,
) -> Result<(), ServerError> {
    super::progress::stop_cleanly_on_signal();
    let place = Place::of(options, settings, elsewhere)?;
    match what {
        CustomerCommand::Erase { id, dry_run: true } => {
            let foreseen = place.foresee(&id)?;
            report(options, &foreseen, || foreseen_in_words(&foreseen, elsewhere.to.as_deref()))
        }
        CustomerCommand::Erase { id, dry_run: false } => {
            let erased = place.erase(&id)?;
            // Of a server elsewhere it is not known.
            let n_set_aside = if elsewhere.to.is_none() { n_files_set_aside(options) } else { 0 };
            report(options, &erased, || erased_in_words(&erased, n_set_aside))
        }
        CustomerCommand::Allow { id } => {
            let allowed = place.allow(&id)?;
            report(options, &allowed, || {
                "Events with all names of this customer are taken again. What was erased stays so.".to_owned()
            })
        }
        CustomerCommand::Split { id, identifier, reason, dry_run } => {
            let separated = place.separate(&id, &SeparateRequest { identifier, reason, dry_run })?;
            report(options, &separated, || split::in_words(&separated, dry_run))
        }
    }
}

impl Place {
    fn foresee(&self, id: &str) -> Result<ForeseenReply, ServerError> {
        match self {
            Self::Here(opened) => Ok(ForeseenReply::of(id.to_owned(), opened.engine.foresee_erasure(id)?)),
            Self::There(server) => {
                server.call("DELETE", &format!("/v1/customers/{}?dryRun=true", url_part(id)), String::new())
            }
        }
    }

    fn erase(&self, id: &str) -> Result<ErasureReply, ServerError> {
        match self {
            Self::Here(opened) => {
                let engine = &opened.engine;
                let (begun, is_new) = engine.begin_erasure(id)?;
                if is_new {
                    note(opened, Deed::CustomerErased, &begun.id.to_string());
                }
                engine
                    .finish_erasures(&mut |_| if super::progress::is_cancelled() { Err(stopped()) } else { Ok(()) })?;
                Ok(engine.erasure(&begun.id)?.into())
            }
            Self::There(server) => {
                let mut reply: ErasureReply =
                    server.call("DELETE", &format!("/v1/customers/{}", url_part(id)), String::new())?;
                while !reply.is_done {
                    if super::progress::is_cancelled() {
                        let message = "not waited for; the server goes on: the same command waits again";
                        return Err(ServerError::new(ErrorKind::Unavailable, message));
                    }
                    std::thread::park_timeout(LOOK_EVERY);
                    reply = server.call("GET", &format!("/v1/erasures/{}", reply.receipt), String::new())?;
                }
                Ok(reply)
            }
        }
    }

    fn separate(&self, id: &str, asked: &SeparateRequest) -> Result<SeparateReply, ServerError> {
        match self {
            Self::Here(opened) => split::here(opened, id, asked),
            Self::There(server) => server.post(&format!("/v1/customers/{}/separate", url_part(id)), asked),
        }
    }

    fn allow(&self, id: &str) -> Result<ErasureReply, ServerError> {
        match self {
            Self::Here(opened) => {
                let allowed = opened.engine.allow_again(id)?;
                note(opened, Deed::CustomerAllowed, &allowed.id.to_string());
                Ok(allowed.into())
            }
            Self::There(server) => server.call("POST", &format!("/v1/customers/{}/allow", url_part(id)), String::new()),
        }
    }
}

fn note(opened: &Opened, deed: Deed, receipt: &str) {
    AuditTrail::new(opened.engine.clone()).note(deed, &By::COMMAND, format!("erasure {receipt}"));
}

fn stopped() -> engine::EngineError {
    engine::EngineError::new(ErrorKind::Unavailable, "stopped: what has begun is ended at the next start")
}

/// How many files were set aside, without their records.
fn n_files_set_aside(options: &Options) -> usize {
    let files = std::fs::read_dir(options.data.join("set-aside")).into_iter().flatten().flatten();
    files.filter(|file| file.path().extension().is_none_or(|end| end != "json")).count()
}

/// "Erased: 12 events, 3 decisions. Receipt 3f0c….".
fn erased_in_words(erased: &ErasureReply, n_set_aside: usize) -> String {
    let but_for = match n_set_aside {
        0 => String::new(),
        1 => ", but for 1 file in set-aside/, which cannot be searched".to_owned(),
        n => format!(", but for {n} files in set-aside/, which cannot be searched"),
    };
    format!(
        "Erased: {}. Nothing of this customer is left in the data directory{but_for}, and events with their names are refused.\n\
         Receipt {}. Backups made before still hold the customer: they are yours to remove.",
        removal::in_words(erased.removed.into()).join(", "),
        erased.receipt
    )
}

/// "Nothing was changed. With userId 42, anonymousId a1 would go: 12 events. …".
fn foreseen_in_words(foreseen: &ForeseenReply, to: Option<&str>) -> String {
    // Strangers choose their names: none may be more than a word of the command.
    let to = to.map(|to| format!(" --to {}", quoted(to))).unwrap_or_default();
    format!(
        "Nothing was changed. It would remove {}, and refuse events of {}.\nTo do it: `rapport customer erase {}{to}`",
        removal::in_words(foreseen.removed.into()).join(", "),
        foreseen.names().join(", "),
        quoted(&foreseen.erase)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word_of_the_command_whatever_strangers_put_into_it() {
        let said = |erase: &str, to: Option<&str>| {
            let foreseen = engine::Foreseen {
                customer: None,
                user: None,
                names: Vec::new(),
                removed: profiles::Removed::default(),
            };
            foreseen_in_words(&ForeseenReply::of(erase.to_owned(), foreseen), to)
        };
        assert!(said("user:42", None).ends_with("To do it: `rapport customer erase user:42`"));
        let shown = said("user:it's;$(x)", Some("https://shop.example/?a"));
        let expected = r"`rapport customer erase 'user:it'\''s;$(x)' --to 'https://shop.example/?a'`";
        assert!(shown.ends_with(expected), "{shown}");
        assert!(said("", None).ends_with("erase ''`"));
    }
}
