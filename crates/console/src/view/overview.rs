//! How is everything? The first page: events, customers, models, decisions, revenue, what decisions were worth, health.

use super::{Advantage, Frame, Section, filters, page};
use crate::chart::{self, Column, Html, Tone};
use crate::{Icon, format};
use primitives::{Currency, Money, Timestamp};

/// The overview, `/`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "overview.html")]
pub struct Overview {
    /// What stands around the page.
    pub frame: Frame,
    /// What came in.
    pub events: EventsCard,
    /// Who it was.
    pub customers: CustomersCard,
    /// One line a task.
    pub models: Vec<ModelLine>,
    /// What was decided.
    pub decisions: DecisionsCard,
    /// What the decisions were followed by; none before there are decisions old enough.
    pub worth: Option<Worth>,
    /// The currency of `revenue`.
    pub currency: Currency,
    /// Revenue a day, oldest first.
    pub revenue: Vec<DayRevenue>,
    /// The newest day with an order, where one is known.
    pub last_order: Option<Timestamp>,
    /// Other currencies that orders were paid in, which `revenue` leaves out.
    pub left_out: Vec<String>,
    /// How the machine is.
    pub health: HealthCard,
    /// Commands to try, shown until there are decisions: (what it does, the command).
    pub try_lines: Vec<(String, String)>,
}
page!(Overview, Some(Section::Overview));

/// A count a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayCount {
    /// Any moment of the day.
    pub day: Timestamp,
    /// How many.
    pub count: u64,
}

/// Revenue of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayRevenue {
    /// Any moment of the day.
    pub day: Timestamp,
    /// The sum of the orders, in minor units of the page's currency.
    pub minor: i64,
    /// The number of orders.
    pub orders: u64,
}

/// What came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventsCard {
    /// Accepted events in all.
    pub total: u64,
    /// Accepted today.
    pub today: u64,
    /// Rejected in the time they are kept.
    pub rejected: u64,
    /// Accepted a day, oldest first.
    pub per_day: Vec<DayCount>,
}

/// Who it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomersCard {
    /// Customers with a `userId`.
    pub known: u64,
    /// Browsers and devices nobody has signed in on.
    pub anonymous: u64,
    /// Customers seen in the last 30 days.
    pub active_30d: u64,
    /// Whether some customers are not in memory, so that there may be more.
    pub active_partial: bool,
}

/// A task's state in one line.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelLine {
    /// What it learns: `Recommendations`.
    pub title: String,
    /// Whether there is a model.
    pub state: ModelState,
}

/// Whether there is a model, and how good it is.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelState {
    /// A champion answers.
    Champion {
        /// Its version.
        version: String,
        /// The main metric's name: `NDCG@10`.
        metric: String,
        /// The champion's value.
        value: f64,
        /// The best baseline's name: `popularity`.
        baseline: String,
        /// The best baseline's value.
        baseline_value: f64,
        /// By how much the champion is better; none where it is not known how sure that is.
        advantage: Option<Advantage>,
    },
    /// It is being trained.
    Training(
        /// How far it is, in a sentence.
        String,
    ),
    /// It cannot be trained yet.
    Missing(
        /// What is missing, in a sentence.
        String,
    ),
}

/// What was decided.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionsCard {
    /// Decisions in all.
    pub total: u64,
    /// Decisions since the start of the program.
    pub since_start: u64,
    /// How many of all were fallbacks.
    pub fallbacks: u64,
    /// Half of the newest thousand took at most this, in milliseconds.
    pub p50_ms: Option<f64>,
    /// Ninety-nine of a hundred took at most this, in milliseconds.
    pub p99_ms: Option<f64>,
}

/// How often a recommendation was followed by its purchase. An association, not yet a proof: that is the holdout's task.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Worth {
    /// Recommendations whose window has passed.
    pub decisions: u64,
    /// After how many a recommended item was bought within the window.
    pub followed: u64,
    /// The window in days.
    pub window_days: u32,
    /// The share's lower bound with 95 % confidence.
    pub low: f64,
    /// The share's upper bound with 95 % confidence.
    pub high: f64,
}

/// How the machine is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCard {
    /// The size of the database: the event log, profiles and decisions.
    pub log_bytes: u64,
    /// The last event's offset in the log.
    pub log_offset: u64,
    /// The offset up to which profiles are safe on disk.
    pub checkpoint_offset: u64,
    /// How many days are sealed as Parquet.
    pub sealed_days: u64,
    /// The size of those files.
    pub history_bytes: u64,
    /// The size of the whole data directory.
    pub disk_bytes: u64,
    /// How many events could not be read any more and were set aside.
    pub n_set_aside: u64,
    /// The time since the start, in milliseconds.
    pub uptime_ms: i64,
}

impl Overview {
    /// How many models have room in a card beside the others.
    const N_MODELS_BESIDE: usize = 3;

    fn has_many_models(&self) -> bool {
        self.models.len() > Self::N_MODELS_BESIDE
    }

    fn events_spark(&self) -> Html {
        spark(&self.events.per_day, "Events a day")
    }

    /// The share of full answers as a bar.
    fn full_share_bar(&self) -> Html {
        let full = self.decisions.total.saturating_sub(self.decisions.fallbacks);
        chart::meter(format::float(full) / format::float(self.decisions.total.max(1)), Tone::Good, "")
    }

    fn full_share(&self) -> String {
        let full = self.decisions.total.saturating_sub(self.decisions.fallbacks);
        format::percent_of(full, self.decisions.total)
    }

    fn customers_total(&self) -> String {
        format::compact(format::float(self.customers.known.saturating_add(self.customers.anonymous)))
    }

    fn has_revenue(&self) -> bool {
        self.revenue.iter().any(|day| day.orders > 0)
    }

    /// The day of the newest order, where whole days have passed since without one.
    fn silent_since(&self) -> Option<Timestamp> {
        self.last_order.filter(|day| self.frame.now.day() - day.day() > 1)
    }

    fn revenue_chart(&self) -> Html {
        let columns: Vec<Column> = self
            .revenue
            .iter()
            .map(|day| {
                let amount = Money { minor: day.minor, currency: self.currency };
                let orders = format::counted(day.orders, "order", "orders");
                let title = format!("{}: {} in {orders}", format::date(day.day), format::money(amount));
                Column { title, value: amount.to_major() }
            })
            .collect();
        let sum = self.revenue_total();
        chart::columns(&columns, &format!("Revenue a day over {} days, {sum} in all", columns.len()))
    }

    fn revenue_sum(&self) -> Money {
        Money { minor: self.revenue.iter().map(|day| day.minor).fold(0, i64::saturating_add), currency: self.currency }
    }

    fn revenue_total(&self) -> String {
        format::money_short(self.revenue_sum())
    }

    fn revenue_top(&self) -> String {
        let minor = self.revenue.iter().map(|day| day.minor).max().unwrap_or(0);
        format::money_short(Money { minor, currency: self.currency })
    }

    fn orders_total(&self) -> String {
        format::counted(self.revenue.iter().map(|day| day.orders).sum(), "order", "orders")
    }

    /// What stands under the chart.
    fn revenue_ticks(&self) -> Vec<String> {
        let days: Vec<Timestamp> = self.revenue.iter().map(|day| day.day).collect();
        format::ticks(&days)
    }
}

impl Worth {
    fn share(&self) -> f64 {
        if self.decisions == 0 { f64::NAN } else { format::float(self.followed) / format::float(self.decisions) }
    }

    fn chart(&self) -> Html {
        let label = format!("Between {} and {}", format::percent(self.low), format::percent(self.high));
        chart::interval(self.low, self.share(), self.high, self.scale(), &label)
    }

    fn share_text(&self) -> String {
        format::percent(self.share())
    }

    fn scale_text(&self) -> String {
        format::percent(self.scale())
    }

    /// The scale's end: the next round share above the interval.
    fn scale(&self) -> f64 {
        [0.02, 0.05, 0.1, 0.2, 0.5].into_iter().find(|end| self.high <= end * 0.9).unwrap_or(1.0)
    }
}

impl HealthCard {
    fn lag(&self) -> u64 {
        self.log_offset.saturating_sub(self.checkpoint_offset)
    }

    fn lag_text(&self) -> String {
        format::count(self.lag())
    }
}

fn spark(days: &[DayCount], what: &str) -> Html {
    let values: Vec<f64> = days.iter().map(|day| format::float(day.count)).collect();
    let last = days.last().map_or(0, |day| day.count);
    let label = format!("{what} over {} days, {} on the last", days.len(), format::count(last));
    chart::sparkline(&values, &label)
}
