//! Which payloads does the mapping file ask for?

use super::MappingError;
use super::condition::Condition;
use super::expression::{Expression, Text};
use super::file::{EventFile, Keep, MappingFile, OneOrMany, Per};
use super::names::{Names, Scope};
use primitives::Currency;
use serde_json::Value;

/// The key column that stands for the number of the line.
const LINE: &str = "#line";

/// An event to be made of a group, or of each of its rows.
#[derive(Debug)]
pub(super) struct EventTemplate {
    /// What tells this event from the others of the mapping in a `messageId`.
    pub(super) label: String,
    pub(super) call: String,
    pub(super) per: Per,
    pub(super) when: Option<Condition>,
    /// Sent again for the same cells only where its content changed.
    pub(super) once_per: Vec<usize>,
    pub(super) key: Key,
    /// The columns of its own time; the mapping's where empty.
    pub(super) time_slots: Vec<usize>,
    pub(super) fields: Vec<Field>,
}

/// A field of a payload.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) expression: Expression,
    /// Left out where it is an empty object.
    pub(super) is_object: bool,
}

/// What makes a `messageId`.
#[derive(Debug)]
pub(super) enum Key {
    Template(Text),
    Cells {
        slots: Vec<usize>,
        with_line: bool,
    },
    /// What is sent once per something: its cells, its content and the time.
    Content,
}

/// An item to be made of each row.
#[derive(Debug)]
pub(super) struct ItemTemplate {
    pub(super) label: String,
    pub(super) id: Expression,
    pub(super) keep: Keep,
    pub(super) when: Option<Condition>,
    pub(super) traits: Expression,
}

pub(super) fn currency(code: Option<&str>, scope: &Scope) -> Result<Option<String>, MappingError> {
    let parsed = code.map(|code| {
        Currency::parse(code).map(|currency| currency.code().to_owned()).map_err(|_| {
            scope.key("currency").error(format!("{code:?} is not a currency"), "give the three letters of ISO 4217")
        })
    });
    parsed.transpose()
}

pub(super) fn events(
    file: &MappingFile,
    currency: Option<&str>,
    group_slots: &[usize],
    names: &mut Names,
    scope: &Scope,
) -> Result<Vec<EventTemplate>, MappingError> {
    let mut events: Vec<EventTemplate> = Vec::with_capacity(file.event.len());
    for (index, event) in file.event.iter().enumerate() {
        let scope = scope.key(&format!("event {}", index + 1));
        let mut compiled = compile_event(event, currency, group_slots, names, &scope)?;
        let n_same = events.iter().filter(|known| known.label.split('#').next() == Some(&compiled.label)).count();
        if n_same > 0 {
            compiled.label = format!("{}#{}", compiled.label, n_same + 1);
        }
        events.push(compiled);
    }
    Ok(events)
}

pub(super) fn items(
    file: &MappingFile,
    currency: Option<&str>,
    names: &mut Names,
    scope: &Scope,
) -> Result<Vec<ItemTemplate>, MappingError> {
    let compile = |(index, item): (usize, &super::file::ItemFile)| {
        let scope = scope.key(&format!("item {}", index + 1));
        Ok(ItemTemplate {
            label: format!("item#{}", index + 1),
            id: Expression::compile(&item.id, names, &scope.key("id"))?,
            keep: item.keep,
            when: item.when.as_ref().map(|when| Condition::compile(when, names, &scope.key("when"))).transpose()?,
            traits: with_currency(&item.traits, currency, names, &scope.key("traits"))?,
        })
    };
    file.item.iter().enumerate().map(compile).collect()
}

fn compile_event(
    event: &EventFile,
    currency: Option<&str>,
    group_slots: &[usize],
    names: &mut Names,
    scope: &Scope,
) -> Result<EventTemplate, MappingError> {
    check_call(event, scope)?;
    let mut fields = Vec::new();
    let single = [
        ("userId", &event.user_id),
        ("anonymousId", &event.anonymous_id),
        ("groupId", &event.group_id),
        ("previousId", &event.previous_id),
        ("event", &event.event),
        ("name", &event.name),
        ("category", &event.category),
    ];
    for (name, spec) in single {
        if let Some(spec) = spec {
            let expression = Expression::compile(spec, names, &scope.key(name))?;
            fields.push(Field { name, expression, is_object: false });
        }
    }
    let currency = currency.filter(|_| event.call == "track");
    let objects = [
        ("properties", &event.properties, currency),
        ("traits", &event.traits, None),
        ("context", &event.context, None),
    ];
    for (name, table, currency) in objects {
        if !table.is_empty() {
            let expression = with_currency(table, currency, names, &scope.key(name))?;
            fields.push(Field { name, expression, is_object: true });
        }
    }
    let mut slots = |columns: &Option<OneOrMany>, key: &str| {
        let key = &scope.key(key);
        let columns = columns.as_ref().map(OneOrMany::names).unwrap_or_default();
        columns
            .iter()
            .filter(|column| *column != LINE)
            .map(|column| names.slot(column, key))
            .collect::<Result<Vec<_>, _>>()
    };
    let once_per = slots(&event.once_per, "once_per")?;
    let time_slots = slots(&event.timestamp, "timestamp")?;
    let key_slots = slots(&event.key, "key")?;
    let key = if let Some(template) = &event.message_id {
        Key::Template(Text::compile(template, names, &scope.key("messageId"))?)
    } else if let Some(key) = &event.key {
        Key::Cells { slots: key_slots, with_line: key.names().iter().any(|column| column == LINE) }
    } else if !once_per.is_empty() {
        Key::Content
    } else {
        // The line tells rows apart that are equal in every cell: one customer may buy the same thing twice a day.
        let with_line = group_slots.is_empty() || event.per == Per::Row;
        Key::Cells { slots: group_slots.to_vec(), with_line }
    };
    let when = event.when.as_ref().map(|when| Condition::compile(when, names, &scope.key("when"))).transpose()?;
    let title = event.event.as_ref().or(event.name.as_ref()).and_then(toml::Value::as_str).unwrap_or("");
    let label = format!("{}/{title}", event.call).replace('#', "");
    Ok(EventTemplate { label, call: event.call.clone(), per: event.per, when, once_per, key, time_slots, fields })
}

fn check_call(event: &EventFile, scope: &Scope) -> Result<(), MappingError> {
    let needs: &[(&str, bool)] = match event.call.as_str() {
        "identify" | "page" | "screen" => &[],
        "track" => &[("event", event.event.is_some())],
        "group" => &[("groupId", event.group_id.is_some())],
        "alias" => &[("previousId", event.previous_id.is_some())],
        other => {
            return Err(scope.key("type").error(
                format!("{other:?} is not a call"),
                "use identify, track, page, screen, group or alias (items are written as [[item]])",
            ));
        }
    };
    if let Some((missing, _)) = needs.iter().find(|(_, given)| !given) {
        return Err(scope.error(format!("a {} needs {missing}", event.call), format!("add {missing} = \"…\"")));
    }
    if event.user_id.is_none() && event.anonymous_id.is_none() {
        return Err(scope.error("it names no customer", "add userId = \"{COLUMN}\" or anonymousId = \"{COLUMN}\""));
    }
    Ok(())
}

/// The object of a table, with the mapping's currency where it names none itself.
fn with_currency(
    table: &toml::Table,
    currency: Option<&str>,
    names: &mut Names,
    scope: &Scope,
) -> Result<Expression, MappingError> {
    let mut object = Expression::object(table, names, scope)?;
    if let (Expression::Object(entries), Some(currency), false) =
        (&mut object, currency, table.contains_key("currency"))
    {
        entries.push(("currency".to_owned(), Expression::Constant(Value::from(currency))));
    }
    Ok(object)
}
