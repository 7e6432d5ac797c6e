//! How does somebody behave? When they come, how patient they are, what they agree to, and what turns their life.

use super::Group;
use crate::calendar::N_REGIONS;
use crate::dice::{Dice, whole};
use crate::settings::Settings;

/// Of the ways to pay.
pub(crate) const CARD: usize = 1;

/// How somebody behaves.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Nature {
    /// Days from one visit to the next, where nothing presses.
    pub(crate) every_days: f64,
    pub(crate) weekdays: [f64; 7],
    /// The hour of the day at which they mostly come, in their own zone.
    pub(crate) hour: f64,
    /// Shares of web, app and shop in town.
    pub(crate) channels: [f64; 3],
    /// From 0 to 1: how much goes wrong before they say so.
    pub(crate) patience: f64,
    /// How strongly a mood shows, in words and in leaving.
    pub(crate) temper: f64,
    /// How many letters of a hundred they mistype.
    pub(crate) typos: f64,
    pub(crate) opens_mail: f64,
    pub(crate) mail_hour: f64,
    /// Days after which half of those like them have left, where nothing annoys them.
    pub(crate) stays_days: f64,
    pub(crate) likes_plans: f64,
    /// Uses a connected machine from the beginning on, so many times a day.
    pub(crate) cups_a_day: f64,
    pub(crate) agrees: Agrees,
    /// Pays by invoice, card or wallet.
    pub(crate) method: usize,
}

/// What somebody agrees to when they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Agrees {
    pub(crate) personalization: bool,
    pub(crate) analytics: bool,
    pub(crate) marketing: bool,
    /// Withdraws it all at some visit.
    pub(crate) regrets_on_visit: Option<u32>,
}

impl Nature {
    pub(super) fn new(dice: &mut Dice, group: &Group, is_old: bool) -> Self {
        let mut weekdays = [1.0; 7];
        weekdays[dice.below(7)] += dice.between(0.5, 3.0);
        weekdays[dice.below(7)] += dice.between(0.0, 1.5);
        let is_older = group.age >= 3;
        let hour = if is_older { dice.between(8.0, 15.0) } else { dice.between(11.0, 22.0) };
        let in_town = dice.unit() * if is_older { 0.7 } else { 0.3 };
        let on_app = (1.0 - in_town) * dice.unit() * if is_older { 0.3 } else { 0.8 };
        let agrees = Agrees {
            personalization: dice.chance(0.86),
            analytics: dice.chance(0.9),
            marketing: dice.chance(0.58),
            regrets_on_visit: dice.chance(0.04).then(|| u32::try_from(2 + dice.below(8)).unwrap_or(2)),
        };
        Self {
            every_days: dice.around(11.0, 0.7).clamp(1.5, 90.0),
            weekdays,
            hour,
            channels: [1.0 - in_town - on_app, on_app, in_town],
            patience: dice.unit(),
            temper: dice.around(1.0, 0.4),
            typos: dice.around(1.2, 0.7),
            opens_mail: dice.unit().powf(1.5),
            mail_hour: if dice.chance(0.6) { dice.between(6.0, 9.0) } else { dice.between(17.0, 22.0) },
            // Whoever came long ago and is still there is one of those who stay.
            stays_days: dice.around(if is_old { 420.0 } else { 190.0 }, 0.7),
            likes_plans: dice.between(-2.0, 1.0),
            cups_a_day: if dice.chance(0.14) { dice.around(3.0, 0.4) } else { 0.0 },
            agrees,
            method: dice.weighted(&[0.2, 0.55, 0.25]),
        }
    }
}

/// What turns a life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TurnKind {
    /// To another region: so many further.
    Moved(usize),
    Child,
    LostJob,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) kind: TurnKind,
    pub(crate) day: i64,
}

impl Turn {
    /// One of eight a year.
    pub(super) fn new(dice: &mut Dice, settings: &Settings) -> Option<Self> {
        let after_days = whole(dice.waiting(8.0 * 365.0));
        let kind = match dice.weighted(&[0.5, 0.25, 0.25]) {
            0 => TurnKind::Moved(1 + dice.below(N_REGIONS - 1)),
            1 => TurnKind::Child,
            _ => TurnKind::LostJob,
        };
        let day = settings.first_day() + i64::try_from(after_days).unwrap_or(i64::MAX / 2);
        (after_days < 2 * settings.n_days as usize).then_some(Self { kind, day })
    }
}
