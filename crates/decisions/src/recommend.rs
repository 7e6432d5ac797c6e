//! Which items to show this customer?

use crate::{Answer, Knowledge, ModelRef, Outcome, Question, RankedItem, Recommender, Sales, Subject, World};
use models::recommend::{Because, HistoryItem, Scored};
use primitives::Probability;

/// The full answer, or the popular list with the reason why it is that.
pub(crate) fn answer(question: &Question, subject: &Subject, model: Option<&Recommender>, world: &dyn World) -> Answer {
    let (items, fallback) = match (model, subject) {
        (Some(model), Subject::Known(knowledge)) => personal(question, knowledge.get(), model, world),
        (Some(model), _) => (popular_by_model(question, model, world), Some(why_not_personal(subject))),
        (None, _) => {
            let why = match subject {
                Subject::Known(_) => "No recommendation model has been trained yet".to_owned(),
                _ => why_not_personal(subject),
            };
            (popular_now(question, world), Some(why))
        }
    };
    let is_sold = model.is_some() || items.iter().any(|item| item.score > 0.0);
    let fallback = fallback.map(|why| match items.len() {
        0 => format!("{why}, and the catalogue holds no item that can be shown."),
        _ if is_sold => format!("{why}: these are the most popular items."),
        _ => {
            format!("{why}, and nothing was sold lately: these are items of the catalogue, in the order of their keys.")
        }
    });
    Answer {
        outcome: Outcome::Items(items),
        model: model.map(|model| ModelRef { name: question.kind.name().to_owned(), version: model.version.clone() }),
        consent: subject.consent(),
        fallback,
        propensity: Probability::ONE,
    }
}

fn why_not_personal(subject: &Subject) -> String {
    match subject {
        Subject::Withheld(consent) => match consent.basis {
            governance::ConsentBasis::Stated { .. } => format!("The customer refused {}", consent.purpose),
            governance::ConsentBasis::Default => {
                format!("The customer has not agreed to {}, and silence counts as a refusal", consent.purpose)
            }
        },
        Subject::Known(_) | Subject::Unknown(_) => "Nothing is known of this customer yet".to_owned(),
    }
}

fn personal(
    question: &Question,
    knowledge: &Knowledge,
    model: &Recommender,
    world: &dyn World,
) -> (Vec<RankedItem>, Option<String>) {
    if knowledge.bought.is_empty() {
        let why = match knowledge.n_orders() {
            0 => "The customer has not bought anything yet",
            _ => "The customer's orders name no products",
        };
        return (popular_by_model(question, model, world), Some(why.to_owned()));
    }
    let history: Vec<HistoryItem> = knowledge
        .bought
        .iter()
        .map(|bought| HistoryItem {
            item: bought.item,
            age_days: question.as_of.days_since(bought.at),
            // The model counts a purchase once, whatever its quantity.
            quantity: 1.0,
        })
        .collect();
    let scored = model.items.score(&history, question.n, &|item| world.is_available(item));
    let reason = |scored: &Scored| match scored.because {
        Because::BoughtAgain { times, age_days } => again(times, age_days),
        Because::SimilarTo { item } => match world.facts(item) {
            Some(source) => format!("Often bought by customers who, like this one, bought {}", source.title),
            None => "Often bought by customers with similar purchases".to_owned(),
        },
        Because::Popular => "Popular with all customers".to_owned(),
    };
    (ranked(&scored, world, reason), None)
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

fn popular_by_model(question: &Question, model: &Recommender, world: &dyn World) -> Vec<RankedItem> {
    let scored = model.items.popular(question.n, &|item| world.is_available(item));
    ranked(&scored, world, |_| "Popular with all customers".to_owned())
}

/// What sells now, for the time before there is a model.
fn popular_now(question: &Question, world: &dyn World) -> Vec<RankedItem> {
    let popular = world.popular(question.n);
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
