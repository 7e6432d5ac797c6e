//! What did the customer do? One event of any channel, read into types.

use crate::{Commerce, Mood};
use primitives::{Money, Timestamp};
use serde::{Deserialize, Serialize};

/// What one event says, read once. What is large is boxed: most events say little. It is stored with the event: whoever
/// changes it or what is in it raises [`crate::Reading::VERSION`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Deed {
    /// Browsing and buying.
    Commerce(Box<Commerce>),
    /// A search, or a click on what was found.
    Searched(Box<Search>),
    /// Something was read, watched, listened to, borrowed or rated: what there is to say of it as of a product.
    Content(Box<Commerce>),
    /// A page or a screen was seen.
    PageViewed,
    /// A page was left: what hands and eyes did on it.
    PageLeft(Box<PageLeft>),
    /// A session began or ended.
    Session(Box<Session>),
    /// What became of an e-mail.
    Email(Box<Email>),
    /// A ticket of the customer's was opened, assigned, closed or opened again.
    Ticket(Box<Ticket>),
    /// A message came from the customer or went to them.
    Message(Box<Message>),
    /// A telephone call began or ended.
    PhoneCall(Box<PhoneCall>),
    /// They said how content they are.
    Rated(Box<Rating>),
    /// A payment was tried, went through, did not, or was taken back by the bank.
    Payment(Box<Payment>),
    /// A subscription began, went on, changed or ended.
    Subscription(Box<Subscription>),
    /// How much of a service they use, or how well it does.
    Measured(Box<Measurement>),
    /// Their service failed.
    Faulted(Box<Fault>),
    /// They came into a shop.
    StoreVisited(Box<StoreVisit>),
    /// A decision of ours was shown to them, or they acted on it.
    Decision(Box<DecisionSeen>),
    /// Anything else.
    Other,
}

/// What an event's name means, without its properties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Understanding {
    /// It stands in no table, and nobody would look for it there.
    Other,
    /// It is a step of a purchase.
    Step(crate::CommerceStep),
    /// It is an event of another channel.
    Channel,
    /// Its name speaks of purchases, and no specification that we read has that name: it is kept, and counts for
    /// nothing but an event.
    NotUnderstood,
}

/// A search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// What was looked for.
    pub query: Option<String>,
    /// How much was found.
    pub n_results: Option<u64>,
    /// At which place stood what they clicked on, the first being 1.
    pub position: Option<u64>,
    /// Whether they clicked on what was found.
    pub is_click: bool,
    /// What it says as an e-commerce event; `None` for a click.
    pub commerce: Option<Commerce>,
}

/// What hands and eyes did on a page, summed up on the device.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct PageLeft {
    /// How long it could be seen.
    pub visible_seconds: Option<f64>,
    /// How long nothing moved.
    pub idle_seconds: Option<f64>,
    /// How much of it was scrolled to, 0 to 1.
    pub scroll_share: Option<f64>,
    /// How often the pointer moved.
    pub n_pointer_moves: Option<u64>,
    /// How far it moved, in pixels.
    pub pointer_px: Option<f64>,
    /// Clicks.
    pub n_clicks: Option<u64>,
    /// Bursts of clicks at one place.
    pub n_rage_clicks: Option<u64>,
    /// Clicks that did nothing.
    pub n_dead_clicks: Option<u64>,
    /// Times that something was typed, corrections included.
    pub n_keys: Option<u64>,
    /// How many of them took back what was there.
    pub n_corrections: Option<u64>,
    /// Fields of a form that were begun, in a form that was not sent.
    pub n_form_fields_left: Option<u64>,
}

/// The beginning or the end of a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Whether it is the end.
    pub is_end: bool,
    /// Which session.
    pub id: Option<String>,
    /// How long it took.
    pub seconds: Option<f64>,
}

/// What became of an e-mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EmailStep {
    /// It was sent.
    Sent,
    /// The other side has taken it.
    Delivered,
    /// It was opened.
    Opened,
    /// A link in it was followed.
    Clicked,
    /// It came back.
    Bounced,
    /// It was called unwanted.
    MarkedAsSpam,
    /// No more are wanted.
    Unsubscribed,
}

/// An e-mail and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Email {
    /// What became of it.
    pub step: EmailStep,
    /// Which e-mail.
    pub id: Option<String>,
    /// Of which campaign.
    pub campaign: Option<String>,
    /// What it was about.
    pub subject: Option<String>,
    /// The link that was followed.
    pub link: Option<String>,
}

/// Where in its life a ticket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TicketStep {
    /// It was opened.
    Created,
    /// Somebody took it.
    Assigned,
    /// It was closed.
    Resolved,
    /// It was opened again.
    Reopened,
}

/// How much a ticket presses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Priority {
    /// Whenever there is time.
    Low,
    /// As usual.
    Normal,
    /// Soon.
    High,
    /// At once.
    Urgent,
}

/// A ticket of the support.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    /// Where it stands.
    pub step: TicketStep,
    /// Which ticket.
    pub id: Option<String>,
    /// By which way it came: `email`, `phone`, `chat`.
    pub channel: Option<String>,
    /// What it is about.
    pub subject: Option<String>,
    /// How much it presses.
    pub priority: Option<Priority>,
    /// Who takes care of it.
    pub assignee: Option<String>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Whether the customer wrote it.
    pub is_from_customer: bool,
    /// Whether it says something. What it says stands in the event, and is not kept once more beside it.
    pub has_text: bool,
    /// By which way it came.
    pub channel: Option<String>,
    /// To which ticket it belongs.
    pub ticket: Option<String>,
    /// How it sounds, where the customer wrote it and something could be read.
    pub mood: Option<Mood>,
}

/// A telephone call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhoneCall {
    /// Whether it is the end.
    pub is_end: bool,
    /// Which call.
    pub id: Option<String>,
    /// How long it took: as stated, else from its beginning to its end.
    pub seconds: Option<f64>,
    /// How long they waited for somebody.
    pub waited_seconds: Option<f64>,
    /// To which ticket it belongs.
    pub ticket: Option<String>,
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Question {
    /// How content are you?
    Csat,
    /// Would you recommend us?
    Nps,
    /// How easy was it?
    Ces,
}

/// How content somebody says they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rating {
    /// What was asked for.
    pub question: Question,
    /// What they gave.
    pub score: f64,
    /// The lowest there is.
    pub least: f64,
    /// The highest.
    pub most: f64,
    /// Whether they said something besides; what, stands in the event.
    pub has_comment: bool,
    /// Of which ticket.
    pub ticket: Option<String>,
}

impl Rating {
    /// Where on the scale it lies, 0 to 1.
    #[must_use]
    pub fn share(&self) -> f64 {
        (self.score - self.least) / (self.most - self.least)
    }
}

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PaymentStep {
    /// It was tried.
    Attempted,
    /// It went through.
    Approved,
    /// It did not.
    Declined,
    /// The bank took it back.
    ChargedBack,
}

/// A payment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Payment {
    /// Where it stands.
    pub step: PaymentStep,
    /// Which payment.
    pub id: Option<String>,
    /// How much.
    pub amount: Option<Money>,
    /// By card, by invoice, …
    pub method: Option<String>,
    /// Why it did not go through, or was taken back.
    pub reason: Option<String>,
    /// For which order.
    pub order: Option<String>,
}

/// What happened to a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SubscriptionStep {
    /// It began.
    Started,
    /// It goes on.
    Renewed,
    /// It is worth more from here on.
    Upgraded,
    /// It is worth less from here on.
    Downgraded,
    /// It ended, or will.
    Cancelled,
}

/// How often a subscription is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Interval {
    /// Every day.
    Day,
    /// Every week.
    Week,
    /// Every month.
    Month,
    /// Every three months.
    Quarter,
    /// Every year.
    Year,
}

impl Interval {
    /// How many days it has, on the average.
    #[must_use]
    pub fn days(self) -> f64 {
        match self {
            Self::Day => 1.0,
            Self::Week => 7.0,
            Self::Month => 365.25 / 12.0,
            Self::Quarter => 365.25 / 4.0,
            Self::Year => 365.25,
        }
    }
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    /// What happened to it.
    pub step: SubscriptionStep,
    /// Which subscription.
    pub id: Option<String>,
    /// To what.
    pub plan: Option<String>,
    /// What is paid each time.
    pub amount: Option<Money>,
    /// What is paid each time, in major units, where nobody says in which currency.
    pub bare_amount: Option<f64>,
    /// How often, where it is said.
    pub interval: Option<Interval>,
    /// When it is paid the next time.
    pub renews_at: Option<Timestamp>,
    /// Why it changed or ended.
    pub reason: Option<String>,
}

/// A number that a service tells of the customer's use of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// What was measured.
    pub metric: String,
    /// How much it was.
    pub value: f64,
    /// In which unit. Numbers of different units are never added up.
    pub unit: Option<String>,
    /// On which device.
    pub device: Option<String>,
}

/// That a service failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// Which fault.
    pub code: Option<String>,
    /// For how long.
    pub seconds: Option<f64>,
    /// On which device.
    pub device: Option<String>,
}

/// A visit to a shop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoreVisit {
    /// Which shop.
    pub store: Option<String>,
    /// By which card of the loyalty programme they were known.
    pub loyalty: Option<String>,
    /// How long they stayed.
    pub seconds: Option<f64>,
}

/// What became of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DecisionStep {
    /// They saw it.
    Shown,
    /// They clicked on it.
    Clicked,
    /// They sent it away.
    Dismissed,
    /// They did what it was for.
    Converted,
}

/// A decision of ours that met the customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionSeen {
    /// What became of it.
    pub step: DecisionStep,
    /// Which decision: the `decisionId` of the answer.
    pub id: String,
    /// Which of the actions that it answered; the first where nothing is said.
    pub action: Option<String>,
    /// Which item of it.
    pub item: Option<String>,
    /// At which place that stood, the first being 1.
    pub position: Option<u64>,
    /// What it was worth.
    pub value: Option<Money>,
    /// What it was worth, in major units, where nobody says in which currency.
    pub bare_value: Option<f64>,
    /// Where it met them.
    pub channel: Option<String>,
    /// Why they did so.
    pub reason: Option<String>,
}

impl DecisionSeen {
    /// A step of a decision of which nothing else is said.
    #[must_use]
    pub fn new(step: DecisionStep, id: impl Into<String>) -> Self {
        let (action, item, position, value, bare_value, channel, reason) = Default::default();
        Self { step, id: id.into(), action, item, position, value, bare_value, channel, reason }
    }
}
