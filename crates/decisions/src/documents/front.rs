//! What does a file say of itself before its text?

use super::cut::own_title;
use super::{Document, Form};
use std::collections::BTreeMap;

/// A file's front matter: lines of `name: value` between two lines of `---`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Front<'a> {
    /// What it says, by name in small letters.
    pub said: BTreeMap<String, String>,
    /// What comes after.
    pub text: &'a str,
}

/// Parts a file into its front matter and its text. A file without one is all text.
#[must_use]
pub fn front(file: &str) -> Front<'_> {
    let file = file.strip_prefix('\u{feff}').unwrap_or(file);
    let whole = Front { said: BTreeMap::new(), text: file };
    let Some(rest) = file.strip_prefix("---\n").or_else(|| file.strip_prefix("---\r\n")) else { return whole };
    let (mut said, mut at) = (BTreeMap::new(), 0);
    for line in rest.split_inclusive('\n') {
        at += line.len();
        let line = line.trim_end();
        if line == "---" {
            return Front { said, text: rest.get(at..).unwrap_or_default() };
        }
        let Some((name, value)) = line.split_once(':') else {
            if line.trim().is_empty() || line.starts_with(['#', ' ', '-']) {
                continue;
            }
            return whole;
        };
        let value = value.trim().trim_matches(['"', '\'']);
        said.insert(name.trim().to_lowercase(), value.to_owned());
    }
    whole
}

impl Document {
    /// The document that a file is, under a name: its title, language and source are those of its front matter; else its first heading
    /// is the title, and a folder or an ending of two letters the language (`de/returns.md`, `returns.de.md`).
    #[must_use]
    pub fn of_file(id: &str, form: Form, file: &str) -> Self {
        let Front { said, text } = front(file);
        let said = |name: &str| said.get(name).filter(|value| !value.is_empty()).cloned();
        let stem = id.rsplit('/').next().unwrap_or(id);
        let stem = stem.split_once('.').map_or(stem, |(stem, _)| stem);
        let named = || stem.replace(['-', '_'], " ");
        let title = said("title").or_else(|| own_title(form, text)).unwrap_or_else(named);
        let language = said("language").or_else(|| said("lang")).or_else(|| language_of_path(id));
        Self {
            id: id.to_owned(),
            title,
            source: said("source").or_else(|| said("url")).unwrap_or_else(|| id.to_owned()),
            language,
            form,
            text: text.to_owned(),
        }
    }
}

/// The language that a path names: `de/returns.md`, `returns.de.md`.
fn language_of_path(id: &str) -> Option<String> {
    let known = ::models::text::languages();
    let is_language = |part: &&str| known.contains(part);
    let (folders, file) = id.rsplit_once('/').map_or(("", id), |(folders, file)| (folders, file));
    let endings = file.split('.').skip(1);
    folders.split('/').chain(endings).find(is_language).map(str::to_owned)
}
