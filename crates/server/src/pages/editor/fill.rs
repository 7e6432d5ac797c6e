//! What stands on the page of a form?

use super::fields::{self, Described, How};
use super::read::Wrong;
use super::written::Filled;
use super::{Meant, prospects, said, told_at};
use crate::app::App;
use console::format::url_part;
use console::view::{EditorCell, EditorField, EditorGroup, EditorInput, EditorPage, EditorRow, Frame, Section};
use decisions::{CHANNELS, Playbook};
use engine::{DeclaredIn, EngineError, KnownTable};
use primitives::{ErrorKind, capital};
use serde_json::{Map, Value};

/// So many rows more than are filled in.
const N_ROWS_FREE: usize = 2;

/// A form, and what became of it.
pub(super) struct Draft {
    /// What stands in it.
    pub(super) filled: Filled,
    /// The digest of what it was filled from, where it was sent.
    pub(super) seen: Option<String>,
    /// Why it is not saved.
    pub(super) refused: Option<Refused>,
    /// Whether nobody asked to save it: what is still empty is no mistake yet.
    pub(super) is_looked_at: bool,
}

/// Why something is not saved.
pub(super) enum Refused {
    /// Fields cannot be read.
    Unread(Wrong),
    /// It cannot be in force.
    Engine(EngineError),
}

impl From<EngineError> for Refused {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

/// Whether whoever filled it in cannot help that it is not saved.
pub(super) fn is_ours(error: &EngineError) -> bool {
    !matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Conflict)
}

impl Refused {
    /// What is wrong, by field; and what is of none.
    fn told(&self, list: &str, name: &str) -> (Wrong, Option<String>) {
        let error = match self {
            Self::Unread(wrong) => return (wrong.clone(), None),
            Self::Engine(error) => error,
        };
        let whole = || (Wrong::new(), Some(format!("{}.", capital(&error.to_string()))));
        let at = |key: &str, why: &str| (Wrong::from([(key.to_owned(), why.to_owned())]), None);
        match error {
            EngineError::Declared { mistake, .. } if mistake.what == word(list) && mistake.name == name => {
                let key = mistake.key.split('.').next().unwrap_or_default();
                match fields::all(list).any(|field| field.key == key) {
                    true => at(key, &mistake.remedy),
                    false => whole(),
                }
            }
            _ => whole(),
        }
    }

    /// In which column of its rows what is wrong stands, and what stands there: `rules.when`.
    fn cell(&self) -> Option<(String, String)> {
        match self {
            Self::Engine(EngineError::Declared { mistake, .. }) if mistake.key.contains('.') => {
                let found = serde_json::from_str(&mistake.found).unwrap_or_else(|_| mistake.found.clone());
                Some((mistake.key.clone(), found))
            }
            _ => None,
        }
    }
}

/// The word for one of a list.
pub(super) fn word(list: &str) -> &'static str {
    Playbook::LISTS.iter().find(|(known, _)| *known == list).map_or("table", |(_, word)| word)
}

/// That the settings win.
pub(super) fn settings_win(list: &str, name: &str) -> String {
    format!(
        "the settings declare the {} “{name}”, and they win: change it in their file, which the server follows, or take it out there and \
         declare it here",
        word(list)
    )
}

/// Whether a field can be changed.
pub(super) fn is_open(field: &Described, known: Option<&KnownTable>) -> bool {
    let has_begun = known.is_some_and(|known| known.ran.is_some());
    !(field.is_for_good && known.is_some() || field.is_frozen && has_begun)
}

/// The page.
pub(super) fn page(app: &App, frame: Frame, meant: &Meant, known: Option<&KnownTable>, draft: Draft) -> EditorPage {
    let Meant { list, name } = meant;
    let Draft { filled, seen, refused, is_looked_at } = draft;
    let named = name.clone().unwrap_or_else(|| filled.text("name").to_owned());
    let wrong_cell = refused.as_ref().and_then(Refused::cell);
    let (mut wrong, mut problem) = refused.map(|refused| refused.told(list, &named)).unwrap_or_default();
    if is_looked_at {
        // Nobody is told of what they have not come to yet.
        wrong.retain(|key, _| !filled.text(key).is_empty() || filled.n_rows(key) > 0);
        problem = problem.filter(|_| !named.is_empty());
    }
    let is_settings = known.is_some_and(|known| known.source == DeclaredIn::Settings);
    let told = match said(meant, known, &filled) {
        Ok(said) => prospects::told(app, list, &merged(known, &said)),
        Err(_) => Ok(Vec::new()),
    };
    let told = told.unwrap_or_else(|(key, why)| {
        wrong.entry(key.to_owned()).or_insert(why);
        vec!["A condition cannot be read: it is told beside it why.".to_owned()]
    });
    let field = |field: &Described| EditorField {
        key: field.key.to_owned(),
        label: field.label.to_owned(),
        hint: fields::meaning(list, field.key),
        input: marked(input(app, (list, known.is_none()), field, &filled), field.key, wrong_cell.as_ref()),
        wrong: wrong.get(field.key).map(|why| format!("{}.", capital(why.trim_end_matches('.')))),
        is_fixed: !is_open(field, known),
    };
    let groups = fields::groups(list);
    EditorPage {
        section: section(list),
        list: (*list).to_owned(),
        word: word(list).to_owned(),
        name: name.clone(),
        title: known.and_then(|known| known.table.get("title")?.as_str().map(str::to_owned)).unwrap_or_default(),
        post: meant.address(),
        back: name.as_ref().map_or_else(|| format!("/{list}"), |name| told_at(list, name)),
        remove: name.as_ref().filter(|_| !is_settings).map(|name| format!("/{list}/{}/remove", url_part(name))),
        seen: seen.or_else(|| known.map(KnownTable::digest)).unwrap_or_default(),
        fixed: name.as_ref().filter(|_| is_settings).map(|name| format!("{}.", capital(&settings_win(list, name)))),
        notes: notes(known),
        problem,
        groups: groups
            .iter()
            .map(|(title, described)| EditorGroup {
                title: (*title).to_owned(),
                fields: described.iter().map(field).collect(),
            })
            .collect(),
        told,
        frame,
    }
}

/// The same with the fields of its rows that are wrong.
fn marked(mut input: EditorInput, key: &str, wrong: Option<&(String, String)>) -> EditorInput {
    if let (EditorInput::Rows { rows, .. }, Some((column, found))) = (&mut input, wrong) {
        let cells = rows.iter_mut().flat_map(|row| &mut row.cells);
        for cell in cells.filter(|cell| column.strip_prefix(key) == cell.name.rfind('.').map(|at| &cell.name[at..])) {
            cell.is_wrong = cell.text == *found;
        }
    }
    input
}

fn section(list: &str) -> Section {
    match list {
        "flags" => Section::Flags,
        "experiments" => Section::Experiments,
        _ => Section::Actions,
    }
}

/// What somebody should know before they change it.
fn notes(known: Option<&KnownTable>) -> Vec<String> {
    let mut notes = Vec::new();
    let Some(known) = known else { return notes };
    if known.hides {
        notes.push(
            "Something was saved under this name, too: it is in force again when the settings give the name up."
                .to_owned(),
        );
    }
    if let Some((began, ended)) = known.ran {
        let ended = ended.map_or_else(String::new, |at| format!(", and ended {}", console::format::date_time(at)));
        notes.push(format!(
            "It began {}{ended}. What began is frozen: of whom, in which layer, what is compared and by what it is judged stays as it is; its share may only \
             grow. For anything else, declare another one under another name.",
            console::format::date_time(began)
        ));
    }
    notes
}

/// The table as it would be.
fn merged(known: Option<&KnownTable>, said: &Map<String, Value>) -> Map<String, Value> {
    let mut table = known.map(|known| known.table.clone()).unwrap_or_default();
    for (key, value) in said {
        match value {
            Value::Null => drop(table.remove(key)),
            value => drop(table.insert(key.clone(), value.clone())),
        }
    }
    table
}

fn input(app: &App, (list, is_new): (&str, bool), field: &Described, filled: &Filled) -> EditorInput {
    let text = filled.text(field.key).to_owned();
    let ticked = |value: &str| filled.all(field.key).iter().any(|said| said == value);
    match field.how {
        How::Line | How::Moment | How::Percent => EditorInput::Line { text, example: example(list, field.key) },
        How::Number | How::Whole => EditorInput::Number { text, example: example(list, field.key) },
        How::Condition => EditorInput::Area { text, n_lines: 2, example: example(list, field.key) },
        How::Table => EditorInput::Area { text, n_lines: 3, example: example(list, field.key) },
        How::Value => EditorInput::Area { text, n_lines: 1, example: String::new() },
        How::Tick(_) => EditorInput::Tick(ticked("true")),
        How::Channels => EditorInput::Ticks(CHANNELS.map(|one| (one.to_owned(), channel(one), ticked(one))).into()),
        How::Kpis => {
            let kpis = &app.engine.capabilities().measures.kpis;
            let mut all: Vec<(String, String, bool)> =
                kpis.iter().map(|kpi| (kpi.name.clone(), kpi.title.clone(), ticked(&kpi.name))).collect();
            let others = filled.all(field.key).iter().filter(|said| kpis.iter().all(|kpi| kpi.name != **said));
            all.extend(others.map(|said| (said.clone(), said.clone(), true)));
            EditorInput::Ticks(all)
        }
        How::Type => EditorInput::Pick(types(&text)),
        How::Rules | How::Needs | How::Variations => {
            let n = filled.n_rows(field.key) + N_ROWS_FREE;
            let n = if field.how == How::Variations { n.max(2) } else { n };
            let among = among(app, field.how);
            let row = |place: usize| EditorRow { cells: cells(field, filled, place, &among) };
            let of = (field.how == How::Variations).then(|| types(filled.text("of")));
            EditorInput::Rows {
                of: of.filter(|_| is_new || !filled.text("of").is_empty()),
                rows: (0..n).map(row).collect(),
            }
        }
    }
}

/// What a channel is called.
fn channel(name: &str) -> String {
    if name == "sms" { "SMS".to_owned() } else { capital(name) }
}

/// The types of values, with the one that is picked.
fn types(picked: &str) -> Vec<(String, String, bool)> {
    let of = |(of, words): (decisions::FlagType, &str)| (of.name().to_owned(), capital(words), of.name() == picked);
    fields::TYPES.into_iter().map(of).collect()
}

/// The names of which one can be written into a row: the same in every row.
fn among(app: &App, how: How) -> Vec<String> {
    let list = match how {
        How::Needs => "flags",
        How::Rules => "experiments",
        _ => return Vec::new(),
    };
    app.engine.playbook().names(list).into_iter().map(str::to_owned).collect()
}

fn cells(field: &Described, filled: &Filled, place: usize, among: &[String]) -> Vec<EditorCell> {
    let cell = |name: &str, label: &str, is_wide: bool| {
        let name = format!("{}.{place}.{name}", field.key);
        let text = filled.text(&name).to_owned();
        EditorCell { name, label: label.to_owned(), text, is_wide, among: Vec::new(), is_wrong: false }
    };
    let picked = |cell: EditorCell| EditorCell { among: among.to_vec(), ..cell };
    match field.how {
        How::Needs => vec![picked(cell("flag", "Flag", true)), cell("is", "Must be", false)],
        How::Variations => {
            vec![cell("name", "Name", false), cell("value", "Value", true), cell("weight", "Weight", false)]
        }
        _ => vec![
            cell("when", "When", true),
            cell("share", "Share, in %", false),
            cell("value", "Value", false),
            picked(cell("experiment", "Or drawn by", false)),
        ],
    }
}

/// What could be written into a field.
fn example(list: &str, key: &str) -> String {
    let example = match (list, key) {
        ("actions", "name") => "grinder",
        ("actions", "title") => "A grinder for your beans",
        ("actions", "content") => "headline = \"Freshly ground\"\nurl = \"/grinders\"",
        ("actions", "eligible") | ("experiments", "who") => "orders_365d >= 1",
        ("actions", "suitable") => "score.churn < 0.6",
        ("actions", "value") => "12.5",
        ("actions", "cost") => "0",
        ("actions", "prior") => "0.05",
        ("actions", "weight") => "1",
        ("actions", "from" | "until") => "2026-12-24",
        ("actions", "context") => "placement = { checkout = 1.5 }",
        ("actions", "features") => "price = 89",
        ("flags", "name") => "checkout",
        ("experiments", "name") => "checkout_copy",
        ("experiments", "share") => "100",
        ("experiments", "days") => "14",
        ("experiments", "interleave") => "recommend",
        _ => "",
    };
    example.to_owned()
}
