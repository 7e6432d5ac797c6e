//! What do conversations look like with something in them, and without?

use super::{before, frame};
use crate::view::{Bubble, ConversationPage, ConversationRow, ConversationsPage, Frame};
use primitives::HOUR_MS;

/// Every page of them with its path.
pub(super) fn pages() -> Vec<(&'static str, String)> {
    let empty = Frame { notice: None, ..frame("/conversations") };
    vec![
        ("/conversations", inbox().render()),
        ("/conversations/T-1041", conversation().render()),
        ("/empty/conversations", ConversationsPage { counts: [0; 4], rows: vec![], frame: empty, ..inbox() }.render()),
        ("/empty/conversation", unreadable().render()),
    ]
}

fn row(id: &str, name: &str, words: &str) -> ConversationRow {
    ConversationRow {
        id: id.to_owned(),
        customer: ("42".to_owned(), name.to_owned()),
        subject: Some("Where is my parcel".to_owned()),
        words: words.to_owned(),
        channel: Some("chat".to_owned()),
        status: ("waiting", "warn"),
        is_reopened: true,
        mood: Some(("frustration".to_owned(), "bad")),
        is_urgent: true,
        intent: Some(("delivery".to_owned(), false)),
        waiting_since: Some(before(5 * HOUR_MS)),
        last_at: before(HOUR_MS),
        assignee: Some("agent-03".to_owned()),
        pressing: 71,
        parts: vec![("urgency", 80), ("mood", 91), ("wait", 13), ("value", 62), ("declared", 70)],
        worth: Some("EUR 1,204.50".to_owned()),
    }
}

fn inbox() -> ConversationsPage {
    let calm = ConversationRow {
        mood: Some(("delight".to_owned(), "good")),
        status: ("answered", "info"),
        is_reopened: false,
        is_urgent: false,
        waiting_since: None,
        assignee: None,
        intent: None,
        worth: None,
        subject: None,
        pressing: 0,
        ..row("c-77aa4b1d9d530c1f", "anonymous", "Thank you, that was quick!")
    };
    let angry = row("T-1041", "Mei Chen", "This is the third time I write. Where is my parcel?");
    ConversationsPage {
        frame: frame("/conversations?status=open"),
        status: "open".to_owned(),
        counts: [2, 1, 1, 118],
        rows: vec![angry, calm],
        older: Some("/conversations?status=open&cursor=1".to_owned()),
        try_line: "curl -u \"$KEY:\" localhost:7070/v1/track".to_owned(),
    }
}

fn conversation() -> ConversationPage {
    let bubble = |is_theirs, text: &str, hours: i64, readings: &[(&str, &'static str)]| Bubble {
        is_theirs,
        text: text.to_owned(),
        at: before(hours * HOUR_MS),
        offset: 119_578,
        readings: readings.iter().map(|(words, colour)| ((*words).to_owned(), *colour)).collect(),
        is_claimed: is_theirs && hours == 1,
    };
    ConversationPage {
        frame: frame("/conversations/T-1041"),
        row: row("T-1041", "Mei Chen", ""),
        opened_at: before(30 * HOUR_MS),
        note: None,
        n_messages: 3,
        messages: vec![
            bubble(true, "Where is my order AB-4711?", 30, &[("delivery", "info"), ("confusion", "warn")]),
            bubble(false, "It is on its way and arrives tomorrow.", 26, &[]),
            bubble(true, "This is the third time I write!\nI am furious.", 1, &[("frustration", "bad")]),
        ],
        summary: vec!["Where is my order AB-4711?".to_owned(), "This is the third time I write!".to_owned()],
        labels: vec!["delivery".to_owned(), "refund".to_owned()],
        told: vec![],
        lately: vec![("Order Completed".to_owned(), Some("EUR 40.00".to_owned()), before(80 * HOUR_MS))],
        next: None,
    }
}

fn unreadable() -> ConversationPage {
    ConversationPage {
        note: Some("The customer does not permit that their messages are read.".to_owned()),
        messages: vec![],
        summary: vec![],
        lately: vec![],
        row: ConversationRow { status: ("resolved", "good"), intent: None, ..row("T-7", "<b>nobody</b>", "") },
        ..conversation()
    }
}
