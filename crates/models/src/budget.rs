//! Who gets which offer, so that a budget earns most? And what is one more unit of the budget worth?

use crate::ModelError;
use crate::labels::{check_length, is_number};

const OPERATION: &str = "spend the budget";
/// What sums of costs may be off by, as a part of the budget: they are added in another order than whoever checks them.
const ROUNDING: f64 = 1e-12;

#[cfg(test)]
mod tests;

/// Who gets what.
#[derive(Debug, Clone, PartialEq)]
pub struct Allocation {
    /// By customer, the offer; `None` for nothing.
    pub choice: Vec<Option<u32>>,
    /// What it costs.
    pub spent: f64,
    /// What it is worth, net of what it costs.
    pub worth: f64,
    /// What one more unit of the budget would be worth: 0 where some of it is left over because nothing else is worth its cost.
    pub shadow_price: f64,
    /// No allocation within the budget is worth more than this.
    pub bound: f64,
}

/// A step of one customer from one offer to a dearer one.
struct Step {
    customer: usize,
    offer: u32,
    cost: f64,
    worth: f64,
}

impl Step {
    /// What a unit of cost brings; a step that costs nothing comes before all others.
    fn efficiency(&self) -> f64 {
        if self.cost > 0.0 { self.worth / self.cost } else { f64::INFINITY }
    }
}

/// Spends a budget on offers, of which each customer gets at most one.
///
/// ```text
/// maximise  sum of worth[i][choice[i]]     sum of cost[i][choice[i]] <= budget
/// for a shadow price p each customer takes argmax over j of (worth[i][j] - p cost[i][j]), or nothing where none is above 0
/// p: the largest at which the budget is spent;   bound = min over p of p budget + sum over i of what is taken at p
/// ```
/// As the price falls, a customer goes from offer to dearer offer along the upper hull of what the offers cost and bring. All
/// steps of all customers are made in the order of what a unit of cost brings, until one does not fit; then whatever still fits of
/// those that come after. The price is what a unit brings in the first step that does not fit, so that it needs no search.
/// *Shapes*: `worth` and `cost` have `n_offers` numbers for each customer, row by row. *Units*: one of money; worth is net of cost already.
/// *Guarantees*: never more is spent than the budget; the best allocation is worth at most one step of one customer more. The same
/// for customers in any order but for equal ones, of whom the first is preferred. *Edge cases*: an offer that is worth nothing or
/// less is never given. *Cost*: one sort of all offers. *Source*: Sinha and Zoltners 1979, doi:10.1287/opre.27.3.503.
///
/// # Errors
/// [`ModelError::Shape`] where lengths do not fit; [`ModelError::Value`] for a worth beyond 1e12 either way, a cost that is not from
/// 0 to 1e12 or a budget that is negative or not finite.
///
/// ```
/// // Two customers, a small and a large offer each; 10 to spend. The first small one brings 3 a unit, the second 2, and the step
/// // of the second from small to large 1.
/// let (worth, cost) = ([6.0, 6.5, 4.0, 8.0], [2.0, 5.0, 2.0, 6.0]);
/// let spent = models::budget::allocate(&worth, &cost, 2, 10.0)?;
/// assert_eq!((spent.choice, spent.spent, spent.worth), (vec![Some(0), Some(1)], 8.0, 14.0));
/// assert!((spent.shadow_price - 0.5 / 3.0).abs() < 1e-12);
/// # Ok::<(), models::ModelError>(())
/// ```
pub fn allocate(worth: &[f64], cost: &[f64], n_offers: usize, budget: f64) -> Result<Allocation, ModelError> {
    allocate_beside(worth, cost, n_offers, budget, &[])
}

/// The same where some customers only stand beside it, as those do who are held out: whatever they would get takes nothing of the budget.
///
/// What one of them is allotted is what they would have had as the only one of them who took part. So it is the same rule for both, and
/// those of either side who are allotted something can be compared. What the others get, what is spent and the price are as if nobody stood
/// beside.
/// *Shapes*: `is_beside` says it by customer; nobody beyond its end stands beside.
///
/// # Errors
/// As [`allocate`].
pub fn allocate_beside(
    worth: &[f64],
    cost: &[f64],
    n_offers: usize,
    budget: f64,
    is_beside: &[bool],
) -> Result<Allocation, ModelError> {
    check(worth, cost, n_offers, budget)?;
    let n_customers = worth.len() / n_offers;
    let stands_beside = |customer: usize| is_beside.get(customer).copied().unwrap_or_default();
    let mut own_cost = vec![0.0; n_customers];
    let offers = |customer: usize| customer * n_offers..(customer + 1) * n_offers;
    let mut steps: Vec<Step> = Vec::new();
    for customer in 0..n_customers {
        hull(customer, &worth[offers(customer)], &cost[offers(customer)], &mut steps);
    }
    // Steps of one customer already fall in what a unit brings, and a stable sort keeps equal ones in their order.
    steps.sort_by(|a, b| b.efficiency().total_cmp(&a.efficiency()));
    let within = budget * (1.0 + ROUNDING);
    let mut found =
        Allocation { choice: vec![None; n_customers], spent: 0.0, worth: 0.0, shadow_price: 0.0, bound: 0.0 };
    let mut is_stopped = vec![false; n_customers];
    let mut is_full = false;
    for step in steps {
        let stands_beside = stands_beside(step.customer);
        let fits = found.spent + own_cost[step.customer] + step.cost <= within;
        if !is_full && !fits && !stands_beside {
            is_full = true;
            found.shadow_price = step.efficiency();
            found.bound = found.worth + step.efficiency() * (budget - found.spent).max(0.0);
        }
        if is_stopped[step.customer] {
            continue;
        }
        if !fits {
            is_stopped[step.customer] = true;
            continue;
        }
        found.choice[step.customer] = Some(step.offer);
        if stands_beside {
            own_cost[step.customer] += step.cost;
        } else {
            found.spent += step.cost;
            found.worth += step.worth;
        }
    }
    if !is_full {
        found.bound = found.worth;
    }
    found.spent = found.spent.min(budget);
    found.bound = found.bound.max(found.worth);
    Ok(found)
}

/// The price of a budget that is spent over time: higher where more than the even share has been spent.
///
/// ```text
/// price = max(0, price + rate scale (spent / elapsed - budget / duration) / (budget / duration))
/// ```
/// *Units*: `elapsed` and `duration` in one, `scale` in that of the price: the price that the last allocation had, or what a unit
/// usually brings. *Edge cases*: the same price where nothing has elapsed, and where there is no budget the price rises by
/// `rate scale`. *Source*: the dual step of Balseiro, Lu and Mirrokni 2023, algorithm 1, doi:10.1287/opre.2021.2242.
///
/// ```
/// use models::budget::paced;
/// // Half of the time is over and three quarters of the money.
/// assert!((paced(2.0, 75.0, 15.0, 100.0, 30.0, 0.1, 2.0) - 2.1).abs() < 1e-12);
/// ```
#[must_use]
pub fn paced(price: f64, spent: f64, elapsed: f64, budget: f64, duration: f64, rate: f64, scale: f64) -> f64 {
    let even = budget / duration;
    let excess = if even > 0.0 { (spent / elapsed - even) / even } else { 1.0 };
    let price = if price.is_finite() { price } else { 0.0 };
    if elapsed > 0.0 && excess.is_finite() { (price + rate * scale * excess).max(0.0) } else { price.max(0.0) }
}

/// The steps of one customer along the upper hull, from nothing on.
fn hull(customer: usize, worth: &[f64], cost: &[f64], steps: &mut Vec<Step>) {
    let mut offers: Vec<(f64, f64, u32)> =
        (0..).zip(cost).zip(worth).map(|((at, cost), worth)| (*cost, *worth, at)).collect();
    // Of offers of equal cost the best comes first, and of equal ones the first.
    offers.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(&b.2)));
    let first = steps.len();
    for (cost, worth, offer) in offers {
        let (mut own_cost, mut own_worth) = (0.0, 0.0);
        for step in &steps[first..] {
            own_cost += step.cost;
            own_worth += step.worth;
        }
        // Dearer and worth no more.
        if worth <= own_worth {
            continue;
        }
        let mut step = Step { customer, offer, cost: cost - own_cost, worth: worth - own_worth };
        while let Some(last) = steps[first..].last() {
            // A step that brings no less a unit than the one before makes one step of both.
            if step.efficiency() < last.efficiency() {
                break;
            }
            step = Step { cost: step.cost + last.cost, worth: step.worth + last.worth, ..step };
            steps.pop();
        }
        steps.push(step);
    }
}

fn check(worth: &[f64], cost: &[f64], n_offers: usize, budget: f64) -> Result<(), ModelError> {
    check_length(OPERATION, "the costs", worth.len(), cost.len())?;
    if n_offers == 0 || !worth.len().is_multiple_of(n_offers) {
        let expected = worth.len().next_multiple_of(n_offers.max(1));
        return Err(ModelError::Shape {
            operation: OPERATION,
            what: "what the offers are worth",
            expected,
            found: worth.len(),
        });
    }
    let refuse = |what, at: usize, value, allowed| {
        Err(ModelError::Value { operation: OPERATION, what, row: at, value, allowed })
    };
    if let Some(at) = worth.iter().position(|worth| !is_number(*worth)) {
        return refuse("the worth of an offer to customer", at / n_offers, worth[at], "from -1e12 to 1e12");
    }
    if let Some(at) = cost.iter().position(|cost| !(is_number(*cost) && *cost >= 0.0)) {
        return refuse("the cost of an offer to customer", at / n_offers, cost[at], "from 0 to 1e12");
    }
    if !(budget.is_finite() && budget >= 0.0) {
        return refuse("the budget, entry", 0, budget, "finite and not negative");
    }
    Ok(())
}
