//! What stands on the page about the API? Commands that work as they are.

use super::visit::Visit;
use crate::app::App;
use crate::error::ServerError;
use axum::response::Response;
use console::view::{ApiPage, Example};
use profiles::Profile;
use std::time::Duration;

/// Among how many an example is looked for, and how long.
const N_LOOKED_AT: usize = 20;
const LOOK_MAX: Duration = Duration::from_millis(200);

/// `/api`.
pub(super) async fn show(visit: Visit) -> Response {
    let base_url = visit.base_url.clone();
    visit
        .page(move |app, frame| {
            let examples = examples(app, &base_url, &Somebody::of(app)?);
            Ok(ApiPage { frame, base_url, examples }.render())
        })
        .await
}

/// A customer and an item that exist, where there are some whose names need no quoting.
#[derive(Debug, Clone)]
pub(super) struct Somebody {
    user: String,
    item: String,
}

impl Somebody {
    /// The known customer who was here last, and the item that sells best.
    pub(super) fn of(app: &App) -> Result<Self, ServerError> {
        let plain = |id: &str| id.len() <= 40 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        let last = app.engine.search("", N_LOOKED_AT, LOOK_MAX)?.customers.into_iter().map(|customer| customer.profile);
        let user = last.filter(Profile::is_known).map(|profile| profile.id.to_string()).find(|id| plain(id));
        let now = app.engine.clock().now();
        let item = app.engine.look(|live| {
            let popular = live.items.popular(now, 30, N_LOOKED_AT);
            popular.iter().map(|(item, _)| item.id.to_string()).find(|id| plain(id))
        });
        Ok(Self { user: user.unwrap_or_else(|| "42".to_owned()), item: item.unwrap_or_else(|| "1".to_owned()) })
    }
}

/// Commands to copy, with the demonstration's keys where it is one.
pub(super) fn examples(app: &App, base_url: &str, somebody: &Somebody) -> Vec<Example> {
    let Somebody { user, item } = somebody;
    let keys = &app.settings.keys;
    // A demonstration's keys are known to everybody; any other key is shown nowhere.
    let key = |key: &str, placeholder: &str| {
        if app.is_console_open && !key.is_empty() { key.to_owned() } else { placeholder.to_owned() }
    };
    let (write, server) = (key(&keys.write, "WRITE_KEY"), key(&keys.server, "SERVER_KEY"));
    let bearer = format!("-H 'Authorization: Bearer {server}'");
    let example = |title: &str, text: &str, command: String, answer: &str| Example {
        title: title.to_owned(),
        text: text.to_owned(),
        command,
        answer: answer.to_owned(),
    };
    vec![
        example(
            "Send an event",
            "Any Segment client does this by itself once it is pointed at this address. The answer comes after the event is safe on disk and part of the customer’s profile.",
            format!(
                "curl -u {write}: {base_url}/v1/track -d '{{\"userId\":\"{user}\",\"event\":\"Product Viewed\",\"properties\":{{\"product_id\":\"{item}\"}}}}'"
            ),
            r#"{"success":true,"accepted":1,"duplicates":0}"#,
        ),
        example(
            "Ask for recommendations",
            "Every item comes with its reason; the answer names its model and the consent it rests on, and it is logged before it is sent.",
            format!(
                "curl {bearer} {base_url}/v1/decide -d '{{\"decision\":\"recommend\",\"userId\":\"{user}\",\"n\":5}}'"
            ),
            r#"{"decisionId":"019ab3f2c1d4e5f60718293a4b5c6d7e","decision":"recommend","customerId":"42","items":[{"id":"4710011401128","score":0.412,"reason":"Bought 3 times, the last time 12 days ago"}],"model":{"name":"recommend","version":"9bd04f21aa73"},"consent":{"purpose":"personalization","granted":true,"basis":"default"},"fallback":null}"#,
        ),
        example(
            "Ask how likely a customer is to leave",
            "A calibrated probability with the features that speak for it and against it.",
            format!("curl {bearer} {base_url}/v1/decide -d '{{\"decision\":\"churn\",\"userId\":\"{user}\"}}'"),
            r#"{"decisionId":"019ab3f2c1d4e5f60718293a4b5c6d7f","decision":"churn","customerId":"42","score":0.72,"reasons":[{"feature":"recency_days","value":41.3,"contribution":1.12,"text":"No order for 41 days, usual pause 12 days (+1.1)"}],"model":{"name":"churn","version":"3f9a1c77d2e0"},"consent":{"purpose":"personalization","granted":true,"basis":"default"},"fallback":null}"#,
        ),
        example(
            "Read a customer",
            "Names, traits, consents, features with their meanings, and scores.",
            format!("curl {bearer} {base_url}/v1/customers/{user}"),
            "",
        ),
    ]
}
