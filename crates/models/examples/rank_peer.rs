//! How well does the booster order the documents of judged queries? On lines `grade qid:Q 1:x 2:x …`, as other libraries read them.
//!
//! `rank_peer TRAIN TEST` learns with each objective that ranks and with a plain number, and prints one line of JSON: NDCG@10 of
//! every query of TEST. `cargo xtask peers rank` puts another library's beside it.
#![expect(clippy::print_stdout, reason = "what an example prints is its answer")]

use anyhow::{Context as _, Result};
use models::Frame;
use models::boost::{Binned, BoostSettings, LambdaRank, Lesson, Objective, Rows, Squared, XeNdcg};
use primitives::Seed;
use serde_json::{Map, json};

struct Judged {
    grades: Vec<f64>,
    /// How many lines each query has.
    groups: Vec<usize>,
    /// Row by row; 0 where a line says nothing.
    values: Vec<f64>,
    n_features: usize,
}

fn main() -> Result<()> {
    let [learned, test] = [1, 2].map(|at| std::env::args().nth(at));
    let (learned, test) = learned.zip(test).context("usage: rank_peer TRAIN TEST")?;
    let (learned, test) = (read(&learned)?, read(&test)?);
    anyhow::ensure!(learned.n_features == test.n_features, "the files have not the same features");
    let ours: [(&str, &dyn Objective); 3] =
        [("xe_ndcg", &XeNdcg), ("lambda_rank", &LambdaRank { places: 10 }), ("squared", &Squared)];
    let mut found = Map::new();
    for (name, objective) in ours {
        found.insert(name.to_owned(), json!(judge(&learned, &test, objective)?));
    }
    println!("{}", json!(found));
    Ok(())
}

/// Learns from one file and gives NDCG@10 of each query of the other.
fn judge(learned: &Judged, test: &Judged, objective: &dyn Objective) -> Result<Vec<f64>> {
    // As the other library is set: 200 trees of 15 leaves, 20 rows or more in a leaf, no regularisation.
    let settings = BoostSettings {
        n_trees: 200,
        max_leaves: 15,
        max_depth: 32,
        l2: 0.0,
        min_leaf_weight: 0.001,
        min_leaf_rows: 20,
        ..BoostSettings::default()
    };
    let frame = Frame::new(&learned.values, learned.grades.len(), learned.n_features)?;
    let binned = Binned::new(frame, &[], 255)?;
    let rows = Rows { groups: Some(&learned.groups), ..Rows::new(&binned, &learned.grades) };
    let model = settings.learn(&Lesson::new(rows), objective, Seed::new(1))?.into_one();
    let scores = model.score_all(Frame::new(&test.values, test.grades.len(), test.n_features)?)?;
    let mut from = 0;
    let each = test.groups.iter().map(|length| {
        let group = from..from + length;
        from = group.end;
        ndcg(&scores[group.clone()], &test.grades[group])
    });
    Ok(each.collect())
}

/// NDCG@10 of one query, gains `2^grade - 1`. Equal scores share their places, so that no order of the file helps.
fn ndcg(scores: &[f64], grades: &[f64]) -> f64 {
    let discount = |place: usize| if place < 10 { 1.0 / (place as f64 + 2.0).log2() } else { 0.0 };
    let gain = |grade: f64| grade.exp2() - 1.0;
    let mut ideal = grades.to_vec();
    ideal.sort_unstable_by(|a, b| b.total_cmp(a));
    let best: f64 = ideal.iter().enumerate().map(|(place, grade)| gain(*grade) * discount(place)).sum();
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    let (mut gained, mut place) = (0.0, 0);
    for tied in order.chunk_by(|a, b| scores[*a].total_cmp(&scores[*b]).is_eq()) {
        let places: f64 = (place..place + tied.len()).map(discount).sum();
        let gains: f64 = tied.iter().map(|row| gain(grades[*row])).sum();
        gained += places * gains / tied.len() as f64;
        place += tied.len();
    }
    if best > 0.0 { gained / best } else { 0.0 }
}

fn read(path: &str) -> Result<Judged> {
    let text = std::fs::read_to_string(path).with_context(|| format!("could not read {path}"))?;
    let number = |text: &str| text.parse::<f64>().with_context(|| format!("{path}: `{text}` is not a number"));
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let grade = number(words.next().context("an empty line")?)?;
        let query = words.next().context("a line without a query")?;
        let values = words.map(|word| {
            let (feature, value) = word.split_once(':').context("a word without a colon")?;
            Ok((feature.parse::<usize>()?, number(value)?))
        });
        lines.push((grade, query, values.collect::<Result<Vec<_>>>()?));
    }
    let largest = lines.iter().flat_map(|line| line.2.iter().map(|(feature, _)| *feature)).max();
    let n_features = largest.context("no features")?;
    let mut judged = Judged { grades: Vec::new(), groups: Vec::new(), values: Vec::new(), n_features };
    for query in lines.chunk_by(|a, b| a.1 == b.1) {
        judged.groups.push(query.len());
        for (grade, _, values) in query {
            judged.grades.push(*grade);
            let mut row = vec![0.0; n_features];
            values.iter().for_each(|(feature, value)| row[feature - 1] = *value);
            judged.values.extend(row);
        }
    }
    Ok(judged)
}
