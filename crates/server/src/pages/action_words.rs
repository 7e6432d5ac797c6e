//! What are rules, stages and what came of an action called on pages?

use console::format;
use decisions::Stage;
use features::{Contact, Worth};
use primitives::capital;

/// What actions come through, as people call it.
pub(super) fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Here => "For this place and time",
        Stage::Eligible => "Eligible",
        Stage::Suitable => "Suitable and in stock",
        Stage::LeftAlone => "Within the contact policy",
        Stage::Worth => "Worth more than it costs",
        Stage::Chosen => "Chosen",
    }
}

/// A rule that leaves an action out, as the beginning of nothing: `it is not for this channel`.
pub(super) fn rule_in_words(rule: &str) -> String {
    words_of(rule).map(str::to_owned).or_else(|| cap(rule)).unwrap_or_else(|| rule.replace('_', " "))
}

/// What a rule is called that has a name of its own.
fn words_of(rule: &str) -> Option<&'static str> {
    Some(match rule {
        "channel" => "it is not for this channel",
        "schedule" => "its time has not come, or is over",
        "asked" => "the question did not mean it",
        "weight" => "its weight is 0",
        "eligible" => "the customer may not have it",
        "eligible: not known" => "it is not known whether the customer may have it",
        "suitable" => "it does not suit the customer",
        "suitable: not known" => "it is not known whether it suits the customer",
        "stock" => "it is not in stock",
        "consent" => "the customer does not permit marketing",
        "quiet_hours" => "it is quiet hours",
        "capacity" => "no place is free",
        "no_upsell" => "nothing more is sold to the customer now",
        "refused" => "the customer sent it away",
        "refused_group" => "the customer sent another of its group away",
        "accepted" => "the customer has accepted it",
        "value" => "it costs more than it brings",
        "times" => "it was done as often as it may be",
        "budget" => "its budget is spent",
        "budget: not known" => "it is being counted what was spent of its budget",
        "costs: not known" => "it is not known of what its discount is",
        "value: not known" => "it is not known what the customer is about to be lost with",
        "outranked" => "another was drawn",
        "no place" => "there was no place left",
        _ => return None,
    })
}

/// `cap:channel:email:7d`: a limit on contacts.
fn cap(rule: &str) -> Option<String> {
    let rest = rule.strip_prefix("cap:")?;
    let (of, days) = rest.rsplit_once(':')?;
    let days: u64 = days.strip_suffix('d')?.parse().ok()?;
    let of = match of.split_once(':') {
        None if of == "customer" => "with the customer".to_owned(),
        None => format!("of one {of}"),
        Some((per, of)) => format!("of the {per} {of}"),
    };
    Some(format!("too many contacts {of} within {}", format::counted(days, "day", "days")))
}

/// What came of an action that was chosen, in words with their colour. `may_count` is whether it may be told at all.
pub(super) fn came_in_words(contact: Option<&Contact>, may_count: bool) -> (String, &'static str) {
    let Some(contact) = contact else {
        let words = if may_count { "Nothing is known of it yet" } else { "Not counted: they do not permit analytics" };
        return (words.to_owned(), "");
    };
    let worth = contact.worth.map_or_else(String::new, |worth| match worth {
        Worth::In(money) => format!(", worth {}", format::money(money)),
        Worth::Bare(amount) => format!(", worth {}", format::number(amount)),
    });
    if contact.converted_at.is_some() {
        return (format!("Succeeded{worth}"), "good");
    }
    let steps = [
        (contact.dismissed_at, "sent away", "warn"),
        (contact.clicked_at, "clicked", "info"),
        (contact.shown_at, "shown", ""),
    ];
    let found = steps.into_iter().find(|(at, ..)| at.is_some());
    found.map_or_else(|| ("Nothing is known of it yet".to_owned(), ""), |(_, word, class)| (capital(word), class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_words_and_limits_say_of_what() {
        for (rule, words) in [
            ("channel", "it is not for this channel"),
            ("cap:customer:7d", "too many contacts with the customer within 7 days"),
            ("cap:action:1d", "too many contacts of one action within 1 day"),
            ("cap:channel:email:7d", "too many contacts of the channel email within 7 days"),
            ("cap:nonsense", "cap:nonsense"),
            ("a_new_rule", "a new rule"),
        ] {
            assert_eq!(rule_in_words(rule), words);
        }
        let wordless: Vec<&str> =
            Stage::RULES.into_iter().map(|(rule, _)| rule).filter(|rule| words_of(rule).is_none()).collect();
        assert!(wordless.is_empty(), "{wordless:?}");
    }
}
