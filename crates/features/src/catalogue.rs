//! Which features are there, and what does each mean? The default catalogue, declared once.

use crate::snapshot::{Snapshot, WINDOWS_DAYS};
use primitives::{DAY_MS, Timestamp, stable_hash};
use std::sync::OnceLock;

/// The catalogue's version: raised when a feature's computation changes under an unchanged name.
const VERSION: u32 = 1;

/// A feature: its name, its meaning and how it is computed.
pub struct Definition {
    /// The name, which ends in the unit where it has one.
    pub name: String,
    /// What it says of a customer, in words.
    pub meaning: String,
    /// The unit of the value: `days`, `orders`, `currency`, `share`, …
    pub unit: &'static str,
    /// Where it belongs.
    pub group: Group,
    pub(crate) compute: Compute,
}

type Compute = Box<dyn Fn(&Snapshot<'_>) -> f64 + Send + Sync>;

impl std::fmt::Debug for Definition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}): {}", self.name, self.unit, self.meaning)
    }
}

/// What a feature is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// How long ago.
    Recency,
    /// How often.
    Frequency,
    /// How much.
    Money,
    /// Whether more or less than before.
    Trend,
    /// What they like.
    Affinity,
    /// When they come.
    Habit,
}

impl Group {
    /// Its name, for headings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Recency => "Recency",
            Self::Frequency => "Frequency",
            Self::Money => "Money",
            Self::Trend => "Trend",
            Self::Affinity => "Affinity",
            Self::Habit => "Habit",
        }
    }
}

/// Every feature, in the order of a vector's values.
pub fn definitions() -> &'static [Definition] {
    static DEFINITIONS: OnceLock<Vec<Definition>> = OnceLock::new();
    DEFINITIONS.get_or_init(|| {
        let mut all = recency();
        all.extend(windows());
        all.extend(money_and_trend());
        all.extend(affinity());
        all.extend(habit());
        all
    })
}

/// The place of a feature in a vector.
#[must_use]
pub fn index_of(name: &str) -> Option<usize> {
    definitions().iter().position(|definition| definition.name == name)
}

/// What a model was trained on: changes when a feature is added, removed, moved or computed differently.
#[must_use]
pub fn schema_hash() -> String {
    let names: Vec<&str> = definitions().iter().map(|definition| definition.name.as_str()).collect();
    format!("{:016x}", stable_hash(&format!("{VERSION}:{}", names.join(","))))
}

fn define(
    group: Group,
    unit: &'static str,
    name: impl Into<String>,
    meaning: impl Into<String>,
    compute: impl Fn(&Snapshot<'_>) -> f64 + Send + Sync + 'static,
) -> Definition {
    Definition { name: name.into(), meaning: meaning.into(), unit, group, compute: Box::new(compute) }
}

fn recency() -> Vec<Definition> {
    use Group::Recency;
    vec![
        define(Recency, "days", "recency_days", "Days since the last order", |s| days(s, s.last_order)),
        define(Recency, "days", "tenure_days", "Days since the first order", |s| days(s, s.state.first_order)),
        define(Recency, "days", "known_days", "Days since the first event", |s| days(s, s.state.first_seen)),
        define(Recency, "days", "last_seen_days", "Days since the last event of any kind", |s| {
            days(s, s.state.seen.as_slice().last().map(|seen| seen.at))
        }),
        define(Recency, "days", "gap_mean_days", "Mean days between two orders", |s| mean(&s.gaps_days)),
        define(Recency, "days", "gap_sd_days", "How much the days between two orders vary", |s| sd(&s.gaps_days)),
        define(Recency, "days", "gap_max_days", "The longest pause between two orders", |s| {
            s.gaps_days.iter().copied().fold(f64::NAN, f64::max)
        }),
        define(
            Recency,
            "ratio",
            "lateness_ratio",
            "Days since the last order, over the usual days between orders",
            |s| ratio(days(s, s.last_order), mean(&s.gaps_days).max(1.0)),
        ),
        define(Recency, "ratio", "recency_tenure_ratio", "Days since the last order, over days since the first", |s| {
            ratio(days(s, s.last_order), days(s, s.state.first_order))
        }),
    ]
}

fn windows() -> Vec<Definition> {
    let mut all = Vec::new();
    for (i, days) in WINDOWS_DAYS.into_iter().enumerate() {
        let last = if days == 1 { "the last day".to_owned() } else { format!("the last {days} days") };
        all.push(define(
            Group::Frequency,
            "orders",
            format!("orders_{days}d"),
            format!("Orders in {last}"),
            move |s| f64::from(s.windows[i].n_orders),
        ));
        all.push(define(
            Group::Money,
            "currency",
            format!("revenue_{days}d"),
            format!("Money spent in {last}"),
            move |s| s.major(s.windows[i].minor),
        ));
        all.push(define(
            Group::Frequency,
            "pieces",
            format!("units_{days}d"),
            format!("Pieces bought in {last}"),
            move |s| thousandths(s.windows[i].milli_units),
        ));
        all.push(define(
            Group::Frequency,
            "events",
            format!("events_{days}d"),
            format!("Events in {last}"),
            move |s| f64::from(s.windows[i].n_events),
        ));
    }
    all
}

fn money_and_trend() -> Vec<Definition> {
    use Group::{Frequency, Money, Trend};
    vec![
        define(Frequency, "orders", "orders_all", "Orders ever", |s| whole(s.state.n_orders)),
        define(Frequency, "orders", "refunds_all", "Refunds and cancellations ever", |s| whole(s.state.n_refunds)),
        define(Frequency, "products", "lines_mean", "Different products in an order, on average", |s| {
            let orders = s.state.orders().iter().filter(|order| !order.is_refund);
            mean(&orders.map(|order| f64::from(order.n_lines)).collect::<Vec<_>>())
        }),
        define(Money, "currency", "order_value_mean", "Money in an order, on average over the last year", |s| {
            ratio(s.major(s.windows[4].minor), f64::from(s.windows[4].n_orders))
        }),
        define(Money, "currency", "order_value_last", "Money in the last order", |s| {
            s.state.orders().iter().rev().find(|o| !o.is_refund).map_or(f64::NAN, |order| s.major(order.minor))
        }),
        define(
            Trend,
            "orders",
            "orders_trend_30d",
            "Orders in the last 30 days, less those in the 30 days before",
            |s| f64::from(s.windows[2].n_orders) - f64::from(s.before.n_orders),
        ),
        define(
            Trend,
            "currency",
            "revenue_trend_30d",
            "Money in the last 30 days, less that in the 30 days before",
            |s| s.major(s.windows[2].minor) - s.major(s.before.minor),
        ),
        define(Trend, "ratio", "gap_last_ratio", "The last pause between orders, over the usual one", |s| {
            ratio(s.gaps_days.last().copied().unwrap_or(f64::NAN), mean(&s.gaps_days))
        }),
        define(Trend, "orders", "orders_per_30d", "Orders per 30 days since the first order", |s| {
            let tenure = days(s, s.state.first_order);
            ratio(whole(s.state.n_orders) * 30.0, tenure.max(7.0))
        }),
    ]
}

fn affinity() -> Vec<Definition> {
    use Group::Affinity;
    vec![
        define(Affinity, "categories", "n_categories", "Different categories bought", |s| count(s.categories.len())),
        define(Affinity, "items", "n_items", "Different items bought", |s| count(s.items.len())),
        define(
            Affinity,
            "share",
            "category_top_share",
            "Share of the favourite category, recent purchases counting more",
            |s| top_share(s.categories.values()),
        ),
        define(
            Affinity,
            "share",
            "item_top_share",
            "Share of the favourite item, recent purchases counting more",
            |s| top_share(s.items.values()),
        ),
        define(Affinity, "bits", "category_entropy", "How widely purchases are spread over categories", |s| {
            entropy(s.categories.values())
        }),
        define(Affinity, "share", "repeat_share", "Share of lines that buy an item again", |s| {
            let n_lines = count(s.state.lines().len());
            ratio(n_lines - count(s.items.len()), n_lines)
        }),
        define(Affinity, "products", "views_7d", "Products looked at in the last 7 days", |s| {
            let views = s.state.views.as_slice().iter();
            count(views.filter(|view| s.as_of.millis_since(view.at) < 7 * DAY_MS).count())
        }),
        define(Affinity, "products", "carts_7d", "Products put into a cart in the last 7 days", |s| {
            let views = s.state.views.as_slice().iter();
            count(views.filter(|view| view.is_cart && s.as_of.millis_since(view.at) < 7 * DAY_MS).count())
        }),
    ]
}

fn habit() -> Vec<Definition> {
    use Group::Habit;
    let weekend = |s: &Snapshot<'_>| {
        let by_day = s.orders_by_weekday;
        ratio(f64::from(by_day[5] + by_day[6]), f64::from(by_day.iter().sum::<u32>()))
    };
    vec![
        define(Habit, "share", "weekend_share", "Share of orders on Saturday and Sunday (UTC)", weekend),
        define(Habit, "share", "weekday_top_share", "Share of orders on the favourite day of the week", |s| {
            top_share(s.orders_by_weekday.map(f64::from).iter())
        }),
        define(Habit, "share", "evening_share", "Share of orders between 18 and 24 o'clock (UTC)", |s| {
            ratio(f64::from(s.orders_by_quarter[3]), f64::from(s.orders_by_quarter.iter().sum::<u32>()))
        }),
        define(Habit, "share", "night_share", "Share of orders between 0 and 6 o'clock (UTC)", |s| {
            ratio(f64::from(s.orders_by_quarter[0]), f64::from(s.orders_by_quarter.iter().sum::<u32>()))
        }),
    ]
}

fn days(snapshot: &Snapshot<'_>, since: Option<Timestamp>) -> f64 {
    since.map_or(f64::NAN, |since| snapshot.as_of.days_since(since))
}

/// Not known where the divisor is zero.
fn ratio(numerator: f64, denominator: f64) -> f64 {
    if denominator.abs() < f64::EPSILON { f64::NAN } else { numerator / denominator }
}

fn mean(values: &[f64]) -> f64 {
    ratio(values.iter().sum(), count(values.len()))
}

fn sd(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return f64::NAN;
    }
    let centre = mean(values);
    (values.iter().map(|v| (v - centre).powi(2)).sum::<f64>() / count(values.len() - 1)).sqrt()
}

fn top_share<'a>(weights: impl Iterator<Item = &'a f64>) -> f64 {
    let (top, sum) = weights.fold((0.0_f64, 0.0), |(top, sum), weight| (top.max(*weight), sum + weight));
    ratio(top, sum)
}

/// Shannon's entropy of the shares, in bits.
fn entropy<'a>(weights: impl Iterator<Item = &'a f64> + Clone) -> f64 {
    let sum: f64 = weights.clone().sum();
    if sum < f64::EPSILON {
        return f64::NAN;
    }
    weights.map(|weight| weight / sum).filter(|share| *share > 0.0).map(|share| -share * share.log2()).sum()
}

#[expect(clippy::cast_precision_loss, reason = "counts of a customer's records are far below 2^53")]
fn count(n: usize) -> f64 {
    n as f64
}

#[expect(clippy::cast_precision_loss, reason = "counts of a customer's events are far below 2^53")]
fn whole(n: u64) -> f64 {
    n as f64
}

#[expect(clippy::cast_precision_loss, reason = "a customer's pieces are far below 2^53 thousandths")]
fn thousandths(n: i64) -> f64 {
    n as f64 / 1_000.0
}
