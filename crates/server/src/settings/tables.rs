//! Which of many tables of a list is wrong? Each table has a line of its own in the file.

use super::DeclaredSchema;
use decisions::{Action, Experiment, Flag, Offer, Segment};
use features::Declared;
use learning::Outcome;
use measurement::kpi::Kpi;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;

/// The first table of a list that cannot be read, with its place and what is wrong: `line 14: feature "b": …`. `None` where the
/// mistake is another one.
pub(super) fn broken(text: &str) -> Option<String> {
    let table: toml::Table = text.parse().ok()?;
    let found = [
        ("features", first_broken::<Declared>(&table, "features")),
        ("outcomes", first_broken::<Outcome>(&table, "outcomes")),
        ("segments", first_broken::<Segment>(&table, "segments")),
        ("actions", first_broken::<Action>(&table, "actions")),
        ("offers", first_broken::<Offer>(&table, "offers")),
        ("experiments", first_broken::<Experiment>(&table, "experiments")),
        ("flags", first_broken::<Flag>(&table, "flags")),
        ("kpis", first_broken::<Kpi>(&table, "kpis")),
        ("schemas", first_broken::<DeclaredSchema>(&table, "schemas")),
    ];
    let (list, (place, message)) = found.into_iter().find_map(|(list, broken)| Some((list, broken?)))?;
    Some(format!("{}: {message}", place_of(text, list, place)))
}

/// The place of the last table of that name: it is the one whose name is taken.
pub(super) fn named(text: &str, list: &str, name: &str) -> Option<String> {
    let table: toml::Table = text.parse().ok()?;
    let tables = table.get(list)?.as_array()?;
    let place = tables.iter().rposition(|table| table.get("name").and_then(toml::Value::as_str) == Some(name))?;
    Some(place_of(text, list, place))
}

fn first_broken<T: DeserializeOwned>(table: &toml::Table, list: &str) -> Option<(usize, String)> {
    let tables = table.get(list)?.as_array()?.iter().enumerate();
    let mut mistakes = tables.filter_map(|(place, one)| Some((place, one.clone().try_into::<T>().err()?)));
    mistakes.next().map(|(place, error)| (place, error.message().replace('\n', " ")))
}

/// `line 14`, or where all of them stand in one value, `number 2 of features`.
pub(super) fn place_of(text: &str, list: &str, place: usize) -> String {
    let header = |line: &str| {
        let inner = line.trim().strip_prefix("[[").and_then(|rest| rest.split_once("]]"));
        inner.is_some_and(|(name, _)| name.trim() == list)
    };
    let mut lines = (1..).zip(text.lines()).filter(|(_, line)| header(line));
    lines.nth(place).map_or_else(|| format!("number {} of {list}", place + 1), |(line, _)| format!("line {line}"))
}

/// The line of one of the caps of `[contact]`, of which many may stand in one list.
pub(super) fn line_of_cap(text: &str, place: usize) -> Option<usize> {
    #[derive(Deserialize)]
    struct Read {
        contact: Contact,
    }
    #[derive(Deserialize)]
    struct Contact {
        caps: Vec<Spanned<toml::Value>>,
    }
    let read: Read = toml::from_str(text).ok()?;
    let start = read.contact.caps.get(place)?.span().start;
    Some(text.get(..start)?.matches('\n').count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_found_by_its_header_and_in_one_value_by_its_number() {
        let text = "[[features]]\nname = \"a\"\n# [[features]]\n\n [[ features ]] # one more\nname = \"b\"\n[[features]]\nname = \"a\"\n";
        assert_eq!([0, 1, 2].map(|place| place_of(text, "features", place)), ["line 1", "line 5", "line 7"]);
        assert_eq!(named(text, "features", "a").as_deref(), Some("line 7"));
        assert_eq!(named(text, "features", "b").as_deref(), Some("line 5"));
        assert_eq!((named(text, "features", "c"), named(text, "outcomes", "a")), (None, None));
        let inline = "features = [{ name = \"a\" }, { name = \"b\" }]";
        assert_eq!(named(inline, "features", "b").as_deref(), Some("number 2 of features"));
        assert!(broken(inline).unwrap().starts_with("number 1 of features: feature \"a\": meaning is"));
        assert_eq!(broken("[server]\nlisten = 5\n"), None);
        assert_eq!(broken("not toml"), None);
    }

    #[test]
    fn a_cap_is_found_in_its_list() {
        let text = "[contact]\ncaps = [\n  { per = \"customer\", n = 1, days = 7 },\n  { per = \"action\", n = 0, days = 7 },\n]\n";
        assert_eq!([0, 1, 2].map(|place| line_of_cap(text, place)), [Some(3), Some(4), None]);
        let tables = "[[contact.caps]]\nper = \"customer\"\n\n[[contact.caps]]\nper = \"action\"\n";
        assert_eq!(line_of_cap(tables, 1), Some(4));
    }
}
