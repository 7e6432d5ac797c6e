//! What value does a property get from a row, or from a group of rows?
//!
//! | written | means |
//! |---|---|
//! | `"TWD"`, `3`, `true` | the constant |
//! | `"{DATE}/{CUSTOMER}"` | a text with cells put in; absent where one of them is blank |
//! | `{ column = "X", type = "number", default = 0, blank = ["NA"] }` | a cell as text, number, integer or boolean |
//! | `{ sum = "X" }`, `{ count = true }` | over the rows of the group |
//! | `{ divide = ["X", "Y"], decimals = 2 }` | also multiply, add, subtract; operands are columns, numbers or tables |
//! | `{ rows = { … } }` | a list with one value for each row of the group |
//! | any other table, a list | an object, a list, of such values |
//!
//! What has no value (a blank cell, a division by zero) is left out.

use super::cell::{CellKind, Check, json_number, number, read};
use super::names::{Names, Scope};
use super::{MappingError, Row};
use serde_json::{Map, Value};
use toml::Value as Toml;

const OPERATORS: [&str; 6] = ["sum", "count", "divide", "multiply", "add", "subtract"];
/// A value to be computed.
#[derive(Debug, Clone)]
pub(super) enum Expression {
    Constant(Value),
    Text(Text),
    Cell { slot: usize, kind: CellKind, blank: Vec<String>, default: Option<Value> },
    Number { formula: Formula, decimals: Option<i32>, default: Option<Value> },
    Object(Vec<(String, Self)>),
    List(Vec<Self>),
    Rows(Box<Self>),
}

/// Arithmetic over cells.
#[derive(Debug, Clone)]
pub(super) enum Formula {
    Constant(f64),
    Cell(usize),
    Count,
    Sum(Box<Self>),
    Join(Join, Vec<Self>),
}

/// How the operands of a formula are joined, from left to right.
#[derive(Debug, Clone, Copy)]
pub(super) enum Join {
    Divide,
    Multiply,
    Add,
    Subtract,
}

/// A text with cells put in.
#[derive(Debug, Clone)]
pub(super) struct Text(Vec<Part>);

#[derive(Debug, Clone)]
enum Part {
    Plain(String),
    Cell(usize),
}

impl Text {
    pub(super) fn compile(text: &str, names: &mut Names, scope: &Scope) -> Result<Self, MappingError> {
        let (mut parts, mut plain, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            plain.push_str(before);
            if brace.starts_with("{{") || brace.starts_with("}}") {
                plain.push_str(&brace[..1]);
                rest = &brace[2..];
                continue;
            }
            let Some((column, after)) = brace.strip_prefix('{').and_then(|brace| brace.split_once('}')) else {
                return Err(
                    scope.error(format!("{text:?} has a brace without its partner"), "write a plain brace twice")
                );
            };
            if !plain.is_empty() {
                parts.push(Part::Plain(std::mem::take(&mut plain)));
            }
            parts.push(Part::Cell(names.slot(column, scope)?));
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Plain(plain));
        }
        Ok(Self(parts))
    }

    /// The text, or `None` where one of its cells is blank.
    pub(super) fn render(&self, row: &Row) -> Option<String> {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Plain(plain) => text.push_str(plain),
                Part::Cell(slot) => match row.cell(*slot) {
                    "" => return None,
                    cell => text.push_str(cell),
                },
            }
        }
        (!text.is_empty()).then_some(text)
    }

    fn has_cells(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Cell(_)))
    }
}

impl Expression {
    pub(super) fn compile(spec: &Toml, names: &mut Names, scope: &Scope) -> Result<Self, MappingError> {
        match spec {
            Toml::String(text) => {
                let compiled = Text::compile(text, names, scope)?;
                Ok(if compiled.has_cells() {
                    Self::Text(compiled)
                } else {
                    Self::Constant(Value::from(text.replace("{{", "{").replace("}}", "}")))
                })
            }
            Toml::Array(parts) => {
                parts.iter().map(|part| Self::compile(part, names, scope)).collect::<Result<_, _>>().map(Self::List)
            }
            Toml::Table(table) => Self::from_table(table, names, scope),
            _ => constant(spec, scope).map(Self::Constant),
        }
    }

    /// An object of a table whose keys are all names of properties.
    pub(super) fn object(table: &toml::Table, names: &mut Names, scope: &Scope) -> Result<Self, MappingError> {
        let entry = |(key, spec): (&String, &Toml)| Ok((key.clone(), Self::compile(spec, names, &scope.key(key))?));
        table.iter().map(entry).collect::<Result<_, _>>().map(Self::Object)
    }

    /// The value for a row of its group, or `None` where it has none.
    pub(super) fn value(&self, row: &Row, group: &[Row], decimal_comma: bool) -> Option<Value> {
        match self {
            Self::Constant(value) => Some(value.clone()),
            Self::Text(text) => text.render(row).map(Value::String),
            Self::Cell { slot, kind, blank, default } => {
                let cell = row.cell(*slot);
                if cell.is_empty() || blank.iter().any(|blank| blank == cell) {
                    return default.clone();
                }
                read(cell, *kind, decimal_comma)
            }
            Self::Number { formula, decimals, default } => match formula.compute(row, group, decimal_comma) {
                Some(number) => Some(json_number(round(number, *decimals))),
                None => default.clone(),
            },
            Self::Object(entries) => {
                let mut object = Map::new();
                for (key, entry) in entries {
                    if let Some(value) = entry.value(row, group, decimal_comma) {
                        object.insert(key.clone(), value);
                    }
                }
                Some(Value::Object(object))
            }
            Self::List(parts) => {
                Some(Value::Array(parts.iter().filter_map(|part| part.value(row, group, decimal_comma)).collect()))
            }
            Self::Rows(each) => {
                Some(Value::Array(group.iter().filter_map(|row| each.value(row, group, decimal_comma)).collect()))
            }
        }
    }

    fn from_table(table: &toml::Table, names: &mut Names, scope: &Scope) -> Result<Self, MappingError> {
        let only =
            |keys: &[&str]| match table.keys().find(|key| !keys.contains(&key.as_str())) {
                Some(key) => Err(scope
                    .error(format!("{key:?} does not go with {:?}", keys[0]), format!("use only {}", keys.join(", ")))),
                None => Ok(()),
            };
        let default = || table.get("default").map(|spec| constant(spec, &scope.key("default"))).transpose();
        if let Some(column) = table.get("column") {
            only(&["column", "type", "default", "blank"])?;
            let Toml::String(column) = column else {
                return Err(scope.error("column is not a text", "give the column's name"));
            };
            let kind = CellKind::compile(table.get("type"), scope)?;
            let blank = texts(table.get("blank"), &scope.key("blank"))?;
            let slot = names.slot(column, scope)?;
            if kind != CellKind::Text {
                names.must_be(Check { slot, kind, blank: blank.clone() });
            }
            return Ok(Self::Cell { slot, kind, blank, default: default()? });
        }
        if let Some(rows) = table.get("rows") {
            only(&["rows"])?;
            let rows = Self::compile(rows, names, &scope.key("rows"))?;
            return Ok(Self::Rows(Box::new(rows)));
        }
        if let Some(object) = table.get("object") {
            only(&["object"])?;
            let Toml::Table(object) = object else {
                return Err(scope.error("object is not a table", "give the object's properties as a table"));
            };
            return Self::object(object, names, &scope.key("object"));
        }
        if let Some(operator) = OPERATORS.into_iter().find(|operator| table.contains_key(*operator)) {
            only(&[operator, "decimals", "default"])?;
            let formula = Formula::compile(table, operator, names, scope)?;
            let decimals = match table.get("decimals") {
                None => None,
                Some(Toml::Integer(decimals @ 0..=9)) => i32::try_from(*decimals).ok(),
                Some(_) => return Err(scope.key("decimals").error("it is no whole number from 0 to 9", "give one")),
            };
            return Ok(Self::Number { formula, decimals, default: default()? });
        }
        Self::object(table, names, scope)
    }
}

impl CellKind {
    fn compile(spec: Option<&Toml>, scope: &Scope) -> Result<Self, MappingError> {
        match spec.map(|spec| spec.as_str().unwrap_or("")) {
            None | Some("text") => Ok(Self::Text),
            Some("number") => Ok(Self::Number),
            Some("integer") => Ok(Self::Integer),
            Some("boolean") => Ok(Self::Boolean),
            Some(other) => Err(scope
                .key("type")
                .error(format!("{other:?} is not a type of cells"), "use text, number, integer or boolean")),
        }
    }
}

impl Formula {
    fn compile(table: &toml::Table, operator: &str, names: &mut Names, scope: &Scope) -> Result<Self, MappingError> {
        let scope = scope.key(operator);
        let join = match operator {
            "count" => return Ok(Self::Count),
            "sum" => {
                let spec = table.get("sum").unwrap_or(&Toml::Boolean(false));
                return Self::operand(spec, names, &scope).map(|each| Self::Sum(Box::new(each)));
            }
            "divide" => Join::Divide,
            "multiply" => Join::Multiply,
            "add" => Join::Add,
            _ => Join::Subtract,
        };
        match table.get(operator) {
            Some(Toml::Array(operands)) if operands.len() >= 2 => {
                let operands = operands.iter().map(|operand| Self::operand(operand, names, &scope));
                Ok(Self::Join(join, operands.collect::<Result<_, _>>()?))
            }
            _ => {
                Err(scope
                    .error("it needs a list of two or more operands", "give columns, numbers or tables in brackets"))
            }
        }
    }

    fn operand(spec: &Toml, names: &mut Names, scope: &Scope) -> Result<Self, MappingError> {
        match spec {
            #[expect(clippy::cast_precision_loss, reason = "constants of a mapping are small")]
            Toml::Integer(number) => Ok(Self::Constant(*number as f64)),
            Toml::Float(number) => Ok(Self::Constant(*number)),
            Toml::String(column) => {
                let inside = column.strip_prefix('{').and_then(|column| column.strip_suffix('}'));
                let slot = names.slot(inside.unwrap_or(column), scope)?;
                names.must_be(Check { slot, kind: CellKind::Number, blank: Vec::new() });
                Ok(Self::Cell(slot))
            }
            Toml::Table(table) if table.len() == 1 => {
                match OPERATORS.into_iter().find(|operator| table.contains_key(*operator)) {
                    Some(operator) => Self::compile(table, operator, names, scope),
                    None => Err(scope.error("an operand is an unknown table", format!("use {}", OPERATORS.join(", ")))),
                }
            }
            _ => Err(scope.error("an operand is neither a column, a number nor one operation", "name a column")),
        }
    }

    fn compute(&self, row: &Row, group: &[Row], decimal_comma: bool) -> Option<f64> {
        let result = match self {
            Self::Constant(number) => *number,
            Self::Cell(slot) => number(row.cell(*slot), decimal_comma)?,
            #[expect(clippy::cast_precision_loss, reason = "a group has far fewer than 2^53 rows")]
            Self::Count => group.len() as f64,
            // Blank cells are left out; a sum of nothing but blanks has no value.
            Self::Sum(each) => {
                group.iter().filter_map(|row| each.compute(row, group, decimal_comma)).reduce(|sum, next| sum + next)?
            }
            Self::Join(join, operands) => {
                let mut operands = operands.iter().map(|operand| operand.compute(row, group, decimal_comma));
                let first = operands.next()??;
                operands.try_fold(first, |left, right| Some(join.apply(left, right?)))?
            }
        };
        result.is_finite().then_some(result)
    }
}

impl Join {
    fn apply(self, left: f64, right: f64) -> f64 {
        match self {
            Self::Divide => left / right,
            Self::Multiply => left * right,
            Self::Add => left + right,
            Self::Subtract => left - right,
        }
    }
}

fn round(number: f64, decimals: Option<i32>) -> f64 {
    match decimals {
        Some(decimals) => {
            let scale = 10_f64.powi(decimals);
            (number * scale).round() / scale
        }
        None => number,
    }
}

/// A TOML value as JSON, as it stands.
fn constant(spec: &Toml, scope: &Scope) -> Result<Value, MappingError> {
    match spec {
        Toml::String(text) => Ok(Value::from(text.as_str())),
        Toml::Integer(number) => Ok(Value::from(*number)),
        Toml::Float(number) if number.is_finite() => Ok(Value::from(*number)),
        Toml::Boolean(truth) => Ok(Value::Bool(*truth)),
        Toml::Datetime(time) => Ok(Value::from(time.to_string())),
        _ => Err(scope.error("it is not a constant", "give a text, a finite number, true or false")),
    }
}

fn texts(spec: Option<&Toml>, scope: &Scope) -> Result<Vec<String>, MappingError> {
    let wrong = || scope.error("it is not a list of texts", "list the texts in brackets");
    match spec {
        None => Ok(Vec::new()),
        Some(Toml::Array(parts)) => {
            parts.iter().map(|part| part.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        Some(_) => Err(wrong()),
    }
}
