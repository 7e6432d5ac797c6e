//! Is the customer left alone with this action, and by which rule?

use crate::action::Action;
use crate::contact::{FATIGUE_DAYS, Per, TIMEZONE};
use crate::filter::Filter;
use crate::kinds::conditions::Scores;
use crate::repertoire::{CountsAs, Repertoire, only};
use crate::{Arbitration, Ask, Cap, ContactPolicy, Contacted, Knowledge, Reached};
use primitives::{HOUR_MS, Timestamp, Zone};
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
}

/// A contact, as limits count it. Two that are the same count once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    action: u64,
    channel: u64,
    group: String,
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
    /// The numbers of that channel, 0 for none, and of those where each contact is one by itself: each action asks for them.
    here: u64,
    sent: [u64; SENT.len()],
    as_of: Timestamp,
    period_ms: i64,
    is_quiet: bool,
    is_nobody: bool,
    /// Every contact that counts, with its moment.
    known: Vec<(Timestamp, Key)>,
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
        if policy.is_none() && counted.ending().is_empty() {
            return None;
        }
        let as_of = ask.question.as_of;
        let zone = known.and_then(|known| Zone::parse(known.traits.get(TIMEZONE)?).ok());
        let mut alone = Self {
            policy,
            counted,
            no_upsell: no_upsell.and_then(|filter| scores.holds(filter, ask, known)),
            reached: ask.world.reached(),
            channel: ask.question.channel(),
            here: ask.question.channel().map_or(0, Contacted::number_of),
            sent: SENT.map(Contacted::number_of),
            as_of,
            period_ms: how.same_hours.max(1).saturating_mul(HOUR_MS),
            is_quiet: policy.is_quiet(as_of, zone.as_ref().unwrap_or(&policy.timezone)),
            is_nobody: ask.question.is_of_nobody(),
            known: Vec::new(),
        };
        let contacts = alone.reached.contacts.iter().filter_map(|one| Some((one.at?, alone.key(one)?)));
        alone.known = contacts.collect();
        Some(alone)
    }

    /// What a contact counts as; `None` where it does not, or nothing is declared of it now.
    fn key(&self, contact: &Contacted) -> Option<Key> {
        self.any_key(contact, |of| of.counts)
    }

    /// What a contact is told apart from others by, where its action is one that is meant.
    fn any_key(&self, contact: &Contacted, is_meant: impl Fn(&CountsAs) -> bool) -> Option<Key> {
        let of = self.counted.0.get(&contact.action).filter(|of| is_meant(of))?;
        let only = of.channel.as_deref().map_or(0, Contacted::number_of);
        let channel = if contact.channel == 0 { only } else { contact.channel };
        let which = match self.sent.contains(&channel) {
            true => (contact.decision, 0),
            // Which answer it was does not change when it is shown.
            false => (0, contact.answered_at.or(contact.at)?.as_millis().div_euclid(self.period_ms)),
        };
        Some(Key { action: contact.action, channel, group: of.group.clone(), which })
    }

    /// What doing it now would count as.
    fn now(&self, action: &Action) -> Option<Key> {
        self.key(&self.contact(action))
    }

    /// Doing it now.
    fn contact(&self, action: &Action) -> Contacted {
        Contacted {
            // No decision has this number but by a chance of one in many.
            decision: Contacted::number_of(""),
            action: Contacted::number_of(&action.name),
            channel: self.here,
            at: Some(self.as_of),
            answered_at: None,
            refused_at: None,
            accepted_at: None,
        }
    }

    /// The first rule that leaves the customer alone.
    pub(super) fn why_not(&self, action: &Action) -> Option<String> {
        if action.nothing {
            return None;
        }
        let (policy, reached) = (self.policy, &self.reached);
        let through = |channels: &[String]| self.is_through(action, channels);
        if !action.service && !reached.permits_marketing && through(&policy.consent_channels) {
            return Some("consent".to_owned());
        }
        if self.is_quiet && through(&policy.quiet_channels) {
            return Some("quiet_hours".to_owned());
        }
        if let Some(rule) = self.full(action) {
            return Some(rule);
        }
        if self.is_over(action) {
            return Some("times".to_owned());
        }
        if action.service {
            return None;
        }
        if action.upsell && self.no_upsell == Some(true) {
            return Some("no_upsell".to_owned());
        }
        self.answered_before(action).map(str::to_owned).or_else(|| self.capped(action))
    }

    /// Whether they were met by it as often as it is done at all. What would be the same contact as one before it is not one more.
    fn is_over(&self, action: &Action) -> bool {
        if action.times == 0 || self.is_nobody {
            return false;
        }
        let now = self.contact(action);
        let key = |contact: &Contacted| self.any_key(contact, |of| of.ends);
        let met = self.reached.contacts.iter().filter(|one| one.action == now.action && one.at.is_some());
        let met: BTreeSet<Key> = met.filter_map(key).collect();
        met.len() >= action.times as usize && key(&now).is_none_or(|now| !met.contains(&now))
    }

    /// The rule that leaves out what has no place free.
    pub(super) fn full(&self, action: &Action) -> Option<String> {
        let free = self.at(action).and_then(|channel| self.reached.free.get(&channel));
        (free == Some(&0)).then(|| "capacity".to_owned())
    }

    /// The rule that leaves alone whoever has refused it, or has it.
    fn answered_before(&self, action: &Action) -> Option<&'static str> {
        let number = Contacted::number_of(&action.name);
        let within = |days: i64, at: Option<Timestamp>| {
            days > 0 && at.is_some_and(|at| at > Contacted::days_before(self.as_of, days))
        };
        let of_group = |one: &Contacted| self.counted.0.get(&one.action).is_some_and(|of| of.group == action.group);
        let policy = self.policy;
        let any = |holds: &dyn Fn(&Contacted) -> bool| self.reached.contacts.iter().any(holds);
        if any(&|one| one.action == number && within(policy.refused_days, one.refused_at)) {
            return Some("refused");
        }
        if any(&|one| of_group(one) && within(policy.refused_group_days, one.refused_at)) {
            return Some("refused_group");
        }
        any(&|one| one.action == number && within(policy.accepted_days, one.accepted_at)).then_some("accepted")
    }

    /// The limit that is reached.
    pub(super) fn capped(&self, action: &Action) -> Option<String> {
        // Of nobody there is nothing to count.
        let now = self.now(action).filter(|_| !self.is_nobody)?;
        self.policy.caps.iter().find(|cap| self.is_full(cap, &now)).map(Cap::rule)
    }

    fn is_full(&self, cap: &Cap, now: &Key) -> bool {
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
        let like = |one: &Key| match cap.per {
            Per::Customer => true,
            Per::Channel => one.channel == now.channel,
            Per::Action => one.action == now.action,
            Per::Group => one.group == now.group,
        };
        let counted = self.within(cap.days, &like);
        !counted.contains(now) && counted.len() >= cap.n as usize
    }

    /// The contacts of some days, each once.
    fn within(&self, days: i64, like: &dyn Fn(&Key) -> bool) -> BTreeSet<&Key> {
        let since = Contacted::days_before(self.as_of, days);
        self.known.iter().filter(|(at, key)| *at > since && like(key)).map(|(_, key)| key).collect()
    }

    /// Which share of what it is worth is left after the contacts of the last days.
    pub(super) fn fatigue(&self, action: &Action) -> f64 {
        let Some(now) = self.now(action).filter(|_| self.policy.fatigue > 0.0 && !action.mandatory) else { return 1.0 };
        let n = self.within(FATIGUE_DAYS, &|one| *one != now).len();
        (1.0 - self.policy.fatigue).powi(i32::try_from(n).unwrap_or(i32::MAX))
    }

    /// Counts what is done in this answer.
    pub(super) fn count(&mut self, action: &Action) {
        if let Some(key) = self.now(action) {
            self.known.push((self.as_of, key));
        }
        if let Some(free) = self.at(action).filter(|_| !action.nothing).and_then(|at| self.reached.free.get_mut(&at)) {
            *free = free.saturating_sub(1);
        }
    }

    /// Over which channel it would be done, as far as that is known.
    fn at(&self, action: &Action) -> Option<String> {
        self.channel.map(str::to_owned).or_else(|| only(action))
    }

    /// Whether it would be done over one of these channels, whichever it is.
    fn is_through(&self, action: &Action, channels: &[String]) -> bool {
        match self.channel {
            Some(channel) => channels.iter().any(|name| name == channel),
            None => !action.channels.is_empty() && action.channels.iter().all(|name| channels.contains(name)),
        }
    }
}
