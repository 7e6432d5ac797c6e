//! Which features does every Rapport compute?

use super::define::{count, days, define, mean, ratio, thousandths, top_share, whole};
use super::{Definition, groups};
use crate::snapshot::{Snapshot, WINDOWS_DAYS};
use crate::state::{N_LINES, N_ORDERS, N_VIEWS};

/// How long ago.
const RECENCY: &str = "Recency";
/// How often.
const FREQUENCY: &str = "Frequency";
/// How much.
const MONEY: &str = "Money";
/// Whether more or less than before.
const TREND: &str = "Trend";
/// What they like.
const AFFINITY: &str = "Affinity";
/// When they come.
const HABIT: &str = "Habit";

/// Where these windows stand in [`WINDOWS_DAYS`].
const MONTH: usize = 2;
const YEAR: usize = 4;

/// How the names begin of what is counted in windows.
const WINDOWED: [&str; 5] = ["orders_", "revenue_", "units_", "events_", "order_value_mean"];

/// All of them, group by group.
pub(super) fn definitions() -> Vec<Definition> {
    let mut all = recency();
    all.extend(windows());
    all.extend(money_and_trend());
    all.extend(affinity());
    all.extend(habit());
    for definition in &mut all {
        definition.limit = limit(&definition.name, definition.group);
    }
    all.extend(groups::definitions());
    all
}

/// What is read from records that are remembered one by one, and how many of them are.
fn limit(name: &str, group: &str) -> Option<String> {
    match (name, group) {
        ("lines_mean", _) | (_, HABIT) => Some(format!("of the newest {N_ORDERS} orders")),
        (name, _) if name.starts_with("gap_") || name == "lateness_ratio" => {
            Some(format!("of the newest {N_ORDERS} orders"))
        }
        ("views_7d" | "carts_7d", _) => Some(exact_for(N_VIEWS, "hour")),
        (_, AFFINITY) => Some(format!("of the newest {N_LINES} products bought")),
        ("orders_all" | "orders_per_30d", _) => None,
        (name, _) if WINDOWED.iter().any(|start| name.starts_with(start)) => {
            let is_short = name.ends_with("_1d") || name.ends_with("_7d");
            Some(exact_for(N_ORDERS, if is_short { "hour" } else { "day" }))
        }
        _ => None,
    }
}

/// What is older than what is remembered one by one is in buckets.
fn exact_for(n_newest: usize, bucket: &str) -> String {
    format!("exact for the newest {n_newest}, then to half the {bucket} at its beginning")
}

fn recency() -> Vec<Definition> {
    vec![
        define(RECENCY, "days", "recency_days", "Days since the last order", |s| days(s, s.last_order())),
        define(RECENCY, "days", "tenure_days", "Days since the first order", |s| days(s, s.state.first_order)),
        define(RECENCY, "days", "known_days", "Days since the first event", |s| days(s, s.state.first_seen)),
        define(RECENCY, "days", "last_seen_days", "Days since the last event of any kind", |s| {
            days(s, s.state.seen.as_slice().last().map(|seen| seen.at))
        }),
        define(RECENCY, "days", "gap_mean_days", "Mean days between two orders", |s| mean(s.gaps_days())),
        define(RECENCY, "days", "gap_sd_days", "How much the days between two orders vary", |s| sd(s.gaps_days())),
        define(RECENCY, "days", "gap_max_days", "The longest pause between two orders", |s| {
            s.gaps_days().iter().copied().fold(f64::NAN, f64::max)
        }),
        define(
            RECENCY,
            "ratio",
            "lateness_ratio",
            "Days since the last order, over the usual days between orders",
            |s| ratio(days(s, s.last_order()), mean(s.gaps_days()).max(1.0)),
        ),
        define(RECENCY, "ratio", "recency_tenure_ratio", "Days since the last order, over days since the first", |s| {
            ratio(days(s, s.last_order()), days(s, s.state.first_order))
        }),
    ]
}

fn windows() -> Vec<Definition> {
    let mut all = Vec::new();
    for (i, days) in WINDOWS_DAYS.into_iter().enumerate() {
        let last = if days == 1 { "the last day".to_owned() } else { format!("the last {days} days") };
        all.push(define(FREQUENCY, "orders", format!("orders_{days}d"), format!("Orders in {last}"), move |s| {
            whole(s.window(i).n_orders)
        }));
        all.push(define(MONEY, "currency", format!("revenue_{days}d"), format!("Money spent in {last}"), move |s| {
            s.major(s.window(i).minor)
        }));
        all.push(define(FREQUENCY, "pieces", format!("units_{days}d"), format!("Pieces bought in {last}"), move |s| {
            thousandths(s.window(i).milli_units)
        }));
        all.push(define(
            FREQUENCY,
            "events",
            format!("events_{days}d"),
            format!("Tracked events, pages and screens in {last}"),
            move |s| whole(s.window(i).n_events),
        ));
    }
    all
}

fn money_and_trend() -> Vec<Definition> {
    vec![
        define(FREQUENCY, "orders", "orders_all", "Orders ever", |s| whole(s.state.n_orders())),
        define(FREQUENCY, "orders", "refunds_all", "Refunds and cancellations ever", |s| f64::from(s.state.n_refunds)),
        define(FREQUENCY, "products", "lines_mean", "Different products in an order, on average", |s| {
            let orders = s.state.orders().iter().filter(|order| !order.is_refund);
            mean(&orders.map(|order| f64::from(order.n_lines)).collect::<Vec<_>>())
        }),
        define(MONEY, "currency", "order_value_mean", "Money in an order, on average over the last year", |s| {
            ratio(s.major(s.window(YEAR).minor), whole(s.window(YEAR).n_orders))
        }),
        define(MONEY, "currency", "order_value_last", "Money in the last order", |s| {
            s.state.orders().iter().rev().find(|o| !o.is_refund).map_or(f64::NAN, |order| s.major(order.minor))
        }),
        define(
            TREND,
            "orders",
            "orders_trend_30d",
            "Orders in the last 30 days, less those in the 30 days before",
            |s| whole(s.window(MONTH).n_orders) - whole(s.month_before().n_orders),
        ),
        define(
            TREND,
            "currency",
            "revenue_trend_30d",
            "Money in the last 30 days, less that in the 30 days before",
            |s| s.major(s.window(MONTH).minor) - s.major(s.month_before().minor),
        ),
        define(TREND, "ratio", "gap_last_ratio", "The last pause between orders, over the usual one", |s| {
            ratio(s.gaps_days().last().copied().unwrap_or(f64::NAN), mean(s.gaps_days()))
        }),
        define(TREND, "orders", "orders_per_30d", "Orders per 30 days since the first order", |s| {
            let tenure = days(s, s.state.first_order);
            ratio(whole(s.state.n_orders()) * 30.0, tenure.max(7.0))
        }),
    ]
}

fn affinity() -> Vec<Definition> {
    vec![
        define(AFFINITY, "categories", "n_categories", "Different categories bought", |s| count(s.categories().len())),
        define(AFFINITY, "items", "n_items", "Different items bought", |s| count(s.items().len())),
        define(
            AFFINITY,
            "share",
            "category_top_share",
            "Share of the favourite category, recent purchases counting more",
            |s| top_share(s.categories().values()),
        ),
        define(
            AFFINITY,
            "share",
            "item_top_share",
            "Share of the favourite item, recent purchases counting more",
            |s| top_share(s.items().values()),
        ),
        define(AFFINITY, "bits", "category_entropy", "How widely purchases are spread over categories", |s| {
            entropy(s.categories().values())
        }),
        define(AFFINITY, "share", "repeat_share", "Share of lines that buy an item again", |s| {
            let n_lines = count(s.state.lines().len());
            ratio(n_lines - count(s.items().len()), n_lines)
        }),
        define(AFFINITY, "items", "views_7d", "Items looked at in the last 7 days", |s| whole(s.n_views(7, |_| true))),
        define(AFFINITY, "items", "carts_7d", "Items put into a cart in the last 7 days", |s| {
            whole(s.n_views(7, |is_cart| is_cart))
        }),
    ]
}

fn habit() -> Vec<Definition> {
    let weekend = |s: &Snapshot<'_>| {
        let by_day = s.orders_by_weekday();
        ratio(f64::from(by_day[5] + by_day[6]), f64::from(by_day.iter().sum::<u32>()))
    };
    vec![
        define(HABIT, "share", "weekend_share", "Share of orders on Saturday and Sunday (UTC)", weekend),
        define(HABIT, "share", "weekday_top_share", "Share of orders on the favourite day of the week (UTC)", |s| {
            top_share(s.orders_by_weekday().map(f64::from).iter())
        }),
        define(HABIT, "share", "evening_share", "Share of orders between 18 and 24 o'clock (UTC)", |s| {
            ratio(f64::from(s.orders_by_quarter()[3]), f64::from(s.orders_by_quarter().iter().sum::<u32>()))
        }),
        define(HABIT, "share", "night_share", "Share of orders between 0 and 6 o'clock (UTC)", |s| {
            ratio(f64::from(s.orders_by_quarter()[0]), f64::from(s.orders_by_quarter().iter().sum::<u32>()))
        }),
    ]
}

fn sd(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return f64::NAN;
    }
    let centre = mean(values);
    (values.iter().map(|v| (v - centre).powi(2)).sum::<f64>() / count(values.len() - 1)).sqrt()
}

/// Shannon's entropy of the shares, in bits.
fn entropy<'a>(weights: impl Iterator<Item = &'a f64> + Clone) -> f64 {
    let sum: f64 = weights.clone().sum();
    if sum < f64::EPSILON {
        return f64::NAN;
    }
    weights.map(|weight| weight / sum).filter(|share| *share > 0.0).map(|share| -share * share.log2()).sum()
}
