//! How is something declared, changed and taken away: an action, a flag, an experiment?

use super::{Frame, Section, filters};
use crate::Icon;

/// A form of a list, `/new/actions` and `/actions/{name}/edit`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "editor.html")]
pub struct EditorPage {
    /// What stands around the page.
    pub frame: Frame,
    /// Of which page of the navigation it is.
    pub section: Section,
    /// The list: `actions`.
    pub list: String,
    /// The word for one of it.
    pub word: String,
    /// The name of what is changed; none of something new.
    pub name: Option<String>,
    /// What it is called; empty of something new.
    pub title: String,
    /// Where the form is sent.
    pub post: String,
    /// Where it leads back to.
    pub back: String,
    /// Where it is taken away, where it can be.
    pub remove: Option<String>,
    /// What tells what was shown from what it may have become since.
    pub seen: String,
    /// Why nothing can be changed here, where that is so.
    pub fixed: Option<String>,
    /// What somebody should know before they change it, in sentences.
    pub notes: Vec<String>,
    /// What is wrong and belongs to no field.
    pub problem: Option<String>,
    /// The fields.
    pub groups: Vec<EditorGroup>,
    /// What would come of it, in sentences.
    pub told: Vec<String>,
}

/// Fields under a heading.
#[derive(Debug, Clone, PartialEq)]
pub struct EditorGroup {
    /// The heading.
    pub title: String,
    /// The fields.
    pub fields: Vec<EditorField>,
}

/// A field.
#[derive(Debug, Clone, PartialEq)]
pub struct EditorField {
    /// The key that it writes.
    pub key: String,
    /// What it is called.
    pub label: String,
    /// What it says.
    pub hint: String,
    /// How it is written.
    pub input: EditorInput,
    /// What is wrong with it.
    pub wrong: Option<String>,
    /// Whether it stays as it is.
    pub is_fixed: bool,
}

/// How a field is written.
#[derive(Debug, Clone, PartialEq)]
pub enum EditorInput {
    /// A line.
    Line {
        /// What stands in it.
        text: String,
        /// What could.
        example: String,
    },
    /// A number.
    Number {
        /// What stands in it.
        text: String,
        /// What could.
        example: String,
    },
    /// Some lines.
    Area {
        /// What stands in it.
        text: String,
        /// How many lines it is high.
        n_lines: usize,
        /// What could stand in it.
        example: String,
    },
    /// Yes or no.
    Tick(bool),
    /// Some of several: the value, what it is called, and whether it is one of them.
    Ticks(Vec<(String, String, bool)>),
    /// One of several: the value, what it is called, and whether it is that.
    Pick(Vec<(String, String, bool)>),
    /// Rows of several fields.
    Rows {
        /// Of which type their values are, where that is picked: as [`EditorInput::Pick`].
        of: Option<Vec<(String, String, bool)>>,
        /// The rows.
        rows: Vec<EditorRow>,
    },
}

/// A row of several fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditorRow {
    /// The fields.
    pub cells: Vec<EditorCell>,
}

/// A field of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditorCell {
    /// Its name in the form: `rules.0.when`.
    pub name: String,
    /// What it is called.
    pub label: String,
    /// What stands in it.
    pub text: String,
    /// Whether it takes the room that others leave.
    pub is_wide: bool,
    /// The names that could stand in it.
    pub among: Vec<String>,
    /// Whether what is wrong with the field is wrong here.
    pub is_wrong: bool,
}

impl EditorPage {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        super::finish(askama::Template::render(self))
    }

    fn section(&self) -> Option<Section> {
        Some(self.section)
    }

    fn heading(&self) -> String {
        match &self.name {
            None => format!("Declare {} {}", if self.word.starts_with(['a', 'e']) { "an" } else { "a" }, self.word),
            Some(_) if self.fixed.is_some() => self.title.clone(),
            Some(_) => format!("Change “{}”", self.title),
        }
    }

    /// What its list is called.
    fn list_title(&self) -> String {
        primitives::capital(&self.list)
    }

    /// What to say where nothing is told of it yet.
    fn is_told(&self) -> bool {
        !self.told.is_empty()
    }
}

impl EditorField {
    /// The names of all that can stand in a field of its rows, once.
    fn lists(&self) -> Vec<(String, &[String])> {
        let EditorInput::Rows { rows, .. } = &self.input else { return Vec::new() };
        let cells = rows.first().map_or(&[][..], |row| row.cells.as_slice());
        let named = cells.iter().filter(|cell| !cell.among.is_empty());
        named.map(|cell| (format!("among-{}-{}", self.key, cell.column()), cell.among.as_slice())).collect()
    }
}

/// Whether a field has rows: what it means stands above them.
fn is_rowed(field: &EditorField) -> bool {
    matches!(field.input, EditorInput::Rows { .. })
}

/// Whether a field is a set of several, with a legend.
fn is_set(field: &EditorField) -> bool {
    matches!(field.input, EditorInput::Ticks(_) | EditorInput::Rows { .. })
}

impl EditorCell {
    /// Which of its row it is: `when`.
    fn column(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;

    /// A field of a row; the second is wrong.
    fn cell(column: &str) -> super::EditorCell {
        super::EditorCell {
            name: format!("k.0.{column}"),
            label: column.to_owned(),
            text: "v".to_owned(),
            is_wide: false,
            among: Vec::new(),
            is_wrong: column == "b",
        }
    }

    #[test]
    fn what_is_wrong_stands_beside_its_field_and_what_is_fixed_cannot_be_written() {
        let page = sample::editor();
        let html = page.render();
        assert!(html.contains("aria-describedby=\"hint-eligible wrong-eligible\" aria-invalid=\"true\""), "{html}");
        assert!(html.contains("<p class=\"wrong\" id=\"wrong-eligible\" data-told>There is no such feature"), "{html}");
        assert!(html.contains("<h1>Change “A grinder”</h1>") && html.contains("name=\"seen\" value=\"00c0ffee\""));
        let fixed = super::EditorPage { fixed: Some("The settings win.".to_owned()), remove: None, ..page };
        let html = fixed.render();
        assert!(html.contains("<fieldset class=\"fields\" disabled>") && !html.contains("value=\"save\""), "{html}");
        assert!(html.contains("The settings win."));
        let mut rows = sample::editor();
        rows.groups.iter_mut().flat_map(|group| &mut group.fields).for_each(|field| {
            field.input = super::EditorInput::Rows {
                of: None,
                rows: vec![super::EditorRow { cells: vec![cell("a"), cell("b")] }],
            };
        });
        let html = rows.render();
        let (right, wrong) =
            ("name=\"k.0.a\" value=\"v\" autocomplete=\"off\" spellcheck=\"false\">", "name=\"k.0.b\" value=\"v\"");
        assert!(html.contains(right), "{html}");
        let marked = format!(
            "{wrong} autocomplete=\"off\" spellcheck=\"false\" aria-invalid=\"true\" aria-describedby=\"wrong-"
        );
        assert!(html.contains(&marked), "{html}");
        let new = super::EditorPage { name: None, fixed: None, ..fixed };
        assert!(new.render().contains("<h1>Declare an action</h1>"));
    }
}
