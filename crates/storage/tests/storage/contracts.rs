//! Do the embedded implementations keep the ports' contracts?

use crate::directories::{Bench, Data};
use profiles::{MemoryProfileStore, ProfileStore};
use std::sync::Arc;
use storage::contract::{self, Start};
use storage::{FileModelStore, SealPolicy};

#[test]
fn the_event_log_keeps_its_contract() {
    let mut data = Data::default();
    contract::event_log::run(&mut |start| data.open(start).event_log()).unwrap();
}

#[test]
fn the_profile_store_keeps_its_contract() {
    let mut data = Data::default();
    contract::profile_store::run(&mut |start| data.open(start).profile_store()).unwrap();
}

#[test]
fn the_profile_store_in_memory_keeps_its_contract() {
    let mut store: Arc<dyn ProfileStore> = Arc::new(MemoryProfileStore::default());
    contract::profile_store::run(&mut |start| {
        if start == Start::Empty {
            store = Arc::new(MemoryProfileStore::default());
        }
        Arc::clone(&store)
    })
    .unwrap();
}

#[test]
fn the_history_keeps_its_contract() {
    for n_events_max in [3, 1_000] {
        let mut data = Data::default();
        contract::history::run(&mut |start| {
            let storage = data.open(start);
            let (log, history) = (storage.event_log(), storage.history());
            let policy = SealPolicy { n_events_max, ..SealPolicy::everything() };
            let seal = Box::new(move |upto| {
                storage.seal(upto, &policy).unwrap();
            });
            contract::history::Kept { log, history, seal }
        })
        .unwrap();
    }
}

#[test]
fn the_decision_log_keeps_its_contract() {
    let mut data = Data::default();
    contract::decision_log::run(&mut |start| data.open(start).decision_log()).unwrap();
}

#[test]
fn the_model_store_keeps_its_contract() {
    let mut bench = Bench::default();
    contract::model_store::run(&mut |start| {
        if start == Start::Empty {
            bench = Bench::default();
        }
        Arc::new(FileModelStore::new(bench.path().join("models")))
    })
    .unwrap();
}

#[test]
fn the_store_of_lists_keeps_its_contract() {
    let mut data = Data::default();
    contract::list_store::run(&mut |start| data.open(start).list_store()).unwrap();
}

#[test]
fn the_store_of_what_is_declared_keeps_its_contract() {
    let mut data = Data::default();
    contract::playbook_store::run(&mut |start| data.open(start).playbook_store()).unwrap();
}

#[test]
fn the_store_of_documents_keeps_its_contract() {
    let mut data = Data::default();
    contract::document_store::run(&mut |start| data.open(start).document_store()).unwrap();
}

#[test]
fn the_index_of_words_keeps_its_contract() {
    let mut data = Data::default();
    contract::text_index::run(&mut |start| data.open(start).text_index()).unwrap();
}

#[test]
fn an_index_of_words_that_is_damaged_or_of_another_layout_begins_anew() {
    let mut data = Data::default();
    let path = data.open(Start::Empty).directory().search();
    for damage in ["not a database, and long enough to be looked at as one".repeat(99), String::new()] {
        std::fs::write(&path, damage).unwrap();
        contract::text_index::what_is_put_there_is_found(&mut |start| match start {
            Start::Empty => data.open(Start::Again).text_index(),
            Start::Again => data.open(Start::Again).text_index(),
        })
        .unwrap();
    }
}
