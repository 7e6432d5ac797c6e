//! Do they read what is written to them, and when?

use super::{all, limited, n_of, since, times};
use crate::catalogue::Definition;
use crate::catalogue::define::{define, ratio, whole};
use crate::channels::{Matter, Topic};
use crate::snapshot::Snapshot;

const GROUP: &str = "E-mail";

/// For each e-mail that arrived, or that was sent where nobody tells what arrived.
fn share_of_arrived(snapshot: &Snapshot<'_>, topic: Topic) -> f64 {
    let delivered = n_of(snapshot, Topic::EmailDelivered, 90);
    let arrived = if delivered > 0.0 { delivered } else { n_of(snapshot, Topic::EmailSent, 90) };
    let share = ratio(n_of(snapshot, topic, 90), arrived);
    if share > 1.0 { 1.0 } else { share }
}

/// The hour of the day in which most were opened, how many were, and how many in all; of two hours the earlier.
fn best_hour(snapshot: &Snapshot<'_>) -> Option<(u8, u64, u64)> {
    let by_hour = all(snapshot, Matter::Conduct)?.opens_by_hour();
    let (hour, n) = by_hour.iter().rev().max_by_key(|(_, n)| *n)?;
    Some((*hour, *n, by_hour.iter().map(|(_, n)| n).sum()))
}

pub(super) fn definitions() -> Vec<Definition> {
    vec![
        times(GROUP, "e-mails", "emails_delivered_30d", "E-mails that arrived", Topic::EmailDelivered, 30),
        limited(
            define(
                GROUP,
                "share",
                "email_open_share_90d",
                "Share of the e-mails of the last 90 days that were opened",
                |s| share_of_arrived(s, Topic::EmailOpened),
            ),
            90,
        ),
        limited(
            define(
                GROUP,
                "share",
                "email_click_share_90d",
                "Share of the e-mails of the last 90 days of which a link was followed",
                |s| share_of_arrived(s, Topic::EmailClicked),
            ),
            90,
        ),
        since(GROUP, "email_opened_days", "Days since an e-mail was last opened", |topic| topic == Topic::EmailOpened),
        define(GROUP, "o'clock", "email_hour", "The hour of the day in which most e-mails are opened (UTC)", |s| {
            best_hour(s).map_or(f64::NAN, |(hour, ..)| f64::from(hour))
        }),
        define(GROUP, "share", "email_hour_share", "Share of the opened e-mails that were opened in that hour", |s| {
            best_hour(s).map_or(f64::NAN, |(_, n, n_all)| ratio(whole(n), whole(n_all)))
        }),
        times(GROUP, "e-mails", "emails_bounced_90d", "E-mails that came back", Topic::EmailBounced, 90),
        times(
            GROUP,
            "e-mails",
            "emails_unwanted_365d",
            "E-mails called spam or unsubscribed from",
            Topic::EmailUnwanted,
            365,
        ),
    ]
}
