//! Which day is it, and how much is bought on such a day?
//!
//! Demand is a product of what a retailer's planner knows: a trend, the weekday, the season of a department, holidays
//! and the days before them, promotions, and the weather.

use crate::dice::Dice;
use crate::settings::Settings;
use crate::things::{DEPARTMENTS, N_DEPARTMENTS, Season};
use jiff::civil::{Date, date};
use jiff::{Span, ToSpan};
use primitives::Seed;
use std::f64::consts::TAU;

/// Regions whose weather differs; a person lives in one of them.
pub(crate) const N_REGIONS: usize = 6;
/// How much more is bought from Monday to Sunday.
const WEEK: [f64; 7] = [0.95, 0.9, 0.9, 0.95, 1.15, 1.3, 0.85];
/// The company grows by so much a year.
const GROWTH_A_YEAR: f64 = 0.12;
/// A promotion begins on this weekday (0 for Monday) and runs for so many days.
const PROMOTION: (i64, i64) = (3, 6);
/// Weather keeps this much of yesterday's deviation.
const WEATHER_STAYS: f64 = 0.8;
/// So many days back does a day's weather remember.
const WEATHER_DAYS: i64 = 24;

/// A department whose things cost less for some days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Promotion {
    /// Which department.
    pub department: usize,
    /// By how much prices are lower, from 0 to 1.
    pub discount: f64,
}

/// The days of the company.
#[derive(Debug, Clone)]
pub struct Calendar {
    seed: Seed,
    first_day: i64,
}

/// One day, as everybody in the company meets it.
#[derive(Debug, Clone, PartialEq)]
pub struct Today {
    /// Counted from the epoch.
    pub day: i64,
    /// 0 for a Monday.
    pub weekday: usize,
    /// How much is bought of each department beside an ordinary day.
    pub demand: [f64; N_DEPARTMENTS],
    /// How much is bought at all beside an ordinary day.
    pub traffic: f64,
    /// What is cheaper today.
    pub promotions: Vec<Promotion>,
    /// Degrees in each region.
    pub degrees: [f64; N_REGIONS],
    /// Whether shops are closed.
    pub is_holiday: bool,
    /// How much more often a parcel goes wrong than on an ordinary day: before Christmas, and in snow.
    pub trouble: f64,
}

impl Today {
    /// The part of the price that is paid today for a thing of this department.
    #[must_use]
    pub fn price_factor(&self, department: usize) -> f64 {
        let offered = self.promotions.iter().filter(|promotion| promotion.department == department);
        1.0 - offered.map(|promotion| promotion.discount).fold(0.0, f64::max)
    }
}

impl Calendar {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self { seed: settings.seed, first_day: settings.first_day() }
    }

    /// What is special about a day.
    #[must_use]
    pub fn today(&self, day: i64) -> Today {
        let on = civil(day);
        let weekday = weekday(day);
        let promotions = self.promotions(day);
        let degrees = std::array::from_fn(|region| self.degrees(day, region));
        let warmth = (degrees.iter().sum::<f64>() / 6.0 - 11.0) / 10.0;
        let year_share = f64::from(on.day_of_year()) / 365.25;
        let mut demand = std::array::from_fn(|department| {
            let season = match DEPARTMENTS[department].season {
                Season::None => 1.0,
                Season::Peak { at, swing } => 1.0 + swing * (TAU * (year_share - at)).cos(),
                Season::Warm(swing) => (swing * warmth).exp(),
                Season::Gifts(swing) => 1.0 + swing * gift_fever(on),
            };
            season.max(0.1)
        });
        for promotion in &promotions {
            demand[promotion.department] *= 1.0 + 1.8 * promotion.discount;
        }
        #[expect(clippy::cast_precision_loss, reason = "days are counted far below 2^53")]
        let years = (day - self.first_day) as f64 / 365.25;
        let traffic = WEEK[weekday] * (GROWTH_A_YEAR * years).exp() * (1.0 + 0.5 * gift_fever(on)) * black_friday(on);
        let snow = degrees.iter().filter(|degrees| **degrees < -1.0).count();
        #[expect(clippy::cast_precision_loss, reason = "six regions")]
        let trouble = 1.0 + 1.5 * gift_fever(on) + 0.2 * snow as f64;
        Today { day, weekday, demand, traffic, promotions, degrees, is_holiday: is_holiday(on), trouble }
    }

    /// Two departments at a time, for six days, every week.
    fn promotions(&self, day: i64) -> Vec<Promotion> {
        let since = (day - PROMOTION.0 + 3).rem_euclid(7);
        if since >= PROMOTION.1 {
            return Vec::new();
        }
        let week = (day - since).div_euclid(7);
        let mut dice = Dice::new(self.seed, "promotion", week.unsigned_abs());
        let first = dice.below(N_DEPARTMENTS);
        let second = (first + 1 + dice.below(N_DEPARTMENTS - 1)) % N_DEPARTMENTS;
        [first, second].map(|department| Promotion { department, discount: dice.between(0.1, 0.3) }).into()
    }

    /// The year's swing, and a deviation that stays for some days.
    fn degrees(&self, day: i64, region: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "six regions")]
        let (mean, swing) = (7.5 + 1.5 * region as f64, 11.0 - region as f64);
        let year_share = f64::from(civil(day).day_of_year()) / 365.25;
        let shock = |ago: i64| {
            let n = (day - ago).unsigned_abs() * N_REGIONS as u64 + region as u64;
            3.0 * Dice::new(self.seed, "weather", n).bell()
        };
        let deviation = (0..WEATHER_DAYS).rev().fold(0.0, |deviation, ago| WEATHER_STAYS * deviation + shock(ago));
        mean - swing * (TAU * (year_share - 0.05)).cos() + deviation
    }
}

/// 0 for a Monday. The epoch was a Thursday.
pub(crate) fn weekday(day: i64) -> usize {
    usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0)
}

/// The date of a day counted from the epoch.
pub(crate) fn civil(day: i64) -> Date {
    let epoch = date(1970, 1, 1);
    let days = Span::new().try_days(day);
    days.and_then(|days| epoch.checked_add(days)).unwrap_or(epoch)
}

/// How much everybody looks for presents: from 0 to 1, up to Christmas, and a little before the days of mothers and lovers.
fn gift_fever(on: Date) -> f64 {
    let before = |month, day, days: f64| {
        let feast = date(on.year(), month, day);
        let ahead = f64::from(on.until(feast).map_or(-1, |span| span.get_days()));
        if (0.0..days).contains(&ahead) { 1.0 - ahead / days } else { 0.0 }
    };
    let mothers = second_sunday_of_may(on.year());
    before(12, 23, 32.0).max(0.4 * before(2, 14, 9.0)).max(0.5 * before(5, mothers, 10.0))
}

fn second_sunday_of_may(year: i16) -> i8 {
    let first = date(year, 5, 1).weekday().to_sunday_zero_offset();
    if first == 0 { 8 } else { 15 - first }
}

/// The four days from the day after the fourth Thursday of November on.
fn black_friday(on: Date) -> f64 {
    let first = date(on.year(), 11, 1).weekday().to_monday_zero_offset();
    let friday = 23 + (3 - first).rem_euclid(7);
    let friday = date(on.year(), 11, friday);
    let is_on = on >= friday && on < friday + 4.days();
    if is_on { 1.9 } else { 1.0 }
}

fn is_holiday(on: Date) -> bool {
    matches!((on.month(), on.day()), (1, 1 | 6) | (5, 1) | (8, 15) | (10, 26) | (11, 1) | (12, 8 | 25 | 26))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar() -> Calendar {
        Calendar::new(&Settings::new(Seed::new(7), 1, 365).unwrap())
    }

    fn day(year: i16, month: i8, of_month: i8) -> i64 {
        i64::from(date(1970, 1, 1).until(date(year, month, of_month)).unwrap().get_days())
    }

    #[test]
    fn days_have_their_names() {
        assert_eq!(civil(20_779), date(2026, 11, 22));
        assert_eq!(weekday(20_779), 6, "a Sunday");
        assert_eq!(second_sunday_of_may(2026), 10);
        assert_eq!(second_sunday_of_may(2022), 8);
        let busy: Vec<i8> = (1..=30).filter(|of_month| black_friday(date(2026, 11, *of_month)) > 1.0).collect();
        assert_eq!(busy, [27, 28, 29, 30]);
        // Where the month begins with a Friday, it is the last one.
        assert_eq!((black_friday(date(2024, 11, 22)), black_friday(date(2024, 11, 29))), (1.0, 1.9));
        assert!(is_holiday(date(2026, 12, 25)) && !is_holiday(date(2026, 12, 27)));
    }

    #[test]
    fn presents_are_looked_for_ever_more_until_christmas() {
        let fever: Vec<f64> =
            [(11, 15), (12, 1), (12, 20), (12, 23), (12, 24)].map(|(m, d)| gift_fever(date(2026, m, d))).into();
        assert!(fever.windows(2).take(3).all(|pair| pair[0] < pair[1]), "{fever:?}");
        assert_eq!((fever[0], fever[3], fever[4]), (0.0, 1.0, 0.0));
        let calm = calendar().today(day(2026, 7, 1));
        let hectic = calendar().today(day(2026, 12, 16));
        assert!(hectic.traffic > 1.3 * calm.traffic && hectic.trouble > 1.5 * calm.trouble);
    }

    #[test]
    fn a_promotion_lasts_six_days_and_changes_prices_and_demand() {
        let calendar = calendar();
        let of_days: Vec<Vec<Promotion>> = (20_600..20_670).map(|day| calendar.promotions(day)).collect();
        assert_eq!(of_days.iter().filter(|promotions| promotions.is_empty()).count(), 10, "one day of each week");
        assert!(of_days.windows(2).any(|pair| pair[0] == pair[1] && !pair[0].is_empty()));
        let on = (20_600..).find(|day| !calendar.promotions(*day).is_empty()).unwrap();
        let today = calendar.today(on);
        let promotion = today.promotions[0];
        assert_eq!(today.price_factor(promotion.department).to_bits(), (1.0 - promotion.discount).to_bits());
        let other =
            (0..N_DEPARTMENTS).find(|other| today.promotions.iter().all(|one| one.department != *other)).unwrap();
        assert_eq!(today.price_factor(other).to_bits(), 1.0_f64.to_bits());
    }

    #[test]
    fn it_is_warmer_in_summer_and_weather_stays_for_days() {
        let calendar = calendar();
        assert!(calendar.degrees(day(2026, 7, 20), 0) > calendar.degrees(day(2026, 1, 20), 0) + 8.0);
        let of_days: Vec<f64> = (20_500..20_560).map(|day| calendar.degrees(day, 2)).collect();
        let jump = of_days.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum::<f64>() / 59.0;
        assert!((1.0..5.0).contains(&jump), "{jump}");
    }
}
