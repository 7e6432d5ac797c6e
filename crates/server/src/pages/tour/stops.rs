//! Where does each stop of the tour lead, with whom, and by which command is the same told?

use super::super::api::key;
use super::super::decisions::data_option;
use crate::app::App;
use crate::args::quoted;
use crate::error::ServerError;
use crate::pages::story::{self, Questions, at_stop};
use crate::simulated;
use console::format::url_part;
use decisions::{DecisionQuery, LoggedDecision, Record};
use engine::{Live, Page};
use features::FeatureState;
use governance::{ConsentBasis, Purpose};
use primitives::{CustomerId, UserId};
use profiles::{Customer, Identifier, ProfileError};
use std::time::Duration;

/// Among how many customers and decisions one worth looking at is looked for.
const N_LOOKED_AT: usize = 50;
/// Among how many answers that are not the full ones one without consent is looked for.
const N_GENERAL: usize = 1_000;

/// Where on a customer's page stands what would be shown to them.
const SHOWN: &str = "#shown-1";

/// How long customers are looked for.
const TIME_MAX: Duration = Duration::from_millis(500);

/// Who is invented by the tour's own commands, so that they change nobody real.
const GUEST: &str = "tour-guest";

/// A stop's page and command.
pub(super) struct Stop {
    pub(super) number: usize,
    pub(super) title: &'static str,
    /// What is to be seen, in a sentence or two.
    pub(super) text: String,
    pub(super) link: &'static str,
    /// The page.
    pub(super) href: String,
    pub(super) command: String,
}

/// Whom the story is told of, and which decisions.
struct Cast {
    /// A customer with a history.
    customer: String,
    /// Their newest recommendation, the newest answer of which somebody's refusal was the reason, and another decision.
    recommended: Option<String>,
    withheld: Option<String>,
    /// Where nothing was asked about any of them yet: somebody who has refused.
    refused: Option<String>,
    another: Option<String>,
    /// Whether the tour's guest was made up already.
    has_guest: bool,
    /// The name of the events with which somebody turned to the company.
    ticket: String,
}

impl Cast {
    /// Nobody, for who does not see the stops.
    fn nobody() -> Self {
        Self {
            customer: GUEST.to_owned(),
            recommended: None,
            withheld: None,
            refused: None,
            another: None,
            has_guest: false,
            ticket: "Ticket Created".to_owned(),
        }
    }

    fn find(app: &App, shown: &str) -> Result<Self, ServerError> {
        let newest = |is_fallback: bool, n_max: usize, is_meant: &dyn Fn(&LoggedDecision) -> bool| {
            let meant = DecisionQuery {
                kind: Some(shown.to_owned()),
                is_fallback: Some(is_fallback),
                ..DecisionQuery::default()
            };
            let (mut found, mut n_looked) = (Vec::new(), 0);
            app.engine.ports().decisions.newest(&meant, &mut |one| {
                n_looked += 1;
                if is_meant(&one) {
                    found.push(one);
                }
                n_looked < n_max && (!is_fallback || found.is_empty())
            })?;
            Ok::<_, ServerError>(found)
        };
        // Whom the tour's own commands made up has no story, and is erased at its end.
        let recommended =
            newest(false, N_LOOKED_AT, &|one| one.customer.as_ref().is_some_and(|id| id.as_str() != GUEST))?;
        let customer = the_most_telling(app, recommended.iter().filter_map(|one| one.customer.as_ref()))?;
        let recommended =
            recommended.iter().find(|one| one.customer.as_ref() == Some(&customer)).map(|one| one.id.to_string());
        let withheld = newest(true, N_GENERAL, &is_refused)?.first().map(|one| one.id.to_string());
        let refused = if withheld.is_none() { who_refused(app)? } else { None };
        let mut others = app.engine.ports().decisions.recent(None, N_LOOKED_AT)?;
        let is_told = |one: &LoggedDecision| {
            [&recommended, &withheld].iter().any(|told| told.as_deref() == Some(one.id.as_str()))
        };
        // What is no recommendation shows more that is new; where there is nothing else, the newest that can be made again.
        others.sort_by_key(|one| match (is_told(one), one.kind == shown) {
            (false, false) => 0,
            (false, true) => 1,
            (true, _) => 2,
        });
        let another = others.iter().find(|one| can_be_made_again(app, one)).map(|one| one.id.to_string());
        let nobody = Self::nobody();
        Ok(app.engine.look(|live| {
            let told = live.inflows.iter().filter(|(_, inflow)| inflow.channel == Some(events::Channel::Support));
            // How it begins tells more than how it ends.
            let ticket = told
                .max_by_key(|(name, inflow)| (name.shown() == nobody.ticket, inflow.n_events))
                .map(|(name, _)| name.shown().to_owned());
            Self {
                has_guest: is_guest_there(live).unwrap_or(false),
                customer: customer.to_string(),
                recommended,
                withheld,
                refused,
                another,
                ticket: ticket.unwrap_or(nobody.ticket),
            }
        }))
    }
}

/// Whether a decision can be made again, now and later: what was known then is not forgotten soon.
fn can_be_made_again(app: &App, one: &LoggedDecision) -> bool {
    let is_remembered = one.customer.as_ref().is_none_or(|id| app.engine.remembers(id).unwrap_or(false));
    is_remembered && Record::open(one).is_ok_and(|record| app.engine.replay(&record).is_ok())
}

/// Whether the tour's guest is there, and nobody else: whoever has the browser's key may have tied the name to a customer.
fn is_guest_there(live: &Live) -> Result<bool, ProfileError> {
    let guest = Identifier::User(UserId::from(GUEST));
    let Some(id) = live.profiles.find(&guest)? else { return Ok(false) };
    let is_meant = |name: &Identifier| *name == guest || !matches!(name, Identifier::User(_));
    Ok(live.profiles.customer(&id)?.is_some_and(|found| found.profile.links.keys().all(is_meant)))
}

/// Whether somebody's refusal was the reason of an answer.
fn is_refused(one: &LoggedDecision) -> bool {
    let consent = Record::open(one).map(|record| record.decision.answer.consent);
    consent.is_ok_and(|consent| !consent.granted && matches!(consent.basis, ConsentBasis::Stated { .. }))
}

/// Somebody who has refused personalization.
fn who_refused(app: &App) -> Result<Option<String>, ServerError> {
    let selection = app.engine.selection("known and not consent.personalization", "", "")?;
    let found = app.engine.select(&selection, Page { n_max: 1, cursor: None }, TIME_MAX)?;
    Ok(found.ids.first().map(ToString::to_string))
}

/// Of those whom a recommendation was made for, or else of those seen last, the one with most to be seen.
fn the_most_telling<'a>(app: &App, asked_for: impl Iterator<Item = &'a CustomerId>) -> Result<CustomerId, ServerError> {
    let mut known = Vec::new();
    for id in asked_for {
        known.extend(app.engine.look(|live| live.customer(id.as_str()))?);
    }
    if known.is_empty() {
        known = app.engine.search("", N_LOOKED_AT, TIME_MAX)?.customers;
    }
    let real = known.iter().filter(|customer| customer.profile.id.as_str() != GUEST);
    let best = real.max_by_key(|customer| telling(app, customer));
    Ok(best.map_or_else(|| CustomerId::from(GUEST), |customer| customer.profile.id.clone()))
}

/// How much there is to be seen of a customer: of who has refused, little.
fn telling(app: &App, customer: &Customer<FeatureState>) -> (bool, bool, usize, u64, CustomerId) {
    let profile = &customer.profile;
    let consent = app.engine.policy().answer(&profile.consents, Purpose::Personalization);
    let n_orders = customer.state.n_orders().min(20);
    (consent.granted, profile.is_known(), profile.links.len().min(3), n_orders, profile.id.clone())
}

/// The commands' keys: a demonstration's are known to everybody, of others the name of a variable stands.
struct Keys {
    write: String,
    server: String,
    admin: String,
}

impl Keys {
    fn of(app: &App) -> Self {
        let keys = &app.settings.keys;
        let key = |known: &str, variable: &str| key(app, known, variable).to_owned();
        Self {
            write: key(&keys.write, "$RAPPORT_WRITE_KEY"),
            server: key(&keys.server, "$RAPPORT_SERVER_KEY"),
            admin: key(&keys.admin, "$RAPPORT_ADMIN_KEY"),
        }
    }
}

/// What the stops are written from.
struct Script<'a> {
    cast: Cast,
    asked: Questions,
    keys: Keys,
    base_url: &'a str,
    may_administer: bool,
    /// The command that tells the truth of a simulated company.
    truth: Option<String>,
}

/// The stops. `is_seen` tells whether somebody sees more of them than how many they are.
pub(super) fn all(app: &App, base_url: &str, may_administer: bool, is_seen: bool) -> Result<Vec<Stop>, ServerError> {
    let asked = Questions::of(app);
    let cast = if is_seen { Cast::find(app, &asked.shown)? } else { Cast::nobody() };
    let truth = simulated::label(&app.engine).map(|_| format!("rapport truth {}", data_option(app)));
    let script = Script { cast, asked, keys: Keys::of(app), base_url, may_administer, truth };
    Ok(script.asked.stops().map(|(number, told)| script.stop(number, told)).collect())
}

/// Where a stop leads: what the link says, the page, and the command that does the same.
type Scene = (&'static str, String, String);

impl Script<'_> {
    fn stop(&self, number: usize, told: &story::Stop) -> Stop {
        let (link, href, command) = match number {
            ..=4 => self.arriving(number),
            5..=8 => self.foretold(number),
            _ => self.kept(number),
        };
        let truth = self.truth.as_ref().filter(|_| number == 11);
        let more = truth.map(|truth| {
            format!(" Of this simulated company even the causes are known: {truth} prints them beside the estimates.")
        });
        Stop {
            number,
            title: told.title,
            text: format!("{}{}", told.text, more.unwrap_or_default()),
            link,
            href: at_stop(&href, number),
            command,
        }
    }

    fn send(&self, call: &str, body: &str) -> String {
        format!("curl -u \"{}:\" {}/v1/{call} -d {}", self.keys.write, self.base_url, quoted(body))
    }

    fn read(&self, path: &str) -> String {
        format!("curl -H \"Authorization: Bearer {}\" '{}/v1/{path}'", self.keys.server, self.base_url)
    }

    fn ask(&self, kind: &str, who: &str, more: &str) -> String {
        let (key, base_url) = (&self.keys.server, self.base_url);
        let who = serde_json::Value::from(who);
        let body = quoted(&format!(r#"{{"decision":"{kind}","userId":{who}{more}}}"#));
        format!("curl -H \"Authorization: Bearer {key}\" {base_url}/v1/decide -d {body}")
    }

    fn page(&self, place: &str) -> String {
        page_of(&self.cast.customer, place)
    }

    /// Somebody comes, is known, gets something, and refuses.
    fn arriving(&self, number: usize) -> Scene {
        let (Cast { customer, recommended, withheld, refused, .. }, shown) = (&self.cast, &self.asked.shown);
        let without = || refused.as_ref().map_or_else(|| self.page("#consents"), |refused| page_of(refused, SHOWN));
        match number {
            1 => (
                "Watch events come in",
                "/events".to_owned(),
                self.send("page", r#"{"anonymousId":"tour-browser","name":"Home"}"#),
            ),
            2 => (
                "See who they are, and how that is known",
                self.page("#identity"),
                self.read(&format!("customers/{}", url_part(customer))),
            ),
            3 => (
                "See a recommendation",
                recommended.as_ref().map_or_else(|| self.page(SHOWN), |id| decision(id)),
                self.ask(shown, customer, ",\"n\":3"),
            ),
            _ => (
                "See what is said without consent",
                withheld.as_ref().map_or_else(without, |id| decision(id)),
                format!("{} && {}", self.send("track", REFUSES), self.ask(shown, GUEST, ",\"n\":3")),
            ),
        }
    }

    /// What will they do, and what did they say?
    fn foretold(&self, number: usize) -> Scene {
        let (Cast { customer, ticket, .. }, Questions { risk, worth, .. }) = (&self.cast, &self.asked);
        match number {
            5 => {
                let whom = format!(
                    "filter=known&sort={}&columns={}",
                    url_part(&format!("-score.{risk}")),
                    url_part(&format!("score.{risk},why.{risk}"))
                );
                ("See who is likeliest to leave", format!("/lists?{whom}"), self.read(&format!("customers?{whom}")))
            }
            6 => ("See what is expected of them", self.page("#scores"), self.ask(worth, customer, "")),
            7 => {
                let event = serde_json::json!({
                    "userId": GUEST, "event": ticket,
                    "properties": {"ticket_id": "tour-1", "subject": "Where is my parcel?"},
                });
                (
                    "See what they turn to the desk with",
                    format!("/events?name={}", url_part(ticket)),
                    self.send("track", &event.to_string()),
                )
            }
            _ => ("See the lists", "/lists".to_owned(), self.read("lists")),
        }
    }

    /// Can it be believed, and undone?
    fn kept(&self, number: usize) -> Scene {
        let Keys { server, admin, .. } = &self.keys;
        match (number, &self.cast.another) {
            // Where nothing was decided yet there is nothing to replay: first something is asked.
            (9, None) => {
                ("See what was decided", "/decisions".to_owned(), self.ask(self.asked.any(), &self.cast.customer, ""))
            }
            (9, Some(id)) => (
                "See a decision made again",
                format!("{}?replay=1#replay", decision(id)),
                format!(
                    "curl -X POST -H \"Authorization: Bearer {server}\" {}/v1/decisions/{}/replay",
                    self.base_url,
                    url_part(id)
                ),
            ),
            (10, _) => ("See the models", "/models".to_owned(), self.read("models")),
            (11, _) => (
                "See how it came out",
                format!("/capabilities/{}#came-true", url_part(&self.asked.risk)),
                self.read("models?limit=1"),
            ),
            _ => {
                // To a button that erases it leads only where it erases the guest.
                let page = match (self.cast.has_guest, self.may_administer) {
                    (true, true) => format!("/customers/user%3A{GUEST}/erase"),
                    (true, false) => format!("/customers/user%3A{GUEST}"),
                    (false, _) => self.page(""),
                };
                (
                    "See what an erasure takes (it asks before)",
                    page,
                    format!(
                        "curl -X DELETE -H \"Authorization: Bearer {admin}\" {}/v1/customers/{GUEST}",
                        self.base_url
                    ),
                )
            }
        }
    }
}

/// A place on a customer's page.
fn page_of(customer: &str, place: &str) -> String {
    format!("/customers/{}{place}", url_part(customer))
}

/// The page of a decision.
fn decision(id: &str) -> String {
    format!("/decisions/{}", url_part(id))
}

/// What the tour's guest says to refuse personalization.
const REFUSES: &str = r#"{"type":"track","event":"Consent Preference Updated","userId":"tour-guest","context":{"consent":{"categoryPreferences":{"personalization":false}}}}"#;
