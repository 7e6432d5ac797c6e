//! Is a budget kept, and how far from the best is what it buys?

use super::*;
use proptest::prelude::*;

/// What customers could get: worth and cost by customer and offer, in whole units so that the best can be found by trying.
type Case = (Vec<(i32, u32)>, usize, u32);

fn cases() -> impl Strategy<Value = Case> {
    (1_usize..4, 1_usize..7).prop_flat_map(|(n_offers, n_customers)| {
        let offer = (-3_i32..20, 0_u32..12);
        (prop::collection::vec(offer, n_offers * n_customers), Just(n_offers), 0_u32..40)
    })
}

fn spend(case: &Case) -> Allocation {
    let worth: Vec<f64> = case.0.iter().map(|offer| f64::from(offer.0)).collect();
    let cost: Vec<f64> = case.0.iter().map(|offer| f64::from(offer.1)).collect();
    allocate(&worth, &cost, case.1, f64::from(case.2)).unwrap()
}

/// The best there is, customer by customer for every budget.
fn best(case: &Case) -> i32 {
    let (offers, n_offers, budget) = case;
    let mut best = vec![0; *budget as usize + 1];
    for customer in offers.chunks(*n_offers) {
        let before = best.clone();
        for (left, best) in best.iter_mut().enumerate() {
            for (worth, cost) in customer {
                if let Some(rest) = left.checked_sub(*cost as usize) {
                    *best = (*best).max(before[rest] + worth);
                }
            }
        }
    }
    best[*budget as usize]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn the_budget_is_kept_and_the_best_is_at_most_one_customer_better(case in cases()) {
        let found = spend(&case);
        let (offers, n_offers, budget) = &case;
        let given = || found.choice.iter().enumerate().filter_map(|(customer, offer)| {
            offer.map(|offer| offers[customer * n_offers + offer as usize])
        });
        let cost: u32 = given().map(|offer| offer.1).sum();
        let worth: i32 = given().map(|offer| offer.0).sum();
        prop_assert!(cost <= *budget && given().all(|offer| offer.0 > 0));
        prop_assert!((found.spent - f64::from(cost)).abs() < 1e-9 && (found.worth - f64::from(worth)).abs() < 1e-9);
        let best = f64::from(best(&case));
        let largest = f64::from(offers.iter().map(|offer| offer.0).max().unwrap_or(0).max(0));
        prop_assert!(best <= found.bound + 1e-9, "the bound {} is below {best}", found.bound);
        prop_assert!(best - found.worth <= largest + 1e-9, "{best} is more than one customer above {}", found.worth);
        prop_assert!(found.bound - found.worth <= largest + 1e-9);
    }

    #[test]
    fn who_stands_beside_takes_nothing_and_is_allotted_what_they_would_have_had(
        case in cases(), beside in prop::collection::vec(any::<bool>(), 6),
    ) {
        let (offers, n_offers, budget) = &case;
        let of = |offers: &[(i32, u32)], is_beside: &[bool]| {
            let worth: Vec<f64> = offers.iter().map(|offer| f64::from(offer.0)).collect();
            let cost: Vec<f64> = offers.iter().map(|offer| f64::from(offer.1)).collect();
            allocate_beside(&worth, &cost, *n_offers, f64::from(*budget), is_beside).unwrap()
        };
        let rows: Vec<&[(i32, u32)]> = offers.chunks(*n_offers).collect();
        let found = of(offers, &beside);
        let without: Vec<usize> = (0..rows.len()).filter(|at| !beside[*at]).collect();
        let pick = |of: &[usize]| of.iter().flat_map(|at| rows[*at].to_vec()).collect::<Vec<_>>();
        if !without.is_empty() {
            let alone = of(&pick(&without), &[]);
            let choice: Vec<Option<u32>> = without.iter().map(|at| found.choice[*at]).collect();
            prop_assert_eq!(&choice, &alone.choice);
            prop_assert_eq!((found.spent, found.shadow_price, found.bound), (alone.spent, alone.shadow_price, alone.bound));
        }
        // Where each has one offer, whoever is beside is allotted just what they would get as one of the others.
        if *n_offers == 1 {
            for held in (0..rows.len()).filter(|at| beside[*at]) {
                let with: Vec<usize> = (0..rows.len()).filter(|at| !beside[*at] || *at == held).collect();
                let place = with.iter().position(|at| *at == held).unwrap();
                prop_assert_eq!(found.choice[held], of(&pick(&with), &[]).choice[place]);
            }
        }
    }

    #[test]
    fn more_money_is_worth_no_more_than_its_price(case in cases(), more in 1_u32..10) {
        let (found, richer) = (spend(&case), spend(&(case.0.clone(), case.1, case.2 + more)));
        prop_assert!(richer.bound >= found.bound - 1e-9 && richer.shadow_price <= found.shadow_price + 1e-9);
        if found.shadow_price.is_finite() {
            prop_assert!(richer.bound <= found.bound + found.shadow_price * f64::from(more) + 1e-9);
        }
    }

    #[test]
    fn at_the_price_no_customer_wants_anything_else_but_one_and_those_who_fill_the_rest(case in cases()) {
        let found = spend(&case);
        // Where all that is worth anything is bought, each has what is best for him.
        if found.shadow_price <= 0.0 {
            for (customer, offers) in case.0.chunks(case.1).enumerate() {
                let own = found.choice[customer].map_or(0, |offer| offers[offer as usize].0);
                prop_assert_eq!(own, offers.iter().map(|offer| offer.0).max().unwrap_or(0).max(0));
            }
        }
    }

    #[test]
    fn the_order_of_customers_changes_no_sum(case in cases()) {
        let mut turned = case.clone();
        turned.0 = case.0.chunks(case.1).rev().flatten().copied().collect();
        let (a, b) = (spend(&case), spend(&turned));
        prop_assert!((a.bound - b.bound).abs() < 1e-9 && (a.shadow_price - b.shadow_price).abs() < 1e-9);
    }
}

#[test]
fn what_is_worth_nothing_is_given_to_nobody() {
    let found = allocate(&[-1.0, 0.0, -5.0, 3.0], &[0.0, 0.0, 1.0, 0.0], 2, 0.0).unwrap();
    assert_eq!(found.choice, [None, Some(1)]);
    assert!((found.worth - 3.0).abs() < 1e-12 && found.spent <= 0.0 && found.shadow_price <= 0.0);
    assert_eq!(allocate(&[], &[], 3, 5.0).unwrap().choice, []);
}

#[test]
fn what_cannot_be_is_refused_with_a_reason() {
    let said = |worth: &[f64], cost: &[f64], n_offers, budget| {
        allocate(worth, cost, n_offers, budget).unwrap_err().to_string()
    };
    assert!(said(&[1.0, 2.0, 3.0], &[1.0; 3], 2, 1.0).contains("4 are needed"));
    assert!(said(&[1.0], &[1.0, 2.0], 1, 1.0).contains("the costs"));
    assert!(said(&[1.0, f64::NAN], &[1.0; 2], 1, 1.0).contains("customer 1 is NaN"));
    assert!(said(&[1.0], &[-1.0], 1, 1.0).contains("customer 0 is -1"));
    assert!(said(&[1.0], &[1.0], 1, -1.0).contains("the budget"));
}

/// Two hundred customers and five offers, as whoever solves whole programs is asked; what they find is within one customer.
#[test]
fn two_hundred_customers_come_within_a_hundredth_of_the_bound() {
    let number = |at: u32, salt: u32| {
        f64::from((at.wrapping_mul(2_654_435_761) ^ salt.wrapping_mul(40_503)) >> 8 & 1_023) / 1_023.0
    };
    let cost: Vec<f64> = (0..1_000).map(|at| 1.0 + f64::from(at % 5) + number(at, 1)).collect();
    let worth: Vec<f64> = (0..1_000).map(|at| cost[at as usize].sqrt() * (0.5 + number(at, 2)) - 0.8).collect();
    let found = allocate(&worth, &cost, 5, 150.0).unwrap();
    assert!(found.spent <= 150.0 && found.spent > 149.0);
    assert!(found.bound - found.worth < 0.01 * found.bound, "{} of {}", found.worth, found.bound);
}

#[test]
fn the_price_rises_where_money_goes_too_fast_and_never_below_nothing() {
    assert!(paced(1.0, 60.0, 10.0, 100.0, 20.0, 0.5, 1.0) > 1.0);
    assert!(paced(1.0, 40.0, 10.0, 100.0, 20.0, 0.5, 1.0) < 1.0);
    assert!(paced(0.1, 0.0, 10.0, 100.0, 20.0, 0.5, 1.0) <= 0.0);
    assert!((paced(1.0, 0.0, 0.0, 100.0, 20.0, 0.5, 1.0) - 1.0).abs() < 1e-12);
    assert!(paced(f64::NAN, 10.0, 1.0, 0.0, 20.0, 0.5, 1.0) > 0.0);
}
