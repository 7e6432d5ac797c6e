//! What were decisions worth, and what did experiments find? `GET /v1/lift` and `GET /v1/experiments`.

use super::auth::MayRead;
use super::extract::Query;
use crate::app::App;
use crate::counting::COUNTING;
use crate::failure::ApiError;
use crate::months::month;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::{ExperimentFound, Measured, Worth};
use measurement::Interval;
use measurement::experiment::{Bearing, ExperimentReport, Finding, Stage, Verdict};
use measurement::interleave::Interleaved;
use measurement::lift::Against;
use measurement::statistics::Effect;
use measurement::switchback::SwitchedMetric;
use primitives::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(lift)).routes(routes!(experiments))
}

/// What is told of lists that are drafted from two.
pub const PREFERENCE: &str = "preference";

/// What decisions were worth: `all` together, and those of each kind that customers are held out of. What cannot be told is null, with
/// the reason.
#[derive(Debug, Serialize, ToSchema)]
pub struct LiftReply {
    /// By what it was decided.
    #[serde(flatten)]
    pub of: BTreeMap<String, WorthReply>,
}

/// What decisions were worth to those who were not held out of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorthReply {
    /// What a customer brought of those held out.
    pub control: Option<f64>,
    /// The same of the others.
    pub treated: Option<f64>,
    /// Treated by held out, less 1.
    #[schema(example = 0.072)]
    pub lift: Option<f64>,
    /// Its 95 % interval.
    pub low: Option<f64>,
    /// The upper end of it.
    pub high: Option<f64>,
    /// The interval that holds however often it is looked at.
    pub sequential_low: Option<f64>,
    /// The upper end of it.
    pub sequential_high: Option<f64>,
    /// What decisions brought altogether.
    pub money: Option<f64>,
    /// Its 95 % interval.
    pub money_low: Option<f64>,
    /// The upper end of it.
    pub money_high: Option<f64>,
    /// In which currency.
    #[schema(example = "EUR")]
    pub currency: Option<String>,
    /// How likely a difference this large is where there is none.
    pub p: Option<f64>,
    /// Customers held out.
    pub n_control: u64,
    /// The others.
    pub n_treated: u64,
    /// Whether as many are held out as should be.
    pub srm: SrmReply,
    /// When the first of them was decided for.
    pub since: Option<String>,
    /// When it was counted.
    pub measured_at: String,
    /// What is measured.
    #[schema(example = "margin in up to 28 days")]
    pub measure: String,
    /// With whom they are compared: `everything`, `own_holdout`, or `everything_for_those`.
    pub against: &'static str,
    /// Everything else that is counted, with the probability adjusted for how much that is.
    pub kpis: BTreeMap<String, MetricReply>,
    /// The same by what customers had bought before.
    pub segments: Vec<SegmentReply>,
    /// On the way from what was shown to what was earned, in a sentence.
    pub way: Option<String>,
    /// All of it in a sentence.
    pub says: String,
    /// Why something is missing.
    pub reason: Option<String>,
}

/// Whether arms are as large as they should be.
#[derive(Debug, Serialize, ToSchema)]
pub struct SrmReply {
    /// How likely counts so far from their shares are.
    pub p: Option<f64>,
    /// Whether that is likely enough; where it is not, nothing else is told.
    pub ok: bool,
}

/// One metric of one variation against the control.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MetricReply {
    /// Of the control.
    pub control: Option<f64>,
    /// Of the variation.
    pub treated: Option<f64>,
    /// The difference of the two, less what was to be expected from before.
    pub difference: Option<f64>,
    /// Treated by control, less 1.
    pub lift: Option<f64>,
    /// Its 95 % interval for one look, at an end that was planned.
    pub low: Option<f64>,
    /// The upper end of it.
    pub high: Option<f64>,
    /// The interval that holds at every look.
    pub sequential_low: Option<f64>,
    /// The upper end of it.
    pub sequential_high: Option<f64>,
    /// How likely a difference this large is where there is none.
    pub p: Option<f64>,
    /// The same, adjusted for all that is looked at beside it.
    pub p_adjusted: Option<f64>,
    /// How many customers, of both; slices of time where it is switched.
    pub n: u64,
    /// `better`, `worse`, `unclear` or `unknown`; `moved` where it is switched, and more or less than nothing for certain.
    pub bearing: &'static str,
    /// Why something is missing.
    pub reason: Option<String>,
}

/// A metric in one part of the customers. It is to think about: no verdict rests on it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SegmentReply {
    /// The part.
    pub segment: String,
    /// The metric.
    pub metric: String,
    /// The variation.
    pub variation: String,
    /// What was found.
    #[serde(flatten)]
    pub found: MetricReply,
}

/// What an experiment found.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExperimentReply {
    /// `running`, `stopped`, or `ended` where its planned days are over.
    pub state: &'static str,
    /// When the first customer met it.
    pub began: Option<String>,
    /// When it was counted.
    pub measured_at: String,
    /// How many met each variation.
    pub n: BTreeMap<String, u64>,
    /// Whether arms are as large as they should be.
    pub srm: SrmReply,
    /// What should become better; of more than one variation by metric and variation.
    pub metrics: BTreeMap<String, MetricReply>,
    /// What must not become worse.
    pub guardrails: BTreeMap<String, MetricReply>,
    /// The same by what customers had bought before.
    pub segments: Vec<SegmentReply>,
    /// Customers who met more than one variation.
    pub n_mixed: u64,
    /// Days to the planned end, where it is known.
    pub days_left: Option<u32>,
    /// `ship`, `stop`, `go_on` or `broken`.
    pub verdict: &'static str,
    /// Why, in a sentence.
    pub says: String,
}

/// Of which time it is asked.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Period {
    /// A month, such as 2026-11: what was earned in it. Without it, what every customer earned from their first decision on.
    #[param(example = "2026-11")]
    month: Option<String>,
}

/// What decisions were worth
///
/// Against customers who are held out, with intervals: all decisions together, and each kind. Nobody need be asked about: it is counted
/// from what came in.
#[utoipa::path(
    get, path = "/v1/lift", tag = "models", params(Period),
    responses(
        (status = 200, description = "What they were worth, as it was counted at `measured_at`", body = LiftReply),
        (status = 202, description = "It is being counted for the first time: ask again in a while", body = CountingReply),
        (status = 400, description = "The month cannot be read", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn lift(_: MayRead, State(app): State<Arc<App>>, Query(period): Query<Period>) -> Result<Response, ApiError> {
    let period = period.month.as_deref().map(month).transpose()?;
    let told = app.run(move |app| Ok(app.engine.measured_lately(period)?)).await?;
    Ok(told.map_or_else(counting, |measured| Json(LiftReply::from(&*measured)).into_response()))
}

/// What experiments found
///
/// Every experiment that a customer met, but for the holdout: how its variations differ from the control, and what to do.
#[utoipa::path(
    get, path = "/v1/experiments", tag = "models",
    responses(
        (status = 200, description = "What each found, as it was counted at `measuredAt`", body = BTreeMap<String, ExperimentReply>),
        (status = 202, description = "It is being counted for the first time: ask again in a while", body = CountingReply),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn experiments(_: MayRead, State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    let told = app.run(|app| Ok(app.engine.measured_lately(None)?)).await?;
    Ok(told.map_or_else(counting, |measured| Json(found(&measured)).into_response()))
}

/// That it is being counted.
#[derive(Debug, Serialize, ToSchema)]
struct CountingReply {
    /// Always `counting`.
    #[schema(example = "counting")]
    state: &'static str,
    /// What to do, in a sentence.
    says: &'static str,
}

fn counting() -> Response {
    let body = CountingReply { state: "counting", says: COUNTING };
    (StatusCode::ACCEPTED, [(header::RETRY_AFTER, "5")], Json(body)).into_response()
}

/// What each experiment found, as it is told.
#[must_use]
pub fn found(measured: &Measured) -> BTreeMap<String, ExperimentReply> {
    let of = |found| ExperimentReply::of(found, measured.at);
    measured.experiments.iter().map(|(name, found)| (name.clone(), of(found))).collect()
}

impl From<&Measured> for LiftReply {
    fn from(measured: &Measured) -> Self {
        let of = |worth| WorthReply::of(worth, measured.at);
        let kinds = measured.kinds.iter().map(|(name, worth)| (name.clone(), of(worth)));
        Self { of: std::iter::once(("all".to_owned(), of(&measured.all))).chain(kinds).collect() }
    }
}

impl WorthReply {
    fn of(worth: &Worth, measured_at: Timestamp) -> Self {
        let Worth { lift, measure, against, since, kpis, flow } = worth;
        let is_told = lift.reason.is_none() || lift.money.is_some();
        Self {
            control: lift.control,
            treated: lift.treated,
            lift: lift.lift,
            low: low(lift.interval),
            high: high(lift.interval),
            sequential_low: low(lift.sequential),
            sequential_high: high(lift.sequential),
            money: lift.money,
            money_low: low(lift.money_interval),
            money_high: high(lift.money_interval),
            currency: lift.currency.clone(),
            p: lift.p,
            n_control: lift.n_control,
            n_treated: lift.n_treated,
            srm: SrmReply { p: finite(lift.srm.p), ok: lift.srm.ok },
            since: since.map(|since| since.to_string()),
            measured_at: measured_at.to_string(),
            measure: measure.clone(),
            against: match against {
                Against::Everything => "everything",
                Against::OwnHoldout => "own_holdout",
                Against::EverythingForThose => "everything_for_those",
            },
            kpis: if is_told { metrics(kpis, kpis.metrics.iter().chain(&kpis.guardrails)) } else { BTreeMap::new() },
            segments: if is_told { segments(kpis) } else { Vec::new() },
            way: Some(flow.says.clone()).filter(|_| !flow.steps.is_empty()),
            says: lift.says.clone(),
            reason: lift.reason.clone(),
        }
    }
}

impl ExperimentReply {
    fn of(found: &ExperimentFound, measured_at: Timestamp) -> Self {
        let report = &found.report;
        Self {
            state: match (report.stage, found.state) {
                (Stage::Stopped, _) | (_, Some("stopped")) => "stopped",
                (Stage::AtEnd, _) => "ended",
                (_, state) => state.unwrap_or("running"),
            },
            began: found.began.map(|began| began.to_string()),
            measured_at: measured_at.to_string(),
            n: report.n.clone(),
            srm: SrmReply { p: finite(report.srm.p), ok: report.srm.ok },
            metrics: of(found, metrics(report, report.metrics.iter()), false),
            guardrails: of(found, metrics(report, report.guardrails.iter()), true),
            segments: segments(report),
            n_mixed: report.n_mixed,
            days_left: match report.stage {
                Stage::Running { days_left } => days_left,
                Stage::AtEnd | Stage::Stopped => Some(0),
            },
            verdict: match report.verdict {
                Verdict::Ship => "ship",
                Verdict::Stop => "stop",
                Verdict::GoOn => "go_on",
                Verdict::Broken => "broken",
            },
            says: report.says.clone(),
        }
    }
}

impl From<&Finding> for MetricReply {
    fn from(finding: &Finding) -> Self {
        let compared = &finding.compared;
        let of = |effect: &Option<Effect>, of: fn(&Effect) -> f64| effect.as_ref().map(of).and_then(finite);
        Self {
            control: compared.control,
            treated: compared.treated,
            difference: of(&compared.difference, |effect| effect.value),
            lift: of(&compared.lift, |effect| effect.value),
            low: of(&compared.lift, |effect| effect.fixed.low),
            high: of(&compared.lift, |effect| effect.fixed.high),
            sequential_low: of(&compared.lift, |effect| effect.sequential.low),
            sequential_high: of(&compared.lift, |effect| effect.sequential.high),
            p: of(&compared.difference, |effect| effect.p),
            p_adjusted: finding.p_adjusted,
            n: compared.n_control + compared.n_treated,
            bearing: finding.bearing.name(),
            reason: compared.reason.clone(),
        }
    }
}

/// What was found of customers, and slice by slice.
fn of(
    found: &ExperimentFound,
    of_customers: BTreeMap<String, MetricReply>,
    is_guardrail: bool,
) -> BTreeMap<String, MetricReply> {
    let slices = found.switched.iter().filter(|one| one.is_guardrail == is_guardrail);
    let preference = |preferred| (PREFERENCE.to_owned(), MetricReply::of_preference(preferred, found.report.stage));
    let preferred = found.preferred.iter().filter(|_| !is_guardrail).map(preference);
    of_customers.into_iter().chain(slices.map(|one| (one.metric.clone(), one.into()))).chain(preferred).collect()
}

impl From<&SwitchedMetric> for MetricReply {
    fn from(SwitchedMetric { found, p_adjusted, bearing, .. }: &SwitchedMetric) -> Self {
        let control = found.control.filter(|control| *control != 0.0);
        let by_control = |value: Option<f64>| finite(value? / control?.abs());
        Self {
            control: found.control,
            treated: found.treated,
            difference: found.difference,
            lift: by_control(found.difference),
            low: by_control(found.interval.map(|interval| interval.low)),
            high: by_control(found.interval.map(|interval| interval.high)),
            sequential_low: None,
            sequential_high: None,
            p: found.p,
            p_adjusted: *p_adjusted,
            n: found.n,
            bearing: match bearing {
                Bearing::Better | Bearing::Worse => "moved",
                Bearing::Unknown | Bearing::Unclear => bearing.name(),
            },
            reason: found.reason.clone(),
        }
    }
}

impl MetricReply {
    /// Which share of what a customer chose each of two sides had picked. What the second has more, from −1 to 1, is the preference, and stands in
    /// the place of a lift.
    fn of_preference(found: &Interleaved, stage: Stage) -> Self {
        let (control, treated) = found.shares();
        Self {
            control,
            treated,
            difference: found.preference,
            lift: found.preference,
            low: low(found.fixed),
            high: high(found.fixed),
            sequential_low: low(found.sequential),
            sequential_high: high(found.sequential),
            p: found.p,
            p_adjusted: found.p_of(stage),
            n: found.n_customers,
            bearing: found.bearing(stage).name(),
            reason: found.reason.clone(),
        }
    }
}

/// Findings by their metric; where several variations are compared with the control, by both.
fn metrics<'a>(report: &ExperimentReport, found: impl Iterator<Item = &'a Finding>) -> BTreeMap<String, MetricReply> {
    let has_one = report.n.len() <= 2;
    let name = |one: &Finding| if has_one { one.metric.clone() } else { format!("{}/{}", one.metric, one.variation) };
    found.map(|one| (name(one), one.into())).collect()
}

fn segments(report: &ExperimentReport) -> Vec<SegmentReply> {
    let one = |found: &Finding| SegmentReply {
        segment: found.segment.clone().unwrap_or_default(),
        metric: found.metric.clone(),
        variation: found.variation.clone(),
        found: found.into(),
    };
    report.by_segment.iter().map(one).collect()
}

fn finite(value: f64) -> Option<f64> {
    Some(value).filter(|value| value.is_finite())
}

fn low(interval: Option<Interval>) -> Option<f64> {
    interval.and_then(|interval| finite(interval.low))
}

fn high(interval: Option<Interval>) -> Option<f64> {
    interval.and_then(|interval| finite(interval.high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preference_is_told_as_its_verdict_is_by_one_look_once_it_is_over() {
        let interval = |low: f64, high: f64| Some(Interval { low, high });
        let found = Interleaved {
            n_customers: 40,
            preference: Some(0.2),
            fixed: interval(0.1, 0.3),
            sequential: interval(-0.1, 0.5),
            p: Some(0.01),
            p_sequential: Some(0.2),
            ..measurement::interleave::interleaved(&[], 0.05, 500)
        };
        let told = |stage| {
            let told = MetricReply::of_preference(&found, stage);
            let more = told.treated.unwrap() - told.control.unwrap();
            assert!((more - told.lift.unwrap()).abs() < 1e-12 && told.difference == told.lift);
            (told.bearing, told.p_adjusted, told.low, told.sequential_low)
        };
        let over = ("better", Some(0.01), Some(0.1), Some(-0.1));
        assert_eq!([Stage::AtEnd, Stage::Stopped].map(told), [over; 2]);
        let running = Stage::Running { days_left: Some(3) };
        assert_eq!(told(running), ("unclear", Some(0.2), Some(0.1), Some(-0.1)));
    }
}
