//! What does the program tell about itself? Logs without personal data, and metrics.

use crate::app::App;
use crate::error::ServerError;
use crate::recent::Recent;
use crate::settings::LoggingSettings;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use primitives::ErrorKind;
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// The limits of the duration histograms, in seconds: from the budgets' tenths of a millisecond to what is a fault.
const BUCKETS: [f64; 14] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002, 0.003, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// Starts writing logs to standard error. A second call changes nothing.
pub fn start_logging(settings: &LoggingSettings) {
    let filter = EnvFilter::new(format!("{0},tower_http={0},hyper=warn", settings.level));
    let logs = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false);
    let logs = if settings.json { logs.json().boxed() } else { logs.boxed() };
    // Only the first subscriber of a process can be installed, which is what is wanted.
    let _ = tracing_subscriber::registry()
        .with(logs.with_filter(filter))
        .with(Recent.with_filter(LevelFilter::WARN))
        .try_init();
}

/// Starts collecting metrics; one collector a process.
///
/// # Errors
/// [`ServerError`] where the collector cannot be installed.
pub fn start_metrics() -> Result<PrometheusHandle, ServerError> {
    static STARTED: Mutex<Option<PrometheusHandle>> = Mutex::new(None);
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = started.as_ref() {
        return Ok(handle.clone());
    }
    let failed = |error: metrics_exporter_prometheus::BuildError| {
        ServerError::new(ErrorKind::Internal, format!("the metrics cannot be collected: {error}"))
    };
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)
        .map_err(failed)?;
    let handle = builder.install_recorder().map_err(failed)?;
    describe();
    *started = Some(handle.clone());
    Ok(handle)
}

fn describe() {
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_counter!("cx_events_ingested_total", Unit::Count, "Events accepted");
    describe_counter!("cx_events_rejected_total", Unit::Count, "Events rejected, by the class of reason");
    describe_counter!("cx_decisions_total", Unit::Count, "Decisions made");
    describe_counter!(
        "cx_consent_blocks_total",
        Unit::Count,
        "Decisions made without the customer's data for want of consent"
    );
    describe_histogram!("cx_decision_duration_seconds", Unit::Seconds, "Time from question to durable answer");
    describe_histogram!("cx_http_request_duration_seconds", Unit::Seconds, "Time from request to answer");
    describe_histogram!(
        "cx_wal_fsync_duration_seconds",
        Unit::Seconds,
        "Time of one commit to the log, fsync included"
    );
    describe_gauge!("cx_connections", Unit::Count, "Connections that are open");
    describe_counter!("cx_bodies_refused_total", Unit::Count, "Requests whose body found no room");
    describe_counter!("cx_connections_refused_total", Unit::Count, "Connections refused, by the limit they exceeded");
    describe_counter!(
        "cx_requests_limited_total",
        Unit::Count,
        "Requests refused because a key or an address asks too often"
    );
    describe_gauge!("cx_customers", Unit::Count, "Customers");
    describe_gauge!("cx_log_offset", Unit::Count, "Events in the log");
    describe_gauge!("cx_log_offset_checkpointed", Unit::Count, "Events that a crash would not replay");
    describe_gauge!("cx_model_info", Unit::Count, "The champion of each model");
    describe_gauge!("cx_uptime_seconds", Unit::Seconds, "Time since the start");
}

/// What is counted and measured, with the gauges as they are now, in Prometheus's text format.
pub fn render(app: &App) -> String {
    let totals = app.engine.look(|live| live.profiles.totals());
    metrics::gauge!("cx_customers").set(lossy(totals.n_customers));
    metrics::gauge!("cx_log_offset").set(lossy(app.engine.folded().0));
    metrics::gauge!("cx_log_offset_checkpointed").set(lossy(app.engine.checkpointed().0));
    metrics::gauge!("cx_uptime_seconds").set(app.uptime.elapsed().as_secs_f64());
    for status in app.engine.champion_status() {
        if let Some(version) = status.version {
            let in_force = if status.fault.is_none() { 1.0 } else { 0.0 };
            metrics::gauge!("cx_model_info", "model" => status.task.to_string(), "version" => version.to_string())
                .set(in_force);
        }
    }
    app.metrics.run_upkeep();
    app.metrics.render()
}

/// Tells how long a commit took.
pub fn record_commit(duration: Duration) {
    metrics::histogram!("cx_wal_fsync_duration_seconds").record(duration.as_secs_f64());
}

#[expect(clippy::cast_precision_loss, reason = "gauges are doubles")]
fn lossy(n: u64) -> f64 {
    n as f64
}
