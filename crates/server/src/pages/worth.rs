//! What is said of what came of decisions?

use super::answer::named;
use crate::app::App;
use crate::error::ServerError;
use console::format;
use console::view::Outcome;
use decisions::Record;
use engine::{Came, Consequence};
use features::Worth;
use primitives::{DecisionId, ItemKey, Timestamp};

/// What came of one decision; `None` while its window is open and nothing has followed.
pub(super) fn outcome(app: &App, record: &Record, now: Timestamp) -> Result<Option<Outcome>, ServerError> {
    // What comes of an occasion is told of the decision, and never by the customer.
    if DecisionId::is_of_occasion(record.decision.id.as_str()) {
        return Ok(None);
    }
    let later = |at: Timestamp| format::duration(at.millis_since(record.question.as_of));
    let text = app.engine.consequence(record, now)?.map(|consequence| match consequence {
        Consequence::Bought { item, at, n } => bought(app, item, &later(at), n),
        Consequence::NotBought { window_days } => format!("None of these items was bought within {window_days} days."),
        Consequence::OrderedAgain { at } => format!("The customer ordered again {} later.", later(at)),
        Consequence::Forgotten => "Not known any more: too much was bought since.".to_owned(),
        Consequence::NotOrdered { window_days } => format!("No purchase within {window_days} days."),
    });
    let told = app.engine.came_of(record)?.into_iter().filter_map(|came| told(app, record, &came));
    let all: Vec<String> = text.into_iter().chain(told).collect();
    Ok((!all.is_empty()).then(|| Outcome { text: all.join(" "), amount: None }))
}

/// What was told of one thing that was answered.
fn told(app: &App, record: &Record, came: &Came) -> Option<String> {
    let Came { of, contact } = came;
    let later = |at: Timestamp| format::duration(at.millis_since(record.question.as_of));
    let steps = [
        ("shown", contact.shown_at),
        ("clicked on", contact.clicked_at),
        ("sent away", contact.dismissed_at),
        ("did what it was for", contact.converted_at),
    ];
    let steps: Vec<String> =
        steps.into_iter().filter_map(|(step, at)| Some(format!("{step} {} later", later(at?)))).collect();
    let worth = contact.worth.map(|worth| match worth {
        Worth::In(money) => format!(", worth {}", format::money(money)),
        Worth::Bare(value) => format!(", worth {}", format::amount(value, None)),
    });
    let of = of.as_deref().map_or_else(|| "The first of it".to_owned(), |of| named(app, record, of));
    (!steps.is_empty()).then(|| format!("{of}: {}{}.", steps.join(", "), worth.unwrap_or_default()))
}

fn bought(app: &App, item: ItemKey, later: &str, n: u64) -> String {
    let title = app.engine.look(|live| live.items.get(item).map(|item| item.title().to_owned()));
    let title = title.unwrap_or_else(|| "An item".to_owned());
    let more = match n {
        1 => String::new(),
        n => format!(", and {}", format::counted(n - 1, "more purchase", "more purchases")),
    };
    format!("{title} was bought {later} later{more}. That it followed does not say that the decision made it.")
}
