//! How is an invented machine?

use super::{MINUTE, before, frame};
use crate::view::*;

/// The system of a server that has run for a day.
#[must_use]
pub fn system() -> SystemPage {
    let pair = |what: &str, text: &str| (what.to_owned(), text.to_owned());
    let fact = |what: &str, text: &str| Fact { what: what.to_owned(), text: text.to_owned(), warning: None };
    let group = |title: &str, facts: Vec<Fact>| FactGroup { title: title.to_owned(), facts };
    let line = |ms, is_error, text: &str| LoggedLine { at: before(ms), is_error, text: text.to_owned() };
    SystemPage {
        frame: frame("/system"),
        why_not_ready: None,
        facts: vec![
            pair("Version", "0.1.0"),
            pair("Running for", "1 d 3 h"),
            pair("Memory", "212 MB"),
            pair("Backup", "8 h ago"),
        ],
        disk: Some((41_000_000_000, 252_000_000_000)),
        parts: vec![
            ("Database: log, profiles, decisions".to_owned(), 84_200_000),
            ("Sealed history, 119 days".to_owned(), 61_000_000),
            ("Models".to_owned(), 3_400_000),
            ("Write-ahead log".to_owned(), 1_200_000),
        ],
        groups: vec![
            group(
                "Events",
                vec![
                    fact("Events in the log", "119,615"),
                    Fact { warning: Some("715 behind".to_owned()), ..fact("Profiles safe up to", "118,900") },
                    fact("Sealed days", "119"),
                ],
            ),
            group("Memory", vec![fact("Customers in memory", "33,314 of 33,314"), fact("Room for", "1,000,000")]),
            group("Jobs", vec![fact("Lists looked at", "12 s ago"), fact("Churn trained", "5 h ago")]),
        ],
        logged: Some(vec![
            line(4 * MINUTE, false, "a request was not answered"),
            line(90 * MINUTE, true, "the checkpoint failed; the next one will hold what this one lacks"),
        ]),
    }
}
