//! Who decides what the customers are shown? Nobody in a history, a running server while the company lives beside it.

use crate::message::Message;
use primitives::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// What is to be decided, in the words of [`Question::decision`]. What each asks and obeys:
///
/// | decision | asked | `choices` | `about` | obeyed |
/// |---|---|---|---|---|
/// | `recommend` | on a page | none: anything that is sold | – | the things shown, by place |
/// | `rank` | when a search found several things | the things found, as the shop would list them | `query` | their order |
/// | `price` | when things are about to be looked at | the things | – | `attributes`: a factor by thing, such as `{"LK-0042": 0.95}` |
/// | `offer` | when a cart is full | `none`, `free_shipping`, `percent_10`, `sample` | `value` of the cart | the first item |
/// | `send_time` | in the morning of a letter | the hours `6` to `22` | `campaign_id` | the first item |
/// | `answer` | when a message comes in, but by telephone | `human`, then an answer for each concern | `text`, `ticket_id`, `channel` | the first item |
/// | `contact` | when a machine fails | `no_contact`, `email`, `call` | `code` of the fault | the first item |
/// | `retain` | when a membership is hardly used any more | `no_gift`, `month_free`, `pause` | `plan` | the first item |
///
/// Where several could be the first, the first choice is what the company does where nobody decides.
pub mod decision {
    /// Which things to show.
    pub const RECOMMEND: &str = "recommend";
    /// In which order to list what was found.
    pub const RANK: &str = "rank";
    /// What things are to cost.
    pub const PRICE: &str = "price";
    /// What to offer to somebody with a full cart.
    pub const OFFER: &str = "offer";
    /// At which hour to send a letter.
    pub const SEND_TIME: &str = "send_time";
    /// Whether to answer by oneself, and what.
    pub const ANSWER: &str = "answer";
    /// Whether to write or call before they do.
    pub const CONTACT: &str = "contact";
    /// What to offer to a member who is about to leave.
    pub const RETAIN: &str = "retain";
}

/// What the company asks while somebody is there.
#[derive(Debug, Clone)]
pub struct Question {
    /// What is to be decided: one of [`decision`].
    pub decision: &'static str,
    /// The account they have signed in with, where they have.
    pub user_id: Option<String>,
    /// The device they use.
    pub device: Option<String>,
    /// How many things there is room for.
    pub n: usize,
    /// When.
    pub at: Timestamp,
    /// Among what is to be chosen, things or actions; empty where anything that is sold may be.
    pub choices: Vec<String>,
    /// What else is known, by name.
    pub about: BTreeMap<&'static str, Value>,
    /// What each choice would earn on average, in the company's currency: the truth, for who measures. Nobody who decides may look at it.
    /// Empty where it is not told of a decision.
    pub worth: Vec<f64>,
}

/// What was decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// By which what is shown and clicked on names it.
    pub decision_id: String,
    /// The things or actions chosen, the best first.
    pub items: Vec<String>,
    /// What was said of it besides, such as a price by thing or the words of an answer.
    pub attributes: BTreeMap<String, Value>,
}

/// Hears what the company tells, and decides for it, while it lives.
pub trait Host {
    /// Takes a message, when it is told.
    fn hear(&mut self, message: Message);

    /// Whether there is somebody who decides this at all; what is not is not asked. Recommendations alone, where a host says
    /// nothing else.
    fn decides(&self, decision: &str) -> bool {
        decision == decision::RECOMMEND
    }

    /// What is decided; `None` where nobody decides, or no answer came: the company does what it always does.
    fn decide(&mut self, question: &Question) -> Option<Reply>;

    /// Waits until a moment of the company's day has come, where somebody lives beside it at a pace; `false` where it is enough.
    fn wait_until(&mut self, _: Timestamp) -> bool {
        true
    }
}

/// Keeps what it hears, and decides nothing.
#[derive(Debug, Clone, Default)]
pub struct Listener {
    /// What was told, in the order in which it was.
    pub heard: Vec<Message>,
}

impl Host for Listener {
    fn hear(&mut self, message: Message) {
        self.heard.push(message);
    }

    fn decide(&mut self, _: &Question) -> Option<Reply> {
        None
    }
}
