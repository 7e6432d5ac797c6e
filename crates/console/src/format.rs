//! How are numbers, money and times written for people? The same way on every page.

use primitives::{Currency, DAY_MS, HOUR_MS, Money, Timestamp};

const MINUTE_MS: i64 = 60_000;
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// What stands where there is no value.
pub const NONE: &str = "–";

/// A whole number with separators: `1,234,567`.
#[must_use]
pub fn count(n: u64) -> String {
    separated(&n.to_string())
}

/// A number with its count in words: `1 event`, `2 events`.
#[must_use]
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// A number with a fixed number of digits after the point and separators before it; [`NONE`] where it is not finite.
#[must_use]
pub fn decimal(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    let text = format!("{:.digits$}", value.abs());
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    // A number that rounds to nought has no sign.
    let sign = if value < 0.0 && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) { "−" } else { "" };
    if rest.is_empty() { format!("{sign}{}", separated(whole)) } else { format!("{sign}{}.{rest}", separated(whole)) }
}

/// A number of unknown size with the digits that tell something: `12,345`, `12.3`, `0.0123`; whole numbers stay whole.
#[must_use]
pub fn number(value: f64) -> String {
    let size = value.abs();
    let digits = if value.fract().abs() < 1e-9 || size >= 1_000.0 {
        0
    } else if size >= 10.0 {
        1
    } else if size >= 0.1 {
        2
    } else if size >= 0.001 {
        4
    } else {
        6
    };
    decimal(value, digits)
}

/// A share as a percentage with one digit: `12.3 %`; whole from 10 % where the digit is nought.
#[must_use]
pub fn percent(share: f64) -> String {
    if !share.is_finite() {
        return NONE.to_owned();
    }
    let text = decimal(share * 100.0, 1);
    format!("{} %", text.strip_suffix(".0").unwrap_or(&text))
}

/// `part` of `whole` as a percentage; [`NONE`] where there is no whole.
#[must_use]
pub fn percent_of(part: u64, whole: u64) -> String {
    if whole == 0 { NONE.to_owned() } else { percent(float(part) / float(whole)) }
}

/// A count as a float, for shares and charts.
#[must_use]
pub fn float(n: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "shown with at most a few digits")]
    let value = n as f64;
    value
}

/// An amount with separators and its currency's digits: `1,234.50 EUR`.
#[must_use]
pub fn money(amount: Money) -> String {
    format!("{} {}", decimal(amount.to_major(), amount.currency.digits() as usize), amount.currency)
}

/// An expected amount in major units, with its currency where one is known: `123.40 EUR`, `1,234 EUR`, `1,234`. From a
/// thousand on, nobody expects to the cent.
#[must_use]
pub fn amount(value: f64, currency: Option<Currency>) -> String {
    let digits = currency.map_or(2, |currency| currency.digits() as usize);
    let number = decimal(value, if value.abs() < 1_000.0 { digits } else { 0 });
    currency.map_or_else(|| number.clone(), |currency| format!("{number} {currency}"))
}

/// An amount as short as a card needs it: `1.23 M TWD`; below 10,000 in full without the minor unit.
#[must_use]
pub fn money_short(amount: Money) -> String {
    format!("{} {}", compact(amount.to_major()), amount.currency)
}

/// A large number in three digits: `9,876`, `12.3 k`, `4.56 M`.
#[must_use]
pub fn compact(value: f64) -> String {
    let size = value.abs();
    if size < 10_000.0 || !size.is_finite() {
        return decimal(value, 0);
    }
    // What would be rounded up to a thousand of a unit is written in the next one.
    let (divisor, unit) = [(1e3, "k"), (1e6, "M"), (1e9, "bn")]
        .into_iter()
        .find(|(divisor, _)| size < divisor * 999.5)
        .unwrap_or((1e12, "tn"));
    let scaled = value / divisor;
    let digits = if scaled.abs() >= 99.95 {
        0
    } else if scaled.abs() >= 9.995 {
        1
    } else {
        2
    };
    format!("{} {unit}", decimal(scaled, digits))
}

/// A size in bytes: `512 B`, `1.4 MB` (a thousand bytes to the kilobyte, as disks are sold).
#[must_use]
pub fn bytes(n: u64) -> String {
    if n < 1_000 {
        return format!("{n} B");
    }
    let mut value = float(n);
    for unit in ["kB", "MB", "GB", "TB", "PB"] {
        value /= 1_000.0;
        if value < 999.5 {
            return format!("{} {unit}", decimal(value, usize::from(value < 9.95)));
        }
    }
    format!("{} EB", decimal(value / 1_000.0, 0))
}

/// How long something took: `0.42 ms`, `12 ms`, `1.5 s`.
#[must_use]
pub fn latency(ms: f64) -> String {
    if !ms.is_finite() {
        NONE.to_owned()
    } else if ms < 10.0 {
        format!("{} ms", decimal(ms, 2))
    } else if ms < 1_000.0 {
        format!("{} ms", decimal(ms, 0))
    } else {
        format!("{} s", decimal(ms / 1_000.0, 1))
    }
}

/// A span of time in its two largest units: `3 d 4 h`, `12 min`, `8 s`.
#[must_use]
pub fn duration(ms: i64) -> String {
    let ms = ms.max(0);
    let (days, hours) = (ms / DAY_MS, ms % DAY_MS / HOUR_MS);
    let (minutes, seconds) = (ms % HOUR_MS / MINUTE_MS, ms % MINUTE_MS / 1_000);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, 0) => format!("{hours} h"),
        (0, ..) => format!("{hours} h {minutes} min"),
        (_, 0, _) => format!("{} d", count(days.unsigned_abs())),
        _ => format!("{} d {hours} h", count(days.unsigned_abs())),
    }
}

/// How long ago a moment was: `now`, `12 s ago`, `3 min ago`, `5 h ago`, `2 days ago`; the date from 30 days on.
/// A moment in the future is `in 3 min`.
#[must_use]
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    let ms = now.millis_since(at);
    let size = ms.abs();
    let text = match size {
        0..2_000 => return "now".to_owned(),
        2_000..MINUTE_MS => format!("{} s", size / 1_000),
        MINUTE_MS..HOUR_MS => format!("{} min", size / MINUTE_MS),
        HOUR_MS..DAY_MS => format!("{} h", size / HOUR_MS),
        _ if size < 2 * DAY_MS => "1 day".to_owned(),
        _ if size < 30 * DAY_MS => format!("{} days", size / DAY_MS),
        _ => return date(at),
    };
    if ms < 0 { format!("in {text}") } else { format!("{text} ago") }
}

/// The day in UTC: `22 Nov 2026`.
#[must_use]
pub fn date(at: Timestamp) -> String {
    let text = at.date();
    let mut parts = text.split('-');
    let (Some(year), Some(month), Some(day)) = (parts.next(), parts.next(), parts.next()) else { return text };
    let name = month.parse::<usize>().ok().and_then(|n| MONTHS.get(n.wrapping_sub(1)));
    match name {
        Some(name) => format!("{} {name} {year}", day.trim_start_matches('0')),
        None => text,
    }
}

/// The day without its year: `22 Nov`.
#[must_use]
pub fn day_month(at: Timestamp) -> String {
    let text = date(at);
    text.rsplit_once(' ').map_or_else(|| text.clone(), |(day, _)| day.to_owned())
}

/// About five of the days under a chart, among them the first and the last.
#[must_use]
pub fn ticks(days: &[Timestamp]) -> Vec<String> {
    let last = days.len().saturating_sub(1);
    // As far from one another as they stand, where that can be.
    let parts = [4, 3, 5, 2].into_iter().find(|parts| last.is_multiple_of(*parts)).unwrap_or(4).min(last);
    (0..=parts).filter_map(|i| days.get(last * i / parts.max(1))).map(|day| day_month(*day)).collect()
}

/// The day with its weekday, or `Today` and `Yesterday`: `Sunday, 22 Nov 2026`.
#[must_use]
pub fn day_heading(at: Timestamp, now: Timestamp) -> String {
    match now.day() - at.day() {
        0 => "Today".to_owned(),
        1 => "Yesterday".to_owned(),
        _ => {
            let weekday = WEEKDAYS.get(usize::from(at.hour_of_week() / 24)).unwrap_or(&"");
            format!("{weekday}, {}", date(at))
        }
    }
}

/// Days on which nothing was to be learned: `no orders from 12 Nov 2026 to 19 Nov 2026, where about 3,200 are usual`.
#[must_use]
pub fn gap(from: Timestamp, until: Timestamp, n_orders: u64, n_usual: u64) -> String {
    let what = match n_orders {
        0 => "no orders".to_owned(),
        n => format!("only {}", counted(n, "order", "orders")),
    };
    let (first, last) = (date(from), date(Timestamp::from_millis(until.as_millis() - 1)));
    let when = if first == last { format!("on {first}") } else { format!("from {first} to {last}") };
    format!("{what} {when}, where about {} are usual", count(n_usual))
}

/// The time of day in UTC: `04:52:39`.
#[must_use]
pub fn time(at: Timestamp) -> String {
    at.to_string().chars().skip(11).take(8).collect()
}

/// Day and time in UTC: `22 Nov 2026, 04:52:39`.
#[must_use]
pub fn date_time(at: Timestamp) -> String {
    format!("{}, {}", date(at), time(at))
}

/// The beginning of a long identifier: 12 characters, then an ellipsis.
#[must_use]
pub fn short_id(id: &str) -> String {
    if id.chars().count() <= 14 { id.to_owned() } else { id.chars().take(12).chain(['…']).collect() }
}

/// The address of a page with what it is asked for: what says nothing is left out.
#[must_use]
pub fn address(path: &str, asked: &[(&str, &str)]) -> String {
    let said = asked.iter().filter(|(_, value)| !value.is_empty());
    let query: Vec<String> = said.map(|(name, value)| format!("{name}={}", url_part(value))).collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

/// A text as one segment of a path or one value of a query: everything but letters, digits and `-._~` is escaped.
#[must_use]
pub fn url_part(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    // A segment of dots alone would climb up the path.
    if matches!(escaped.as_str(), "." | "..") { escaped.replace('.', "%2E") } else { escaped }
}

/// A text with the five characters that mean something in HTML and SVG replaced.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}

fn separated(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Currency;

    fn same(cases: &[(String, &str)]) {
        for (found, expected) in cases {
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn five_days_stand_under_a_chart() {
        let days = |n: i64| -> Vec<Timestamp> { (0..n).map(|day| Timestamp::from_millis(0).plus_days(day)).collect() };
        assert_eq!(ticks(&days(30)), ["1 Jan", "8 Jan", "15 Jan", "22 Jan", "30 Jan"]);
        assert_eq!(ticks(&days(3)), ["1 Jan", "2 Jan", "3 Jan"]);
        assert_eq!(ticks(&days(7)), ["1 Jan", "3 Jan", "5 Jan", "7 Jan"]);
        assert_eq!((ticks(&days(1)), ticks(&[]).len()), (vec!["1 Jan".to_owned()], 0));
    }

    #[test]
    fn numbers_have_separators_and_only_the_digits_that_tell_something() {
        same(&[
            (count(0), "0"),
            (count(999), "999"),
            (count(1_000), "1,000"),
            (count(1_234_567), "1,234,567"),
            (counted(1, "event", "events"), "1 event"),
            (counted(1_200, "event", "events"), "1,200 events"),
            (decimal(-1234.567, 2), "−1,234.57"),
            (decimal(-0.001, 2), "0.00"),
            (decimal(f64::NAN, 2), "–"),
            (number(12_345.678), "12,346"),
            (number(42.0), "42"),
            (number(12.34), "12.3"),
            (number(0.5), "0.50"),
            (number(0.0123), "0.0123"),
            (number(f64::INFINITY), "–"),
            (compact(9_999.0), "9,999"),
            (compact(12_345.0), "12.3 k"),
            (compact(999_900.0), "1.00 M"),
            (compact(4_560_000.0), "4.56 M"),
            (compact(-23_400_000_000.0), "−23.4 bn"),
            (compact(1.5e15), "1,500 tn"),
        ]);
    }

    #[test]
    fn shares_money_sizes_and_latencies() {
        let twd = |minor| Money { minor, currency: Currency::parse("TWD").unwrap() };
        let jpy = Money { minor: 1_234, currency: Currency::parse("JPY").unwrap() };
        same(&[
            (percent(0.1234), "12.3 %"),
            (percent(1.0), "100 %"),
            (percent(f64::NAN), "–"),
            (percent_of(1, 4), "25 %"),
            (percent_of(1, 0), "–"),
            (money(twd(123_450)), "1,234.50 TWD"),
            (money(twd(-5)), "−0.05 TWD"),
            (money(jpy), "1,234 JPY"),
            (money_short(twd(123_456_789)), "1.23 M TWD"),
            (bytes(999), "999 B"),
            (bytes(1_400), "1.4 kB"),
            (bytes(999_900), "1.0 MB"),
            (bytes(52_000_000_000), "52 GB"),
            (latency(0.418), "0.42 ms"),
            (latency(12.4), "12 ms"),
            (latency(1_540.0), "1.5 s"),
            (latency(f64::NAN), "–"),
        ]);
    }

    #[test]
    fn times_are_told_the_way_people_tell_them() {
        let now = Timestamp::parse("2026-11-22T12:00:00Z").unwrap();
        let before = |ms: i64| Timestamp::from_millis(now.as_millis() - ms);
        same(&[
            (ago(now, now), "now"),
            (ago(before(12_000), now), "12 s ago"),
            (ago(before(3 * MINUTE_MS + 1), now), "3 min ago"),
            (ago(before(HOUR_MS), now), "1 h ago"),
            (ago(before(DAY_MS), now), "1 day ago"),
            (ago(before(29 * DAY_MS), now), "29 days ago"),
            (ago(before(30 * DAY_MS), now), "23 Oct 2026"),
            (ago(before(-3 * MINUTE_MS), now), "in 3 min"),
            (date(Timestamp::parse("2026-01-05").unwrap()), "5 Jan 2026"),
            (day_month(now), "22 Nov"),
            (day_heading(now, now), "Today"),
            (day_heading(before(DAY_MS), now), "Yesterday"),
            (day_heading(before(2 * DAY_MS), now), "Friday, 20 Nov 2026"),
            (date_time(now), "22 Nov 2026, 12:00:00"),
            (duration(-5), "0 s"),
            (duration(8_400), "8 s"),
            (duration(12 * MINUTE_MS), "12 min"),
            (duration(4 * HOUR_MS + 5 * MINUTE_MS), "4 h 5 min"),
            (duration(3 * DAY_MS + 4 * HOUR_MS), "3 d 4 h"),
        ]);
    }

    #[test]
    fn gaps_are_told_with_their_days_and_what_is_missing() {
        let day = |n| Timestamp::from_millis(0).plus_days(n);
        let told = |from, until, n_orders| gap(day(from), day(until), n_orders, 3_200);
        same(&[
            (told(0, 8, 0), "no orders from 1 Jan 1970 to 8 Jan 1970, where about 3,200 are usual"),
            (told(2, 3, 1), "only 1 order on 3 Jan 1970, where about 3,200 are usual"),
            (told(2, 4, 7), "only 7 orders from 3 Jan 1970 to 4 Jan 1970, where about 3,200 are usual"),
        ]);
    }

    #[test]
    fn identifiers_are_safe_in_addresses_and_in_html() {
        same(&[
            (url_part("anonymous:a b/ü"), "anonymous%3Aa%20b%2F%C3%BC"),
            (url_part(".."), "%2E%2E"),
            (url_part("a.b"), "a.b"),
            (escape("<a href=\"x\">'&"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;"),
            (address("/events", &[("q", "")]), "/events"),
            (address("/events", &[("q", "a&b"), ("name", ""), ("n", "2")]), "/events?q=a%26b&n=2"),
            (short_id("019ab3f2c1d4e5f60718"), "019ab3f2c1d4…"),
            (short_id("42"), "42"),
        ]);
    }
}
