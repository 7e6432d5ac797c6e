//! How is somebody taken out of a customer who is another person? `rapport customer split`.

use crate::api::separations::{SeparateReply, SeparateRequest};
use crate::error::ServerError;
use crate::serve::Opened;
use console::format::counted;
use engine::{AuditTrail, By};
use governance::Deed;

/// Separates in the data directory at hand.
pub(super) fn here(opened: &Opened, id: &str, asked: &SeparateRequest) -> Result<SeparateReply, ServerError> {
    let engine = &opened.engine;
    if asked.dry_run {
        return Ok(engine.foresee_separation(id, &asked.identifier)?.into());
    }
    let parted = engine.separate(id, &asked.identifier, asked.reason.as_deref().unwrap_or_default())?;
    AuditTrail::new(engine.clone()).note(Deed::CustomerSeparated, &By::COMMAND, parted.customer.as_str());
    engine.checkpoint(usize::MAX)?;
    Ok(parted.into())
}

/// What came of it.
pub(super) fn in_words(reply: &SeparateReply, is_dry: bool) -> String {
    let [one, other] = &reply.names;
    let mut text = match (is_dry, reply.is_done) {
        (true, _) => format!("Nothing was changed. Without {other}, {one} would be told so:"),
        (false, true) => format!("{one} and {other} are two customers, in the past as well:"),
        (false, false) => format!("{one} and {other} are two customers; the past is being told anew. It will be:"),
    };
    for part in &reply.customers {
        let names = part.identifiers.join(", ");
        text += &format!("\n  {}: {} ({names})", part.customer_id, counted(part.events, "event", "events"));
    }
    text
}
