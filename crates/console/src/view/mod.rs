//! What stands on each page? Plain data, one file a page, and its rendering.
//!
//! The order is the navigation's. A view holds what is to be shown and nothing that could compute it: the routes fill it,
//! `render` writes it. Hostile text may stand in every `String`.

mod band;
mod content;
mod filters;
mod frame;
mod parts;
mod reach;

mod action;
mod actions;
mod api;
mod audit;
mod capabilities;
mod conversations;
mod customer;
mod customers;
mod data;
mod decision;
mod decisions;
mod door;
mod editor;
mod erasure;
mod event;
mod events;
mod experiments;
mod features;
mod flags;
mod holdout;
mod imports;
mod items;
mod keys;
mod lists;
mod models;
mod overview;
mod policies;
mod search;
mod separation;
mod settings;
mod system;
mod tour;
mod try_act;
mod try_out;

pub mod sample;

pub use action::{ActionDay, ActionPage, ConditionTold};
pub use actions::{ActionLine, ActionState, ActionsPage, CameTold, FunnelStep, LatelyTold, LeverLine};
pub use api::{ApiCall, ApiPage, CallGroup, EventGroup, EventLine, EventProperty};
pub use audit::{AuditFilter, AuditPage, AuditRow};
pub use band::Band;
pub use capabilities::{CapabilitiesPage, CapabilityLine, CapabilityPage, Parameter};
pub use content::{
    Action, Actions, Amount, Choice, Completions, Content, Contribution, Flag, Flags, Glance, Item, Items, Labels,
    Quoted, Score,
};
pub use conversations::{Bubble, ConversationPage, ConversationRow, ConversationsPage};
pub use customer::{
    Consent, CustomerPage, Done, DoneAction, Goods, Identifier, OrderLine, PastKind, RefusedJoin, Shown, Timeline,
    TimelineDay, TimelineEntry, Trait,
};
pub use customers::{CustomerRow, CustomersPage};
pub use data::{DataPage, DataProperty, DataRow, DataSource, RefusedRow, SchemaState};
pub use decision::{Candidate, DecisionPage, Outcome, Replayed};
pub use decisions::{DecisionDay, DecisionFilter, DecisionRow, DecisionsPage, KindCount};
pub use door::{ErrorPage, LoginPage};
pub use editor::{EditorCell, EditorField, EditorGroup, EditorInput, EditorPage, EditorRow};
pub use erasure::ErasurePage;
pub use event::{Changed, ChangedFeature, EventPage};
pub use events::{EventRow, EventStatus, EventsPage, Pause, RejectedReason, StatusFilter};
pub use experiments::{ArmLine, ExperimentCard, ExperimentState, ExperimentsPage, FindingLine, Span, Turns};
pub use features::{Defined, DefinedGroup, FeaturesPage};
pub use flags::{FlagCard, FlagGot, FlagRuleTold, FlagsPage};
pub use frame::{Flash, Frame, Health, Notice, Section, Theme, safe_back};
pub use holdout::{Earned, HoldoutPage, KpiLine, LiftLine, ReportPage};
pub use imports::{ImportRow, ImportState, ImportsPage};
pub use items::{CataloguePage, Companion, ItemFact, ItemPage, ItemRow, ItemWeek, SearchedInVain, ShownLine};
pub use keys::{KeyRow, KeyRowState, KeysPage, MadeKey};
pub use lists::{
    ChangeRow, ChoiceGroup, ColumnChoice, ListCell, ListColumn, ListHead, ListLine, ListPage, ListRow, ListsPage,
    Mistake, Told,
};
pub use models::{Champion, Metric, ModelsPage, Need, Task, Version};
pub use overview::{
    AtRisk, AtRiskRow, Attention, Figure, Followed, Measured, ModelLine, ModelState, Overview, Sales, SalesDay, Worth,
};
pub use parts::{Advantage, Answer, ConsentBasis, Feature, FeatureGroup, ModelRef, Sought};
pub use policies::{CurvePoint, OtherEarned, OtherTold, PoliciesPage};
pub use search::{Hit, SearchPage};
pub use separation::{Part, SeparationPage};
pub use settings::{DeclaredList, DeclaredRow, SettingRow, SettingSection, SettingsPage};
pub use system::{Fact, FactGroup, LoggedLine, SystemPage};
pub use tour::{TourCard, TourStop, TourStrip};
pub use try_act::{TriedActions, TryActPage};
pub use try_out::{MemberLine, ProtocolLine, ProtocolNumber, TryAnswer, TryCard, TryFacet, TryForm, TryPage};

/// Gives a page its `render`.
macro_rules! page {
    ($page:ident, $section:expr) => {
        impl $page {
            /// The page as HTML.
            #[must_use]
            pub fn render(&self) -> String {
                super::finish(askama::Template::render(self))
            }

            fn section(&self) -> Option<super::Section> {
                $section
            }
        }
    };
}
use page;

/// Rendering can only fail where a value's own formatting does; even then a person gets a sentence.
///
/// Here every page passes, so here what would steer the reader's screen is written out, wherever it stands.
fn finish(rendered: askama::Result<String>) -> String {
    rendered.map(|page| primitives::visible_lines(&page).into_owned()).unwrap_or_else(|error| {
        format!(
            "<!doctype html><title>Rapport</title><h1>The page could not be drawn</h1><p>{}. Please report this as a fault.</p>",
            super::format::escape(&error.to_string())
        )
    })
}

#[cfg(test)]
mod tests;
