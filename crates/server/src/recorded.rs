//! How do the answers of the interface look? Those that a test recorded from a server (`tests/interface/examples.rs`).

use decisions::{Kind, KindAbout};
use engine::Capabilities;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

const RECORDED: &str = include_str!("recorded.json");

/// What was recorded.
#[derive(Default, Deserialize)]
pub(crate) struct Recorded {
    /// By method and path, then by status.
    pub(crate) answers: BTreeMap<String, BTreeMap<String, Value>>,
    /// What was decided, by what was to be.
    pub(crate) decisions: BTreeMap<String, Value>,
    /// Errors that any path may answer, by status.
    pub(crate) errors: BTreeMap<String, Value>,
}

impl Recorded {
    pub(crate) fn read() -> Self {
        // The test that records them reads the file, too.
        serde_json::from_str(RECORDED).unwrap_or_default()
    }
}

/// What is answered where it goes well: by method and path, the real one.
pub(crate) fn answer(method: &str, path: &str) -> Option<Value> {
    let path = path.split('?').next()?;
    let is_it = |described: &str| {
        let (one, other) = (described.split('/'), path.split('/'));
        one.clone().count() == other.clone().count()
            && one.zip(other).all(|(one, other)| one == other || one.starts_with('{'))
    };
    let mut answers = Recorded::read().answers.into_iter();
    let found = answers.find(|(asked, _)| asked.split_once(' ').is_some_and(|(of, path)| of == method && is_it(path)));
    found?.1.into_iter().find(|(status, _)| status.starts_with('2')).map(|(_, answer)| answer)
}

/// What is answered to a question of a kind: one of its own, or one of the same form.
pub(crate) fn decision(about: &KindAbout) -> Option<Value> {
    let Recorded { mut decisions, .. } = Recorded::read();
    if let Some(own) = decisions.remove(about.name.as_str()) {
        return Some(own);
    }
    let built_in = Capabilities::built_in();
    let alike = built_in.kinds.iter().map(Kind::about).find(|other| other.shape == about.shape)?;
    let mut answer = decisions.remove(alike.name.as_str())?;
    answer["decision"] = about.name.as_str().into();
    if let Some(task) = about.tasks.first() {
        answer["model"]["name"] = task.as_str().into();
    }
    Some(answer)
}
