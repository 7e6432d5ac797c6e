//! What is the model made of that makes the list, what does each part say, and how good is it?

use crate::app::App;
use console::view::{MemberLine, ProtocolLine, ProtocolNumber};
use decisions::{KindAbout, Part};
use learning::{Body, Loaded};
use models::recommend::Recommender;
use std::sync::Arc;

/// The parts by their names, in words: what each is called, and what it goes by.
const PARTS: [(&str, &str, &str); 14] = [
    ("habit", "Habit", "What this customer comes back for, and how often that happens with it."),
    ("popularity", "Popularity", "What many want now, and wanted lately."),
    ("item-to-item", "Together", "What the same customers have who have what this one has."),
    ("ease", "Together, less what explains it", "The same, where what goes with everything counts for nothing."),
    ("content", "Content", "What is like what they had, by words, category, brand and price."),
    ("two-tower", "Taste, learned", "What suits them by a network that knows items by what they are, too."),
    ("context", "Hour", "What is wanted at this hour of the week."),
    ("als", "Taste", "What suits customers of the same taste."),
    ("bpr", "Taste, ranked", "What suits who has such things, put before what they do not have."),
    ("gf-cf", "Taste, smoothed", "What lies near in the web of customers and items."),
    ("up-cf", "Near customers", "What customers had lately who are like this one."),
    ("tifu-knn", "Near habits", "What customers come back for whose habits are like this one’s."),
    ("markov", "Next", "What follows upon what they had last."),
    ("sessions", "This visit", "What followed in visits that were like this one."),
];

/// The numbers that are told of each way of asking, and what they are called.
const NUMBERS: [(&str, &str); 4] =
    [("ndcg@10", "NDCG@10"), ("recall@10", "Recall@10"), ("mrr@10", "MRR@10"), ("hit@10", "Hit@10")];

/// The model in force that ranks items for this kind.
pub(super) struct Maker {
    loaded: Arc<Loaded>,
}

impl Maker {
    /// The model; `None` where none is in force.
    pub(super) fn of(app: &App, kind: &KindAbout) -> Option<Self> {
        let models = app.engine.models();
        let loaded = kind.tasks.iter().find_map(|task| models.get(task))?.clone();
        matches!(loaded.body, Body::Ranker(_)).then_some(Self { loaded })
    }

    fn model(&self) -> Option<&Recommender> {
        match &self.loaded.body {
            Body::Ranker(model) => Some(model),
            _ => None,
        }
    }

    /// The names of its parts, in their order.
    fn names(&self) -> Vec<&'static str> {
        let members = self.model().map(Recommender::member_names).unwrap_or_default();
        ["habit", "popularity"].into_iter().chain(members).collect()
    }

    /// What it is made of.
    pub(super) fn members(&self) -> Vec<MemberLine> {
        let trial = self.model().and_then(Recommender::trial);
        let line = |name: &str| {
            let known = PARTS.iter().find(|(part, ..)| *part == name);
            let (_, title, about) = known.copied().unwrap_or((name, name, ""));
            let adds = trial.and_then(|trial| trial.adds.get(name).copied());
            MemberLine { title: title.to_owned(), about: about.to_owned(), adds }
        };
        self.names().into_iter().map(line).collect()
    }

    /// What each part said of an item, from 0 to 1, in the order of their names.
    pub(super) fn in_order(&self, said: &[Part]) -> Vec<f64> {
        let part = |name: &str| said.iter().find(|part| part.name == name).map_or(0.0, |part| part.value.min(1.0));
        self.names().into_iter().map(part).collect()
    }

    /// How good it is on customers whom it had not seen, by each way of asking.
    pub(super) fn protocols(&self) -> Vec<ProtocolLine> {
        let evaluation = &self.loaded.header.evaluation;
        let line = |(name, protocol): (&String, &learning::Protocol)| {
            let number = |(metric, title): &(&str, &str)| {
                let ours = *protocol.all.metrics.get(*metric)?;
                let simple = protocol.all.baselines.iter().filter_map(|(name, of)| Some((name, *of.get(*metric)?)));
                let best = simple.max_by(|a, b| a.1.total_cmp(&b.1));
                let simple = best.map(|(name, best)| (evaluation.baseline_title(name).to_owned(), best));
                Some(ProtocolNumber { name: (*title).to_owned(), ours, simple })
            };
            let title = match name.as_str() {
                "time" => "What comes in the weeks after",
                "last_order" => "The last order of every customer",
                other => other,
            };
            let rows = NUMBERS.iter().filter_map(number).collect();
            ProtocolLine { title: title.to_owned(), n: protocol.all.n_test, rows }
        };
        evaluation.protocols.iter().map(line).collect()
    }

    /// What is known of all lists together: a number's name, the number, what it means.
    pub(super) fn figures(&self) -> Vec<(String, String, String)> {
        let evaluation = &self.loaded.header.evaluation;
        let Some(protocol) = evaluation.protocols.values().find(|protocol| protocol.decides) else { return Vec::new() };
        let metrics = &protocol.all.metrics;
        let share = |name: &str| metrics.get(name).map(|number| console::format::percent(*number));
        let plain = |name: &str| metrics.get(name).map(|number| console::format::decimal(*number, 3));
        [
            ("Coverage", share("coverage"), "of the catalogue stands in somebody’s list"),
            (
                "Gini of exposure",
                plain("gini_exposure"),
                "0: all items are shown equally often; 1: one item is shown always",
            ),
            ("Novelty", plain("novelty"), "how rare what is shown is, in bits"),
            ("Diversity", plain("diversity"), "how much the lists of two customers differ"),
        ]
        .into_iter()
        .filter_map(|(name, number, about)| Some((name.to_owned(), number?, about.to_owned())))
        .collect()
    }
}
