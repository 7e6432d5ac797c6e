//! What the channels tell of somebody, read from the list of their events each time it is asked for: by the names and
//! properties as they were sent, one sorting or sum for each feature.

use events::generator::Tangle;
use events::{Call, Event, Offset, Recorded};
use features::{Catalogue, Cells, FeatureState};
use primitives::{DAY_MS, HOUR_MS, Seed, Timestamp, stable_hash};
use profiles::CustomerState;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Somebody's events in order, and the moment as of which they are read.
struct Theirs<'a> {
    events: &'a [&'a Event],
    as_of: Timestamp,
}

/// How often each feature was something else than nothing or not known.
pub(crate) type Known = BTreeMap<&'static str, usize>;

pub(crate) fn check(state: &FeatureState, events: &[&Event], known: &mut Known, why: &str) {
    let Some(newest) = events.last().map(|event| event.occurred_at) else { return };
    let catalogue = Catalogue::built_in();
    for minutes in [0, 20, 31, 4 * 24 * 60, 40 * 24 * 60 + 7] {
        let as_of = Timestamp::from_millis(newest.as_millis() + minutes * HOUR_MS / 60);
        let mut values = Vec::new();
        catalogue.all().read(state, as_of, &mut values);
        let conduct: Vec<&Event> = events.iter().copied().filter(|event| !is_on_any(event)).collect();
        let mut expected = Theirs { events: &conduct, as_of }.features();
        for matter in MATTERS {
            let counting = counting(events, matter);
            let of_matter = |name: &&'static str| is_on(matter, name);
            let theirs = Theirs { events: &counting, as_of }.features();
            expected.extend(theirs.into_iter().filter(|(name, _)| of_matter(name)));
        }
        for (definition, found) in catalogue.definitions().iter().zip(values) {
            let Some((name, value)) = expected.remove_entry(definition.name.as_str()) else {
                assert!(!GROUPS.contains(&definition.group), "{} has no slow reading", definition.name);
                continue;
            };
            let is_it = found.is_nan() && value.is_nan() || (found - value).abs() <= 1e-9 * value.abs().max(1.0);
            assert!(is_it, "{why}, after {minutes} minutes: {name} is {found} and not {value}");
            *known.entry(name).or_default() += usize::from(value.abs() > 0.0);
        }
        assert!(expected.is_empty(), "no such features: {:?}", expected.keys());
    }
}

const GROUPS: [&str; 9] = [
    "Visits",
    "Search",
    "E-mail",
    "Support",
    "Payments",
    "Subscriptions",
    "Use of a service",
    "Shops",
    "Decisions shown",
];

type Features = BTreeMap<&'static str, f64>;

/// On what the company's own word leaves no room for a write key's: what its events are called, and the features of it.
type Matter = (&'static [&'static str], &'static [&'static str]);

const MATTERS: [Matter; 4] = [
    (&["Ticket ", "Message ", "Call "], &["ticket", "contact", "call_"]),
    (&["CSAT ", "NPS ", "CES "], &["mood", "csat", "nps", "ces_"]),
    (&["Payment ", "Chargeback "], &["payment", "chargeback"]),
    (&["Subscription "], &["subscription", "renewal", "upgrades", "downgrade", "cancellations"]),
];

fn is_on((_, features): Matter, name: &str) -> bool {
    features.iter().any(|start| name.starts_with(start))
}

fn is_on_any(event: &Event) -> bool {
    MATTERS.iter().any(|(names, _)| names.iter().any(|start| name(event).starts_with(start)))
}

/// Whether an event says anything that a feature looks at.
fn tells(event: &Event) -> bool {
    let is_word = name(event).starts_with("Ticket ") && text(event, "ticket_id").is_some();
    is_word || name(event).starts_with("Subscription ") || !topics(event).is_empty() || !numbers(event).is_empty()
}

/// What counts where a matter is asked about: of what is told of it the company's own words, where it has any; and all
/// orders, which say in which currency.
fn counting<'a>(events: &[&'a Event], (names, _): Matter) -> Vec<&'a Event> {
    let is_on = |event: &&&Event| names.iter().any(|start| name(event).starts_with(start));
    let has_own = events.iter().filter(is_on).any(|event| event.origin.is_trusted() && tells(event));
    let is_order = |event: &Event| ["Order Completed", "Order Refunded"].contains(&name(event));
    // What else the same voice told shares its buckets.
    let counts = |event: &&Event| is_order(event) || is_on_any(event) && event.origin.is_trusted() == has_own;
    events.iter().copied().filter(counts).collect()
}

fn name(event: &Event) -> &str {
    match &event.call {
        Call::Track { event, .. } => event,
        Call::Page { .. } | Call::Screen { .. } => "page",
        _ => "",
    }
}

fn text<'a>(event: &'a Event, key: &str) -> Option<&'a str> {
    let Call::Track { properties, .. } = &event.call else { return None };
    properties.get(key)?.as_str()
}

fn number(event: &Event, key: &str) -> Option<f64> {
    let Call::Track { properties, .. } = &event.call else { return None };
    properties.get(key)?.as_f64()
}

/// What was said under a key, 0 where nothing was.
fn said(event: &Event, key: &str) -> f64 {
    number(event, key).unwrap_or(0.0)
}

fn ratio(a: f64, b: f64) -> f64 {
    if b == 0.0 { f64::NAN } else { a / b }
}

/// A share of at most all; what is not known stays so.
fn share(a: f64, b: f64) -> f64 {
    if a > b && b > 0.0 { 1.0 } else { ratio(a, b) }
}

/// Whether what happened at a moment lies so many days before another: to half the hour in the newest eight days of its
/// kind, to half the day in the newest 400, and never before that.
fn lies(at: Timestamp, newest: Timestamp, as_of: Timestamp, from: i64, until: i64) -> bool {
    let slot = |at: Timestamp, length: i64| at.as_millis().div_euclid(length);
    let (slot, length) = if slot(newest, HOUR_MS) - slot(at, HOUR_MS) < 8 * 24 {
        (slot(at, HOUR_MS), HOUR_MS)
    } else if slot(newest, DAY_MS) - slot(at, DAY_MS) <= 400 {
        (slot(at, DAY_MS), DAY_MS)
    } else {
        return false;
    };
    let ago_ms = (as_of.as_millis() - slot * length - length / 2).max(0);
    ago_ms >= from * DAY_MS && ago_ms < until * DAY_MS
}

/// Which of the things that are counted an event is, in any of the channels.
fn topics(event: &Event) -> Vec<&str> {
    match name(event) {
        "Products Searched" => {
            let mut topics = vec!["search"];
            topics.extend((number(event, "results") == Some(0.0)).then_some("search in vain"));
            topics.extend(number(event, "position").map(|_| "search click"));
            topics
        }
        "Search Result Clicked" => vec!["search click"],
        "Email Marked as Spam" | "Unsubscribed" => vec!["unwanted"],
        counted @ ("Email Sent"
        | "Email Delivered"
        | "Email Opened"
        | "Email Link Clicked"
        | "Email Bounced"
        | "Ticket Created"
        | "Ticket Reopened"
        | "Message Received"
        | "Message Sent"
        | "Call Ended"
        | "Payment Approved"
        | "Payment Declined"
        | "Chargeback Received"
        | "Subscription Upgraded"
        | "Subscription Downgraded"
        | "Subscription Cancelled"
        | "Service Measured"
        | "Service Faulted"
        | "Store Visited"
        | "Decision Shown"
        | "Decision Clicked"
        | "Decision Dismissed"
        | "Decision Converted") => vec![counted],
        _ => Vec::new(),
    }
}

/// What is told in numbers, by what it is of, in whole millionths.
fn numbers(event: &Event) -> Vec<(&'static str, f64)> {
    let share = |most: f64| ((said(event, "score") - 1.0) / (most - 1.0) * 1e6).round() / 1e6;
    let of = |what, key: &str| number(event, key).map(|number| (what, number));
    match name(event) {
        "Call Started" | "Call Ended" => {
            of("call", "seconds").into_iter().chain(of("wait", "waited_seconds")).collect()
        }
        "Service Faulted" => of("fault", "seconds").into_iter().collect(),
        "CSAT Submitted" => vec![("csat", share(5.0))],
        "NPS Submitted" => vec![("nps", said(event, "score"))],
        "CES Submitted" => vec![("ces", share(7.0))],
        _ => Vec::new(),
    }
}

/// How far on the way to an order an event shows somebody; `None` where nobody need be there for it.
fn stage(event: &Event) -> Option<f64> {
    let is_click = number(event, "position").is_some();
    Some(match name(event) {
        "Page Left" | "Session Started" => 0.0,
        "page" => 1.0,
        "Products Searched" if !is_click => 1.0,
        "Products Searched" | "Search Result Clicked" | "Product Viewed" => 2.0,
        "Song Started" | "Song Played" => 2.0,
        "Product Added" => 3.0,
        "Checkout Started" => 4.0,
        "Order Completed" => 5.0,
        _ => return None,
    })
}

/// What is paid of a subscription each time, and in which currency, by the events that say something of it, from new to
/// old: an amount without a currency is in the one that an amount was said in last, and none is known where nobody can tell
/// that the subscription is still paid as often as when the amount was said.
fn price<'a>(told: &[&'a Event]) -> Option<(f64, &'a str)> {
    let amount = |event: &Event| number(event, "amount");
    let interval = |event: &&'a Event| text(event, "interval");
    let at = told.iter().position(|event| amount(event).is_some())?;
    if told[..at].iter().any(|event| interval(event).is_some()) {
        // From the newest amount that names its interval on, or from ever on as a month, it was said to be one and the same.
        let both = told.iter().position(|event| amount(event).and(interval(event)).is_some());
        let since = &told[..both.map_or(told.len(), |both| both + 1)];
        let mut intervals: BTreeSet<&str> = since.iter().filter_map(interval).collect();
        intervals.extend(both.is_none().then_some("month"));
        if intervals.len() > 1 {
            return None;
        }
    }
    let currency = told.iter().find_map(|event| amount(event).and(text(event, "currency")))?;
    Some((amount(told[at])?, currency))
}

fn contacts(topic: &str) -> bool {
    ["Ticket Created", "Message Received", "Call Ended"].contains(&topic)
}

impl Theirs<'_> {
    fn features(&self) -> Features {
        let mut all = self.visit();
        all.extend(self.pages());
        all.extend(self.searches_and_emails());
        all.extend(self.support());
        all.extend(self.payments_and_subscriptions());
        all.extend(self.usage());
        all.extend(self.shops_and_decisions());
        all
    }

    fn named(&self, of: &str) -> impl Iterator<Item = &Event> {
        self.events.iter().copied().filter(move |event| name(event) == of)
    }

    /// How often something was told in the last days.
    fn n(&self, topic: &str, days: i64) -> f64 {
        let told = || self.events.iter().filter(|event| !topics(event).is_empty());
        let Some(newest) = told().map(|event| event.occurred_at).max() else { return 0.0 };
        let is_it = |event: &&&Event| lies(event.occurred_at, newest, self.as_of, 0, days);
        let n = told().filter(is_it).flat_map(|event| topics(event)).filter(|told| *told == topic).count();
        n as f64
    }

    /// How often something was told in numbers in the last days, and what they come to.
    fn numbers(&self, of: &str, days: i64) -> (f64, f64) {
        let told =
            || self.events.iter().flat_map(|event| numbers(event).into_iter().map(|told| (event.occurred_at, told)));
        let Some(newest) = told().map(|(at, _)| at).max() else { return (0.0, 0.0) };
        let it: Vec<f64> = told()
            .filter(|(at, (what, _))| *what == of && lies(*at, newest, self.as_of, 0, days))
            .map(|(_, (_, number))| number)
            .collect();
        (it.len() as f64, it.iter().sum())
    }

    fn mean(&self, of: &str, days: i64) -> f64 {
        let (n, sum) = self.numbers(of, days);
        ratio(sum, n)
    }

    /// Days since one of these was last told.
    fn since(&self, is_meant: impl Fn(&str) -> bool) -> f64 {
        let last = self.events.iter().rfind(|event| topics(event).into_iter().any(&is_meant));
        last.map_or(f64::NAN, |event| self.as_of.days_since(event.occurred_at))
    }

    fn visit(&self) -> Features {
        let mut names = ["session_stage", "session_seconds", "session_pages", "session_searches_in_vain"].to_vec();
        names.push("session_frustrations");
        let steps: Vec<&Event> = self.events.iter().copied().filter(|event| stage(event).is_some()).collect();
        let Some(newest) = steps.last().map(|event| event.occurred_at) else {
            return names.into_iter().map(|name| (name, f64::NAN)).collect();
        };
        if self.as_of.millis_since(newest) >= HOUR_MS / 2 {
            return names.into_iter().map(|name| (name, f64::NAN)).collect();
        }
        let mut visit: Vec<&Event> = Vec::new();
        for step in steps.iter().rev() {
            let next = visit.last().map_or(newest, |event| event.occurred_at);
            let is_of_it = next.millis_since(step.occurred_at) < HOUR_MS / 2
                && newest.millis_since(step.occurred_at) < 12 * HOUR_MS
                && visit.len() < 48;
            if !is_of_it {
                break;
            }
            visit.push(step);
        }
        visit.reverse();
        let furthest = visit.iter().filter_map(|event| stage(event)).fold(0.0, f64::max);
        let is_search = |event: &&&Event| name(event) == "Products Searched" && stage(event) == Some(1.0);
        // In vain was each after which the next thing of any weight is another search, or nothing.
        let weighty = visit.iter().filter(|event| is_search(event) || stage(event) >= Some(2.0));
        let weighty: Vec<bool> = weighty.map(|event| is_search(&event)).collect();
        let in_vain = (0..weighty.len()).filter(|n| weighty[*n] && weighty.get(n + 1).is_none_or(|next| *next)).count();
        let frustrations = visit.iter().filter(|event| name(event) == "Page Left");
        let frustrations: f64 = frustrations.map(|event| said(event, "rage_clicks") + said(event, "dead_clicks")).sum();
        let seconds = self.as_of.millis_since(visit[0].occurred_at) as f64 / 1_000.0;
        let n_pages = visit.iter().filter(|event| name(event) == "page").count();
        names.into_iter().zip([furthest, seconds, n_pages as f64, in_vain as f64, frustrations]).collect()
    }

    fn pages(&self) -> Features {
        let newest = self.named("Page Left").map(|event| event.occurred_at).max();
        let sum = |key: &str, days: i64| -> f64 {
            let is_it = |event: &&Event| lies(event.occurred_at, newest.unwrap(), self.as_of, 0, days);
            self.named("Page Left").filter(is_it).map(|event| said(event, key)).sum()
        };
        BTreeMap::from([
            ("visible_seconds_7d", sum("seconds_visible", 7)),
            ("idle_share_30d", share(sum("idle_seconds", 30), sum("seconds_visible", 30))),
            ("frustrations_30d", sum("rage_clicks", 30) + sum("dead_clicks", 30)),
            ("correction_share_30d", share(sum("corrections", 30), sum("keys", 30))),
            ("form_fields_left_30d", sum("form_fields_left", 30)),
        ])
    }

    fn searches_and_emails(&self) -> Features {
        let mut by_hour: BTreeMap<i64, usize> = BTreeMap::new();
        for event in self.named("Email Opened") {
            *by_hour.entry(event.occurred_at.as_millis().div_euclid(HOUR_MS).rem_euclid(24)).or_default() += 1;
        }
        // Of two hours the earlier.
        let best = by_hour.iter().max_by_key(|(hour, n)| (**n, Reverse(**hour)));
        let n_opened: usize = by_hour.values().sum();
        let delivered = self.n("Email Delivered", 90);
        let arrived = if delivered > 0.0 { delivered } else { self.n("Email Sent", 90) };
        BTreeMap::from([
            ("searches_30d", self.n("search", 30)),
            ("search_nothing_share_90d", share(self.n("search in vain", 90), self.n("search", 90))),
            ("search_click_share_90d", share(self.n("search click", 90), self.n("search", 90))),
            ("emails_delivered_30d", self.n("Email Delivered", 30)),
            ("email_open_share_90d", share(self.n("Email Opened", 90), arrived)),
            ("email_click_share_90d", share(self.n("Email Link Clicked", 90), arrived)),
            ("email_opened_days", self.since(|topic| topic == "Email Opened")),
            ("email_hour", best.map_or(f64::NAN, |(hour, _)| *hour as f64)),
            ("email_hour_share", best.map_or(f64::NAN, |(_, n)| *n as f64 / n_opened as f64)),
            ("emails_bounced_90d", self.n("Email Bounced", 90)),
            ("emails_unwanted_365d", self.n("unwanted", 365)),
        ])
    }

    /// The newest word on each thing, of the 64 that were told of last: of those at one moment the furthest step.
    fn words(&self, steps: &[&str], id: &str, id_of_none: Option<&str>) -> Vec<&Event> {
        let place = |event: &Event| steps.iter().position(|step| *step == name(event));
        let mut told: Vec<&Event> = self.events.iter().copied().filter(|event| place(event).is_some()).collect();
        told.sort_by_key(|event| (event.occurred_at, place(event), event.key()));
        let mut known = BTreeSet::new();
        let newest_first = told.into_iter().rev();
        let each = newest_first.filter(|event| text(event, id).or(id_of_none).is_some_and(|id| known.insert(id)));
        each.take(64).collect()
    }

    fn support(&self) -> Features {
        let steps = ["Ticket Created", "Ticket Assigned", "Ticket Resolved", "Ticket Reopened"];
        let words = self.words(&steps, "ticket_id", None);
        let open = || words.iter().filter(|event| name(event) != "Ticket Resolved");
        let silent = open().map(|event| self.as_of.days_since(event.occurred_at)).fold(f64::NAN, f64::max);
        let mut turned: Vec<Timestamp> = Vec::new();
        for event in self.events {
            turned.extend(topics(event).into_iter().filter(|topic| contacts(topic)).map(|_| event.occurred_at));
        }
        let days = turned.first().map_or(f64::NAN, |first| turned[turned.len() - 1].days_since(*first));
        let rating = |event: &&&Event| ["CSAT Submitted", "NPS Submitted", "CES Submitted"].contains(&name(event));
        let mood = self.events.iter().rfind(rating).map_or(f64::NAN, |event| match name(event) {
            "NPS Submitted" => said(event, "score") / 10.0,
            _ => numbers(event)[0].1,
        });
        let contacts_30d = self.n("Ticket Created", 30) + self.n("Message Received", 30) + self.n("Call Ended", 30);
        BTreeMap::from([
            ("tickets_open", open().count() as f64),
            ("ticket_silent_days", silent),
            ("tickets_opened_90d", self.n("Ticket Created", 90)),
            ("tickets_reopened_90d", self.n("Ticket Reopened", 90)),
            ("contacts_30d", contacts_30d),
            ("contact_days", self.since(contacts)),
            ("contact_gap_mean_days", ratio(days, turned.len() as f64 - 1.0)),
            ("call_seconds_mean_365d", self.mean("call", 365)),
            ("call_waited_mean_365d", self.mean("wait", 365)),
            ("mood_last", mood),
            ("csat_mean_365d", self.mean("csat", 365)),
            ("nps_mean_365d", self.mean("nps", 365)),
            ("ces_mean_365d", self.mean("ces", 365)),
        ])
    }

    /// That of the newest order that names one, of those that are remembered, else of the newest subscription.
    fn currency<'a>(&'a self, subscriptions: &[(&'a Event, Option<&'a str>)]) -> Option<&'a str> {
        let is_order = |event: &&&Event| ["Order Completed", "Order Refunded"].contains(&name(event));
        let of_order = |event: &'a Event| number(event, "revenue").and(text(event, "currency"));
        // What the company told before what others did.
        [true, false].into_iter().find_map(|is_own| {
            let is_theirs = move |event: &&'a Event| event.origin.is_trusted() == is_own;
            let orders = self.events.iter().rev().filter(is_order).take(96).copied().filter(is_theirs);
            let subscriptions = subscriptions.iter().filter(|(event, _)| is_theirs(event));
            orders.filter_map(of_order).next().or_else(|| subscriptions.filter_map(|(_, paid_in)| *paid_in).next())
        })
    }

    fn payments_and_subscriptions(&self) -> Features {
        let ended = self.events.iter().filter(|event| ["Payment Approved", "Payment Declined"].contains(&name(event)));
        let last = ended.max_by_key(|event| (event.occurred_at, name(event) == "Payment Approved"));
        let (failed, approved) = (self.n("Payment Declined", 365), self.n("Payment Approved", 365));
        let steps =
            ["Started", "Renewed", "Upgraded", "Downgraded", "Cancelled"].map(|step| format!("Subscription {step}"));
        let words = self.words(&steps.each_ref().map(String::as_str), "subscription_id", Some(""));
        let is_active = |event: &Event| name(event) != "Subscription Cancelled";
        let active: Vec<&Event> = words.iter().copied().filter(|event| is_active(event)).collect();
        // In milliseconds, on the average.
        let interval_ms = |event: &Event| match text(event, "interval") {
            Some("day") => 86_400_000,
            Some("week") => 604_800_000,
            Some("quarter") => 7_889_400_000,
            Some("year") => 31_557_600_000,
            _ => 2_629_800_000_i64,
        };
        let days = |interval_ms: i64| interval_ms as f64 / DAY_MS as f64;
        // What the newest word leaves unsaid is as the newest says that says it; who calls it off says none of it, and what
        // was said before the newest word that had to go is forgotten.
        let id = |event: &Event| text(event, "subscription_id").unwrap_or_default().to_owned();
        let turn = |event: &Event| {
            let step = steps.iter().position(|step| step == name(event))?;
            Some((event.occurred_at, step, event.key()))
        };
        let mut told: Vec<&Event> = self.events.iter().copied().filter(|event| turn(event).is_some()).collect();
        told.sort_by_key(|event| Reverse(turn(event)));
        let mut things = BTreeSet::new();
        let gone = told.iter().filter(|event| things.insert(id(event))).nth(64).and_then(|event| turn(event));
        let of = |event: &Event| {
            let is_kept = |one: &&Event| id(one) == id(event) && turn(one) > gone && is_active(one);
            told.iter().copied().filter(is_kept).collect::<Vec<_>>()
        };
        let interval_ms = |event: &Event| {
            let said = of(event).into_iter().find(|one| text(one, "interval").is_some());
            interval_ms(said.unwrap_or(event))
        };
        let words: Vec<_> = words
            .iter()
            .map(|event| (*event, price(&of(event)).filter(|_| is_active(event)).map(|paid| paid.1)))
            .collect();
        let currency = self.currency(&words);
        let paid: Vec<f64> = active
            .iter()
            .filter_map(|event| Some((event, price(&of(event)).filter(|(_, paid_in)| Some(*paid_in) == currency)?)))
            .map(|(event, (amount, _))| amount / days(interval_ms(event)) * 30.0)
            .collect();
        let renewal = active.iter().map(|event| {
            let is_paid = |one: &&Event| ["Subscription Started", "Subscription Renewed"].contains(&name(one));
            let paid = of(event).into_iter().find(is_paid);
            let stated = of(event).into_iter().find(|one| text(one, "renews_at").is_some());
            let stated = stated.filter(|one| turn(one) >= paid.and_then(turn));
            let stated = stated.map(|one| Timestamp::parse(text(one, "renews_at").unwrap()).unwrap());
            let by_interval = || paid.unwrap_or(event).occurred_at.as_millis() + interval_ms(event);
            stated.unwrap_or_else(|| Timestamp::from_millis(by_interval())).days_since(self.as_of)
        });
        BTreeMap::from([
            ("payments_failed_90d", self.n("Payment Declined", 90)),
            ("payment_failed_share_365d", ratio(failed, failed + approved)),
            ("payment_failed_days", self.since(|topic| topic == "Payment Declined")),
            (
                "payment_last_failed",
                last.map_or(f64::NAN, |event| f64::from(u8::from(name(event) == "Payment Declined"))),
            ),
            ("chargebacks_all", self.named("Chargeback Received").count() as f64),
            ("subscriptions_active", active.len() as f64),
            ("subscription_amount_30d", if paid.is_empty() { f64::NAN } else { paid.iter().sum() }),
            ("renewal_days", renewal.fold(f64::NAN, f64::min)),
            ("upgrades_365d", self.n("Subscription Upgraded", 365)),
            ("downgrades_365d", self.n("Subscription Downgraded", 365)),
            ("cancellations_365d", self.n("Subscription Cancelled", 365)),
            ("downgraded_days", self.since(|topic| topic == "Subscription Downgraded")),
        ])
    }

    fn usage(&self) -> Features {
        // Four metrics are remembered: the first by their hash, whatever was told of them.
        let metric = |event: &Event| {
            let unit = text(event, "unit").unwrap_or_default();
            stable_hash(&format!("{}\0{unit}", text(event, "metric").unwrap()))
        };
        let mut by_metric: BTreeMap<u64, Vec<(Timestamp, f64)>> = BTreeMap::new();
        for event in self.named("Service Measured") {
            // To the day.
            let day = Timestamp::from_millis(event.occurred_at.as_millis().div_euclid(DAY_MS) * DAY_MS);
            by_metric.entry(metric(event)).or_default().push((day, said(event, "value")));
        }
        let main = by_metric.iter().take(4).max_by_key(|(hash, told)| (told.len(), Reverse(**hash)));
        let told = main.map(|(_, told)| told.clone()).unwrap_or_default();
        let newest = told.iter().map(|(day, _)| *day).max();
        let level = |from: i64, until: i64| {
            let lies = |(day, _): &&(Timestamp, f64)| lies(*day, newest.unwrap(), self.as_of, from, until);
            let it: Vec<f64> = told.iter().filter(lies).map(|(_, value)| *value).collect();
            ratio(it.iter().sum(), it.len() as f64)
        };
        BTreeMap::from([
            ("usage_change_ratio", ratio(level(0, 30), level(30, 60))),
            ("usage_slope_90d", ratio((level(0, 30) - level(60, 90)) / 2.0, level(0, 90).abs())),
            ("measured_days", self.since(|topic| topic == "Service Measured")),
            ("measurements_30d", self.n("Service Measured", 30)),
            ("faults_30d", self.n("Service Faulted", 30)),
            ("fault_seconds_90d", self.numbers("fault", 90).1),
            ("fault_days", self.since(|topic| topic == "Service Faulted")),
        ])
    }

    fn shops_and_decisions(&self) -> Features {
        let of_shown = |topic: &str| share(self.n(topic, 90), self.n("Decision Shown", 90));
        BTreeMap::from([
            ("store_visits_90d", self.n("Store Visited", 90)),
            ("store_visit_days", self.since(|topic| topic == "Store Visited")),
            ("decisions_shown_30d", self.n("Decision Shown", 30)),
            ("decision_click_share_90d", of_shown("Decision Clicked")),
            ("decision_dismiss_share_90d", of_shown("Decision Dismissed")),
            ("decisions_converted_90d", self.n("Decision Converted", 90)),
        ])
    }
}

/// Whoever reads the public write key out of a page can tell anything of anybody. Where the company told something itself,
/// none of that changes what a feature says of it.
#[test]
fn what_the_company_told_is_not_changed_by_whoever_has_the_write_key() {
    let mut n_held = [0; MATTERS.len()];
    let mut n_alone = [0; MATTERS.len()];
    for seed in 0..400 {
        let tangle = Tangle { n_events: 60, n_users: 1, n_devices: 1, n_hours: 1 + 300 * (seed % 7) as usize };
        let told: Vec<Event> = tangle.events(Seed::new(seed));
        let of = |is_meant: &dyn Fn(&Event) -> bool| {
            let mut state = FeatureState::default();
            for (offset, event) in (1..).zip(told.iter().filter(|event| is_meant(event))) {
                state.apply(&Recorded { offset: Offset(offset), event: event.clone() }, &Cells::default());
            }
            let mut values = Vec::new();
            let as_of = Timestamp::from_millis(told.iter().map(|event| event.occurred_at.as_millis()).max().unwrap());
            let catalogue = Catalogue::built_in();
            catalogue.all().read(&state, as_of, &mut values);
            let names = catalogue.definitions().iter().map(|definition| definition.name.as_str().to_owned());
            names.zip(values).collect::<Vec<(String, f64)>>()
        };
        let (all, own) = (of(&|_| true), of(&|event| event.origin.is_trusted()));
        for (n, matter) in MATTERS.into_iter().enumerate() {
            let is_told = |is_own: bool| {
                let is_on = |event: &&Event| matter.0.iter().any(|start| name(event).starts_with(start));
                told.iter().filter(is_on).any(|event| event.origin.is_trusted() == is_own && tells(event))
            };
            let differs = all.iter().zip(&own).any(|((name, one), (_, other))| {
                is_on(matter, name) && one.to_bits() != other.to_bits() && !(one.is_nan() && other.is_nan())
            });
            if is_told(true) {
                assert!(!differs, "seed {seed}, {matter:?}");
                n_held[n] += usize::from(is_told(false));
            } else {
                // Where there is nobody else, they are believed.
                n_alone[n] += usize::from(differs);
            }
        }
    }
    assert!(n_held.iter().all(|n| *n > 50) && n_alone.iter().all(|n| *n > 5), "{n_held:?} {n_alone:?}");
}
