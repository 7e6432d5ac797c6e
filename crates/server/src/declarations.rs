//! How do declared features follow the settings file while the server runs? What cannot be used is told and changes nothing.

use crate::error::ServerError;
use crate::settings;
use engine::Corrector;
use features::Declared;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Follows the settings file. Dropping it ends that.
pub struct Declarations {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Declarations {
    /// Has the past of what is declared counted in the background, and starts to follow the file where there is one.
    ///
    /// # Errors
    /// [`ServerError`] where no thread can be started.
    pub fn start(file: Option<PathBuf>, corrector: &Arc<Corrector>) -> Result<Option<Self>, ServerError> {
        tell_doubts(corrector);
        if corrector.engine().has_uncounted() {
            corrector.follow();
        }
        file.map(|file| Self::follow(file, corrector.clone())).transpose()
    }

    fn follow(file: PathBuf, corrector: Arc<Corrector>) -> Result<Self, ServerError> {
        let (stop, stopped) = channel::<()>();
        let mut seen = std::fs::read(&file).ok();
        let run = move || {
            while stopped.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
                let found = std::fs::read(&file).ok();
                if found != seen {
                    take_over(&file, &corrector);
                    seen = found;
                }
            }
        };
        let thread = std::thread::Builder::new().name("declarations".to_owned()).spawn(run);
        let thread = thread.map_err(ServerError::io("cannot start the thread that follows the settings file"))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

fn take_over(file: &Path, corrector: &Corrector) {
    let engine = corrector.engine();
    let declared = settings::load(Some(file), std::env::vars()).map(|settings| settings.features);
    let declared: Result<Vec<Declared>, ServerError> = declared.map_err(ServerError::from);
    match declared.and_then(|declared| Ok(engine.declare(&declared).map(|()| declared.len())?)) {
        Ok(n_declared) => {
            engine.note_refused(None);
            tracing::info!(n_declared, "the features are those that the settings declare now");
            tell_doubts(corrector);
            if engine.has_uncounted() {
                corrector.follow();
            }
        }
        Err(error) => {
            tracing::error!(error = error.story(), "the changed settings cannot be used, so the former features stay");
            engine.note_refused(Some(error.story()));
        }
    }
}

/// Declarations that may be a slip are told and count all the same: the event may be yet to come.
fn tell_doubts(corrector: &Corrector) {
    for doubts in [corrector.engine().doubtful_features(), corrector.engine().doubtful_outcomes()] {
        match doubts {
            Ok(doubts) => doubts.iter().for_each(|doubt| tracing::warn!("{doubt}")),
            Err(error) => tracing::error!(error = error.story(), "it cannot be told whether declarations are slips"),
        }
    }
}

impl Drop for Declarations {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was reported already; there is nothing left to do about it here.
            let _ = thread.join();
        }
    }
}
