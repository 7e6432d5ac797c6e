//! What is missing, for which capability?

use super::Engine;
use crate::error::EngineError;
use events::Channel;
use features::Sender;
use learning::{Need, TaskName};
use primitives::Timestamp;
use std::collections::BTreeMap;

/// A channel from which nothing came for so many days is stale.
const STALE_DAYS: i64 = 7;

/// What there is and what is missing.
#[derive(Debug, Clone)]
pub struct Readiness {
    /// What can be learned, in the order of the list.
    pub capabilities: Vec<CapabilityState>,
    /// Where events could come from, and whether they do.
    pub channels: Vec<ChannelState>,
}

/// How far a capability is.
#[derive(Debug, Clone)]
pub struct CapabilityState {
    /// The task.
    pub task: TaskName,
    /// Its title.
    pub title: String,
    /// Whether a model answers.
    pub has_model: bool,
    /// Why the newest model does not answer, where there is one that does not.
    pub why_not: Option<String>,
    /// What its first model needs, and what there is of it; empty where there is a model.
    pub needs: Vec<Need>,
}

impl CapabilityState {
    /// Whether a model answers, or one can be trained.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.has_model || self.needs.iter().all(|need| need.met)
    }
}

/// Whether events of a channel come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Lately.
    Fresh,
    /// They did once.
    Stale,
    /// They never did.
    Never,
}

/// What comes in of a channel.
#[derive(Debug, Clone)]
pub struct ChannelState {
    /// Which channel.
    pub channel: Channel,
    /// Whether events of it come in.
    pub freshness: Freshness,
    /// How many, and when the newest.
    pub sender: Sender,
}

impl Engine {
    /// What is missing for which capability, as of now. Reads the history where that was not counted lately.
    ///
    /// # Errors
    /// [`EngineError`] where the history cannot be read.
    pub fn readiness(&self) -> Result<Readiness, EngineError> {
        drop(self.count_needs_when_due()?);
        let in_force = self.models();
        let mut capabilities = Vec::new();
        for task in self.capabilities.tasks.iter() {
            let about = task.about();
            let has_model = in_force.get(&about.name).is_some();
            let needs = if has_model { Vec::new() } else { self.needs(&about.name)?.unwrap_or_default() };
            capabilities.push(CapabilityState {
                task: about.name.clone(),
                title: about.title.clone(),
                has_model,
                why_not: in_force.why_unusable(&about.name).map(str::to_owned),
                needs,
            });
        }
        let mut by_channel: BTreeMap<Channel, Sender> = BTreeMap::new();
        self.look(|live| {
            for (_, inflow) in live.inflows.iter() {
                let Some(channel) = inflow.channel else { continue };
                by_channel
                    .entry(channel)
                    .or_default()
                    .join(&Sender { n_events: inflow.n_events, last_at: inflow.last_at });
            }
        });
        let now = self.clock.now();
        let state = |channel| {
            let sender = by_channel.get(&channel).cloned().unwrap_or_default();
            ChannelState { channel, freshness: freshness(&sender, now), sender }
        };
        Ok(Readiness { capabilities, channels: Channel::ALL.map(state).into() })
    }
}

fn freshness(sender: &Sender, now: Timestamp) -> Freshness {
    match sender {
        Sender { n_events: 0, .. } => Freshness::Never,
        Sender { last_at, .. } if last_at.plus_days(STALE_DAYS) < now => Freshness::Stale,
        _ => Freshness::Fresh,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capability_is_ready_that_has_a_model_or_all_that_one_needs() {
        let need = |met: bool| Need {
            what: "orders".to_owned(),
            need: 2,
            have: 1 + u64::from(met),
            told: String::new(),
            how: String::new(),
            met,
        };
        for (has_model, needs, is_ready) in [
            (true, vec![], true),
            (true, vec![need(false)], true),
            (false, vec![need(true), need(true)], true),
            (false, vec![need(true), need(false)], false),
        ] {
            let state = CapabilityState { task: "churn".into(), title: String::new(), has_model, why_not: None, needs };
            assert_eq!(state.is_ready(), is_ready, "{state:?}");
        }
    }

    #[test]
    fn a_channel_is_stale_after_a_week() {
        let now = Timestamp::from_millis(0).plus_days(100);
        for (n_events, days_ago, expected) in
            [(0, 0, Freshness::Never), (1, 0, Freshness::Fresh), (1, 7, Freshness::Fresh), (9, 8, Freshness::Stale)]
        {
            assert_eq!(freshness(&Sender { n_events, last_at: now.plus_days(-days_ago) }, now), expected, "{days_ago}");
        }
    }
}
