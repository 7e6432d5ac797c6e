//! What would be done for this customer next, and why not the others? The page on which that is tried; nothing of it is logged.

use super::{called, command, examples, kind_of, stranger};
use crate::app::App;
use crate::error::ServerError;
use crate::looks::Opener;
use crate::pages::actions::tabs;
use crate::pages::answer::acted;
use crate::pages::customer::name_of;
use crate::pages::visit::note_opened;
use crate::pages::{Asked, text};
use console::view::{Frame, TriedActions, TryActPage};
use decisions::{CHANNELS, Content, KindAbout, Parameters};
use engine::Tried;
use events::Fields;
use primitives::ErrorKind;

/// What else can be tried, beside it: its name in the address, and what it is called.
fn others(app: &App) -> Vec<(String, String)> {
    let items = kind_of(app, false).map(|_| (String::new(), "Recommendations".to_owned()));
    let search = kind_of(app, true).map(|_| ("search".to_owned(), "Search".to_owned()));
    items.into_iter().chain(search).chain(tabs(app)).collect()
}

pub(super) fn fill(
    app: &App,
    frame: Frame,
    (kind, asked): (&KindAbout, &Asked),
    (opener, base_url): (&Opener, &str),
) -> Result<TryActPage, ServerError> {
    let channel = text(asked, "channel", 20);
    let n = asked.get("n").and_then(|n| n.trim().parse::<u64>().ok()).unwrap_or(1).clamp(1, 20);
    let page = TryActPage {
        kind: kind.name.to_string(),
        kinds: others(app),
        customer: text(asked, "customer", 200),
        channel: if CHANNELS.contains(&channel.as_str()) { channel } else { String::new() },
        channels: CHANNELS.to_vec(),
        context: text(asked, "context", 1_000),
        n,
        examples: Vec::new(),
        refused: None,
        answer: None,
        frame,
    };
    if page.customer.is_empty() {
        return Ok(TryActPage { examples: examples(app)?, ..page });
    }
    Ok(match answered(app, kind, &page, (opener, base_url)) {
        Ok(answer) => TryActPage { answer: Some(answer), ..page },
        Err(error) => TryActPage { refused: Some(error.to_string()), ..page },
    })
}

fn answered(
    app: &App,
    kind: &KindAbout,
    page: &TryActPage,
    (opener, base_url): (&Opener, &str),
) -> Result<TriedActions, ServerError> {
    let context: Fields = match page.context.as_str() {
        "" => Fields::new(),
        written => serde_json::from_str(written).map_err(|_| {
            let message = "what is said of the place is no JSON object: write such as {\"placement\":\"checkout\"}";
            ServerError::new(ErrorKind::Invalid, message)
        })?,
    };
    let mut parameters = Parameters::from([("n".to_owned(), page.n.into())]);
    if !page.channel.is_empty() {
        parameters.insert("channel".to_owned(), page.channel.clone().into());
    }
    kind.check(&parameters)?;
    let customer = app.engine.customer(&page.customer).ok().map(|view| view.customer);
    let name = customer.as_ref().map_or_else(|| stranger(&page.customer), |customer| name_of(&customer.profile));
    if let Some(customer) = &customer {
        note_opened(app, opener, customer.profile.id.as_str());
    }
    let command = command(app, kind, &name, (&parameters, &context), base_url);
    let asked = engine::Asked { kind: kind.name.clone(), names: vec![name], parameters, context };
    let Tried { answer, took, .. } = app.engine.try_out_in_parts(asked)?;
    let Content::Actions(actions) = &answer.content else {
        return Err(ServerError::new(ErrorKind::Invalid, "this is answered with something else than actions"));
    };
    let said: Vec<String> = answer.fallback.into_iter().chain(answer.shortfall).collect();
    Ok(TriedActions {
        customer: customer.as_ref().map(|customer| (customer.profile.id.to_string(), called(&customer.profile))),
        note: (!said.is_empty()).then(|| said.join(" ")),
        actions: acted(app, &kind.name, actions),
        took_ms: took.as_secs_f64() * 1_000.0,
        command,
    })
}
