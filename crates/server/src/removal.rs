//! What is removed of a customer, in words?

use console::format::counted;
use profiles::Removed;

/// What it is, part by part: `12 events`, `3 decisions`.
pub(crate) fn in_words(removed: Removed) -> Vec<String> {
    let others = [
        (removed.decisions, "decision", "decisions"),
        (removed.rejections, "rejected event", "rejected events"),
        (removed.audit_entries, "name in the audit list", "names in the audit list"),
        (removed.lines, "line of rejected rows", "lines of rejected rows"),
        (removed.lists, "name in a saved list", "names in saved lists"),
    ];
    let others = others.into_iter().filter(|(n, ..)| *n > 0);
    let all = [(removed.events, "event", "events")].into_iter().chain(others);
    all.map(|(n, one, many)| counted(n, one, many)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_none_of_is_not_named_but_events_are() {
        assert_eq!(in_words(Removed::default()), ["0 events"]);
        let all = Removed { events: 1, decisions: 2, rejections: 1, audit_entries: 3, lines: 1, lists: 2 };
        let said = [
            "1 event",
            "2 decisions",
            "1 rejected event",
            "3 names in the audit list",
            "1 line of rejected rows",
            "2 names in saved lists",
        ];
        assert_eq!(in_words(all), said);
    }
}
