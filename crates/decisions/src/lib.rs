//! What should we do?
//!
//! A decision is a pure function of what was asked, what is known of the customer, what the world answered, the models and
//! what was declared. All five are kept, so [`replay`] gives the same answer, to the byte.
//!
//! What can be decided is a list ([`kinds`](kinds())): one file a [`Kind`], which says what it reads and how it answers.
//! [`decide`] is the one path of all of them.
//!
//! What stays true:
//! - a customer's data enters only as [`governance::Permitted`]: forgetting consent does not compile;
//! - only what a kind declares to read is computed and recorded;
//! - there is always a useful answer: without consent, history or a model it is the popular list, or the average score,
//!   and [`Answer::fallback`] says why;
//! - nothing here knows how decisions are evaluated: feedback comes back as events.

mod acted;
mod action;
mod allot;
mod arbitration;
mod bounds;
mod condition;
mod contact;
mod contacted;
mod content;
mod decide;
mod declaration;
mod digest;
pub mod documents;
mod draw;
mod error;
mod experiment;
pub mod filter;
mod flag;
mod flag_type;
mod holdout;
mod interleave;
mod item_filter;
mod item_traits;
mod keyed;
mod kind;
mod kinds;
mod knowledge;
mod labels;
mod lens;
mod levers;
mod lifts;
mod lists;
mod log;
mod models;
mod name;
mod occasion;
mod of_whom;
mod offer;
mod options;
mod packed;
mod parameter;
mod playbook;
mod playbook_store;
mod question;
mod quoted;
mod ranking;
mod recalled;
mod record;
mod repertoire;
mod rules;
pub mod search;
mod segment;
mod showed;
mod slot;
mod stage;
mod subject;
mod switch;
mod terms;
#[cfg(test)]
mod tests;
mod why;
mod world;

pub use ::models::budget::paced;
pub use ::models::recommend::Part;
pub use acted::{Acted, DrawnAction, inputs_of_policies};
pub use action::{Action, CHANNELS};
pub use allot::{Allotted, allot};
pub use arbitration::{Arbitration, Explore};
pub use contact::{Cap, ContactPolicy, Per};
pub use contacted::{Contacted, LookedBack, Reached};
pub use content::{
    Actions, Amount, Answer, ChosenAction, Content, Decision, Factors, FlagAnswer, FlagAnswers, FlagReason, Likely,
    ModelRef, RankedItem, Reason,
};
pub use decide::{
    contenders, decide, decide_by, decide_drafted, parts, replay, replay_further, seed_of, withheld, worths,
};
pub use declaration::Declaration;
pub use draw::{Draw, Of, Over};
pub use error::DecisionError;
pub use experiment::{Experiment, State, Variation};
pub use filter::{Filter, FilterError};
pub use flag::{Flag, FlagRule, Need};
pub use flag_type::FlagType;
pub use holdout::{Arm, Drawn, Exposure, Holdout, share_of};
pub use interleave::{Drafted, Interleave, Side, draft};
pub use item_filter::ItemFilter;
pub use kind::{Ask, ContentShape, Gist, InForce, Kind, KindAbout, Kinds, More, Reads, Said, Worth};
pub use kinds::{
    Act, Answer as Answers, Flags, Propensity, Quantity, Rank, Recommend, Search, Segments, Suggest, Value, Which,
    built_in_lists, kinds, looked_at_in_words, names_of_conditions,
};
pub use knowledge::{Bought, Knowledge, ModelInputs};
pub use labels::{Intent, Labels, Named, Sentiment, Wish};
pub use lens::{Lens, Refusal, Regard, category_of};
pub use levers::{Contender, Factor, Lever, Levers};
pub use lifts::Lifts;
pub use lists::{Delivery, List, ListChange, ListState, ListStore, ListStoreError, Webhook};
pub use log::{DecisionCount, DecisionLog, DecisionLogError, DecisionQuery, Exposed, LoggedDecision};
pub use models::Models;
pub use name::KindName;
pub use occasion::Occasion;
pub use offer::Offer;
pub use parameter::{Parameter, Parameters, Takes};
pub use playbook::{NotDeclared, Playbook};
pub use playbook_store::{PlaybookChange, PlaybookStore, PlaybookStoreError, Run, SavedTable};
pub use question::{Question, nobody};
pub use quoted::{Answering, HandOff, HandOffReason, Meant, Quote, Reply, Retrieved};
pub use ranking::Ranking;
pub use record::Record;
pub use repertoire::Repertoire;
pub use rules::{Repeats, Rules};
pub use segment::{Condition, Segment};
pub use showed::no_searches;
pub use slot::Slot;
pub use stage::Stage;
pub use subject::Subject;
pub use switch::{Switch, Switchback};
pub use terms::{Budget, Terms};
pub use why::Why;
pub use world::{ItemFacts, LeftOut, Priced, Sales, Shelf, Testimony, Witness, World};

/// The most items one decision answers with.
pub const N_ITEMS_MAX: i64 = 100;
