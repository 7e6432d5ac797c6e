//! How does what a client sent become events?

mod batch;
mod clock;
mod cloud;
mod draft;
mod fields;
mod named;
mod room;

pub use cloud::{CloudForm, parse_cloud_events};
pub use named::named_in;
pub use room::memory_of;

use crate::identifier::says_a_kind;
use crate::rejection::cut;
use crate::{Call, CallKind, Event, Fields, Origin, Reading, Rejected, Rejection, RejectionCode, Sent, consent};
use draft::{Draft, Field};
use primitives::{AnonymousId, Currency, ItemId, MessageId, Timestamp, UserId, plain_words};
use serde_json::Value;
use std::io;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// The largest event, in bytes of JSON.
pub const EVENT_BYTES_MAX: usize = 32 * 1024;
/// The largest request, in bytes after decompression.
pub const BATCH_BYTES_MAX: usize = 500 * 1024;
/// The most events in one request.
pub const BATCH_EVENTS_MAX: usize = 2_500;
/// How much of a rejected event's `messageId` and `type` is answered and kept.
const NAME_SHOWN_CHARS_MAX: usize = 100;

/// What holds for every event of a request.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// When the request came.
    pub received_at: Timestamp,
    /// When the client sent it, by the client's clock.
    pub sent_at: Option<Timestamp>,
    /// The request's `context`, merged under every event's own.
    pub context: Fields,
    /// Where it comes from.
    pub origin: Origin,
    /// The currency of amounts of which nobody says one.
    pub currency: Option<Currency>,
}

impl Envelope {
    /// The envelope of a request that says nothing of itself.
    #[must_use]
    pub fn new(received_at: Timestamp, origin: Origin) -> Self {
        Self { received_at, sent_at: None, context: Fields::new(), origin, currency: None }
    }

    /// The same with a currency for amounts of which nobody says one.
    #[must_use]
    pub fn with_currency(self, currency: Option<Currency>) -> Self {
        Self { currency, ..self }
    }
}

/// A request's events: accepted and rejected ones.
#[derive(Debug, Default)]
pub struct Batch {
    /// The write key in the body, if any.
    pub write_key: Option<String>,
    /// Accepted events, in the order sent.
    pub accepted: Vec<Event>,
    /// Places in `accepted` of events that came without a `messageId` and were given one.
    pub nameless: Vec<usize>,
    /// Rejected ones, each with its reason.
    pub rejected: Vec<Rejected>,
}

/// Why a whole request was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The body is not JSON, or not an object with a `batch` array.
    #[error("{message}")]
    Malformed {
        /// What is wrong and what to send.
        message: String,
    },
    /// The body or the batch is too large.
    #[error("{message}")]
    TooLarge {
        /// The limit, what was found and what to do.
        message: String,
    },
    /// There is no memory to read it in.
    #[error("there is no room to read the batch in: send it again in a second")]
    NoRoom,
}

/// Reads the body of `POST /v1/batch`. What the batch says of itself (`sentAt`, `context`) takes its place in the envelope.
///
/// The batch's `context` is merged under every event's own; `integrations` steer Segment's destinations, of which there
/// are none here, so they are read over. The `context` counts with every event's own bytes. Where the batch has no `writeKey`, the first event that carries one gives it.
///
/// # Errors
/// [`Refusal`] where the request as a whole cannot be read; single bad events are in [`Batch::rejected`].
pub fn parse_batch(body: &[u8], envelope: Envelope) -> Result<Batch, Refusal> {
    parse_batch_within(body, envelope, |_| true)
}

/// [`parse_batch`] where memory is counted: `has_room` is asked for the bytes that the batch's `context` takes beyond
/// [`memory_of`] the body, before it is laid under the events.
///
/// # Errors
/// As [`parse_batch`]; [`Refusal::NoRoom`] where there is none.
pub fn parse_batch_within(
    body: &[u8],
    envelope: Envelope,
    has_room: impl FnOnce(usize) -> bool,
) -> Result<Batch, Refusal> {
    let body = batch::open(body)?;
    let n_shared = room::of_context(&body.context, body.items.len(), has_room)?;
    let sent_at = clock::time(&body.sent_at, Field::SentAt);
    let envelope = Envelope { sent_at: sent_at.as_ref().ok().copied().flatten(), context: body.context, ..envelope };
    let mut batch = Batch { write_key: body.write_key, ..Batch::default() };
    batch.accepted.reserve(body.items.len());
    for (index, item) in body.items.iter().enumerate() {
        let payload = item.get();
        let outcome = match &sent_at {
            Err(rejection) => Err(rejection.clone()),
            Ok(_) => within_size(payload.len() + n_shared)
                .and_then(|()| read_item(payload, index, &envelope, &mut batch.write_key)),
        };
        batch.add(outcome, None, payload, index, envelope.received_at);
    }
    Ok(batch)
}

/// Reads the body of `POST /v1/{kind}`: one event.
///
/// # Errors
/// [`Refusal`] where the body is not a JSON object or too large; a bad event is in [`Batch::rejected`].
pub fn parse_single(body: &[u8], kind: CallKind, envelope: Envelope) -> Result<Batch, Refusal> {
    let example = format!("{{{}, …}}", example_of(kind));
    let text = batch::text(body, &example, '{')?;
    let mut batch = Batch::default();
    let read = |error| Rejection::new(RejectionCode::Malformed, "", batch::not_json(&error, &example));
    let outcome = serde_json::from_str(text).map_err(read).and_then(|mut draft: Draft| {
        batch.write_key = draft.take_write_key();
        within_size(text.len())?;
        event(draft, Some(kind), &envelope, |received_at| generated_id(xxh3_128(text.as_bytes()), received_at, 0))
    });
    batch.add(outcome, Some(kind), text, 0, envelope.received_at);
    Ok(batch)
}

/// Reads one event. `kind` is the call where the path names it; else the event's `type` does.
///
/// An event without a `messageId` gets one made of its content and `received_at`: reading the same payload twice at the
/// same moment gives the same event.
///
/// # Errors
/// [`Rejection`] with the field and the reason.
pub fn parse_event(payload: Value, kind: Option<CallKind>, envelope: &Envelope) -> Result<Event, Rejection> {
    let Value::Object(object) = payload else { return Err(fields::not_an_object()) };
    let mut written = Digest::default();
    serde_json::to_writer(&mut written, &object).map_err(|_| fields::not_an_object())?;
    within_size(written.n_bytes)?;
    let id = |received_at| generated_id(written.hasher.digest128(), received_at, 0);
    event(Draft::from(object), kind, envelope, id).map(|(event, _)| event)
}

impl Batch {
    /// Tells events that came without a `messageId` from each other and from those of other requests, also where every byte and
    /// the millisecond are the same: each counts. `request` must be another number for each request.
    pub fn tell_apart(&mut self, request: u64) {
        for place in std::mem::take(&mut self.nameless) {
            if let Some(event) = self.accepted.get_mut(place) {
                let key = format!("{request} {place} {}", event.message_id.as_str());
                event.message_id = MessageId::from(format!("generated-{:032x}", xxh3_128(key.as_bytes())));
            }
        }
    }

    /// Refuses accepted events of which `fault` gives a reason. Each keeps its place in the request.
    pub fn refuse_where(&mut self, mut fault: impl FnMut(&Event) -> Option<Rejection>) {
        let mut refused_at = self.rejected.iter().map(|one| one.index).collect::<Vec<_>>().into_iter().peekable();
        let nameless = std::mem::take(&mut self.nameless);
        let mut index = 0;
        for (place, event) in std::mem::take(&mut self.accepted).into_iter().enumerate() {
            while refused_at.next_if_eq(&index).is_some() {
                index += 1;
            }
            match fault(&event) {
                Some(rejection) => self.rejected.push(Rejected { index, ..Rejected::of(&event, rejection) }),
                None => {
                    if nameless.binary_search(&place).is_ok() {
                        self.nameless.push(self.accepted.len());
                    }
                    self.accepted.push(event);
                }
            }
            index += 1;
        }
        self.rejected.sort_by_key(|one| one.index);
    }

    fn add(
        &mut self,
        outcome: Result<(Event, IsNameless), Rejection>,
        kind: Option<CallKind>,
        payload: &str,
        index: usize,
        received_at: Timestamp,
    ) {
        match outcome {
            Ok((event, is_nameless)) => {
                if is_nameless {
                    self.nameless.push(self.accepted.len());
                }
                self.accepted.push(event);
            }
            Err(rejection) => {
                let names = named_in(payload);
                let sent = Sent::of(payload);
                let shown = |text: &str| text.chars().take(NAME_SHOWN_CHARS_MAX).collect();
                let call = kind.map(CallKind::name).or(sent.call()).map(shown);
                let message_id = sent.message_id().map(shown);
                let payload = cut(payload).to_owned();
                self.rejected.push(Rejected { received_at, rejection, call, payload, index, message_id, names });
            }
        }
    }
}

fn read_item(
    payload: &str,
    index: usize,
    envelope: &Envelope,
    write_key: &mut Option<String>,
) -> Result<(Event, IsNameless), Rejection> {
    if !payload.starts_with('{') {
        return Err(fields::not_an_object());
    }
    let mut draft: Draft = serde_json::from_str(payload).map_err(|error| {
        let fault = plain_words(&error);
        let message = format!("the event cannot be read as JSON ({fault}): send each key once, in at most 127 levels");
        Rejection::new(RejectionCode::Malformed, "", message)
    })?;
    if write_key.is_none() {
        *write_key = draft.take_write_key();
    }
    event(draft, None, envelope, |received_at| generated_id(xxh3_128(payload.as_bytes()), received_at, index))
}

/// Whether an event came without a `messageId`.
type IsNameless = bool;

/// The way of every event, whichever call it came by.
fn event(
    mut draft: Draft,
    kind: Option<CallKind>,
    envelope: &Envelope,
    generated_id: impl FnOnce(Timestamp) -> MessageId,
) -> Result<(Event, IsNameless), Rejection> {
    let kind = match kind {
        Some(kind) => kind,
        None => kind_of(draft.take(Field::Type))?,
    };
    if kind == CallKind::Item && envelope.origin == Origin::Client {
        let message = "a write key cannot describe the catalogue: send \"item\" with a server key, or import it";
        return Err(Rejection::new(RejectionCode::NotAllowed, Field::Type.pointer(), message));
    }
    let moments = clock::moments(&mut draft, envelope)?;
    let message_id = fields::message_id(&mut draft)?;
    let user_id = fields::customer_id(&mut draft, Field::UserId)?.map(UserId::from);
    let anonymous_id = fields::customer_id(&mut draft, Field::AnonymousId)?.map(AnonymousId::from);
    if kind != CallKind::Item && user_id.is_none() && anonymous_id.is_none() {
        return Err(Rejection::missing(Field::UserId.pointer(), "send \"userId\" or \"anonymousId\""));
    }
    let mut context = fields::object(&mut draft, Field::Context)?;
    let call = call(kind, &mut draft, &mut context)?;
    fields::merge_under(&mut context, &envelope.context);
    let is_nameless = message_id.is_none();
    let message_id = message_id.map_or_else(|| generated_id(moments.received_at), MessageId::from);
    let clock::Moments { occurred_at, received_at, stated_at } = moments;
    let origin = envelope.origin;
    let mut event = Event {
        message_id,
        user_id,
        anonymous_id,
        occurred_at,
        received_at,
        stated_at,
        call,
        context,
        origin,
        reading: Reading::default(),
    };
    check_names(&event)?;
    event.settle(envelope.currency)?;
    consent::check(&event)?;
    Ok((event, is_nameless))
}

/// Whoever has a write key chooses their names. One that reads as somebody else's with its kind would be taken for that one where
/// a person, or a program, erases or separates whoever goes by it.
fn check_names(event: &Event) -> Result<(), Rejection> {
    if event.origin != Origin::Client {
        return Ok(());
    }
    let previous_id = match &event.call {
        Call::Alias { previous_id } => Some(previous_id.as_str()),
        _ => None,
    };
    let names = [
        (Field::UserId, event.user_id.as_ref().map(UserId::as_str)),
        (Field::AnonymousId, event.anonymous_id.as_ref().map(AnonymousId::as_str)),
        (Field::PreviousId, previous_id),
    ];
    let fault = "a write key cannot send a name that begins with \"user:\" or \"anonymous:\", which say what kind of name follows; \
                 leave that away";
    let bad = names.into_iter().find_map(|(field, text)| Some((field, text.filter(|text| says_a_kind(text))?)));
    bad.map_or(Ok(()), |(field, text)| {
        Err(Rejection { code: RejectionCode::NotAllowed, ..Rejection::bad_value(field.pointer(), text, fault) })
    })
}

fn kind_of(value: Value) -> Result<CallKind, Rejection> {
    const ADVICE: &str = "send one of identify, track, page, screen, group, alias, item";
    let field = Field::Type.pointer();
    match value {
        Value::Null => Err(Rejection::missing(field, ADVICE)),
        Value::String(name) if name.is_empty() => Err(Rejection::missing(field, ADVICE)),
        Value::String(name) => CallKind::from_name(&name).ok_or_else(|| {
            let message = format!("\"type\" is {}, which is no call: {ADVICE}", crate::rejection::shown(&name));
            Rejection::new(RejectionCode::UnknownType, field, message)
        }),
        other => Err(Rejection::wrong_type(field, &other, ADVICE)),
    }
}

fn call(kind: CallKind, draft: &mut Draft, context: &mut Fields) -> Result<Call, Rejection> {
    Ok(match kind {
        CallKind::Identify => {
            // Some clients (RudderStack's) send the traits only inside the context.
            let traits = match fields::object(draft, Field::Traits)? {
                traits if traits.is_empty() => match context.remove("traits") {
                    None | Some(Value::Null) => traits,
                    Some(Value::Object(traits)) => traits.into(),
                    Some(other) => {
                        return Err(Rejection::wrong_type(
                            "/context/traits",
                            &other,
                            "send an object, or leave it out",
                        ));
                    }
                },
                traits => traits,
            };
            Call::Identify { traits }
        }
        CallKind::Track => {
            Call::Track { event: fields::event_name(draft)?, properties: fields::object(draft, Field::Properties)? }
        }
        CallKind::Page => {
            let (name, category, properties) = view(draft)?;
            Call::Page { name, category, properties }
        }
        CallKind::Screen => {
            let (name, category, properties) = view(draft)?;
            Call::Screen { name, category, properties }
        }
        CallKind::Group => Call::Group {
            group_id: fields::required_id(draft, Field::GroupId, "send the group the customer belongs to")?,
            traits: fields::object(draft, Field::Traits)?,
        },
        CallKind::Alias => Call::Alias {
            previous_id: fields::customer_id(draft, Field::PreviousId)?.ok_or_else(|| {
                let advice = "send the identity to be joined with this one";
                Rejection::missing(Field::PreviousId.pointer(), advice)
            })?,
        },
        CallKind::Item => Call::Item {
            item_id: ItemId::from(fields::required_id(draft, Field::ItemId, "send the item's identifier")?),
            traits: fields::object(draft, Field::Traits)?,
        },
        CallKind::Correction => {
            let message = "corrections come of imports: run `rapport import --replace` or `rapport imports undo`";
            return Err(Rejection::new(RejectionCode::NotAllowed, Field::Type.pointer(), message));
        }
        CallKind::Separate => {
            let message = "customers are separated by a person: run `rapport customer split`";
            return Err(Rejection::new(RejectionCode::NotAllowed, Field::Type.pointer(), message));
        }
    })
}

/// What a single event of a kind needs at the least, as an example.
fn example_of(kind: CallKind) -> &'static str {
    match kind {
        CallKind::Identify => "\"userId\": \"42\", \"traits\": {}",
        CallKind::Track => "\"userId\": \"42\", \"event\": \"Product Viewed\"",
        CallKind::Page | CallKind::Screen => "\"userId\": \"42\", \"name\": \"Home\"",
        CallKind::Group => "\"userId\": \"42\", \"groupId\": \"acme\"",
        CallKind::Alias => "\"userId\": \"42\", \"previousId\": \"41\"",
        CallKind::Item => "\"itemId\": \"tea\", \"traits\": {}",
        // Nobody can send it.
        CallKind::Correction | CallKind::Separate => "",
    }
}

fn view(draft: &mut Draft) -> Result<(Option<String>, Option<String>, Fields), Rejection> {
    let name = fields::text(draft, Field::Name)?;
    let category = fields::text(draft, Field::Category)?;
    Ok((name, category, fields::object(draft, Field::Properties)?))
}

fn within_size(n_bytes: usize) -> Result<(), Rejection> {
    if n_bytes <= EVENT_BYTES_MAX {
        return Ok(());
    }
    let message = format!("the event has {n_bytes} bytes and may have {EVENT_BYTES_MAX}: send fewer or shorter fields");
    Err(Rejection::new(RejectionCode::TooLarge, "", message))
}

/// A `messageId` made of what was sent, when and at which place in the request.
fn generated_id(payload: u128, received_at: Timestamp, index: usize) -> MessageId {
    let mut key = [0_u8; 32];
    key[..16].copy_from_slice(&payload.to_le_bytes());
    key[16..24].copy_from_slice(&received_at.as_millis().to_le_bytes());
    key[24..].copy_from_slice(&(index as u64).to_le_bytes());
    MessageId::from(format!("generated-{:032x}", xxh3_128(&key)))
}

/// What JSON would be, without keeping it: its size and its hash.
#[derive(Default)]
struct Digest {
    n_bytes: usize,
    hasher: Xxh3,
}

impl io::Write for Digest {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.n_bytes += bytes.len();
        self.hasher.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
