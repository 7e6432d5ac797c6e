//! Which laws hold for every customer, catalogue and question?

use super::shop::{
    N_ITEMS, Shop, decided, every_kind, key, knowledge, known, models, question, refused, replay, silent, trained,
    unknown,
};
use crate::{Content, Subject};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn subjects() -> impl Strategy<Value = Subject> {
    let values = proptest::collection::vec(
        prop_oneof![Just(f64::NAN), -1e6_f64..1e6, Just(0.1 + 0.2), Just(f64::MIN_POSITIVE)],
        trained().header.features.len(),
    );
    // Items beyond the catalogue were bought when there were others.
    let bought = proptest::collection::vec((0..N_ITEMS + 3, 0.0_f64..400.0), 0..8);
    let buyer = (values, bought).prop_map(|(values, bought)| {
        let mut knowledge = knowledge(&bought, true);
        knowledge.inputs.values_mut().for_each(|inputs| inputs.values.clone_from(&values));
        known(knowledge)
    });
    prop_oneof![6 => buyer, 1 => Just(refused()), 1 => Just(silent()), 1 => Just(unknown(true)), 1 => Just(unknown(false))]
}

/// A catalogue in which some items cannot be had, and of some nothing is known.
fn shops() -> impl Strategy<Value = Shop> {
    let some = || proptest::collection::vec(0..N_ITEMS, 0..12);
    (some(), some()).prop_map(|(sold_out, forgotten)| {
        let mut shop = Shop::full();
        for item in sold_out {
            shop.available.remove(&key(item));
        }
        for item in forgotten {
            shop.available.remove(&key(item));
            shop.names.remove(&key(item));
        }
        shop
    })
}

fn kinds() -> impl Strategy<Value = String> {
    let names: Vec<String> = every_kind().iter().map(|kind| kind.about().name.to_string()).collect();
    proptest::sample::select(names)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_record_replays_to_the_same_answer_whatever_the_world_says_now(
        subject in subjects(), shop in shops(), kind in kinds(), n in 1_i64..=100, with_models: bool,
    ) {
        // Nothing has so many places as a list.
        let n = if kind == "act" || kind == "offer" { n.min(20) } else { n };
        let (answer, record) = decided(&question(&kind, n), &subject, &models(with_models), &shop);
        let reopened = super::reopened(&record);
        prop_assert_eq!(&reopened.to_logged(), &record.to_logged());
        prop_assert_eq!(&replay(&reopened, &models(with_models)).unwrap(), &answer);
        prop_assert_eq!(answer.consent, subject.consent());
        prop_assert_eq!(reopened.subject().consent(), subject.consent());
        prop_assert_eq!(reopened.features(|_, _| None).is_empty(), !matches!(subject, Subject::Known(_)));
    }

    #[test]
    fn items_are_few_enough_different_available_and_best_first(
        subject in subjects(), shop in shops(), n in 1_i64..=100, with_models: bool,
    ) {
        let (answer, _) = decided(&question("recommend", n), &subject, &models(with_models), &shop);
        let Content::Items(items) = &answer.content else { panic!("items were asked for") };
        let ids: BTreeSet<&str> = items.iter().map(|item| item.id.as_str()).collect();
        // Only what would come again too early is left out.
        let too_early = answer.left_out.get("bought too lately").map_or(0, |n| usize::try_from(*n).unwrap());
        let wanted = usize::try_from(n).unwrap().min(shop.available.len());
        prop_assert!(items.len() <= wanted && items.len() + too_early >= wanted, "{} of {wanted}", items.len());
        prop_assert_eq!(ids.len(), items.len());
        let available: BTreeSet<&str> = shop.available.iter().map(|item| shop.name(*item)).collect();
        prop_assert!(ids.is_subset(&available));
        prop_assert!(items.is_sorted_by(|a, b| a.score >= b.score));
        prop_assert!(items.iter().all(|item| item.score.is_finite() && !item.reason.is_empty()));
        prop_assert!(!answer.consent.granted || !matches!(subject, Subject::Withheld(_)));
    }
}
