//! Which fields does the form of each list have, and how is each written?

use crate::pages::words::unmarked;
use decisions::{FlagType, Playbook};

/// How a key of a table is written in a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// A line of text.
    Line,
    /// A condition on customers.
    Condition,
    /// A number.
    Number,
    /// A whole number.
    Whole,
    /// A share of one, in hundredths.
    Percent,
    /// Yes or no, and which of them where nothing is said.
    Tick(bool),
    /// Some of the channels.
    Channels,
    /// Some of what is counted.
    Kpis,
    /// A day or a moment.
    Moment,
    /// A table, as the settings write one.
    Table,
    /// Which values a flag has.
    Type,
    /// A value of that type.
    Value,
    /// What other flags must be.
    Needs,
    /// Who gets another value.
    Rules,
    /// What is compared.
    Variations,
}

/// A field of a form.
#[derive(Debug, Clone, Copy)]
pub(super) struct Described {
    /// The key of the table.
    pub(super) key: &'static str,
    /// What it is called.
    pub(super) label: &'static str,
    pub(super) how: How,
    /// Whether it is said once and for all.
    pub(super) is_for_good: bool,
    /// Whether it stays as it is once an experiment has begun.
    pub(super) is_frozen: bool,
}

/// Fields under a heading.
pub(super) type Group = (&'static str, &'static [Described]);

const fn field(key: &'static str, label: &'static str, how: How) -> Described {
    Described { key, label, how, is_for_good: false, is_frozen: false }
}

const fn for_good(key: &'static str, label: &'static str, how: How) -> Described {
    Described { is_for_good: true, ..field(key, label, how) }
}

const fn frozen(key: &'static str, label: &'static str, how: How) -> Described {
    Described { is_frozen: true, ..field(key, label, how) }
}

const ACTIONS: &[Group] = &[
    (
        "What it is",
        &[
            for_good("name", "Name", How::Line),
            field("title", "Title", How::Line),
            field("group", "Group", How::Line),
            field("content", "Content", How::Table),
        ],
    ),
    (
        "Whom it is for",
        &[
            field("eligible", "Who may have it", How::Condition),
            field("suitable", "Whom it suits", How::Condition),
            field("stock", "Must be in stock", How::Line),
            field("times", "How often for one customer", How::Whole),
        ],
    ),
    (
        "Where and when",
        &[
            field("channels", "Channels", How::Channels),
            field("from", "From", How::Moment),
            field("until", "Until", How::Moment),
        ],
    ),
    (
        "What it is worth",
        &[
            field("value", "Value", How::Number),
            field("cost", "Cost of a contact", How::Number),
            field("prior", "How likely it is accepted", How::Number),
            field("weight", "Weight", How::Number),
            field("context", "Counts more by place", How::Table),
            field("features", "Features for models", How::Table),
        ],
    ),
    (
        "How it is treated",
        &[
            field("mandatory", "It comes first", How::Tick(false)),
            field("service", "It serves the customer", How::Tick(false)),
            field("upsell", "It sells more", How::Tick(false)),
            field("nothing", "It is to do nothing", How::Tick(false)),
        ],
    ),
];

const FLAGS: &[Group] = &[
    (
        "What it is",
        &[
            for_good("name", "Name", How::Line),
            field("title", "Title", How::Line),
            for_good("type", "Type", How::Type),
            field("default", "Default", How::Value),
            field("on", "It is switched on", How::Tick(true)),
        ],
    ),
    ("Who gets another value", &[field("rules", "Rules, the first that is right", How::Rules)]),
    ("What must be first", &[field("needs", "Other flags", How::Needs)]),
];

const EXPERIMENTS: &[Group] = &[
    (
        "What it is",
        &[
            for_good("name", "Name", How::Line),
            field("title", "Title", How::Line),
            frozen("days", "Days that are planned", How::Whole),
        ],
    ),
    (
        "Who takes part",
        &[
            frozen("who", "Of whom", How::Condition),
            field("share", "Share of these, in %", How::Percent),
            frozen("layer", "Layer", How::Line),
        ],
    ),
    (
        "What is compared",
        &[
            frozen("variations", "Variations, the control first", How::Variations),
            frozen("interleave", "Drafts the lists of", How::Line),
        ],
    ),
    (
        "By what it is judged",
        &[
            frozen("metrics", "What is to become better", How::Kpis),
            field("guardrails", "What must not become worse", How::Kpis),
        ],
    ),
];

/// The fields of a list.
pub(super) fn groups(list: &str) -> &'static [Group] {
    match list {
        "actions" => ACTIONS,
        "flags" => FLAGS,
        "experiments" => EXPERIMENTS,
        _ => &[],
    }
}

/// All fields of a list.
pub(super) fn all(list: &str) -> impl Iterator<Item = &'static Described> {
    groups(list).iter().flat_map(|(_, fields)| fields.iter())
}

/// What a field means, where a form is filled in otherwise than the settings are.
fn of_form(list: &str, key: &str) -> Option<&'static str> {
    Some(match (list, key) {
        ("experiments", "share") => {
            "Which share of these takes part, from 0 to 100; all of them where nothing is written. More only adds customers."
        }
        ("experiments", "variations") => {
            "A row for each, and what is done today first: the control. A weight of 2 draws twice as many customers; where no weight is \
             written, all draw as many."
        }
        ("experiments", "interleave") => {
            "Leave it empty to compare values of a flag. With a kind of decision, such as recommend, each list is drafted from two ways to \
             make it, as captains choose teams. Values are objects then and say how, such as {\"diversity\": 0.3}; everybody takes part."
        }
        ("flags", "rules") => {
            "From the top, the first row that fits a customer decides. When is a condition on customers, such as orders_365d >= 1; empty, it \
             fits everybody. A share gives the value to a part of them. In place of a value, name an experiment: it draws who gets what."
        }
        ("flags", "type") => "Which values it has. It stays so for good.",
        ("flags", "on") => "Without the tick it is off: everybody gets the default, whatever the rules say.",
        ("flags", "needs") => {
            "Rules count only where these flags are as it is written here: a value, or true where none is written. Elsewhere everybody gets \
             the default."
        }
        _ => return None,
    })
}

/// What is said of a field: as the settings say it of its key, where the form does not say it better.
pub(super) fn meaning(list: &str, key: &str) -> String {
    if let Some(said) = of_form(list, key) {
        return said.to_owned();
    }
    let said = Playbook::keys(list).iter().find(|(known, _)| *known == key).map_or("", |(_, said)| said);
    format!("{}.", primitives::capital(&unmarked(said)))
}

/// The types of flags, each with what it is called.
pub(super) const TYPES: [(FlagType, &str); 4] = [
    (FlagType::Text, "a text"),
    (FlagType::Boolean, "true or false"),
    (FlagType::Number, "a number"),
    (FlagType::Json, "an object or a list, as JSON"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_every_list_has_a_field_or_is_changed_elsewhere() {
        // By buttons, by nobody, or where what is switched by slices of time is declared.
        let elsewhere = ["state", "unit", "stretch", "switchback"];
        // Offers have no form: they are saved over /v1/offers.
        for (list, _) in Playbook::LISTS.iter().filter(|(list, _)| *list != "offers") {
            for (key, _) in Playbook::keys(list) {
                let n = all(list).filter(|field| field.key == *key).count();
                assert_eq!(n, usize::from(!elsewhere.contains(key)), "{list}: {key}");
            }
            for field in all(list) {
                let said = meaning(list, field.key);
                assert!(said.len() > 5, "{list}: {} has no meaning", field.key);
                // Who fills in a form writes no line of the settings, and a share in hundredths.
                let is_written_so = match field.how {
                    How::Rules | How::Needs | How::Variations => said.contains(" = "),
                    How::Percent => !said.contains("from 0 to 100"),
                    How::Tick(_) => said.contains("false"),
                    _ => false,
                };
                assert!(!is_written_so, "{list}: {} is told as the settings write it: {said}", field.key);
            }
        }
    }
}
