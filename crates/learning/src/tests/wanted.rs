//! What is learned where next to nothing is sold?

use super::world::{data, dataset, events, load, now, numbered, of_recommend, task, train, trained};
use crate::Wanted;
use events::{Call, CommerceStep, Event, Fields, Reading};
use serde_json::json;

/// The generated world as a library: whatever was bought is borrowed, each thing by an event of its own, and told twice.
fn library(name: &str, key: &str) -> Vec<events::Recorded> {
    let told = |event: &Event| -> Vec<Event> {
        let Some(bought) = event.commerce().filter(|commerce| commerce.step == CommerceStep::Ordered) else {
            return vec![event.clone()];
        };
        let one = |n: usize, again: bool| {
            let properties = json!({ key: bought.products[n].id.as_str() }).as_object().unwrap().clone();
            Event {
                message_id: format!("{} {n} {again}", event.message_id).into(),
                call: Call::Track { event: name.to_owned(), properties: Fields::from(properties) },
                reading: Reading::default(),
                ..event.clone()
            }
        };
        (0..bought.products.len()).flat_map(|n| [one(n, false), one(n, true)]).collect()
    };
    numbered(events().iter().flat_map(|recorded| told(&recorded.event)))
}

#[test]
fn where_nothing_is_sold_recommendations_are_learned_from_what_is_borrowed() {
    let library = load(&library("Book Borrowed", "book_id"));
    assert_eq!((library.wanted(), dataset().wanted()), (Wanted::Consumed, Wanted::Bought));
    let needs = task(&of_recommend()).needs(&data(&library, now()));
    assert!(needs.iter().all(|need| need.met), "{needs:?}");
    assert!(needs.iter().any(|need| need.what == "customers with two plays and reads or more"), "{needs:?}");
    let header = train(&of_recommend(), &library, now()).header;
    let of_shop = &trained(&of_recommend()).header;
    assert_eq!((Wanted::of_settings(&header.settings), header.rows.as_str()), (Wanted::Consumed, "plays and reads"));
    assert_eq!((Wanted::of_settings(&of_shop.settings), of_shop.rows.as_str()), (Wanted::Bought, "purchases"));
    // Told twice it is one row; only what was bought twice in one day was two.
    assert!(
        header.n_rows <= of_shop.n_rows && header.n_rows * 10 > of_shop.n_rows * 9,
        "{} {}",
        header.n_rows,
        of_shop.n_rows
    );
    assert_eq!(header.n_customers, of_shop.n_customers);
    let ndcg = |header: &crate::ModelHeader| header.evaluation.metrics["ndcg@10"];
    assert!((ndcg(&header) - ndcg(of_shop)).abs() < 0.05, "{} {}", ndcg(&header), ndcg(of_shop));
}

#[test]
fn where_nothing_is_even_read_they_are_learned_from_what_is_looked_at() {
    let window = load(&library("Product Viewed", "product_id"));
    assert_eq!(window.wanted(), Wanted::Viewed);
    let header = train(&of_recommend(), &window, now()).header;
    assert_eq!((Wanted::of_settings(&header.settings), header.rows.as_str()), (Wanted::Viewed, "views"));
}
