//! Which events do the other channels have? Their part of `docs/events.md`.

use super::table;
use crate::Channel;
use crate::described::{channel_of, code, events_of, holds, keys_of, words};
use crate::vocabulary::as_sent;
use crate::vocabulary::channels::{CHANNELS, Properties};
use crate::vocabulary::properties::{Need, Property};

const INTRODUCTION: &str = "\n## Every other channel\n\n\
Names are compared as those of purchases are. A property that an event **needs** must be there and be readable, or the event\n\
is refused: without it there is nothing to count. Any other property that cannot be read, or that is *expected* and missing,\n\
is **marked**: the event counts, that property does not, and *Live events* and `GET /v1/events` say why. A number may be\n\
written as text, an identifier as a whole number, and of several keys the first that holds anything counts.\n";

const WHOSE: &str = "\nOn support, ratings (CSAT, NPS, CES), payments and subscriptions your own word stands alone: once a server key or an import\n\
told something of one of the four for a customer, what a write key says of it changes no feature of theirs. Where only write\n\
keys tell of it, they count.\n";

fn needed(properties: Properties) -> String {
    let of = |need, left: &str, right: &str| {
        let of_need = properties.iter().filter(move |(of, _)| *of == need);
        of_need.map(|(_, property)| format!("{left}`{}`{right}", property.keys[0])).collect::<Vec<_>>()
    };
    let all = [of(Need::Required, "**", "**"), of(Need::Expected, "*", "*"), of(Need::Optional, "", "")].concat();
    if all.is_empty() { "–".to_owned() } else { all.join(", ") }
}

fn section(channel: Channel) -> String {
    let Some((heading, words)) = words(channel) else { return String::new() };
    let events = events_of(channel);
    let mut known: Vec<&'static Property> = Vec::new();
    for (_, property) in events.iter().flat_map(|(.., properties)| properties.iter()) {
        if !known.iter().any(|of| std::ptr::eq(*of, *property)) {
            known.push(property);
        }
    }
    let rows =
        events.iter().map(|(names, says, properties)| format!("| {} | {says} | {} |", code(names), needed(properties)));
    let of_properties = known
        .iter()
        .map(|property| format!("| {} | {} | {} |", code(keys_of(property)), holds(property.kind), property.meaning));
    format!(
        "\n### {heading}\n\n{words}\n{}{}",
        table("| event | it says | **needed**, *expected* and other properties |", rows),
        table("| property | holds | meaning |", of_properties)
    )
}

/// The whole part.
pub(super) fn text() -> String {
    let sections: String = Channel::ALL.map(section).concat();
    format!("{INTRODUCTION}Every key may also be written in camels: `ticketId`.\n{WHOSE}{sections}")
}

#[test]
fn every_name_is_written_as_it_is_read_and_every_channel_has_some() {
    for spoken in &CHANNELS {
        assert_eq!(as_sent(spoken.name).to_lowercase().replace('_', " "), spoken.name);
    }
    for channel in Channel::ALL {
        let has_some = CHANNELS.iter().any(|spoken| channel_of(spoken.verb) == channel);
        assert_eq!(has_some, words(channel).is_some(), "{channel:?}");
    }
}

#[test]
fn what_is_read_of_an_event_belongs_to_the_channel_under_which_it_is_described() {
    let tangle = crate::generator::Tangle { n_events: 2_000, n_users: 1, n_devices: 1, n_hours: 1 };
    let mut names = std::collections::BTreeSet::new();
    for event in tangle.events(primitives::Seed::new(1)) {
        let found = CHANNELS.iter().find(|spoken| as_sent(spoken.name) == event.title());
        names.extend(found.map(|spoken| spoken.name));
        assert!(found.is_none_or(|spoken| event.channel() == Some(channel_of(spoken.verb))), "{event:?}");
    }
    assert_eq!(names.len(), 37, "{names:?}");
}
