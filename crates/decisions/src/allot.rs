//! Who gets which offer, so that one budget earns most?

use crate::Worth;
use models::ModelError;
use models::budget::allocate_beside;

/// Who gets what.
#[derive(Debug, Clone, PartialEq)]
pub struct Allotted {
    /// By customer, in the order in which they were given, which of their worths it is; `None` for nothing.
    pub choice: Vec<Option<usize>>,
    /// What all of it is expected to cost.
    pub spent: f64,
    /// What all of it is worth, net of that.
    pub worth: f64,
    /// What one more unit of the budget would be worth.
    pub shadow_price: f64,
    /// No allocation within the budget is worth more than this.
    pub bound: f64,
}

/// Gives each customer at most one of the offers that are worth something for them, within a budget. Those of whom `is_held_out` says so
/// take nothing of it, and are allotted what they would have had.
///
/// *Guarantees*: as of [`models::budget::allocate_beside`]: never more is spent than the budget, and the best allocation is worth at most one
/// customer more.
///
/// # Errors
/// [`ModelError::Value`] for a budget that is negative or no number.
pub fn allot(customers: &[Vec<Worth>], is_held_out: &[bool], budget: f64) -> Result<Allotted, ModelError> {
    let n_offers = customers.iter().map(Vec::len).max().unwrap_or(0).max(1);
    // Nobody is given what is worth nothing.
    let column = |number: &dyn Fn(&Worth) -> f64| -> Vec<f64> {
        let padded = customers.iter().flat_map(|offers| {
            let missing = n_offers - offers.len();
            offers.iter().map(number).chain(std::iter::repeat_n(0.0, missing))
        });
        padded.collect()
    };
    let (worth, cost) = (column(&|one| one.worth), column(&|one| one.cost));
    let found = allocate_beside(&worth, &cost, n_offers, budget, is_held_out)?;
    let choice = found.choice.into_iter().map(|choice| choice.and_then(|at| usize::try_from(at).ok()));
    Ok(Allotted {
        choice: choice.collect(),
        spent: found.spent,
        worth: found.worth,
        shadow_price: found.shadow_price,
        bound: found.bound,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn customers() -> impl Strategy<Value = Vec<Vec<Worth>>> {
        let one = (-2.0_f64..9.0, 0.0_f64..4.0).prop_map(|(worth, cost)| Worth { name: "a".to_owned(), worth, cost });
        prop::collection::vec(prop::collection::vec(one, 0..4), 0..30)
    }

    proptest! {
        #[test]
        fn the_budget_is_kept_and_the_bound_is_at_most_one_customer_away(customers in customers(), budget in 0.0_f64..30.0) {
            let found = allot(&customers, &[], budget).unwrap();
            prop_assert_eq!(found.choice.len(), customers.len());
            let given: Vec<&Worth> =
                found.choice.iter().zip(&customers).filter_map(|(at, offers)| offers.get((*at)?)).collect();
            prop_assert_eq!(given.len(), found.choice.iter().flatten().count(), "what is given there is");
            prop_assert!(given.iter().map(|one| one.cost).sum::<f64>() <= budget + 1e-9);
            prop_assert!(given.iter().all(|one| one.worth > 0.0));
            let most = customers.iter().flatten().map(|one| one.worth).fold(0.0, f64::max);
            prop_assert!(found.bound - found.worth <= most + 1e-9);
            prop_assert!((given.iter().map(|one| one.worth).sum::<f64>() - found.worth).abs() < 1e-9);
        }
    }
}
