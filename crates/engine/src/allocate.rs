//! Which customers get which offer, so that one budget earns most? For a campaign: all customers of a filter at once.

mod campaign;

pub use campaign::SAME_CAMPAIGN;

use crate::decide::{About, Asked};
use crate::error::EngineError;
use crate::lists::Page;
use crate::spending::Purses;
use crate::taken::Taken;
use crate::{Engine, Stopwatch};
use campaign::Campaign;
use decisions::{Arm, Content, Kind, Models, Parameters, Record, Worth, allot};
use events::Fields;
use primitives::{CustomerId, ErrorKind, Timestamp, nearest};
use profiles::Identifier;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// So many customers at once.
pub const N_ALLOCATED_MAX: usize = 100_000;
/// So many decisions are logged in one transaction.
const N_LOGGED_AT_ONCE: usize = 200;
/// The kind that offers.
const OFFER: &str = "offer";

/// What is to be allocated.
#[derive(Debug, Clone, Default)]
pub struct Allocating {
    /// The names of the only offers that are meant; all where there are none.
    pub offers: Vec<String>,
    /// Which customers are meant, as in lists; all where it is empty.
    pub filter: String,
    /// How much may be spent.
    pub budget: f64,
    /// Over which channel it will be offered; everywhere counts where nothing is said.
    pub channel: Option<String>,
    /// What is said of the place.
    pub context: Fields,
    /// Whether the decisions are logged: then they count as contacts, are spent of the offers' own budgets, and are learned from.
    pub log: bool,
    /// What was asked, in one form: with `log`, the same asked again within [`SAME_CAMPAIGN`](crate::SAME_CAMPAIGN) is the same campaign.
    pub key: String,
}

/// Who gets what.
#[derive(Debug, Clone, PartialEq)]
pub struct Allocated {
    /// Who gets an offer, in the order of their ids.
    pub chosen: Vec<Allotment>,
    /// What all of it is expected to cost.
    pub spent: f64,
    /// What all of it is worth, net of that.
    pub worth: f64,
    /// What one more unit of the budget would be worth; nothing where all was given before, and only the log still says what.
    pub shadow_price: Option<f64>,
    /// What is left of the budget.
    pub left: f64,
    /// How many customers were looked at.
    pub n_customers: u64,
    /// Why the others get none.
    pub without: Without,
}

/// How many customers get no offer, by why: each counts once, and with those who get one they are all. Of a campaign that is asked for
/// again only those count who were not decided about before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Without {
    /// None may be given to them, or none that may is worth more than it costs.
    pub nothing: u64,
    /// The budget is spent on those who bring more for it.
    pub budget: u64,
    /// The budget that the offer has of its own is.
    pub own_budget: u64,
    /// They are held out and might have had one, or may not have it any more since it was chosen.
    pub held_out: u64,
}

/// What is worth most, before it is given.
struct Most {
    chosen: Vec<Allotment>,
    /// What those who are held out would have had.
    beside: Vec<Allotment>,
    shadow_price: f64,
    without: Without,
}

/// An offer for a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Allotment {
    /// For whom.
    pub customer: CustomerId,
    /// Which.
    pub offer: String,
    /// What it is worth, net of what it costs.
    pub worth: f64,
    /// What it is expected to cost.
    pub cost: f64,
    /// The decision, where it was logged.
    pub decision: Option<String>,
}

impl Engine {
    /// Spends a budget on the offers that are worth most, of which each customer gets at most one. Rules hold as when each customer is
    /// asked about: who may have an offer, whom it suits, and when customers are left alone. Whoever is held out gets none and takes
    /// nothing of the budget; with `log` it is kept who of them would have had one. The budgets that offers have of their own are kept, too.
    /// With `log`, what was given of the same campaign before is not given again.
    ///
    /// # Errors
    /// [`EngineError`] where the filter cannot be read, there is no such offer, the budget is no amount, there are too many customers, or
    /// it takes longer than `time_max`.
    pub fn allocate(&self, asked: &Allocating, time_max: Duration) -> Result<Allocated, EngineError> {
        let watch = Stopwatch::start();
        let in_force = self.capabilities.kinds.in_force(OFFER)?;
        let kind = in_force.kind();
        let asks = self.asked_of(asked, kind)?;
        let before = if asked.log { Some(self.campaign(&asked.key)?) } else { None };
        let mut customers = self.customers_of(&asked.filter, time_max)?;
        let n_customers = customers.len() as u64;
        let (mut chosen, mut shadow_price, mut budget, mut without) =
            (Vec::new(), None, asked.budget, Without::default());
        if let Some(before) = &before {
            budget = (budget - before.spent()).max(0.0);
            customers.retain(|customer| !before.decided.contains(customer));
            chosen.clone_from(&before.given);
        }
        if !before.as_ref().is_some_and(|before| before.is_whole) {
            let most = self.most_worth(&asks, &customers, budget, (&watch, time_max))?;
            (shadow_price, without) = (Some(most.shadow_price), most.without);
            let n_meant = most.chosen.len();
            let given = match &before {
                // Those held out first: what is left of an offer's own budget then is what was left when it was chosen.
                Some(campaign) => self.give(&asks, [most.beside, most.chosen].concat(), campaign)?,
                None => most.chosen,
            };
            without.held_out += n_meant.saturating_sub(given.len()) as u64;
            chosen.extend(given);
            chosen.sort_by(|a, b| a.customer.cmp(&b.customer));
        }
        let spent = chosen.iter().map(|one| one.cost).sum::<f64>().min(asked.budget);
        let worth = chosen.iter().map(|one| one.worth).sum();
        Ok(Allocated { spent, worth, shadow_price, left: asked.budget - spent, n_customers, without, chosen })
    }

    /// Who of these customers gets what, and what one more unit of the budget would be worth.
    fn most_worth(
        &self,
        asks: &Asked,
        customers: &[CustomerId],
        budget: f64,
        (watch, time_max): (&Stopwatch, Duration),
    ) -> Result<Most, EngineError> {
        let in_force = self.capabilities.kinds.in_force(OFFER)?;
        let (kind, models, now) = (in_force.kind(), self.models(), self.clock.now());
        let mut worths = Vec::with_capacity(customers.len());
        for customer in customers {
            if watch.elapsed() > time_max {
                return Err(too_long(customers.len()));
            }
            worths.push(self.worths(customer, asks, (kind, &models), now)?);
        }
        let holdout = &self.capabilities.holdout;
        let is_held = |customer: &CustomerId| {
            holdout.draw(&OFFER.into(), customer, now).is_some_and(|drawn| drawn.arm == Arm::Holdout)
        };
        let is_held_out: Vec<bool> = customers.iter().map(is_held).collect();
        let had: Vec<bool> = worths.iter().map(|worths| !worths.is_empty()).collect();
        let refused = |error| EngineError::new(ErrorKind::Invalid, format!("the budget cannot be spent: {error}"));
        let (given, shadow_price) = loop {
            let found = allot(&worths, &is_held_out, budget).map_err(refused)?;
            let given = |(at, choice): (usize, &Option<usize>)| Some((at, worths[at].get((*choice)?)?.clone()));
            let given: Vec<(usize, Worth)> = found.choice.iter().enumerate().filter_map(given).collect();
            let (kept, spent_up) = self.keep_own_budgets(kind, customers, &is_held_out, given, now);
            if spent_up.is_empty() {
                break (kept, found.shadow_price);
            }
            // Of an offer whose own budget is spent nobody else gets any: what that leaves is for other offers, and for others. An offer
            // that is withdrawn once is within its budget from then on, so that this ends.
            let keeps: BTreeSet<(usize, &str)> = kept.iter().map(|(at, one)| (*at, one.name.as_str())).collect();
            for (at, worths) in worths.iter_mut().enumerate() {
                worths.retain(|one| !spent_up.contains(&one.name) || keeps.contains(&(at, one.name.as_str())));
            }
        };
        let mut most = Most { chosen: Vec::new(), beside: Vec::new(), shadow_price, without: Without::default() };
        let mut is_given = vec![false; customers.len()];
        for (at, Worth { name, worth, cost }) in given {
            is_given[at] = true;
            let one = Allotment { customer: customers[at].clone(), offer: name, worth, cost, decision: None };
            if is_held_out[at] { most.beside.push(one) } else { most.chosen.push(one) }
        }
        for (at, had) in had.into_iter().enumerate() {
            let without = &mut most.without;
            match (had, is_held_out[at]) {
                (false, _) => without.nothing += 1,
                (true, true) => without.held_out += 1,
                (true, false) if is_given[at] => {}
                (true, false) if worths[at].is_empty() => without.own_budget += 1,
                (true, false) => without.budget += 1,
            }
        }
        Ok(most)
    }

    /// The question about each customer, but for whom it is about.
    fn asked_of(&self, asked: &Allocating, kind: &dyn Kind) -> Result<Asked, EngineError> {
        if let Some(name) = asked.offers.iter().find(|name| !kind.knows(name)) {
            let shown: String = name.chars().take(40).collect();
            let declared = kind.actions().into_iter().map(|offer| offer.name.as_str());
            let remedy = match nearest(name, declared) {
                Some(meant) => format!("did you mean \"{meant}\"?"),
                None => "write [[offers]] in the settings, or save one with POST /v1/offers".to_owned(),
            };
            let message = format!("there is no offer \"{}\": {remedy}", primitives::visible(&shown));
            return Err(EngineError::new(ErrorKind::Invalid, message));
        }
        let mut parameters = Parameters::new();
        if !asked.offers.is_empty() {
            parameters.insert("among".to_owned(), asked.offers.clone().into());
        }
        if let Some(channel) = &asked.channel {
            parameters.insert("channel".to_owned(), channel.clone().into());
        }
        kind.check(&parameters)?;
        Ok(Asked { kind: OFFER.into(), names: Vec::new(), parameters, context: asked.context.clone() })
    }

    /// The customers of a filter, in the order of their ids.
    fn customers_of(&self, filter: &str, time_max: Duration) -> Result<Vec<CustomerId>, EngineError> {
        let selection = self.selection(filter, "", "")?;
        let found = self.select(&selection, Page { n_max: N_ALLOCATED_MAX, cursor: None }, time_max)?;
        if found.cursor.is_some() {
            let message =
                format!("{} customers are meant, and {N_ALLOCATED_MAX} are the most: narrow the filter", found.n);
            return Err(EngineError::new(ErrorKind::Invalid, message));
        }
        if !found.is_complete {
            return Err(too_long(found.ids.len()));
        }
        let mut ids = found.ids;
        ids.sort();
        Ok(ids)
    }

    /// What each offer is worth for a customer, as if nobody were held out: of who is, it must be known who would have got one.
    fn worths(
        &self,
        customer: &CustomerId,
        asks: &Asked,
        (kind, models): (&dyn Kind, &Models),
        now: Timestamp,
    ) -> Result<Vec<Worth>, EngineError> {
        let asked = Asked { names: vec![Identifier::founder(customer)], ..asks.clone() };
        let catalogue = self.catalogue();
        self.about(asked, None, (kind, models), (now, Purses::Endless), None, |about| {
            let About { question, subject, shelves, .. } = about;
            Ok(decisions::worths(kind, &catalogue, &question, &subject, models, shelves)?)
        })
    }

    /// Leaves out what is more than is left of the budgets that offers have of their own, what brings least a unit first, and says of
    /// which offers somebody got none for that. Whoever is held out takes nothing of them.
    fn keep_own_budgets(
        &self,
        kind: &dyn Kind,
        customers: &[CustomerId],
        is_held_out: &[bool],
        mut given: Vec<(usize, Worth)>,
        now: Timestamp,
    ) -> (Vec<(usize, Worth)>, BTreeSet<String>) {
        let budgets = kind.budgets();
        let (mut spent, mut spent_up) = (BTreeMap::<String, f64>::new(), BTreeSet::new());
        if budgets.is_empty() {
            return (given, spent_up);
        }
        given.sort_by(|(at, a), (beside, b)| {
            (b.worth * a.cost).total_cmp(&(a.worth * b.cost)).then_with(|| customers[*at].cmp(&customers[*beside]))
        });
        given.retain(|(at, one)| {
            if !budgets.iter().any(|(name, _)| *name == one.name) {
                return true;
            }
            let priced = self.purses(kind, &customers[*at], (now, Purses::Kept));
            let left = match priced.get(&one.name).map(|priced| priced.left) {
                Some(None) => return true,
                Some(Some(left)) => left,
                None => 0.0,
            };
            let of = spent.entry(one.name.clone()).or_default();
            let fits = *of + one.cost <= left;
            if fits && !is_held_out[*at] {
                *of += one.cost;
            } else if !fits {
                spent_up.insert(one.name.clone());
            }
            fits
        });
        given.sort_by_key(|(at, _)| *at);
        (given, spent_up)
    }

    /// Decides for each that they get it, and logs that; what meanwhile may not be given any more is left out, and so is whoever is
    /// held out, of whom it is logged that they are.
    fn give(&self, asks: &Asked, chosen: Vec<Allotment>, campaign: &Campaign) -> Result<Vec<Allotment>, EngineError> {
        let mut given = Vec::with_capacity(chosen.len());
        for (nth, some) in chosen.chunks(N_LOGGED_AT_ONCE).enumerate() {
            let decide = |(at, one): (usize, &Allotment)| {
                let id = campaign.name(nth * N_LOGGED_AT_ONCE + at, chosen.len());
                let mut parameters = asks.parameters.clone();
                parameters.insert("among".to_owned(), vec![one.offer.clone()].into());
                let names = vec![Identifier::founder(&one.customer)];
                self.decided_as(Some(id), Asked { names, parameters, ..asks.clone() }, None)
            };
            let decided = some.iter().enumerate().map(decide).collect::<Result<Vec<_>, _>>()?;
            let (records, taken): (Vec<Record>, Vec<Taken<'_>>) = decided.into_iter().unzip();
            let exposed = records.iter().flat_map(Record::exposed).collect();
            self.ports.decisions.append_all(records.iter().map(Record::to_logged).collect(), exposed)?;
            taken.into_iter().for_each(Taken::keep);
            for (one, record) in some.iter().zip(records) {
                let Content::Actions(actions) = &record.decision.answer.content else { continue };
                if actions.chosen.iter().any(|action| action.id == one.offer) {
                    given.push(Allotment { decision: Some(record.decision.id.to_string()), ..one.clone() });
                }
            }
        }
        Ok(given)
    }
}

fn too_long(n: usize) -> EngineError {
    let message = format!("it takes too long for {n} customers or more: narrow the filter");
    EngineError::new(ErrorKind::Invalid, message)
}
