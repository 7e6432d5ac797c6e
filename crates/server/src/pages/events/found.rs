//! Which events are meant by a search of the live events?

use crate::app::App;
use crate::error::ServerError;
use console::view::StatusFilter;
use engine::Stopwatch;
use events::{CallKind, Event, N_LOOKED_AT, Offset, Recorded, Rejected, Understanding};
use profiles::{Identifier, Profile};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::Duration;

/// How long it is looked for more.
const LOOK_MAX: Duration = Duration::from_millis(600);
/// How many events are opened at once: at first, and at the most.
const N_PORTION: usize = 200;
const N_PORTION_MAX: usize = 2_000;

/// What is looked for.
pub(super) struct Wanted {
    pub(super) status: StatusFilter,
    /// The exact title, or the name of a call; empty for all.
    pub(super) name: String,
    /// The text, in small letters; empty for all.
    text: String,
    /// Who goes by that text, with all their names.
    pub(super) customer: Option<(Profile, BTreeSet<Identifier>)>,
}

/// What was found, and among how many of the newest events where that is not all of them.
pub(super) struct Found {
    pub(super) events: Vec<Recorded>,
    pub(super) looked_at: Option<u64>,
    /// Before which place it is to be looked further, where the time was up.
    pub(super) further: Option<Offset>,
}

impl Wanted {
    pub(super) fn new(app: &App, status: StatusFilter, name: String, query: &str) -> Result<Self, ServerError> {
        let customer = match query {
            "" => None,
            query => app.engine.look(|live| live.customer(query))?.map(|customer| customer.profile),
        };
        let names = |profile: &Profile| {
            profile.links.keys().cloned().chain([Identifier::founder(&profile.id)]).collect::<BTreeSet<_>>()
        };
        let customer = customer.map(|profile| {
            let names = names(&profile);
            (profile, names)
        });
        Ok(Self { status, name, text: query.to_lowercase(), customer })
    }

    /// The title by which the log can look: not that of a call, whose pages have names of their own.
    fn title(&self) -> Option<&str> {
        match self.status {
            StatusFilter::Catalogue => Some(CallKind::Item.name()),
            _ => Some(self.name.as_str()).filter(|name| !name.is_empty() && CallKind::of_stored(name).is_none()),
        }
    }

    fn is_meant(&self, event: &Event) -> bool {
        let kind = event.kind();
        let of_status = match self.status {
            StatusFilter::All => kind != CallKind::Item,
            StatusFilter::Catalogue => kind == CallKind::Item,
            StatusFilter::NotUnderstood => event.understanding() == Understanding::NotUnderstood,
            StatusFilter::Rejected => false,
        };
        let of_name = self.name.is_empty() || event.title() == self.name || kind.name() == self.name;
        of_status && of_name && self.says(event)
    }

    fn says(&self, event: &Event) -> bool {
        match &self.customer {
            _ if self.text.is_empty() => true,
            Some((_, names)) => Identifier::mentioned(event).any(|name| names.contains(&name)),
            None => serde_json::to_string(event).is_ok_and(|json| json.to_lowercase().contains(&self.text)),
        }
    }

    /// Whether a rejected event is meant. Of who sent it, its text is all that is known.
    pub(super) fn is_rejected_meant(&self, rejected: &Rejected) -> bool {
        let payload = || rejected.payload.to_lowercase();
        let names =
            |profile: &Profile| profile.links.keys().map(|name| text_of(name).to_lowercase()).collect::<Vec<_>>();
        match &self.customer {
            _ if self.text.is_empty() => true,
            Some((profile, _)) => {
                let payload = payload();
                payload.contains(&self.text)
                    || names(profile).iter().any(|name| payload.contains(&format!("\"{name}\"")))
            }
            None => payload().contains(&self.text) || rejected.rejection.message.to_lowercase().contains(&self.text),
        }
    }

    /// The newest accepted events before a place that are meant.
    pub(super) fn before(&self, app: &App, before: Offset, n: usize) -> Result<Found, ServerError> {
        let log = &app.engine.ports().events;
        let (watch, title, head) = (Stopwatch::start(), self.title(), log.head());
        let mut found = Found { events: Vec::new(), looked_at: None, further: None };
        let (mut place, mut n_portion) = (before, N_PORTION.max(n));
        // Where the log itself looks by the title, it goes no further than that.
        let border = title.map_or(0, |_| head.0.saturating_sub(N_LOOKED_AT));
        loop {
            let portion = log.before(place, title, n_portion)?;
            let is_last = portion.len() < n_portion;
            place = portion.last().map_or(place, |last| last.offset);
            found.events.extend(portion.into_iter().filter(|recorded| self.is_meant(&recorded.event)));
            if found.events.len() >= n {
                found.events.truncate(n);
                return Ok(found);
            }
            if is_last {
                found.looked_at = (border > 0).then_some(N_LOOKED_AT);
                return Ok(found);
            }
            if watch.elapsed() >= LOOK_MAX {
                found.looked_at = Some(head.0.saturating_sub(place.0.saturating_sub(1)));
                found.further = Some(place);
                return Ok(found);
            }
            n_portion = n_portion.saturating_mul(4).min(N_PORTION_MAX);
        }
    }
}

fn text_of(name: &Identifier) -> Cow<'_, str> {
    match name {
        Identifier::User(id) => id.as_str().into(),
        Identifier::Anonymous(id) => id.as_str().into(),
    }
}
