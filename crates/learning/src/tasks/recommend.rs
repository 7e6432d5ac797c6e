//! How is the recommender learned and judged? By one of two ways of asking: **the different items of all purchases in
//! (`as_of`, `until`]**, or those of everybody's last order.

mod answers;
mod cases;
mod known;
mod lists;
mod simple;

pub(crate) use known::fit;
#[cfg(test)]
pub(crate) use known::history_of;

use self::answers::{Answers, list_of, ndcg_gain};
use self::cases::{Test, Way, cases};
use self::lists::judge as judge_lists;
use crate::contest::{Contest, Paired};
use crate::evaluation::{Evaluation, Numbers, mean};
use crate::need::{Need, WAIT};
use crate::reigning::Reigning;
use crate::split::Split;
use crate::task::{Data, Fitted, Judged, Task, TaskAbout, as_json, from_json};
use crate::{Body, Calendar, LearningError, Loaded, Wanted};
use models::recommend::{Recommender, RecommenderSettings};
use primitives::{Seed, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// How many days ahead a recommendation is judged, where there is enough history: what a shop wants to know today is what
/// sells soon, and the longer the window, the older what was learned. At most a quarter of the history.
const WINDOW_DAYS: i64 = 14;

/// How to get more to learn from.
const MORE_TO_LEARN: &str = "import older purchases or keep sending `Order Completed` events; where nothing is sold, what is \
                             read, watched or heard, such as `Content Played` or `Article Read`";

/// Learns which items a customer buys next.
#[derive(Debug, Clone)]
pub struct Recommend {
    about: TaskAbout,
}

impl Default for Recommend {
    fn default() -> Self {
        let about = TaskAbout {
            name: "recommend".into(),
            title: "Recommendations".to_owned(),
            question: "What will this customer want next?".to_owned(),
            rows: "purchases".to_owned(),
            asks: String::new(),
            of_everybody: false,
        };
        Self { about }
    }
}

impl Task for Recommend {
    fn about(&self) -> &TaskAbout {
        &self.about
    }

    fn needs(&self, data: &Data<'_>) -> Vec<Need> {
        let (wanted, mut n_repeat, mut items) = (data.dataset.wanted(), 0, BTreeSet::new());
        for (_, trace) in data.dataset.traces() {
            let touched = trace.touched_until(data.now, wanted.ways());
            items.extend(touched.iter().map(|touched| touched.item));
            let n_moments = match wanted {
                Wanted::Bought => trace.orders_between(Timestamp::MIN, data.now).take(2).count(),
                Wanted::Consumed | Wanted::Viewed => touched.len(),
            };
            n_repeat += u64::from(n_moments > 1);
        }
        let n_days = data.dataset.wanted_calendar(data.now).as_ref().map_or(0, Calendar::n_days);
        let (rows, did) = (wanted.rows(), wanted.did());
        vec![
            Need::of_customers(format!("customers with two {rows} or more"), 50, n_repeat, MORE_TO_LEARN),
            Need::new(
                format!("different items that were {did}"),
                20,
                items.len() as u64,
                "sell or show more different items, and name them in each event: in an order as `products`",
            ),
            Need::new(format!("days of {rows}"), 14, u64::try_from(n_days).unwrap_or(0), WAIT),
        ]
    }

    fn split(&self, data: &Data<'_>) -> Option<Split> {
        let calendar = data.dataset.wanted_calendar(data.now)?;
        Split::last_window(&calendar, (calendar.n_days() / 4).min(WINDOW_DAYS))
    }

    fn judge(&self, data: &Data<'_>, split: &Split, reigning: Option<&Reigning>) -> Result<Judged, LearningError> {
        let settings = RecommenderSettings::default();
        let way = Way::deciding(data.dataset, split);
        let test = Test::of(way, data.dataset, split, data.now, &settings, data.seed)?;
        let answers = test.answers();
        let evaluation = evaluation(&test, &answers, split, data.seed);
        let contest = contest(data, split, &test, &answers, reigning)?;
        let mut settings = as_json(&settings)?;
        data.dataset.wanted().write(&mut settings);
        Ok(Judged { settings, evaluation, contest })
    }

    fn examine(&self, data: &Data<'_>, split: &Split, evaluation: &mut Evaluation) -> Result<(), LearningError> {
        let settings = RecommenderSettings::default();
        for way in Way::ALL {
            if evaluation.protocols.contains_key(way.name()) {
                continue;
            }
            let test = Test::of(way, data.dataset, split, data.now, &settings, data.seed)?;
            evaluation.protocols.insert(way.name().to_owned(), test.protocol(&test.answers(), false, data.seed));
        }
        Ok(())
    }

    fn fit(&self, data: &Data<'_>, _: &Split, settings: &serde_json::Value) -> Result<Fitted, LearningError> {
        let settings: RecommenderSettings = from_json(&Wanted::left_out(settings))?;
        // What is known now, not at the end of the split: the two differ by the events after the last whole day.
        let model = fit(data.dataset, data.now, &settings, data.seed)?;
        let ways = data.dataset.wanted().ways();
        let touched = data.dataset.traces().map(|(_, trace)| trace.touched_until(data.now, ways));
        let (mut n_rows_each, mut newest): (Vec<u64>, Option<Timestamp>) = (Vec::new(), None);
        for touched in touched.filter(|touched| !touched.is_empty()) {
            n_rows_each.push(touched.len() as u64);
            newest = newest.max(touched.last().map(|touched| touched.at));
        }
        Ok(Fitted {
            method: method(&model),
            body: Body::Ranker(model),
            features: Vec::new(),
            n_rows: n_rows_each.iter().sum(),
            n_customers: n_rows_each.len() as u64,
            newest_row: newest,
            importances: Vec::new(),
        })
    }
}

/// How the model works, in words.
fn method(model: &Recommender) -> String {
    let names = model.member_names().join(", ");
    let order = if model.has_trees() { "trees put them in order" } else { "a weighted sum puts them in order" };
    let again = if model.repeats() { "own habits" } else { "nothing that was had before" };
    format!("Candidates by {again}, popularity and {names}; {order}")
}

/// What is told of a test that decides.
fn evaluation(test: &Test, answers: &Answers, split: &Split, seed: Seed) -> Evaluation {
    let protocol = test.protocol(answers, true, seed);
    let some = |numbers: &Numbers| {
        let told = numbers.iter().filter(|(name, _)| ["ndcg@10", "recall@10", "coverage"].contains(&name.as_str()));
        told.map(|(name, number)| (name.clone(), *number)).collect::<Numbers>()
    };
    let n_test = protocol.all.n_test;
    Evaluation {
        split: split.clone(),
        n_train: test.known.rows.len() as u64,
        n_test,
        counts: BTreeMap::from([("n_customers".to_owned(), n_test), ("n_items".to_owned(), protocol.n_items)]),
        base_rate: None,
        decides: "ndcg@10".to_owned(),
        bounds: Numbers::new(),
        metrics: some(&protocol.all.metrics),
        baselines: protocol.all.baselines.iter().map(|(name, numbers)| (name.clone(), some(numbers))).collect(),
        baseline_titles: BTreeMap::new(),
        gains: protocol.gains.clone(),
        to_beat: None,
        protocols: BTreeMap::from([(test.way.name().to_owned(), protocol)]),
        calibration: Vec::new(),
        warnings: Vec::new(),
    }
}

/// The reigning champion's lists for customers of the window beside ours: by time, whatever decides, since only then is there
/// something that neither has learned from.
fn contest(
    data: &Data<'_>,
    split: &Split,
    test: &Test,
    answers: &Answers,
    reigning: Option<&Reigning>,
) -> Result<Contest, LearningError> {
    let (dataset, seed) = (data.dataset, data.seed);
    let judge = |loaded: &Loaded| {
        let Body::Ranker(champion) = &loaded.body else {
            return Err(LearningError::File { reason: "a recommender was expected".to_owned() });
        };
        let duel = |cases: &[cases::Case], ours: &[lists::Judged]| {
            let theirs = judge_lists(cases, |case| list_of(champion, case));
            let score = Paired {
                challenger: mean(ours.iter().map(lists::Judged::ndcg)),
                champion: mean(theirs.iter().map(lists::Judged::ndcg)),
                gain: ndcg_gain(ours, &theirs, seed, "recommend against the champion"),
            };
            (cases.len() as u64, score, None)
        };
        if test.way == Way::Time {
            return Ok(duel(&test.cases, &answers.ours));
        }
        let model = fit(dataset, split.train_until, &RecommenderSettings::default(), seed)?;
        let cases = cases(dataset, split, model.items());
        Ok(duel(&cases, &judge_lists(&cases, |case| list_of(&model, case))))
    };
    Contest::of(reigning, judge, "ndcg@10", split)
}
