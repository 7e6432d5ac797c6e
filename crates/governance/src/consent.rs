//! What has the customer agreed to, and what holds where they have said nothing?

use primitives::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What personal data is used for. Consent is given and refused per purpose.
///
/// Stored rows name a purpose by its place here: new ones come last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Choosing what this customer is shown, offered or told, scores about them included.
    Personalization,
    /// Learning from this customer's behaviour: training, evaluation, statistics.
    Analytics,
    /// Writing to this customer unasked.
    Marketing,
    /// Doing what this customer asked for: support, the state of an order.
    Service,
    /// Keeping this customer and the company from fraud and abuse.
    Security,
}

impl Purpose {
    /// Every purpose, in the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::Personalization, Self::Analytics, Self::Marketing, Self::Service, Self::Security];

    /// The name used in settings, on the wire and in Segment's `categoryPreferences`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Personalization => "personalization",
            Self::Analytics => "analytics",
            Self::Marketing => "marketing",
            Self::Service => "service",
            Self::Security => "security",
        }
    }

    /// What a "yes" allows, for people.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Personalization => "Recommendations and scores from this customer’s own behaviour",
            Self::Analytics => "Learning from this customer: training, evaluation, statistics",
            Self::Marketing => "Writing to this customer unasked",
            Self::Service => "Doing what this customer asked for: support, order information",
            Self::Security => "Keeping from fraud and abuse; what the law demands does not ask",
        }
    }

    /// What the use usually rests on in law where nobody was asked; the operator decides. The reasons: `docs/adr/0023`.
    #[must_use]
    pub fn ground(self) -> &'static str {
        match self {
            Self::Personalization | Self::Analytics => "legitimate interest, or consent where the law asks for it",
            Self::Marketing => "consent",
            Self::Service => "the contract with the customer",
            Self::Security => "legitimate interest",
        }
    }

    /// The categories of consent managers that stand for the purpose, its own name first.
    #[must_use]
    pub fn categories(self) -> &'static [&'static str] {
        match self {
            Self::Personalization => &["personalization", "personalisation", "functional", "preferences"],
            Self::Analytics => &["analytics", "performance", "statistics", "measurement"],
            Self::Marketing => &["marketing", "advertising", "targeting"],
            Self::Service => &["service", "support", "transactional"],
            Self::Security => &["security", "fraud", "fraud_prevention", "abuse"],
        }
    }

    /// The purpose a consent category stands for, or `None` where the category is somebody else's business.
    ///
    /// Consent managers name their categories freely; the common names for the same thing are understood.
    #[must_use]
    pub fn from_category(category: &str) -> Option<Self> {
        let category = category.trim().to_ascii_lowercase();
        Self::ALL.into_iter().find(|purpose| purpose.categories().contains(&category.as_str()))
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Through whom a customer's word reached us: how far a "yes" is believed. A "no" is believed from anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Voice {
    /// A browser or an app with the public write key: a stranger may be speaking.
    Client,
    /// The company itself: a server key, or an import.
    Company,
}

impl Voice {
    /// Every voice.
    pub const ALL: [Self; 2] = [Self::Client, Self::Company];
}

/// What a customer said about one purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Whether they agreed.
    pub granted: bool,
    /// When they said it, by the corrected clock of their device.
    pub at: Timestamp,
    /// Through whom we know.
    pub voice: Voice,
}

/// Everything a customer has said that counts, per purpose.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consents(BTreeMap<Purpose, Word>);

/// What was said about one purpose, heard with both settings of `consent.client_grants`: so the setting can change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Word {
    of_everybody: Standing,
    /// The same without the grants of clients.
    of_the_company: Standing,
}

/// Refused where there is a refusal and no grant, granted where there is a grant.
///
/// The refusal that a grant overcame stays beneath it: what was said before it can never count again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Standing {
    refusal: Option<Said>,
    grant: Option<Said>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Said {
    voice: Voice,
    at: Timestamp,
}

impl Said {
    /// Of two refusals the later time and the stricter voice hold, so that neither is easier undone for the other.
    fn join(self, other: Self) -> Self {
        Self { voice: self.voice.max(other.voice), at: self.at.max(other.at) }
    }

    /// Of two grants the company's goes before a client's, then the later one.
    fn better(self, other: Self) -> Self {
        std::cmp::max_by_key(self, other, |said| (said.voice, said.at))
    }
}

fn both(a: Option<Said>, b: Option<Said>, choose: impl Fn(Said, Said) -> Said) -> Option<Said> {
    match (a, b) {
        (Some(a), Some(b)) => Some(choose(a, b)),
        (one, other) => one.or(other),
    }
}

impl Standing {
    fn is_refused(&self) -> bool {
        self.refusal.is_some() && self.grant.is_none()
    }

    /// Takes in what stands next in the log.
    fn hear(&mut self, granted: bool, said: Said) {
        if !granted {
            self.refusal = both(self.refusal, Some(said), Said::join);
            self.grant = None;
        } else if self.admits(said) {
            self.grant = both(self.grant, Some(said), Said::better);
            // Whoever may grant has lifted the refusal: of it only the time matters from now on.
            self.refusal = self.refusal.map(|refusal| Said { voice: Voice::Client, ..refusal });
        }
    }

    /// Whether a grant counts: said after the refusal by its own time as well, and not by a client against the company.
    fn admits(&self, grant: Said) -> bool {
        self.refusal.is_none_or(|refusal| grant.at > refusal.at && grant.voice >= refusal.voice)
    }

    /// Two records of one customer: a refusal on either side wins.
    fn merge(&self, other: &Self) -> Self {
        let grant = both(self.grant, other.grant, Said::better);
        Self {
            refusal: both(self.refusal, other.refusal, Said::join),
            grant: grant.filter(|_| !self.is_refused() && !other.is_refused()),
        }
    }

    fn holds(&self) -> Option<(bool, Timestamp)> {
        let refused = self.refusal.map(|refusal| (false, refusal.at));
        self.grant.map(|grant| (true, grant.at)).or(refused)
    }
}

impl Word {
    fn hear(&mut self, granted: bool, said: Said) {
        self.of_everybody.hear(granted, said);
        if !granted || said.voice == Voice::Company {
            self.of_the_company.hear(granted, said);
        }
    }

    fn merge(&self, other: &Self) -> Self {
        Self {
            of_everybody: self.of_everybody.merge(&other.of_everybody),
            of_the_company: self.of_the_company.merge(&other.of_the_company),
        }
    }
}

impl Consents {
    /// Takes in a statement, in the order of the log. A refusal holds at once, whoever states it and whenever it is
    /// stamped; a grant counts by the table of `docs/adr/0012`.
    pub fn state(&mut self, purpose: Purpose, statement: Statement) {
        let Statement { granted, at, voice } = statement;
        self.0.entry(purpose).or_default().hear(granted, Said { voice, at });
    }

    /// Takes over what another record of the same customer holds: where either refuses, both do.
    pub fn merge(&mut self, other: &Self) {
        for (purpose, theirs) in &other.0 {
            let ours = self.0.entry(*purpose).or_default();
            *ours = ours.merge(theirs);
        }
    }
}

/// Whose word counts how far: the settings `consent.default` and `consent.client_grants`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentPolicy {
    of_the_silent: BTreeMap<Purpose, bool>,
    client_grants: bool,
}

impl Default for ConsentPolicy {
    /// Marketing needs a yes; everything else rests on what customers do with the company itself.
    fn default() -> Self {
        Self::new(Purpose::ALL.map(|purpose| (purpose, purpose != Purpose::Marketing)))
    }
}

impl ConsentPolicy {
    /// A policy by what holds for the silent; a purpose that is not named is refused. A client's grant counts.
    #[must_use]
    pub fn new(of_the_silent: impl IntoIterator<Item = (Purpose, bool)>) -> Self {
        Self { of_the_silent: of_the_silent.into_iter().collect(), client_grants: true }
    }

    /// The same policy, which makes something of a client's grant or not.
    #[must_use]
    pub fn with_client_grants(self, client_grants: bool) -> Self {
        Self { client_grants, ..self }
    }

    /// The rule for one purpose in words, the same for the same rule: what was counted under it depends on it.
    #[must_use]
    pub fn rule(&self, purpose: Purpose) -> String {
        let word = |is_yes: bool| if is_yes { "yes" } else { "no" };
        let of_the_silent = self.of_the_silent.get(&purpose).copied().unwrap_or(false);
        format!("{purpose} of the silent: {}, by a client's grant: {}", word(of_the_silent), word(self.client_grants))
    }

    /// Whether a purpose is granted, and on which basis.
    #[must_use]
    pub fn answer(&self, consents: &Consents, purpose: Purpose) -> ConsentAnswer {
        let word = consents.0.get(&purpose);
        let standing = word.map(|word| if self.client_grants { word.of_everybody } else { word.of_the_company });
        match standing.and_then(|standing| standing.holds()) {
            Some((granted, at)) => ConsentAnswer { purpose, granted, basis: ConsentBasis::Stated { at } },
            None => {
                let granted = self.of_the_silent.get(&purpose).copied().unwrap_or(false);
                ConsentAnswer { purpose, granted, basis: ConsentBasis::Default }
            }
        }
    }
}

/// The answer to "may we?", with its ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentAnswer {
    /// What for.
    pub purpose: Purpose,
    /// Yes or no.
    pub granted: bool,
    /// Who said so.
    pub basis: ConsentBasis,
}

/// Who said so: the customer, or the default for those who have said nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConsentBasis {
    /// The customer said so.
    Stated {
        /// When.
        at: Timestamp,
    },
    /// The customer has said nothing; the setting `consent.default` decides.
    Default,
}

impl ConsentBasis {
    /// `stated` or `default`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Stated { .. } => "stated",
            Self::Default => "default",
        }
    }
}

#[cfg(test)]
mod tests;
