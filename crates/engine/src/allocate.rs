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
use std::collections::BTreeMap;
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
    /// They are held out, or may not have it any more since it was chosen.
    pub held_out: u64,
}

/// What is worth most, before it is given.
struct Most {
    chosen: Vec<Allotment>,
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
    /// asked about: who may have an offer, whom it suits, and when customers are left alone. Whoever is held out gets none. The budgets
    /// that offers have of their own are kept, too. With `log`, what was given of the same campaign before is not given again.
    ///
    /// # Errors
    /// [`EngineError`] where the filter cannot be read, there is no such offer, the budget is no amount, there are too many customers, or
    /// it takes longer than `time_max`.
    pub fn allocate(&self, asked: &Allocating, time_max: Duration) -> Result<Allocated, EngineError> {
        let watch = Stopwatch::start();
        let in_force = self.capabilities.kinds.in_force(OFFER)?;
        let (kind, now) = (in_force.kind(), self.clock.now());
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
                Some(campaign) => self.give(&asks, most.chosen, campaign)?,
                None => self.without_held_out(most.chosen, now),
            };
            without.held_out = (n_meant - given.len()) as u64;
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
        let mut without =
            Without { nothing: worths.iter().filter(|worths| worths.is_empty()).count() as u64, ..Without::default() };
        let found = allot(&worths, budget)
            .map_err(|error| EngineError::new(ErrorKind::Invalid, format!("the budget cannot be spent: {error}")))?;
        let mut chosen = Vec::new();
        for ((customer, worths), at) in customers.iter().zip(worths).zip(found.choice) {
            let Some(Worth { name, worth, cost }) = at.and_then(|at| worths.into_iter().nth(at)) else { continue };
            chosen.push(Allotment { customer: customer.clone(), offer: name, worth, cost, decision: None });
        }
        let n_allotted = chosen.len() as u64;
        without.budget = (customers.len() as u64 - without.nothing).saturating_sub(n_allotted);
        self.keep_own_budgets(kind, &mut chosen, now);
        without.own_budget = n_allotted - chosen.len() as u64;
        Ok(Most { chosen, shadow_price: found.shadow_price, without })
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

    /// Leaves out what is more than is left of the budget that an offer has of its own, what brings least a unit first.
    fn keep_own_budgets(&self, kind: &dyn Kind, chosen: &mut Vec<Allotment>, now: Timestamp) {
        let budgets = kind.budgets();
        if budgets.is_empty() {
            return;
        }
        chosen.sort_by(|a, b| {
            (b.worth * a.cost).total_cmp(&(a.worth * b.cost)).then_with(|| a.customer.cmp(&b.customer))
        });
        let mut spent: BTreeMap<String, f64> = BTreeMap::new();
        chosen.retain(|one| {
            if !budgets.iter().any(|(name, _)| *name == one.offer) {
                return true;
            }
            let priced = self.purses(kind, &one.customer, (now, Purses::Kept));
            let Some(priced) = priced.get(&one.offer) else { return false };
            let Some(left) = priced.left else { return true };
            let of = spent.entry(one.offer.clone()).or_default();
            let fits = *of + one.cost <= left;
            *of += if fits { one.cost } else { 0.0 };
            fits
        });
        chosen.sort_by(|a, b| a.customer.cmp(&b.customer));
    }

    fn without_held_out(&self, mut chosen: Vec<Allotment>, now: Timestamp) -> Vec<Allotment> {
        let holdout = &self.capabilities.holdout;
        let is_held = |one: &Allotment| {
            holdout.draw(&OFFER.into(), &one.customer, now).is_some_and(|drawn| drawn.arm == Arm::Holdout)
        };
        chosen.retain(|one| !is_held(one));
        chosen
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
