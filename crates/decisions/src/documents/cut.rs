//! Into which passages is a document cut?

use super::blocks::{Block, of_markdown};
use super::markup::{of_html, title_of};
use super::{Document, Form};

/// A passage goes on with the next paragraph of its heading while it has no more bytes than this.
const PASSAGE_BYTES: usize = 600;
/// What stands together and is longer is cut between sentences.
const PASSAGE_BYTES_MAX: usize = 1_500;
/// So many passages a document has at most: what comes after is not searched.
const N_PASSAGES_MAX: usize = 1_000;
/// The longest heading of a passage, in bytes.
const HEADING_BYTES_MAX: usize = 300;

/// A part of a document that can stand alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// The headings above it, the outermost first, without the title of the document.
    pub path: Vec<String>,
    /// Whether the innermost heading is a question, and this its answer.
    pub is_pair: bool,
    /// What it says.
    pub text: String,
}

impl Passage {
    /// What it is called: its headings below the title of its document.
    #[must_use]
    pub fn title(&self, document: &str) -> String {
        std::iter::once(document).chain(self.path.iter().map(String::as_str)).collect::<Vec<_>>().join(" › ")
    }

    /// By what it is found, beside its text: the question that it answers, or all that stands above it.
    #[must_use]
    pub fn heading(&self, document: &str) -> String {
        match self.path.last() {
            Some(question) if self.is_pair => question.clone(),
            _ if self.is_pair => document.to_owned(),
            _ => std::iter::once(document).chain(self.path.iter().map(String::as_str)).collect::<Vec<_>>().join(" "),
        }
    }
}

/// Cuts a document at its headings and paragraphs. Short paragraphs of one heading stay together.
#[must_use]
pub fn passages(document: &Document) -> Vec<Passage> {
    if document.form == Form::Answer {
        let text = as_text(of_markdown(&document.text));
        let parts = if text.len() > PASSAGE_BYTES_MAX { sentences(&text) } else { vec![text] };
        let pair = |text| Passage { path: Vec::new(), is_pair: true, text };
        return parts.into_iter().filter(|text| text.contains(char::is_alphanumeric)).map(pair).collect();
    }
    let blocks = if document.form == Form::Html { of_html(&document.text) } else { of_markdown(&document.text) };
    let mut cutting = Cutting::default();
    for block in blocks {
        match block {
            Block::Heading(level, heading) => cutting.begin(level, heading, &document.title),
            Block::Text(text) => cutting.push(text),
        }
    }
    cutting.end();
    cutting.done.truncate(N_PASSAGES_MAX);
    cutting.done
}

/// The title that a document gives itself: of a page its own, else its first heading.
#[must_use]
pub(super) fn own_title(form: Form, text: &str) -> Option<String> {
    let blocks = match form {
        Form::Html => return title_of(text).or_else(|| first_heading(of_html(text))),
        Form::Markdown | Form::Answer => of_markdown(text),
    };
    first_heading(blocks)
}

fn first_heading(blocks: Vec<Block>) -> Option<String> {
    blocks.into_iter().find_map(|block| match block {
        Block::Heading(_, heading) => Some(heading),
        Block::Text(_) => None,
    })
}

fn as_text(blocks: Vec<Block>) -> String {
    let text = |block: Block| match block {
        Block::Heading(_, text) | Block::Text(text) => text,
    };
    blocks.into_iter().map(text).collect::<Vec<_>>().join("\n\n")
}

#[derive(Default)]
struct Cutting {
    done: Vec<Passage>,
    /// The headings that are open, with their levels.
    open: Vec<(usize, String)>,
    text: String,
}

impl Cutting {
    fn begin(&mut self, level: usize, mut heading: String, title: &str) {
        self.end();
        heading.truncate(heading.floor_char_boundary(HEADING_BYTES_MAX));
        self.open.retain(|(above, _)| *above < level);
        // What the document is called need not be said again.
        if heading != title {
            self.open.push((level, heading));
        }
    }

    fn push(&mut self, text: String) {
        if !self.text.is_empty() && self.text.len() + text.len() > PASSAGE_BYTES {
            self.end();
        }
        for part in if text.len() > PASSAGE_BYTES_MAX { sentences(&text) } else { vec![text] } {
            if !self.text.is_empty() && self.text.len() + part.len() > PASSAGE_BYTES {
                self.end();
            }
            if !self.text.is_empty() {
                self.text.push_str("\n\n");
            }
            self.text.push_str(&part);
        }
    }

    fn end(&mut self) {
        let text = std::mem::take(&mut self.text);
        if !text.contains(char::is_alphanumeric) {
            return;
        }
        let path: Vec<String> = self.open.iter().map(|(_, heading)| heading.clone()).collect();
        let is_pair = path.last().is_some_and(|heading| is_question(heading));
        self.done.push(Passage { path, is_pair, text });
    }
}

fn is_question(heading: &str) -> bool {
    heading.trim_end().ends_with(['?', '？', '؟', ';'])
}

/// Parts of a long text that end where sentences do; where there are none, between words, and else anywhere.
fn sentences(text: &str) -> Vec<String> {
    let (mut parts, mut rest) = (Vec::new(), text.trim());
    while rest.len() > PASSAGE_BYTES_MAX {
        let most = rest.get(..rest.floor_char_boundary(PASSAGE_BYTES_MAX)).unwrap_or_default();
        let end = [". ", "! ", "? ", "\n", "。"].iter().filter_map(|sign| Some(most.rfind(sign)? + sign.len())).max();
        let at = end
            .filter(|at| *at > PASSAGE_BYTES / 2)
            .or_else(|| most.rfind(' '))
            .filter(|at| *at > 0)
            .unwrap_or(most.len());
        let (part, after) = rest.split_at(at);
        parts.push(part.trim().to_owned());
        rest = after.trim_start();
    }
    parts.push(rest.to_owned());
    parts
}
