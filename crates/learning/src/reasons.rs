//! How is a score's reason said in words? One phrase per feature, with its value and what it added.

mod channels;

use crate::Contribution;
use features::{Catalogue, Definition, FeatureId};
use primitives::{Currency, Money};

/// A contribution in words: `no order for 41 days (+0.8)`. The number is what the feature added, in log-odds: above 0 it
/// speaks for the outcome, below 0 against it. Amounts are in a currency, where it is known.
#[must_use]
pub fn text(catalogue: &Catalogue, feature: &str, value: f64, contribution: f64, currency: Option<Currency>) -> String {
    with_number(phrase(catalogue, feature, value, currency), contribution)
}

/// What was said, with what it added at its end.
#[must_use]
pub fn with_number(said: String, contribution: f64) -> String {
    format!("{said} ({contribution:+.1})")
}

/// What was said, without what it added at its end.
#[must_use]
pub fn without_number(text: &str) -> &str {
    let is_number = |end: &str| {
        let number = end.strip_suffix(')').and_then(|end| end.strip_prefix(['+', '-', '−']));
        number.is_some_and(|number| number.parse::<f64>().is_ok())
    };
    match text.rsplit_once(" (") {
        Some((said, end)) if is_number(end) => said,
        _ => text,
    }
}

/// A contribution in words, with what else of the customer helps to understand it:
/// `no order for 41 days, usual pause 12 days (+0.8)`. `features` are the model's, `values` those of the customer, who pays
/// in `currency`.
#[must_use]
pub fn text_of(
    catalogue: &Catalogue,
    features: &[FeatureId],
    values: &[f64],
    contribution: &Contribution,
    currency: Option<Currency>,
) -> String {
    with_number(said_of(catalogue, features, values, contribution, currency), contribution.contribution)
}

/// The same without the number at its end: several features can say one thing.
#[must_use]
pub fn said_of(
    catalogue: &Catalogue,
    features: &[FeatureId],
    values: &[f64],
    contribution: &Contribution,
    currency: Option<Currency>,
) -> String {
    let name = features.get(contribution.feature_idx).map_or("", |feature| &*feature.name);
    let beside = match name {
        "recency_days" | "last_seen_days" => ("gap_mean_days", "usual pause"),
        "gap_max_days" => ("recency_days", "now"),
        _ => ("", ""),
    };
    let place = |name: &str| features.iter().position(|feature| &*feature.name == name);
    let of = |name: &str| place(name).and_then(|place| values.get(place)).copied();
    let few = |n_orders| of_few_orders(name, contribution.value, n_orders, currency);
    if let Some(said) = of("orders_all").and_then(few) {
        return said;
    }
    let said = phrase(catalogue, name, contribution.value, currency);
    match of(beside.0).filter(|value| value.is_finite()) {
        Some(usual) => format!("{said}, {} {}", beside.1, days(usual)),
        None => said,
    }
}

/// What a feature says where there is only one order, or one pause between two: no average, no habit and no favourite.
fn of_few_orders(feature: &str, value: f64, n_orders: f64, currency: Option<Currency>) -> Option<String> {
    const NO_RHYTHM: &str = "a single order, so there is no usual pause yet";
    if n_orders > 1.5 {
        let is_one_pause = n_orders < 2.5 && matches!(feature, "gap_last_ratio" | "gap_sd_days");
        return is_one_pause.then(|| "two orders, so there is only one pause between orders yet".to_owned());
    }
    if n_orders < 0.5 {
        return None;
    }
    let was = |is: &str, is_not: &str| {
        let word = if value > 0.5 { is } else { is_not };
        value.is_finite().then(|| format!("the single order was {word}"))
    };
    match feature {
        "gap_mean_days" | "gap_sd_days" | "gap_max_days" | "lateness_ratio" | "gap_last_ratio" => {
            Some(NO_RHYTHM.to_owned())
        }
        "weekend_share" => was("at the weekend (UTC)", "not at the weekend (UTC)"),
        "evening_share" => was("in the evening (UTC)", "not in the evening (UTC)"),
        "night_share" => was("at night (UTC)", "not at night (UTC)"),
        "weekday_top_share" => Some("a single order, so there is no favourite weekday yet".to_owned()),
        // So few orders in so much time, and not a pace.
        "orders_per_30d" if value > 0.0 => {
            let per_day = 30.0 / value;
            Some(if per_day > 7.05 {
                format!("a single order in {}", days(per_day))
            } else {
                "a single order, in the last week".to_owned()
            })
        }
        "lines_mean" if value.is_finite() => {
            Some(format!("{} in the single order", counted(value, "product", "products")))
        }
        "order_value_mean" | "order_value_last" if value.is_finite() => {
            Some(format!("{} spent in the single order", money(value, currency)))
        }
        "category_top_share" if value.is_finite() => {
            Some(format!("{} of the single order in one category", percent(value)))
        }
        "item_top_share" if value.is_finite() => Some(format!("{} of the single order are one item", percent(value))),
        _ => None,
    }
}

/// What a feature's value says of a customer, in words.
#[must_use]
pub fn phrase(catalogue: &Catalogue, feature: &str, value: f64, currency: Option<Currency>) -> String {
    let Some(definition) = catalogue.get(feature) else { return format!("{feature}: {}", number(value)) };
    if !value.is_finite() {
        return format!("{}: not known", lower_first(&definition.meaning));
    }
    special(feature, value, currency).unwrap_or_else(|| plain(definition, value, currency))
}

/// The phrases of features that read better as a sentence of their own.
fn special(feature: &str, value: f64, currency: Option<Currency>) -> Option<String> {
    Some(match feature {
        "recency_days" => format!("no order for {}", days(value)),
        "last_seen_days" => format!("not seen for {}", days(value)),
        "tenure_days" => format!("customer for {}", days(value)),
        "known_days" => format!("known for {}", days(value)),
        "gap_mean_days" => format!("usual pause between orders {}", days(value)),
        "gap_max_days" => format!("longest pause between orders {}", days(value)),
        "gap_sd_days" => format!("pauses between orders vary by {}", days(value)),
        "lateness_ratio" => beside_usual(
            value,
            ["has only just ordered, beside the usual pause", "as long since the last order as the usual pause"],
            |share| format!("{share} of the usual pause has passed since the last order"),
            |times| format!("{times} times the usual pause since the last order"),
        ),
        "recency_tenure_ratio" if value > 0.9995 => "no order since the first one".to_owned(),
        "recency_tenure_ratio" => format!("the last {} of the time as a customer without an order", percent(value)),
        "gap_last_ratio" => beside_usual(
            value,
            ["the last pause was next to nothing beside the usual one", "the last pause was as long as the usual one"],
            |share| format!("the last pause was {share} of the usual one"),
            |times| format!("the last pause was {times} times the usual one"),
        ),
        "orders_all" => format!("{} ever", counted(value, "order", "orders")),
        "refunds_all" => format!("{} ever", counted(value, "refund", "refunds")),
        "orders_per_30d" => format!("{} in 30 days on average", counted(value, "order", "orders")),
        "orders_trend_30d" => trend(value, &counted(value.abs(), "order", "orders"), ["more", "fewer"]),
        "revenue_trend_30d" => trend(value, &money(value.abs(), currency), ["more spent", "less spent"]),
        "lines_mean" => format!("{} in an order on average", counted(value, "product", "products")),
        "order_value_mean" => format!("{} spent in an order on average", money(value, currency)),
        "order_value_last" => format!("{} spent in the last order", money(value, currency)),
        "n_categories" => format!("bought from {}", counted(value, "category", "different categories")),
        "n_items" => format!("bought {}", counted(value, "item", "different items")),
        "category_top_share" => format!("{} of purchases in the favourite category", percent(value)),
        "item_top_share" => format!("{} of purchases are the favourite item", percent(value)),
        "category_entropy" => format!("purchases as varied as {} equal categories", number(value.exp2())),
        "repeat_share" => format!("{} of purchases buy an item again", percent(value)),
        "weekend_share" => format!("{} of orders at the weekend (UTC)", percent(value)),
        "weekday_top_share" => format!("{} of orders on the favourite weekday (UTC)", percent(value)),
        "evening_share" => format!("{} of orders in the evening (UTC)", percent(value)),
        "night_share" => format!("{} of orders at night (UTC)", percent(value)),
        _ => return channels::special(feature, value, currency).or_else(|| windowed(feature, value, currency)),
    })
}

/// `orders_30d`, `revenue_7d` and the like.
fn windowed(feature: &str, value: f64, currency: Option<Currency>) -> Option<String> {
    let (what, window) = feature.rsplit_once('_')?;
    let n_days: u32 = window.strip_suffix('d')?.parse().ok()?;
    let said = match what {
        "orders" => counted(value, "order", "orders"),
        "units" => format!("{} bought", counted(value, "piece", "pieces")),
        "events" => counted(value, "event", "events"),
        "revenue" => format!("{} spent", money(value, currency)),
        "views" => format!("{} looked at", counted(value, "item", "items")),
        "carts" => format!("{} put into a cart", counted(value, "item", "items")),
        _ => channels::of_window(what, value)?,
    };
    let last = if n_days == 1 { "the last day".to_owned() } else { format!("the last {n_days} days") };
    Some(format!("{said} in {last}"))
}

/// Meaning, value and unit, for a feature that has no phrase of its own.
fn plain(definition: &Definition, value: f64, currency: Option<Currency>) -> String {
    let value = match definition.unit {
        "days" => days(value),
        "share" => percent(value),
        "currency" => money(value, currency),
        // What a declaration measures has the unit that its property has, which nobody told.
        "ratio" | "" => number(value),
        unit => format!("{} {unit}", number(value)),
    };
    format!("{}: {value}", lower_first(&definition.meaning))
}

fn trend(value: f64, amount: &str, [more, less]: [&str; 2]) -> String {
    if value.abs() < 0.005 {
        return "as much in the last 30 days as in the 30 before".to_owned();
    }
    format!("{amount} {} in the last 30 days than in the 30 before", if value > 0.0 { more } else { less })
}

fn counted(value: f64, one: &str, many: &str) -> String {
    match number(value).as_str() {
        "0" => format!("no {many}"),
        "1" => format!("1 {one}"),
        n => format!("{n} {many}"),
    }
}

fn days(value: f64) -> String {
    if value > 0.0 && value < 1.0 {
        return "less than a day".to_owned();
    }
    match number(if value < 10.0 { value } else { value.round() }).as_str() {
        "1" => "1 day".to_owned(),
        n => format!("{n} days"),
    }
}

fn percent(value: f64) -> String {
    format!("{:.0} %", value * 100.0)
}

/// An amount as people write it, with its currency where that is known.
#[must_use]
pub fn money(value: f64, currency: Option<Currency>) -> String {
    let money = currency.and_then(|currency| Money::from_major(value, currency).ok());
    money.map_or_else(|| format!("{value:.2}"), |money| money.to_string())
}

/// A ratio to what is usual: `[where it is next to nothing, where both are one]`, as a share where it is less, and so many
/// times as much where it is more.
fn beside_usual(
    value: f64,
    [nothing, equal]: [&str; 2],
    share: impl Fn(String) -> String,
    times: impl Fn(String) -> String,
) -> String {
    match number(value).as_str() {
        "0" => nothing.to_owned(),
        "1" => equal.to_owned(),
        _ if (0.0..1.0).contains(&value) => share(percent(value)),
        n => times(n.to_owned()),
    }
}

/// At most one decimal, none where it is zero.
fn number(value: f64) -> String {
    if !value.is_finite() {
        return "not known".to_owned();
    }
    let text = format!("{value:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_has_a_phrase_of_its_own_and_says_when_it_is_not_known() {
        let catalogue = Catalogue::built_in();
        for definition in catalogue.definitions() {
            let name = &*definition.id.name;
            assert!(special(name, 2.0, None).is_some(), "{name} has no phrase: give it one in `special`");
            for value in [0.0, 0.4, 1.0, 17.26] {
                let said = phrase(&catalogue, name, value, None);
                assert!(!said.contains(name) && !said.contains("NaN"), "{name}: {said}");
            }
            assert!(phrase(&catalogue, name, f64::NAN, None).ends_with("not known"), "{name}");
        }
    }

    #[test]
    fn reads_as_people_say_it() {
        for (name, value, contribution, expected) in [
            ("recency_days", 41.2, 0.84, "no order for 41 days (+0.8)"),
            ("recency_days", 0.3, -1.26, "no order for less than a day (-1.3)"),
            ("orders_30d", 0.0, 0.31, "no orders in the last 30 days (+0.3)"),
            ("orders_1d", 1.0, -0.2, "1 order in the last day (-0.2)"),
            ("revenue_90d", 1234.5, -0.2, "1234.50 spent in the last 90 days (-0.2)"),
            ("orders_trend_30d", -2.0, 0.2, "2 orders fewer in the last 30 days than in the 30 before (+0.2)"),
            ("lateness_ratio", 3.42, 0.2, "3.4 times the usual pause since the last order (+0.2)"),
            ("recency_tenure_ratio", 1.0, 0.4, "no order since the first one (+0.4)"),
            ("recency_tenure_ratio", 0.5, 0.4, "the last 50 % of the time as a customer without an order (+0.4)"),
            ("weekend_share", 0.666, 0.1, "67 % of orders at the weekend (UTC) (+0.1)"),
            ("gap_mean_days", f64::NAN, 0.1, "mean days between two orders: not known (+0.1)"),
            ("made_up", 2.0, 0.1, "made_up: 2 (+0.1)"),
            ("lateness_ratio", 0.04, -0.2, "has only just ordered, beside the usual pause (-0.2)"),
            ("lateness_ratio", 0.05, -0.2, "5 % of the usual pause has passed since the last order (-0.2)"),
            ("lateness_ratio", 0.949, -0.2, "95 % of the usual pause has passed since the last order (-0.2)"),
            ("lateness_ratio", 1.049, 0.2, "as long since the last order as the usual pause (+0.2)"),
            ("lateness_ratio", 1.06, 0.2, "1.1 times the usual pause since the last order (+0.2)"),
            ("gap_last_ratio", 0.0, 0.2, "the last pause was next to nothing beside the usual one (+0.2)"),
            ("gap_last_ratio", 0.5, 0.2, "the last pause was 50 % of the usual one (+0.2)"),
            ("gap_last_ratio", 2.0, 0.2, "the last pause was 2 times the usual one (+0.2)"),
        ] {
            assert_eq!(text(&Catalogue::built_in(), name, value, contribution, None), expected);
        }
    }

    #[test]
    fn a_reason_is_told_without_its_weight() {
        for (reason, words) in [
            ("No order for 41 days (+1.1)", "No order for 41 days"),
            ("2 returns (of 3) (−0.2)", "2 returns (of 3)"),
            ("2 returns (of 3)", "2 returns (of 3)"),
            ("", ""),
        ] {
            assert_eq!(without_number(reason), words);
        }
        for contribution in [1.06, -0.04, 0.0, -12.5] {
            assert_eq!(without_number(&with_number("2 returns (of 3)".to_owned(), contribution)), "2 returns (of 3)");
        }
    }

    #[test]
    fn an_amount_has_the_currency_in_which_the_customer_pays() {
        let [eur, jpy] = ["EUR", "JPY"].map(|code| Currency::parse(code).ok());
        for (name, value, currency, expected) in [
            ("revenue_90d", 1234.5, eur, "1234.50 EUR spent in the last 90 days"),
            ("revenue_90d", 1234.5, jpy, "1235 JPY spent in the last 90 days"),
            ("revenue_90d", 1234.5, None, "1234.50 spent in the last 90 days"),
            ("revenue_trend_30d", -3.0, eur, "3.00 EUR less spent in the last 30 days than in the 30 before"),
            ("order_value_mean", 7.5, eur, "7.50 EUR spent in an order on average"),
            ("order_value_last", 7.5, eur, "7.50 EUR spent in the last order"),
            ("subscription_amount_30d", 9.76, eur, "subscriptions come to 9.76 EUR in 30 days"),
        ] {
            assert_eq!(phrase(&Catalogue::built_in(), name, value, currency), expected);
        }
        let features = ["order_value_mean", "orders_all"].map(FeatureId::first);
        let contribution = Contribution { feature_idx: 0, value: 12.5, contribution: 0.1 };
        let said = said_of(&Catalogue::built_in(), &features, &[12.5, 1.0], &contribution, eur);
        assert_eq!(said, "12.50 EUR spent in the single order");
    }

    #[test]
    fn a_declared_feature_ends_with_its_number_where_nobody_told_its_unit() {
        let table = serde_json::json!({
            "name": "paid", "meaning": "Paid of late", "when": {"event": "Paid"}, "measure": "sum", "of": "properties.amount",
            "within_days": 30,
        });
        let declared = features::Declared::from_table(table.as_object().unwrap()).unwrap();
        let catalogue = Catalogue::new(&[declared]).unwrap();
        assert_eq!(phrase(&catalogue, "paid", 9.9, None), "paid of late: 9.9");
    }

    #[test]
    fn the_usual_pause_stands_beside_the_present_one() {
        let features = ["recency_days", "gap_mean_days"].map(FeatureId::first);
        let contribution = Contribution { feature_idx: 0, value: 41.0, contribution: 0.8 };
        let said = |usual| text_of(&Catalogue::built_in(), &features, &[41.0, usual], &contribution, None);
        assert_eq!(said(f64::NAN), "no order for 41 days (+0.8)");
        assert_eq!(said(12.0), "no order for 41 days, usual pause 12 days (+0.8)");
    }

    #[test]
    fn a_single_order_is_no_habit_and_no_pace() {
        let of = |n_orders: f64, name: &str, value: f64| {
            let features = [name, "orders_all"].map(FeatureId::first);
            let contribution = Contribution { feature_idx: 0, value, contribution: 0.1 };
            text_of(&Catalogue::built_in(), &features, &[value, n_orders], &contribution, None)
        };
        for (name, value, expected) in [
            ("gap_mean_days", f64::NAN, "a single order, so there is no usual pause yet (+0.1)"),
            ("lateness_ratio", f64::NAN, "a single order, so there is no usual pause yet (+0.1)"),
            ("evening_share", 1.0, "the single order was in the evening (UTC) (+0.1)"),
            ("night_share", 0.0, "the single order was not at night (UTC) (+0.1)"),
            ("weekend_share", 1.0, "the single order was at the weekend (UTC) (+0.1)"),
            ("weekday_top_share", 1.0, "a single order, so there is no favourite weekday yet (+0.1)"),
            ("orders_per_30d", 0.75, "a single order in 40 days (+0.1)"),
            ("orders_per_30d", 30.0 / 7.0, "a single order, in the last week (+0.1)"),
            ("order_value_mean", 12.5, "12.50 spent in the single order (+0.1)"),
            ("lines_mean", 3.0, "3 products in the single order (+0.1)"),
            ("category_top_share", 0.5, "50 % of the single order in one category (+0.1)"),
            ("item_top_share", 0.5, "50 % of the single order are one item (+0.1)"),
            ("recency_days", 41.0, "no order for 41 days (+0.1)"),
        ] {
            assert_eq!(of(1.0, name, value), expected);
        }
        assert_eq!(of(2.0, "gap_last_ratio", 1.0), "two orders, so there is only one pause between orders yet (+0.1)");
        assert_eq!(of(2.0, "evening_share", 0.5), "50 % of orders in the evening (UTC) (+0.1)");
        assert_eq!(of(3.0, "gap_last_ratio", 1.0), "the last pause was as long as the usual one (+0.1)");
        assert_eq!(of(0.0, "gap_mean_days", f64::NAN), "mean days between two orders: not known (+0.1)");
    }
}
