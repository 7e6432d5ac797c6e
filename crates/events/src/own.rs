//! Did the customer do it, or was it done to them?

use crate::{CommerceStep, DecisionStep, Deed, EmailStep, Payment, PaymentStep, SubscriptionStep, TicketStep};

impl Deed {
    /// Whether it is the customer's own doing, and not the company's, a machine's or a bank's: whoever got an e-mail, or whose
    /// subscription was renewed, did nothing. What no table knows counts as their own.
    #[must_use]
    pub fn is_own(&self) -> bool {
        match self {
            Self::Commerce(commerce) => commerce.step != CommerceStep::Refunded,
            Self::Email(email) => match email.step {
                EmailStep::Opened | EmailStep::Clicked | EmailStep::MarkedAsSpam | EmailStep::Unsubscribed => true,
                EmailStep::Sent | EmailStep::Delivered | EmailStep::Bounced => false,
            },
            Self::Ticket(ticket) => match ticket.step {
                TicketStep::Created | TicketStep::Reopened => true,
                TicketStep::Assigned | TicketStep::Resolved => false,
            },
            Self::Message(message) => message.is_from_customer,
            Self::Payment(payment) => is_own_payment(payment),
            Self::Subscription(subscription) => subscription.step != SubscriptionStep::Renewed,
            Self::Measured(_) | Self::Faulted(_) => false,
            Self::Decision(seen) => seen.step != DecisionStep::Shown,
            Self::Searched(_)
            | Self::Content(_)
            | Self::PageViewed
            | Self::PageLeft(_)
            | Self::Session(_)
            | Self::PhoneCall(_)
            | Self::Rated(_)
            | Self::StoreVisited(_)
            | Self::Other => true,
        }
    }
}

/// Of what is paid again and again only the result is told, of no order: nobody did anything that day.
fn is_own_payment(payment: &Payment) -> bool {
    match payment.step {
        PaymentStep::Attempted => true,
        PaymentStep::Approved | PaymentStep::Declined => payment.order.is_some(),
        PaymentStep::ChargedBack => false,
    }
}
