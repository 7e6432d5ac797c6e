//! What do the channels beside purchases say, in words?

use super::{NameOf, Words, cut, listed_but, text};
use console::format;
use events::{
    DecisionSeen, DecisionStep, Deed, Email, EmailStep, Fault, Interval, Measurement, Message, Object, PageLeft,
    Payment, PaymentStep, PhoneCall, Priority, Question, Rating, Session, StoreVisit, Subscription, SubscriptionStep,
    Ticket, TicketStep,
};
use primitives::ItemId;

/// What a deed of another channel says.
pub(super) fn words(deed: &Deed, name: &str, properties: &Object, name_of: NameOf<'_>) -> Words {
    match deed {
        Deed::PageLeft(left) => page_left(left, properties),
        Deed::Session(session) => session_words(session),
        Deed::Email(email) => email_words(email),
        Deed::Ticket(ticket) => ticket_words(ticket),
        Deed::Message(message) => message_words(message, properties),
        Deed::PhoneCall(call) => call_words(call),
        Deed::Rated(rating) => rating_words(rating, properties),
        Deed::Payment(payment) => payment_words(payment),
        Deed::Subscription(subscription) => subscription_words(subscription),
        Deed::Measured(measured) => measured_words(measured),
        Deed::Faulted(fault) => fault_words(fault),
        Deed::StoreVisited(visit) => visit_words(visit),
        Deed::Decision(seen) => decision_words(seen, name_of),
        // Told elsewhere.
        Deed::Commerce(_) | Deed::Content(_) | Deed::Searched(_) | Deed::PageViewed | Deed::Other => {
            Words::head(cut(name)).and(listed_but(properties, &[]))
        }
    }
}

/// A length of time in seconds: `34 s`, `6 min`.
fn lasting(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "at most 31 days")]
    let ms = (seconds * 1_000.0) as i64;
    if seconds < 60.0 { format!("{} s", format::number(seconds.round())) } else { format::duration(ms) }
}

fn some(n: Option<u64>) -> Option<u64> {
    n.filter(|n| *n > 0)
}

fn page_left(left: &PageLeft, properties: &Object) -> Words {
    let place = ["title", "path", "url"].into_iter().find_map(|key| text(properties, key));
    let after = left.visible_seconds.map_or_else(String::new, |seconds| format!(" after {}", lasting(seconds)));
    let counted = |n: Option<u64>, one: &str, many: &str| some(n).map(|n| format::counted(n, one, many));
    let keys = counted(left.n_keys, "key", "keys");
    let corrections = some(left.n_corrections).map(|n| format!("{} taken back", format::count(n)));
    Words::head(format!("Left {}{after}", place.as_deref().unwrap_or("a page")))
        .and(left.idle_seconds.filter(|seconds| *seconds >= 1.0).map(|seconds| format!("{} idle", lasting(seconds))))
        .and(left.scroll_share.map(|share| format!("scrolled to {}", format::percent(share))))
        .and(counted(left.n_clicks, "click", "clicks"))
        .and(counted(left.n_rage_clicks, "burst of clicks at one place", "bursts of clicks at one place"))
        .and(some(left.n_dead_clicks).map(|n| format!("{} that did nothing", format::counted(n, "click", "clicks"))))
        .and(keys)
        .and(corrections)
        .and(counted(left.n_form_fields_left, "field begun and not sent", "fields begun and not sent"))
        .and(counted(left.n_pointer_moves, "move of the pointer", "moves of the pointer"))
        .and(left.pointer_px.filter(|px| *px >= 1.0).map(|px| format!("{} pixels", format::number(px.round()))))
}

fn session_words(session: &Session) -> Words {
    let after = session.seconds.map_or_else(String::new, |seconds| format!(" after {}", lasting(seconds)));
    let head = if session.is_end { format!("Ended a session{after}") } else { "Began a session".to_owned() };
    Words::head(head).and(session.id.as_deref().map(|id| format!("session {}", cut(id))))
}

fn email_words(email: &Email) -> Words {
    let about = email.subject.as_deref().map_or_else(String::new, |subject| format!(" “{}”", cut(subject)));
    let head = match email.step {
        EmailStep::Sent => format!("Was sent the e-mail{about}"),
        EmailStep::Delivered => format!("Got the e-mail{about}"),
        EmailStep::Opened => format!("Opened the e-mail{about}"),
        EmailStep::Clicked => format!("Followed a link in the e-mail{about}"),
        EmailStep::Bounced => format!("The e-mail{about} came back"),
        EmailStep::MarkedAsSpam => format!("Called the e-mail{about} unwanted"),
        EmailStep::Unsubscribed => "Wants no more e-mails".to_owned(),
    };
    let subject = email
        .subject
        .as_deref()
        .filter(|_| email.step == EmailStep::Unsubscribed)
        .map(|subject| format!("“{}”", cut(subject)));
    Words::head(head)
        .and(subject)
        .and(email.link.as_deref().map(cut))
        .and(email.campaign.as_deref().map(|campaign| format!("campaign {}", cut(campaign))))
        .and(
            email
                .id
                .as_deref()
                .filter(|_| email.campaign.is_none() && email.subject.is_none())
                .map(|id| format!("e-mail {}", cut(id))),
        )
}

fn ticket_words(ticket: &Ticket) -> Words {
    let about = ticket.subject.as_deref().map_or_else(String::new, |subject| format!(" about “{}”", cut(subject)));
    let head = match ticket.step {
        TicketStep::Created => format!("Opened a ticket{about}"),
        TicketStep::Assigned => format!("Somebody took the ticket{about}"),
        TicketStep::Resolved => format!("The ticket{about} was closed"),
        TicketStep::Reopened => format!("The ticket{about} was opened again"),
    };
    let priority = ticket.priority.map(|priority| match priority {
        Priority::Low => "low priority",
        Priority::Normal => "normal priority",
        Priority::High => "high priority",
        Priority::Urgent => "urgent",
    });
    Words::head(head).and(by(ticket.channel.as_deref())).and(priority).and(of_ticket(ticket.id.as_deref()))
}

fn by(channel: Option<&str>) -> Option<String> {
    channel.map(|channel| format!("by {}", cut(channel)))
}

fn of_ticket(id: Option<&str>) -> Option<String> {
    id.map(|id| format!("ticket {}", cut(id)))
}

fn message_words(message: &Message, properties: &Object) -> Words {
    let said = ["text", "body", "message"].into_iter().find_map(|key| text(properties, key));
    let who = if message.is_from_customer { "They wrote" } else { "We wrote" };
    let head = match said.filter(|_| message.has_text) {
        Some(said) => format!("{who}: “{said}”"),
        None => format!("{who} a message"),
    };
    Words::head(head).and(by(message.channel.as_deref())).and(of_ticket(message.ticket.as_deref()))
}

fn call_words(call: &PhoneCall) -> Words {
    let after = call.seconds.map_or_else(String::new, |seconds| format!(" after {}", lasting(seconds)));
    let head = if call.is_end { format!("A telephone call ended{after}") } else { "A telephone call began".to_owned() };
    let waited = call.waited_seconds.map(|seconds| format!("waited {}", lasting(seconds)));
    let id = call.id.as_deref().filter(|_| call.ticket.is_none()).map(|id| format!("call {}", cut(id)));
    Words::head(head).and(waited).and(of_ticket(call.ticket.as_deref())).and(id)
}

fn rating_words(rating: &Rating, properties: &Object) -> Words {
    let what = match rating.question {
        Question::Csat => "How content",
        Question::Nps => "Would recommend us",
        Question::Ces => "How easy it was",
    };
    let head = format!("{what}: {} of {}", format::number(rating.score), format::number(rating.most));
    let comment = ["comment", "text", "feedback"].into_iter().find_map(|key| text(properties, key));
    let comment = comment.filter(|_| rating.has_comment).map(|comment| format!("“{comment}”"));
    Words::head(head).and(comment).and(of_ticket(rating.ticket.as_deref()))
}

fn payment_words(payment: &Payment) -> Words {
    let head = match payment.step {
        PaymentStep::Attempted => "Tried to pay",
        PaymentStep::Approved => "Paid",
        PaymentStep::Declined => "A payment failed",
        PaymentStep::ChargedBack => "The bank took a payment back",
    };
    let of = payment.order.as_deref().map(|order| format!("order {}", cut(order)));
    let own = payment.id.as_deref().filter(|_| payment.order.is_none()).map(|id| format!("payment {}", cut(id)));
    Words::head(head)
        .of(payment.amount)
        .and(by(payment.method.as_deref()))
        .and(payment.reason.as_deref().map(cut))
        .and(of)
        .and(own)
}

fn subscription_words(subscription: &Subscription) -> Words {
    let plan = subscription.plan.as_deref().map_or_else(|| "a subscription".to_owned(), cut);
    let head = match subscription.step {
        SubscriptionStep::Started => format!("Subscribed to {plan}"),
        SubscriptionStep::Renewed => format!("Renewed {plan}"),
        SubscriptionStep::Upgraded => format!("Went up to {plan}"),
        SubscriptionStep::Downgraded => format!("Went down to {plan}"),
        SubscriptionStep::Cancelled => format!("Called {plan} off"),
    };
    let is_paid = subscription.amount.is_some() && subscription.step != SubscriptionStep::Cancelled;
    let every = subscription.interval.map(|interval| match interval {
        Interval::Day => "every day",
        Interval::Week => "every week",
        Interval::Month => "every month",
        Interval::Quarter => "every quarter",
        Interval::Year => "every year",
    });
    Words::head(head)
        .of(subscription.amount)
        .and(every.filter(|_| is_paid))
        .and(subscription.renews_at.map(|at| format!("paid again on {}", format::date(at))))
        .and(subscription.reason.as_deref().map(cut))
        .and(subscription.id.as_deref().map(|id| format!("subscription {}", cut(id))))
}

fn measured_words(measured: &Measurement) -> Words {
    let metric = cut(&measured.metric);
    let unit = measured.unit.as_deref().map(cut).filter(|unit| !unit.is_empty());
    let value = format::number(measured.value);
    let head = match unit.as_deref().filter(|unit| *unit != metric) {
        Some(unit) => format!("{metric}: {value} {unit} measured"),
        None => format!("{value} {metric} measured"),
    };
    Words::head(head).and(on(measured.device.as_deref()))
}

fn on(device: Option<&str>) -> Option<String> {
    device.map(|device| format!("on {}", cut(device)))
}

fn fault_words(fault: &Fault) -> Words {
    let head = fault
        .code
        .as_deref()
        .map_or_else(|| "Their service failed".to_owned(), |code| format!("Their service failed: {}", cut(code)));
    Words::head(head)
        .and(fault.seconds.map(|seconds| format!("for {}", lasting(seconds))))
        .and(on(fault.device.as_deref()))
}

fn visit_words(visit: &StoreVisit) -> Words {
    let head = visit
        .store
        .as_deref()
        .map_or_else(|| "Came into a shop".to_owned(), |store| format!("Came into the shop {}", cut(store)));
    Words::head(head)
        .and(visit.seconds.map(|seconds| format!("stayed {}", lasting(seconds))))
        .and(visit.loyalty.as_deref().map(|card| format!("card {}", cut(card))))
}

fn decision_words(seen: &DecisionSeen, name_of: NameOf<'_>) -> Words {
    let item = seen.item.as_deref().map(|id| name_of(&ItemId::from(id)).unwrap_or_else(|| cut(id)));
    let action = seen.action.as_deref().map(cut);
    let what = action.as_deref().or(item.as_deref()).unwrap_or("what was decided");
    let head = match seen.step {
        DecisionStep::Shown => format!("Was shown {what}"),
        DecisionStep::Clicked => format!("Clicked on {what}"),
        DecisionStep::Dismissed => format!("Sent {what} away"),
        DecisionStep::Converted => format!("Did what it was for: {what}"),
    };
    let place = seen.position.map(|place| format!("place {}", format::count(place)));
    let worth = seen.value.map(|value| format!("worth {value}"));
    let worth = worth.or_else(|| seen.bare_value.map(|value| format!("worth {value}")));
    Words::head(head)
        .and(place)
        .and(worth)
        .and(seen.channel.as_deref().map(|channel| format!("by {}", cut(channel))))
        .and(seen.reason.as_deref().map(cut))
        .and(Some(format!("decision {}", format::short_id(&seen.id))))
}
