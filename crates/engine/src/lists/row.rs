//! What is told of each customer on a list?

use super::facts::{Lack, Lens};
use super::selection::Column;
use crate::Engine;
use crate::error::EngineError;
use decisions::Content;
use decisions::filter::{Facts, Subject, Value};
use features::FeatureState;
use primitives::{Currency, CustomerId, Timestamp};
use profiles::{Customer, Profile};
use serde_json::Value as Json;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// How many customers are taken out of memory at a time.
const N_SLICE: usize = 256;

/// One customer on a list.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerLine {
    /// Who it is.
    pub profile: Profile,
    /// In which currency they pay, where one is known.
    pub currency: Option<Currency>,
    /// What was asked for, in the order of the columns; nothing where it is not known.
    pub cells: Vec<Option<Cell>>,
}

/// What is told in one column.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// Several texts: names, or reasons, the weightiest first.
    Texts(Vec<String>),
    /// A moment.
    Moment(Timestamp),
    /// Yes or no.
    YesNo(bool),
    /// What a trait holds.
    Json(Json),
}

impl Cell {
    fn of(value: Value<'_>) -> Self {
        match value {
            Value::Number(number) => Self::Number(number),
            Value::Text(text) => Self::Text(text.into_owned()),
            Value::Names(names) => Self::Texts(names.into_iter().map(Cow::into_owned).collect()),
            Value::Moment(at) => Self::Moment(at),
            Value::YesNo(yes) => Self::YesNo(yes),
            Value::Json(Json::String(text)) => Self::Text(text),
            Value::Json(Json::Bool(yes)) => Self::YesNo(yes),
            Value::Json(json) => match json.as_f64() {
                Some(number) => Self::Number(number),
                None => Self::Json(json),
            },
        }
    }
}

impl Engine {
    /// The lines of customers, in the order of their ids here; who is no longer there is left out.
    ///
    /// # Errors
    /// [`EngineError`] where the store cannot be read.
    pub fn lines(&self, ids: &[CustomerId], columns: &[Column]) -> Result<Vec<CustomerLine>, EngineError> {
        let subjects: Vec<&Subject> = columns
            .iter()
            .filter_map(|column| match column {
                Column::Of(subject) => Some(subject),
                Column::Why(_) => None,
            })
            .collect();
        let lens = Lens::new(self, &subjects, BTreeMap::new());
        self.scores.begin(lens.made_by);
        let mut lines = Vec::with_capacity(ids.len());
        for slice in ids.chunks(N_SLICE) {
            lines.extend(self.customers_among(slice)?.into_iter().map(|customer| self.line(&lens, customer, columns)));
        }
        Ok(lines)
    }

    /// The customers of these ids who are still there, as they are now.
    pub(super) fn customers_among(&self, ids: &[CustomerId]) -> Result<Vec<Customer<FeatureState>>, EngineError> {
        self.look(|live| {
            let customer = |id| Ok(live.profiles.customer(id)?.map(Cow::into_owned));
            ids.iter().filter_map(|id| customer(id).transpose()).collect()
        })
    }

    fn line(&self, lens: &Lens<'_>, customer: Customer<FeatureState>, columns: &[Column]) -> CustomerLine {
        let mut scores = lens.scores(&customer);
        loop {
            let seen = lens.look(&customer, &scores, &|| false);
            let cell = |column: &Column| match column {
                Column::Of(subject) => seen.value(subject).map(Cell::of),
                Column::Why(_) => None,
            };
            let mut cells: Vec<Option<Cell>> = columns.iter().map(cell).collect();
            if let Some(Lack::Scores(open)) = seen.lack() {
                scores = lens.ask(&customer, &scores, open);
                continue;
            }
            for (cell, column) in cells.iter_mut().zip(columns) {
                if let Column::Why(kind) = column {
                    *cell = self.why(&customer, kind, lens.as_of);
                }
            }
            return CustomerLine { currency: customer.state.currency(), profile: customer.profile, cells };
        }
    }

    /// Why a score is what it is; nothing where the customer has none of their own.
    fn why(&self, customer: &Customer<FeatureState>, kind: &str, as_of: Timestamp) -> Option<Cell> {
        let kind = self.capabilities.kinds.get(kind).ok()?;
        let answer = self.preview(customer, kind, as_of, BTreeMap::new()).ok()?;
        if answer.fallback.is_some() {
            return None;
        }
        let reasons = match answer.content {
            Content::Items(_)
            | Content::Search { .. }
            | Content::Completions(_)
            | Content::Actions(_)
            | Content::Flags(_)
            | Content::Labels(_)
            | Content::Reply(_) => return None,
            Content::Score { reasons, .. } | Content::Amount { reasons, .. } | Content::Choice { reasons, .. } => {
                reasons
            }
        };
        Some(Cell::Texts(reasons.into_iter().map(|reason| reason.text).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_trait_holds_is_told_as_what_it_is() {
        for (value, expected) in [
            (Value::Number(1.5), Cell::Number(1.5)),
            (Value::Text("a".into()), Cell::Text("a".to_owned())),
            (Value::Names(vec!["a".into(), "b".into()]), Cell::Texts(vec!["a".to_owned(), "b".to_owned()])),
            (Value::Moment(Timestamp::from_millis(7)), Cell::Moment(Timestamp::from_millis(7))),
            (Value::YesNo(true), Cell::YesNo(true)),
            (Value::Json(json!("7")), Cell::Text("7".to_owned())),
            (Value::Json(json!(false)), Cell::YesNo(false)),
            (Value::Json(json!(7)), Cell::Number(7.0)),
            (Value::Json(json!(["a"])), Cell::Json(json!(["a"]))),
            (Value::Json(json!(null)), Cell::Json(json!(null))),
        ] {
            assert_eq!(Cell::of(value), expected);
        }
    }
}
