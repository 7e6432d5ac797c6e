//! How is the company, in figures?

use super::super::customers::in_a_month;
use crate::app::App;
use crate::found_lately::Found;
use console::format;
use console::view::{Figure, Measured, Sales, SalesDay};
use engine::{Calendar, Compared, Counts, People, RANGES_DAYS, Stretch};
use features::{Activity, Happened};
use governance::Headcount;
use primitives::{Currency, Money, Timestamp};
use std::collections::BTreeMap;

/// What a company lives from, as far as it tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trade {
    /// From orders.
    Orders,
    /// From subscriptions and payments, without an order.
    Payments,
    /// Nothing was sold yet.
    Nothing,
}

/// What is told in figures.
pub(super) struct Told {
    pub(super) figures: Vec<Figure>,
    pub(super) notes: Vec<String>,
    pub(super) sales: Option<Sales>,
}

/// What is summed: how often, and how much.
type Sum = fn(&Happened) -> (u64, &BTreeMap<Currency, i64>);

impl Trade {
    pub(super) fn of(app: &App, people: &People) -> Self {
        match app.engine.look(|live| live.activity.sells()) {
            (true, _) => Self::Orders,
            (false, true) => Self::Payments,
            (false, false) if !people.subscribed.customers().is_nobody() => Self::Payments,
            (false, false) => Self::Nothing,
        }
    }

    /// What is sold, in singular and plural.
    pub(super) fn words(self) -> [&'static str; 2] {
        match self {
            Self::Payments => ["payment", "payments"],
            Self::Orders | Self::Nothing => ["order", "orders"],
        }
    }

    fn sum(self) -> Sum {
        match self {
            Self::Payments => |happened| (happened.n_paid, &happened.paid),
            Self::Orders | Self::Nothing => |happened| (happened.n_orders, &happened.revenue),
        }
    }
}

/// What happened on the days that are compared, and in all of them.
struct Days {
    n_days: i64,
    last: Happened,
    before: Happened,
    days: Vec<Happened>,
    days_before: Vec<Happened>,
}

impl Days {
    fn read(activity: &Activity, calendar: &Calendar, n_days: i64) -> Self {
        let over = |Stretch { from, until }: Stretch| activity.between(from, until);
        let day = |ago: i64| over(calendar.day(calendar.today() - ago));
        Self {
            n_days,
            last: over(calendar.last(n_days)),
            before: over(calendar.before(n_days)),
            days: (0..n_days).rev().map(day).collect(),
            days_before: (n_days..2 * n_days).rev().map(day).collect(),
        }
    }

    /// The currency of the settings where anything was paid in it, else the one that was on most days; and the others.
    fn currencies(&self, wanted: Option<Currency>, sum: Sum) -> (Currency, Vec<String>) {
        let mut n_days: BTreeMap<Currency, usize> = BTreeMap::new();
        for currency in self.days.iter().chain(&self.days_before).flat_map(|day| sum(day).1.keys()) {
            *n_days.entry(*currency).or_default() += 1;
        }
        let most = n_days.iter().max_by_key(|(currency, n)| (**n, **currency)).map(|(currency, _)| *currency);
        let main = wanted.filter(|wanted| most.is_none() || n_days.contains_key(wanted)).or(most);
        let main = main.unwrap_or(Currency::USD);
        (main, n_days.keys().filter(|currency| **currency != main).map(ToString::to_string).collect())
    }

    /// Of each day but today, which has only begun.
    fn each(&self, of: impl Fn(&Happened) -> f64) -> Vec<f64> {
        self.days.iter().rev().skip(1).rev().map(of).collect()
    }
}

pub(super) fn fill(app: &App, calendar: &Calendar, n_days: i64, trade: Trade, found: &Found) -> Told {
    let days = app.engine.look(|live| Days::read(&live.activity, calendar, n_days));
    let sum = trade.sum();
    let (currency, left_out) = days.currencies(app.settings.default_currency(), sum);
    let money = |happened: &Happened| {
        let minor = sum(happened).1.get(&currency).copied().unwrap_or(0);
        Measured::Money(Money { minor, currency })
    };
    let people = &found.people;
    let mut figures = match trade {
        Trade::Orders => of_orders(&days, people, &money),
        Trade::Payments => of_payments(&days, people, &money),
        Trade::Nothing => of_nothing(&days, people),
    };
    figures.push(found.stake.clone());
    let mut notes = Vec::new();
    if !left_out.is_empty() {
        let [_, many] = trade.words();
        notes.push(format!(
            "{} paid in {} are counted, but not in sums of money.",
            primitives::capital(many),
            left_out.join(", ")
        ));
    }
    if !found.is_complete {
        notes.push("Not every customer could be looked at in time: there are more than are told.".to_owned());
    }
    let is_there = trade != Trade::Nothing && [&days.last, &days.before].iter().any(|happened| sum(happened).0 > 0);
    Told { figures, notes, sales: is_there.then(|| sales(&days, calendar, trade, &money)) }
}

fn of_orders(days: &Days, people: &People, money: &dyn Fn(&Happened) -> Measured) -> Vec<Figure> {
    let Compared { last, before } = compared(people, days.n_days);
    let rate = |counts: Counts| counts.repeat_rate().map(Measured::Share);
    vec![
        Figure {
            now: Some(money(&days.last)),
            before: Some(money(&days.before)),
            days: days.each(|day| money(day).size()),
            ..figure("Revenue", "What orders brought, less what was taken back.", "/events?name=Order%20Completed")
        },
        Figure {
            now: Some(Measured::Count(days.last.n_orders)),
            before: Some(Measured::Count(days.before.n_orders)),
            days: days.each(|day| format::float(day.n_orders)),
            ..figure("Orders", "Orders that were made.", "/events?name=Order%20Completed")
        },
        active(days.n_days, people),
        Figure {
            now: rate(last),
            before: rate(before),
            note: format!("of {}", who(last.buyers(), "who ordered")),
            days: newest(people, days.n_days).map(|day| day.repeat_rate().unwrap_or(f64::NAN)).collect(),
            ..figure(
                "Repeat rate",
                "The share of those who ordered who had ordered before, or did so more than once.",
                "/lists?filter=orders_all%3E%3D2",
            )
        },
    ]
}

fn of_payments(days: &Days, people: &People, money: &dyn Fn(&Happened) -> Measured) -> Vec<Figure> {
    let failed = |happened: &Happened| {
        let n = happened.n_paid + happened.n_declined;
        (n > 0).then(|| Measured::Share(format::float(happened.n_declined) / format::float(n)))
    };
    let (last, before) = (&days.last, &days.before);
    let subscribed =
        people.subscribed.amount().map(|(currency, amount)| Measured::Money(major(in_a_month(amount), currency)));
    vec![
        active(days.n_days, people),
        Figure {
            now: subscribed,
            note: format!("a month, {}", who(people.subscribed.customers(), "subscribed")),
            ..figure(
                "Subscriptions",
                "What the subscriptions that are active now cost in a month.",
                "/lists?filter=subscriptions_active%3E%3D1",
            )
        },
        Figure {
            now: Some(money(last)),
            before: Some(money(before)),
            note: format::counted(last.n_paid, "payment", "payments"),
            days: days.each(|day| money(day).size()),
            ..figure("Payments", "What was paid, less what banks took back.", "/events?name=Payment%20Approved")
        },
        Figure {
            now: failed(last),
            before: failed(before),
            is_more_better: false,
            note: format!("{} of {}", format::count(last.n_declined), format::count(last.n_paid + last.n_declined)),
            days: days.each(|day| failed(day).map_or(f64::NAN, |share| share.size())),
            ..figure(
                "Payments that failed",
                "The share of payments that did not go through.",
                "/events?name=Payment%20Declined",
            )
        },
    ]
}

fn of_nothing(days: &Days, people: &People) -> Vec<Figure> {
    vec![
        figure("Revenue", "What orders brought, less what was taken back.", ""),
        Figure { note: "No orders yet".to_owned(), ..figure("Orders", "Orders that were made.", "") },
        active(days.n_days, people),
        figure("Repeat rate", "The share of those who ordered who had ordered before, or did so more than once.", ""),
    ]
}

fn active(n_days: i64, people: &People) -> Figure {
    let Compared { last, before } = compared(people, n_days);
    let is_anybody = !(last.active().is_nobody() && before.active().is_nobody());
    Figure {
        now: is_anybody.then(|| told(last.active())),
        before: is_anybody.then(|| told(before.active())),
        note: if is_anybody { who(last.known(), "known by name") } else { String::new() },
        days: newest(people, n_days).map(|day| day.active().told().map_or(f64::NAN, f64::from)).collect(),
        ..figure(
            "Active customers",
            "Who did something themselves, of those who permit that it is counted: browsers nobody has signed in on included. E-mails sent to them, renewals and what a service measures do not count.",
            "/customers",
        )
    }
}

/// The days of the chart, each beside the day as long before.
fn sales(days: &Days, calendar: &Calendar, trade: Trade, money: &dyn Fn(&Happened) -> Measured) -> Sales {
    let [one, many] = trade.words();
    let sum = trade.sum();
    let of = |happened: &Happened| format::counted(sum(happened).0, one, many);
    let date = |ago: i64| Timestamp::from_millis(0).plus_days(calendar.today() - ago);
    let each = (0..days.n_days).rev().zip(days.days.iter().zip(&days.days_before));
    let day = |(ago, (day, before)): (i64, (&Happened, &Happened))| SalesDay {
        date: date(ago),
        amount: money(day),
        of: of(day),
        date_before: date(ago + days.n_days),
        before: money(before),
    };
    Sales {
        title: if trade == Trade::Payments { "Payments" } else { "Revenue" }.to_owned(),
        total: money(&days.last),
        of: of(&days.last),
        days: each.map(day).collect(),
    }
}

fn compared(people: &People, n_days: i64) -> Compared {
    let ranges = RANGES_DAYS.iter().zip(&people.ranges);
    ranges.filter(|(days, _)| **days == n_days).map(|(_, compared)| *compared).next().unwrap_or_default()
}

/// The newest days but today, which has only begun.
fn newest(people: &People, n_days: i64) -> impl Iterator<Item = Counts> {
    let n_days = usize::try_from(n_days).unwrap_or_default();
    let newest = people.days.iter().rev().take(n_days).skip(1).copied();
    newest.collect::<Vec<_>>().into_iter().rev()
}

pub(super) fn told(n: Headcount) -> Measured {
    n.told().map_or(Measured::Few, |n| Measured::Count(n.into()))
}

/// A headcount with what is told of them: `1,204 who ordered`.
pub(super) fn who(n: Headcount, what: &str) -> String {
    match n.told() {
        Some(n) => format!("{} {what}", format::count(n.into())),
        None => format!("fewer than 5 {what}"),
    }
}

/// An amount in major units as money.
pub(super) fn major(amount: f64, currency: Currency) -> Money {
    #[expect(clippy::cast_possible_truncation, reason = "what is too large stops at the largest amount")]
    let minor = (amount * f64::from(10_u32.pow(currency.digits()))).round() as i64;
    Money { minor, currency }
}

/// A figure of which nothing is known yet.
pub(super) fn figure(title: &str, meaning: &str, href: &str) -> Figure {
    Figure {
        title: title.to_owned(),
        meaning: meaning.to_owned(),
        href: href.to_owned(),
        now: None,
        before: None,
        is_more_better: true,
        note: String::new(),
        days: Vec::new(),
    }
}
