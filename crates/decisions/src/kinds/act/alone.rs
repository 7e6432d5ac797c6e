//! Is the customer left alone with this action, and by which rule?

use super::conditions::Choice;
use crate::action::Action;
use crate::contact::{FATIGUE_DAYS, Per, TIMEZONE};
use crate::filter::Filter;
use crate::kinds::conditions::Scores;
use crate::repertoire::{CountsAs, Repertoire, only};
use crate::{Arbitration, Ask, Cap, ContactPolicy, Contacted, Knowledge, Reached};
use primitives::{Timestamp, Zone};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Where each contact is one by itself. Elsewhere a page asks again whenever it is looked at, and the same action within a period
/// is one.
const SENT: [&str; 4] = ["email", "sms", "push", "call"];

/// What of actions contacts are counted by, by the numbers of their names.
#[derive(Debug, Clone, Default)]
pub(super) struct Counted(BTreeMap<u64, CountsAs>);

impl Counted {
    pub(super) fn of(all: &Repertoire) -> Self {
        Self(all.counted())
    }

    /// The actions that are done only so often: each of their contacts counts for good.
    pub(super) fn ending(&self) -> BTreeSet<u64> {
        self.0.iter().filter(|(_, of)| of.ends).map(|(number, _)| *number).collect()
    }

    fn group(&self, action: u64) -> Option<&str> {
        self.0.get(&action).map(|of| of.group.as_str())
    }
}

/// A contact, as limits count it. Two that are the same count once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    action: u64,
    channel: u64,
    group: &'a str,
    /// The decision where it was sent, and the period elsewhere.
    which: (u64, i64),
}

/// What is known of how often a customer was contacted, and what an answer adds to it.
pub(super) struct Alone<'a> {
    policy: &'a ContactPolicy,
    counted: &'a Counted,
    no_upsell: Option<bool>,
    reached: Reached,
    channel: Option<&'a str>,
    /// The numbers of that channel, 0 for none, of those where each contact is one by itself, and of no decision: each action asks for
    /// them.
    here: u64,
    sent: [u64; SENT.len()],
    no_decision: u64,
    as_of: Timestamp,
    period_ms: i64,
    is_quiet: bool,
    is_nobody: bool,
    /// Every contact that counts, with its moment.
    known: Vec<(Timestamp, Key<'a>)>,
    answers: Answers<'a>,
}

/// What the customer made of actions, as far as it still counts.
#[derive(Default)]
struct Answers<'a> {
    refused: Vec<u64>,
    refused_groups: Vec<&'a str>,
    accepted: Vec<u64>,
}

impl<'a> Answers<'a> {
    fn of(reached: &Reached, (policy, counted): (&ContactPolicy, &'a Counted), as_of: Timestamp) -> Self {
        let within = |days: i64, at: Option<Timestamp>| {
            days > 0 && at.is_some_and(|at| at > Contacted::days_before(as_of, days))
        };
        let contacts = || reached.contacts.iter();
        let refused = |days: i64| contacts().filter(move |one| within(days, one.refused_at)).map(|one| one.action);
        let accepted = contacts().filter(|one| within(policy.accepted_days, one.accepted_at));
        Self {
            refused: refused(policy.refused_days).collect(),
            refused_groups: refused(policy.refused_group_days).filter_map(|action| counted.group(action)).collect(),
            accepted: accepted.map(|one| one.action).collect(),
        }
    }

    /// The rule that leaves alone whoever has refused it, or has it.
    fn rule(&self, choice: &Choice) -> Option<&'static str> {
        if self.refused.contains(&choice.number) {
            return Some("refused");
        }
        if self.refused_groups.contains(&choice.action.group.as_str()) {
            return Some("refused_group");
        }
        self.accepted.contains(&choice.number).then_some("accepted")
    }
}

impl<'a> Alone<'a> {
    /// `None` where neither settings nor actions leave anybody alone.
    pub(super) fn of(
        (how, counted, no_upsell): (&'a Arbitration, &'a Counted, Option<&Filter>),
        scores: &Scores,
        ask: &Ask<'a>,
        known: Option<&Knowledge>,
    ) -> Option<Self> {
        let policy = &how.contact;
        if policy.is_none() && !counted.0.values().any(|of| of.ends) {
            return None;
        }
        let as_of = ask.question.as_of;
        let zone = known.and_then(|known| Zone::parse(known.traits.get(TIMEZONE)?).ok());
        let reached = ask.world.reached();
        let mut alone = Self {
            policy,
            counted,
            no_upsell: no_upsell.and_then(|filter| scores.holds(filter, ask, known)),
            answers: Answers::of(&reached, (policy, counted), as_of),
            reached,
            channel: ask.question.channel(),
            here: ask.question.channel().map_or(0, Contacted::number_of),
            sent: SENT.map(Contacted::number_of),
            no_decision: Contacted::number_of(""),
            as_of,
            period_ms: how.same_ms(),
            is_quiet: policy.is_quiet(as_of, zone.as_ref().unwrap_or(&policy.timezone)),
            is_nobody: ask.question.is_of_nobody(),
            known: Vec::new(),
        };
        let contacts = alone.reached.contacts.iter().filter_map(|one| Some((one.at?, alone.key(one)?)));
        alone.known = contacts.collect();
        Some(alone)
    }

    /// What a contact counts as; `None` where it does not, or nothing is declared of it now.
    fn key(&self, contact: &Contacted) -> Option<Key<'a>> {
        self.any_key(contact, |of| of.counts)
    }

    /// What a contact is told apart from others by, where its action is one that is meant.
    fn any_key(&self, contact: &Contacted, is_meant: impl Fn(&CountsAs) -> bool) -> Option<Key<'a>> {
        let of = self.counted.0.get(&contact.action).filter(|of| is_meant(of))?;
        let only = || of.channel.as_deref().map_or(0, Contacted::number_of);
        let channel = if contact.channel == 0 { only() } else { contact.channel };
        let which = match self.sent.contains(&channel) {
            true => (contact.decision, 0),
            // Which answer it was does not change when it is shown.
            false => (0, contact.answered_at.or(contact.at)?.as_millis().div_euclid(self.period_ms)),
        };
        Some(Key { action: contact.action, channel, group: &of.group, which })
    }

    /// What doing it now would count as.
    fn now(&self, choice: &Choice) -> Option<Key<'a>> {
        self.key(&self.contact(choice))
    }

    /// Doing it now.
    fn contact(&self, choice: &Choice) -> Contacted {
        Contacted {
            // No decision has this number but by a chance of one in many.
            decision: self.no_decision,
            action: choice.number,
            channel: self.here,
            at: Some(self.as_of),
            answered_at: None,
            refused_at: None,
            accepted_at: None,
        }
    }

    /// The first rule that leaves the customer alone.
    pub(super) fn why_not(&self, choice: &Choice) -> Option<Cow<'static, str>> {
        let action = &choice.action;
        if action.nothing {
            return None;
        }
        let (policy, reached) = (self.policy, &self.reached);
        let through = |channels: &[String]| self.is_through(action, channels);
        if !action.service && !reached.permits_marketing && through(&policy.consent_channels) {
            return Some("consent".into());
        }
        if self.is_quiet && through(&policy.quiet_channels) {
            return Some("quiet_hours".into());
        }
        if self.is_full(action) {
            return Some(FULL.into());
        }
        if self.is_over(choice) {
            return Some("times".into());
        }
        if action.service {
            return None;
        }
        if action.upsell && self.no_upsell == Some(true) {
            return Some("no_upsell".into());
        }
        self.answers.rule(choice).map(Cow::Borrowed).or_else(|| self.capped(choice))
    }

    /// The rule by which what was chosen in this answer leaves no place or contact for another action.
    pub(super) fn why_no_more(&self, choice: &Choice) -> Option<Cow<'static, str>> {
        if choice.action.nothing {
            return None;
        }
        if self.is_full(&choice.action) {
            return Some(FULL.into());
        }
        if choice.action.service { None } else { self.capped(choice) }
    }

    /// Whether they were met by it as often as it is done at all. What would be the same contact as one before it is not one more.
    fn is_over(&self, choice: &Choice) -> bool {
        let action = &choice.action;
        if action.times == 0 || self.is_nobody {
            return false;
        }
        let now = self.contact(choice);
        let key = |contact: &Contacted| self.any_key(contact, |of| of.ends);
        let met = self.reached.contacts.iter().filter(|one| one.action == now.action && one.at.is_some());
        let met: BTreeSet<Key<'_>> = met.filter_map(key).collect();
        met.len() >= action.times as usize && key(&now).is_none_or(|now| !met.contains(&now))
    }

    /// Whether it has no place free.
    fn is_full(&self, action: &Action) -> bool {
        self.at(action).is_some_and(|channel| self.reached.free.get(channel) == Some(&0))
    }

    /// The limit that is reached.
    fn capped(&self, choice: &Choice) -> Option<Cow<'static, str>> {
        // Of nobody there is nothing to count.
        let now = self.now(choice).filter(|_| !self.is_nobody)?;
        self.policy.caps.iter().find(|cap| self.is_reached(cap, &now)).map(|cap| cap.rule().into())
    }

    fn is_reached(&self, cap: &Cap, now: &Key<'_>) -> bool {
        let is_of = |number: u64| cap.of.as_deref().is_none_or(|of| Contacted::number_of(of) == number);
        let concerns = match cap.per {
            Per::Customer => true,
            Per::Channel => now.channel != 0 && is_of(now.channel),
            Per::Action => is_of(now.action),
            Per::Group => cap.of.as_ref().is_none_or(|of| *of == now.group),
        };
        if !concerns {
            return false;
        }
        let like = |one: &Key<'_>| match cap.per {
            Per::Customer => true,
            Per::Channel => one.channel == now.channel,
            Per::Action => one.action == now.action,
            Per::Group => one.group == now.group,
        };
        let n = cap.n as usize;
        // The same one twice counts once. Mostly all of them are too few, and need not be told apart.
        let counted = || self.within(cap.days, like);
        counted().count() >= n && {
            let counted: BTreeSet<&Key<'_>> = counted().collect();
            !counted.contains(now) && counted.len() >= n
        }
    }

    /// The contacts of some days.
    fn within(&self, days: i64, like: impl Fn(&Key<'_>) -> bool) -> impl Iterator<Item = &Key<'a>> {
        let since = Contacted::days_before(self.as_of, days);
        self.known.iter().filter(move |(at, key)| *at > since && like(key)).map(|(_, key)| key)
    }

    /// Which share of what it is worth is left after the contacts of the last days.
    pub(super) fn fatigue(&self, choice: &Choice) -> f64 {
        if self.policy.fatigue <= 0.0 || choice.action.mandatory {
            return 1.0;
        }
        let Some(now) = self.now(choice) else { return 1.0 };
        let n = self.within(FATIGUE_DAYS, |one| *one != now).collect::<BTreeSet<_>>().len();
        (1.0 - self.policy.fatigue).powi(i32::try_from(n).unwrap_or(i32::MAX))
    }

    /// Counts what is done in this answer.
    pub(super) fn count(&mut self, choice: &Choice) {
        if let Some(key) = self.now(choice) {
            self.known.push((self.as_of, key));
        }
        let at = self.at(&choice.action).filter(|_| !choice.action.nothing);
        if let Some(free) = at.and_then(|at| self.reached.free.get_mut(at)) {
            *free = free.saturating_sub(1);
        }
    }

    /// Over which channel it would be done, as far as that is known.
    fn at<'o>(&self, action: &'o Action) -> Option<&'o str>
    where
        'a: 'o,
    {
        self.channel.or_else(|| only(action))
    }

    /// Whether it would be done over one of these channels, whichever it is.
    fn is_through(&self, action: &Action, channels: &[String]) -> bool {
        match self.channel {
            Some(channel) => channels.iter().any(|name| name == channel),
            None => !action.channels.is_empty() && action.channels.iter().all(|name| channels.contains(name)),
        }
    }
}

/// The rule that leaves out what has no place free.
const FULL: &str = "capacity";
