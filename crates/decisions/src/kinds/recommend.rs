//! Which items to show this customer?

mod allowed;
mod blend;
mod candidate;
mod customer;
mod order;
mod parameters;
mod pool;
mod rhythm;
mod sources;
mod wish;
mod words;

use crate::declaration::Declared;
use crate::kind::{ContentShape, KindAbout, More, Reads};
use crate::rules::Rules;
use crate::search::Wanted;
use crate::{
    Ask, Content, DecisionError, Declaration, ItemFilter, Kind, Knowledge, ModelRef, Parameters, RankedItem, Said, Why,
};
pub(super) use blend::worth_by_rank;
use candidate::Candidate;
use customer::Customer;
use governance::Purpose;
use learning::{Loaded, TaskName};
use models::recommend::{Part, Recommender};
use order::order;
use pool::Making;
use primitives::{ItemKey, Probability};
pub(super) use rhythm::Rhythm;
use wish::{Placement, Wish};

/// How many orders the customer ever made, with or without products.
const ORDERS: &str = "orders_all";

/// How many candidates a list is chosen from where rules change its order, and how many at most where too few of them may be
/// on it.
const N_CANDIDATES_MIN: usize = 100;
const N_CANDIDATES_MAX: usize = 6_400;
/// How many items near to one are looked at to tell how alike others are to it.
const N_SIMILAR: usize = 200;

/// Which items to show.
#[derive(Debug, Clone)]
pub struct Recommend {
    about: KindAbout,
    task: TaskName,
    rules: Rules,
    declaration: Option<Declaration>,
}

impl Default for Recommend {
    fn default() -> Self {
        Self::new(Rules::default())
    }
}

/// What a list comes to.
struct Listed {
    candidates: Vec<Candidate>,
    said: Said,
    /// Whether words were looked for, and not in all of the catalogue.
    is_searched_in_part: bool,
}

impl Recommend {
    /// With rules of the settings.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        let about = KindAbout {
            name: "recommend".into(),
            title: "Recommendations".to_owned(),
            question: "What will this customer want next?".to_owned(),
            purpose: Purpose::Personalization,
            reads: Reads { features: vec![ORDERS.to_owned()], bought: true, viewed: true, ..Reads::default() },
            tasks: vec![TaskName::from("recommend")],
            parameters: parameters::all(),
            is_shown: true,
            on_profile: false,
            is_risk: false,
            shape: ContentShape::Items,
        };
        // Where no rule holds there is nothing to keep: so it was before there were any.
        let declaration = (rules != Rules::default()).then(|| Declaration::of(Declared::Rules(rules)));
        Self { about, task: "recommend".into(), rules, declaration }
    }

    fn model<'a>(&self, ask: &Ask<'a>) -> Result<(&'a Loaded, &'a Recommender), Why> {
        ask.models.ranker(&self.task)
    }

    /// The rules that hold: none did before there were any.
    fn rules(&self, ask: &Ask<'_>) -> Rules {
        if ask.is_unplaced { Rules::default() } else { self.rules }
    }

    /// What everybody is shown, with the sentence that says why, and what it is.
    fn of_everybody(&self, ask: &Ask<'_>, wish: &Wish<'_>, customer: &Customer, why: &Why) -> (Said, String) {
        let Listed { candidates, mut said, is_searched_in_part } = self.list(ask, wish, customer);
        said.model = ask.models.named(&self.task);
        let what = words::of_everybody(&candidates, ask, wish, is_searched_in_part);
        let sentence = format!("{}{what}.", why.text("recommendation"));
        (said, sentence)
    }

    /// The list of a customer, or of everybody.
    fn list(&self, ask: &Ask<'_>, wish: &Wish<'_>, customer: &Customer) -> Listed {
        let model = self.model(ask).ok();
        let making = Making::new((ask, wish), model.map(|(_, model)| model), customer);
        let similar = |item: ItemKey| match model {
            Some((_, model)) => model.similar(item).take(N_SIMILAR).collect(),
            None => Vec::new(),
        };
        let is_old = |item: ItemKey| customer.bought.contains(&item);
        let mut n_max = if wish.reorders() { N_CANDIDATES_MIN.max(3 * wish.n) } else { wish.n };
        let (candidates, placed, kept_out) = loop {
            let candidates = making.candidates(n_max);
            let (placed, kept_out) = order(&candidates, wish, ask.world.seed(), &is_old, &similar);
            // Where rules keep most of the best out, those after them may be on the list.
            if placed.len() >= wish.n || candidates.len() < n_max || n_max >= N_CANDIDATES_MAX {
                break (candidates, placed, kept_out);
            }
            n_max *= 4;
        };
        let mut propensity = 1.0;
        let chosen = placed.iter().filter_map(|placed| {
            let candidate = &candidates[placed.at];
            let facts = ask.world.facts(candidate.item)?;
            propensity *= placed.propensity.get();
            let reason = words::reason(candidate, ask, customer);
            let place = (!ask.is_unplaced).then_some(placed.propensity);
            Some(RankedItem { id: facts.id, score: placed.score, reason, propensity: place })
        });
        let chosen: Vec<RankedItem> = chosen.collect();
        let mut more = More::default();
        if !ask.is_unplaced {
            let mut left_out = making.left_out();
            left_out.extend(kept_out);
            if chosen.is_empty() {
                left_out.extend(ask.world.kept_out());
            }
            more.left_out = ask.world.tally(left_out);
            more.shortfall = words::shortfall((chosen.len(), making.searched()), wish, &more.left_out, ask.world);
            more.propensity = Probability::new(propensity).unwrap_or(Probability::ONE);
        }
        let model = model.map(|(loaded, _)| ModelRef::from(loaded));
        let candidates = placed.iter().map(|placed| candidates[placed.at]).collect();
        let is_searched_in_part = making.searched().is_some_and(|searched| searched.told.searchable.is_some());
        Listed { candidates, is_searched_in_part, said: Said { content: Content::Items(chosen), model, more } }
    }
}

impl Kind for Recommend {
    fn about(&self) -> &KindAbout {
        &self.about
    }

    fn declaration(&self) -> Option<&Declaration> {
        self.declaration.as_ref()
    }

    fn check(&self, given: &Parameters) -> Result<(), DecisionError> {
        self.about.check(given)?;
        let is_of = |placement: &str| given.get("placement").and_then(|value| value.as_str()) == Some(placement);
        if is_of("product") && !given.contains_key("item") {
            let why = "is \"product\", which is about an item: give the id of the one in view as \"item\"".to_owned();
            return Err(DecisionError::Unfit { name: "placement".to_owned(), why });
        }
        Ok(())
    }

    fn wanted(&self, parameters: &Parameters) -> Option<Wanted> {
        let filter = parameters.get("filter").and_then(|given| ItemFilter::parse(given).ok()).unwrap_or_default();
        match wish::searched(parameters) {
            Some(words) => Some(Wanted::Items { query: words.to_owned(), filter, may_be_others: false }),
            None => (!filter.is_empty()).then_some(Wanted::Among { filter }),
        }
    }

    fn after(&self, parameters: &Parameters) -> Option<(&'static str, &'static str)> {
        let is_mail = parameters.get("placement").and_then(|value| value.as_str()) == Some("email");
        is_mail.then_some(("placement", "email"))
    }

    fn personal(&self, ask: &Ask<'_>, known: &Knowledge) -> Result<Said, Why> {
        let wish = Wish::of(ask, &self.rules(ask));
        let is_of_shelves = matches!(wish.placement, Placement::Trending | Placement::New | Placement::Replenish);
        let needs_model = !is_of_shelves && !wish.is_searched;
        let (model, untrained) = match self.model(ask) {
            Ok((_, model)) => (Some(model), None),
            Err(why) => (None, Some(why).filter(|_| needs_model)),
        };
        let customer = Customer::of(ask, known, model);
        if customer.history.is_empty() && wish.is_of_the_past(&customer.viewed) {
            return Err(Why::because(match known.feature(ORDERS) {
                Some(n_orders) if n_orders > 0.0 => "The customer's orders name no products",
                _ => "The customer has not bought anything yet",
            }));
        }
        match untrained.or_else(|| wish.unknown_item(ask).map(Why::because)) {
            // What they bought does not say what they want, and keeps to the rules all the same.
            Some(why) => {
                let (mut said, sentence) =
                    self.of_everybody(ask, &wish, &Customer { history: Vec::new(), ..customer }, &why);
                said.more.fallback = Some(sentence);
                Ok(said)
            }
            None => {
                let mut said = self.list(ask, &wish, &customer).said;
                if wish.lacks_cart() && !ask.is_unplaced {
                    said.more.fallback = Some(words::without_cart(&customer));
                }
                Ok(said)
            }
        }
    }

    fn parts(&self, ask: &Ask<'_>, known: &Knowledge, items: &[ItemKey]) -> Vec<Vec<Part>> {
        let Ok((_, model)) = self.model(ask) else { return Vec::new() };
        let (customer, wish) = (Customer::of(ask, known, Some(model)), Wish::of(ask, &self.rules(ask)));
        // Elsewhere the list is what goes with something, or stands on a shelf.
        if wish.is_searched || !matches!(wish.placement, Placement::Home | Placement::Email) {
            return Vec::new();
        }
        let now = wish.told(&customer.viewed);
        model.parts(&customer::query(ask, &customer, &now), items)
    }

    fn general(&self, ask: &Ask<'_>, why: &Why) -> (Said, String) {
        let wish = Wish::of(ask, &self.rules(ask));
        self.of_everybody(ask, &wish, &Customer::default(), why)
    }
}
