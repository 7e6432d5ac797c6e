//! What is answered to a question, on a page?

use console::{format, view};
use decisions::{HandOff, Reply};

/// So many letters of a passage are shown.
const N_CHARS: usize = 200;

/// All that was answered, and what was found for it.
pub(super) fn shown(reply: &Reply) -> view::Quoted {
    let mut rows = vec![("Confidence", format::percent(reply.confidence)), ("Answered", answered(reply).to_owned())];
    rows.extend(reply.hand_off.as_ref().map(|HandOff { text, .. }| ("To a person", text.clone())));
    let passages = reply.passages.iter().map(|quote| {
        let some: String = quote.text.chars().take(N_CHARS).collect();
        let text = if some.len() < quote.text.len() { format!("{some}…") } else { some };
        (quote.title.clone(), quote.source.clone(), text, quote.score)
    });
    view::Quoted { text: reply.text.clone(), rows, passages: passages.collect() }
}

/// The same in a few words.
pub(super) fn in_short(reply: &Reply) -> String {
    match reply.passages.first().filter(|_| !reply.is_abstained) {
        Some(quote) => format!("{} ({})", quote.title, format::percent(reply.confidence)),
        None => answered(reply).to_owned(),
    }
}

fn answered(reply: &Reply) -> &'static str {
    match (reply.is_abstained, reply.clarify.is_empty()) {
        (false, _) => "yes",
        (true, false) => "asked back",
        (true, true) => "not answered",
    }
}
