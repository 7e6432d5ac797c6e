//! How does a scene ask what is to be done, and what would the person make of it?

use super::Scene;
use crate::host::{Question, Reply};
use crate::message::Sender;
use crate::respond::Mind;
use serde_json::Value;
use std::collections::BTreeMap;

/// What was chosen among actions, and by which decision.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chosen<T> {
    pub(super) what: T,
    /// `None` where nobody decided, and the company did what it always does.
    pub(super) decision_id: Option<String>,
    pub(super) attributes: BTreeMap<String, Value>,
}

/// What is known beside a question, and what each of its choices would earn.
pub(super) type About = (BTreeMap<&'static str, Value>, Vec<f64>);

impl Scene<'_> {
    pub(super) fn mind(&self) -> Mind<'_> {
        Mind { company: self.company, today: self.today, person: self.person, life: self.life }
    }

    /// Asks; what happens later today happens after the question's moment, whether somebody answers or not.
    pub(super) fn ask(
        &mut self,
        asks: Sender,
        decision: &'static str,
        n: usize,
        choices: impl FnOnce() -> Vec<String>,
        about: impl FnOnce() -> BTreeMap<&'static str, Value>,
    ) -> Option<Reply> {
        self.ask_with(asks, decision, n, choices, || (about(), Vec::new()))
    }

    /// The same, with what is known and what each choice would earn.
    fn ask_with(
        &mut self,
        asks: Sender,
        decision: &'static str,
        n: usize,
        choices: impl FnOnce() -> Vec<String>,
        about: impl FnOnce() -> About,
    ) -> Option<Reply> {
        self.not_before = self.not_before.max(self.clock);
        if !self.host.decides(decision) {
            return None;
        }
        let names = self.names(asks);
        let (about, worth) = about();
        let question = Question {
            decision,
            user_id: names.user.map(str::to_owned),
            device: names.device.map(str::to_owned),
            n,
            at: self.now(),
            choices: choices(),
            about,
            worth,
        };
        self.host.decide(&question)
    }

    /// Asks for one of some actions; an answer that names none of them is none, and the first is taken.
    pub(super) fn choose<T: Copy>(
        &mut self,
        asks: Sender,
        decision: &'static str,
        actions: &[T],
        name: fn(T) -> &'static str,
        about: impl FnOnce() -> BTreeMap<&'static str, Value>,
    ) -> Chosen<T> {
        self.choose_with(asks, decision, actions, name, || (about(), Vec::new()))
    }

    /// The same, with what is known and what each action would earn.
    pub(super) fn choose_with<T: Copy>(
        &mut self,
        asks: Sender,
        decision: &'static str,
        actions: &[T],
        name: fn(T) -> &'static str,
        about: impl FnOnce() -> About,
    ) -> Chosen<T> {
        let choices = || actions.iter().map(|action| name(*action).to_owned()).collect();
        let reply = self.ask_with(asks, decision, 1, choices, about);
        let chosen = reply.and_then(|reply| {
            let what = actions.iter().find(|action| reply.items.first().is_some_and(|item| item == name(**action)))?;
            Some(Chosen { what: *what, decision_id: Some(reply.decision_id), attributes: reply.attributes })
        });
        chosen.unwrap_or_else(|| Chosen { what: actions[0], decision_id: None, attributes: BTreeMap::new() })
    }

    /// Tells what became of a decision.
    pub(super) fn tell_of(&mut self, sender: Sender, event: &str, decision_id: Option<&str>, item: &str) {
        if let Some(decision_id) = decision_id {
            self.track(sender, event, [("decision_id", decision_id.into()), ("item_id", item.into())]);
        }
    }

    /// Tells that they were met by the action that was chosen.
    pub(super) fn tell_met(&mut self, sender: Sender, decision_id: Option<&str>, action: &str) {
        if let Some(decision_id) = decision_id {
            self.track(sender, "Decision Shown", [("decision_id", decision_id.into()), ("action", action.into())]);
        }
    }

    /// Tells that an action did what it was for, and what that earned, in minor units.
    pub(super) fn tell_worth(&mut self, decision_id: Option<&str>, action: &str, minor: i64) {
        if let Some(decision_id) = decision_id {
            let properties = [
                ("decision_id", decision_id.into()),
                ("action", action.into()),
                ("value", self.major(minor)),
                ("currency", self.currency()),
            ];
            self.track(Sender::BackOffice, "Decision Converted", properties);
        }
    }
}
