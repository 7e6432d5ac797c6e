//! What stands around every page? Navigation, notices, the result of the last action, version and health.

use super::tour::TourStrip;
use crate::{Icon, format};
use primitives::Timestamp;

/// What all pages share.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// The present, against which "3 min ago" is told.
    pub now: Timestamp,
    /// The colours the person chose, from [`Theme::COOKIE`].
    pub theme: Theme,
    /// What everybody must know about the data, on top of every page.
    pub notice: Option<Notice>,
    /// The program's version.
    pub version: String,
    /// How the server is.
    pub health: Health,
    /// The result of the action that led here.
    pub flash: Option<Flash>,
    /// This page's path and query: where the colour switch returns to.
    pub here: String,
    /// Who is signed in and can sign out: the name of their key.
    pub signed_in_as: Option<String>,
    /// Whether they may change something: decide, train, put a model in force.
    pub may_operate: bool,
    /// Whether they may see and change keys, and see the audit list.
    pub may_administer: bool,
    /// How far events and decisions were when the page was filled: `GET /ticks?since=` tells when that is over.
    pub mark: String,
    /// The stop of the guided tour that the page is, for who is on it.
    pub tour: Option<TourStrip>,
}

/// The pages of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// `/`
    Overview,
    /// `/events`
    Events,
    /// `/customers`
    Customers,
    /// `/conversations`
    Conversations,
    /// `/lists`
    Lists,
    /// `/decisions`
    Decisions,
    /// `/try`
    Try,
    /// `/actions`
    Actions,
    /// `/flags`
    Flags,
    /// `/experiments`
    Experiments,
    /// `/holdout`
    Holdout,
    /// `/models`
    Models,
    /// `/capabilities`
    Capabilities,
    /// `/features`
    Features,
    /// `/catalogue`
    Catalogue,
    /// `/imports`
    Imports,
    /// `/data`
    Data,
    /// `/api`
    Api,
    /// `/settings`
    Settings,
    /// `/keys`
    Keys,
    /// `/audit`
    Audit,
    /// `/system`
    System,
}

/// Light, dark, or as the person's system says. Kept in a cookie that `POST /theme` (fields `theme`, `back`) sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the system says.
    #[default]
    Auto,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

/// What everybody must know about the data that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A company that does not exist.
    Simulated {
        /// What everything fell out of.
        seed: u64,
        /// How many people are its customers at one time or another.
        customers: u64,
        /// How many days of its past are told.
        days: u64,
        /// The day before which that past ends.
        end: String,
        /// Whether it lives on while one looks, an hour of its time in one of ours.
        is_alive: bool,
        /// Whether anything was told of those days; not of a company that began to live beside the server.
        has_history: bool,
    },
    /// Real purchases of another time.
    Shifted {
        /// Whose purchases they are: `Ta-Feng grocery, Taiwan`.
        source: String,
        /// When they were made: `2000–2001`.
        years: String,
        /// By how many whole days they were shifted, so that they end as it is now.
        days: u64,
    },
}

/// How the server is, in a word and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// Everything answers.
    Good,
    /// It works, but somebody should look at it.
    Degraded(
        /// What is wrong and what to do.
        String,
    ),
}

/// The result of an action, shown once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flash {
    /// It was done.
    Done(
        /// What was done.
        String,
    ),
    /// It was not done.
    Failed(
        /// What was attempted, why it failed and what to do.
        String,
    ),
}

/// Where to return to after an action: a path of our own, never another host.
#[must_use]
pub fn safe_back(back: &str) -> &str {
    let own =
        back.starts_with('/') && !back.starts_with("//") && !back.contains('\\') && !back.contains(char::is_control);
    if own { back } else { "/" }
}

impl Theme {
    /// The name of the cookie that keeps the choice.
    pub const COOKIE: &'static str = "rapport_theme";

    /// The choice by its name in the form and the cookie; anything else is [`Theme::Auto`].
    #[must_use]
    pub fn parse(name: &str) -> Self {
        match name {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::Auto,
        }
    }

    /// The name in the form, the cookie and the style sheet.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub(super) const ALL: [(Self, &'static str); 3] =
        [(Self::Auto, "Auto"), (Self::Light, "Light"), (Self::Dark, "Dark")];
}

impl Section {
    /// The pages in groups, each with the word above it.
    const GROUPS: [(&'static str, &'static [Self]); 6] = [
        ("Now", &[Self::Overview, Self::Events]),
        ("People", &[Self::Customers, Self::Conversations, Self::Lists]),
        ("Decide", &[Self::Try, Self::Actions, Self::Flags, Self::Decisions]),
        ("Learn", &[Self::Experiments, Self::Holdout, Self::Models, Self::Capabilities, Self::Features]),
        ("Data", &[Self::Catalogue, Self::Imports, Self::Data]),
        ("Run", &[Self::Api, Self::Settings, Self::Keys, Self::Audit, Self::System]),
    ];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Events => "Live events",
            Self::Data => "Data",
            Self::Catalogue => "Catalogue",
            Self::Imports => "Imports",
            Self::Settings => "Settings",
            Self::System => "System",
            Self::Customers => "Customers",
            Self::Conversations => "Conversations",
            Self::Lists => "Lists",
            Self::Try => "Try it",
            Self::Actions => "Actions",
            Self::Flags => "Flags",
            Self::Experiments => "Experiments",
            Self::Holdout => "Lift",
            Self::Models => "Models",
            Self::Capabilities => "Capabilities",
            Self::Features => "Features",
            Self::Decisions => "Decisions",
            Self::Api => "API",
            Self::Keys => "Keys",
            Self::Audit => "Audit",
        }
    }

    pub(super) fn href(self) -> &'static str {
        match self {
            Self::Overview => "/",
            Self::Events => "/events",
            Self::Data => "/data",
            Self::Catalogue => "/catalogue",
            Self::Imports => "/imports",
            Self::Settings => "/settings",
            Self::System => "/system",
            Self::Customers => "/customers",
            Self::Conversations => "/conversations",
            Self::Lists => "/lists",
            Self::Try => "/try",
            Self::Actions => "/actions",
            Self::Flags => "/flags",
            Self::Experiments => "/experiments",
            Self::Holdout => "/holdout",
            Self::Models => "/models",
            Self::Capabilities => "/capabilities",
            Self::Features => "/features",
            Self::Decisions => "/decisions",
            Self::Api => "/api",
            Self::Keys => "/keys",
            Self::Audit => "/audit",
        }
    }

    /// Other words that somebody may look for it by.
    pub(super) fn also(self) -> &'static str {
        match self {
            Self::Overview => "home start revenue orders",
            Self::Events => "stream inspector rejected",
            Self::Customers => "people profiles users",
            Self::Conversations => "inbox messages tickets support chat mood",
            Self::Lists => "segments audience filter",
            Self::Decisions => "recommendations answers replay",
            Self::Try => "recommendations search placements preview",
            Self::Actions => "offers next best act funnel levers policies bandit",
            Self::Flags => "switches features toggles openfeature growthbook",
            Self::Experiments => "a/b test variations metrics",
            Self::Holdout => "money worth margin revenue report holdout",
            Self::Models => "training champion machine learning",
            Self::Capabilities => "kinds questions",
            Self::Features => "properties inputs",
            Self::Catalogue => "items products",
            Self::Imports => "files history upload",
            Self::Data => "schemas quality",
            Self::Api => "curl documentation code sdk",
            Self::Settings => "configuration",
            Self::Keys => "access tokens",
            Self::Audit => "log security",
            Self::System => "health disk metrics status",
        }
    }

    pub(super) fn icon(self) -> Icon {
        match self {
            Self::Overview => Icon::Overview,
            Self::Events => Icon::Pulse,
            Self::Data => Icon::Sheet,
            Self::Catalogue => Icon::Tag,
            Self::Imports => Icon::Inbox,
            Self::Settings => Icon::Sliders,
            Self::System => Icon::Machine,
            Self::Customers => Icon::People,
            Self::Conversations => Icon::Mail,
            Self::Lists => Icon::List,
            Self::Try => Icon::Bag,
            Self::Actions => Icon::Arrow,
            Self::Flags => Icon::Tick,
            Self::Experiments => Icon::Fork,
            Self::Holdout => Icon::Card,
            Self::Models => Icon::Layers,
            Self::Capabilities => Icon::Talk,
            Self::Features => Icon::Gauge,
            Self::Decisions => Icon::Fork,
            Self::Api => Icon::Code,
            Self::Keys => Icon::Key,
            Self::Audit => Icon::Shield,
        }
    }
}

impl Frame {
    /// The pages that this visitor may see, in groups with the word above each.
    pub(super) fn groups(&self) -> impl Iterator<Item = (&'static str, Vec<Section>)> {
        let may_administer = self.may_administer;
        let is_seen = move |section: &Section| {
            may_administer || !matches!(section, Section::Settings | Section::Keys | Section::Audit)
        };
        Section::GROUPS.into_iter().map(move |(word, pages)| (word, pages.iter().copied().filter(is_seen).collect()))
    }
}

impl Notice {
    /// What it is, in a few words.
    pub(super) fn title(&self) -> &'static str {
        match self {
            Self::Simulated { .. } => "Simulated company.",
            Self::Shifted { .. } => "Real purchases, moved in time.",
        }
    }

    /// The whole of it, for where there is no page around it.
    #[must_use]
    pub fn sentence(&self) -> String {
        format!("{} {}", self.title(), self.text())
    }

    /// What of it, in sentences.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Simulated { seed, customers, has_history: false, .. } => format!(
                "Nothing here happened: {} fell out of the seed {seed}. They began to live beside this server, and nothing was \
                 told of the days before.",
                format::counted(*customers, "customer", "customers"),
            ),
            Self::Simulated { seed, customers, days, end, is_alive, has_history: true } => {
                let lives = match is_alive {
                    true => " Since then it lives on in real time, no faster than a company of its size does.",
                    false => "",
                };
                format!(
                    "Nothing here happened: {} and {} up to {end} fell out of the seed {seed}.{lives} The command rapport truth tells \
                     what is true.",
                    format::counted(*customers, "customer", "customers"),
                    format::counted(*days, "day", "days"),
                )
            }
            Self::Shifted { source, years, days } => {
                let days_moved = format::counted(*days, "whole day", "whole days");
                let weekdays =
                    if days % 7 == 0 { "weekdays stay what they were" } else { "weekdays are not what they were" };
                format!("{source}, {years}, moved by {days_moved} to end on the day of the import; {weekdays}.")
            }
        }
    }
}

impl Flash {
    pub(super) fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Self::Done(text) | Self::Failed(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_never_leads_to_another_host() {
        for own in ["/", "/events?live=1", "/customers/a%2Fb"] {
            assert_eq!(safe_back(own), own);
        }
        for foreign in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "javascript:alert(1)",
            "/a\r\nSet-Cookie: x",
        ] {
            assert_eq!(safe_back(foreign), "/", "{foreign}");
        }
    }

    #[test]
    fn a_theme_is_read_as_it_is_written() {
        for (theme, _) in Theme::ALL {
            assert_eq!(Theme::parse(theme.name()), theme);
        }
        assert_eq!(Theme::parse("<script>"), Theme::Auto);
    }
}
