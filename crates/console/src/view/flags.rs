//! What can be switched, for whom, and who got what lately?

use super::{Frame, Section, filters, page};
use crate::chart::{Html, shares};
use crate::{Icon, format};

/// Flags, `/flags`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "flags.html")]
pub struct FlagsPage {
    /// What stands around the page.
    pub frame: Frame,
    /// Where another one is declared, for who may; none where that is done in the settings alone.
    pub editor: Option<String>,
    /// Why what the settings say now could not be used, where that is so.
    pub problem: Option<String>,
    /// The flags.
    pub flags: Vec<FlagCard>,
    /// How many answers were looked at.
    pub n_answers: u64,
    /// Whether there are no older ones.
    pub is_all: bool,
}
page!(FlagsPage, Some(Section::Flags));

/// A flag.
#[derive(Debug, Clone, PartialEq)]
pub struct FlagCard {
    /// Its name.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// Which values it has: `text`.
    pub of: &'static str,
    /// Its value where no rule gives another one, as JSON.
    pub default: String,
    /// Whether its rules count.
    pub on: bool,
    /// What other flags must be first, in words.
    pub needs: Vec<String>,
    /// Who gets another value.
    pub rules: Vec<FlagRuleTold>,
    /// Whether it was saved here, so that it can be changed here; else the settings declare it, and win.
    pub is_saved: bool,
    /// Which values were answered lately, the most frequent first: the value, why, and how often.
    pub got: Vec<FlagGot>,
}

/// Who gets another value than the default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagRuleTold {
    /// Who, in words.
    pub who: String,
    /// The condition as it was written; empty where there is none.
    pub when: String,
    /// The value, as JSON; none where an experiment draws it.
    pub value: Option<String>,
    /// The experiment that draws it.
    pub experiment: Option<String>,
}

/// A value that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagGot {
    /// The value, as JSON.
    pub value: String,
    /// Why it was that, in words.
    pub why: String,
    /// How often.
    pub n: u64,
}

/// How many colours there are; more values have the last one.
const N_COLOURS: usize = 8;

impl FlagCard {
    fn n(&self) -> u64 {
        self.got.iter().map(|got| got.n).sum()
    }

    fn bar(&self) -> Html {
        let parts: Vec<f64> = self.got.iter().map(|got| format::float(got.n)).collect();
        let classes: Vec<String> = (0..parts.len()).map(|i| format!("part-{}", i.min(N_COLOURS - 1))).collect();
        let said: Vec<String> = self.got.iter().map(|got| format!("{} {}", got.value, format::count(got.n))).collect();
        shares(&parts, &classes, &said.join(", "))
    }

    fn colour(&self, index: &usize) -> usize {
        (*index).min(N_COLOURS - 1)
    }

    fn share(&self, n: &u64) -> String {
        format::percent_of(*n, self.n())
    }
}

impl FlagsPage {
    /// Which answers the numbers are of.
    fn of(&self) -> String {
        let n = format::counted(self.n_answers, "answer", "answers");
        if self.is_all { format!("Of all {n}.") } else { format!("Of the newest {n}.") }
    }
}
