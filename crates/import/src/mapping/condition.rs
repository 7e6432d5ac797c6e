//! Does a row meet a condition?
//!
//! Written as a text, `"{AMOUNT} > 0"`, or as a table, `{ column = "AMOUNT", op = ">", value = 0 }`; tables with `all`,
//! `any` and `not` combine conditions.

use super::cell::number;
use super::names::{Names, Scope};
use super::{MappingError, Row};
use toml::Value;

const OPERATORS: &str = "=, !=, <, <=, >, >=, in, blank, present";

/// A condition over the cells of one row.
#[derive(Debug)]
pub(super) enum Condition {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Blank(usize),
    Number { slot: usize, op: Op, value: f64 },
    Text { slot: usize, op: Op, value: String },
    In { slot: usize, values: Vec<String> },
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Condition {
    pub(super) fn compile(spec: &Value, names: &mut Names, scope: &Scope) -> Result<Self, MappingError> {
        match spec {
            Value::String(text) => Self::from_text(text, names, scope),
            Value::Table(table) => Self::from_table(table, names, scope),
            _ => Err(scope.error("it is neither a text nor a table", "write it as \"{COLUMN} > 0\"")),
        }
    }

    pub(super) fn holds(&self, row: &Row, decimal_comma: bool) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(row, decimal_comma)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(row, decimal_comma)),
            Self::Not(part) => !part.holds(row, decimal_comma),
            Self::Blank(slot) => row.cell(*slot).is_empty(),
            Self::Number { slot, op, value } => match number(row.cell(*slot), decimal_comma) {
                Some(found) => op.holds(found.total_cmp(value)),
                None => *op == Op::NotEqual,
            },
            Self::Text { slot, op, value } => op.holds(row.cell(*slot).cmp(value)),
            Self::In { slot, values } => values.iter().any(|value| value == row.cell(*slot)),
        }
    }

    fn from_text(text: &str, names: &mut Names, scope: &Scope) -> Result<Self, MappingError> {
        let advice = "write it as \"{COLUMN} > 0\", \"{COLUMN} = word\" or \"{COLUMN} blank\"";
        let (column, rest) = text
            .trim()
            .strip_prefix('{')
            .and_then(|rest| rest.split_once('}'))
            .ok_or_else(|| scope.error(format!("{text:?} does not begin with a column in braces"), advice))?;
        let slot = names.slot(column, scope)?;
        let rest = rest.trim();
        let op_end = rest.find([' ', '"']).or_else(|| rest.find(|c: char| c.is_ascii_digit() || c == '-'));
        let (op, value) = rest.split_at(op_end.unwrap_or(rest.len()));
        let value = value.trim();
        if matches!(op, "blank" | "present") && value.is_empty() {
            let blank = Self::Blank(slot);
            return Ok(if op == "blank" { blank } else { Self::Not(Box::new(blank)) });
        }
        let Some(op) = Op::from_sign(op) else {
            return Err(scope.error(format!("{text:?} has no comparison that is known ({OPERATORS})"), advice));
        };
        let unquoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        Ok(match (unquoted, number(value, false)) {
            (None, Some(value)) => Self::Number { slot, op, value },
            (text, _) => Self::Text { slot, op, value: text.unwrap_or(value).to_owned() },
        })
    }

    fn from_table(table: &toml::Table, names: &mut Names, scope: &Scope) -> Result<Self, MappingError> {
        let mut list = |key: &str, value: &Value| match value {
            Value::Array(parts) => {
                parts.iter().map(|part| Self::compile(part, names, &scope.key(key))).collect::<Result<Vec<_>, _>>()
            }
            _ => Err(scope.key(key).error("it is not a list", "list the conditions in brackets")),
        };
        let mut entries = table.iter();
        if let (Some((key, value)), None) = (entries.next(), entries.next()) {
            match key.as_str() {
                "all" => return list(key, value).map(Self::All),
                "any" => return list(key, value).map(Self::Any),
                "not" => return Ok(Self::Not(Box::new(Self::compile(value, names, &scope.key(key))?))),
                _ => {}
            }
        }
        let advice = "write { column = \"…\", op = \"…\", value = … }, { all = […] }, { any = […] } or { not = … }";
        if let Some(key) = table.keys().find(|key| !matches!(key.as_str(), "column" | "op" | "value")) {
            return Err(scope.error(format!("the key {key:?} is not known here"), advice));
        }
        let (Some(Value::String(column)), Some(Value::String(op))) = (table.get("column"), table.get("op")) else {
            return Err(scope.error("it lacks column or op", advice));
        };
        let slot = names.slot(column, scope)?;
        match (op.as_str(), Op::from_sign(op), table.get("value")) {
            ("blank", _, None) => Ok(Self::Blank(slot)),
            ("present", _, None) => Ok(Self::Not(Box::new(Self::Blank(slot)))),
            ("in", _, Some(Value::Array(values))) => {
                let values = values.iter().map(|value| match value {
                    Value::String(text) => Ok(text.clone()),
                    Value::Integer(number) => Ok(number.to_string()),
                    _ => Err(scope.error("a value of op \"in\" is neither a text nor a whole number", advice)),
                });
                Ok(Self::In { slot, values: values.collect::<Result<_, _>>()? })
            }
            (_, Some(op), Some(Value::String(value))) => Ok(Self::Text { slot, op, value: value.clone() }),
            #[expect(clippy::cast_precision_loss, reason = "numbers of a condition are small")]
            (_, Some(op), Some(Value::Integer(value))) => Ok(Self::Number { slot, op, value: *value as f64 }),
            (_, Some(op), Some(Value::Float(value))) => Ok(Self::Number { slot, op, value: *value }),
            _ => Err(scope.error(format!("op {op:?} does not go with this value (ops: {OPERATORS})"), advice)),
        }
    }
}

impl Op {
    fn from_sign(sign: &str) -> Option<Self> {
        Some(match sign.trim() {
            "=" | "==" => Self::Equal,
            "!=" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::AtMost,
            ">" => Self::Greater,
            ">=" => Self::AtLeast,
            _ => return None,
        })
    }

    fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }
}
