//! What do an event's properties hold, and which of them can not be read?

use super::channels::Properties;
use super::properties::{COUNT_MAX, CURRENCY, Kind, NUMBER_MAX, Need, Property, SECONDS_MAX};
use super::values::{At, TOO_MUCH_MONEY, currency, id, number, text};
use crate::moment::moment_of;
use crate::{Interval, Object, Priority, Rejection};
use primitives::{Currency, Money, Timestamp};

/// An event's properties, read one after the other. Of what is wrong the event bears a mark; where it is wrong in what the
/// event is nothing without, the event is refused.
pub(super) struct Sheet<'a> {
    fields: &'a Object,
    properties: Properties,
    /// Why the event says nothing: the first reason.
    pub(super) refusal: Option<Rejection>,
    pub(super) marks: Vec<Rejection>,
    /// Whether an amount stands there of which nobody says the currency.
    pub(super) lacks_currency: bool,
}

/// An amount that stands in an event.
pub(super) enum Paid {
    In(Money),
    /// In major units of a currency that nobody says.
    Bare(f64),
}

impl<'a> Sheet<'a> {
    pub(super) fn new(fields: &'a Object, properties: Properties) -> Self {
        Self { fields, properties, refusal: None, marks: Vec::new(), lacks_currency: false }
    }

    pub(super) fn id(&mut self, property: &Property) -> Option<String> {
        self.read(property, |fields, key| Ok(id(fields, key, At::Properties)?.map(Into::into)))
    }

    pub(super) fn text(&mut self, property: &Property) -> Option<String> {
        self.read(property, |fields, key| Ok(text(fields, key, At::Properties)?.map(Into::into)))
    }

    pub(super) fn count(&mut self, property: &Property) -> Option<u64> {
        let count = self.number(property)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole and within the limits of a count"
        )]
        Some(count as u64)
    }

    /// A number of any kind, within the limits of that kind.
    pub(super) fn number(&mut self, property: &Property) -> Option<f64> {
        self.read(property, |fields, key| {
            let Some(found) = number(fields, key, At::Properties)? else { return Ok(None) };
            match fault_of(found, property.kind) {
                None => Ok(Some(found)),
                Some(fault) => Err(Rejection::bad_value(At::Properties.pointer(key), &found.to_string(), fault)),
            }
        })
    }

    pub(super) fn moment(&mut self, property: &Property) -> Option<Timestamp> {
        self.read(property, |fields, key| {
            fields.get(key).map_or(Ok(None), |value| moment_of(value, || At::Properties.pointer(key)))
        })
    }

    pub(super) fn priority(&mut self, property: &Property) -> Option<Priority> {
        const ALL: [Priority; 4] = [Priority::Low, Priority::Normal, Priority::High, Priority::Urgent];
        self.word(property).and_then(|place| ALL.get(place).copied())
    }

    pub(super) fn interval(&mut self, property: &Property) -> Option<Interval> {
        const ALL: [Interval; 5] = [Interval::Day, Interval::Week, Interval::Month, Interval::Quarter, Interval::Year];
        self.word(property).and_then(|place| ALL.get(place).copied())
    }

    /// An amount in the event's currency. One of which nobody says the currency counts for nothing.
    pub(super) fn amount(&mut self, property: &Property) -> Option<Money> {
        match self.paid(property, NO_CURRENCY)? {
            Paid::In(money) => Some(money),
            Paid::Bare(_) => None,
        }
    }

    /// An amount, with the event's currency where it names one, else with the advice to name it.
    pub(super) fn paid(&mut self, property: &Property, advice: &str) -> Option<Paid> {
        let amount = self.number(property)?;
        let n_marks = self.marks.len();
        let currency: Option<Currency> = self.read(&CURRENCY, |fields, _| currency(fields, At::Properties));
        let Some(currency) = currency else {
            if self.marks.len() == n_marks {
                self.lacks_currency = true;
                self.mark(Rejection::missing(At::Properties.pointer(CURRENCY.keys[0]), advice));
            }
            return Some(Paid::Bare(amount));
        };
        match Money::from_major(amount, currency) {
            Ok(money) => Some(Paid::In(money)),
            Err(_) => {
                let pointer = At::Properties.pointer(property.keys[0]);
                self.mark(Rejection::bad_value(pointer, &amount.to_string(), TOO_MUCH_MONEY));
                None
            }
        }
    }

    pub(super) fn mark(&mut self, rejection: Rejection) {
        self.marks.push(rejection);
    }

    pub(super) fn refuse(&mut self, rejection: Rejection) {
        self.refusal.get_or_insert(rejection);
    }

    /// The place of the word in its list; the case does not matter.
    fn word(&mut self, property: &Property) -> Option<usize> {
        let Kind::Word(words) = property.kind else { return None };
        self.read(property, |fields, key| {
            let Some(found) = text(fields, key, At::Properties)? else { return Ok(None) };
            let is_meant = |word: &&str| word.eq_ignore_ascii_case(found.trim());
            let place = words.iter().position(|known| known.iter().any(is_meant));
            let fault = || format!("send one of {}", words.concat().join(", "));
            place.map(Some).ok_or_else(|| Rejection::bad_value(At::Properties.pointer(key), &found, &fault()))
        })
    }

    /// What the first key that holds anything says; nothing of what is no property of the event.
    fn read<T>(
        &mut self,
        property: &Property,
        read: impl Fn(&'a Object, &str) -> Result<Option<T>, Rejection>,
    ) -> Option<T> {
        let (need, _) = self.properties.iter().find(|(_, known)| std::ptr::eq(*known, property))?;
        let found = property.keys.iter().find_map(|key| read(self.fields, key).transpose());
        let wrong = match found {
            Some(Ok(value)) => return Some(value),
            Some(Err(wrong)) => wrong,
            None if *need == Need::Optional => return None,
            None => {
                let advice = format!("send it; it says {}", property.meaning);
                Rejection::missing(At::Properties.pointer(property.keys[0]), &advice)
            }
        };
        if *need == Need::Required {
            self.refuse(wrong)
        } else {
            self.mark(wrong)
        }
        None
    }
}

const NO_CURRENCY: &str = "an amount counts only with its currency; send the three letters of ISO 4217, such as \"EUR\", \
                           or set `currency.default` in the settings";

/// What is wrong with a number, and what to send.
fn fault_of(number: f64, kind: Kind) -> Option<&'static str> {
    let is_whole = number.fract() == 0.0;
    match kind {
        Kind::Count if !is_whole || !(0.0..=COUNT_MAX).contains(&number) => {
            Some("send how often as a whole number from 0 to 1,000,000,000")
        }
        Kind::Position if !is_whole || !(1.0..=COUNT_MAX).contains(&number) => {
            Some("send the place as a whole number; the first is 1")
        }
        Kind::Seconds if !(0.0..=SECONDS_MAX).contains(&number) => {
            Some("send a time in seconds, from 0 to 31 days (2678400)")
        }
        Kind::Share if !(0.0..=1.0).contains(&number) => Some("send a part of the whole, from 0 to 1"),
        Kind::Length if !(0.0..NUMBER_MAX).contains(&number) => Some("send a length from 0 to 9 trillion"),
        Kind::Amount if number < 0.0 => Some("an amount is not negative; leave the minus sign out"),
        Kind::Number if number.abs() >= NUMBER_MAX => Some("send a number below 9 trillion, in a larger unit"),
        _ => None,
    }
}
