//! What was done for whom, with which chance, and what came of it? As decisions and their customers keep it, so that a policy can be
//! learned from it.

mod told;

use models::bandit::{Side, crossed};
use primitives::{CustomerId, HOUR_MS, Timestamp, stable_hash};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use told::Told;

/// What counts as the success of an action.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reward {
    /// That what it was for was done.
    #[default]
    Converted,
    /// That it was clicked on, or what it was for was done.
    Clicked,
    /// What it was worth, in parts of what the action is declared to be worth.
    Value,
    /// What whoever asked says of it, from -1 to 1: nothing that settings of declared actions know.
    Given,
}

impl Reward {
    /// Their names in settings.
    pub const NAMES: [&'static str; 3] = ["converted", "clicked", "value"];

    /// The one of a name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let place = Self::NAMES.iter().position(|known| *known == name)?;
        [Self::Converted, Self::Clicked, Self::Value].get(place).copied()
    }

    /// The largest that is foretold: more than certain is nothing, and more than was declared may be.
    pub(crate) fn most(self) -> f64 {
        match self {
            Self::Converted | Self::Clicked => 1.0,
            Self::Value => LARGEST,
            Self::Given => 2.0,
        }
    }

    /// The smallest that is foretold: what is given lies around what counts where nothing is said.
    pub(crate) fn least(self) -> f64 {
        if self == Self::Given { -2.0 } else { 0.0 }
    }
}

/// Rewards beyond so many times what an action is declared to be worth are not learned from: somebody has slipped, or cheats.
pub const LARGEST: f64 = 100.0;

/// How a policy is learned.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PolicySettings {
    /// What counts as success.
    pub reward: Reward,
    /// Within how many days it counts.
    pub reward_days: i64,
    /// After how many days a round counts half at the latest; 0: nothing is forgotten.
    pub half_life_days: f64,
    /// For how many hours the same customer is drawn the same: what is drawn again within them is the same round.
    pub same_hours: i64,
    /// Whether actions come with each question and share one regression, by what is said of them.
    #[serde(default)]
    pub is_shared: bool,
    /// What counts where nothing is said: rewards are kept less this.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub reward_default: f64,
    /// Which committee is learned with it, whose votes say how likely each action is chosen.
    #[serde(default, skip_serializing_if = "Votes::is_none")]
    pub votes: Votes,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_nothing(reward: &f64) -> bool {
    *reward == 0.0
}

/// Who votes beside what is learned of all rounds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Votes {
    /// Nobody.
    #[default]
    None,
    /// Models of which each learned from a resample of the rounds.
    Bag,
    /// Models of which each is drawn to what those before it rarely chose.
    Cover,
}

impl Votes {
    /// Whether nobody does.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }
}

impl PolicySettings {
    /// For how long the same customer is drawn the same, in milliseconds: at least an hour.
    #[must_use]
    pub fn same_ms(&self) -> i64 {
        self.same_hours.max(1).saturating_mul(HOUR_MS)
    }
}

impl Default for PolicySettings {
    fn default() -> Self {
        Self {
            reward: Reward::default(),
            reward_days: 7,
            half_life_days: 60.0,
            same_hours: 24,
            is_shared: false,
            reward_default: 0.0,
            votes: Votes::default(),
        }
    }
}

/// Something that can be done, as far as it is learned of.
#[derive(Debug, Clone, PartialEq)]
pub struct Doable {
    /// Its name.
    pub name: String,
    /// Of which group it is.
    pub group: String,
    /// What it is declared to earn where it succeeds.
    pub value: f64,
    /// What each contact costs.
    pub cost: f64,
    /// What it costs besides when it succeeds.
    pub costs: f64,
    /// Whether it is to do nothing.
    pub is_nothing: bool,
}

impl Doable {
    /// What a contact earns that brings such a share of what is declared: what it costs when it succeeds goes off that share, and what
    /// the contact costs goes off in any case.
    #[must_use]
    pub fn earns(&self, share: f64) -> f64 {
        share.mul_add(self.value - self.costs, -self.cost)
    }
}

/// What came of a round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rewarded {
    /// When.
    pub at: Timestamp,
    /// How much: 1 is success.
    pub amount: f64,
}

/// One action that was drawn for a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Round {
    /// For whom, as they are known now; where nobody was named the decision's id, so that each such round stands for itself.
    pub customer: CustomerId,
    /// When.
    pub at: Timestamp,
    /// The decision's id: of two at the same moment the order.
    pub decision: String,
    /// Over which channel, named as contacts name it; 0 where none was said.
    pub channel: u64,
    /// At which place of it, the first being 0.
    pub place: u32,
    /// Which action, by its place in [`RoundLog::actions`].
    pub action: u32,
    /// All that could have been drawn there, itself included.
    pub candidates: Box<[u32]>,
    /// With which chance each of these was drawn, where that is told; else empty.
    pub chances: Box<[f32]>,
    /// With which chance it was drawn for its place.
    pub propensity: f64,
    /// What was known then, in the order of [`RoundLog::inputs`]; NaN where it was not.
    pub x: Box<[f32]>,
    /// Whether the company itself had told anything of the customer by then: whom only write keys told of, anybody may have invented.
    /// Told afterwards it does not count, since of whom something came it is told more often.
    pub is_own: bool,
    /// Whether it was told that the customer was shown it.
    pub is_shown: bool,
    /// What came of it; `None` where nothing did so far.
    pub reward: Option<Rewarded>,
    /// What was said of the situation and of the actions, where they came with the question; `x` is empty then.
    pub sides: Option<Box<Sides>>,
}

/// What is known of the hour of the day, by name: how far the hand of a clock with 24 hours has turned.
pub const HOURS: [&str; 2] = ["hour_sin", "hour_cos"];

/// How many numbers a situation and an action are hashed into.
const N_SHARED: usize = 128;

/// The names of those numbers.
#[must_use]
pub fn shared_inputs() -> Vec<String> {
    (0..N_SHARED).map(|slot| format!("slot:{slot}")).collect()
}

/// What was said of a situation and of each action.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sides {
    /// Of the situation.
    pub x: Side,
    /// Of each action that could have been drawn, in the order of [`Round::candidates`].
    pub actions: Vec<Side>,
}

impl Sides {
    /// The situation with an action, in the order of [`shared_inputs`].
    #[must_use]
    pub fn row(&self, at: usize) -> Vec<f32> {
        self.actions.get(at).map_or_else(|| vec![0.0; N_SHARED], |action| crossed(&self.x, action, N_SHARED))
    }
}

impl Round {
    /// What was known of what was done, in the order of [`RoundLog::inputs`].
    pub(crate) fn row(&self) -> Cow<'_, [f32]> {
        match &self.sides {
            None => Cow::Borrowed(&self.x),
            Some(sides) => sides.row(self.place_of(self.action).unwrap_or(usize::MAX)).into(),
        }
    }

    /// Whether somebody was named.
    pub(crate) fn is_of_somebody(&self) -> bool {
        self.customer.as_str() != self.decision
    }

    /// Whether it is a first place that tells with which chance each could have been drawn for it.
    fn tells_chances(&self) -> bool {
        self.place == 0 && !self.candidates.is_empty() && self.chances.len() == self.candidates.len()
    }

    /// By what it is known to be the same draw as another. Whether a round is kept must not hang on what was drawn: what is drawn rarely
    /// would be kept more often.
    fn draw(&self, period_ms: i64) -> (CustomerId, i64, u32, Vec<u32>) {
        let mut among = self.candidates.to_vec();
        among.sort_unstable();
        (self.customer.clone(), self.at.as_millis().div_euclid(period_ms), self.place, among)
    }

    /// At which place of the candidates an action is.
    pub(crate) fn place_of(&self, action: u32) -> Option<usize> {
        self.candidates.iter().position(|one| *one == action)
    }
}

/// What was drawn lately.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RoundLog {
    /// The names of what was known.
    pub inputs: Vec<String>,
    /// What can be done now.
    pub actions: Vec<Doable>,
    /// How it is learned from.
    pub settings: PolicySettings,
    /// The rounds, in the order of time.
    pub rounds: Vec<Round>,
    /// How many were left out since what is said to have come of them cannot be.
    pub n_unbelievable: u64,
    /// How many were left out since nobody told that they were shown, where that is told of others; of choices to do nothing none is
    /// counted.
    pub n_unshown: u64,
    /// First places of which nobody told that they were shown, where that is told of others, for [`RoundLog::assigned`].
    pub unshown: Vec<Round>,
    /// Whether what came of rounds is what the company told, and not what anybody with a write key did.
    pub is_vouched: bool,
}

/// Where the company told one in so many, what only write keys told does not count.
const ONE_VOUCHED_IN: usize = 10;
/// From so many on they are enough to learn from, and nothing else is needed.
const N_VOUCHED_ENOUGH: usize = 30;

/// Whether what the company told counts alone, where so many of all that was told is its word: a share that matters, or enough of it,
/// since whoever has a write key can tell as much as they like.
#[must_use]
pub fn counts_alone(n_vouched: usize, n_told: usize) -> bool {
    n_vouched >= N_VOUCHED_ENOUGH || is_large_part(n_vouched, n_told)
}

/// Whether what came of rounds of the company's own customers is enough to learn from. Then those of all others weigh no more than theirs, since
/// whoever has a write key can be as many as they like.
pub(crate) fn own_are_enough(rounds: &[Round]) -> bool {
    let came = rounds.iter().filter(|round| round.is_own && round.reward.is_some());
    came.take(N_VOUCHED_ENOUGH).count() == N_VOUCHED_ENOUGH
}

/// Whether the company told a share that matters.
#[must_use]
pub fn is_large_part(n_vouched: usize, n_told: usize) -> bool {
    n_vouched > 0 && n_vouched.saturating_mul(ONE_VOUCHED_IN) >= n_told
}

/// The first of each draw; each other of it with the same action is noted with that.
fn firsts<T>(all: Vec<T>, period_ms: i64, round: impl Fn(&T) -> &Round, note: impl Fn(&mut T, &T)) -> Vec<T> {
    let mut first: BTreeMap<(CustomerId, i64, u32, Vec<u32>), usize> = BTreeMap::new();
    let mut kept: Vec<T> = Vec::with_capacity(all.len());
    for one in all {
        match first.entry(round(&one).draw(period_ms)) {
            Entry::Vacant(new) => {
                new.insert(kept.len());
                kept.push(one);
            }
            Entry::Occupied(at) => {
                let known = &mut kept[*at.get()];
                if round(known).action == round(&one).action {
                    note(known, &one);
                }
            }
        }
    }
    kept
}

/// The first round of each draw, with what came of the same action in any of them.
fn once(rounds: Vec<Round>, period_ms: i64) -> Vec<Round> {
    firsts(
        rounds,
        period_ms,
        |round| round,
        |known, again| {
            known.is_shown |= again.is_shown;
            known.reward = earlier(known.reward, again.reward);
        },
    )
}

/// Keeps as many choices of strangers as there are of the company's own customers. Which ones is a matter of who they are and not of what was
/// drawn or came, so that chances stay what they were.
fn leave_out_strangers(all: &mut Vec<&Round>) {
    let mut strangers: Vec<u64> = all.iter().filter(|round| !round.is_own).map(|round| lot(round)).collect();
    let n_own = all.len() - strangers.len();
    if strangers.len() > n_own {
        strangers.sort_unstable();
        let least = strangers[n_own];
        all.retain(|round| round.is_own || lot(round) < least);
    }
}

/// Who is left out first where there are too many.
fn lot(round: &Round) -> u64 {
    stable_hash(round.customer.as_str())
}

/// What came first of two.
fn earlier(a: Option<Rewarded>, b: Option<Rewarded>) -> Option<Rewarded> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.at < a.at { b } else { a }),
        (a, b) => a.or(b),
    }
}

impl RoundLog {
    /// In the order of time, each draw once: what is drawn again for the same customer and place among the same actions within a
    /// period is the same draw, whatever came out, and what came of the same action in any of its decisions came of it. What cannot be
    /// learned from is left out, and so is what nobody was shown where that is told.
    #[must_use]
    pub fn settled(mut self) -> Self {
        let n_inputs = self.inputs.len();
        self.rounds.retain(|round| {
            round.x.len() == n_inputs
                && round.propensity > 0.0
                && round.propensity <= 1.0
                && (round.action as usize) < self.actions.len()
        });
        self.rounds.sort_by(|a, b| (a.at, &a.decision, a.place).cmp(&(b.at, &b.decision, b.place)));
        let period_ms = self.settings.same_ms();
        let told = Told::of(&self.rounds, own_are_enough(&self.rounds), period_ms);
        let counts = |round: &Round| told.get(&round.channel).is_some_and(|told| told.counts(round));
        let (counted, mut unshown): (Vec<Round>, Vec<Round>) = self.rounds.into_iter().partition(counts);
        // Of doing nothing there is nothing to show, so that nobody misses the word that it was.
        let is_missed = |round: &&Round| !self.actions[round.action as usize].is_nothing;
        self.n_unshown += unshown.iter().filter(is_missed).count() as u64;
        unshown.retain(Round::tells_chances);
        let kept = once(counted, period_ms);
        // What is told in money may be a loss, and who left losses out would take what makes them for good.
        let least = if self.settings.reward == Reward::Value { -LARGEST } else { 0.0 };
        let believable = |round: &Round| {
            round.reward.is_none_or(|reward| (least..=LARGEST).contains(&reward.amount) && reward.at >= round.at)
        };
        let n = kept.len();
        self.rounds = kept.into_iter().filter(believable).collect();
        self.n_unbelievable += (n - self.rounds.len()) as u64;
        self.unshown = once(unshown, period_ms).into_iter().filter(believable).collect();
        self
    }

    /// First places in the order of time, each draw once, with what came of it: whether anybody was shown it or not. What was drawn is by
    /// chance, and what was shown is not: of doing nothing it is never told.
    #[must_use]
    pub fn assigned(&self) -> Vec<(&Round, Option<Rewarded>)> {
        let mut all: Vec<&Round> = self.rounds.iter().chain(&self.unshown).filter(|it| it.tells_chances()).collect();
        all.sort_by(|a, b| (a.at, &a.decision).cmp(&(b.at, &b.decision)));
        if own_are_enough(&self.rounds) {
            leave_out_strangers(&mut all);
        }
        let each = all.into_iter().map(|round| (round, round.reward)).collect();
        firsts(each, self.settings.same_ms(), |(round, _)| round, |known, again| known.1 = earlier(known.1, again.1))
    }

    /// In the order of time, each question once: they are about nobody who could be drawn again. What cannot be learned from is left
    /// out.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        let n_actions = self.actions.len();
        self.rounds.retain(|round| {
            let is_whole = round.sides.as_ref().is_some_and(|sides| sides.actions.len() == round.candidates.len());
            let is_drawn = round.place_of(round.action).is_some() && (round.action as usize) < n_actions;
            is_whole && is_drawn && round.propensity > 0.0 && round.propensity <= 1.0
        });
        self.rounds.sort_by(|a, b| (a.at, &a.decision).cmp(&(b.at, &b.decision)));
        self.rounds.dedup_by(|a, b| a.decision == b.decision);
        self
    }

    /// How many rounds there are, and of how many something came.
    #[must_use]
    pub fn n_known(&self) -> (u64, u64) {
        (self.rounds.len() as u64, self.n_rewarded())
    }

    /// How many rounds something came of.
    #[must_use]
    pub fn n_rewarded(&self) -> u64 {
        self.rounds.iter().filter(|round| round.reward.is_some()).count() as u64
    }

    /// How many count as not accepted though nobody told that they were shown.
    #[must_use]
    pub fn n_untold(&self) -> u64 {
        self.rounds.iter().filter(|round| !round.is_shown && round.reward.is_none()).count() as u64
    }
}
