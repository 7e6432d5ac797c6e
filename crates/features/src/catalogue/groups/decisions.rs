//! What do they make of our decisions?

use super::{limited, share_of, times};
use crate::catalogue::Definition;
use crate::catalogue::define::define;
use crate::channels::Topic;

const GROUP: &str = "Decisions shown";

fn share(name: &'static str, what: &str, topic: Topic) -> Definition {
    let meaning = format!("{what}, for each decision shown in the last 90 days; at most 1");
    limited(define(GROUP, "share", name, meaning, move |s| share_of(s, topic, Topic::DecisionShown, 90)), 90)
}

pub(super) fn definitions() -> Vec<Definition> {
    vec![
        times(GROUP, "decisions", "decisions_shown_30d", "Decisions shown", Topic::DecisionShown, 30),
        share("decision_click_share_90d", "Clicks", Topic::DecisionClicked),
        share("decision_dismiss_share_90d", "Times that it was sent away", Topic::DecisionDismissed),
        times(
            GROUP,
            "decisions",
            "decisions_converted_90d",
            "Decisions that did what they were for",
            Topic::DecisionConverted,
            90,
        ),
    ]
}
