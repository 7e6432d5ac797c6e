//! What can be configured, and what is in force?
//!
//! Defaults, then `rapport.toml`, then environment variables such as `RAPPORT__SERVER__LISTEN`, then flags. Nothing must
//! be configured to start.

mod contact;
mod declare;
mod load;
mod ranking;
mod schemas;
mod tables;

pub(crate) use declare::toml_text;

pub use declare::Described;
pub use load::{SettingsError, environment, load, of_bytes, origins};

pub use schemas::{DeclaredSchema, OnViolation};

use crate::peer::Network;
use decisions::search::Synonyms;
use decisions::{
    Action, Answering, Arbitration, Experiment, Explore, Flag, Holdout, Offer, Playbook, Repeats, Rules, Segment,
};
use declare::settings;
use engine::{Capabilities, Measures};
use features::Declared;
use governance::{ConsentPolicy, Purpose};
use learning::{Outcome, PolicySettings, Reward};
use measurement::kpi::{Earnings, Kpi, built_in};
use primitives::{Currency, Zone, nearest};
use std::collections::BTreeMap;
use std::net::SocketAddr;

settings! {
    /// Where the server listens.
    server: ServerSettings {
        /// The address to listen on. Other addresses than loopback need keys that exist already.
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 7070)),
        /// How many requests may be worked on at a time, each on a thread; more are answered with 429 at once (16 to 10000).
        /// Events take no more than seven eighths of them, so that there is always one for a decision.
        n_requests_max: usize = 1_024,
        /// How many connections may be open at a time, at up to 32 KB each; more are refused with 503 (64 to 1000000).
        n_connections_max: usize = 8_192,
        /// How many of them one address may have, this machine and trusted proxies excepted; 0 sets no limit (0 to 1000000).
        n_connections_per_address_max: usize = 1_024,
        /// Seconds for which a connection is kept without a request; a proxy in front should let go sooner (1 to 3600).
        idle_seconds: u64 = 75,
        /// Reverse proxies, as addresses or networks: what they say in X-Forwarded-For and X-Forwarded-Proto is believed.
        trusted_proxies: Vec<Network> = Vec::new(),
        /// Whether browsers reach the server over TLS, through a proxy: then its cookies never travel without.
        tls_proxy: bool = false,
        /// Whether /metrics needs no key where others than this machine can reach it.
        public_metrics: bool = false,
        /// Whether /docs and /openapi.json need no key where others than this machine can reach them.
        public_docs: bool = false,
    }
    /// How often one address or key may ask; more gets 429 with the time to wait. 0 sets no limit. This machine has none.
    limits: LimitSettings {
        /// Events a second from one address; a request counts as many as it brings (0 to 1000000000).
        events_per_address: u32 = 5_000,
        /// Events a second with one key (0 to 1000000000).
        events_per_key: u32 = 50_000,
        /// Questions for a decision a second from one address, where server keys are counted (0 to 1000000000).
        decisions_per_address: u32 = 5_000,
        /// Questions for a decision a second with one key, where server keys are counted (0 to 1000000000).
        decisions_per_key: u32 = 50_000,
        /// Attempts to sign in to the console a minute from one address (0 to 1000000000).
        sign_ins_per_address: u32 = 60,
        /// Megabytes that the bodies of all requests may take at a time; beyond it they are refused with 503 (1 to 1000000).
        body_megabytes_max: usize = 256,
        /// Whether requests with a server or admin key are counted, too.
        server_keys: bool = false,
    }
    /// Preset API keys, for automation. Keys that are not preset are created at the first start and shown once.
    keys: KeySettings {
        /// The key clients send events with. Public: it lies in every web page. Where others can reach the server, each
        /// of the three needs 16 characters that are hard to guess.
        write: String = String::new(),
        /// The key the company's own services ask for decisions with.
        server: String = String::new(),
        /// The key of the console.
        admin: String = String::new(),
    }
    /// The console.
    console: ConsoleSettings {
        /// Minutes without a request after which a session ends (5 to 10080); more leaves a forgotten browser open longer.
        idle_minutes: u64 = 480,
    }
    /// The list of who did what.
    audit: AuditSettings {
        /// Days for which an entry is kept (1 to 3650); more shows further back and takes more room.
        keep_days: i64 = 400,
    }
    /// Whose word counts for what, and what holds for a customer who has said nothing.
    consent: ConsentSettings {
        /// Per purpose: may a silent customer's data be used for it?
        default: ConsentDefaults = ConsentDefaults::default(),
        /// Does a "yes" that comes with the public write key count? A "no" counts from anybody.
        client_grants: bool = true,
    }
    /// Events, their log and their history.
    events: EventSettings {
        /// Days for which a messageId is remembered, so that a late retry changes nothing (30 to 3650).
        dedup_days: i64 = 30,
        /// Once so many events are in the log, they are sealed into Parquet files (1000 to 10000000).
        seal_events: u64 = 200_000,
        /// Hours after which events are sealed however few they are (1 to 8760).
        seal_hours: i64 = 24,
    }
    /// The company.
    company: CompanySettings {
        /// Where its days begin: an IANA time zone such as Europe/Berlin. Days of the overview are days there.
        timezone: Zone = Zone::UTC,
    }
    /// Money.
    currency: CurrencySettings {
        /// The currency of amounts of which nobody says one: the three letters of ISO 4217, such as EUR.
        /// Where it is empty, an order that names no currency is refused.
        default: String = String::new(),
    }
    /// Live profiles.
    profiles: ProfileSettings {
        /// How many customers of 8 KB are held in memory; the others wait in the data directory (1000 to 100000000).
        n_resident_max: usize = 1_000_000,
        /// Seconds between two checkpoints (1 to 3600).
        checkpoint_seconds: u64 = 5,
    }
    /// Searches in the catalogue.
    search: SearchSettings {
        /// Groups of words that mean the same, such as [["sneaker", "trainer"], ["tee", "t-shirt"]].
        synonyms: Vec<Vec<String>> = Vec::new(),
        /// Whether a search that finds nothing looks for what five customers or more said instead, and chose something of.
        other_words: bool = true,
    }
    /// Answers out of the knowledge base.
    answers: AnswerSettings {
        /// From which confidence on a question is answered; a larger value answers fewer, and more of them rightly (0 to 1).
        min_confidence: f64 = 0.6,
        /// From which frustration on a person is asked to go on, where 0.5 is what counts as felt; above 1 never (0 to 2).
        frustration: f64 = 0.7,
        /// From which urgency on a person is asked to go on, where 0.5 is what counts as urgent; above 1 never (0 to 2).
        urgency: f64 = 0.7,
        /// What takes the place of {{name}} in a passage: a trait or a feature of the customer, such as { "plan" = "traits.plan" }.
        facts: BTreeMap<String, String> = BTreeMap::new(),
    }
    /// Webhooks of lists.
    webhooks: WebhookSettings {
        /// Whether other machines may be told over plain HTTP: then who is on a list, with their traits and scores, travels
        /// where others may read it. This machine may always.
        plain_http: bool = false,
    }
    /// Decisions and their log.
    decisions: DecisionSettings {
        /// Days for which a decision can be explained and replayed; more take more room (1 to 36500).
        keep_days: i64 = 400,
    }
    /// Rules for lists of items, whatever a model would rather show. A question may say otherwise for its own list.
    recommend: RecommendSettings {
        /// Whether items are shown again that the customer has bought: as likely as the model has learned but not before they can be
        /// due again ("learned"), however lately they were bought ("allowed"), or never ("excluded").
        repeats: Repeats = Repeats::Learned,
        /// The most items of one category in a list; 0 sets no limit (0 to 100).
        per_category_max: u32 = 0,
        /// The most items of one brand, by the trait brand; 0 sets no limit (0 to 100).
        per_brand_max: u32 = 0,
        /// The share of a list that the customer has not bought before, at least (0 to 1).
        new_share_min: f64 = 0.0,
        /// How much it counts what an item earns, by the trait margin or by price less cost: at 1 the item that earns most counts
        /// twice as much as the one that earns least (0 to 1).
        margin_weight: f64 = 0.0,
        /// How much it counts that the items of a list differ in category, in brand and by what they are bought with (0 to 1).
        diversity: f64 = 0.0,
        /// How likely each place is drawn from what would not have been shown: how likely each item was stands in the answer and in
        /// the log (0 to 1).
        explore_share: f64 = 0.0,
    }
    /// What is done for customers next, of the actions below.
    act: ActSettings {
        /// The share of the choices that is spread evenly over everything that could be chosen, so that more is learned (0 to 1).
        floor: f64 = 0.02,
        /// The share of the choices that doing nothing gets at least where it could be chosen, so that it can be learned what the others
        /// change (0 to 1).
        nothing_share: f64 = 0.05,
        /// The larger, the more is left to what seems best (0 to 1000000).
        gamma: f64 = 10.0,
        /// As if so many choices were known: what is declared of actions counts from the first answer on (0 to 1000000).
        prior_rounds: f64 = 100.0,
        /// For how many hours the same customer gets the same, on whichever channel they come (1 to 8760).
        same_hours: i64 = 24,
        /// How chance is spent on learning more, once it is learned what actions are worth: squarecb, linucb, thompson, greedy, epsilon, bag
        /// or cover.
        explore: String = "squarecb".to_owned(),
        /// What counts as the success of an action: converted, clicked, or value: what it was worth beside what the action declares.
        reward: String = "converted".to_owned(),
        /// Within how many days it counts (1 to 365).
        reward_days: i64 = 7,
        /// After how many days a choice counts half at the latest; 0 forgets nothing (0 to 3650).
        half_life_days: f64 = 60.0,
        /// How often it is looked whether enough is new to learn again what actions are worth (1 to 1440).
        refit_minutes: i64 = 10,
        /// The features that are looked at besides those that always are, by name.
        features: Vec<String> = Vec::new(),
    }
    /// What is chosen among actions that come with a question, as Azure Personalizer's clients ask: docs/azure-personalizer.md.
    rank: RankSettings {
        /// The share of the choices that is spread evenly over everything that could be chosen, so that more is learned (0 to 1).
        floor: f64 = 0.05,
        /// The larger, the more is left to what seems best (0 to 1000000).
        gamma: f64 = 10.0,
        /// Which reward a choice counts with of which nothing is said (-1 to 1).
        reward_default: f64 = 0.0,
        /// Within how many days a reward counts; then the default does (1 to 365).
        reward_days: i64 = 1,
        /// After how many days a choice counts half at the latest; 0 forgets nothing (0 to 3650).
        half_life_days: f64 = 60.0,
    }
    /// When customers are left alone, whatever an action would be worth. docs/actions.md says more.
    contact: ContactSettings {
        /// From when until when they are, by the clocks of where they live (the trait `timezone`, else company.timezone), such as
        /// "21:00-08:00"; never where it is empty.
        quiet_hours: String = String::new(),
        /// The channels of which that holds.
        quiet_channels: Vec<String> = names(&["email", "sms", "push", "call"]),
        /// The channels over which only those are contacted who permit marketing, but for actions that serve them (`service = true`).
        consent_channels: Vec<String> = names(&["email", "sms", "push", "call"]),
        /// How often, at most, such as [{ per = "customer", n = 4, days = 7 }, { per = "channel", of = "email", n = 2, days = 7 }]: `per`
        /// is customer, channel, action or group, and `of` names one of them.
        caps: contact::Caps = Vec::new(),
        /// For how many days an action that was refused is not done again; 0 for none (0 to 3650).
        refused_days: i64 = 30,
        /// For how many days the others of its group are not (0 to 3650).
        refused_group_days: i64 = 7,
        /// For how many days an action that was accepted is not done again; 0 for none (0 to 3650).
        accepted_days: i64 = 0,
        /// Which share of its worth an action loses with each contact of the last seven days (0 to below 1).
        fatigue: f64 = 0.0,
        /// A condition on customers: to whom it applies, no action with `upsell = true` is done.
        no_upsell: String = "mood_last < 0.3 or tickets_open > 0".to_owned(),
    }
    /// Customers who are held out of what is decided, so that it can be told in money what decisions are worth. They are answered as if
    /// nothing were known of them.
    holdout: HoldoutSettings {
        /// The share of the customers that is held out of everything that is shown to customers; 0 holds nobody out (0 to 0.9).
        share: f64 = 0.0,
        /// The share that is held out of one kind besides, such as { recommend = 0.05 }: so each kind can be told apart (each 0 to 0.9).
        kinds: BTreeMap<String, f64> = BTreeMap::new(),
        /// The kinds that the share leaves alone.
        except: Vec<String> = vec!["search".to_owned(), "suggest".to_owned()],
        /// After how many days it is drawn anew who is held out, so that nobody is for ever; 0 for never (0 to 3650).
        redraw_days: i64 = 0,
        /// What the draw begins with: another text is another draw, which ends what was measured so far.
        salt: String = String::new(),
    }
    /// What the company earns and what contacts cost, so that lift is told in money. docs/measurement.md says more.
    money: MoneySettings {
        /// Which share of revenue is left when what was sold is paid; at 0 it is not known, and revenue is told in place of margin
        /// (0 to 1).
        margin: f64 = 0.0,
        /// What a contact costs, by channel, such as { call = 4.0, chat = 1.5, email = 0.8 }: `call` of calls that end, others of messages
        /// that name the channel (each 0 to 1000000).
        contact_cost: BTreeMap<String, f64> = BTreeMap::new(),
        /// For how many days from the first decision about a customer on it is counted what they do (1 to 365).
        within_days: i64 = 28,
    }
    /// Learning.
    models: ModelSettings {
        /// Hours between two trainings while the server runs; 0 trains only when asked (0 to 8760). Whatever stands here: a
        /// model is trained again within a day after a customer whom it learned from has refused.
        train_hours: i64 = 24,
        /// The seed of everything that is left to chance in training.
        seed: u64 = 1,
    }
    /// What the program writes about itself. Never anything personal.
    logging: LoggingSettings {
        /// The least important level that is written: error, warn, info, debug or trace.
        level: String = "info".to_owned(),
        /// Write one JSON object a line in place of text.
        json: bool = false,
    }
    lists {
        /// Features of your own, each a table of its own; docs/features.md has every key. The server follows changes of
        /// them while it runs.
        features: Declared =
            "[[features]]
            name = \"downgrades_90d\"
            meaning = \"Times the plan was downgraded in the last 90 days\"
            when = { event = \"Plan Changed\", \"properties.kind\" = \"downgrade\" }
            measure = \"count\"
            within_days = 90",
        /// What is to be foretold besides what is built in, each a table of its own; docs/outcomes.md has every key. Each is a
        /// model to train, a decision to ask for, and an answer on every customer's page: whether something comes true (did,
        /// did_not), how often (count), how much (sum), or which value comes first (which).
        outcomes: Outcome =
            "[[outcomes]]
            name = \"returns_soon\"
            title = \"Back within a week\"
            question = \"Will the customer buy again within 7 days?\"
            among = { event = \"Order Completed\", within_days = 60 }
            label = { did = { event = \"Order Completed\" } }
            within_days = 7

            [[outcomes]]
            name = \"upgrades\"
            question = \"Will the plan be upgraded within 30 days?\"
            among = \"everyone\"
            label = { did = { event = \"Plan Changed\", \"properties.kind\" = \"upgrade\" } }
            within_days = 30

            [[outcomes]]
            name = \"tickets\"
            question = \"How many tickets will come within 30 days?\"
            among = \"everyone\"
            label = { count = { event = \"Ticket Created\" } }
            within_days = 30

            [[outcomes]]
            name = \"spending\"
            question = \"How much will be spent within 30 days?\"
            among = { event = \"Order Completed\", within_days = 90 }
            label = { sum = { event = \"Order Completed\", of = \"properties.revenue\" } }
            within_days = 30

            [[outcomes]]
            name = \"next_reason\"
            question = \"What will the next ticket be about?\"
            among = \"everyone\"
            label = { which = { event = \"Ticket Created\", of = \"properties.reason\" } }
            within_days = 30",
        /// Groups of customers by rules of your own, each a table of its own: conditions on features (`rapport features`),
        /// traits and scores, of which all must hold. The built-in groups by recency, frequency and money need none.
        segments: Segment =
            "[[segments]]
            name = \"valuable_and_leaving\"
            title = \"Valuable and about to leave\"
            rule = [{ feature = \"revenue_365d\", at_least = 500 }, { score = \"churn\", at_least = 0.6 }]",
        /// What can be done for customers, each a table of its own; docs/actions.md has every key. `POST /v1/decide` with `"decision": "act"`
        /// answers what to do next.
        actions: Action =
            "[[actions]]
            name = \"grinder\"
            title = \"A grinder for your beans\"
            group = \"cross_sell\"
            channels = [\"web\", \"email\"]
            eligible = \"orders_365d >= 1\"
            suitable = \"score.churn < 0.6\"
            value = 12.5
            cost = 0.2
            prior = 0.03

            [[actions]]
            name = \"nothing\"
            nothing = true",
        /// What can be offered to customers, each a table of its own: all keys of an action, and what it costs when it is accepted;
        /// docs/offers.md has every key. `POST /v1/decide` with `"decision": "offer"` answers what to offer, if anything, by what `[act]` says.
        offers: Offer =
            "[[offers]]
            name = \"ten_percent\"
            title = \"Ten percent off\"
            value = 24.0
            discount = 0.1
            prior = 0.08
            budget = { amount = 500.0, days = 7 }

            [[offers]]
            name = \"stay\"
            title = \"Five euros for who would leave\"
            eligible = \"churn >= 0.5\"
            keeps = true
            costs = 5.0
            prior = 0.2

            [[offers]]
            name = \"no_offer\"
            nothing = true",
        /// What can be switched for customers, each a table of its own; docs/flags.md has every key. `POST /v1/decide` with
        /// `"decision": "flags"` answers what each is, and so do OFREP and the interface that GrowthBook's clients ask. The server
        /// follows changes of them while it runs.
        flags: Flag =
            "[[flags]]
            name = \"checkout\"
            default = \"old\"
            needs = [{ flag = \"accounts\", is = true }]
            rules = [
                { when = 'traits.plan = \"pro\"', value = \"new\" },
                { experiment = \"checkout_copy\" },
                { share = 0.25, value = \"new\" },
            ]

            [[flags]]
            name = \"accounts\"
            default = true",
        /// What is tried out with flags, each a table of its own; docs/flags.md has every key. The server follows changes, too.
        experiments: Experiment =
            "[[experiments]]
            name = \"checkout_copy\"
            who = \"orders_365d >= 1\"
            share = 0.5
            layer = \"checkout\"
            variations = [{ name = \"control\", value = \"old\" }, { name = \"bold\", value = \"bold\" }]
            metrics = [\"margin\", \"conversion\"]
            guardrails = [\"refunds\"]
            days = 14",
        /// How events are expected to look, each a table of its own: a JSON Schema of their properties (of traits for identify,
        /// group and item), in a file beside this one or here. What does not fit is told on the page Data (flag) or refused
        /// (reject); docs/data.md says more. A change counts from the next start.
        schemas: DeclaredSchema =
            "[[schemas]]
            event = \"Order Completed\"
            file = \"schemas/order-completed.json\"

            [[schemas]]
            event = \"Ticket Created\"
            on_violation = \"reject\"
            schema = { required = [\"ticket_id\"], properties = { ticket_id = { type = \"string\" } } }",
        /// What the company is measured by besides what is built in, each a table of its own; docs/measurement.md has every key. Lift and
        /// experiments tell each with its interval.
        kpis: Kpi =
            "[[kpis]]
            name = \"pro_plans\"
            title = \"Customers who went pro\"
            numerator = { did = { event = \"Plan Changed\", \"properties.plan\" = \"pro\" } }
            denominator = \"customers\"
            within_days = 28
            direction = \"up\"",
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The largest share that may be held out: of nobody treated nothing can be told either.
const HELD_MAX: f64 = 0.9;

/// More requests a second than a nanosecond each cannot be told apart.
const RATE_MAX: i128 = 1_000_000_000;

/// Per purpose: may a silent customer's data be used for it?
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConsentDefaults {
    /// See [`Purpose::Personalization`].
    pub personalization: bool,
    /// See [`Purpose::Analytics`].
    pub analytics: bool,
    /// See [`Purpose::Marketing`].
    pub marketing: bool,
    /// See [`Purpose::Service`].
    pub service: bool,
    /// See [`Purpose::Security`].
    pub security: bool,
}

impl Default for ConsentDefaults {
    fn default() -> Self {
        Self { personalization: true, analytics: true, marketing: false, service: true, security: true }
    }
}

impl Settings {
    /// The rule for customers who have said nothing.
    #[must_use]
    pub fn consent_policy(&self) -> ConsentPolicy {
        let ConsentDefaults { personalization, analytics, marketing, service, security } = self.consent.default;
        ConsentPolicy::new([
            (Purpose::Personalization, personalization),
            (Purpose::Analytics, analytics),
            (Purpose::Marketing, marketing),
            (Purpose::Service, service),
            (Purpose::Security, security),
        ])
        .with_client_grants(self.consent.client_grants)
    }

    /// What can be learned and decided: what is built in, and the outcomes.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        let synonyms = Synonyms::new(&self.search.synonyms);
        let capabilities = Capabilities::new(&self.outcomes, &self.segments, &self.features).with_rules(self.rules());
        let capabilities =
            capabilities.learning_by(self.policy()).with_actions(&self.actions, &self.offers, self.arbitration());
        let (ranking, learning) = self.ranking();
        let capabilities = capabilities.with_ranking(ranking, learning).with_flags(&self.flags, &self.experiments);
        let capabilities = capabilities.with_answers(self.answering());
        let (holdout, measures) = (self.held_out(), self.measures());
        Capabilities { synonyms, other_words: self.search.other_words, holdout, measures, ..capabilities }
    }

    /// How questions are answered.
    #[must_use]
    pub fn answering(&self) -> Answering {
        let AnswerSettings { min_confidence, frustration, urgency, facts } = self.answers.clone();
        Answering { min_confidence, frustration, urgency, facts }
    }

    /// What can be declared otherwise while the program runs.
    #[must_use]
    pub fn playbook(&self) -> Playbook {
        let (actions, offers) = (self.actions.clone(), self.offers.clone());
        Playbook { actions, offers, experiments: self.experiments.clone(), flags: self.flags.clone() }
    }

    /// What the company is measured by.
    #[must_use]
    pub fn measures(&self) -> Measures {
        let MoneySettings { margin, contact_cost, within_days } = &self.money;
        let earnings = Earnings { margin: *margin, contact_cost: contact_cost.clone() };
        let mut kpis = built_in(&earnings, *within_days);
        kpis.extend(self.kpis.iter().cloned());
        Measures {
            kpis,
            earned: if *margin > 0.0 { "margin" } else { "revenue" }.to_owned(),
            within_days: *within_days,
            currency: self.default_currency(),
        }
    }

    /// How it is chosen among actions.
    #[must_use]
    pub fn arbitration(&self) -> Arbitration {
        let &ActSettings { floor, nothing_share, gamma, prior_rounds, same_hours, .. } = &self.act;
        let explore = Explore::of(&self.act.explore).unwrap_or_default();
        let (features, contact) = (self.act.features.clone(), self.contact_policy());
        Arbitration { floor, nothing_share, gamma, prior_rounds, same_hours, explore, features, contact }
    }

    /// How it is learned what actions are worth.
    #[must_use]
    pub fn policy(&self) -> PolicySettings {
        let &ActSettings { reward_days, half_life_days, same_hours, .. } = &self.act;
        PolicySettings {
            reward: Reward::of(&self.act.reward).unwrap_or_default(),
            reward_days,
            half_life_days,
            same_hours,
            votes: Explore::of(&self.act.explore).unwrap_or_default().votes(),
            ..PolicySettings::default()
        }
    }

    /// Who is held out.
    #[must_use]
    pub fn held_out(&self) -> Holdout {
        let HoldoutSettings { share, kinds, except, redraw_days, salt } = &self.holdout;
        Holdout {
            share: *share,
            kinds: kinds.iter().map(|(kind, share)| (kind.as_str().into(), *share)).collect(),
            except: except.iter().map(|kind| kind.as_str().into()).collect(),
            redraw_days: *redraw_days,
            salt: salt.clone(),
        }
    }

    /// The rules for lists of items.
    #[must_use]
    pub fn rules(&self) -> Rules {
        let &RecommendSettings {
            repeats,
            per_category_max,
            per_brand_max,
            new_share_min,
            margin_weight,
            diversity,
            explore_share,
        } = &self.recommend;
        Rules { repeats, per_category_max, per_brand_max, new_share_min, margin_weight, diversity, explore_share }
    }

    /// The currency of amounts of which nobody says one.
    #[must_use]
    pub fn default_currency(&self) -> Option<Currency> {
        Currency::parse(&self.currency.default).ok()
    }

    /// The settings with every secret masked, for showing.
    #[must_use]
    pub fn masked(&self) -> Self {
        let mask = |key: &String| if key.is_empty() { String::new() } else { "(preset)".to_owned() };
        let mut shown = self.clone();
        shown.keys = KeySettings {
            write: mask(&self.keys.write),
            server: mask(&self.keys.server),
            admin: mask(&self.keys.admin),
        };
        shown
    }

    /// The first number from 0 on that has no other end than a large one, and is beyond it.
    fn broken_amount(&self) -> Option<(&'static str, String, String)> {
        let act = [("act.gamma", self.act.gamma), ("act.prior_rounds", self.act.prior_rounds)].into_iter();
        let mut all = act.chain(self.money.contact_cost.values().map(|cost| ("money.contact_cost", *cost)));
        let broken = all.find(|(_, value)| !(0.0..=1e6).contains(value));
        broken.map(|(key, value)| (key, "must be 0 to 1000000".to_owned(), value.to_string()))
    }

    /// Checks every range: (key, limit, value) of the first one that is broken.
    fn broken_range(&self) -> Option<(&'static str, String, String)> {
        let ranges: [(&'static str, i128, i128, i128); 26] = [
            ("server.n_requests_max", self.server.n_requests_max as i128, 16, 10_000),
            ("server.n_connections_max", self.server.n_connections_max as i128, 64, 1_000_000),
            ("server.n_connections_per_address_max", self.server.n_connections_per_address_max as i128, 0, 1_000_000),
            ("server.idle_seconds", self.server.idle_seconds.into(), 1, 3_600),
            ("limits.events_per_address", self.limits.events_per_address.into(), 0, RATE_MAX),
            ("limits.events_per_key", self.limits.events_per_key.into(), 0, RATE_MAX),
            ("limits.decisions_per_address", self.limits.decisions_per_address.into(), 0, RATE_MAX),
            ("limits.decisions_per_key", self.limits.decisions_per_key.into(), 0, RATE_MAX),
            ("limits.sign_ins_per_address", self.limits.sign_ins_per_address.into(), 0, RATE_MAX),
            ("limits.body_megabytes_max", self.limits.body_megabytes_max as i128, 1, 1_000_000),
            ("console.idle_minutes", self.console.idle_minutes.into(), 5, 10_080),
            ("audit.keep_days", self.audit.keep_days.into(), 1, 3_650),
            ("events.dedup_days", self.events.dedup_days.into(), 30, 3_650),
            ("events.seal_events", self.events.seal_events.into(), 1_000, 10_000_000),
            ("events.seal_hours", self.events.seal_hours.into(), 1, 8_760),
            ("profiles.n_resident_max", self.profiles.n_resident_max as i128, 1_000, 100_000_000),
            ("profiles.checkpoint_seconds", self.profiles.checkpoint_seconds.into(), 1, 3_600),
            ("decisions.keep_days", self.decisions.keep_days.into(), 1, 36_500),
            ("recommend.per_category_max", self.recommend.per_category_max.into(), 0, 100),
            ("recommend.per_brand_max", self.recommend.per_brand_max.into(), 0, 100),
            ("act.same_hours", self.act.same_hours.into(), 1, 8_760),
            ("act.reward_days", self.act.reward_days.into(), 1, 365),
            ("act.refit_minutes", self.act.refit_minutes.into(), 1, 1_440),
            ("holdout.redraw_days", self.holdout.redraw_days.into(), 0, 3_650),
            ("money.within_days", self.money.within_days.into(), 1, 365),
            ("models.train_hours", self.models.train_hours.into(), 0, 8_760),
        ];
        let broken = ranges.into_iter().find(|(_, value, least, most)| !(least..=most).contains(&value));
        if let Some((key, value, least, most)) = broken {
            return Some((key, format!("must be {least} to {most}"), value.to_string()));
        }
        let shares = [
            ("recommend.new_share_min", self.recommend.new_share_min),
            ("recommend.margin_weight", self.recommend.margin_weight),
            ("recommend.diversity", self.recommend.diversity),
            ("recommend.explore_share", self.recommend.explore_share),
            ("act.floor", self.act.floor),
            ("act.nothing_share", self.act.nothing_share),
            ("money.margin", self.money.margin),
        ];
        if let Some((key, value)) = shares.into_iter().find(|(_, value)| !(0.0..=1.0).contains(value)) {
            return Some((key, "must be 0 to 1".to_owned(), value.to_string()));
        }
        if let Some(broken) = self.broken_amount() {
            return Some(broken);
        }
        if let Some(broken) = self.broken_holdout() {
            return Some(broken);
        }
        let currency = &self.currency.default;
        if !currency.is_empty() && self.default_currency().is_none() {
            let limit = "must be the three letters of ISO 4217, such as \"EUR\", or empty".to_owned();
            return Some(("currency.default", limit, currency.clone()));
        }
        let levels = ["error", "warn", "info", "debug", "trace"];
        (!levels.contains(&self.logging.level.as_str()))
            .then(|| ("logging.level", format!("must be one of {}", levels.join(", ")), self.logging.level.clone()))
            .or_else(|| self.broken_policy())
            .or_else(|| self.broken_contact())
            .or_else(|| self.broken_ranking())
            .or_else(|| Some(("answers", self.answering().check().err()?, "not that".to_owned())))
    }

    /// Checks who is held out of what.
    fn broken_holdout(&self) -> Option<(&'static str, String, String)> {
        let held = std::iter::once(("holdout.share", self.holdout.share));
        let mut held = held.chain(self.holdout.kinds.values().map(|share| ("holdout.kinds", *share)));
        if let Some((key, value)) = held.find(|(_, share)| !(0.0..=HELD_MAX).contains(share)) {
            return Some((key, format!("must be 0 to {HELD_MAX}"), value.to_string()));
        }
        let kinds = self.capabilities().kinds;
        let is_known = |name: &str| kinds.get(name).is_ok_and(decisions::Kind::is_held_out);
        let mut named = self.holdout.kinds.keys().map(|name| ("holdout.kinds", name));
        if let Some((key, name)) = named.find(|(_, name)| !is_known(name)) {
            let known = kinds.iter().filter(|kind| kind.is_held_out()).map(|kind| kind.about().name.as_str());
            let known: Vec<&str> = known.collect();
            return Some((key, format!("must name decisions that are shown ({})", known.join(", ")), name.clone()));
        }
        let unknown = self.holdout.except.iter().find(|name| kinds.get(name.as_str()).is_err())?;
        let known = kinds.iter().map(|kind| kind.about().name.as_str());
        let meant = nearest(unknown, known).map(|name| format!(" (did you mean {name}?)")).unwrap_or_default();
        Some(("holdout.except", format!("must name decisions{meant}"), unknown.clone()))
    }

    /// Checks how it is learned what actions are worth.
    fn broken_policy(&self) -> Option<(&'static str, String, String)> {
        let ActSettings { explore, reward, half_life_days, features, .. } = &self.act;
        let one_of = |names: &[&str]| format!("must be one of {}", names.join(", "));
        if Explore::of(explore).is_none() {
            return Some(("act.explore", one_of(&Explore::NAMES), explore.clone()));
        }
        if Reward::of(reward).is_none() {
            return Some(("act.reward", one_of(&Reward::NAMES), reward.clone()));
        }
        // Without it every success would count as the whole declared value, whatever it brought.
        if Reward::of(reward) == Some(Reward::Value) && self.default_currency().is_none() {
            let needs = "compares what came with what the actions are declared to be worth: say in which currency that is with \
                         `[currency] default`, or learn from \"converted\"";
            return Some(("act.reward", needs.to_owned(), reward.clone()));
        }
        if !(0.0..=3_650.0).contains(half_life_days) {
            return Some(("act.half_life_days", "must be 0 to 3650".to_owned(), half_life_days.to_string()));
        }
        // What is wrong with declared features is said elsewhere.
        let catalogue = learning::catalogue(&self.features, &self.outcomes).ok()?;
        let unknown = features.iter().find(|name| catalogue.get(name).is_none())?;
        let known = catalogue.definitions().iter().map(|definition| &*definition.name);
        let meant = nearest(unknown, known).map(|name| format!(" (did you mean {name}?)")).unwrap_or_default();
        Some(("act.features", format!("must name features of the catalogue{meant}"), unknown.clone()))
    }
}

#[cfg(test)]
mod tests;
