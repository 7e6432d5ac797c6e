//! How do other systems' CloudEvents come in?

use super::auth::permit;
use super::body::{Limit, Sent};
use super::extract::Query;
use super::ingest::{KeyInQuery, Received, accept, more_room, sender_before_body};
use super::wire::IngestReply;
use crate::app::App;
use crate::failure::ApiError;
use crate::limits::Asking;
use crate::peer::Peer;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use events::CloudForm;
use governance::Action;
use std::string::FromUtf8Error;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How a header's name begins that is an attribute.
const PREFIX: &str = "ce-";

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(cloudevents))
}

/// CloudEvents 1.0: one in binary or structured mode, or a batch of them
///
/// `source` and `id` are the `messageId`, `type` is the event's name, `subject` the `userId`, `time` when it happened, and
/// `data` the properties; or `data` is a call of ours, where `type` is `rapport.track` and its like.
#[utoipa::path(
    post, path = "/v1/cloudevents", tag = "events",
    request_body(
        content(
            (super::wire::CloudEventBody = "application/cloudevents+json"),
            (Vec<super::wire::CloudEventBody> = "application/cloudevents-batch+json"),
        ),
        description = "In binary mode the attributes come as headers (`ce-id`, `ce-source`, …), and the body is the data"
    ),
    params(("writeKey" = Option<String>, Query, description = "The write key, where no header can be sent")),
    responses(
        (status = 200, description = "Durable, and seen by every later read; single events may be rejected", body = IngestReply),
        (status = 400, description = "Not a CloudEvent, or none was accepted", body = crate::failure::ErrorBody),
        (status = 413, description = "More than 500 KB or 2,500 events", body = crate::failure::ErrorBody),
        (status = 415, description = "A format that is not understood", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = []), ()),
)]
async fn cloudevents(
    State(app): State<Arc<App>>,
    Query(query): Query<KeyInQuery>,
    peer: Peer,
    request: Request,
) -> Received {
    let (parts, body) = request.into_parts();
    let sender = sender_before_body(&app, &parts, query.write_key, &peer).await;
    // A wrong key counts, too.
    app.limits.count(Asking::Events, &peer, sender.as_ref().ok().and_then(Option::as_ref))?;
    let sender = sender?;
    // There is no place for a key in the body.
    permit(sender.as_ref(), None, Action::Ingest)?;
    let body = Sent::read(&parts, body, Limit::Batch).await?;
    let mode = Mode::of(&parts.headers)?;
    app.run_public(move |app| {
        Ok(body.with_plain(|body, held| {
            accept(app, sender, &peer, |envelope| {
                events::parse_cloud_events(body, mode.form(), &envelope, more_room(held))
            })
        }))
    })
    .await?
}

/// How the request says that its events are written.
enum Mode {
    Binary { attributes: Vec<(String, String)>, is_json: Option<bool> },
    Structured,
    Many,
}

impl Mode {
    fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media = sent.and_then(|sent| sent.split(';').next()).map(|media| media.trim().to_ascii_lowercase());
        let media = media.as_deref().filter(|media| !media.is_empty());
        match media {
            Some("application/cloudevents+json" | "application/cloudevents") => return Ok(Self::Structured),
            Some("application/cloudevents-batch+json" | "application/cloudevents-batch") => return Ok(Self::Many),
            Some(other) if other.starts_with("application/cloudevents") => {
                let shown: String = other.chars().take(60).collect();
                let message = format!("Content-Type \"{shown}\" is not understood: send the JSON format");
                return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_format", message));
            }
            _ => {}
        }
        if !headers.contains_key("ce-specversion") {
            let message = "this is no CloudEvent: send Content-Type application/cloudevents+json, \
                           application/cloudevents-batch+json, or the headers ce-specversion, ce-id, ce-source and ce-type";
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "malformed", message));
        }
        let is_json = media.map(|media| media.ends_with("json"));
        let named = headers.iter().filter_map(|(name, value)| Some((name.as_str().strip_prefix(PREFIX)?, value)));
        let mut attributes: Vec<_> = named.map(|(name, value)| (name.to_owned(), decoded(value))).collect();
        if let Some(sent) = sent {
            attributes.push(("datacontenttype".to_owned(), sent.to_owned()));
        }
        attributes.sort();
        match attributes.windows(2).find(|pair| matches!(pair, [one, next] if one.0 == next.0)) {
            Some(twice) => {
                let message = format!("the header {PREFIX}{} is there twice: send it once", twice[0].0);
                Err(ApiError::new(StatusCode::BAD_REQUEST, "malformed", message))
            }
            None => Ok(Self::Binary { attributes, is_json }),
        }
    }

    fn form(&self) -> CloudForm<'_> {
        match self {
            Self::Binary { attributes, is_json } => CloudForm::Binary { attributes, is_json: *is_json },
            Self::Structured => CloudForm::Structured,
            Self::Many => CloudForm::Many,
        }
    }
}

/// An attribute as it was before it became a header: in quotation marks perhaps, and what does not fit a header
/// percent-encoded.
fn decoded(value: &HeaderValue) -> String {
    let sent = value.as_bytes();
    let quoted = sent.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    let mut bytes = Vec::with_capacity(sent.len());
    let mut rest = quoted.unwrap_or(sent).iter();
    while let Some(byte) = rest.next() {
        let hex = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
        match byte {
            b'%' => match (hex(rest.as_slice().first()), hex(rest.as_slice().get(1))) {
                (Some(high), Some(low)) => {
                    bytes.extend(u8::try_from(16 * high + low));
                    rest.nth(1);
                }
                // Written by somebody who does not encode.
                _ => bytes.push(b'%'),
            },
            b'\\' if quoted.is_some() => bytes.extend(rest.next()),
            other => bytes.push(*other),
        }
    }
    // Libraries that do not encode write what HTTP's headers once were in.
    let in_latin_1 = |error: FromUtf8Error| error.as_bytes().iter().copied().map(char::from).collect();
    String::from_utf8(bytes).unwrap_or_else(in_latin_1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_decoded_as_it_was_encoded() {
        for (sent, meant) in [
            (&b"plain"[..], "plain"),
            (b"Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro \u{20ac} \u{1f600}"),
            (b"%e2%82%ac", "\u{20ac}"),
            (b"\"a %22b%22 \\\\ c\"", "a \"b\" \\ c"),
            ("\u{20ac}".as_bytes(), "\u{20ac}"),
            (b"100%", "100%"),
            (b"100%2", "100%2"),
            (b"%zz", "%zz"),
            (b"", ""),
            (b"Gr\xf6\xdfe", "Gr\u{f6}\u{df}e"),
        ] {
            assert_eq!(decoded(&HeaderValue::from_bytes(sent).unwrap()), meant, "{sent:?}");
        }
    }
}
