//! Which side of a customer does an event tell of?

use crate::{CallKind, Deed, Event};
use serde::{Deserialize, Serialize};

/// A channel: a group of events that tell of one side of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Channel {
    /// Orders, carts, products looked at.
    Purchases,
    /// What was read, watched, listened to, borrowed.
    Content,
    /// What was looked for.
    Search,
    /// Pages and screens, sessions, pointer and typing.
    Sessions,
    /// E-mails and what became of them.
    Email,
    /// Tickets, messages, calls, ratings.
    Support,
    /// Payments and chargebacks.
    Payments,
    /// Subscriptions.
    Subscriptions,
    /// How a service is used and how well it does.
    Usage,
    /// Visits to shops.
    Stores,
    /// Decisions shown and acted on.
    Decisions,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 11] = [
        Self::Purchases,
        Self::Content,
        Self::Search,
        Self::Sessions,
        Self::Email,
        Self::Support,
        Self::Payments,
        Self::Subscriptions,
        Self::Usage,
        Self::Stores,
        Self::Decisions,
    ];

    /// The name in words: `purchases`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Purchases => "purchases",
            Self::Content => "content",
            Self::Search => "search",
            Self::Sessions => "sessions",
            Self::Email => "e-mail",
            Self::Support => "support",
            Self::Payments => "payments",
            Self::Subscriptions => "subscriptions",
            Self::Usage => "usage",
            Self::Stores => "shops",
            Self::Decisions => "decisions",
        }
    }

    /// An event of it, and what it tells.
    #[must_use]
    pub fn example(self) -> (&'static str, &'static str) {
        match self {
            Self::Purchases => ("Order Completed", "what customers buy: recommendations, churn, value, segments"),
            Self::Content => ("Content Played", "what they read, watch and hear: recommendations without a purchase"),
            Self::Search => ("Products Searched", "what they look for and do not find"),
            Self::Sessions => ("Page Left", "what they see and how it goes; /rapport.js sends it"),
            Self::Email => ("Email Opened", "what they read, and when"),
            Self::Support => ("Ticket Created", "what goes wrong for them, and how content they are"),
            Self::Payments => ("Payment Declined", "whether they can and do pay"),
            Self::Subscriptions => ("Subscription Renewed", "what they pay again and again, and when it ends"),
            Self::Usage => ("Service Measured", "how much they use what they pay for, and how well it works"),
            Self::Stores => ("Store Visited", "when they come in person"),
            Self::Decisions => ("Decision Shown", "what they saw and did of what was decided"),
        }
    }
}

impl Deed {
    /// The channel that it belongs to; `None` for what is of no channel.
    #[must_use]
    pub fn channel(&self) -> Option<Channel> {
        Some(match self {
            Self::Commerce(_) => Channel::Purchases,
            Self::Content(_) => Channel::Content,
            Self::Searched(_) => Channel::Search,
            Self::PageViewed | Self::PageLeft(_) | Self::Session(_) => Channel::Sessions,
            Self::Email(_) => Channel::Email,
            Self::Ticket(_) | Self::Message(_) | Self::PhoneCall(_) | Self::Rated(_) => Channel::Support,
            Self::Payment(_) => Channel::Payments,
            Self::Subscription(_) => Channel::Subscriptions,
            Self::Measured(_) | Self::Faulted(_) => Channel::Usage,
            Self::StoreVisited(_) => Channel::Stores,
            Self::Decision(_) => Channel::Decisions,
            Self::Other => return None,
        })
    }
}

impl Event {
    /// The channel that it belongs to; `None` for one of no channel. A page that says no more is of a visit.
    #[must_use]
    pub fn channel(&self) -> Option<Channel> {
        let is_page = matches!(self.kind(), CallKind::Page | CallKind::Screen);
        self.deed().channel().or(is_page.then_some(Channel::Sessions))
    }
}
