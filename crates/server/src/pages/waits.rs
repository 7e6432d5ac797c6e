//! What waits for purchases that never came in, and how is that said?

use crate::app::App;
use decisions::KindAbout;

/// Why nothing is learned yet that is learned from purchases, where only other events come in.
pub(super) const NO_PURCHASES: &str = "It learns from purchases, and none has come in.";

/// Whether a question is answered by what is learned from purchases, and none has come in.
pub(super) fn waits(app: &App, about: &KindAbout) -> bool {
    about.tasks.iter().any(|task| app.engine.waits_for_purchases(task))
}
