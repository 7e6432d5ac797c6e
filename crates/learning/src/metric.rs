//! Which numbers say how good a model is, and what do they say? One line each.

use std::fmt;

/// Where a number should lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// The higher the better.
    Higher,
    /// The lower the better.
    Lower,
    /// The nearer to zero the better.
    NearZero,
}

/// A number that says how good a model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name in documents: `ndcg@10`.
    pub name: &'static str,
    /// As people write it.
    pub title: &'static str,
    /// What it says, in words.
    pub meaning: &'static str,
    /// Where it should lie.
    pub better: Better,
}

const METRICS: [Metric; 14] = [
    of("ndcg@10", "NDCG@10", Better::Higher, "How near the top of the list stands what was wanted next"),
    of("recall@10", "Recall@10", Better::Higher, "The share of the next purchases among the first ten"),
    of("coverage", "Coverage", Better::Higher, "The share of the catalogue that is recommended to anybody"),
    of("log_loss", "Log loss", Better::Lower, "How far the probabilities were off, costly mistakes counting more"),
    of(
        "auc",
        "AUC",
        Better::Higher,
        "How often one of whom it came true scored above one of whom it did not: 0.5 is chance",
    ),
    of("accuracy", "Accuracy", Better::Higher, "How often the likeliest was the one that came, where one came"),
    of("ece", "Calibration error", Better::Lower, "How far the probabilities are from what came true"),
    of(
        "gini",
        "Normalised Gini",
        Better::Higher,
        "How well those with much are told from those with little: 1 is perfect",
    ),
    of("spearman", "Spearman", Better::Higher, "How well the order of the customers was foretold: 1 is perfect"),
    of("decile_error", "Decile error", Better::Lower, "How far the tenths of the customers are from what came of them"),
    of(
        "mae",
        "Mean error",
        Better::Lower,
        "How far a customer's number was off on average; where most are 0, 0 for all does well",
    ),
    of(
        "policy_value",
        "Worth a choice",
        Better::Higher,
        "What a choice among actions earns in the mean, less its cost",
    ),
    of(
        "qini",
        "Qini",
        Better::Higher,
        "How much more comes where those are treated first whom it is foretold to change most: 0 is chance",
    ),
    of("sum_bias", "Sum bias", Better::NearZero, "By what share the sum over all customers was too high"),
];

const fn of(name: &'static str, title: &'static str, better: Better, meaning: &'static str) -> Metric {
    Metric { name, title, meaning, better }
}

impl Metric {
    /// The metric of a name; `None` for one that only another program knows.
    #[must_use]
    pub fn of(name: &str) -> Option<&'static Self> {
        METRICS.iter().find(|metric| metric.name == name)
    }

    /// Every metric, in the order in which they are shown.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &METRICS
    }

    /// Whether a number lies on the wrong side of a bound, which for one that should be near zero stands on both sides.
    #[must_use]
    pub fn is_beyond(&self, number: f64, bound: f64) -> bool {
        match self.better {
            Better::Higher => number < bound,
            Better::Lower => number > bound,
            Better::NearZero => number.abs() > bound,
        }
    }

    /// How much better one number is than another; negative where it is worse.
    #[must_use]
    pub fn ahead(&self, one: f64, other: f64) -> f64 {
        match self.better {
            Better::Higher => one - other,
            Better::Lower => other - one,
            Better::NearZero => other.abs() - one.abs(),
        }
    }
}

impl fmt::Display for Better {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Higher => "higher is better",
            Self::Lower => "lower is better",
            Self::NearZero => "nearer to zero is better",
        })
    }
}

/// A simple answer in words, where its name says all.
pub(crate) fn baseline_title(name: &str) -> &str {
    match name {
        "popularity" => "what is most popular",
        "recent_popularity" => "what is most popular lately",
        "personal_frequency" => "own favourites",
        "item_knn" => "what the same customers have",
        "recency" => "days since the last time",
        "constant" => "the same for all",
        "mean" => "the mean for all",
        "rfm" => "groups by recency, frequency and money",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ahead_means_better() {
        for (name, better, worse) in
            [("auc", 0.8, 0.7), ("log_loss", 0.3, 0.4), ("sum_bias", -0.1, 0.2), ("sum_bias", 0.1, -0.2)]
        {
            let metric = Metric::of(name).unwrap();
            assert!(metric.ahead(better, worse) > 0.0 && metric.ahead(worse, better) < 0.0, "{name}");
            assert!(metric.ahead(better, better).abs() < 1e-12);
        }
        assert_eq!(Metric::of("nothing of ours"), None);
    }

    #[test]
    fn a_bound_holds_itself_and_stands_on_the_wrong_side() {
        for (name, within, beyond) in
            [("auc", 0.6, 0.4), ("log_loss", 0.4, 0.6), ("sum_bias", -0.4, -0.6), ("sum_bias", 0.4, 0.6)]
        {
            let metric = Metric::of(name).unwrap();
            assert!(!metric.is_beyond(within, 0.5) && metric.is_beyond(beyond, 0.5), "{name}");
            assert!(!metric.is_beyond(0.5, 0.5), "{name}");
        }
    }
}
