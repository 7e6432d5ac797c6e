//! Which of the events that are understood are sought?

use crate::pages::{Asked, text};
use console::view::{EventGroup, EventLine, EventProperty};
use events::{DescribedEvent, described};

/// How long what is sought may be.
const N_LETTERS_MAX: usize = 100;

/// What events are sought for.
pub(super) fn sought(asked: &Asked) -> String {
    text(asked, "event", N_LETTERS_MAX)
}

/// The events in which every word of what is sought stands: in a name, a property or the words about them.
pub(super) fn found(sought: &str) -> Vec<EventGroup> {
    let words: Vec<String> = sought.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let groups = described().into_iter().map(|channel| EventGroup {
        events: channel.events.into_iter().filter(|event| has(channel.title, event, &words)).map(line).collect(),
        title: channel.title.to_owned(),
        words: channel.words.to_owned(),
    });
    groups.filter(|group| !group.events.is_empty()).collect()
}

fn has(title: &str, event: &DescribedEvent, words: &[String]) -> bool {
    let keys = event.properties.iter().flat_map(|property| property.keys.iter().copied());
    let names = event.names.iter().map(String::as_str);
    let text = [title, &event.says].into_iter().chain(names).chain(keys).collect::<Vec<_>>().join("\n").to_lowercase();
    words.iter().all(|word| text.contains(word))
}

fn line(event: DescribedEvent) -> EventLine {
    let property = |one: events::DescribedProperty| EventProperty {
        keys: one.keys.into_iter().map(str::to_owned).collect(),
        need: one.need.to_owned(),
        holds: one.holds,
        meaning: one.meaning,
    };
    EventLine {
        names: event.names,
        says: event.says,
        properties: event.properties.into_iter().map(property).collect(),
        example: event.example.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_found_by_name_property_heading_and_words_and_by_all_of_them() {
        let names = |sought: &str| -> Vec<String> {
            found(sought).into_iter().flat_map(|group| group.events).map(|event| event.names[0].clone()).collect()
        };
        let all = names("").len();
        assert!(all > 50 && names("  ").len() == all);
        for (sought, has, lacks) in [
            ("CHARGE", "Chargeback Received", "Payment Approved"),
            ("renews_at", "Subscription Created", "Payment Approved"),
            ("support", "Ticket Created", "Payment Approved"),
            ("payment declined", "Payment Declined", "Payment Approved"),
        ] {
            let found = names(sought);
            assert!(found.iter().any(|name| name == has), "{sought}: {found:?}");
            assert!(found.iter().all(|name| name != lacks), "{sought}: {found:?}");
        }
        assert!(names("no such event").is_empty());
    }
}
