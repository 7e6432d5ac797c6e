//! What has been learned, and what happens when somebody trains or puts another version in force?

use super::door::flash;
use super::visit::Visit;
use super::waits::NO_PURCHASES;
use crate::app::App;
use crate::error::ServerError;
use crate::failure::ApiError;
use axum::Form;
use axum::extract::Path;
use axum::extract::rejection::FormRejection;
use axum::response::Response;
use console::chart::CalibrationPoint;
use console::format;
use console::view::{Advantage, Champion, Frame, Metric, ModelsPage, Need, Task, Version};
use engine::StillLearnedFrom;
use features::Catalogue;
use governance::Deed;
use learning::{Comparison, Evaluation, ModelHeader, TaskName};
use primitives::capital;
use primitives::{ModelVersion, Timestamp};
use serde::Deserialize;

/// How many features are shown with their weight.
const N_IMPORTANCES: usize = 10;

/// `/models`.
pub(super) async fn show(visit: Visit) -> Response {
    visit
        .page(|app, frame: Frame| {
            let mut names: Vec<_> = app.engine.capabilities().tasks.names().collect();
            names.sort_by_cached_key(|name| app.engine.waits_for_purchases(name));
            let tasks = names.into_iter().map(|name| task(app, name)).collect::<Result<_, _>>()?;
            Ok(ModelsPage { frame, tasks }.render())
        })
        .await
}

/// `POST /models/{task}/train`.
pub(super) async fn train(visit: Visit, Path(task): Path<String>) -> Response {
    let by = visit.by();
    let done = visit.app.run(move |app| {
        let task = named(app, &task)?;
        app.trainer.begin(&app.engine, vec![task.clone()], by)?;
        Ok(format!("Training of {task} has begun. Load this page again to see how far it is."))
    });
    visit.lead_to("/models", &flash(done.await))
}

/// The form of "Make champion".
#[derive(Debug, Deserialize)]
pub(super) struct Chosen {
    version: String,
}

/// `POST /models/{task}/champion`.
pub(super) async fn champion(
    visit: Visit,
    Path(task): Path<String>,
    chosen: Result<Form<Chosen>, FormRejection>,
) -> Response {
    let Ok(Form(Chosen { version })) = chosen else { return super::door::unreadable(&visit) };
    let by = visit.by();
    let done: Result<String, ApiError> = visit
        .app
        .run(move |app| {
            let task = named(app, &task)?;
            app.engine.crown(|registry| registry.promote(&task, &ModelVersion::from(version.as_str())))?;
            app.audit.note(Deed::Promotion, &by, format!("{task} {version}"));
            Ok(format!("Version {version} of {task} answers from now on."))
        })
        .await;
    visit.lead_to("/models", &flash(done))
}

fn named(app: &App, name: &str) -> Result<TaskName, ServerError> {
    Ok(app.engine.capabilities().tasks.get(name)?.about().name.clone())
}

/// How many versions of a model its page shows.
const N_VERSIONS: usize = 20;

/// What is learned for a task, and how good it is.
pub(super) fn task(app: &App, name: &TaskName) -> Result<Task, ServerError> {
    let about = app.engine.capabilities().tasks.get(name.as_str())?.about();
    let versions = app.engine.registry().versions(name)?;
    let champion = versions.iter().find(|version| version.is_champion);
    let shown_versions = || learning::newest_versions(&versions, N_VERSIONS);
    let refused = app.engine.still_learned_from(name)?.map(|still| refused(&still, app.engine.clock().now()));
    let is_training = app.trainer.is_training(name);
    let said = app.trainer.status(name);
    let fault = app.engine.champion_status().into_iter().find(|status| status.task == *name).and_then(|s| s.fault);
    let last_training = said.clone().filter(|_| !is_training).map(|said| format!("The last training: {said}"));
    let catalogue = &app.engine.catalogue();
    Ok(Task {
        key: name.to_string(),
        title: about.title.clone(),
        question: about.question.clone(),
        training: said.filter(|_| is_training),
        waits: (champion.is_none() && app.engine.waits_for_purchases(name)).then(|| NO_PURCHASES.to_owned()),
        is_faulty: fault.is_some(),
        problem: fault.or(last_training).map(|problem| format!("{}.", capital(problem.trim_end_matches('.')))),
        needs: match champion {
            Some(_) => Vec::new(),
            None => app.engine.needs(name)?.map_or_else(being_counted, |needs| needs.iter().map(need).collect()),
        },
        champion: champion.map(|version| shown(catalogue, version)).map(|champion| Champion { refused, ..champion }),
        n_older: (versions.len() - shown_versions().count()) as u64,
        versions: shown_versions().map(|known| version(app, known)).collect(),
    })
}

/// A long history is counted in the background.
fn being_counted() -> Vec<Need> {
    let what = "The whole history is being counted".to_owned();
    vec![Need { what, have: 0, told: "0".to_owned(), need: 1, how: "Load this page again in a minute.".to_owned() }]
}

fn need(requirement: &learning::Need) -> Need {
    Need {
        what: capital(&requirement.what),
        have: requirement.have,
        told: match requirement.told.parse() {
            Ok(n) => format::count(n),
            Err(_) => requirement.told.clone(),
        },
        need: requirement.need,
        how: format!("{}.", capital(&requirement.how)),
    }
}

fn version(app: &App, version: &learning::Version) -> Version {
    let main = version.header.evaluation.deciding();
    Version {
        version: version.version.to_string(),
        trained_at: version.header.trained_at,
        metric: main.as_ref().map_or_else(String::new, |main| main.metric.title.to_owned()),
        value: main.map_or(f64::NAN, |main| main.model),
        champion: version.is_champion,
        verdict: format!("{}.", capital(&version.header.verdict().reason)),
        gone: app.engine.gone_since(&version.header).map(|gone| who_is_gone(gone.n_refused, gone.n_erased, "")),
    }
}

/// How many have refused and were erased since: `1 customer has refused and 2 were erased since`; with `who ` as the
/// subject of a sentence.
fn who_is_gone(n_refused: u64, n_erased: u64, who: &str) -> String {
    let refused = if n_refused == 1 { "has refused" } else { "have refused" };
    let erased = if n_erased == 1 { "was erased" } else { "were erased" };
    let customers = |n| format::counted(n, "customer", "customers");
    match (n_refused, n_erased) {
        (n, 0) => format!("{} {who}{refused} since", customers(n)),
        (0, n) => format!("{} {who}{erased} since", customers(n)),
        (n, m) => format!("{} {who}{refused} and {} {who}{erased} since", customers(n), format::count(m)),
    }
}

/// That customers who have refused or were erased are still in the model, and what becomes of it.
fn refused(still: &StillLearnedFrom, now: Timestamp) -> String {
    let StillLearnedFrom { n_refused, n_erased, .. } = *still;
    let is = if n_refused + n_erased == 1 { "is" } else { "are" };
    let who = format!("{} {is}", who_is_gone(n_refused, n_erased, "who "));
    let by = format::date_time(still.retrained_by);
    if now <= still.retrained_by {
        format!("{who} still in this model; it is trained again without them by {by} (UTC).")
    } else {
        format!("{who} still in this model; it was to be trained again by {by} (UTC) and has not been: train it now.")
    }
}

/// Why the champion answers. Where its verdict was against it, a person has decided.
fn why_it_answers(header: &ModelHeader) -> String {
    let verdict = header.verdict();
    let by_hand =
        if verdict.is_champion { "" } else { "A person made this model the champion. What its training had decided: " };
    format!("{by_hand}{}.", capital(&verdict.reason))
}

fn shown(catalogue: &Catalogue, version: &learning::Version) -> Champion {
    let learning::Version { version, header, .. } = version;
    Champion {
        version: version.to_string(),
        gaps: header.evaluation.split.gaps.iter().map(gap).collect(),
        verdict: why_it_answers(header),
        refused: None,
        method: header.method.clone(),
        trained_at: header.trained_at,
        data_from: header.data_from,
        data_to: header.data_until,
        n_train: header.n_rows,
        rows: header.rows.clone(),
        n_test: header.evaluation.n_test,
        metrics: header.evaluation.comparisons().iter().map(|comparison| metric(header, comparison)).collect(),
        warnings: header.evaluation.warnings.iter().map(|warning| format!("{warning}.")).collect(),
        calibration: match header.evaluation.base_rate {
            Some(_) => header.evaluation.calibration.iter().map(point).collect(),
            None => Vec::new(),
        },
        importances: header
            .importances
            .iter()
            .take(N_IMPORTANCES)
            .map(|i| (meaning(catalogue, &i.feature), i.share))
            .collect(),
    }
}

fn point(bin: &learning::CalibrationBin) -> CalibrationPoint {
    CalibrationPoint { predicted: bin.predicted, observed: bin.observed, n: bin.n }
}

fn meaning(catalogue: &Catalogue, feature: &str) -> String {
    if let Some(definition) = catalogue.get(feature) {
        return definition.meaning.clone();
    }
    // What is looked at of the question itself is no feature of the customer.
    match (feature, feature.split_once(':')) {
        ("hour_cos", _) => "The hour of the day: nearer to midnight, or to noon".to_owned(),
        ("hour_sin", _) => "The hour of the day: in the morning, or in the evening".to_owned(),
        (_, Some(("channel", channel))) => format!("Whether it is asked for {channel}"),
        (_, Some(("context", part))) => format!("What the question says of the place, part {part}"),
        _ => feature.replace('_', " "),
    }
}

fn gap(gap: &learning::Gap) -> String {
    format!(
        "{}: nothing was learned from these days.",
        capital(&format::gap(gap.from, gap.until, gap.n_orders, gap.n_usual))
    )
}

fn metric(header: &ModelHeader, comparison: &Comparison<'_>) -> Metric {
    let Comparison { metric, model, baselines } = comparison;
    Metric {
        name: metric.title.to_owned(),
        meaning: format!("{}.", metric.meaning),
        better: capital(&metric.better.to_string()),
        value: *model,
        baselines: baselines
            .iter()
            .map(|(name, value)| {
                (header.evaluation.baseline_title(name).to_owned(), value.is_finite().then_some(*value))
            })
            .collect(),
        advantage: advantage(&header.evaluation, comparison)
            .map(|(name, advantage)| (header.evaluation.baseline_title(&name).to_owned(), advantage)),
    }
}

/// By how much the model is better than the strongest simple answer, where it is known how sure that is: only in the
/// number that decides.
pub(super) fn advantage(evaluation: &Evaluation, comparison: &Comparison<'_>) -> Option<(String, Advantage)> {
    let decides = evaluation.decides == comparison.metric.name;
    let (name, baseline) = comparison.strongest().filter(|(_, value)| decides && value.abs() > 0.0)?;
    let gain = evaluation.gains.get(name)?;
    let share = |amount: f64| amount / baseline.abs();
    Some((name.to_owned(), Advantage { share: share(gain.mean), low: share(gain.low), high: share(gain.high) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_erased_has_not_refused() {
        let said = |n_refused, n_erased| {
            let retrained_by = Timestamp::parse("2026-12-02T03:10:00Z").unwrap();
            let sentence = refused(&StillLearnedFrom { n_refused, n_erased, retrained_by }, retrained_by);
            let (who, rest) = sentence.split_once(" still in this model; ").expect("who it is, and what becomes of it");
            assert!(rest.starts_with("it is trained again without them by 2 Dec 2026"), "{rest}");
            (who.to_owned(), who_is_gone(n_refused, n_erased, ""))
        };
        for (n_refused, n_erased, sentence, badge) in [
            (1, 0, "1 customer who has refused since is", "1 customer has refused since"),
            (2, 0, "2 customers who have refused since are", "2 customers have refused since"),
            (0, 1, "1 customer who was erased since is", "1 customer was erased since"),
            (0, 1_000, "1,000 customers who were erased since are", "1,000 customers were erased since"),
            (
                1,
                1,
                "1 customer who has refused and 1 who was erased since are",
                "1 customer has refused and 1 was erased since",
            ),
            (
                2,
                3,
                "2 customers who have refused and 3 who were erased since are",
                "2 customers have refused and 3 were erased since",
            ),
        ] {
            assert_eq!(said(n_refused, n_erased), (sentence.to_owned(), badge.to_owned()));
        }
    }
}
