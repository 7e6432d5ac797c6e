//! What was read of an event, as columns for other tools: which deed it is, of what, and how much.

use arrow_array::ArrayRef;
use arrow_array::builder::{Float64Builder, Int64Builder, ListBuilder, StringBuilder};
use arrow_schema::{DataType, Field, FieldRef};
use events::{Commerce, DecisionStep, Deed, EmailStep, PaymentStep, Product, Question, SubscriptionStep, TicketStep};
use primitives::Money;
use std::sync::Arc;

/// Deeds on their way into columns. No replay reads them.
pub(super) struct Deeds {
    /// Which deed.
    deed: StringBuilder,
    /// What it is about: the order, ticket, e-mail, payment, call, metric or decision.
    thing: StringBuilder,
    amount_minor: Int64Builder,
    currency: StringBuilder,
    /// A score, a number measured, seconds or results.
    number: Float64Builder,
    unit: StringBuilder,
    items: ListBuilder<StringBuilder>,
    units: ListBuilder<Float64Builder>,
}

/// What a deed has in each column.
#[derive(Default)]
struct Told<'a> {
    deed: &'static str,
    thing: Option<&'a str>,
    amount: Option<Money>,
    number: Option<f64>,
    unit: Option<&'a str>,
    products: Option<&'a [Product]>,
}

impl Deeds {
    pub(super) fn fields() -> Vec<Field> {
        let text = |name: &str| Field::new(name, DataType::Utf8, true);
        vec![
            text("deed"),
            text("thing"),
            Field::new("amount_minor", DataType::Int64, true),
            text("currency"),
            Field::new("number", DataType::Float64, true),
            text("unit"),
            Field::new("items", DataType::List(element(DataType::Utf8)), true),
            Field::new("units", DataType::List(element(DataType::Float64)), true),
        ]
    }

    pub(super) fn new() -> Self {
        Self {
            deed: StringBuilder::new(),
            thing: StringBuilder::new(),
            amount_minor: Int64Builder::new(),
            currency: StringBuilder::new(),
            number: Float64Builder::new(),
            unit: StringBuilder::new(),
            items: ListBuilder::new(StringBuilder::new()).with_field(element(DataType::Utf8)),
            units: ListBuilder::new(Float64Builder::new()).with_field(element(DataType::Float64)),
        }
    }

    pub(super) fn add(&mut self, deed: &Deed) {
        let Told { deed, thing, amount, number, unit, products } = told(deed);
        self.deed.append_option(Some(deed).filter(|deed| !deed.is_empty()));
        self.thing.append_option(thing);
        self.amount_minor.append_option(amount.map(|amount| amount.minor));
        self.currency.append_option(amount.as_ref().map(|amount| amount.currency.code()));
        self.number.append_option(number);
        self.unit.append_option(unit);
        for product in products.unwrap_or_default() {
            self.items.values().append_value(product.id.as_str());
            self.units.values().append_value(product.quantity);
        }
        self.items.append(products.is_some());
        self.units.append(products.is_some());
    }

    pub(super) fn finish(mut self) -> [ArrayRef; 8] {
        [
            Arc::new(self.deed.finish()),
            Arc::new(self.thing.finish()),
            Arc::new(self.amount_minor.finish()),
            Arc::new(self.currency.finish()),
            Arc::new(self.number.finish()),
            Arc::new(self.unit.finish()),
            Arc::new(self.items.finish()),
            Arc::new(self.units.finish()),
        ]
    }
}

fn element(of: DataType) -> FieldRef {
    Arc::new(Field::new("element", of, false))
}

const SECONDS: Option<&str> = Some("seconds");

fn told(deed: &Deed) -> Told<'_> {
    match deed {
        Deed::Commerce(commerce) | Deed::Content(commerce) => of_purchase(commerce),
        Deed::Searched(search) => Told {
            deed: if search.is_click { "result_clicked" } else { "searched" },
            thing: search.query.as_deref(),
            number: search.position.filter(|_| search.is_click).or(search.n_results).map(counted),
            unit: Some(if search.is_click { "position" } else { "results" }),
            products: search.commerce.as_ref().map(|commerce| &commerce.products[..]),
            ..Told::default()
        },
        Deed::PageViewed => Told { deed: "page_viewed", ..Told::default() },
        Deed::PageLeft(page) => of_seconds("page_left", None, page.visible_seconds),
        Deed::Session(session) => of_seconds(ended("session", session.is_end), session.id.as_deref(), session.seconds),
        Deed::Email(email) => about(of_email(email.step), email.id.as_deref().or(email.campaign.as_deref())),
        Deed::Ticket(ticket) => about(of_ticket(ticket.step), ticket.id.as_deref()),
        Deed::Message(message) => {
            let deed = if message.is_from_customer { "message_received" } else { "message_sent" };
            about(deed, message.ticket.as_deref())
        }
        Deed::PhoneCall(call) => of_seconds(ended("call", call.is_end), call.id.as_deref(), call.seconds),
        Deed::Rated(rating) => {
            Told { number: Some(rating.score), ..about(of_rating(rating.question), rating.ticket.as_deref()) }
        }
        Deed::Payment(payment) => {
            Told { amount: payment.amount, ..about(of_payment(payment.step), payment.id.as_deref()) }
        }
        Deed::Subscription(subscription) => Told {
            amount: subscription.amount,
            ..about(of_subscription(subscription.step), subscription.id.as_deref().or(subscription.plan.as_deref()))
        },
        Deed::Measured(measured) => Told {
            number: Some(measured.value),
            unit: measured.unit.as_deref(),
            ..about("measured", Some(&measured.metric))
        },
        Deed::Faulted(fault) => of_seconds("faulted", fault.code.as_deref(), fault.seconds),
        Deed::StoreVisited(visit) => of_seconds("store_visited", visit.store.as_deref(), visit.seconds),
        Deed::Decision(decision) => Told {
            number: decision.position.map(counted),
            unit: decision.position.map(|_| "position"),
            ..about(of_decision(decision.step), Some(&decision.id))
        },
        Deed::Other => Told::default(),
    }
}

fn about<'a>(deed: &'static str, thing: Option<&'a str>) -> Told<'a> {
    Told { deed, thing, ..Told::default() }
}

fn of_seconds<'a>(deed: &'static str, thing: Option<&'a str>, seconds: Option<f64>) -> Told<'a> {
    Told { number: seconds, unit: SECONDS.filter(|_| seconds.is_some()), ..about(deed, thing) }
}

fn of_purchase(commerce: &Commerce) -> Told<'_> {
    let Commerce { step, order_id, value, products } = commerce;
    Told { amount: *value, products: Some(products), ..about(step.name(), order_id.as_deref()) }
}

fn of_email(step: EmailStep) -> &'static str {
    match step {
        EmailStep::Sent => "email_sent",
        EmailStep::Delivered => "email_delivered",
        EmailStep::Opened => "email_opened",
        EmailStep::Clicked => "email_clicked",
        EmailStep::Bounced => "email_bounced",
        EmailStep::MarkedAsSpam => "email_marked_as_spam",
        EmailStep::Unsubscribed => "email_unsubscribed",
    }
}

fn of_ticket(step: TicketStep) -> &'static str {
    match step {
        TicketStep::Created => "ticket_created",
        TicketStep::Assigned => "ticket_assigned",
        TicketStep::Resolved => "ticket_resolved",
        TicketStep::Reopened => "ticket_reopened",
    }
}

fn of_payment(step: PaymentStep) -> &'static str {
    match step {
        PaymentStep::Attempted => "payment_attempted",
        PaymentStep::Approved => "payment_approved",
        PaymentStep::Declined => "payment_declined",
        PaymentStep::ChargedBack => "charged_back",
    }
}

fn of_subscription(step: SubscriptionStep) -> &'static str {
    match step {
        SubscriptionStep::Started => "subscription_started",
        SubscriptionStep::Renewed => "subscription_renewed",
        SubscriptionStep::Upgraded => "subscription_upgraded",
        SubscriptionStep::Downgraded => "subscription_downgraded",
        SubscriptionStep::Cancelled => "subscription_cancelled",
    }
}

fn of_decision(step: DecisionStep) -> &'static str {
    match step {
        DecisionStep::Shown => "decision_shown",
        DecisionStep::Clicked => "decision_clicked",
        DecisionStep::Dismissed => "decision_dismissed",
        DecisionStep::Converted => "decision_converted",
    }
}

fn of_rating(question: Question) -> &'static str {
    match question {
        Question::Csat => "csat",
        Question::Nps => "nps",
        Question::Ces => "ces",
    }
}

fn ended(what: &str, is_end: bool) -> &'static str {
    match (what, is_end) {
        ("session", false) => "session_started",
        ("session", true) => "session_ended",
        (_, false) => "call_started",
        (_, true) => "call_ended",
    }
}

#[expect(clippy::cast_precision_loss, reason = "a place in a list, or how long one is")]
fn counted(n: u64) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests;
