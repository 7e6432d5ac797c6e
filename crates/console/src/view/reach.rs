//! How does an interval around 0 look, in a picture and in words?

use crate::chart::Html;
use crate::format;

/// The picture of an interval is so wide.
const WIDTH: f64 = 240.0;
/// What is beyond this is cut, and what is within this is drawn no wider.
const SHARE_MAX: f64 = 2.0;
const SHARE_MIN: f64 = 0.05;

/// A value with the two ends of its interval.
pub(super) type Interval = (f64, f64, f64);

/// How it is coloured where more is good.
pub(super) fn mood(interval: Option<Interval>) -> &'static str {
    match interval {
        Some((_, low, _)) if low > 0.0 => "good",
        Some((_, _, high)) if high < 0.0 => "bad",
        _ => "plain",
    }
}

/// How far the pictures of these intervals reach to either side, so that they can be compared.
pub(super) fn reach(intervals: impl Iterator<Item = Interval>) -> f64 {
    let ends = intervals.map(|(_, low, high)| low.abs().max(high.abs())).filter(|end| end.is_finite());
    ends.fold(SHARE_MIN, f64::max).min(SHARE_MAX)
}

/// An interval as a bar around 0.
pub(super) fn picture((value, low, high): Interval, reach: f64, mood: &str) -> Html {
    let at = |share: f64| WIDTH / 2.0 * (1.0 + share.clamp(-reach, reach) / reach * 0.96);
    let (from, to, middle) = (at(low), at(high), at(value));
    let (zero, width) = (WIDTH / 2.0, (to - from).max(1.0));
    let words = format::escape(&signed_range(&low, &high));
    Html::drawn(format!(
        "<svg class=\"reach\" viewBox=\"0 0 {WIDTH} 20\" width=\"{WIDTH}\" height=\"20\" role=\"img\" aria-label=\"{words}\">\
         <path class=\"reach-zero\" d=\"M{zero:.1} 0V20\"/><rect class=\"reach-bar {mood}\" x=\"{from:.1}\" y=\"7\" \
         width=\"{width:.1}\" height=\"6\" rx=\"3\"/><circle class=\"reach-dot {mood}\" cx=\"{middle:.1}\" cy=\"10\" r=\"5\"/></svg>"
    ))
}

/// `+4.0 %`.
pub(super) fn signed(share: &f64) -> String {
    let sign = if *share < 0.0 { "−" } else { "+" };
    format!("{sign}{}", format::percent(share.abs()))
}

/// `+4.0 points`: of a share that is told in percent.
pub(super) fn points(share: &f64) -> String {
    signed(share).replace(" %", " points")
}

/// `+1.2 % to +6.9 %`.
pub(super) fn signed_range(low: &f64, high: &f64) -> String {
    format!("{} to {}", signed(low), signed(high))
}

/// An amount with its sign, without a unit: `−1,234`.
pub(super) fn signed_amount(amount: &f64) -> String {
    let sign = if *amount < 0.0 { "−" } else { "" };
    format!("{sign}{}", format::amount(amount.abs(), None))
}
