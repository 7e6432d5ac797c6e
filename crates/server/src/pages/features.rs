//! Which features are there, and how far are those that were declared lately?

use super::visit::Visit;
use crate::app::App;
use crate::error::ServerError;
use axum::response::Response;
use console::view::{Defined, DefinedGroup, FeaturesPage, Frame};
use features::Definition;

/// `/features`.
pub(super) async fn show(visit: Visit) -> Response {
    visit.page(|app, frame| Ok(fill(app, frame)?.render())).await
}

fn fill(app: &App, frame: Frame) -> Result<FeaturesPage, ServerError> {
    let mut groups: Vec<DefinedGroup> = Vec::new();
    for feature in app.engine.catalogue().definitions() {
        match groups.iter_mut().find(|group| group.title == feature.group) {
            Some(group) => group.features.push(defined(feature)),
            None => groups.push(DefinedGroup { title: feature.group.to_owned(), features: vec![defined(feature)] }),
        }
    }
    let waiting = app.engine.waiting_features();
    Ok(FeaturesPage {
        frame,
        groups,
        progress: if waiting.is_empty() { (0, 0) } else { app.corrector.progress() },
        waiting: waiting.iter().map(|feature| defined(feature)).collect(),
        refused: app.engine.refused_features(),
        doubts: app.engine.doubtful_features(),
    })
}

fn defined(feature: &Definition) -> Defined {
    Defined {
        id: feature.id.to_string(),
        meaning: feature.meaning.clone(),
        unit: feature.unit.to_owned(),
        limit: feature.limit.clone(),
    }
}
