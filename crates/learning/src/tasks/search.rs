//! In which order is what a search finds wanted? Learned from what customers chose of what was shown to them.

mod cases;
mod judge;
mod lesson;

use self::cases::{Case, cases};
use self::judge::{Judge, importances};
use self::lesson::{Lessons, Looks, examine};
use crate::contest::Contest;
use crate::evaluation::{Evaluation, Numbers};
use crate::need::{Need, WAIT};
use crate::reigning::Reigning;
use crate::split::Split;
use crate::task::{Data, Fitted, Judged, Task, TaskAbout, as_json, from_json};
use crate::{Body, Calendar, LearningError, Loaded};
use models::boost::BoostSettings;
use models::examination::{Examination, ExaminationSettings};
use primitives::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The test's window: a quarter of the days of searches, at most two weeks.
const WINDOW_DAYS_MAX: i64 = 14;

/// How to get more to learn from.
const MORE: &str = "have customers search with their `userId` or `anonymousId`, and send what they look at, lay into the cart \
                    and buy";

/// How an order is learned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SearchSettings {
    /// The trees.
    boost: BoostSettings,
    /// Which places are looked at.
    examination: ExaminationSettings,
    /// As how many on top something counts at most that was chosen far down. A larger bound trusts single choices more.
    weight_max: f64,
}

impl Default for SearchSettings {
    /// Few leaves, few trees: choices are noisy. On shoppers with a known taste trees of twelve leaves were worse, and to stop by
    /// the latest searches was worse than any number of trees from ten on: a fifth of them is too few to tell.
    fn default() -> Self {
        let boost = BoostSettings {
            n_trees: 60,
            learning_rate: 0.1,
            max_leaves: 6,
            max_depth: 4,
            min_leaf_weight: 3.0,
            ..BoostSettings::default()
        };
        Self { boost, examination: ExaminationSettings::default(), weight_max: 10.0 }
    }
}

/// Learns in which order what was found is wanted.
#[derive(Debug, Clone)]
pub struct Search {
    about: TaskAbout,
}

impl Default for Search {
    fn default() -> Self {
        let about = TaskAbout {
            name: "search".into(),
            title: "Order of searches".to_owned(),
            question: "Which of the items that were found will this customer choose?".to_owned(),
            rows: "searches that something was chosen from".to_owned(),
            asks: String::new(),
            of_everybody: true,
        };
        Self { about }
    }
}

/// Every search until now of which it is known what came of it.
fn known<'d>(data: &Data<'d>) -> Vec<Case<'d>> {
    cases(data.dataset, (Timestamp::MIN, data.now), data.now)
}

fn n_customers(cases: &[&Case<'_>]) -> u64 {
    cases.iter().map(|case| &case.search.customer).collect::<BTreeSet<_>>().len() as u64
}

impl Search {
    fn calendar(data: &Data<'_>) -> Option<Calendar> {
        Calendar::of(data.dataset.searches().searches.iter().map(|search| search.at), data.now)
    }
}

impl Task for Search {
    fn about(&self) -> &TaskAbout {
        &self.about
    }

    fn needs(&self, data: &Data<'_>) -> Vec<Need> {
        let cases = known(data);
        let followed: Vec<&Case<'_>> = cases.iter().filter(|case| case.is_followed()).collect();
        let split = self.split(data);
        let of = |is_meant: &dyn Fn(&Split, Timestamp) -> bool| {
            let meant = |case: &&&Case<'_>| split.as_ref().is_some_and(|split| is_meant(split, case.search.at));
            followed.iter().filter(meant).copied().collect::<Vec<&Case<'_>>>()
        };
        let before = of(&|split, at| at <= split.train_until);
        let in_test = of(&|split, at| at > split.test_from && at <= split.test_until);
        let n_days = Self::calendar(data).as_ref().map_or(0, Calendar::n_days);
        vec![
            Need::of_customers("searches that something was chosen from", 300, followed.len() as u64, MORE),
            Need::of_customers("customers who chose something that a search showed", 50, n_customers(&followed), MORE),
            Need::new("days of searches", 7, u64::try_from(n_days).unwrap_or(0), "wait while they come in"),
            Need::of_customers("customers who did so before the last window", 20, n_customers(&before), WAIT),
            Need::of_customers("customers who did so in the last window", 20, n_customers(&in_test), WAIT),
        ]
    }

    fn split(&self, data: &Data<'_>) -> Option<Split> {
        let calendar = Self::calendar(data)?;
        Split::last_window(&calendar, (calendar.n_days() / 4).clamp(1, WINDOW_DAYS_MAX))
    }

    fn judge(&self, data: &Data<'_>, split: &Split, reigning: Option<&Reigning>) -> Result<Judged, LearningError> {
        let (log, settings) = (data.dataset.searches(), SearchSettings::default());
        let before = cases(data.dataset, (Timestamp::MIN, split.train_until), split.train_until);
        let after = cases(data.dataset, (split.test_from, split.test_until), data.now);
        let seen = examine(log, &before, &settings)?;
        let train = Lessons::of(log, &before, &seen, &settings);
        let test = Lessons::of(log, &after, &seen, &settings);
        let model = train.model(&settings.boost, data.seed)?;
        let plain = train.grow(&settings.boost, Looks::Impersonal, data.seed)?;
        let judge = Judge::of(&test);
        let ours = judge.order(|numbers| model.score(numbers))?;
        let row = |numbers: &[f32], looks| test.looked_at(numbers, looks).collect::<Vec<f64>>();
        let theirs = [
            ("sum", judge.scores(|numbers| Ok(log.sum(numbers)))?),
            ("text", judge.scores(|numbers| Ok(numbers.first().copied().map_or(0.0, f64::from)))?),
            ("impersonal", judge.scores(|numbers| Ok(plain.score(&row(numbers, Looks::Impersonal))))?),
        ];
        let (mut baselines, mut gains) = (BTreeMap::new(), BTreeMap::new());
        for (name, theirs) in &theirs {
            baselines.insert((*name).to_owned(), judge.numbers(theirs));
            gains.insert(
                (*name).to_owned(),
                judge.gain(&ours, theirs, data.seed, &format!("evaluate search against {name}")),
            );
        }
        let evaluation = Evaluation {
            split: split.clone(),
            n_train: train.len() as u64,
            n_test: judge.n_customers() as u64,
            counts: BTreeMap::from([("n_searches".to_owned(), test.len() as u64)]),
            base_rate: None,
            decides: "ndcg@10".to_owned(),
            bounds: Numbers::new(),
            metrics: judge.numbers(&ours),
            baselines,
            baseline_titles: titles(),
            gains,
            to_beat: Some("sum".to_owned()),
            protocols: BTreeMap::new(),
            calibration: Vec::new(),
            warnings: Vec::new(),
        };
        let duel = |loaded: &Loaded| {
            let Body::Order(champion) = &loaded.body else {
                return Err(LearningError::File { reason: "a model of an order was expected".to_owned() });
            };
            let theirs = judge.order(|numbers| champion.score(numbers))?;
            Ok((judge.n_customers() as u64, judge.duel(&ours, &theirs, data.seed), None))
        };
        let contest = Contest::of(reigning, duel, "ndcg@10", split)?;
        Ok(Judged { settings: as_json(&settings)?, evaluation, contest })
    }

    fn fit(&self, data: &Data<'_>, _: &Split, settings: &serde_json::Value) -> Result<Fitted, LearningError> {
        let settings: SearchSettings = from_json(settings)?;
        let (log, cases) = (data.dataset.searches(), known(data));
        let seen = examine(log, &cases, &settings)?;
        let lessons = Lessons::of(log, &cases, &seen, &settings);
        let model = lessons.model(&settings.boost, data.seed)?;
        Ok(Fitted {
            importances: importances(&model, &lessons)?,
            body: Body::Order(model),
            features: Vec::new(),
            n_rows: lessons.len() as u64,
            n_customers: n_customers(lessons.cases()),
            newest_row: lessons.cases().iter().map(|case| case.search.at).max(),
            method: method(&settings, &seen),
        })
    }
}

/// What the simple answers are called.
fn titles() -> BTreeMap<String, String> {
    let titles = [
        ("sum", "the sum that answers where nothing is learned"),
        ("text", "how well the texts match"),
        ("impersonal", "the same trees without what is personal"),
    ];
    titles.into_iter().map(|(name, title)| (name.to_owned(), title.to_owned())).collect()
}

/// How the model works, in words.
fn method(settings: &SearchSettings, seen: &Examination) -> String {
    let percent = |place: usize| (seen.share(place) * 100.0).round();
    format!(
        "Gradient boosting for NDCG, {} trees; choices count by how likely their place is looked at: the third by {} %, the \
         tenth by {} % of those who look at the first, as about {} choices of what stood at several places tell",
        settings.boost.n_trees,
        percent(2),
        percent(9),
        seen.n_follows().round(),
    )
}
