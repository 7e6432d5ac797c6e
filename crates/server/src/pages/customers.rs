//! Which customers stand on the list, and who is found?

use super::answer::{content, spent};
use super::visit::Visit;
use super::{Asked, more_rows, n_rows, text};
use crate::app::App;
use crate::error::ServerError;
use axum::extract::Query;
use axum::response::Response;
use console::format;
use console::view::{CustomerRow, CustomersPage, Frame, Glance};
use decisions::Kind;
use engine::Search;
use events::Channel;
use features::{Catalogue, FeatureState, Inflow, InflowName, Inputs, SUBSCRIPTION_AMOUNT, SUBSCRIPTIONS_ACTIVE};
use primitives::{Currency, Timestamp};
use profiles::{Customer, Profile};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long a search may look through the customers in memory.
const SEARCH_MAX: Duration = Duration::from_millis(400);

/// The names that say that something was ordered.
const ORDERS: [&str; 3] = ["Order Completed", "purchase", "orders/create"];

/// `/customers?q=`.
pub(super) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Response {
    visit.page(move |app, frame| Ok(fill(app, frame, &asked)?.render())).await
}

fn fill(app: &App, frame: Frame, asked: &Asked) -> Result<CustomersPage, ServerError> {
    let query = text(asked, "q", 200);
    let n = n_rows(asked);
    let Search { customers, n_found, n_searched, is_complete } = app.engine.search(&query, n, SEARCH_MAX)?;
    let totals = app.engine.look(|live| live.profiles.totals());
    let now = frame.now;
    let kinds = app.engine.capabilities().kinds.iter().filter(|kind| kind.about().on_profile);
    let columns = kinds.map(|kind| {
        let answers = customers.iter().map(|customer| glance(app, customer, kind, now));
        (kind.about().title.clone(), answers.collect::<Vec<_>>())
    });
    // The first that say something of anybody on the list, as many as there is room for: no other is asked.
    let told = columns.filter(|(_, answers)| answers.iter().any(Option::is_some)).take(CustomersPage::N_ANSWERS);
    let (answers, mut columns): (Vec<_>, Vec<_>) = told.map(|(title, answers)| (title, answers.into_iter())).unzip();
    let has = |is_meant: &dyn Fn(&InflowName, &Inflow) -> bool| {
        app.engine.look(|live| live.inflows.iter().any(|(name, inflow)| is_meant(&name, inflow)))
    };
    let has_subscriptions = has(&|_, inflow| inflow.channel == Some(Channel::Subscriptions));
    let costs = has_subscriptions.then(|| Costs::new(app)).flatten();
    let has_orders = has(&|name, _| ORDERS.iter().any(|order| name.is_meant_by(order)));
    Ok(CustomersPage {
        total: totals.n_customers,
        found: n_found,
        note: note(&query, n_searched, totals.n_customers, is_complete),
        answers,
        has_orders,
        has_subscriptions,
        rows: customers
            .iter()
            .map(|customer| {
                let answers = columns.iter_mut().map(|answers| answers.next().flatten()).collect();
                row(customer, answers, costs.as_ref(), now)
            })
            .collect(),
        older: more_rows("/customers", &[("q", &query)], customers.len(), n),
        query,
        frame,
    })
}

/// What the list leaves out, where it does.
fn note(query: &str, n_searched: u64, total: u64, is_complete: bool) -> Option<String> {
    let what = if query.is_empty() { "stand in this order" } else { "were looked through" };
    let searched = format::count(n_searched);
    if !is_complete {
        return Some(format!(
            "{searched} of {} customers {what} before the time was up: give a whole userId.",
            format::count(total)
        ));
    }
    (n_searched < total).then(|| {
        format!("{searched} of {} customers are in memory and {what}; the others are found by a whole userId or anonymousId.", format::count(total))
    })
}

fn row(
    customer: &Customer<FeatureState>,
    answers: Vec<Option<Glance>>,
    costs: Option<&Costs>,
    now: Timestamp,
) -> CustomerRow {
    CustomerRow {
        id: customer.profile.id.to_string(),
        label: label(&customer.profile),
        known: customer.profile.is_known(),
        first_seen: customer.profile.first_seen,
        last_seen: customer.profile.last_seen,
        orders: customer.state.n_orders(),
        revenue: spent(&customer.state).filter(|_| customer.state.n_orders() > 0),
        subscribed: costs.and_then(|costs| costs.of(&customer.state, now)),
        answers,
    }
}

/// What active subscriptions cost a month, or how many there are where nobody says what they cost.
struct Costs {
    catalogue: Arc<Catalogue>,
    inputs: Inputs,
}

impl Costs {
    /// Reads the two features that tell it, and no other.
    fn new(app: &App) -> Option<Self> {
        let catalogue = app.engine.catalogue();
        let ids = [catalogue.get(SUBSCRIPTIONS_ACTIVE)?.id.clone(), catalogue.get(SUBSCRIPTION_AMOUNT)?.id.clone()];
        Some(Self { inputs: catalogue.inputs(&ids).ok()?, catalogue })
    }

    fn of(&self, state: &FeatureState, now: Timestamp) -> Option<String> {
        let mut values = Vec::with_capacity(2);
        self.catalogue.read(state, now, &self.inputs, &mut values);
        let value = |place: usize| values.get(place).copied().filter(|value| *value > 0.0);
        let n = value(0)?;
        let monthly = value(1).map(|amount| a_month(amount, state.currency()));
        Some(monthly.unwrap_or_else(|| format!("{} active", format::number(n))))
    }
}

/// What costs so much in 30 days, a month: `9.90 EUR a month`.
pub(super) fn a_month(in_30_days: f64, currency: Option<Currency>) -> String {
    format!("{} a month", format::amount(in_a_month(in_30_days), currency))
}

/// The same as a number. A year has 365.25 days.
pub(super) fn in_a_month(in_30_days: f64) -> f64 {
    in_30_days * 365.25 / 12.0 / 30.0
}

/// The customer's own answer; an average says nothing about one.
fn glance(app: &App, customer: &Customer<FeatureState>, kind: &dyn Kind, now: Timestamp) -> Option<Glance> {
    let answer = app.engine.preview(customer, kind, now, BTreeMap::new()).ok()?;
    content(app, &kind.about().name, &answer, None).glance()
}

/// What people call the customer, where a trait says so.
pub(super) fn label(profile: &Profile) -> Option<String> {
    let text = |names: &[&str]| names.iter().find_map(|name| trait_text(profile, name));
    let full = || {
        let parts = [text(&["firstName", "first_name"]), text(&["lastName", "last_name"])];
        let full = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        (!full.is_empty()).then_some(full)
    };
    text(&["name"]).or_else(full).or_else(|| text(&["email", "username", "phone"]))
}

fn trait_text(profile: &Profile, name: &str) -> Option<String> {
    let json = &profile.traits.get(name)?.json;
    let text: String = serde_json::from_str(json).ok()?;
    (!text.trim().is_empty()).then(|| text.chars().take(120).collect())
}
