//! Do several members together answer as one?

use super::*;
use crate::recommend::{Because, Blend, HistoryItem, Interaction, ItemToItem, Query, Scored};
use primitives::ItemKey;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Customers in two groups with a taste each. Where things are bought again, everybody buys one of two own staples on each
/// occasion; what else they buy comes once.
fn shop(n_customers: u32, n_occasions: u32, again: bool) -> Interactions {
    let mut random = Seed::new(5).stream("blend-test", 0);
    let mut rows = Vec::new();
    for customer in 0..n_customers {
        let mut fresh: Vec<u32> = (0..24).map(|item| 8 + (customer % 2) * 24 + item).collect();
        for occasion in 0..n_occasions {
            let age_days = f64::from(10 * (n_occasions - occasion) + customer % 7);
            let mut bought = vec![fresh.swap_remove(random.random_range(0..fresh.len()))];
            if again {
                bought.push(customer % 4 * 2 + random.random_range(0..2_u32));
            }
            rows.extend(bought.into_iter().map(|item| Interaction { customer, item, age_days, quantity: 1.0 }));
        }
    }
    Interactions { rows, items: (0..56).map(|item| ItemKey(1_000 + item)).collect(), ..Interactions::default() }
}

fn fit(interactions: &Interactions) -> Recommender {
    let settings =
        RecommenderSettings { blend: Blend { n_trees: 20, ..Blend::default() }, ..RecommenderSettings::default() };
    settings.fit(interactions, Seed::new(1)).unwrap()
}

fn bought(key: u64, age_days: f64) -> HistoryItem {
    HistoryItem { item: ItemKey(key), age_days, quantity: 1.0 }
}

fn keys(ranked: &[Scored]) -> Vec<u64> {
    ranked.iter().map(|scored| scored.item.0).collect()
}

thread_local! {
    static AGAIN: Recommender = fit(&shop(160, 6, true));
    static ONCE: Recommender = fit(&shop(160, 6, false));
}

#[test]
fn threads_and_the_order_of_rows_do_not_show() {
    let data = shop(130, 4, true);
    let mut turned = data.clone();
    turned.rows.reverse();
    let bytes = |n_threads, data: &Interactions| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| fit(data).to_bytes().unwrap())
    };
    let one = bytes(1, &data);
    assert!(one == bytes(3, &data) && one == bytes(2, &turned));
}

#[test]
fn what_is_bought_again_stands_first_and_what_is_not_is_left_out() {
    // Both staples of the first of four, and two things that come once.
    let history =
        [bought(1_000, 20.0), bought(1_000, 10.0), bought(1_001, 20.0), bought(1_010, 10.0), bought(1_011, 20.0)];
    AGAIN.with(|model| {
        assert!(model.repeats() && model.trial().unwrap().repeated > 0.2);
        let list = model.rank(&Query::of(&history), 4, &|_| true);
        assert_eq!(keys(&list)[..2].iter().copied().collect::<BTreeSet<_>>(), [1_000, 1_001].into(), "{list:?}");
        let first = list.iter().find(|scored| scored.item.0 == 1_000).unwrap();
        assert_eq!(first.because, Because::BoughtAgain { times: 2, age_days: 10.0 });
    });
    ONCE.with(|model| {
        assert!(!model.repeats());
        let list = keys(&model.rank(&Query::of(&history), 60, &|_| true));
        assert_eq!(list.len(), 56 - 4, "all but what they had");
        let of_group = list[..10].iter().filter(|key| (1_008..1_032).contains(*key)).count();
        assert!(of_group >= 9, "{list:?}");
    });
}

#[test]
fn the_best_way_is_found_by_asking() {
    AGAIN.with(|model| {
        let trial = model.trial().unwrap();
        assert_eq!(trial.n_questions, 160);
        let names: Vec<&str> = trial.ndcg.keys().map(String::as_str).collect();
        let members = ["als", "bpr", "ease", "item-to-item", "markov", "sessions", "tifu-knn", "up-cf"];
        let orders = ["favourites", "popularity", "sum", "together", "trees"];
        let of_new = ["popularity of new", "sum of new", "together of new", "trees of new"];
        let both: BTreeSet<&str> = members.into_iter().chain(orders).chain(of_new).collect();
        assert_eq!(names, both.into_iter().collect::<Vec<_>>(), "who suits the shop was tried");
        assert!(trial.ndcg["sum"] > trial.ndcg["popularity"] + 0.1, "{trial:?}");
        assert!(trial.ndcg["sum of new"] > trial.ndcg["popularity of new"] + 0.05, "{trial:?}");
        assert_eq!(trial.adds.keys().map(String::as_str).collect::<Vec<_>>(), members);
        assert_eq!(model.has_trees(), trial.ndcg["together"] >= trial.ndcg["sum"]);
    });
    // Where nothing is consumed twice, those that live on repetition are not even tried.
    ONCE.with(|model| {
        let tried = |name| model.trial().unwrap().ndcg.contains_key(name);
        assert!(tried("markov") && tried("als") && !tried("tifu-knn") && !tried("up-cf"));
        assert!(model.trial().unwrap().n_questions > 160, "of the last occasion, and of a share of everything");
    });
    // Too few to grow trees or to choose members, and nobody to ask.
    let few = fit(&shop(40, 3, true));
    assert!(
        !few.has_trees() && few.member_names() == ["item-to-item", "ease"] && few.trial().unwrap().n_questions == 40
    );
    let nobody = fit(&shop(40, 1, true));
    assert_eq!((nobody.trial().unwrap().n_questions, nobody.rank(&Query::default(), 5, &|_| true).len()), (0, 5));
}

#[test]
fn somebody_unknown_gets_what_sells_and_a_new_item_can_be_bought_again() {
    AGAIN.with(|model| {
        let list = model.rank(&Query::default(), 7, &|_| true);
        assert_eq!(keys(&list), keys(&model.popular(7, None, &|_| true)));
        assert!(list.iter().all(|scored| scored.because == Because::Popular), "{list:?}");
        assert!(model.rank(&Query::default(), 0, &|_| true).is_empty());
        let list = model.rank(&Query::of(&[bought(7, 3.0), bought(7, 9.0)]), 3, &|item| item.0 == 7);
        assert_eq!((list[0].item, list[0].because), (ItemKey(7), Because::BoughtAgain { times: 2, age_days: 3.0 }));
        assert_eq!(list.len(), 1);
    });
}

#[test]
fn the_catalogue_is_walked_once_where_little_is_allowed() {
    AGAIN.with(|model| {
        let n_asked = std::cell::Cell::new(0);
        let allowed = |item: ItemKey| {
            n_asked.set(n_asked.get() + 1);
            item.0 == 1_000
        };
        // Nobody proposes anything to who had something unknown.
        assert_eq!(keys(&model.rank(&Query::of(&[bought(7, 3.0)]), 3, &allowed)), [1_000]);
        assert_eq!(n_asked.get(), 1 + model.items().len(), "what they had, and what sells");
    });
}

#[test]
fn parts_say_what_each_member_says() {
    AGAIN.with(|model| {
        let history = [bought(1_000, 20.0), bought(1_000, 10.0)];
        let parts = model.parts(&Query::of(&history), &[ItemKey(1_000), ItemKey(1_001), ItemKey(5)]);
        let names: Vec<&str> = parts[0].iter().map(|part| part.name).collect();
        let members = model.member_names();
        assert_eq!(names, [&["habit", "popularity"], members.as_slice()].concat());
        assert!(members[0] == "item-to-item" && members.len() <= 5, "{members:?}");
        assert!((parts[0][0].value - 2.0).abs() < 1e-12 && parts[1][0].value.abs() < 1e-12);
        assert!(parts[1][2].value > 0.0 && parts[2].is_empty(), "{parts:?}");
        assert!(model.similar(ItemKey(1_000)).all(|(item, similarity)| item != ItemKey(1_000) && similarity > 0.0));
        assert!(model.similar(ItemKey(1_000)).count() > 0 && model.similar(ItemKey(5)).count() == 0);
    });
}

#[test]
fn who_is_not_missed_is_not_asked() {
    // Nothing tells who goes on with what: of members that all say noise, the first one stays. The items' own sales remain.
    let mut random = Seed::new(9).stream("blend-test", 1);
    let rows = (0..2_400_u32).map(|at| Interaction {
        customer: at / 8,
        item: random.random_range(0..40),
        age_days: f64::from(1 + at % 8),
        quantity: 1.0,
    });
    let noise =
        Interactions { rows: rows.collect(), items: (1_000..1_040).map(ItemKey).collect(), ..Interactions::default() };
    let model = fit(&noise);
    let (names, trial) = (model.member_names(), model.trial().unwrap());
    assert!(names[0] == "item-to-item" && names.len() < trial.adds.len(), "{names:?}");
    // Walks around a circle: what goes with what says nothing of the direction, what follows what does.
    let walk = (0..2_400_u32).map(|at| {
        let item = (at / 12 * 7 + at % 12) % 40;
        Interaction { customer: at / 12, item, age_days: f64::from(12 - at % 12), quantity: 1.0 }
    });
    let walks = Interactions { rows: walk.collect(), ..noise };
    let model = fit(&walks);
    let trial = model.trial().unwrap();
    assert!(model.member_names().contains(&"markov") && trial.adds["markov"] > 0.0, "{trial:?}");
}

#[test]
fn what_came_after_training_counts_like_what_was_learned_from() {
    // Of one customer in four the first things only are learned from; the rest is told with the question, as it is live.
    let whole = shop(160, 7, false);
    let is_late = |row: &Interaction| row.customer.is_multiple_of(4) && row.age_days < 50.0;
    let is_answer = |row: &Interaction| row.customer.is_multiple_of(4) && row.age_days < 20.0;
    let without = |leave: &dyn Fn(&Interaction) -> bool| {
        let rows = whole.rows.iter().filter(|row| !leave(row)).copied().collect();
        fit(&Interactions { rows, ..whole.clone() })
    };
    let asked = |model: &Recommender| {
        let found = (0..160).step_by(4).map(|customer| {
            let of = |row: &&Interaction| row.customer == customer;
            let (answers, told): (Vec<&Interaction>, Vec<&Interaction>) =
                whole.rows.iter().filter(of).partition(|row| is_answer(row));
            let told = told.into_iter().map(|row| bought(1_000 + u64::from(row.item), row.age_days));
            let list = keys(&model.rank(&Query::of(&told.collect::<Vec<_>>()), 10, &|_| true));
            answers.iter().filter(|row| list.contains(&(1_000 + u64::from(row.item)))).count()
        });
        found.sum::<usize>()
    };
    let (folded, learned) = (asked(&without(&is_late)), asked(&without(&is_answer)));
    // By chance ten of the 48 that anybody buys once hold one answer in five; of their own group's, half of them.
    assert!(folded * 10 >= learned * 8 && folded >= 16, "{folded} against {learned}");
}

#[test]
fn a_model_of_the_first_programs_still_opens() {
    let data = shop(60, 4, true);
    let old = ItemToItem::default().fit(&data, Seed::new(1)).unwrap();
    let opened = Recommender::from_bytes(&old.to_bytes().unwrap()).unwrap();
    assert!(opened == Recommender::from(old) && opened.trial().is_none() && opened.repeats());
    AGAIN.with(|model| assert!(Recommender::from_bytes(&model.to_bytes().unwrap()).unwrap() == *model));
}

proptest! {
    #[test]
    fn every_allowed_item_comes_once_and_the_first_ones_first(
        history in prop::collection::vec((998_u64..1_060, 0_u32..200), 0..15), n in 1_usize..50, banned in 0_u64..10,
    ) {
        let model = AGAIN.with(Clone::clone);
        let history: Vec<HistoryItem> = history.iter().map(|(key, age)| bought(*key, f64::from(*age))).collect();
        let allowed = |item: ItemKey| item.0 % 10 != banned;
        let all = model.rank(&Query::of(&history), 100, &allowed);
        let different: BTreeSet<ItemKey> = all.iter().map(|scored| scored.item).collect();
        prop_assert_eq!(different.len(), all.len());
        prop_assert!(all.iter().all(|scored| allowed(scored.item) && scored.score.is_finite()));
        prop_assert!(model.items().iter().all(|item| !allowed(*item) || different.contains(item)));
        prop_assert!(all.is_sorted_by(|a, b| a.score >= b.score));
        let some = model.rank(&Query::of(&history), n, &allowed);
        prop_assert_eq!(keys(&some).len(), n.min(all.len()));
    }

    #[test]
    fn changed_bytes_never_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = AGAIN.with(|model| model.to_bytes().unwrap());
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(model) = Recommender::from_bytes(&bytes) {
            let _ = model.rank(&Query::of(&[bought(1_001, 1.0), bought(1_010, 2.0)]), 5, &|_| true);
            let _ = model.similar(ItemKey(1_001)).count();
        }
    }
}

#[test]
fn where_few_items_are_allowed_it_makes_no_difference_to_say_so() {
    let histories = [vec![], vec![bought(1_001, 3.0), bought(1_012, 3.0)], vec![bought(1_040, 1.0), bought(9, 2.0)]];
    for model in [&AGAIN, &ONCE] {
        model.with(|model| {
            for (history, step) in histories.iter().flat_map(|history| [2, 5, 17].map(|step| (history, step))) {
                let few: Vec<ItemKey> =
                    (0..60).step_by(step).map(|item| ItemKey(1_058 - item)).chain([ItemKey(9)]).collect();
                let query = Query::of(history);
                let said = Query { only: Some(&few), ..query };
                for n in [1, 4, 100] {
                    let allowed = |item| few.contains(&item);
                    assert_eq!(model.rank(&said, n, &allowed), model.rank(&query, n, &allowed), "{step} {n}");
                }
            }
        });
    }
}
