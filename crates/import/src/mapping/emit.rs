//! Which payloads does a group of rows become?

use super::expression::Expression;
use super::file::{Keep, Per};
use super::template::{EventTemplate, ItemTemplate, Key};
use super::time::TimeReader;
use super::{Mapping, Row};
use primitives::{Timestamp, stable_hash};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

/// About what an entry of the memory of customers or items takes, in bytes.
const ENTRY_BYTES: usize = 48;

/// The line of the row because of which a group gives no events, and the reason.
pub(crate) type Unmappable = (u64, String);

/// A payload that is ready, with its time and the line it begins on.
pub(crate) type Ready = (Value, Timestamp, u64);

/// Turns groups of rows into payloads, and remembers which customers and items were described already.
#[derive(Debug)]
pub(crate) struct Emitter<'m> {
    mapping: &'m Mapping,
    /// For each event that is sent once per something: the hash of the content that was sent last.
    sent: HashMap<u64, u64>,
    first_items: Vec<HashSet<u64>>,
    last_items: Vec<HashMap<String, Row>>,
    last_bytes: usize,
    /// What the present group changed in the memory, to be taken back where the group is not accepted.
    changed: Vec<Changed>,
}

#[derive(Debug)]
enum Changed {
    /// What was known for an event that is sent once per something.
    Sent { whom: u64, before: Option<u64> },
    /// An item was described for the first time.
    FirstItem { index: usize, id: u64 },
}

impl<'m> Emitter<'m> {
    pub(crate) fn new(mapping: &'m Mapping) -> Self {
        let n = mapping.items.len();
        let first_items = (0..n).map(|_| HashSet::new()).collect();
        let last_items = (0..n).map(|_| HashMap::new()).collect();
        Self { mapping, sent: HashMap::new(), first_items, last_items, last_bytes: 0, changed: Vec::new() }
    }

    /// About how many bytes are remembered.
    pub(crate) fn memory_bytes(&self) -> usize {
        let n_first: usize = self.first_items.iter().map(HashSet::len).sum();
        (self.sent.len() + n_first) * ENTRY_BYTES + self.last_bytes
    }

    /// Makes the payloads of a group into `ready`: all of them, or none and the rows that are to blame.
    ///
    /// [`Emitter::accepted`] or [`Emitter::taken_back`] must follow.
    pub(crate) fn group(
        &mut self,
        rows: &[Row],
        times: &mut TimeReader<'_>,
        ready: &mut Vec<Ready>,
    ) -> Result<(), Vec<Unmappable>> {
        let mapping = self.mapping;
        let Some(first) = rows.first() else { return Ok(()) };
        let mut to_blame = Vec::new();
        for template in &mapping.events {
            let each = match template.per {
                Per::Group => std::slice::from_ref(first),
                Per::Row => rows,
            };
            for row in each {
                let made = self.event(template, row, rows, times, ready);
                to_blame.extend(made.err().map(|reason| (row.line, reason)));
            }
        }
        for (index, template) in mapping.items.iter().enumerate() {
            for row in rows {
                let made = self.item(index, template, row, ready);
                to_blame.extend(made.err().map(|reason| (row.line, reason)));
            }
        }
        if to_blame.is_empty() {
            return Ok(());
        }
        ready.clear();
        Err(to_blame)
    }

    /// The group was accepted: what it said is known from now on.
    pub(crate) fn accepted(&mut self, rows: &[Row]) {
        self.changed.clear();
        let mapping = self.mapping;
        for (template, last) in mapping.items.iter().zip(&mut self.last_items) {
            if template.keep != Keep::Last {
                continue;
            }
            for row in rows {
                let Ok(Some(id)) = item_id(mapping, template, row) else { continue };
                match last.get_mut(&id) {
                    Some(kept) => kept.copy_from(row),
                    None => {
                        self.last_bytes += 4 * ENTRY_BYTES + id.len() + row.text.len() + 4 * row.ends.len();
                        let mut kept = Row::default();
                        kept.copy_from(row);
                        last.insert(id, kept);
                    }
                }
            }
        }
    }

    /// The group was not accepted: nothing of what it said is known.
    pub(crate) fn taken_back(&mut self) {
        for changed in self.changed.drain(..).rev() {
            match changed {
                Changed::Sent { whom, before: Some(content) } => drop(self.sent.insert(whom, content)),
                Changed::Sent { whom, before: None } => drop(self.sent.remove(&whom)),
                Changed::FirstItem { index, id } => {
                    if let Some(seen) = self.first_items.get_mut(index) {
                        seen.remove(&id);
                    }
                }
            }
        }
    }

    /// Makes the payloads that had to wait for the last row.
    pub(crate) fn finish(&mut self, ready: &mut Vec<Ready>) {
        for (template, rows) in self.mapping.items.iter().zip(std::mem::take(&mut self.last_items)) {
            let mut rows: Vec<(String, Row)> = rows.into_iter().collect();
            rows.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
            ready.extend(rows.iter().map(|(id, row)| item_payload(self.mapping, template, id, row)));
        }
    }

    fn event(
        &mut self,
        template: &EventTemplate,
        row: &Row,
        group: &[Row],
        times: &mut TimeReader<'_>,
        ready: &mut Vec<Ready>,
    ) -> Result<(), String> {
        let decimal_comma = self.mapping.decimal_comma;
        if template.when.as_ref().is_some_and(|when| !when.holds(row, decimal_comma)) {
            return Ok(());
        }
        let at = match template.time_slots.as_slice() {
            [] => row.at,
            slots => times.read_slots(slots, row)?,
        };
        let mut payload = Map::new();
        for field in &template.fields {
            let value = match field.expression.value(row, group, decimal_comma) {
                Some(Value::Object(object)) if field.is_object && object.is_empty() => continue,
                Some(value) if field.is_object => value,
                Some(value) => as_text(value),
                None => continue,
            };
            payload.insert(field.name.to_owned(), value);
        }
        let blank = |name: &str| !payload.contains_key(name);
        if blank("userId") && blank("anonymousId") {
            return Err(format!("the {} names no customer: the cells of its userId are blank", template.call));
        }
        let required = match template.call.as_str() {
            "track" => Some("event"),
            "group" => Some("groupId"),
            "alias" => Some("previousId"),
            _ => None,
        };
        if let Some(required) = required.filter(|required| blank(required)) {
            return Err(format!("the {} has no {required}: its cells are blank", template.call));
        }
        let content =
            if template.once_per.is_empty() { String::new() } else { Value::Object(payload.clone()).to_string() };
        if !template.once_per.is_empty() && !self.is_news(template, row, &content) {
            return Ok(());
        }
        let message_id = match &template.key {
            Key::Template(text) => text
                .render(row)
                .ok_or_else(|| format!("the {} has no messageId: a cell of its template is blank", template.call))?,
            Key::Cells { slots, with_line } => {
                let line = with_line.then(|| row.line.to_string());
                let cells = slots.iter().map(|slot| row.cell(*slot));
                message_id(&self.mapping.name, &template.label, cells.chain(line.as_deref()))
            }
            Key::Content => {
                let cells = template.once_per.iter().map(|slot| row.cell(*slot));
                let parts = cells.chain([content.as_str()]).chain(times.raw(row));
                message_id(&self.mapping.name, &template.label, parts)
            }
        };
        payload.insert("type".to_owned(), Value::from(template.call.as_str()));
        payload.insert("messageId".to_owned(), Value::from(message_id));
        payload.insert("timestamp".to_owned(), Value::from(at.to_string()));
        ready.push((Value::Object(payload), at, row.line));
        Ok(())
    }

    /// Whether the content differs from what was sent last for the same cells.
    fn is_news(&mut self, template: &EventTemplate, row: &Row, content: &str) -> bool {
        let mut whom = template.label.clone();
        for slot in &template.once_per {
            whom.push('\u{1f}');
            whom.push_str(row.cell(*slot));
        }
        let (whom, content) = (stable_hash(&whom), stable_hash(content));
        let before = self.sent.insert(whom, content);
        self.changed.push(Changed::Sent { whom, before });
        before != Some(content)
    }

    fn item(&mut self, index: usize, template: &ItemTemplate, row: &Row, ready: &mut Vec<Ready>) -> Result<(), String> {
        let Some(id) = item_id(self.mapping, template, row)? else { return Ok(()) };
        // The last row that names an item speaks for it at the end.
        if template.keep == Keep::First {
            let hash = stable_hash(&id);
            let is_new = self.first_items.get_mut(index).is_some_and(|seen| seen.insert(hash));
            if is_new {
                self.changed.push(Changed::FirstItem { index, id: hash });
                ready.push(item_payload(self.mapping, template, &id, row));
            }
        }
        Ok(())
    }
}

/// The item that a row names; `None` where the template leaves the row out.
fn item_id(mapping: &Mapping, template: &ItemTemplate, row: &Row) -> Result<Option<String>, String> {
    let decimal_comma = mapping.decimal_comma;
    if template.when.as_ref().is_some_and(|when| !when.holds(row, decimal_comma)) {
        return Ok(None);
    }
    match template.id.value(row, std::slice::from_ref(row), decimal_comma).map(id_text) {
        Some(id) => Ok(Some(id)),
        None => Err("the item has no id: its cells are blank".to_owned()),
    }
}

fn item_payload(mapping: &Mapping, template: &ItemTemplate, id: &str, row: &Row) -> Ready {
    let group = std::slice::from_ref(row);
    let traits = expression_or_empty(&template.traits, row, group, mapping.decimal_comma);
    let content = traits.to_string();
    let mut payload = Map::new();
    payload.insert("type".to_owned(), Value::from("item"));
    payload.insert("messageId".to_owned(), Value::from(message_id(&mapping.name, &template.label, [id, &content])));
    payload.insert("timestamp".to_owned(), Value::from(row.at.to_string()));
    payload.insert("itemId".to_owned(), Value::from(id));
    payload.insert("traits".to_owned(), traits);
    (Value::Object(payload), row.at, row.line)
}

fn expression_or_empty(expression: &Expression, row: &Row, group: &[Row], decimal_comma: bool) -> Value {
    expression.value(row, group, decimal_comma).unwrap_or_else(|| Value::Object(Map::new()))
}

/// Identifiers and names are texts on the wire, also where a column was read as a number.
fn as_text(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::from(number.to_string()),
        other => other,
    }
}

fn id_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// The mapping's name and 128 bits of the SHA-256 of what makes the message the same message.
fn message_id<'a>(mapping: &'a str, label: &'a str, parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for part in [mapping, label].into_iter().chain(parts) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    let mut id = String::with_capacity(mapping.len() + 33);
    id.push_str(mapping);
    id.push('-');
    for byte in digest.iter().take(16) {
        // Writing to a string cannot fail.
        let _ = write!(id, "{byte:02x}");
    }
    id
}
