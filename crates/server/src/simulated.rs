//! Is the company of a data directory a simulated one, and which?

use console::view::Notice;
use engine::Engine;
use events::{Call, Event};
use simulation::Label;

/// The simulated company that the catalogue says it is of; `None` in a company that is real.
pub(crate) fn label(engine: &Engine) -> Option<Label> {
    engine.look(|live| live.items.simulated().and_then(|said| serde_json::from_str(said).ok()))
}

/// The simulated company that a thing is told to be of; as of [`label`], only where the company itself says so.
pub(crate) fn of(event: &Event) -> Option<Label> {
    match &event.call {
        Call::Item { traits, .. } if event.origin.is_trusted() => {
            serde_json::from_value(traits.get("simulated")?.clone()).ok()
        }
        _ => None,
    }
}

/// From what a company was made, in words.
pub(crate) fn name(label: &Label) -> String {
    let Label { seed, customers, days, end } = label;
    format!("seed {seed}, {customers} customers, {days} days up to {end}")
}

/// What everybody must know of a simulated company's data.
pub(crate) fn notice(engine: &Engine) -> Option<Notice> {
    label(engine).map(|label| notice_of(&label, false))
}

/// The same of a company that is known, and may live on while one looks.
pub(crate) fn notice_of(label: &Label, is_alive: bool) -> Notice {
    let Label { seed, customers, days, end } = label.clone();
    Notice::Simulated { seed, customers: u64::from(customers), days: u64::from(days), end, is_alive }
}
