//! What does one event of a channel tell?

use super::contact::ContactSaid;
use super::term::{Price, TermSaid};
use super::visit::{Stage, Step};
use super::words::Word;
use crate::cell::{Tally, millionths};
use events::{
    CommerceStep, DecisionStep, Deed, EmailStep, Event, Payment, PaymentStep, Question, Search, Subscription,
    SubscriptionStep, TicketStep,
};
use primitives::stable_hash;
use serde::{Deserialize, Serialize};

/// What a word is on. On all but the first, whose say is a company's, a public write key is not believed against it: where
/// the company ever told something of a customer, what others say of it does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Matter {
    /// What customers do themselves, and devices tell.
    Conduct,
    /// Tickets, messages, calls.
    Support,
    /// CSAT, NPS, CES.
    Ratings,
    Payments,
    Subscriptions,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Topic {
    Search,
    SearchWithoutResult,
    SearchClick,
    EmailSent,
    EmailDelivered,
    EmailOpened,
    EmailClicked,
    EmailBounced,
    /// Unwanted: called spam, or unsubscribed from.
    EmailUnwanted,
    TicketCreated,
    TicketReopened,
    MessageReceived,
    MessageSent,
    CallEnded,
    PaymentApproved,
    PaymentDeclined,
    Chargeback,
    Upgraded,
    Downgraded,
    Cancelled,
    Measured,
    Fault,
    StoreVisit,
    DecisionShown,
    DecisionClicked,
    DecisionDismissed,
    DecisionConverted,
}

impl Topic {
    /// Whether the customer turned to the company.
    pub(crate) fn is_contact(self) -> bool {
        matches!(self, Self::TicketCreated | Self::MessageReceived | Self::CallEnded)
    }

    pub(crate) fn matter(self) -> Matter {
        match self {
            Self::TicketCreated
            | Self::TicketReopened
            | Self::MessageReceived
            | Self::MessageSent
            | Self::CallEnded => Matter::Support,
            Self::PaymentApproved | Self::PaymentDeclined | Self::Chargeback => Matter::Payments,
            Self::Upgraded | Self::Downgraded | Self::Cancelled => Matter::Subscriptions,
            _ => Matter::Conduct,
        }
    }
}

/// What is summed, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Quantity {
    /// Shares of the scale.
    Csat,
    /// Points from 0 to 10.
    Nps,
    /// Shares of the scale.
    Ces,
    /// Seconds.
    Call,
    /// Seconds.
    Wait,
    /// Seconds.
    Fault,
}

impl Quantity {
    pub(crate) fn matter(self) -> Matter {
        match self {
            Self::Csat | Self::Nps | Self::Ces => Matter::Ratings,
            Self::Call | Self::Wait => Matter::Support,
            Self::Fault => Matter::Conduct,
        }
    }
}

/// What pages that were left come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PagesLeft {
    pub(crate) visible_ms: u64,
    pub(crate) idle_ms: u64,
    /// Clicks in anger, and clicks that did nothing.
    pub(crate) n_frustrations: u64,
    pub(crate) n_keys: u64,
    pub(crate) n_corrections: u64,
    pub(crate) n_form_fields_left: u64,
}

impl Tally for PagesLeft {
    fn add(&mut self, other: Self) {
        self.visible_ms += other.visible_ms;
        self.idle_ms += other.idle_ms;
        self.n_frustrations += other.n_frustrations;
        self.n_keys += other.n_keys;
        self.n_corrections += other.n_corrections;
        self.n_form_fields_left += other.n_form_fields_left;
    }
}

impl Word for TicketStep {
    type Step = Self;

    fn step(&self) -> Self {
        *self
    }
}

/// One thing that an event tells.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) enum Channel {
    Topic(Topic),
    Number(Quantity, i64),
    PageLeft(PagesLeft),
    /// Of a metric in a unit, in millionths.
    Measured(u64, i64),
    /// What became of a ticket.
    Ticket(u64, TicketStep),
    Subscription(u64, TermSaid),
    /// What came of a decision.
    Contact(ContactSaid),
    PaymentEnded {
        is_approved: bool,
    },
    /// Where on its scale a rating lies, in millionths.
    Rated(i64),
}

impl Channel {
    pub(crate) fn matter(self) -> Matter {
        match self {
            Self::Topic(topic) => topic.matter(),
            Self::Number(quantity, _) => quantity.matter(),
            Self::PageLeft(_) | Self::Measured(..) => Matter::Conduct,
            Self::Ticket(..) => Matter::Support,
            Self::Subscription(..) => Matter::Subscriptions,
            Self::Contact(_) => Matter::Conduct,
            Self::PaymentEnded { .. } => Matter::Payments,
            Self::Rated(_) => Matter::Ratings,
        }
    }
}

/// What an event tells; also of the decision that it answers, whatever else it says.
pub(crate) fn channels_of(event: &Event) -> Box<[Channel]> {
    let told = channels_of_deed(event.deed());
    match event.answered().and_then(ContactSaid::of) {
        Some(contact) => told.into_iter().chain([Channel::Contact(contact)]).collect(),
        None => told,
    }
}

/// What a deed tells. Purchases, page views and what is nothing of the kind tell nothing.
fn channels_of_deed(deed: &Deed) -> Box<[Channel]> {
    use Channel::{Measured, Number, PageLeft, Rated, Ticket};
    let seconds = |quantity, seconds: Option<f64>| seconds.map(|seconds| Number(quantity, millionths(seconds)));
    match deed {
        Deed::Commerce(_) | Deed::Content(_) | Deed::PageViewed | Deed::Session(_) | Deed::Other => Box::default(),
        Deed::Searched(search) => of_search(search),
        Deed::PageLeft(left) => one(PageLeft(pages_left(left))),
        Deed::Email(email) => one(Channel::Topic(match email.step {
            EmailStep::Sent => Topic::EmailSent,
            EmailStep::Delivered => Topic::EmailDelivered,
            EmailStep::Opened => Topic::EmailOpened,
            EmailStep::Clicked => Topic::EmailClicked,
            EmailStep::Bounced => Topic::EmailBounced,
            EmailStep::MarkedAsSpam | EmailStep::Unsubscribed => Topic::EmailUnwanted,
        })),
        Deed::Ticket(ticket) => {
            let counted = match ticket.step {
                TicketStep::Created => Some(Channel::Topic(Topic::TicketCreated)),
                TicketStep::Reopened => Some(Channel::Topic(Topic::TicketReopened)),
                TicketStep::Assigned | TicketStep::Resolved => None,
            };
            let word = ticket.id.as_deref().map(|id| Ticket(stable_hash(id), ticket.step));
            counted.into_iter().chain(word).collect()
        }
        Deed::Message(message) if message.is_from_customer => one(Channel::Topic(Topic::MessageReceived)),
        Deed::Message(_) => one(Channel::Topic(Topic::MessageSent)),
        Deed::PhoneCall(call) => {
            let ended = call.is_end.then_some(Channel::Topic(Topic::CallEnded));
            let took = seconds(Quantity::Call, call.seconds);
            ended.into_iter().chain(took).chain(seconds(Quantity::Wait, call.waited_seconds)).collect()
        }
        Deed::Rated(rating) => {
            let share = millionths(rating.share());
            let (quantity, number) = match rating.question {
                Question::Csat => (Quantity::Csat, share),
                Question::Nps => (Quantity::Nps, millionths(rating.score)),
                Question::Ces => (Quantity::Ces, share),
            };
            Box::new([Number(quantity, number), Rated(share)])
        }
        Deed::Payment(payment) => of_payment(payment),
        Deed::Subscription(subscription) => of_subscription(subscription),
        Deed::Measured(measured) => {
            let unit = measured.unit.as_deref().unwrap_or_default();
            // Another unit is another metric: its numbers are never added to these.
            let metric = stable_hash(&format!("{}\0{unit}", measured.metric));
            Box::new([Channel::Topic(Topic::Measured), Measured(metric, millionths(measured.value))])
        }
        Deed::Faulted(fault) => {
            let counted = Channel::Topic(Topic::Fault);
            [counted].into_iter().chain(seconds(Quantity::Fault, fault.seconds)).collect()
        }
        Deed::StoreVisited(_) => one(Channel::Topic(Topic::StoreVisit)),
        Deed::Decision(seen) => one(Channel::Topic(match seen.step {
            DecisionStep::Shown => Topic::DecisionShown,
            DecisionStep::Clicked => Topic::DecisionClicked,
            DecisionStep::Dismissed => Topic::DecisionDismissed,
            DecisionStep::Converted => Topic::DecisionConverted,
        })),
    }
}

fn one(told: Channel) -> Box<[Channel]> {
    Box::new([told])
}

fn of_search(search: &Search) -> Box<[Channel]> {
    let is_search = search.commerce.is_some();
    let topics = [
        (is_search, Topic::Search),
        (is_search && search.n_results == Some(0), Topic::SearchWithoutResult),
        (search.is_click, Topic::SearchClick),
    ];
    topics.into_iter().filter(|(is_told, _)| *is_told).map(|(_, topic)| Channel::Topic(topic)).collect()
}

fn of_payment(payment: &Payment) -> Box<[Channel]> {
    let ended = |topic, is_approved| -> Box<[Channel]> {
        Box::new([Channel::Topic(topic), Channel::PaymentEnded { is_approved }])
    };
    match payment.step {
        PaymentStep::Attempted => Box::default(),
        PaymentStep::Approved => ended(Topic::PaymentApproved, true),
        PaymentStep::Declined => ended(Topic::PaymentDeclined, false),
        PaymentStep::ChargedBack => one(Channel::Topic(Topic::Chargeback)),
    }
}

fn of_subscription(subscription: &Subscription) -> Box<[Channel]> {
    let step = subscription.step;
    let topic = match step {
        SubscriptionStep::Started | SubscriptionStep::Renewed => None,
        SubscriptionStep::Upgraded => Some(Topic::Upgraded),
        SubscriptionStep::Downgraded => Some(Topic::Downgraded),
        SubscriptionStep::Cancelled => Some(Topic::Cancelled),
    };
    let Subscription { amount, bare_amount, interval, renews_at, .. } = *subscription;
    let price = amount.map(Price::from).or(bare_amount.map(Price::Bare));
    let term = TermSaid { step, price, interval, renews_at };
    // Who has only one need not name it.
    let id = subscription.id.as_deref().map_or(0, stable_hash);
    topic.map(Channel::Topic).into_iter().chain([Channel::Subscription(id, term)]).collect()
}

fn pages_left(left: &events::PageLeft) -> PagesLeft {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 31 days")]
    let ms = |seconds: Option<f64>| (seconds.unwrap_or(0.0) * 1_000.0).round() as u64;
    PagesLeft {
        visible_ms: ms(left.visible_seconds),
        idle_ms: ms(left.idle_seconds),
        n_frustrations: left.n_rage_clicks.unwrap_or(0) + left.n_dead_clicks.unwrap_or(0),
        n_keys: left.n_keys.unwrap_or(0),
        n_corrections: left.n_corrections.unwrap_or(0),
        n_form_fields_left: left.n_form_fields_left.unwrap_or(0),
    }
}

/// What an event shows of a visit; `None` where nobody need be there for it: an e-mail arrives, a device tells something.
pub(crate) fn step_of(deed: &Deed) -> Option<Step> {
    let at = |stage| Step { stage, is_page: false, is_search: false, n_frustrations: 0 };
    Some(match deed {
        Deed::PageViewed => Step { is_page: true, ..at(Stage::Page) },
        Deed::Searched(search) if search.is_click => at(Stage::Product),
        Deed::Searched(_) => Step { is_search: true, ..at(Stage::Page) },
        Deed::PageLeft(left) => {
            let n_frustrations = u16::try_from(pages_left(left).n_frustrations).unwrap_or(u16::MAX);
            Step { n_frustrations, ..at(Stage::There) }
        }
        Deed::Session(_) => at(Stage::There),
        Deed::Content(_) => at(Stage::Product),
        Deed::Commerce(commerce) => at(match commerce.step {
            CommerceStep::Searched | CommerceStep::ListViewed => Stage::Page,
            CommerceStep::Viewed | CommerceStep::Consumed => Stage::Product,
            CommerceStep::Added | CommerceStep::Removed => Stage::Cart,
            CommerceStep::Checkout => Stage::Checkout,
            CommerceStep::Ordered => Stage::Ordered,
            CommerceStep::Refunded | CommerceStep::Other => return None,
        }),
        _ => return None,
    })
}
