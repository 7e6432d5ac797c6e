use super::*;
use events::{Envelope, Origin, parse_event};
use profiles::MemoryProfileStore;
use proptest::prelude::*;
use serde_json::{Value, json};

/// One event; `said` is its name, the customer, and its properties.
fn told(offset: u64, (name, user): (&str, &str), properties: Value, origin: Origin) -> Recorded {
    let event = json!({"type": "track", "event": name, "userId": user, "properties": properties});
    let at = Timestamp::from_millis(1_790_000_000_000 + i64::try_from(offset).unwrap() * 60_000);
    let event = parse_event(event, None, &Envelope::new(at, origin)).unwrap();
    Recorded { offset: Offset(offset), event }
}

/// Everybody is who they say.
fn whose(name: &Identifier) -> Result<Option<CustomerId>, ProfileError> {
    Ok(Some(name.customer_id()))
}

fn take(all: &mut Conversations, recorded: &Recorded) {
    let names: Vec<Identifier> = Identifier::of(&recorded.event).into_iter().flatten().collect();
    let speaker = Speaker { id: names[0].customer_id(), names, may_read: true, spent: 10.0 };
    if Conversations::concerns(&recorded.event) {
        all.apply(recorded, &speaker, &whose).unwrap();
    }
}

const SERVER: Origin = Origin::Server;
const CLIENT: Origin = Origin::Client;

#[test]
fn whose_turn_it_is_follows_what_is_said_and_done() {
    let mut all = Conversations::default();
    let text = |text: &str| json!({"ticket_id": "T1", "channel": "chat", "text": text});
    let steps = [
        ("Ticket Created", json!({"ticket_id": "T1", "subject": "Parcel", "priority": "high"}), Status::Waiting),
        ("Message Received", text("I am furious, where is my parcel?"), Status::Waiting),
        ("Ticket Assigned", json!({"ticket_id": "T1", "agent_id": "ann"}), Status::Waiting),
        ("Message Sent", text("It comes tomorrow."), Status::Answered),
        ("Message Received", text("Thank you so much!"), Status::Waiting),
        ("Ticket Resolved", json!({"ticket_id": "T1"}), Status::Resolved),
        ("CSAT Submitted", json!({"ticket_id": "T1", "score": 5}), Status::Resolved),
        ("Message Received", text("It did not come."), Status::Waiting),
        ("Message Sent", text("We look into it."), Status::Answered),
        ("Ticket Reopened", json!({"ticket_id": "T1"}), Status::Waiting),
        ("Ticket Resolved", json!({"ticket_id": "T1"}), Status::Resolved),
    ];
    for (offset, (name, properties, status)) in (1..).zip(steps) {
        take(&mut all, &told(offset, (name, "eve"), properties, SERVER));
        assert_eq!(all.get("T1").unwrap().status(), status, "{offset} {name}");
    }
    let one = all.get("T1").unwrap();
    assert_eq!((one.n_messages, one.n_from_customer, one.is_reopened), (5, 3, true));
    assert_eq!((one.assignee.as_deref(), one.subject.as_deref()), (Some("ann"), Some("Parcel")));
    assert_eq!(one.rating.map(|(_, share)| share.to_bits()), Some(1.0_f64.to_bits()));
    assert!(one.messages[0].mood.unwrap().is_felt("frustration") && one.messages[1].mood.is_none());
}

#[test]
fn a_message_without_an_id_goes_on_with_the_open_conversation_of_its_channel_or_opens_one() {
    let mut all = Conversations::default();
    let text = |channel: &str| json!({"channel": channel, "text": "Hello?"});
    for (offset, name, user, channel) in [
        (1, "Message Sent", "eve", "email"),
        (2, "Message Received", "eve", "chat"),
        (3, "Message Received", "eve", "chat"),
        (4, "Message Sent", "eve", "chat"),
        (5, "Message Received", "eve", "email"),
        (6, "Message Received", "bob", "chat"),
    ] {
        take(&mut all, &told(offset, (name, user), text(channel), SERVER));
    }
    let mut found: Vec<_> = all.iter().map(|one| (one.name.to_string(), one.n_messages)).collect();
    found.sort();
    assert_eq!(found.iter().map(|(_, n)| *n).collect::<Vec<_>>(), [1, 1, 3], "{found:?}");
    let weeks = told(6 + 15 * 1440, ("Message Received", "eve"), text("chat"), SERVER);
    take(&mut all, &weeks);
    assert_eq!(all.iter().count(), 4, "after two weeks another begins");
}

#[test]
fn a_write_key_enters_no_conversation_of_another_and_ends_none() {
    let mut all = Conversations::default();
    let of = |text: &str| json!({"ticket_id": "T1", "text": text});
    take(&mut all, &told(1, ("Message Received", "mallory"), of("squatting"), CLIENT));
    take(&mut all, &told(2, ("Message Received", "eve"), of("mine"), SERVER));
    assert_eq!(all.get("T1").unwrap().name, Identifier::User("eve".into()), "the company knows whose it is");
    take(&mut all, &told(3, ("Message Received", "mallory"), of("intruding"), CLIENT));
    take(&mut all, &told(4, ("Ticket Resolved", "eve"), json!({"ticket_id": "T1"}), CLIENT));
    take(&mut all, &told(5, ("Message Sent", "eve"), of("invented"), CLIENT));
    take(
        &mut all,
        &told(6, ("Message Labelled", "eve"), json!({"ticket_id": "T1", "text": "mine", "label": "x"}), CLIENT),
    );
    let one = all.get("T1").unwrap();
    assert_eq!((one.n_messages, one.status(), one.label.as_deref()), (1, Status::Waiting, None));
    assert_eq!(
        all.iter().filter(|one| one.name == Identifier::User("mallory".into())).count(),
        1,
        "in one of their own"
    );
    take(
        &mut all,
        &told(7, ("Message Labelled", "eve"), json!({"ticket_id": "T1", "text": "mine", "label": "x"}), SERVER),
    );
    assert_eq!(all.get("T1").unwrap().label.as_deref(), Some("x"));
}

#[test]
fn those_that_ended_longest_ago_go_first_and_memory_is_bounded() {
    let mut all = Conversations::default();
    let n = (N_MAX + N_OVER) as u64;
    let begun = told(1, ("Message Received", "eve"), json!({"text": "a"}), SERVER);
    let name = Identifier::User("eve".into());
    for number in 0..=n {
        let id = format!("{number:06}");
        let mut one = Conversation::begun(&id, name.clone(), None, &begun.event);
        one.last_at = Timestamp::from_millis(i64::try_from(number).unwrap());
        all.insert(one);
    }
    all.forget();
    assert!(all.held.len() <= N_MAX + 1 && all.get("000000").is_none() && all.get(&format!("{n:06}")).is_some());
    assert_eq!(all.by_name[&name].len(), all.held.len(), "the index forgets with them");
}

fn steps() -> impl Strategy<Value = Vec<(usize, usize, usize, bool)>> {
    proptest::collection::vec((0..5_usize, 0..3_usize, 0..4_usize, any::<bool>()), 0..40)
}

proptest! {
    /// Whatever comes: an event told twice changes nothing, a start remembers all, and each conversation is bounded and of its customer.
    #[test]
    fn a_start_remembers_and_a_second_word_changes_nothing(steps in steps()) {
        const NAMES: [&str; 5] = ["Message Received", "Message Sent", "Ticket Created", "Ticket Resolved", "CSAT Submitted"];
        let mut all = Conversations::default();
        let mut last = 0;
        for (offset, (name, user, ticket, is_vouched)) in (1..).zip(steps) {
            let mut properties = json!({"text": "Why is it late?", "score": 3, "channel": "chat"});
            if ticket > 0 {
                properties["ticket_id"] = format!("T{ticket}").into();
            }
            let origin = if is_vouched { SERVER } else { CLIENT };
            let recorded = told(offset, (NAMES[name], ["a", "b", "c"][user]), properties, origin);
            take(&mut all, &recorded);
            let before = all.clone();
            take(&mut all, &recorded);
            prop_assert_eq!(&before, &all);
            last = offset;
        }
        for one in all.iter() {
            prop_assert!(one.n_from_customer <= one.n_messages && one.messages.len() as u64 <= one.n_messages);
            prop_assert!(one.opened_at <= one.last_at);
            prop_assert_eq!(one.waiting_since().is_some(), one.status() == Status::Waiting);
        }
        let store = MemoryProfileStore::default();
        all.begin_checkpoint().unwrap();
        let mut rows = Vec::new();
        all.fill(&mut rows, 9);
        store.commit(Offset(last.max(1)), rows).unwrap();
        all.end_checkpoint(true);
        let again = Conversations::open(&store).unwrap();
        prop_assert_eq!(&again.held, &all.held);
        prop_assert_eq!(&again.by_name, &all.by_name);
    }
}
