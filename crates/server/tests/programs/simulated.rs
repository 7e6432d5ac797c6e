//! What a simulated company tells is understood, all of it: nothing refused, no name and no property that nobody reads.

use events::{CONSENT_UPDATED, Call, Envelope, Origin, Understanding, keys_read, parse_event};
use primitives::{Seed, Timestamp};
use simulation::{Company, Sender, Settings};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn everything_a_simulated_company_tells_is_understood() {
    let settings = Settings::new(Seed::new(7), 600, 120).unwrap();
    let mut company = Company::new(settings);
    let mut lives = company.lives();
    let (mut doubts, mut names) = (BTreeMap::<String, usize>::new(), BTreeSet::new());
    let mut doubt = |what: String| *doubts.entry(what).or_default() += 1;
    let later = Timestamp::from_millis((settings.end_day + 1) * primitives::DAY_MS);
    for item in company.catalogue() {
        if let Err(refused) = parse_event(item, None, &Envelope::new(later, Origin::Import)) {
            doubt(format!("item: {refused}"));
        }
    }
    for day in settings.first_day()..settings.end_day {
        for message in company.live(&mut lives, day) {
            // As it would be sent: what a browser's key may not say is refused.
            let origin = match message.sender {
                Sender::Browser => Origin::Client,
                Sender::BackOffice => Origin::Server,
            };
            let event = match parse_event(message.payload(), None, &Envelope::new(later, origin)) {
                Ok(event) => event,
                Err(refused) => {
                    doubt(format!("{refused}"));
                    continue;
                }
            };
            for mark in event.marks() {
                doubt(format!("marked: {mark}"));
            }
            assert_eq!(event.occurred_at, message.at);
            let Call::Track { event: name, properties } = &event.call else { continue };
            names.insert(name.clone());
            if name == CONSENT_UPDATED {
                continue;
            }
            if matches!(event.understanding(), Understanding::Other | Understanding::NotUnderstood) {
                doubt(format!("unknown: {name}"));
            }
            let keys = keys_read(name);
            for key in properties.keys() {
                if !keys.contains(&key.as_str()) {
                    doubt(format!("unread: {name} {key}"));
                }
            }
        }
    }
    assert!(doubts.is_empty(), "{doubts:#?}");
    // And it is the whole life of such a company.
    for name in [
        "Order Completed",
        "Order Refunded",
        "Products Searched",
        "Email Opened",
        "Ticket Reopened",
        "Call Ended",
        "CES Submitted",
        "Chargeback Received",
        "Subscription Cancelled",
        "Subscription Downgraded",
        "Service Faulted",
        "Store Visited",
        "Session Ended",
        CONSENT_UPDATED,
    ] {
        assert!(names.contains(name), "{name} of {names:?}");
    }
}
