//! How is the company, and what should somebody look at? The first page.

mod figure;

pub use figure::{Figure, Measured};

use super::{Advantage, Frame, Section, TourCard, filters, page};
use crate::chart::{self, Day, Html};
use crate::{Icon, format};
use primitives::Timestamp;

/// The overview, `/?days=`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "overview.html")]
pub struct Overview {
    /// What stands around the page.
    pub frame: Frame,
    /// Of how many days the figures are; one of `ranges`.
    pub days: i64,
    /// Of how many days they can be.
    pub ranges: Vec<i64>,
    /// The company's time zone.
    pub zone: String,
    /// What somebody should look at; nothing where all is well.
    pub attention: Vec<Attention>,
    /// The guided tour, where there is something to be seen.
    pub tour: Option<TourCard>,
    /// How the company is, in figures.
    pub figures: Vec<Figure>,
    /// What is told below the figures, where something must be known about them.
    pub notes: Vec<String>,
    /// What was taken in day by day; nothing where nothing was yet.
    pub sales: Option<Sales>,
    /// Who is about to leave and worth the most.
    pub at_risk: AtRisk,
    /// What recommendations are worth.
    pub worth: Option<Worth>,
    /// What is asked of customers besides, and answered by a model: (title, address, what is told).
    pub outcomes: Vec<(String, String, String)>,
    /// What came in and went out, in all: (what, address, how much).
    pub totals: Vec<(String, String, String)>,
    /// Commands to try, shown until there are decisions: (what it does, the command).
    pub try_lines: Vec<(String, String)>,
}
page!(Overview, Some(Section::Overview));

/// Something that somebody should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attention {
    /// What is the matter.
    pub text: String,
    /// Where it is mended.
    pub href: String,
    /// What the link says.
    pub action: String,
    /// Whether something is broken, and not only to be watched.
    pub is_bad: bool,
}

/// What was taken in, day by day.
#[derive(Debug, Clone, PartialEq)]
pub struct Sales {
    /// What is shown: `Revenue`.
    pub title: String,
    /// What the days come to.
    pub total: Measured,
    /// Of how much that is: `312 orders`.
    pub of: String,
    /// The days, oldest first; the last is today and has not ended.
    pub days: Vec<SalesDay>,
}

/// One day, and the day as long before.
#[derive(Debug, Clone, PartialEq)]
pub struct SalesDay {
    /// Its date, as midnight in UTC.
    pub date: Timestamp,
    /// What was taken in.
    pub amount: Measured,
    /// Of how much that is: `12 orders`.
    pub of: String,
    /// The date of the day before that it is compared with.
    pub date_before: Timestamp,
    /// What was taken in on that one.
    pub before: Measured,
}

/// Who is about to leave and worth the most.
#[derive(Debug, Clone, PartialEq)]
pub struct AtRisk {
    /// The title: `At risk and valuable`.
    pub title: String,
    /// Whom it is about, in a sentence.
    pub about: String,
    /// The list with all of them.
    pub href: String,
    /// How many there are in all.
    pub n: u64,
    /// The first of them.
    pub rows: Vec<AtRiskRow>,
    /// Why nobody is told, where there is nobody.
    pub why_not: Vec<String>,
}

/// One customer who is about to leave.
#[derive(Debug, Clone, PartialEq)]
pub struct AtRiskRow {
    /// The id, for the address.
    pub id: String,
    /// What they are called.
    pub label: String,
    /// How likely they leave.
    pub risk: f64,
    /// What is at stake, written out.
    pub stake: String,
    /// Why, in words.
    pub why: String,
}

/// What recommendations are worth.
#[derive(Debug, Clone, PartialEq)]
pub enum Worth {
    /// Nothing was learned yet.
    Nothing(
        /// What is missing, in a sentence.
        String,
    ),
    /// There is a model, and no decision is old enough: what was found on past purchases.
    Offline {
        /// The main metric's name: `NDCG@10`.
        metric: String,
        /// What the metric means, in a sentence.
        meaning: String,
        /// The model's value.
        value: f64,
        /// The best simple answer: `popularity`.
        baseline: String,
        /// Its value.
        baseline_value: f64,
        /// By how much the model is better; none where it is not known how sure that is.
        advantage: Option<Advantage>,
        /// How many decisions there are whose window is open.
        n_open: u64,
    },
    /// Decisions have been followed up.
    Online {
        /// Own recommendations; none where there were none.
        personal: Option<Followed>,
        /// The popular list, given where nothing personal could be.
        popular: Option<Followed>,
        /// The window in days.
        window_days: u32,
    },
}

/// How often recommendations were followed. An association, not yet a proof: that is the holdout's task.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Followed {
    /// Recommendations whose window has passed.
    pub decisions: u64,
    /// After how many a recommended item was bought within the window.
    pub followed: u64,
    /// The share's lower bound with 95 % confidence.
    pub low: f64,
    /// The share's upper bound with 95 % confidence.
    pub high: f64,
}

/// A task's state in one line.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelLine {
    /// What it learns: `Recommendations`.
    pub title: String,
    /// Whether there is a model.
    pub state: ModelState,
}

/// Whether there is a model, and how good it is.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelState {
    /// A champion answers.
    Champion {
        /// Its version.
        version: String,
        /// The main metric's name: `NDCG@10`.
        metric: String,
        /// The champion's value.
        value: f64,
        /// The best baseline's name: `popularity`.
        baseline: String,
        /// The best baseline's value.
        baseline_value: f64,
        /// By how much the champion is better; none where it is not known how sure that is.
        advantage: Option<Advantage>,
    },
    /// It is being trained.
    Training(
        /// How far it is, in a sentence.
        String,
    ),
    /// It cannot be trained yet.
    Missing(
        /// What is missing, in a sentence.
        String,
    ),
}

impl Overview {
    fn compared(&self) -> String {
        let days = self.days;
        format!("The last {days} days up to now, beside the {days} days before up to the same time of day.")
    }

    fn is_chosen(&self, days: &i64) -> bool {
        self.days == *days
    }
}

impl Sales {
    fn chart(&self) -> Html {
        let last = self.days.len().saturating_sub(1);
        let days: Vec<Day> = self.days.iter().enumerate().map(|(i, day)| day.drawn(i == last)).collect();
        let label = format!("{} a day over {} days, {} in all", self.title, days.len(), self.total);
        chart::days(&days, &label)
    }

    /// What stands at the top of the chart.
    fn top(&self) -> String {
        let amounts = self.days.iter().flat_map(|day| [&day.amount, &day.before]);
        let top = amounts.max_by(|one, other| one.size().total_cmp(&other.size()));
        top.map_or_else(String::new, Measured::short)
    }

    fn ticks(&self) -> Vec<String> {
        let dates: Vec<Timestamp> = self.days.iter().map(|day| day.date).collect();
        format::ticks(&dates)
    }
}

impl SalesDay {
    fn drawn(&self, is_open: bool) -> Day {
        let so_far = if is_open { " so far" } else { "" };
        Day {
            name: format!("{}{so_far}", format::date(self.date)),
            told: format!(
                "{} in {}; {} on {}",
                self.amount.long(),
                self.of,
                self.before.long(),
                format::day_month(self.date_before)
            ),
            value: self.amount.size(),
            before: self.before.size(),
            is_open,
        }
    }
}

impl Overview {
    /// How many lines are to be tried, as the beginning of a sentence.
    fn try_words(&self) -> String {
        match self.try_lines.len() {
            1 => "One line".to_owned(),
            2 => "Two lines".to_owned(),
            3 => "Three lines".to_owned(),
            n => format!("{n} lines"),
        }
    }
}

impl AtRisk {
    fn all_text(&self) -> String {
        // Fewer than five are not counted out.
        if self.n < 5 { "See all".to_owned() } else { format!("All {}", format::count(self.n)) }
    }
}

impl AtRiskRow {
    fn href(&self) -> String {
        format!("/customers/{}", format::url_part(&self.id))
    }
}

impl Worth {
    /// The end of the scale that both shares are drawn on: the next round one above the intervals.
    fn scale(&self) -> f64 {
        let high = match self {
            Self::Online { personal, popular, .. } => {
                [personal, popular].into_iter().flatten().map(|one| one.high).fold(0.0, f64::max)
            }
            _ => 1.0,
        };
        [0.02, 0.05, 0.1, 0.2, 0.5].into_iter().find(|end| high <= end * 0.9).unwrap_or(1.0)
    }

    fn scale_text(&self) -> String {
        format::percent(self.scale())
    }

    fn bar(&self, followed: &Followed) -> Html {
        let label = format!("Between {} and {}", format::percent(followed.low), format::percent(followed.high));
        chart::interval(followed.low, followed.share(), followed.high, self.scale(), &label)
    }
}

impl Followed {
    fn share(&self) -> f64 {
        if self.decisions == 0 { f64::NAN } else { format::float(self.followed) / format::float(self.decisions) }
    }

    fn share_text(&self) -> String {
        format::percent(self.share())
    }
}
