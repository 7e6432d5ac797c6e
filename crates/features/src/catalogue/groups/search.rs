//! Do they find what they look for?

use super::{limited, share_of, times};
use crate::catalogue::Definition;
use crate::catalogue::define::define;
use crate::channels::Topic;

const GROUP: &str = "Search";

pub(super) fn definitions() -> Vec<Definition> {
    vec![
        times(GROUP, "searches", "searches_30d", "Searches", Topic::Search, 30),
        limited(
            define(
                GROUP,
                "share",
                "search_nothing_share_90d",
                "Share of searches without a result, in the last 90 days",
                |s| share_of(s, Topic::SearchWithoutResult, Topic::Search, 90),
            ),
            90,
        ),
        limited(
            define(
                GROUP,
                "share",
                "search_click_share_90d",
                "Clicks on what was found, for each search of the last 90 days; at most 1",
                |s| share_of(s, Topic::SearchClick, Topic::Search, 90),
            ),
            90,
        ),
    ]
}
