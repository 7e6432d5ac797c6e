//! What does the invented company write down for its customers?

use crate::commands::knowledge::files::{Columns, pairs};
use crate::error::ServerError;
use decisions::documents::{Document, Form};
use primitives::ErrorKind;

/// Its pages. `questions.csv` beside them asks for what they say in other words, and for what they do not say: answers are judged by it.
const PAGES: [(&str, &str); 6] = [
    ("help/account.md", include_str!("knowledge/account.md")),
    ("help/delivery.md", include_str!("knowledge/delivery.md")),
    ("help/orders.md", include_str!("knowledge/orders.md")),
    ("help/payment.md", include_str!("knowledge/payment.md")),
    ("help/plus.md", include_str!("knowledge/plus.md")),
    ("help/returns.md", include_str!("knowledge/returns.md")),
];
const PAIRS: &str = include_str!("knowledge/faq.csv");

/// All of it.
pub(super) fn documents() -> Result<Vec<Document>, ServerError> {
    let pages = PAGES.iter().map(|(id, text)| Document::of_file(id, Form::Markdown, text));
    let pairs = pairs("help/faq.csv", PAIRS.as_bytes(), Columns::default())
        .map_err(|why| ServerError::new(ErrorKind::Internal, format!("the questions of the demonstration: {why}")))?;
    Ok(pages.chain(pairs).collect())
}
