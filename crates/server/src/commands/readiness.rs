//! What is missing, for which capability? `rapport doctor --readiness`.

use super::progress::spinner;
use super::report;
use crate::args::Options;
use crate::error::ServerError;
use crate::serve::Opened;
use crate::settings::Settings;
use console::format::{ago, counted};
use engine::{CapabilityState, ChannelState, Freshness, Readiness};
use primitives::{Clock, Timestamp};
use serde::Serialize;
use storage::Access;

#[derive(Debug, Serialize)]
struct ReadinessReport {
    capabilities: Vec<CapabilityReport>,
    channels: Vec<ChannelReport>,
}

#[derive(Debug, Serialize)]
struct CapabilityReport {
    name: String,
    title: String,
    /// `answers`, `weak` where a model was trained and does not answer, `ready` to be trained, or `missing`.
    state: &'static str,
    /// Why the newest model does not answer.
    why_not: Option<String>,
    missing: Vec<MissingReport>,
}

#[derive(Debug, Serialize)]
struct MissingReport {
    what: String,
    need: u64,
    have: String,
    how: String,
}

#[derive(Debug, Serialize)]
struct ChannelReport {
    channel: &'static str,
    /// `fresh`, `stale` or `never`.
    state: &'static str,
    events: u64,
    last_seen: Option<Timestamp>,
    example: &'static str,
    tells: &'static str,
}

/// Tells what is missing. Changes nothing, and may run beside a server.
pub(super) fn run(options: &Options, settings: Settings) -> Result<(), ServerError> {
    let opened = Opened::open(&options.data, Access::ReadOnly, settings)?;
    let spinner = spinner("Reading the history");
    let readiness = opened.engine.readiness();
    spinner.finish_and_clear();
    let Readiness { capabilities, channels } = readiness?;
    let told = ReadinessReport {
        capabilities: capabilities.iter().map(CapabilityReport::of).collect(),
        channels: channels.iter().map(ChannelReport::of).collect(),
    };
    report(options, &told, || in_words(&told, opened.engine.clock()))
}

impl CapabilityReport {
    fn of(capability: &CapabilityState) -> Self {
        let missing = capability.needs.iter().filter(|need| !need.met).map(|need| MissingReport {
            what: need.what.clone(),
            need: need.need,
            have: need.told.clone(),
            how: need.how.clone(),
        });
        let state = match (capability.has_model, &capability.why_not, capability.is_ready()) {
            (true, ..) => "answers",
            (false, Some(_), _) => "weak",
            (false, None, true) => "ready",
            (false, None, false) => "missing",
        };
        let name = capability.task.as_str().to_owned();
        let (title, why_not) = (capability.title.clone(), capability.why_not.clone());
        Self { name, title, state, why_not, missing: missing.collect() }
    }
}

impl ChannelReport {
    fn of(state: &ChannelState) -> Self {
        let (example, tells) = state.channel.example();
        Self {
            channel: state.channel.name(),
            state: match state.freshness {
                Freshness::Fresh => "fresh",
                Freshness::Stale => "stale",
                Freshness::Never => "never",
            },
            events: state.sender.n_events,
            last_seen: (state.sender.n_events > 0).then_some(state.sender.last_at),
            example,
            tells,
        }
    }
}

fn in_words(told: &ReadinessReport, clock: &dyn Clock) -> String {
    let mut lines = vec!["What can be learned:".to_owned()];
    for CapabilityReport { name, title, state, why_not, missing } in &told.capabilities {
        let words = match (*state, why_not) {
            ("answers", _) => "a model answers".to_owned(),
            ("weak", Some(why)) => {
                format!("{why}. `rapport evaluate {name}` compares them; each training tries again")
            }
            ("ready", _) => "everything is there: `rapport train`, or wait for the server to train it".to_owned(),
            _ => "its first model lacks".to_owned(),
        };
        lines.push(format!("  {state:<8} {title}: {words}"));
        for MissingReport { what, need, have, how } in missing {
            lines.push(format!("             {what}: {have} of {need}: {how}"));
        }
    }
    lines.push("What comes in:".to_owned());
    for ChannelReport { channel, state, events, last_seen, example, tells } in &told.channels {
        let words = match last_seen {
            Some(at) => {
                let asked = if *state == "stale" { ": is what sends them still at work?" } else { "" };
                format!("{}, the newest {}{asked}", counted(*events, "event", "events"), ago(*at, clock.now()))
            }
            None => format!("nothing yet. \"{example}\" is one of its events; they tell {tells}"),
        };
        lines.push(format!("  {state:<8} {channel}: {words}"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::SimulatedClock;

    #[test]
    fn a_model_that_does_not_answer_is_not_called_ready() {
        let state = |has_model: bool, why_not: Option<&str>| CapabilityState {
            task: "churn".into(),
            title: "Churn".to_owned(),
            has_model,
            why_not: why_not.map(str::to_owned),
            needs: Vec::new(),
        };
        let told = ReadinessReport {
            capabilities: [state(true, None), state(false, None), state(false, Some("It is as good as a guess"))]
                .iter()
                .map(CapabilityReport::of)
                .collect(),
            channels: Vec::new(),
        };
        let words = in_words(&told, &SimulatedClock::new(Timestamp::from_millis(0)));
        assert!(words.contains("  answers  Churn: a model answers\n  ready    Churn: everything is there"), "{words}");
        let weak = "  weak     Churn: It is as good as a guess. `rapport evaluate churn` compares them; each training";
        assert!(words.contains(weak), "{words}");
    }
}
