//! Which items to show to who looks for something?

use super::recommend::{Rhythm, worth_by_rank};
use crate::keyed::ByItem;
use crate::kind::{ContentShape, KindAbout, More, Reads};
use crate::parameter::{Parameter, Parameters, Takes};
use crate::search::{Found, N_CANDIDATES_MAX, Order, Told, Wanted};
use crate::{Ask, Content, ItemFilter, Kind, Knowledge, ModelRef, RankedItem, Said, Why};
use governance::Purpose;
use learning::TaskName;
use models::recommend::{HistoryItem, Query};
use primitives::{ItemKey, Probability};
use std::collections::{BTreeMap, BTreeSet};

const QUERY: Parameter = Parameter {
    name: "query",
    meaning: "What is looked for; without it, the items that are bought most",
    takes: Takes::Text { bytes_max: 1_000 },
};
const N: Parameter = Parameter {
    name: "n",
    meaning: "How many items",
    takes: Takes::Whole { range: (1, crate::N_ITEMS_MAX), default: Some(10) },
};
const FROM: Parameter = Parameter {
    name: "from",
    meaning: "After how many items the answer begins, for further pages",
    takes: Takes::Whole { range: (0, 100), default: Some(0) },
};
const FILTER: Parameter =
    Parameter { name: "filter", meaning: "What items must be, whatever the words say", takes: Takes::Filter };

/// After so many days a purchase says half as much of a taste.
const HALF_LIFE_DAYS: f64 = 90.0;

/// Which items to show to who looks for something.
#[derive(Debug, Clone)]
pub struct Search {
    about: KindAbout,
    recommender: TaskName,
    order: TaskName,
}

impl Default for Search {
    fn default() -> Self {
        let about = KindAbout {
            name: "search".into(),
            title: "Search".to_owned(),
            question: "Which items are meant by these words, and which of them suit this customer best?".to_owned(),
            purpose: Purpose::Personalization,
            reads: Reads { bought: true, ..Reads::default() },
            tasks: Vec::new(),
            parameters: vec![QUERY, N, FROM, FILTER],
            is_shown: true,
            on_profile: false,
            is_risk: false,
            shape: ContentShape::Search,
        };
        Self { about, recommender: "recommend".into(), order: "search".into() }
    }
}

impl Kind for Search {
    fn about(&self) -> &KindAbout {
        &self.about
    }

    fn may_be_of_nobody(&self) -> bool {
        true
    }

    fn wanted(&self, parameters: &Parameters) -> Option<Wanted> {
        let filter = parameters.get(FILTER.name).and_then(|given| ItemFilter::parse(given).ok());
        let (query, filter) = (query(parameters).to_owned(), filter.unwrap_or_default());
        Some(Wanted::Items { query, filter, may_be_others: true })
    }

    fn personal(&self, ask: &Ask<'_>, known: &Knowledge) -> Result<Said, Why> {
        if known.bought.is_empty() {
            return Err(Why::because("The customer has not bought anything yet"));
        }
        let age_days = |bought: &crate::Bought| ask.question.as_of.days_since(bought.at).max(0.0);
        let mut own: BTreeMap<ItemKey, f64> = BTreeMap::new();
        for bought in &known.bought {
            *own.entry(bought.item).or_default() += 0.5_f64.powf(age_days(bought) / HALF_LIFE_DAYS);
        }
        let ranker = ask.models.ranker(&self.recommender).ok();
        let rhythms = Rhythm::all(&known.bought, ask.question.as_of, |item| ranker.as_ref()?.1.again(item));
        let had: BTreeSet<ItemKey> = known.bought.iter().map(|bought| bought.item).collect();
        // What is not bought again yet is nothing that its being bought before speaks for.
        own.retain(|item, _| rhythms.get(item).is_none_or(|rhythm| rhythm.keeps_out().is_none()));
        let own: Vec<(ItemKey, f64)> = own.into_iter().collect();
        let mut found = ask.world.found(&own).unwrap_or_default();
        let mut model = None;
        if let Some((loaded, recommender)) = ranker {
            let one =
                |bought: &crate::Bought| HistoryItem { item: bought.item, age_days: age_days(bought), quantity: 1.0 };
            let history: Vec<HistoryItem> = known.bought.iter().map(one).collect();
            let places: ByItem<usize> = found.items.iter().enumerate().map(|(at, one)| (one.item, at)).collect();
            let only: Vec<ItemKey> = found.items.iter().map(|one| one.item).collect();
            let query = Query { only: Some(&only), ..Query::of(&history) };
            let scored = recommender.rank(&query, N_CANDIDATES_MAX, &|item| places.contains_key(&item));
            let own: Vec<_> =
                scored.iter().filter(|one| one.because.is_of_history() && !had.contains(&one.item)).collect();
            for (rank, one) in own.iter().enumerate() {
                if let Some(item) = places.get(&one.item).and_then(|at| found.items.get_mut(*at)) {
                    item.note_going_with_own(worth_by_rank(rank, own.len()));
                }
            }
            model = Some(ModelRef::from(loaded));
            // What the recommender said is in the record, and so a replay needs the model of the order alone.
            ask.world.weighed(&found);
        }
        let (order, model) = self.order(ask, &found.told, model);
        Ok(Said { content: answer(ask, &found, order), model, more: More::default() })
    }

    fn general(&self, ask: &Ask<'_>, why: &Why) -> (Said, String) {
        let found = ask.world.found(&[]).unwrap_or_default();
        let why = match ask.question.is_of_nobody() {
            true => "No customer was named".to_owned(),
            false => why.text("search"),
        };
        let sentence = format!("{why}: the order is the same for everybody.");
        let (order, model) = self.order(ask, &found.told, None);
        (Said { content: answer(ask, &found, order), model, more: More::default() }, sentence)
    }
}

impl Search {
    /// What puts items in order, and the model that does, where one does: that of the order, or the one that said what goes with
    /// what the customer has.
    fn order<'a>(&self, ask: &Ask<'a>, told: &Told, or: Option<ModelRef>) -> (Order<'a>, Option<ModelRef>) {
        let learned = ask.models.order(&self.order).ok();
        let learned = learned.and_then(|(loaded, model)| Some((Order::by(model)?, Some(ModelRef::from(loaded)))));
        let (order, model) = learned.unwrap_or((Order::Sum, or));
        match order.unless_asked_for(told) {
            Order::AsFound => (Order::AsFound, None),
            order => (order, model),
        }
    }
}

fn query(parameters: &Parameters) -> &str {
    parameters.get(QUERY.name).and_then(serde_json::Value::as_str).unwrap_or_default()
}

/// The page that is asked for, of what can still be had.
fn answer(ask: &Ask<'_>, found: &Found, order: Order<'_>) -> Content {
    let ranked = order.ranked(&found.items);
    let whole = |parameter: &Parameter| usize::try_from(ask.whole(parameter)).unwrap_or(0);
    let there = ranked.iter().filter(|(_, item)| ask.world.is_available(item.item));
    let page = there.skip(whole(&FROM)).take(whole(&N));
    let propensity = (!ask.is_unplaced).then_some(Probability::ONE);
    let items = page.filter_map(|(score, item)| {
        let facts = ask.world.facts(item.item)?;
        Some(RankedItem { id: facts.id, score: *score, reason: order.reason(item).to_owned(), propensity })
    });
    let items: Vec<RankedItem> = items.collect();
    let mut told = found.told.clone();
    told.notes.extend(told.searchable.map(in_part));
    if let Some(note) = nothing(&items, &told) {
        told.notes.push(note.to_owned());
    }
    Content::Search { items, told: Box::new(told) }
}

/// What is said where not all of the catalogue could be searched.
fn in_part((n, n_items): (u64, u64)) -> String {
    if n < n_items {
        format!(
            "Not all of the catalogue can be searched at the moment, but {n} of {n_items} items: some may be missing."
        )
    } else {
        format!(
            "Some of the {n_items} items can be searched at the moment only as they were told before: some may be missing."
        )
    }
}

/// Why there is nothing to show.
fn nothing(items: &[RankedItem], told: &Told) -> Option<&'static str> {
    match (items.is_empty(), told.n_found) {
        (false, _) => None,
        // What could not be searched may match.
        (true, 0) if told.searchable.is_some() => None,
        (true, 0) => Some("No item that may be shown matches any of the words."),
        (true, _) => Some("No items come after those of the pages before: at most 200 are put in order."),
    }
}
