//! What happened to a customer, in words, and which kinds of it are shown?

use super::super::Asked;
use super::super::events::row::name_of;
use super::super::words::{called, cut, words};
use crate::app::App;
use crate::error::ServerError;
use console::format;
use console::view::{OrderLine, PastKind, Timeline, TimelineDay, TimelineEntry};
use engine::{EngineError, Live};
use events::{CallKind, Commerce, CommerceStep, Deed, Event, Offset, Payment, PaymentStep, Recorded};
use primitives::{ErrorKind, capital};
use profiles::{Moment, Profile};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// How many events are shown at first, and how many at the most.
const N_SHOWN: usize = 25;
const N_SHOWN_MAX: usize = 2_000;
/// Up to how many events of all customers the whole past of one is read at once. With more, it is read when it is asked for.
const N_READ_AT_ONCE: u64 = 100_000;

/// How many entries are made in one look.
const N_AT_ONCE: usize = 32;

/// What is said where others read the history already.
pub(in crate::pages) const BUSY: &str =
    "The history is being read for another page: load this one again in a moment to see all of it.";

/// Whether more hangs together with a customer than a page reads.
pub(in crate::pages) fn is_too_much(error: &EngineError) -> bool {
    error.kind() == ErrorKind::Conflict
}

/// What is asked of the past.
pub(super) struct Wanted {
    hidden: BTreeSet<String>,
    n: usize,
    /// Whether more was asked for than what is remembered of the newest events.
    is_all: bool,
}

impl Wanted {
    pub(super) fn of(asked: &Asked) -> Self {
        let hidden: BTreeSet<String> =
            asked.get("hide").map_or("", String::as_str).split(',').map(str::trim).map(str::to_owned).collect();
        let n = asked.get("past").and_then(|n| n.parse::<usize>().ok());
        let hidden: BTreeSet<String> = hidden.into_iter().filter(|kind| !kind.is_empty()).take(20).collect();
        Self { is_all: n.is_some() || !hidden.is_empty(), n: n.unwrap_or(N_SHOWN).clamp(N_SHOWN, N_SHOWN_MAX), hidden }
    }

    /// The address of the same customer with other kinds hidden, and so many events shown.
    fn href(&self, id: &str, hidden: &BTreeSet<String>, n: usize) -> String {
        let hide = hidden.iter().map(|kind| format::url_part(kind)).collect::<Vec<_>>().join(",");
        let hide = if hide.is_empty() { String::new() } else { format!("hide={hide}&") };
        format!("/customers/{}?{hide}past={n}#timeline", format::url_part(id))
    }
}

/// The newest events of a customer in words, by day.
pub(super) fn timeline(app: &App, profile: &Profile, wanted: &Wanted) -> Result<Timeline, ServerError> {
    let is_read = wanted.is_all || app.engine.ports().events.head().0 <= N_READ_AT_ONCE;
    let (mut all, mut note) = (Vec::new(), None);
    let mut is_whole = is_read;
    if is_read {
        let place = app.looks.pasts.try_acquire();
        match place.as_ref().map(|_| whole(app, profile)) {
            Err(_) => (is_whole, note) = (false, Some(BUSY.to_owned())),
            Ok(Ok(events)) => all = events,
            // Too much hangs together with them: the newest are known all the same.
            Ok(Err(error)) if is_too_much(&error) => {
                (is_whole, note) = (false, Some(format!("Only the newest can be shown: {error}.")));
            }
            Ok(Err(error)) => return Err(error.into()),
        }
    }
    if !is_whole {
        let places: BTreeSet<Offset> = profile.moments.as_slice().iter().map(|moment| moment.offset).collect();
        all = app.engine.ports().events.at(&places)?;
    }
    all.sort_by_key(|one| Reverse((one.event.occurred_at, one.offset)));
    let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
    for one in &all {
        *counts.entry(kind_of(&one.event)).or_default() += 1;
    }
    let id = profile.id.as_str();
    let kinds = counts.into_iter().map(|(kind, n)| kind_chip(wanted, id, kind, is_whole.then_some(n))).collect();
    let is_shown = |one: &&Recorded| !wanted.hidden.contains(kind_of(&one.event));
    let n_meant = all.iter().filter(is_shown).count();
    let shown: Vec<&Recorded> = all.iter().filter(is_shown).take(wanted.n).collect();
    let since = since(&all);
    let mut entries = Vec::with_capacity(shown.len());
    // Events wait while it is looked.
    for some in shown.chunks(N_AT_ONCE) {
        entries.extend(
            app.engine.look(|live| some.iter().map(|one| entry(live, one, &since)).collect::<Vec<TimelineEntry>>()),
        );
    }
    let days = days(entries, &all, profile, is_whole);
    let n_more =
        if is_whole { (n_meant - shown.len()) as u64 } else { profile.n_events.saturating_sub(all.len() as u64) };
    let is_more = n_more > 0 && note.is_none() && wanted.n < N_SHOWN_MAX;
    Ok(Timeline {
        days,
        kinds,
        not_shown: n_more,
        older: is_more.then(|| wanted.href(id, &wanted.hidden, wanted.n.saturating_mul(2))),
        note,
    })
}

/// Everything that ever happened to them, as it counts now.
fn whole(app: &App, profile: &Profile) -> Result<Vec<Recorded>, EngineError> {
    let Some(circle) = app.engine.page_around(&profile.id)? else { return Ok(Vec::new()) };
    let Some(theirs) = circle.theirs(&profile.id)? else { return Ok(Vec::new()) };
    Ok(theirs.offsets.iter().filter_map(|offset| circle.event(*offset).cloned()).collect())
}

/// Of which kind an event is: its channel, what it says of the person, or something else.
fn kind_of(event: &Event) -> &'static str {
    match (event.channel(), event.kind()) {
        (Some(channel), _) => channel.name(),
        (None, CallKind::Identify | CallKind::Group | CallKind::Alias) => "person",
        (None, _) => "other",
    }
}

fn kind_chip(wanted: &Wanted, id: &str, kind: &str, count: Option<u64>) -> PastKind {
    let mut hidden = wanted.hidden.clone();
    let is_hidden = hidden.remove(kind);
    if !is_hidden {
        hidden.insert(kind.to_owned());
    }
    PastKind { title: capital(kind), count, is_hidden, href: wanted.href(id, &hidden, wanted.n) }
}

fn days(mut entries: Vec<TimelineEntry>, all: &[Recorded], profile: &Profile, is_whole: bool) -> Vec<TimelineDay> {
    if !is_whole && entries.len() == all.len() {
        // What could not be read is named all the same.
        let read: BTreeSet<Offset> = all.iter().map(|one| one.offset).collect();
        let unread = profile.moments.as_slice().iter().filter(|moment| !read.contains(&moment.offset));
        entries.extend(unread.map(remembered));
        entries.sort_by_key(|entry| Reverse(entry.at));
    }
    let mut days: Vec<TimelineDay> = Vec::new();
    for entry in entries {
        match days.last_mut().filter(|last| last.day.day() == entry.at.day()) {
            Some(last) => last.entries.push(entry),
            None => days.push(TimelineDay { day: entry.at, entries: vec![entry] }),
        }
    }
    days
}

fn remembered(moment: &Moment) -> TimelineEntry {
    TimelineEntry {
        at: moment.at,
        offset: moment.offset.0,
        kind: moment.kind.name().to_owned(),
        name: moment.title.to_string(),
        title: moment.title.to_string(),
        detail: None,
        amount: moment.value,
        lines: Vec::new(),
        since: Vec::new(),
    }
}

fn entry(live: &Live, Recorded { offset, event }: &Recorded, since: &Since<'_>) -> TimelineEntry {
    let words = words(event, &|id| name_of(live, id));
    let order = event.commerce().filter(|commerce| commerce.step == CommerceStep::Ordered);
    TimelineEntry {
        at: event.occurred_at,
        offset: offset.0,
        kind: event.kind().name().to_owned(),
        name: event.title().to_owned(),
        detail: words.detail(),
        title: words.head,
        amount: words.amount,
        lines: order.map_or_else(Vec::new, |order| lines(live, order)),
        since: order
            .and_then(|order| order.order_id.as_deref())
            .and_then(|id| since.get(id).cloned())
            .unwrap_or_default(),
    }
}

fn lines(live: &Live, order: &Commerce) -> Vec<OrderLine> {
    let each = order.products.iter().map(|product| OrderLine {
        title: called(product, &|id| name_of(live, id)),
        id: product.id.to_string(),
        quantity: product.quantity,
        price: product.price,
    });
    each.collect()
}

/// By its order's id: what was paid for it, and what came back of it, the oldest first.
type Since<'a> = BTreeMap<&'a str, Vec<String>>;

fn since(all: &[Recorded]) -> Since<'_> {
    let mut found: Vec<_> =
        all.iter().filter_map(|one| Some((one.event.occurred_at, one.offset, of_order(&one.event)?))).collect();
    found.sort_by_key(|(at, offset, _)| (*at, *offset));
    let mut since = Since::new();
    for (at, _, (order, said)) in found {
        since.entry(order).or_default().push(format!("{said}, {}", format::date_time(at)));
    }
    since
}

/// What an event says of an order beside that it was made, and of which.
fn of_order(event: &Event) -> Option<(&str, String)> {
    let money = |amount: Option<primitives::Money>| {
        amount.map_or_else(String::new, |amount| format!(" {}", format::money(amount)))
    };
    match event.deed() {
        Deed::Payment(payment) => {
            let order = payment.order.as_deref()?;
            let Payment { step, amount, method, reason, .. } = &**payment;
            let head = match step {
                PaymentStep::Attempted => return None,
                PaymentStep::Approved => "Paid",
                PaymentStep::Declined => "A payment failed",
                PaymentStep::ChargedBack => "The bank took back",
            };
            let by = method.as_deref().map_or_else(String::new, |method| format!(" by {}", cut(method)));
            let why = reason.as_deref().map_or_else(String::new, |reason| format!(": {}", cut(reason)));
            Some((order, format!("{head}{}{by}{why}", money(*amount))))
        }
        Deed::Commerce(commerce) if commerce.step == CommerceStep::Refunded => {
            Some((commerce.order_id.as_deref()?, format!("Got back{}", money(commerce.value))))
        }
        _ => None,
    }
}
