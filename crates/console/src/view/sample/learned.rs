//! What has been learned and decided on the sample pages?

use super::people::{answer, features, items, list};
use super::*;
use crate::chart::CalibrationPoint;

/// Features, built in and declared, with everything that can be said of declarations.
#[must_use]
pub fn catalogue() -> FeaturesPage {
    let defined = |id: &str, unit: &str, meaning: &str, limit: Option<&str>| Defined {
        id: id.to_owned(),
        meaning: meaning.to_owned(),
        unit: unit.to_owned(),
        limit: limit.map(str::to_owned),
    };
    let group = |title: &str, features: Vec<Defined>| DefinedGroup { title: title.to_owned(), features };
    FeaturesPage {
        frame: frame("/features"),
        groups: vec![
            group(
                "Recency",
                vec![
                    defined("recency_days@1", "days", "Days since the last order", None),
                    defined("gap_mean_days@1", "days", "Mean days between two orders", Some("of the newest 96 orders")),
                ],
            ),
            group(
                "Your own",
                vec![defined("refunds_value_90d@40112", "", "Money paid back in the last 90 days", Some("to half the day at its beginning"))],
            ),
        ],
        waiting: vec![defined("downgrades_90d@2718", "times", "Times the plan was downgraded in the last 90 days", None)],
        progress: (410_000, 817_741),
        refused: Some("rapport.toml: line 12: feature \"mood\": measure is \"averge\": write one of count, sum, mean, min, max, last, days_since, distinct, trend".to_owned()),
        doubts: vec!["Feature \"downgrades_90d\": no event \"Plan Chnaged\" is among the newest. Did you mean \"Plan Changed\"?".to_owned()],
    }
}

/// One task with a champion, one that lacks data.
#[must_use]
pub fn models() -> ModelsPage {
    let version = |version: &str, days: i64, value, verdict: &str| Version {
        version: version.to_owned(),
        trained_at: now().plus_days(-days),
        metric: "Log loss".to_owned(),
        value,
        champion: version == "3f9a1c77d2e0",
        verdict: verdict.to_owned(),
        gone: (days > 10).then(|| "3 customers have refused since".to_owned()),
    };
    let noise = "Model 3f9a1c77d2e0 goes on answering. On the same 9407 customers, over days that neither had learned from, this model was not clearly better, with a log loss of 0.5231 against 0.5230 (less is better; 95 % interval: from 0.0012 worse to 0.0009 better).";
    let task = Task {
        key: "churn".to_owned(),
        title: "Churn".to_owned(),
        question: "Will there be no purchase in the next 30 days?".to_owned(),
        training: None,
        waits: None,
        is_faulty: false,
        problem: None,
        champion: Some(champion()),
        needs: vec![],
        n_older: 0,
        versions: vec![
            version("a07be1549c31", 1, 0.5231, noise),
            version("3f9a1c77d2e0", 30, 0.523, VERDICT),
            version(
                "58d2c09f6b1e",
                44,
                0.5461,
                "This model answers, as the first one: its log loss of 0.5461 is better than the 0.5610 of the best simple answer (days since last order; less is better).",
            ),
        ],
    };
    ModelsPage {
        frame: Frame {
            flash: Some(Flash::Done("Version 3f9a1c77d2e0 is the champion of churn.".to_owned())),
            ..frame("/models")
        },
        tasks: vec![task, task_missing()],
    }
}

/// A task that cannot be learned yet.
#[must_use]
pub fn task_missing() -> Task {
    const MORE: &str = "Import older purchases or keep sending `Order Completed` events.";
    let need = |what: &str, have, need, how: &str| {
        let (what, how) = (what.to_owned(), how.to_owned());
        Need { what, have, told: crate::format::count(have), need, how }
    };
    Task {
        key: "recommend".to_owned(),
        title: "Recommendations".to_owned(),
        question: "What will this customer want next?".to_owned(),
        training: None,
        waits: None,
        is_faulty: false,
        problem: None,
        champion: None,
        needs: vec![
            need("Customers with two purchases or more", 38, 50, MORE),
            need("Different items that were bought", 812, 20, ""),
            need("Days of purchases", 11, 14, "Import older purchases or wait while they come in."),
            need("Earlier customers who bought again in the last window", 23, 20, ""),
        ],
        n_older: 0,
        versions: vec![],
    }
}

/// A list of decisions.
#[must_use]
pub fn decisions() -> DecisionsPage {
    let row = |ms, kind: &str, customer: &str, text: &str, fallback: Option<&str>, held_out| DecisionRow {
        id: format!("019ab3f2c1d4{ms:08x}"),
        at: before(ms),
        kind: kind.to_owned(),
        customer: Some(customer.to_owned()),
        has_page: true,
        answer: text.to_owned(),
        basis: if fallback.is_some() { "popular" } else { "model" }.to_owned(),
        fallback: fallback.map(str::to_owned),
        held_out,
        latency_ms: Some(0.34),
    };
    DecisionsPage {
        frame: frame("/decisions"),
        total: 48_211,
        fallbacks: 1_912,
        filter: DecisionFilter { basis: "popular".to_owned(), ..DecisionFilter::default() },
        kinds: vec![("recommend".to_owned(), "Recommendations".to_owned())],
        days: (0..30_u64)
            .map(|n| DecisionDay {
                day: now().plus_days(i64::try_from(n).unwrap_or(0) - 29),
                model: 900 + (n * 53) % 400,
                rules: 30 + (n * 7) % 20,
                popular: 40 + (n * 17) % 60,
                average: n % 9,
            })
            .collect(),
        counted_max: None,
        by_kind: vec![KindCount {
            name: "recommend".to_owned(),
            title: "Recommendations".to_owned(),
            full: 32_011,
            fallback: 1_912,
        }],
        reasons: vec![("Nothing is known of this customer yet".to_owned(), 1_204)],
        reasons_of: 1_912,
        note: Some("The newest 20,000 decisions were looked through: name a day to look further back.".to_owned()),
        rows: vec![
            row(2_000, "Recommendations", "42", "10 items, first Silken tofu", None, false),
            row(9_000, "Churn", "1113", "72 %, high risk", None, false),
            row(
                12_000,
                "Recommendations",
                "anonymous:5f0c3a9e-77",
                "10 items, first Fresh milk",
                Some("Nothing is known of this customer yet: these are the most popular items."),
                false,
            ),
            row(3 * MINUTE, "Recommendations", "20459", "10 items, first Rice noodles", None, true),
        ],
        older: Some("/decisions?before=019ab3".to_owned()),
        try_line: examples().into_iter().nth(1).map_or_else(String::new, |(_, command)| command),
    }
}

/// The whole story of a recommendation.
#[must_use]
pub fn decision() -> DecisionPage {
    let candidate = |item: &Item, chosen: bool, excluded: Option<&str>| Candidate {
        id: item.id.clone(),
        title: item.title.clone(),
        rank: excluded.is_none().then_some(if chosen { 1 } else { 5 }),
        score: Some(item.score),
        propensity: chosen.then_some(0.9),
        chosen,
        excluded: excluded.map(str::to_owned),
        lost: (!chosen && excluded.is_none()).then(|| "Lower score: 0.094, the last chosen has 0.121".to_owned()),
    };
    let mut candidates: Vec<Candidate> = items().iter().map(|item| candidate(item, true, None)).collect();
    let late = Item {
        id: "4711402829205".to_owned(),
        title: None,
        picture: None,
        category: None,
        score: 0.094,
        reason: String::new(),
    };
    candidates.extend([candidate(&late, false, Some("bought two days ago")), candidate(&late, false, None)]);
    DecisionPage {
        frame: frame("/decisions/019ab3f2"),
        at: before(2_000),
        customer: Some("42".to_owned()),
        answer: answer("Recommendations", list()),
        request: r#"{"decision":"recommend","userId":"42","context":{"page":"home"},"n":4}"#.to_owned(),
        response: r#"{"decisionId":"019ab3f2c1d4e5f6","decision":"recommend","customerId":"42","items":[{"id":"4710011401128","score":0.412,"reason":"Bought with soy milk"}],"model":{"name":"item-to-item","version":"9bd04f21aa73"},"consent":{"purpose":"personalization","granted":true},"fallback":null}"#.to_owned(),
        features: features(),
        candidates,
        random_stream: Some("decide/recommend#48211".to_owned()),
        n_own_items: 0,
        is_forgotten: false,
        would: None,
        outcome: Some(Outcome { text: "Silken tofu was bought 2 hours later.".to_owned(), amount: Some(twd(4_500)) }),
        others_unknown: None,
        replayed: Some(Replayed::Different {
            from_byte: 212,
            fields: vec![("model".to_owned(), "9bd04f21aa73".to_owned(), "none".to_owned())],
        }),
        replay: vec!["rapport replay 019ab3f2c1d4e5f6".to_owned()],
    }
}

const VERDICT: &str = "This model answers in place of model 58d2c09f6b1e. On the same 9407 customers, over days that neither had learned from, this model was better, with a log loss of 0.5230 against 0.5461 (less is better; 95 % interval: 0.0187 to 0.0275 better).";

const GAP: &str =
    "No orders from 2 Sep 2026 to 9 Sep 2026, where about 3,200 are usual: nothing was learned from these days.";

fn champion() -> Champion {
    let metric =
        |name: &str, meaning: &str, is_higher_better: bool, value, baselines: [(&str, Option<f64>); 2]| Metric {
            name: name.to_owned(),
            meaning: meaning.to_owned(),
            better: if is_higher_better { "Higher is better" } else { "Lower is better" }.to_owned(),
            value,
            baselines: baselines.map(|(name, value)| (name.to_owned(), value)).to_vec(),
            advantage: (name == "Log loss")
                .then(|| ("days since last order".to_owned(), Advantage { share: 0.068, low: 0.051, high: 0.085 })),
        };
    let point = |predicted: f64, off: f64, n| CalibrationPoint { predicted, observed: predicted + off, n };
    Champion {
        version: "3f9a1c77d2e0".to_owned(),
        method: "Gradient boosting, 100 trees, isotonic calibration on customers held out".to_owned(),
        trained_at: now().plus_days(-30),
        data_from: now().plus_days(-119),
        data_to: now().plus_days(-30),
        gaps: vec![GAP.to_owned()],
        verdict: VERDICT.to_owned(),
        refused: Some(
            "3 customers who have refused since are still in this model; it is trained again by 23 Nov 2026, 03:10."
                .to_owned(),
        ),
        warnings: Vec::new(),
        n_train: 24_812,
        rows: "weekly moments of customers".to_owned(),
        n_test: 9_407,
        metrics: vec![
            metric(
                "AUC",
                "How often a customer who left was ranked above one who stayed.",
                true,
                0.782,
                [("days since last order", Some(0.731)), ("the same for all", Some(0.5))],
            ),
            metric(
                "Log loss",
                "How surprised it was by what happened.",
                false,
                0.523,
                [("days since last order", Some(0.561)), ("the same for all", Some(0.672))],
            ),
            metric(
                "Calibration error",
                "How far its probabilities are from what happened.",
                false,
                0.012,
                [("days since last order", Some(0.034)), ("the same for all", None)],
            ),
        ],
        calibration: vec![
            point(0.06, 0.01, 900),
            point(0.19, -0.01, 1_600),
            point(0.34, 0.02, 2_100),
            point(0.5, -0.02, 1_900),
            point(0.68, 0.015, 1_700),
            point(0.87, 0.0, 1_200),
        ],
        importances: [
            ("Days since the last order", 0.31),
            ("Orders in 90 days", 0.22),
            ("Change of revenue, 30 against 90 days", 0.14),
            ("Days since the first order", 0.11),
            ("Share of orders on weekends", 0.05),
        ]
        .map(|(name, share)| (name.to_owned(), share))
        .to_vec(),
    }
}
