//! How likely is an outcome for this customer? One kind for every question of yes or no, built in or declared.

use crate::declaration::Declared;
use crate::kind::{ContentShape, KindAbout, Reads};
use crate::of_whom::OfWhom;
use crate::{Ask, Content, Declaration, Kind, Knowledge, ModelRef, Reason, Said, Why};
use governance::Purpose;
use learning::{Among, Contribution, Label, Outcome, TaskName, What, reasons};
use primitives::Probability;
use std::collections::BTreeSet;

/// How many reasons an answer gives.
const N_REASONS: usize = 5;

/// How long a customer must have been one before a score says anything of them: all that is known of who bought a minute ago
/// is that purchase, and the model has hardly seen such customers.
const TENURE_DAYS_MIN: f64 = 1.0;

const ORDERS: &str = "orders_all";
const TENURE: &str = "tenure_days";

/// How likely an outcome is.
#[derive(Debug, Clone)]
pub struct Propensity {
    about: KindAbout,
    declaration: Declaration,
    task: TaskName,
    /// What is said of who never bought, where only buyers are asked about.
    of_strangers: Option<&'static str>,
    /// Whom it is asked of, where something must be known of a customer to tell.
    of_whom: Option<OfWhom>,
}

impl Propensity {
    /// The question of an outcome.
    #[must_use]
    pub fn new(outcome: &Outcome) -> Self {
        let is_of_buyers = matches!(outcome.among, Among::Did { what: What::Purchase, .. });
        let of_strangers = match outcome.label {
            _ if !is_of_buyers => None,
            Label::DidNot(What::Purchase) => {
                Some("The customer has not bought anything yet, so there is nothing to come back to")
            }
            _ => Some("The customer has not bought anything yet, and the question is asked of buyers"),
        };
        let features = if is_of_buyers { [ORDERS, TENURE].map(str::to_owned).to_vec() } else { Vec::new() };
        let of_whom = OfWhom::of(&outcome.among);
        let asked = of_whom.iter().map(|_| (outcome.name.clone(), outcome.among.probes())).collect();
        let about = KindAbout {
            name: outcome.name.as_str().into(),
            title: outcome.title.clone(),
            question: outcome.question.clone(),
            purpose: Purpose::Personalization,
            reads: Reads { tasks: vec![outcome.name.clone()], features, asked, ..Reads::default() },
            tasks: vec![outcome.name.clone()],
            parameters: Vec::new(),
            is_shown: false,
            on_profile: true,
            is_risk: outcome.is_risk,
            shape: ContentShape::Score,
        };
        let declaration = Declaration::of(Declared::Outcome(outcome.clone()));
        Self { about, declaration, task: outcome.name.clone(), of_strangers, of_whom }
    }

    /// Why the customer is not one of those of whom it is asked, as far as what is known of them says.
    pub(super) fn why_not_asked(&self, known: &Knowledge) -> Option<String> {
        let too_little = || self.too_little_known(known).map(str::to_owned);
        self.of_whom.as_ref().and_then(|of_whom| of_whom.why_not(known.asked.get(&self.task))).or_else(too_little)
    }

    /// Why the customer's own history says nothing yet.
    fn too_little_known(&self, known: &Knowledge) -> Option<&'static str> {
        let of_strangers = self.of_strangers?;
        if known.feature(ORDERS).is_none_or(|n_orders| n_orders < 1.0) {
            return Some(of_strangers);
        }
        let is_new = known.feature(TENURE).is_some_and(|days| days < TENURE_DAYS_MIN);
        is_new.then_some("The customer first bought less than a day ago, which is too little to go by")
    }
}

impl Kind for Propensity {
    fn about(&self) -> &KindAbout {
        &self.about
    }

    fn declaration(&self) -> Option<&Declaration> {
        Some(&self.declaration)
    }

    fn personal(&self, ask: &Ask<'_>, known: &Knowledge) -> Result<Said, Why> {
        let (loaded, model) = ask.models.binary(&self.task)?;
        let why_not =
            if ask.as_before { self.too_little_known(known).map(str::to_owned) } else { self.why_not_asked(known) };
        if let Some(why) = why_not {
            return Err(Why::because(why));
        }
        let values = known.inputs(&self.task);
        let scored = model.score(values).map_err(|error| Why::because(error.to_string()))?;
        let features = &loaded.header.features;
        // Of several features that say the same in words, the weightiest speaks.
        let mut said = BTreeSet::new();
        let tells_more = |contribution: &&Contribution| {
            said.insert(reasons::said_of(&loaded.catalogue, features, values, contribution))
        };
        let told = scored.contributions.iter().filter(tells_more).take(N_REASONS);
        let reasons = told.map(|contribution| Reason {
            feature: features.get(contribution.feature_idx).map(|id| id.name.to_string()).unwrap_or_default(),
            value: (!contribution.value.is_nan()).then_some(contribution.value),
            contribution: Some(contribution.contribution),
            text: primitives::capital(&reasons::text_of(&loaded.catalogue, features, values, contribution)),
        });
        let content = Content::Score { score: Some(scored.probability), reasons: reasons.collect() };
        Ok(Said { content, model: Some(ModelRef::from(loaded)) })
    }

    fn general(&self, ask: &Ask<'_>, why: &Why) -> (Said, String) {
        let named = ask.models.named(&self.task);
        let loaded = match ask.models.binary(&self.task) {
            Ok((loaded, _)) => loaded,
            Err(missing) => {
                let said = Said { content: Content::Score { score: None, reasons: Vec::new() }, model: named };
                return (said, format!("{}: there is no score.", missing.text(self.task.as_str())));
            }
        };
        let average = loaded.header.evaluation.base_rate.and_then(|rate| Probability::new(rate).ok());
        let why = match why {
            Why::Refused(consent) => format!("The customer's data may not be used for {}", consent.purpose),
            why => why.text(self.task.as_str()),
        };
        let content = Content::Score { score: average, reasons: Vec::new() };
        let said = Said { content, model: named };
        (said, format!("{why}: this is the average over all customers."))
    }
}
