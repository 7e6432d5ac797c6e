//! Which model answers after a contest, and why? In sentences for people who know neither champions nor intervals.

use super::{Duel, Paired, Ruling, Unjudged};
use crate::metric::{Better, Metric};
use primitives::Timestamp;

impl Duel {
    /// `model 0123456789ab goes on answering. On the same 4210 customers, …`.
    pub(crate) fn sentence(&self) -> String {
        let Self { champion, n_refused, n_customers, .. } = self;
        let ruling = self.ruling();
        let who = match ruling {
            Ruling::Better => format!("this model answers in place of model {champion}"),
            Ruling::Refused => {
                format!("this model answers in place of model {champion}, which learned from {}", refused(*n_refused))
            }
            Ruling::WorseCalibrated | Ruling::WithinNoise | Ruling::Worse => stays(champion.as_str()),
        };
        let days = match self.n_days_seen {
            0 => "over days that neither had learned from".to_owned(),
            n => format!("over days of which model {champion} had learned from {n}"),
        };
        let found = match ruling {
            Ruling::Better | Ruling::WorseCalibrated => "was better",
            Ruling::Refused if self.score.gain.is_gain() => "was better",
            Ruling::Refused => "was not clearly worse",
            Ruling::WithinNoise => "was not clearly better",
            Ruling::Worse => "was worse",
        };
        let score = numbers(&self.metric, &self.score);
        let calibration = self
            .calibration
            .filter(|_| ruling == Ruling::WorseCalibrated)
            .map(|paired| {
                format!(", but its probabilities were further from what came true, with {}", numbers("ece", &paired))
            })
            .unwrap_or_default();
        format!("{who}. On the same {n_customers} customers, {days}, this model {found}, with {score}{calibration}")
    }
}

impl Unjudged {
    /// `model 0123456789ab goes on answering. A newer model cannot be compared with it fairly yet: …`, and from when on they can.
    pub(crate) fn sentence(&self) -> String {
        let Self { champion, n_refused, seen_until, n_days_seen, window_days } = self;
        let who = match n_refused {
            0 => stays(champion.as_str()),
            n => format!("this model answers in place of model {champion}, which learned from {}", refused(*n)),
        };
        let days = match n_days_seen {
            n if n >= window_days => format!("the newest {window_days} days"),
            n => format!("{n} of the newest {window_days} days"),
        };
        // The date of the last moment that it has learned from: it may end with a day.
        let last = Timestamp::from_millis(seen_until.as_millis() - 1).date();
        format!(
            "{who}. A newer model cannot be compared with it fairly yet: model {champion} has learned from {days}, and knows their \
             answers. That takes {window_days} days of data after {last}, which neither has learned from; a person can make it the \
             champion before"
        )
    }
}

/// Whom a champion should not have learned from.
pub(crate) fn refused(n: u64) -> String {
    match n {
        1 => "1 customer who has refused or was erased since".to_owned(),
        n => format!("{n} customers who have refused or were erased since"),
    }
}

/// A metric within a sentence: `log loss`, but `NDCG@10`.
pub(crate) fn metric_in_sentence(metric: &str) -> String {
    let name = Metric::of(metric).map_or(metric, |metric| metric.title);
    let is_word = name.chars().nth(1).is_some_and(char::is_lowercase);
    if is_word { name.to_lowercase() } else { name.to_owned() }
}

/// Which way a metric is read.
pub(crate) fn direction(metric: &str) -> &'static str {
    match Metric::of(metric).map(|metric| metric.better) {
        Some(Better::Lower) => "less is better",
        Some(Better::NearZero) => "nearer to zero is better",
        Some(Better::Higher) | None => "more is better",
    }
}

fn stays(champion: &str) -> String {
    format!("model {champion} goes on answering")
}

/// `a log loss of 0.3035 against 0.3046 (less is better; 95 % interval: from 0.0009 worse to 0.0031 better)`.
fn numbers(metric: &str, paired: &Paired) -> String {
    let Paired { challenger, champion, gain } = paired;
    let (name, direction) = (metric_in_sentence(metric), direction(metric));
    let article = if name.starts_with("ND") { "an" } else { "a" };
    let spread = gain.in_words();
    format!("{article} {name} of {challenger:.4} against {champion:.4} ({direction}; 95 % interval: {spread})")
}
