//! What is to be seen at each stop of the tour, of whom, and by which command?

use super::super::api::key;
use super::super::decisions::{data_option, is_known, replay_command};
use crate::app::App;
use crate::args::quoted;
use crate::error::ServerError;
use crate::simulated;
use console::format::url_part;
use decisions::{ContentShape, Kind, KindAbout};
use features::FeatureState;
use primitives::{CustomerId, DecisionId};
use profiles::Customer;

/// Among how many customers and decisions one worth looking at is looked for.
const N_LOOKED_AT: usize = 50;

/// Who is invented by the tour's own commands, so that they change nobody real.
const GUEST: &str = "tour-guest";

/// A stop.
pub(super) struct Stop {
    pub(super) title: &'static str,
    pub(super) text: String,
    pub(super) link: &'static str,
    /// The page.
    pub(super) href: String,
    pub(super) command: String,
    /// Whether there is anything to be seen there: a company may have no such question.
    is_there: bool,
}

/// Whom the story is told of, and which decisions.
struct Cast {
    /// A customer with a history.
    customer: String,
    /// The newest recommendation, and the newest answer in which nothing personal was looked at.
    recommended: Option<String>,
    withheld: Option<String>,
    /// The newest decision of any kind.
    newest: Option<DecisionId>,
    /// The name of the events with which somebody turned to the company.
    ticket: Option<String>,
    /// The questions: what to show, who leaves, what they are worth.
    shown: String,
    risk: String,
    worth: String,
}

impl Cast {
    /// The questions, and nobody: for who does not see the stops.
    fn nobody(app: &App) -> Self {
        let kinds = || app.engine.capabilities().kinds.iter().map(Kind::about);
        let name = |is: &dyn Fn(&KindAbout) -> bool| {
            kinds().find(|about| is(about)).map_or_else(String::new, |about| about.name.to_string())
        };
        Self {
            customer: GUEST.to_owned(),
            recommended: None,
            withheld: None,
            newest: None,
            ticket: None,
            risk: name(&|about| about.is_risk),
            worth: name(&|about| about.shape == ContentShape::Amount),
            shown: name(&|about| about.is_shown),
        }
    }

    fn find(app: &App) -> Result<Self, ServerError> {
        let known = app.engine.search("", N_LOOKED_AT, std::time::Duration::from_secs(1))?.customers;
        // Whom the tour's own commands made up has no story, and is erased at its end.
        let real = known.iter().filter(|customer| customer.profile.id.as_str() != GUEST);
        let best = real.max_by_key(|customer| telling(customer));
        let decisions = app.engine.ports().decisions.recent(None, N_LOOKED_AT)?;
        let nobody = Self::nobody(app);
        let shown = nobody.shown.clone();
        let is_there = |customer: &CustomerId| app.engine.look(|live| is_known(live, customer)).unwrap_or(false);
        // Where nobody is in memory, or there was no time: whom something was decided about.
        let mut of_decisions = decisions.iter().filter_map(|one| one.customer.as_ref());
        let decided = of_decisions.find(|id| id.as_str() != GUEST && is_there(id)).map(ToString::to_string);
        let of = |is_fallback: bool| {
            let found = decisions.iter().find(|one| {
                one.kind == shown && one.is_fallback == is_fallback && one.customer.as_ref().is_some_and(is_there)
            });
            found.map(|one| one.id.to_string())
        };
        let ticket = app.engine.look(|live| {
            let told = live.inflows.iter().filter(|(_, inflow)| inflow.channel == Some(events::Channel::Support));
            told.max_by_key(|(_, inflow)| inflow.n_events).map(|(name, _)| name.shown().to_owned())
        });
        Ok(Self {
            customer: best.map(|customer| customer.profile.id.to_string()).or(decided).unwrap_or(nobody.customer),
            recommended: of(false),
            withheld: of(true),
            newest: decisions.first().map(|one| one.id.clone()),
            ticket,
            risk: nobody.risk,
            worth: nobody.worth,
            shown: nobody.shown,
        })
    }
}

/// How much there is to be seen of a customer.
fn telling(customer: &Customer<FeatureState>) -> (bool, usize, u64, CustomerId) {
    let profile = &customer.profile;
    (profile.is_known(), profile.links.len().min(3), customer.state.n_orders().min(20), profile.id.clone())
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
    keys: Keys,
    base_url: &'a str,
    may_administer: bool,
    /// The command that replays the newest decision, where there is one.
    replay: Option<String>,
    /// The command that tells the truth of a simulated company.
    truth: Option<String>,
}

/// The stops, each with its number, which is the same in every company. `is_seen` tells whether somebody sees more of them
/// than how many they are.
pub(super) fn all(
    app: &App,
    base_url: &str,
    may_administer: bool,
    is_seen: bool,
) -> Result<Vec<(usize, Stop)>, ServerError> {
    let cast = if is_seen { Cast::find(app)? } else { Cast::nobody(app) };
    let replay = cast.newest.as_ref().map(|id| replay_command(app, id));
    let truth = simulated::label(&app.engine).map(|_| format!("rapport truth {}", data_option(app)));
    Ok(Script { cast, keys: Keys::of(app), base_url, may_administer, replay, truth }.stops())
}

impl Script<'_> {
    fn stops(&self) -> Vec<(usize, Stop)> {
        let all = [self.arriving(), self.foretold(), self.kept()].into_iter().flatten();
        (1..).zip(all).filter(|(_, stop)| stop.is_there).collect()
    }

    fn send(&self, call: &str, body: &str) -> String {
        format!("curl -u \"{}:\" {}/v1/{call} -d '{body}'", self.keys.write, self.base_url)
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

    fn page(&self) -> String {
        format!("/customers/{}", url_part(&self.cast.customer))
    }

    /// Somebody comes, is known, gets something, and refuses.
    fn arriving(&self) -> [Stop; 4] {
        let Cast { customer, shown, recommended, withheld, .. } = &self.cast;
        [
        Stop {
            title: "A customer arrives",
            is_there: true,
            text: "Every page, search, cart, order, e-mail, ticket and payment comes in as an event; what cannot be right is refused with its reason.".to_owned(),
            link: "Watch events come in",
            href: "/events".to_owned(),
            command: self.send("page", r#"{"anonymousId":"tour-browser","name":"Home"}"#),
        },
        Stop {
            title: "They are recognised",
            is_there: true,
            text: format!("Browsers, devices and e-mails that belong to one person are one customer, with the evidence: here {customer}."),
            link: "See the customer",
            href: self.page(),
            command: self.send("identify", r#"{"anonymousId":"tour-browser","userId":"tour-guest","traits":{"name":"Tour Guest"}}"#),
        },
        Stop {
            title: "They get a recommendation, with its reason",
            is_there: !shown.is_empty(),
            text: "Each item says why it stands there; the answer is written down before it is sent, with all that was looked at.".to_owned(),
            link: "See a recommendation",
            href: decision(recommended.as_ref(), format!("/capabilities/{}", url_part(shown))),
            command: self.ask(shown, customer, ",\"n\":3"),
        },
        Stop {
            title: "They withdraw consent, and get another",
            is_there: !shown.is_empty(),
            text: "Who refuses personalization gets what everybody gets, from that moment on, and the answer says so.".to_owned(),
            link: "See what is said without consent",
            href: decision(withheld.as_ref(), "/decisions".to_owned()),
            command: format!("{} && {}", self.send("track", REFUSES), self.ask(shown, GUEST, ",\"n\":3")),
        },
        ]
    }

    /// What will they do, and what did they say?
    fn foretold(&self) -> [Stop; 4] {
        let Cast { customer, risk, worth, ticket, .. } = &self.cast;
        [
        Stop {
            title: "They are about to leave",
            is_there: !risk.is_empty(),
            text: "A calibrated probability for everybody, with reasons: of ten customers with 70 %, about seven leave.".to_owned(),
            link: "See who is about to leave",
            href: format!("/lists?filter={}&sort={}&columns={}", url_part(&format!("score.{risk} >= 0.5")), url_part(&format!("-score.{risk}")), url_part(&format!("score.{risk},why.{risk}"))),
            command: self.ask(risk, customer, ""),
        },
        Stop {
            title: "They are worth so much",
            is_there: !worth.is_empty(),
            text: "What somebody will spend in the next year, with the interval in which it lies nine times of ten.".to_owned(),
            link: "See what is foretold, and how well",
            href: format!("/capabilities/{}", url_part(worth)),
            command: self.ask(worth, customer, ""),
        },
        Stop {
            title: "They write to the desk",
            is_there: true,
            text: "Tickets, messages and calls are understood, and count in what is known of a customer and in what is foretold.".to_owned(),
            link: "See what they turn to the desk with",
            href: ticket.as_ref().map_or_else(|| "/data".to_owned(), |name| format!("/events?name={}", url_part(name))),
            command: self.send("track", r#"{"userId":"tour-guest","event":"Ticket Created","properties":{"ticket_id":"tour-1","subject":"Where is my parcel?"}}"#),
        },
        Stop {
            title: "They are on a list",
            is_there: true,
            text: "Lists follow everybody by themselves: who comes and who goes is told to a webhook, signed.".to_owned(),
            link: "See the lists",
            href: "/lists".to_owned(),
            command: self.read("lists"),
        },
        ]
    }

    /// Can it be believed, and undone?
    fn kept(&self) -> [Stop; 4] {
        let Cast { customer, risk, shown, newest, .. } = &self.cast;
        let asked = if risk.is_empty() { shown } else { risk };
        [
        Stop {
            title: "A decision is replayed",
            is_there: !asked.is_empty(),
            text: "As long as it is kept it can be computed again from what was known then, to the byte.".to_owned(),
            link: "See a decision with all that it was made from",
            href: decision(newest.as_ref().map(ToString::to_string).as_ref(), "/decisions".to_owned()),
            // Where nothing was decided yet there is nothing to replay: first something is asked.
            command: self.replay.clone().unwrap_or_else(|| self.ask(asked, customer, "")),
        },
        Stop {
            title: "What the model is worth",
            is_there: true,
            text: "Each model is judged on a time that it has not seen, beside the simple answers; one that is not better does not answer.".to_owned(),
            link: "See the models",
            href: "/models".to_owned(),
            command: self.read("models"),
        },
        Stop {
            title: "Truth beside estimate",
            is_there: !risk.is_empty(),
            text: match self.truth {
                Some(_) => "What was foretold stands beside what came true, tenth by tenth. Of this simulated company even the causes are known: the command prints them beside the estimates.",
                None => "What was foretold stands beside what came true, tenth by tenth, on customers whom the model had not seen.",
            }.to_owned(),
            link: "See how it came out",
            href: format!("/capabilities/{}", url_part(risk)),
            command: self.truth.clone().unwrap_or_else(|| self.read("models")),
        },
        Stop {
            title: "Everything can be erased",
            is_there: true,
            text: "Whoever asks is forgotten: in the log, the history, the lists, the decisions and the models, with a receipt.".to_owned(),
            link: "See what an erasure takes (it asks before)",
            href: if self.may_administer { format!("{}/erase", self.page()) } else { self.page() },
            command: format!("curl -X DELETE -H \"Authorization: Bearer {}\" {}/v1/customers/{GUEST}", self.keys.admin, self.base_url),
        },
        ]
    }
}

/// The page of a decision, where there is one.
fn decision(id: Option<&String>, otherwise: String) -> String {
    id.map_or(otherwise, |id| format!("/decisions/{}", url_part(id)))
}

/// What the tour's guest says to refuse personalization.
const REFUSES: &str = r#"{"type":"track","event":"Consent Preference Updated","userId":"tour-guest","context":{"consent":{"categoryPreferences":{"personalization":false}}}}"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_stop_leads_to_a_question_that_is_not_there_and_the_others_keep_their_numbers() {
        let numbers = |risk: &str, worth: &str, shown: &str| -> Vec<usize> {
            let cast = Cast {
                customer: GUEST.to_owned(),
                recommended: None,
                withheld: None,
                newest: None,
                ticket: None,
                shown: shown.to_owned(),
                risk: risk.to_owned(),
                worth: worth.to_owned(),
            };
            let keys = Keys { write: String::new(), server: String::new(), admin: String::new() };
            let script = Script { cast, keys, base_url: "", may_administer: true, replay: None, truth: None };
            script.stops().into_iter().map(|(number, _)| number).collect()
        };
        assert!(numbers("churn", "value", "recommend").into_iter().eq(1..=12));
        assert_eq!(numbers("", "", "recommend"), [1, 2, 3, 4, 7, 8, 9, 10, 12]);
        assert_eq!(numbers("churn", "", ""), [1, 2, 5, 7, 8, 9, 10, 11, 12]);
        assert_eq!(numbers("", "value", ""), [1, 2, 6, 7, 8, 10, 12]);
    }
}
