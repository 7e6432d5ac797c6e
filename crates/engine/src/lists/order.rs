//! In which order do customers stand in a list?

use decisions::filter::Value;
use primitives::CustomerId;
use serde_json::Value as Json;
use std::cmp::Ordering;

/// By how much of a text is sorted.
const N_CHARS_MAX: usize = 200;

/// A customer's place in a list: by what is sorted by, and of equals by the id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// What is sorted by; of whom it is not known, they stand at the end.
    pub(super) rank: Option<Rank>,
    pub(super) is_descending: bool,
    pub(super) id: CustomerId,
}

/// Something that sorts: numbers before texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// A number, as bits in the order of numbers.
    Number(u64),
    /// A text in small letters.
    Text(String),
}

impl Rank {
    pub(super) fn of(value: &Value<'_>) -> Option<Self> {
        Some(match value {
            Value::Number(number) => Self::number(*number),
            Value::Moment(at) => Self::whole(at.as_millis()),
            Value::YesNo(yes) => Self::number(f64::from(u8::from(*yes))),
            Value::Text(text) => Self::text(text),
            Value::Names(names) => Self::text(names.first()?),
            Value::Json(Json::Null) => return None,
            Value::Json(Json::Number(number)) => Self::number(number.as_f64()?),
            Value::Json(Json::String(text)) => Self::text(text),
            Value::Json(json) => Self::text(&json.to_string()),
        })
    }

    /// Negative numbers have their bits turned, so that bits sort as numbers do.
    fn number(number: f64) -> Self {
        let bits = (number + 0.0).to_bits();
        Self::Number(if bits >> 63 == 1 { !bits } else { bits | 1 << 63 })
    }

    fn whole(number: i64) -> Self {
        Self::Number(number.cast_unsigned() ^ 1 << 63)
    }

    fn text(text: &str) -> Self {
        Self::Text(text.chars().take(N_CHARS_MAX).flat_map(char::to_lowercase).collect())
    }
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_rank = match (&self.rank, &other.rank) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(one), Some(another)) if self.is_descending => another.cmp(one),
            (Some(one), Some(another)) => one.cmp(another),
        };
        by_rank.then_with(|| self.id.cmp(&other.id))
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Timestamp;
    use std::borrow::Cow;

    fn place(value: Option<Value<'_>>, is_descending: bool, id: &str) -> Place {
        Place { rank: value.as_ref().and_then(Rank::of), is_descending, id: CustomerId::from(id) }
    }

    #[test]
    fn numbers_and_moments_sort_as_they_are_and_what_is_not_known_comes_last() {
        let numbers = [f64::MIN, -2.5, -1e-300, 0.0, 1e-300, 0.5, 7.0, f64::MAX].map(Value::Number);
        let moments = [-5, -1, 0, 3].map(|ms| Value::Moment(Timestamp::from_millis(ms)));
        let texts = ["", "a", "B", "c"].map(|text| Value::Text(Cow::Borrowed(text)));
        let json = ["-1", "2", "\"1\"", "\"x\""].map(|text| Value::Json(serde_json::from_str(text).unwrap()));
        let yes_no = [false, true].map(Value::YesNo);
        for values in [&numbers[..], &moments, &texts, &json, &yes_no] {
            for pair in values.windows(2) {
                let places = |is_descending| {
                    let [one, other] = [&pair[0], &pair[1]].map(|value| place(Some(value.clone()), is_descending, "a"));
                    one.cmp(&other)
                };
                assert_eq!((places(false), places(true)), (Ordering::Less, Ordering::Greater), "{pair:?}");
            }
        }
        assert_eq!(Rank::of(&Value::Number(-0.0)), Rank::of(&Value::Number(0.0)));
        for is_descending in [false, true] {
            assert!(place(None, is_descending, "a") > place(Some(Value::Number(0.0)), is_descending, "b"));
            assert!(place(None, is_descending, "a") < place(None, is_descending, "b"));
            assert!(
                place(Some(Value::Number(1.0)), is_descending, "a")
                    < place(Some(Value::Number(1.0)), is_descending, "b")
            );
        }
    }
}
