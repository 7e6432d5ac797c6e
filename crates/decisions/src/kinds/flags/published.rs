//! Which conditions can clients answer by themselves? Those on the texts of traits, which they know as attributes.
//!
//! Ours know three answers: of what is not known neither a condition holds nor its opposite. In the form of clients what is missing
//! is null, so each question asks also that there is something.

use crate::filter::{Ask, Filter, Literal, Op, Subject};
use serde_json::{Value, json};

/// A condition as clients answer it; `None` where they cannot.
pub(super) fn condition(filter: &Filter) -> Option<Value> {
    said(filter, true)
}

/// That a condition holds, or that it is known not to.
fn said(filter: &Filter, holds: bool) -> Option<Value> {
    let all = |parts: &[Filter]| parts.iter().map(|part| said(part, holds)).collect::<Option<Vec<Value>>>();
    match (filter, holds) {
        (Filter::All, true) => Some(json!({})),
        (Filter::All, false) => Some(json!({ "$or": [{ "$not": {} }] })),
        (Filter::And(parts), true) | (Filter::Or(parts), false) => Some(json!({ "$and": all(parts)? })),
        (Filter::Or(parts), true) | (Filter::And(parts), false) => Some(json!({ "$or": all(parts)? })),
        (Filter::Not(part), _) => said(part, !holds),
        (Filter::Test(Subject::Trait(path), ask), _) => match path.as_slice() {
            // A dot in a name would lead clients into it.
            [name] if !name.contains('.') && !name.starts_with('$') => {
                Some(json!({ name.as_str(): asked(ask, holds)? }))
            }
            _ => None,
        },
        (Filter::Test(..), _) => None,
    }
}

fn asked(ask: &Ask, holds: bool) -> Option<Value> {
    let text = |literal: &Literal| match literal {
        Literal::Text(text) => Some(text.clone()),
        _ => None,
    };
    match (ask, holds) {
        (Ask::Exists, holds) => Some(json!({ "$exists": holds })),
        (Ask::Is(Op::Eq, literal), true) | (Ask::Is(Op::Ne, literal), false) => Some(json!({ "$eq": text(literal)? })),
        (Ask::Is(Op::Ne, literal), true) | (Ask::Is(Op::Eq, literal), false) => {
            Some(json!({ "$exists": true, "$ne": text(literal)? }))
        }
        (Ask::In(literals), holds) => {
            let texts = literals.iter().map(text).collect::<Option<Vec<String>>>()?;
            Some(if holds { json!({ "$in": texts }) } else { json!({ "$exists": true, "$nin": texts }) })
        }
        _ => None,
    }
}
