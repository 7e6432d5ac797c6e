//! What is a subscription, by all that was said of it?

use super::words::{Latest, Turn, Word};
use crate::seen::Place;
use events::{Interval, SubscriptionStep};
use primitives::{Currency, DAY_MS, Money, Timestamp};
use serde::{Deserialize, Serialize};

/// What one event says of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct TermSaid {
    pub(crate) step: SubscriptionStep,
    pub(crate) price: Option<Price>,
    pub(crate) interval: Option<Interval>,
    pub(crate) renews_at: Option<Timestamp>,
}

/// What is paid each time, as one event says it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) enum Price {
    In {
        minor: i64,
        currency: Currency,
    },
    /// In major units of the currency that is known of the subscription.
    Bare(f64),
}

impl From<Money> for Price {
    fn from(Money { minor, currency }: Money) -> Self {
        Self::In { minor, currency }
    }
}

/// A subscription: what the newest word on it says, and what those before it did, where there are any.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Term {
    said: TermSaid,
    before: Option<Box<Facts>>,
}

impl Term {
    pub(crate) fn said(said: TermSaid) -> Self {
        Self { said, before: None }
    }

    pub(crate) fn is_active(&self) -> bool {
        self.said.step != SubscriptionStep::Cancelled
    }

    /// What is known of it, whose newest word happened at a place.
    pub(crate) fn facts(&self, place: Place) -> Facts {
        let mut facts = Facts::said(self.said, place);
        if let Some(before) = &self.before {
            facts.join(before);
        }
        facts
    }
}

/// What is known of a subscription: of what the newest word leaves unsaid what the newest says that says it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Facts {
    price: Said<Price>,
    currency: Said<Currency>,
    interval: Said<Interval>,
    /// The newest interval that is another than the newest.
    other_interval: Said<Interval>,
    /// When a price was said together with its interval.
    both: Said<()>,
    /// When it is paid the next time.
    renews_at: Said<Timestamp>,
    /// When it was paid last: that it becomes more or less is no payment.
    paid: Said<()>,
}

type Said<T> = Latest<SubscriptionStep, T>;

impl Facts {
    /// What one event, which happened at a place, says of a subscription.
    fn said(said: TermSaid, place: Place) -> Self {
        let TermSaid { step, price, interval, renews_at } = said;
        let turn = (place.0, step, place.1);
        let currency = match price {
            Some(Price::In { currency, .. }) => Some(currency),
            _ => None,
        };
        let is_paid = matches!(step, SubscriptionStep::Started | SubscriptionStep::Renewed);
        Self {
            price: Latest::of(turn, price),
            currency: Latest::of(turn, currency),
            interval: Latest::of(turn, interval),
            other_interval: Latest::default(),
            both: Latest::of(turn, price.and(interval).map(|_| ())),
            renews_at: Latest::of(turn, renews_at),
            paid: Latest::of(turn, is_paid.then_some(())),
        }
    }

    /// What is paid each time; not known where the interval may have changed since that was said.
    pub(crate) fn amount(&self) -> Option<Money> {
        match self.price.value().filter(|_| self.keeps_interval())? {
            Price::In { minor, currency } => Some(Money { minor, currency }),
            Price::Bare(amount) => Money::from_major(amount, self.currency.value()?).ok(),
        }
    }

    /// Whether the interval is certain to be the one that the price was said for.
    fn keeps_interval(&self) -> bool {
        if self.interval.turn() <= self.price.turn() {
            return true;
        }
        // What it was when the price was said is not kept, but since when it is what it is now.
        match self.both.turn() {
            None => self.interval() == UNSAID && self.other_interval.turn().is_none(),
            both => self.other_interval.turn() < both,
        }
    }

    /// How often; a month where nobody ever said.
    pub(crate) fn interval(&self) -> Interval {
        self.interval.value().unwrap_or(UNSAID)
    }

    /// When it is paid the next time: as was said, unless it was paid again since, else an interval after it was paid, or
    /// after the newest word where nobody says when that was.
    pub(crate) fn renews_at(&self, last: Timestamp) -> Timestamp {
        let paid = self.paid.turn();
        if let Some(at) = self.renews_at.value().filter(|_| self.renews_at.turn() >= paid) {
            return at;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "at most a year in milliseconds"
        )]
        let interval_ms = (self.interval().days() * DAY_MS as f64).round() as i64;
        Timestamp::from_millis(paid.map_or(last, |(at, ..)| at).as_millis().saturating_add(interval_ms))
    }

    fn join(&mut self, other: &Self) {
        self.price.join(other.price);
        self.currency.join(other.currency);
        self.both.join(other.both);
        self.renews_at.join(other.renews_at);
        self.paid.join(other.paid);
        let told = [self.interval, self.other_interval, other.interval, other.other_interval];
        self.interval.join(other.interval);
        self.other_interval = Latest::default();
        let newest = self.interval.value();
        told.into_iter().filter(|one| one.value() != newest).for_each(|one| self.other_interval.join(one));
    }

    fn forget(&mut self, upto: &Turn<SubscriptionStep>) {
        self.price.forget(upto);
        self.currency.forget(upto);
        self.interval.forget(upto);
        self.other_interval.forget(upto);
        self.both.forget(upto);
        self.renews_at.forget(upto);
        self.paid.forget(upto);
    }

    fn is_empty(&self) -> bool {
        let Self { price, interval, renews_at, paid, .. } = self;
        // The others are parts of these.
        price.turn().is_none() && interval.turn().is_none() && renews_at.turn().is_none() && paid.turn().is_none()
    }
}

/// The interval of a subscription of which none was ever said.
const UNSAID: Interval = Interval::Month;

impl Word for Term {
    type Step = SubscriptionStep;

    fn step(&self) -> SubscriptionStep {
        self.said.step
    }

    fn keep(&mut self, other: &Self, place: Place) {
        let others = other.facts(place);
        match &mut self.before {
            Some(before) => before.join(&others),
            None if others.is_empty() => {}
            None => self.before = Some(Box::new(others)),
        }
    }

    fn forget(&mut self, upto: &Turn<SubscriptionStep>) {
        if let Some(before) = &mut self.before {
            before.forget(upto);
        }
        self.before.take_if(|before| before.is_empty());
    }

    fn n_bytes(&self) -> usize {
        self.before.as_deref().map_or(0, size_of_val)
    }
}
