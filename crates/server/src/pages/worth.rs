//! What is said of what came of decisions?

use super::action_words::came_in_words;
use crate::app::App;
use crate::error::ServerError;
use console::format;
use console::view::Outcome;
use decisions::{Actions, Content, Record};
use engine::Consequence;
use primitives::{DecisionId, ItemKey, Timestamp};

/// What came of one decision; `None` while its window is open and nothing has followed.
pub(super) fn outcome(app: &App, record: &Record, now: Timestamp) -> Result<Option<Outcome>, ServerError> {
    if let Content::Actions(actions) = &record.decision.answer.content {
        // What comes of an occasion is told of the decision, and never by the customer.
        let is_of_occasion = DecisionId::is_of_occasion(record.decision.id.as_str());
        return if is_of_occasion { Ok(None) } else { acted(app, record, actions) };
    }
    let later = |at: Timestamp| format::duration(at.millis_since(record.question.as_of));
    let text = app.engine.consequence(record, now)?.map(|consequence| match consequence {
        Consequence::Bought { item, at, n } => bought(app, item, &later(at), n),
        Consequence::NotBought { window_days } => format!("None of these items was bought within {window_days} days."),
        Consequence::OrderedAgain { at } => format!("The customer ordered again {} later.", later(at)),
        Consequence::Forgotten => "Not known any more: too much was bought since.".to_owned(),
        Consequence::NotOrdered { window_days } => format!("No purchase within {window_days} days."),
    });
    Ok(text.map(|text| Outcome { text, amount: None }))
}

/// What came of what was done, each action by its title; nothing where nothing was done.
fn acted(app: &App, record: &Record, actions: &Actions) -> Result<Option<Outcome>, ServerError> {
    let came = app.engine.came_of(record)?;
    let in_force = app.engine.capabilities().kinds.in_force(record.question.kind.as_str()).ok();
    let each = actions.chosen.iter().enumerate().map(|(at, action)| {
        let title = in_force.as_ref().map_or(action.id.as_str(), |in_force| in_force.kind().title_of(&action.id));
        let contact = came.as_ref().and_then(|came| came.get(at)?.as_ref());
        format!("{title}: {}.", came_in_words(contact, came.is_some()).0.to_lowercase())
    });
    let text = each.collect::<Vec<_>>().join(" ");
    Ok((!text.is_empty()).then_some(Outcome { text, amount: None }))
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
