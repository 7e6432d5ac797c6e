//! What did a decision draw among actions, and from what? As it is learned from.

use crate::kinds::{Look, OUTRANKED, looked_at};
use crate::{Arm, Contacted, Content, Record};
use primitives::{CustomerId, Timestamp};
use std::collections::BTreeMap;

/// What one decision drew.
#[derive(Debug, Clone, PartialEq)]
pub struct Acted {
    /// For whom.
    pub customer: CustomerId,
    /// When.
    pub at: Timestamp,
    /// Over which channel, where one was said.
    pub channel: Option<String>,
    /// What was known then, in the order of [`inputs_of_policies`]; NaN where it was not.
    pub x: Box<[f32]>,
    /// The actions that were drawn, in the order of their places.
    pub drawn: Vec<DrawnAction>,
}

/// An action that was drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnAction {
    /// Which.
    pub name: String,
    /// At which place of those that were drawn, the first being 0.
    pub place: u32,
    /// Whether it stands first in the answer.
    pub is_first: bool,
    /// With which chance for its place.
    pub propensity: f64,
    /// All that could have been drawn for that place.
    pub candidates: Vec<String>,
    /// With which chance each of them was drawn, where that is told; NaN where it is not.
    pub chances: Vec<f32>,
}

/// The names of what policies are learned from; `features` besides those that always are.
#[must_use]
pub fn inputs_of_policies(features: &[String]) -> Vec<String> {
    looked_at(features)
}

impl Record {
    /// What it drew; `None` where it drew nothing, nobody was named, the customer was held out, or it is forgotten.
    #[must_use]
    pub fn acted(&self, inputs: &[String]) -> Option<Acted> {
        let Content::Actions(actions) = &self.decision.answer.content else { return None };
        let is_held_out = self.question.arm == Some(Arm::Holdout);
        if self.question.is_of_nobody() || self.is_forgotten() || is_held_out {
            return None;
        }
        let all = actions.chosen.iter().enumerate().filter(|(_, action)| !action.is_mandatory);
        let chosen: Vec<(bool, &str, f64)> =
            all.map(|(at, action)| (at == 0, action.id.as_str(), action.propensity.get())).collect();
        let outranked: Vec<&str> = actions.left_out.get(OUTRANKED).into_iter().flatten().map(String::as_str).collect();
        let drawn = (0_u32..).zip(&chosen).map(|(place, (is_first, name, propensity))| {
            let others = chosen[place as usize..].iter().map(|(_, name, _)| *name);
            let candidates: Vec<String> = others.chain(outranked.iter().copied()).map(str::to_owned).collect();
            // Of the places after the first they are told of none.
            let first = Some(&actions.chances).filter(|chances| place == 0 && !chances.is_empty());
            let of = |chances: &BTreeMap<String, f32>| {
                candidates.iter().map(|name| chances.get(name).copied().unwrap_or(f32::NAN)).collect()
            };
            DrawnAction {
                name: (*name).to_owned(),
                place,
                is_first: *is_first,
                propensity: *propensity,
                chances: first.map(of).unwrap_or_default(),
                candidates,
            }
        });
        let drawn: Vec<DrawnAction> = drawn.collect();
        let subject = self.subject();
        let look = Look::at(&self.question, subject.known());
        #[expect(clippy::cast_possible_truncation, reason = "seven digits are more than any of them is known to")]
        let x = inputs.iter().map(|name| look.number(name) as f32).collect();
        (!drawn.is_empty()).then(|| Acted {
            customer: self.question.customer.clone(),
            at: self.question.as_of,
            channel: self.question.channel().map(str::to_owned),
            x,
            drawn,
        })
    }

    /// The contacts that a decision was answered for.
    #[must_use]
    pub fn contacted(&self) -> Vec<Contacted> {
        let Content::Actions(actions) = &self.decision.answer.content else { return Vec::new() };
        let channel = self.question.channel();
        let of = |action: &crate::ChosenAction| Contacted {
            decision: Contacted::number_of(self.decision.id.as_str()),
            action: Contacted::number_of(&action.id),
            channel: channel.map_or(0, Contacted::number_of),
            at: Some(self.question.as_of),
            answered_at: None,
            refused_at: None,
            accepted_at: None,
        };
        actions.chosen.iter().map(of).collect()
    }
}
