//! What is configured, where does each value come from, and what waits for the next start?

use super::visit::Visit;
use super::{Asked, text};
use crate::app::App;
use crate::in_force::{Now, Written, key_of};
use crate::settings::{Described, OnViolation, Settings};
use axum::extract::Query;
use axum::response::Response;
use console::format::url_part;
use console::view::{DeclaredList, DeclaredRow, Frame, SettingRow, SettingSection, SettingsPage};
use primitives::capital;

/// `/settings?q=&show=changed`.
pub(super) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Response {
    visit.page(move |app, frame| Ok(fill(app, frame, &asked).render())).await
}

fn fill(app: &App, frame: Frame, asked: &Asked) -> SettingsPage {
    let query = text(asked, "q", 200);
    let changed_only = asked.get("show").is_some_and(|show| show == "changed");
    let (now, problem) = match app.in_force.now() {
        Now::Usable(now) => (Some(now), None),
        Now::Broken(why) => (None, Some(why)),
    };
    let [in_force, masked] = [&app.settings, &app.settings.masked()].map(Written::of);
    let then = now.as_ref().map(|now| [&**now, &now.masked()].map(Written::of));
    let row = |one: &Described| SettingRow {
        name: one.name.to_owned(),
        meaning: one.doc.clone(),
        value: masked.value(&key_of(one)),
        default: one.default.clone(),
        origin: app.in_force.origin(&key_of(one)).to_owned(),
        waiting: then.as_ref().and_then(|then| app.in_force.waiting(&in_force, then.each_ref(), one)),
    };
    let mut sections: Vec<SettingSection> = Settings::describe()
        .into_iter()
        .map(|(name, meaning, settings)| SettingSection {
            name: name.to_owned(),
            meaning,
            settings: settings.iter().map(row).collect(),
        })
        .collect();
    let all = || sections.iter().flat_map(|section| &section.settings);
    let is_changed = |row: &SettingRow| row.value != row.default || row.waiting.is_some();
    let n_changed = all().filter(|row| row.value != row.default).count();
    let n_waiting = all().filter(|row| row.waiting.is_some()).count();
    let wanted = query.to_lowercase();
    for section in &mut sections {
        let name = section.name.clone();
        section.settings.retain(|row| {
            let is_meant = wanted.is_empty()
                || [&format!("{name}.{}", row.name), &row.meaning]
                    .iter()
                    .any(|text| text.to_lowercase().contains(&wanted));
            is_meant && (!changed_only || is_changed(row))
        });
    }
    sections.retain(|section| !section.settings.is_empty());
    let is_whole = query.is_empty() && !changed_only;
    SettingsPage {
        query,
        changed_only,
        file: app.in_force.file.as_ref().map(|path| (path.display().to_string(), path.is_file())),
        problem,
        counts: (n_changed as u64, n_waiting as u64),
        sections,
        declared: if is_whole { declared(&app.settings, now.as_deref()) } else { Vec::new() },
        frame,
    }
}

/// What the settings declare. Features are followed while the server runs, the others are of the start.
fn declared(at_start: &Settings, now: Option<&Settings>) -> Vec<DeclaredList> {
    let now = now.unwrap_or(at_start);
    let row = |name: &str, meaning: &str, href: Option<String>| DeclaredRow {
        name: name.to_owned(),
        meaning: meaning.to_owned(),
        href,
    };
    let features = now.features.iter().map(|one| row(&one.name, &one.meaning, None)).collect();
    let outcomes = at_start.outcomes.iter().map(|one| {
        row(one.name.as_str(), &one.question, Some(format!("/capabilities/{}", url_part(one.name.as_str()))))
    });
    let segments = at_start.segments.iter().map(|one| row(&one.name, &one.title, None));
    let schemas = at_start.schemas.iter().map(|one| {
        let meaning = match one.on_violation {
            OnViolation::Flag => "What does not fit is told",
            OnViolation::Reject => "What does not fit is refused",
        };
        row(&one.event, meaning, Some(format!("/data?event={}", url_part(&one.event))))
    });
    let actions = at_start.actions.iter().map(|one| row(&one.name, &one.title, None));
    let kpis = at_start.kpis.iter().map(|one| row(&one.name, &one.title, None));
    let flags = at_start.flags.iter().map(|one| row(&one.name, &one.title, None));
    let experiments = at_start.experiments.iter().map(|one| row(&one.name, &one.title, None));
    // In the order of the lists.
    let told: [(&str, Vec<DeclaredRow>, bool); 8] = [
        ("/features", features, false),
        ("/capabilities", outcomes.collect(), at_start.outcomes != now.outcomes),
        ("/lists", segments.collect(), at_start.segments != now.segments),
        ("/try", actions.collect(), at_start.actions != now.actions),
        ("/try", flags.collect(), at_start.flags != now.flags),
        ("/decisions", experiments.collect(), at_start.experiments != now.experiments),
        ("/data", schemas.collect(), at_start.schemas != now.schemas),
        ("/holdout", kpis.collect(), at_start.kpis != now.kpis),
    ];
    let list =
        |((name, meaning), (href, rows, waits)): ((&str, String), (&str, Vec<DeclaredRow>, bool))| DeclaredList {
            name: name.to_owned(),
            title: capital(name),
            meaning: meaning.split_once(". ").map_or(meaning.as_str(), |(first, _)| first).to_owned() + ".",
            href: href.to_owned(),
            rows,
            waits,
        };
    Settings::lists().into_iter().zip(told).map(list).collect()
}
