//! When did it happen, by a clock that can be trusted?

use super::Envelope;
use super::draft::{Draft, Field};
use crate::moment::moment_of;
use crate::{Origin, Rejection};
use primitives::{DAY_MS, Timestamp};
use serde_json::Value;

/// The end of the year 1970. What says that it happened before it says that a clock or a field was never set.
const FIRST_YEAR_END: Timestamp = Timestamp::from_millis(365 * DAY_MS);

/// When an event occurred and when we came to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moments {
    pub(super) occurred_at: Timestamp,
    pub(super) received_at: Timestamp,
    /// What the sender said, where that lay in the future or before 1971.
    pub(super) stated_at: Option<Timestamp>,
}

/// The two moments of an event.
///
/// The sender's time is `originalTimestamp`, else `timestamp`. With a `sentAt` by the same clock, the event is as old
/// as the sender says it was when it was sent, whatever that clock showed:
///
/// ```text
/// occurred_at = received_at − (sentAt − original)
/// ```
///
/// A clock that is years off is corrected too: it is the very case in which the time as given would be useless. The
/// time of an old event from a service's own records stays what it is but for that service's skew, because its `sentAt`
/// is the present. The request's `sentAt` goes before the event's own, since it is nearer to the transmission. Without
/// a `sentAt`, or with one before 1971 for a time after it, the time counts as given; without a time the event occurred when it came. No event occurs after it came: a
/// time that lies in the future even so is taken for the moment it came, and kept beside it as it was stated; so is one before 1971.
///
/// Imported history is taken as given and counts as received when it occurred.
pub(super) fn moments(draft: &mut Draft, envelope: &Envelope) -> Result<Moments, Rejection> {
    let given = match time(draft.get(Field::OriginalTimestamp), Field::OriginalTimestamp)? {
        None => time(draft.get(Field::Timestamp), Field::Timestamp)?,
        given => given,
    };
    if envelope.origin == Origin::Import {
        return imported(given, envelope.received_at);
    }
    let sent_at = match envelope.sent_at {
        None => time(draft.get(Field::SentAt), Field::SentAt)?,
        sent_at => sent_at,
    };
    // A clock that was never set tells how long ago something was by its own time alone.
    let is_of_its_own = given.is_some_and(|given| given < FIRST_YEAR_END);
    let sent_at = sent_at.filter(|at| *at >= FIRST_YEAR_END || is_of_its_own);
    let received_at = envelope.received_at;
    let occurred_at = match (given, sent_at) {
        (None, _) => received_at,
        (Some(given), None) => given,
        (Some(given), Some(sent_at)) => {
            Timestamp::from_millis(received_at.as_millis().saturating_sub(sent_at.millis_since(given)))
        }
    };
    let is_absurd = occurred_at > received_at || occurred_at < FIRST_YEAR_END;
    let stated_at = given.filter(|_| is_absurd);
    Ok(Moments { occurred_at: if is_absurd { received_at } else { occurred_at }, received_at, stated_at })
}

fn imported(given: Option<Timestamp>, now: Timestamp) -> Result<Moments, Rejection> {
    let field = Field::Timestamp.pointer();
    let Some(at) = given else {
        return Err(Rejection::missing(field, "imported history must say when it happened; send \"timestamp\""));
    };
    if at > now {
        return Err(Rejection::bad_value(field, &at.to_string(), "history cannot lie in the future; correct the time"));
    }
    if at < FIRST_YEAR_END {
        let fault = "history does not lie before 1971: such a time was never set; send when it happened";
        return Err(Rejection::bad_value(field, &at.to_string(), fault));
    }
    Ok(Moments { occurred_at: at, received_at: at, stated_at: None })
}

/// The time that a field names.
pub(super) fn time(value: &Value, field: Field) -> Result<Option<Timestamp>, Rejection> {
    moment_of(value, || field.pointer().to_owned())
}
