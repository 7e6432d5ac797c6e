//! Do they need help, and how content are they with it?

use super::{all, limited, mean_of, n_of, since, times};
use crate::catalogue::Definition;
use crate::catalogue::define::{define, ratio, whole};
use crate::cell::number;
use crate::channels::{Matter, N_WORDS, Quantity, Topic};
use crate::snapshot::Snapshot;
use events::TicketStep;
use primitives::{DAY_MS, Timestamp};

const GROUP: &str = "Support";

/// When each ticket that is open was last told of.
fn open_tickets(snapshot: &Snapshot<'_>) -> impl Iterator<Item = Timestamp> {
    let tickets = all(snapshot, Matter::Support).into_iter().flat_map(|all| all.tickets.iter());
    tickets.filter(|(_, step)| **step != TicketStep::Resolved).map(|(place, _)| place.0)
}

fn of_tickets(definition: Definition) -> Definition {
    Definition { limit: Some(format!("of the {N_WORDS} tickets that were told of last")), ..definition }
}

pub(super) fn definitions() -> Vec<Definition> {
    let mut all = tickets();
    all.extend(contacts());
    all.extend(mood());
    all
}

fn tickets() -> Vec<Definition> {
    vec![
        of_tickets(define(GROUP, "tickets", "tickets_open", "Tickets that are open", |s| {
            whole(open_tickets(s).count() as u64)
        })),
        of_tickets(define(
            GROUP,
            "days",
            "ticket_silent_days",
            "Days since the last word on the open ticket that waits longest",
            |s| open_tickets(s).min().map_or(f64::NAN, |at| s.as_of.days_since(at)),
        )),
        times(GROUP, "tickets", "tickets_opened_90d", "Tickets opened", Topic::TicketCreated, 90),
        times(GROUP, "tickets", "tickets_reopened_90d", "Tickets opened again", Topic::TicketReopened, 90),
    ]
}

/// A contact is a ticket that was opened, a message from the customer, or a call that has ended.
fn contacts() -> Vec<Definition> {
    const CONTACTS: [Topic; 3] = [Topic::TicketCreated, Topic::MessageReceived, Topic::CallEnded];
    vec![
        limited(
            define(
                GROUP,
                "contacts",
                "contacts_30d",
                "Tickets, messages and calls from the customer in the last 30 days",
                |s| CONTACTS.iter().map(|topic| n_of(s, *topic, 30)).sum(),
            ),
            30,
        ),
        since(
            GROUP,
            "contact_days",
            "Days since the last ticket, message or call from the customer",
            Topic::is_contact,
        ),
        define(GROUP, "days", "contact_gap_mean_days", "Mean days between two tickets, messages or calls", |s| {
            let known =
                all(s, Matter::Support).and_then(|all| Some((all.contacts()?, all.last_of(Topic::is_contact)?)));
            known.map_or(f64::NAN, |((first, n), last)| {
                #[expect(clippy::cast_precision_loss, reason = "times of this calendar are below 2^53 milliseconds")]
                let days = last.millis_since(first) as f64 / DAY_MS as f64;
                ratio(days, whole(n - 1))
            })
        }),
        limited(
            define(GROUP, "seconds", "call_seconds_mean_365d", "Mean seconds of a call in the last 365 days", |s| {
                mean_of(s, Quantity::Call, 365)
            }),
            365,
        ),
        limited(
            define(
                GROUP,
                "seconds",
                "call_waited_mean_365d",
                "Mean seconds waited in a call in the last 365 days",
                |s| mean_of(s, Quantity::Wait, 365),
            ),
            365,
        ),
    ]
}

fn mood() -> Vec<Definition> {
    vec![
        define(GROUP, "share", "mood_last", "Where on its scale the newest rating lies", |s| {
            all(s, Matter::Ratings).and_then(|all| all.last_rating()).map_or(f64::NAN, |share| number(share.into()))
        }),
        limited(
            define(
                GROUP,
                "share",
                "csat_mean_365d",
                "Contentment (CSAT) on its scale, mean of the last 365 days",
                |s| mean_of(s, Quantity::Csat, 365),
            ),
            365,
        ),
        limited(
            define(
                GROUP,
                "points",
                "nps_mean_365d",
                "Whether they would recommend us (NPS), mean of the last 365 days",
                |s| mean_of(s, Quantity::Nps, 365),
            ),
            365,
        ),
        limited(
            define(
                GROUP,
                "share",
                "ces_mean_365d",
                "How easy it was (CES) on its scale, mean of the last 365 days",
                |s| mean_of(s, Quantity::Ces, 365),
            ),
            365,
        ),
    ]
}
