//! What does a visit tell: how far it has come, and whether hands are content with it?

use super::{limited, pages_of};
use crate::catalogue::Definition;
use crate::catalogue::define::{define, ratio, whole};
use crate::channels::{N_STEPS, Stage, UnderWay};
use crate::snapshot::Snapshot;

const GROUP: &str = "Visits";

pub(super) fn definitions() -> Vec<Definition> {
    let mut all = under_way();
    all.extend(lately());
    all
}

/// Of the visit that is under way: without a pause of half an hour, and not known where there is none.
fn under_way() -> Vec<Definition> {
    let of = |unit, name, meaning: &str, read: fn(UnderWay) -> f64| {
        let meaning = format!("{meaning}, of the visit that is under way");
        let read = move |s: &Snapshot<'_>| s.state.visit.under_way(s.as_of).map_or(f64::NAN, read);
        let limit = Some(format!("of the newest {N_STEPS} steps of the last 12 hours"));
        Definition { limit, ..define(GROUP, unit, name, meaning, read) }
    };
    let stages = "How far it has come: 1 pages, 2 a product, 3 the cart, 4 the checkout, 5 an order";
    vec![
        of("stage", "session_stage", stages, |visit| match visit.stage {
            Stage::There => 0.0,
            Stage::Page => 1.0,
            Stage::Product => 2.0,
            Stage::Cart => 3.0,
            Stage::Checkout => 4.0,
            Stage::Ordered => 5.0,
        }),
        of("seconds", "session_seconds", "Seconds", |visit| {
            #[expect(clippy::cast_precision_loss, reason = "at most 12 hours in milliseconds")]
            let ms = visit.ms as f64;
            ms / 1_000.0
        }),
        of("pages", "session_pages", "Pages and screens seen", |visit| whole(visit.n_pages)),
        of("searches", "session_searches_in_vain", "Searches after which nothing was looked at", |visit| {
            whole(visit.n_searches_in_vain)
        }),
        of("clicks", "session_frustrations", "Clicks in anger and clicks that did nothing", |visit| {
            whole(visit.n_frustrations)
        }),
    ]
}

fn lately() -> Vec<Definition> {
    vec![
        limited(
            define(
                GROUP,
                "seconds",
                "visible_seconds_7d",
                "Seconds that pages could be seen in the last 7 days",
                |s| whole(pages_of(s, 7).visible_ms) / 1_000.0,
            ),
            7,
        ),
        limited(
            define(
                GROUP,
                "share",
                "idle_share_30d",
                "Share of that time in which nothing moved, in the last 30 days",
                |s| {
                    let left = pages_of(s, 30);
                    at_most_all(ratio(whole(left.idle_ms), whole(left.visible_ms)))
                },
            ),
            30,
        ),
        limited(
            define(
                GROUP,
                "clicks",
                "frustrations_30d",
                "Clicks in anger and clicks that did nothing in the last 30 days",
                |s| whole(pages_of(s, 30).n_frustrations),
            ),
            30,
        ),
        limited(
            define(
                GROUP,
                "share",
                "correction_share_30d",
                "Share of typing that was taken back in the last 30 days",
                |s| {
                    let left = pages_of(s, 30);
                    at_most_all(ratio(whole(left.n_corrections), whole(left.n_keys)))
                },
            ),
            30,
        ),
        limited(
            define(
                GROUP,
                "fields",
                "form_fields_left_30d",
                "Fields that were begun in forms that were not sent, in the last 30 days",
                |s| whole(pages_of(s, 30).n_form_fields_left),
            ),
            30,
        ),
    ]
}

/// A share, where what is part may have been told for longer than the whole.
fn at_most_all(share: f64) -> f64 {
    if share > 1.0 { 1.0 } else { share }
}
