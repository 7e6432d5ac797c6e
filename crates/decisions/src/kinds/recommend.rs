//! Which items to show this customer?

use crate::kind::{ContentShape, KindAbout, Reads};
use crate::parameter::{Parameter, Takes};
use crate::{Ask, Content, Kind, Knowledge, ModelRef, RankedItem, Said, Sales, Why, World};
use governance::Purpose;
use learning::TaskName;
use models::recommend::{Because, HistoryItem, Query, Scored};

const N: Parameter = Parameter {
    name: "n",
    meaning: "How many items",
    takes: Takes::Whole { range: (1, crate::N_ITEMS_MAX), default: 10 },
};

/// How many orders the customer ever made, with or without products.
const ORDERS: &str = "orders_all";

/// Which items to show.
#[derive(Debug, Clone)]
pub struct Recommend {
    about: KindAbout,
    task: TaskName,
}

impl Default for Recommend {
    fn default() -> Self {
        let about = KindAbout {
            name: "recommend".into(),
            title: "Recommendations".to_owned(),
            question: "What will this customer want next?".to_owned(),
            purpose: Purpose::Personalization,
            reads: Reads { features: vec![ORDERS.to_owned()], bought: true, ..Reads::default() },
            tasks: vec![TaskName::from("recommend")],
            parameters: vec![N],
            is_shown: true,
            on_profile: false,
            is_risk: false,
            shape: ContentShape::Items,
        };
        Self { about, task: "recommend".into() }
    }
}

impl Kind for Recommend {
    fn about(&self) -> &KindAbout {
        &self.about
    }

    fn personal(&self, ask: &Ask<'_>, known: &Knowledge) -> Result<Said, Why> {
        let (loaded, model) = ask.models.ranker(&self.task)?;
        if known.bought.is_empty() {
            return Err(Why::because(match known.feature(ORDERS) {
                Some(n_orders) if n_orders > 0.0 => "The customer's orders name no products",
                _ => "The customer has not bought anything yet",
            }));
        }
        let history: Vec<HistoryItem> = known
            .bought
            .iter()
            .map(|bought| HistoryItem {
                item: bought.item,
                age_days: ask.question.as_of.days_since(bought.at),
                // The model counts a purchase once, whatever its quantity.
                quantity: 1.0,
            })
            .collect();
        let scored = model.rank(&Query::of(&history), n(ask), &|item| ask.world.is_available(item));
        let reason = |scored: &Scored| match scored.because {
            Because::BoughtAgain { times, age_days } => again(times, age_days),
            Because::SimilarTo { item } => match ask.world.facts(item) {
                Some(source) => format!("Often bought by customers who, like this one, bought {}", source.title),
                None => "Often bought by customers with similar purchases".to_owned(),
            },
            Because::Popular => "Popular with all customers".to_owned(),
        };
        let content = Content::Items(ranked(&scored, ask.world, reason));
        Ok(Said { content, model: Some(ModelRef::from(loaded)) })
    }

    fn general(&self, ask: &Ask<'_>, why: &Why) -> (Said, String) {
        let model = ask.models.ranker(&self.task);
        let items = match &model {
            Ok((_, model)) => {
                let scored = model.popular(n(ask), &|item| ask.world.is_available(item));
                ranked(&scored, ask.world, |_| "Popular with all customers".to_owned())
            }
            Err(_) => popular_now(n(ask), ask.world),
        };
        let why = why.text("recommendation");
        let is_sold = model.is_ok() || items.iter().any(|item| item.score > 0.0);
        let sentence = match items.len() {
            0 => format!("{why}, and the catalogue holds no item that can be shown."),
            _ if is_sold => format!("{why}: these are the most popular items."),
            _ => format!(
                "{why}, and nothing was sold lately: these are items of the catalogue, in the order of their keys."
            ),
        };
        (Said { content: Content::Items(items), model: ask.models.named(&self.task) }, sentence)
    }
}

fn n(ask: &Ask<'_>) -> usize {
    usize::try_from(ask.whole(&N)).unwrap_or(0)
}

/// "Bought 3 times, the last time 12 days ago".
fn again(times: u32, age_days: f64) -> String {
    let when = match age_days {
        days if days >= 2.0 => format!("{:.0} days ago", days.floor()),
        days if days >= 1.0 => "yesterday".to_owned(),
        _ => "within the last day".to_owned(),
    };
    match times {
        0 | 1 => format!("Bought before, {when}"),
        n => format!("Bought {n} times, the last time {when}"),
    }
}

/// What sells now, for the time before there is a model.
fn popular_now(n: usize, world: &dyn World) -> Vec<RankedItem> {
    let popular = world.popular(n);
    let facts = popular.iter().filter_map(|(item, sales)| Some((world.facts(*item)?, *sales)));
    facts.map(|(facts, sales)| RankedItem { id: facts.id, score: weight(sales), reason: in_words(sales) }).collect()
}

fn weight(sales: Sales) -> f64 {
    match sales {
        #[expect(clippy::cast_precision_loss, reason = "a month's orders are far below 2^53")]
        Sales::Orders(n_orders) => n_orders as f64,
        Sales::Buyers { buyers } => buyers.weight(),
    }
}

fn in_words(sales: Sales) -> String {
    match sales {
        Sales::Orders(0) => "In the catalogue".to_owned(),
        Sales::Orders(1) => "In 1 order of the last 30 days".to_owned(),
        Sales::Orders(n) => format!("In {n} orders of the last 30 days"),
        Sales::Buyers { buyers } if buyers.is_nobody() => "In the catalogue".to_owned(),
        Sales::Buyers { buyers } => format!("Bought by {buyers} in the last 30 days"),
    }
}

fn ranked(scored: &[Scored], world: &dyn World, reason: impl Fn(&Scored) -> String) -> Vec<RankedItem> {
    let facts = scored.iter().filter_map(|scored| Some((world.facts(scored.item)?, scored)));
    facts.map(|(facts, scored)| RankedItem { id: facts.id, score: scored.score, reason: reason(scored) }).collect()
}
