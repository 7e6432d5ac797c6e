//! Which words do the templates use to format a value? The functions of [`format`](super::super::format), as filters.

#![expect(unreachable_pub, reason = "the attribute that makes a function a filter writes its methods as `pub`")]

use crate::{asset_url, chart::Html, format, json};
use askama::{Result, Values};
use primitives::{Money, Timestamp};

/// `1,234`.
#[askama::filter_fn]
pub(crate) fn count(n: &u64, _: &dyn Values) -> Result<String> {
    Ok(format::count(*n))
}

/// `1 event`, `2 events`.
#[askama::filter_fn]
pub(crate) fn counted(n: &u64, _: &dyn Values, one: &str, many: &str) -> Result<String> {
    Ok(format::counted(*n, one, many))
}

/// The letter that stands in the place of a picture that is gone: the first of a name, as a capital.
#[askama::filter_fn]
pub(crate) fn letter(name: &str, _: &dyn Values) -> Result<String> {
    Ok(name
        .chars()
        .find(|first| first.is_alphanumeric())
        .map(|first| first.to_uppercase().collect())
        .unwrap_or_default())
}

/// `12.3 k`.
#[askama::filter_fn]
pub(crate) fn short(n: &u64, _: &dyn Values) -> Result<String> {
    Ok(format::compact(format::float(*n)))
}

/// A float with as many digits as tell something.
#[askama::filter_fn]
pub(crate) fn number(value: &f64, _: &dyn Values) -> Result<String> {
    Ok(format::number(*value))
}

/// A float with three digits, as metrics and scores are written.
#[askama::filter_fn]
pub(crate) fn metric(value: &f64, _: &dyn Values) -> Result<String> {
    Ok(format::decimal(*value, 3))
}

/// What an item was ranked by: how many bought it, or a model's score.
#[askama::filter_fn]
pub(crate) fn score(value: &f64, _: &dyn Values) -> Result<String> {
    Ok(format::decimal(*value, if value.fract() == 0.0 { 0 } else { 3 }))
}

/// A contribution with its sign.
#[askama::filter_fn]
pub(crate) fn signed(value: &f64, _: &dyn Values) -> Result<String> {
    Ok(format!("{}{}", if *value > 0.0 { "+" } else { "" }, format::decimal(*value, 2)))
}

/// A small difference with its sign.
#[askama::filter_fn]
pub(crate) fn signed_fine(value: &f64, _: &dyn Values) -> Result<String> {
    Ok(format!("{}{}", if *value > 0.0 { "+" } else { "" }, format::decimal(*value, 4)))
}

/// `12.3 %`.
#[askama::filter_fn]
pub(crate) fn percent(share: &f64, _: &dyn Values) -> Result<String> {
    Ok(format::percent(*share))
}

/// `0.42 ms`.
#[askama::filter_fn]
pub(crate) fn latency(ms: &f64, _: &dyn Values) -> Result<String> {
    Ok(format::latency(*ms))
}

/// `1.4 MB`.
#[askama::filter_fn]
pub(crate) fn bytes(n: &u64, _: &dyn Values) -> Result<String> {
    Ok(format::bytes(*n))
}

/// `1,234.50 EUR`.
#[askama::filter_fn]
pub(crate) fn money(amount: &Money, _: &dyn Values) -> Result<String> {
    Ok(format::money(*amount))
}

/// How long ago, as a `<time>` that shows the full moment when the pointer rests on it.
#[askama::filter_fn]
pub(crate) fn ago(at: &Timestamp, _: &dyn Values, now: &Timestamp) -> Result<Html> {
    let (full, text) = (format::date_time(*at), format::ago(*at, *now));
    Ok(Html::drawn(format!("<time datetime=\"{at}\" title=\"{full} UTC\">{text}</time>")))
}

/// `22 Nov 2026`.
#[askama::filter_fn]
pub(crate) fn date(at: &Timestamp, _: &dyn Values) -> Result<String> {
    Ok(format::date(*at))
}

/// `04:52:39`.
#[askama::filter_fn]
pub(crate) fn time(at: &Timestamp, _: &dyn Values) -> Result<String> {
    Ok(format::time(*at))
}

/// `22 Nov 2026, 04:52:39`.
#[askama::filter_fn]
pub(crate) fn date_time(at: &Timestamp, _: &dyn Values) -> Result<String> {
    Ok(format::date_time(*at))
}

/// `Sunday, 22 Nov 2026`.
#[askama::filter_fn]
pub(crate) fn day_heading(at: &Timestamp, _: &dyn Values, now: &Timestamp) -> Result<String> {
    Ok(format::day_heading(*at, *now))
}

/// The beginning of a long identifier.
#[askama::filter_fn]
pub(crate) fn short_id(id: &str, _: &dyn Values) -> Result<String> {
    Ok(format::short_id(id))
}

/// A text as a part of an address.
#[askama::filter_fn]
pub(crate) fn url_part(text: &str, _: &dyn Values) -> Result<String> {
    Ok(format::url_part(text))
}

/// JSON, indented and coloured.
#[askama::filter_fn]
pub(crate) fn pretty_json(text: &str, _: &dyn Values) -> Result<Html> {
    Ok(Html::drawn(json::to_html(text)))
}

/// The address of an asset with its version.
#[askama::filter_fn]
pub(crate) fn asset(path: &str, _: &dyn Values) -> Result<String> {
    Ok(asset_url(path))
}
