//! How does a demonstration learn, so that Ctrl-C still ends it?

use super::say;
use crate::commands::evaluate;
use crate::commands::progress::is_cancelled;
use crate::commands::train::{in_words, read_history, train_all};
use crate::error::ServerError;
use crate::serve::Opened;
use learning::TaskName;
use primitives::{ErrorKind, Seed};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// Trains models, and says of each what came of it as soon as it is known. Answers `false` where the user asked to stop: a
/// training leaves nothing half done.
pub(super) fn learn(opened: &Arc<Opened>, tasks: Vec<TaskName>, seed: Seed) -> Result<bool, ServerError> {
    if tasks.is_empty() {
        return Ok(!is_cancelled());
    }
    let names: Vec<&str> = tasks.iter().map(TaskName::as_str).collect();
    say(&format!("Learning from it: {}", names.join(", ")));
    let (send, receive) = channel();
    let trainer = opened.clone();
    let spawned = std::thread::Builder::new().name("training".to_owned()).spawn(move || {
        // Nobody listens any more after a Ctrl-C.
        let told = |trained| send.send(Some(trained)).is_ok();
        match read_history(&trainer) {
            Err(error) => told(Err(error)),
            Ok(material) => {
                let train = |task| train_all(&trainer, &material, std::slice::from_ref(task), seed);
                tasks.iter().all(|task| told(Ok(train(task))))
            }
        };
        drop(trainer);
        // Whoever hears of the end has the data for themselves again.
        let _ = send.send(None);
    });
    spawned.map_err(ServerError::io("cannot start a thread to train on"))?;
    loop {
        match receive.recv_timeout(Duration::from_millis(100)) {
            Ok(Some(trained)) => trained?.iter().for_each(|one| say(&in_words(one))),
            Ok(None) => return Ok(!is_cancelled()),
            Err(RecvTimeoutError::Timeout) if is_cancelled() => return Ok(false),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(ServerError::new(
                    ErrorKind::Internal,
                    "training stopped without an answer: the lines above say why",
                ));
            }
        }
    }
}

pub(super) fn show_evaluations(opened: &Opened) -> Result<(), ServerError> {
    for task in opened.engine.capabilities().tasks.names() {
        if let Some(champion) = opened.engine.registry().champion(task)? {
            say(&format!("\n{}", evaluate::in_words(task, &champion.header.evaluation)));
        }
    }
    Ok(())
}
