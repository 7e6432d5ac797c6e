//! What is remembered of a customer beside purchases: e-mail, support, payments, subscriptions, searches, use of a service,
//! decisions that met them?

mod contact;
mod term;
mod told;
mod visit;
mod words;

pub use contact::{Contact, Worth};
pub(crate) use term::{Facts, Term};
pub(crate) use told::{Channel, Matter, PagesLeft, Quantity, Topic, channels_of, step_of};
pub use visit::VISIT_PAUSE_MS;
pub(crate) use visit::{N_STEPS, Stage, Step, UnderWay, Visit};
pub(crate) use words::{N_WORDS, Words};

use self::contact::Contacts;
use crate::cell::{Buckets, Count, Numbers, Rare};
use crate::seen::Place;
use events::TicketStep;
use primitives::{Currency, DAY_MS, Timestamp};
use profiles::squeeze_in;
use serde::{Deserialize, Serialize};

const MATTERS: [Matter; 5] =
    [Matter::Conduct, Matter::Support, Matter::Ratings, Matter::Payments, Matter::Subscriptions];

/// How many metrics of a service are remembered.
pub(crate) const N_METRICS: usize = 4;

/// What the channels told; next to nothing for all of whom they never told anything.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Channels {
    /// On what everybody's word counts.
    open: Part,
    /// On the other matters, what the company told itself, and what only a public write key did.
    vouched: Part,
    claimed: Part,
    /// What came of decisions.
    contacts: Option<Box<Contacts>>,
}

type Part = Option<Box<All>>;

/// Each part is a function of the multiset of what was told.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct All {
    /// Of which matters something was told, a bit each.
    matters: u8,
    pub(crate) counts: Buckets<Topic, Count>,
    /// When each was last.
    last: Vec<(Topic, Timestamp)>,
    /// When the customer first turned to the company, and how often they did.
    contacts: Option<(Timestamp, u64)>,
    pub(crate) numbers: Rare<Quantity, Numbers>,
    pub(crate) pages: Rare<(), PagesLeft>,
    /// What was measured, by metric and unit, to the day. Of too many the first in the order of their keys: what was told
    /// decides that, and not when.
    levels: Vec<(u64, Buckets<(), Numbers>)>,
    pub(crate) tickets: Words<TicketStep>,
    pub(crate) subscriptions: Words<Term>,
    /// Whether the newest payment went through. Of two at the same moment the one that did: it was tried again.
    last_payment: Option<(Timestamp, bool)>,
    /// Where on its scale the newest rating lies, in millionths.
    last_rating: Option<(Place, i64)>,
    /// How many e-mails were opened in which hours of the day.
    opens_by_hour: Vec<(u8, u64)>,
}

impl Channels {
    /// What counts of a matter: what the company told of it, where it ever did, else what others say.
    pub(crate) fn of(&self, matter: Matter) -> Option<&All> {
        let vouched = self.vouched.as_deref().filter(|all| all.tells_of(matter));
        let claimed = || self.claimed.as_deref().filter(|all| all.tells_of(matter));
        if matter == Matter::Conduct { self.open.as_deref() } else { vouched.or_else(claimed) }
    }

    /// When one of some topics was last.
    pub(crate) fn last_of(&self, is_meant: impl Fn(Topic) -> bool) -> Option<Timestamp> {
        let counting = MATTERS.into_iter().filter_map(|matter| Some((matter, self.of(matter)?)));
        counting.filter_map(|(matter, all)| all.last_of(|topic| topic.matter() == matter && is_meant(topic))).max()
    }

    /// Takes in what one event told, which happened at a place; whether the company told it.
    pub(crate) fn add(&mut self, at: Timestamp, place: Place, is_vouched: bool, told: &[Channel]) {
        for told in told {
            if let Channel::Contact(said) = told {
                self.contacts.get_or_insert_default().add(place, is_vouched, *said);
                continue;
            }
            let part = match (told.matter(), is_vouched) {
                (Matter::Conduct, _) => &mut self.open,
                (_, true) => &mut self.vouched,
                (_, false) => &mut self.claimed,
            };
            part.get_or_insert_default().add(at, place, *told);
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (part, other) in
            [(&mut self.open, other.open), (&mut self.vouched, other.vouched), (&mut self.claimed, other.claimed)]
        {
            match (part, other) {
                (_, None) => {}
                (Some(all), Some(other)) => all.merge(*other),
                (part, other) => *part = other,
            }
        }
        match (&mut self.contacts, other.contacts) {
            (_, None) => {}
            (Some(all), Some(other)) => all.merge(*other),
            (part, other) => *part = other,
        }
    }

    /// What came of the decisions that were told of last, from old to new.
    pub(crate) fn contacts(&self) -> Vec<Contact> {
        self.contacts.as_deref().map(Contacts::all).unwrap_or_default()
    }

    /// Whether a public write key told anything of what came of decisions.
    pub(crate) fn has_claimed_contacts(&self) -> bool {
        self.contacts.as_deref().is_some_and(Contacts::is_claimed)
    }

    /// The currency of the active subscription that was told of last of those whose amount is known, by the company or by
    /// others.
    pub(crate) fn currency(&self, is_vouched: bool) -> Option<Currency> {
        let part = if is_vouched { &self.vouched } else { &self.claimed };
        part.as_deref()?
            .subscriptions
            .iter()
            .rev()
            .filter(|(_, term)| term.is_active())
            .find_map(|(place, term)| Some(term.facts(place).amount()?.currency))
    }

    pub(crate) fn n_bytes(&self) -> usize {
        let parts =
            [&self.open, &self.vouched, &self.claimed].into_iter().flatten().map(|all| all.n_bytes()).sum::<usize>();
        parts + self.contacts.as_deref().map_or(0, Contacts::n_bytes)
    }
}

impl All {
    fn tells_of(&self, matter: Matter) -> bool {
        self.matters & 1 << matter as u8 != 0
    }

    fn add(&mut self, at: Timestamp, place: Place, told: Channel) {
        self.matters |= 1 << told.matter() as u8;
        match told {
            Channel::Topic(topic) => {
                self.counts.add(at, topic, Count(1));
                self.add_last(topic, at);
                if topic.is_contact() {
                    self.add_contacts(at, 1);
                }
                if topic == Topic::EmailOpened {
                    self.add_opens(hour_of_day(at), 1);
                }
            }
            Channel::Number(quantity, millionths) => self.numbers.add(at, quantity, Numbers::of(millionths)),
            Channel::PageLeft(left) => self.pages.add(at, (), left),
            Channel::Measured(metric, millionths) => {
                // Devices tell every minute: a bucket for each hour would be many.
                let day = Timestamp::from_millis(at.day() * DAY_MS);
                if let Some(level) = self.level(metric) {
                    level.add(day, (), Numbers::of(millionths));
                }
            }
            Channel::Ticket(id, step) => self.tickets.add(place, id, step),
            Channel::Subscription(id, said) => self.subscriptions.add(place, id, Term::said(said)),
            // It is kept beside: most know nothing else that a company alone may tell.
            Channel::Contact(_) => {}
            Channel::PaymentEnded { is_approved } => {
                self.last_payment = self.last_payment.max(Some((at, is_approved)));
            }
            Channel::Rated(millionths) => self.last_rating = self.last_rating.max(Some((place, millionths))),
        }
    }

    fn merge(&mut self, other: Self) {
        self.matters |= other.matters;
        self.counts.merge(other.counts);
        other.last.into_iter().for_each(|(topic, at)| self.add_last(topic, at));
        if let Some((first, n)) = other.contacts {
            self.add_contacts(first, n);
        }
        self.numbers.merge(other.numbers);
        self.pages.merge(other.pages);
        for (metric, level) in other.levels {
            if let Some(known) = self.level(metric) {
                known.merge(level);
            }
        }
        self.tickets.merge(other.tickets);
        self.subscriptions.merge(other.subscriptions);
        self.last_payment = self.last_payment.max(other.last_payment);
        self.last_rating = self.last_rating.max(other.last_rating);
        other.opens_by_hour.into_iter().for_each(|(hour, n)| self.add_opens(hour, n));
    }

    fn add_last(&mut self, topic: Topic, at: Timestamp) {
        match self.last.binary_search_by_key(&topic, |(topic, _)| *topic) {
            Ok(place) => self.last[place].1 = self.last[place].1.max(at),
            Err(place) => squeeze_in(&mut self.last, place, (topic, at)),
        }
    }

    fn add_contacts(&mut self, first: Timestamp, n: u64) {
        let (known, n_known) = self.contacts.unwrap_or((first, 0));
        self.contacts = Some((known.min(first), n_known + n));
    }

    fn add_opens(&mut self, hour: u8, n: u64) {
        match self.opens_by_hour.binary_search_by_key(&hour, |(hour, _)| *hour) {
            Ok(place) => self.opens_by_hour[place].1 += n,
            Err(place) => squeeze_in(&mut self.opens_by_hour, place, (hour, n)),
        }
    }

    /// The numbers of a metric, where it is one of those that are remembered. One that has to go never comes back: those
    /// that stay only ever come before it.
    fn level(&mut self, metric: u64) -> Option<&mut Buckets<(), Numbers>> {
        let found = self.levels.binary_search_by_key(&metric, |(known, _)| *known);
        if let Err(place) = found {
            if place == N_METRICS {
                return None;
            }
            self.levels.truncate(N_METRICS - 1);
            squeeze_in(&mut self.levels, place, (metric, Buckets::default()));
        }
        let place = found.unwrap_or_else(|place| place);
        self.levels.get_mut(place).map(|(_, level)| level)
    }

    /// The metric that was told most often.
    pub(crate) fn main_level(&self) -> Option<&Buckets<(), Numbers>> {
        let n_told = |level: &Buckets<(), Numbers>| {
            let mut n_told = 0;
            level.ever(|(), numbers| n_told += numbers.n);
            n_told
        };
        // Of those told equally often the first.
        self.levels.iter().rev().max_by_key(|(_, level)| n_told(level)).map(|(_, level)| level)
    }

    /// When one of some topics was last.
    pub(crate) fn last_of(&self, is_meant: impl Fn(Topic) -> bool) -> Option<Timestamp> {
        self.last.iter().filter(|(topic, _)| is_meant(*topic)).map(|(_, at)| *at).max()
    }

    /// When the customer first turned to the company, and how often they did.
    pub(crate) fn contacts(&self) -> Option<(Timestamp, u64)> {
        self.contacts
    }

    /// Whether the newest payment failed.
    pub(crate) fn last_payment_failed(&self) -> Option<bool> {
        self.last_payment.map(|(_, is_approved)| !is_approved)
    }

    /// Where on its scale the newest rating lies, in millionths.
    pub(crate) fn last_rating(&self) -> Option<i64> {
        self.last_rating.map(|(_, millionths)| millionths)
    }

    /// How many e-mails were opened in which hours of the day, by the hour.
    pub(crate) fn opens_by_hour(&self) -> &[(u8, u64)] {
        &self.opens_by_hour
    }

    fn n_bytes(&self) -> usize {
        size_of::<Self>()
            + self.counts.n_bytes()
            + self.last.capacity() * size_of::<(Topic, Timestamp)>()
            + self.numbers.n_bytes()
            + self.pages.n_bytes()
            + self.levels.capacity() * size_of::<(u64, Buckets<(), Numbers>)>()
            + self.levels.iter().map(|(_, level)| level.n_bytes()).sum::<usize>()
            + self.tickets.n_bytes()
            + self.subscriptions.n_bytes()
            + self.opens_by_hour.capacity() * size_of::<(u8, u64)>()
    }
}

fn hour_of_day(at: Timestamp) -> u8 {
    at.hour_of_week() % 24
}

#[cfg(test)]
mod tests {
    use super::contact::ContactSaid;
    use super::term::TermSaid;
    use super::*;
    use events::{EventKey, SubscriptionStep};

    /// What is counted as memory is what is taken: every part for itself, and together their sum.
    #[test]
    fn every_part_is_weighed() {
        let at = Timestamp::from_millis(1_000_000);
        let said = TermSaid { step: SubscriptionStep::Started, price: None, interval: None, renews_at: None };
        let weight = |told: &[Channel]| {
            let mut all = All::default();
            assert_eq!(all.n_bytes(), size_of::<All>());
            told.iter().for_each(|one| all.add(at, (at, EventKey(1)), *one));
            all.n_bytes() - size_of::<All>()
        };
        let counts = |topic| {
            let mut counts = Buckets::default();
            counts.add(at, topic, Count(1));
            counts.n_bytes() + size_of::<(Topic, Timestamp)>()
        };
        let parts = [
            (Channel::Topic(Topic::Search), counts(Topic::Search)),
            (Channel::Number(Quantity::Nps, 1), size_of::<(Quantity, Numbers)>()),
            (Channel::PageLeft(PagesLeft::default()), size_of::<PagesLeft>()),
            (Channel::Measured(1, 1), size_of::<(u64, Buckets<(), Numbers>)>() + size_of::<Numbers>()),
            (Channel::Ticket(1, TicketStep::Created), size_of::<(Place, u64, TicketStep)>()),
            (Channel::Subscription(1, said), size_of::<(Place, u64, Term)>()),
        ];
        for (told, least) in parts {
            assert!(weight(&[told]) >= least, "{told:?}: {} for {least}", weight(&[told]));
        }
        let opened = weight(&[Channel::Topic(Topic::EmailOpened)]);
        assert_eq!(opened, counts(Topic::EmailOpened) + size_of::<(u8, u64)>());
        let all = parts.map(|(told, _)| told);
        assert_eq!(weight(&all), all.iter().map(|told| weight(&[*told])).sum::<usize>());
        let mut channels = Channels::default();
        assert_eq!(channels.n_bytes(), 0);
        channels.add(at, (at, EventKey(1)), true, &all);
        assert_eq!(channels.n_bytes(), 2 * size_of::<All>() + weight(&all));
        channels.add(at, (at, EventKey(1)), false, &all[4..]);
        assert_eq!(channels.n_bytes(), 3 * size_of::<All>() + weight(&all) + weight(&all[4..]));
        let n_bytes = channels.n_bytes();
        let seen = events::DecisionSeen::new(events::DecisionStep::Shown, "d");
        channels.add(at, (at, EventKey(1)), true, &[Channel::Contact(ContactSaid::of(&seen).unwrap())]);
        assert!(channels.n_bytes() >= n_bytes + size_of::<Contacts>() + size_of::<ContactSaid>());
    }
}
