//! Which of all that is meant? Customers, items, decisions and pages by one text.

use super::{Frame, Section, filters, page};
use crate::Icon;

/// What was found for a text, `/search?q=`: a page of its own, and what Ctrl-K shows.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "search.html")]
pub struct SearchPage {
    /// What stands around the page.
    pub frame: Frame,
    /// What was searched for.
    pub query: String,
    /// Customers, those meant most first.
    pub customers: Vec<Hit>,
    /// Items.
    pub items: Vec<Hit>,
    /// Decisions.
    pub decisions: Vec<Hit>,
    /// What could not be looked through.
    pub note: Option<String>,
}
page!(SearchPage, None);

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The address of its page.
    pub href: String,
    /// What it is called.
    pub title: String,
    /// What tells it from others: an id, a category.
    pub detail: String,
}

impl SearchPage {
    /// What was found, in groups with the word above each; the pages that somebody may see are found by their names.
    fn groups(&self) -> Vec<(&'static str, Icon, Vec<Hit>)> {
        let groups = vec![
            ("Customers", Icon::People, self.customers.clone()),
            ("Items", Icon::Tag, self.items.clone()),
            ("Decisions", Icon::Fork, self.decisions.clone()),
            ("Pages", Icon::Page, self.pages()),
        ];
        groups.into_iter().filter(|(_, _, hits)| !hits.is_empty()).collect()
    }

    fn pages(&self) -> Vec<Hit> {
        let wanted = self.query.to_lowercase();
        let is_meant = |section: &Section| {
            let words = section.title().to_lowercase();
            words.split(' ').chain(section.also().split(' ')).chain([words.as_str()]).any(|w| w.starts_with(&wanted))
        };
        let hit = |section: Section| Hit {
            href: section.href().to_owned(),
            title: section.title().to_owned(),
            detail: String::new(),
        };
        self.frame.groups().flat_map(|(_, sections)| sections).filter(is_meant).map(hit).collect()
    }
}
