//! When did a row happen, and how far are all times moved?

use super::file::{Shift, TimeFile};
use super::names::{Names, Scope};
use super::{MappingError, Row};
use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};
use primitives::{DAY_MS, Timestamp};
use std::collections::HashMap;

/// Times are remembered by their text, up to so many.
const REMEMBERED_MAX: usize = 50_000;

/// How the mapping tells the time of a row.
#[derive(Debug)]
pub(crate) struct TimeRule {
    pub(super) slots: Vec<usize>,
    format: Format,
    zone: TimeZone,
    time_of_day: Time,
    pub(super) shift: Option<Shift>,
    data_ends: Option<Date>,
}

#[derive(Debug)]
enum Format {
    Rfc3339,
    Seconds,
    Millis,
    Pattern(String),
}

/// Reads times by a rule and moves them by whole weeks or days.
#[derive(Debug)]
pub(crate) struct TimeReader<'m> {
    rule: &'m TimeRule,
    days: i64,
    /// No row may be at or after this, before the move.
    before: Option<DateTime>,
    remembered: HashMap<String, Timestamp>,
    text: String,
}

/// Finds the latest time of a source, for the move to the present.
#[derive(Debug, Default)]
pub(crate) struct LatestTime(Option<DateTime>);

impl TimeRule {
    pub(super) fn compile(file: &TimeFile, names: &mut Names, scope: &Scope) -> Result<Self, MappingError> {
        let columns = file.column.names();
        if columns.is_empty() {
            return Err(scope.key("column").error("it names no column", "name the column of the time"));
        }
        let key = scope.key("column");
        let slots = columns.iter().map(|column| names.slot(column, &key)).collect::<Result<Vec<_>, _>>()?;
        let zone = match file.zone.as_deref() {
            None => TimeZone::UTC,
            Some(zone) => TimeZone::get(zone).map_err(|_| {
                scope
                    .key("zone")
                    .error(format!("{zone:?} is not a time zone"), "give an IANA name such as Europe/Paris")
            })?,
        };
        let time_of_day = match file.time_of_day.as_deref() {
            None => Time::midnight(),
            Some(time) => time.parse().map_err(|_| {
                scope.key("time_of_day").error(format!("{time:?} is not a time of day"), "write it as \"12:00\"")
            })?,
        };
        let data_ends = file.data_ends.as_deref().map(|date| {
            date.parse().map_err(|_| {
                scope.key("data_ends").error(format!("{date:?} is not a date"), "write it as \"2001-02-28\"")
            })
        });
        let shift = file.shift;
        if data_ends.is_some() && shift.is_none() {
            let advice = "add shift = \"whole-weeks-to-now\" or \"whole-days-to-now\", or leave it out";
            return Err(scope.key("data_ends").error("it says nothing without a shift", advice));
        }
        let format = Format::compile(file.format.as_deref(), &scope.key("format"))?;
        Ok(Self { slots, format, zone, time_of_day, shift, data_ends: data_ends.transpose()? })
    }

    /// Whether the latest time of the source has to be found before the first row can be mapped.
    pub(crate) fn needs_latest(&self) -> bool {
        self.shift.is_some() && self.data_ends.is_none()
    }

    /// A reader of times that moves them so that the data ends within the last week before `now`, or within the last day: where
    /// the data has days only, the last of them ends at the hour that every row is given.
    pub(crate) fn reader(&self, now: Timestamp, latest: &LatestTime) -> TimeReader<'_> {
        let declared =
            self.data_ends.and_then(|date| date.tomorrow().ok()).map(|next| next.to_datetime(Time::midnight()));
        // An event at the very last moment happened; one at `before` did not.
        let just_after = |moment: DateTime| moment.checked_add(1.millisecond()).ok();
        let found = latest.0.and_then(just_after);
        let before = self.shift.and(declared.or(found));
        let last = match (self.shift, self.data_ends) {
            (Some(Shift::WholeDays), Some(date)) if self.format.has_days_only() => {
                just_after(date.to_datetime(self.time_of_day))
            }
            _ => before,
        };
        let step = self.shift.map_or(1, Shift::step_days);
        let days = last.map_or(0, |last| {
            let utc_millis =
                |civil: DateTime| civil.to_zoned(TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_millisecond());
            let now = jiff::Timestamp::from_millisecond(now.as_millis()).unwrap_or_default();
            let now = now.to_zoned(self.zone.clone()).datetime();
            (utc_millis(now) - utc_millis(last)).div_euclid(step * DAY_MS) * step
        });
        TimeReader { rule: self, days, before, remembered: HashMap::new(), text: String::new() }
    }

    fn join(slots: &[usize], row: &Row, text: &mut String) {
        text.clear();
        for slot in slots {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(row.cell(*slot));
        }
    }

    /// The time by the calendar and the clock of the zone.
    fn civil(&self, text: &str) -> Result<DateTime, String> {
        let of_zone = |moment: jiff::Timestamp| moment.to_zoned(self.zone.clone()).datetime();
        let epoch = |per_second: f64| {
            let millis = text.parse::<f64>().ok().filter(|number| number.is_finite())? * (1_000.0 / per_second);
            #[expect(
                clippy::cast_possible_truncation,
                reason = "out of range becomes the largest value, which is refused"
            )]
            jiff::Timestamp::from_millisecond(millis.round() as i64).ok().map(of_zone)
        };
        if text.is_empty() {
            return Err("the time is blank".to_owned());
        }
        match &self.format {
            Format::Seconds => epoch(1.0).ok_or_else(|| format!("{text:?} is not a number of seconds since 1970")),
            Format::Millis => {
                epoch(1_000.0).ok_or_else(|| format!("{text:?} is not a number of milliseconds since 1970"))
            }
            Format::Rfc3339 => text
                .parse::<jiff::Timestamp>()
                .map(of_zone)
                .or_else(|_| text.parse::<DateTime>())
                .or_else(|_| text.parse::<Date>().map(|date| date.to_datetime(self.time_of_day)))
                .map(|civil| if text.len() <= 10 { civil.date().to_datetime(self.time_of_day) } else { civil })
                .map_err(|_| {
                    format!("{text:?} is not a time such as 2026-11-22T10:00:00Z: give the mapping's [time] format")
                }),
            Format::Pattern(pattern) => {
                let wrong = |_| format!("{text:?} is not a time of the format {pattern:?}");
                let parts = BrokenDownTime::parse(pattern, text).map_err(wrong)?;
                if parts.offset().is_some() || parts.timestamp().is_some() {
                    return parts.to_timestamp().map(of_zone).map_err(wrong);
                }
                let date = parts.to_date().map_err(wrong)?;
                let time = if parts.hour().is_none() { self.time_of_day } else { parts.to_time().map_err(wrong)? };
                Ok(date.to_datetime(time))
            }
        }
    }
}

impl Format {
    fn compile(format: Option<&str>, scope: &Scope) -> Result<Self, MappingError> {
        match format {
            None | Some("rfc3339") => Ok(Self::Rfc3339),
            Some("epoch-seconds") => Ok(Self::Seconds),
            Some("epoch-milliseconds") => Ok(Self::Millis),
            Some(pattern) => {
                let advice = "use rfc3339, epoch-seconds, epoch-milliseconds or a pattern such as %m/%d/%Y";
                // A pattern that cannot write a date cannot read one either.
                let known = jiff::fmt::strtime::format(pattern, &jiff::Zoned::default());
                if !pattern.contains('%') || known.is_err() {
                    return Err(scope.error(format!("{pattern:?} is not a format"), advice));
                }
                Ok(Self::Pattern(pattern.to_owned()))
            }
        }
    }
}

impl Format {
    /// Whether it leaves the hour out.
    fn has_days_only(&self) -> bool {
        let Self::Pattern(pattern) = self else { return false };
        let at = |hour| {
            let moment = jiff::civil::date(2001, 2, 3).at(hour, 0, 0, 0).to_zoned(TimeZone::UTC).ok()?;
            jiff::fmt::strtime::format(pattern, &moment).ok()
        };
        at(4) == at(17)
    }
}

impl TimeReader<'_> {
    /// By how many days times are moved.
    pub(crate) fn days(&self) -> i64 {
        self.days
    }

    /// The moment a row happened.
    pub(crate) fn read(&mut self, row: &Row) -> Result<Timestamp, String> {
        let rule = self.rule;
        self.read_slots(&rule.slots, row)
    }

    /// The moment that other columns of the row show, in the same format.
    pub(crate) fn read_slots(&mut self, slots: &[usize], row: &Row) -> Result<Timestamp, String> {
        if let [slot] = slots
            && let Some(known) = self.remembered.get(row.cell(*slot))
        {
            return Ok(*known);
        }
        let mut text = std::mem::take(&mut self.text);
        TimeRule::join(slots, row, &mut text);
        let moment = self.moment(&text);
        if let Ok(moment) = &moment {
            if self.remembered.len() >= REMEMBERED_MAX {
                self.remembered.clear();
            }
            self.remembered.insert(text.clone(), *moment);
        }
        self.text = text;
        moment
    }

    /// The text of the row's own time, as it stands in the file.
    pub(super) fn raw<'r>(&self, row: &'r Row) -> impl Iterator<Item = &'r str> {
        self.rule.slots.iter().map(|slot| row.cell(*slot))
    }

    fn moment(&self, text: &str) -> Result<Timestamp, String> {
        let civil = self.rule.civil(text)?;
        if let Some(before) = self.before
            && civil >= before
        {
            return Err(format!("the time {text:?} is after the end of the data, {before}: correct data_ends"));
        }
        let too_far = |_| format!("the time {text:?} is outside the years 1970 to 9999");
        let moved = civil.checked_add(Span::new().try_days(self.days).map_err(too_far)?).map_err(too_far)?;
        let zoned = moved.to_zoned(self.rule.zone.clone()).map_err(too_far)?;
        let moment = Timestamp::from_millis(zoned.timestamp().as_millisecond());
        if (Timestamp::MIN..=Timestamp::MAX).contains(&moment) {
            return Ok(moment);
        }
        Err(format!("the time {text:?} is outside the years 1970 to 9999"))
    }
}

impl LatestTime {
    /// Takes the time of one more row into account; a time that cannot be read is left for the reading itself.
    pub(crate) fn see(&mut self, rule: &TimeRule, row: &Row) {
        let mut text = String::new();
        TimeRule::join(&rule.slots, row, &mut text);
        if let Ok(civil) = rule.civil(&text) {
            self.0 = self.0.max(Some(civil));
        }
    }
}
