//! How is a webhook told who came on a list and who went? A CloudEvent for each change, signed.

use crate::api::line::CustomerLineReply;
use crate::api::lists::word;
use crate::settings::WebhookSettings;
use crate::signing::{may_be_told, sign};
use decisions::{List, ListChange, Webhook};
use engine::{Courier, Engine};
use serde_json::{Value, json};
use std::time::Duration;

/// How long a webhook may take to answer: a stop waits for it.
const TIME_MAX: Duration = Duration::from_secs(5);
/// Tells webhooks over HTTP.
pub(crate) struct HttpCourier {
    agent: ureq::Agent,
    settings: WebhookSettings,
}

impl HttpCourier {
    pub(crate) fn new(settings: WebhookSettings) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(TIME_MAX))
            .http_status_as_error(false)
            // Elsewhere nobody was named by an admin.
            .max_redirects(0)
            .user_agent(concat!("rapport/", env!("CARGO_PKG_VERSION")));
        Self { agent: config.build().into(), settings }
    }
}

impl Courier for HttpCourier {
    fn deliver(&self, engine: &Engine, list: &List, webhook: &Webhook, change: &ListChange) -> Result<(), String> {
        may_be_told(&webhook.url, &self.settings)?;
        let event = event(engine, list, change)?;
        let id = event["id"].as_str().unwrap_or_default();
        let (sent_at, body) = (engine.clock().now().as_millis().div_euclid(1_000).to_string(), event.to_string());
        let signature = sign(&webhook.secret, id, &sent_at, &body)?;
        let request = self.agent.post(&webhook.url);
        let request = request.header("content-type", "application/cloudevents+json; charset=utf-8");
        let request = request.header("webhook-id", id).header("webhook-timestamp", &sent_at);
        let sent = request.header("webhook-signature", &signature).send(&body);
        match sent.map(|reply| reply.status()) {
            Ok(status) if status.is_success() => Ok(()),
            Ok(status) => Err(format!("it answered {}: it is to answer with 2xx", status.as_u16())),
            Err(error) => Err(format!("it cannot be reached: {error}")),
        }
    }
}

/// A change as a CloudEvent. What is told of the customer is what is known now.
fn event(engine: &Engine, list: &List, change: &ListChange) -> Result<Value, String> {
    let told = |error: engine::EngineError| error.story();
    let columns = engine.selection_of(list).map(|selection| selection.columns).unwrap_or_default();
    let lines = engine.lines(std::slice::from_ref(&change.customer), &columns).map_err(told)?;
    let customer = lines.into_iter().next().map(|line| CustomerLineReply::of(line, &columns));
    Ok(json!({
        "specversion": "1.0",
        "id": format!("{}-{}", list.name, change.number),
        "source": format!("/v1/lists/{}", list.name),
        "type": format!("rapport.list.{}", word(change)),
        "subject": change.customer.as_str(),
        "time": change.at.to_string(),
        "datacontenttype": "application/json",
        "data": {
            "list": list.name, "title": list.title, "change": word(change), "number": change.number,
            "customerId": change.customer.as_str(), "customer": customer,
        },
    }))
}
