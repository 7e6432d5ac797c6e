//! What is the same of every question that an outcome asks, whatever is answered? Of whom it is asked, what was declared, and
//! how reasons and their absence are said.

use crate::declaration::Declared;
use crate::kind::{ContentShape, KindAbout, Reads};
use crate::of_whom::OfWhom;
use crate::{Ask, Content, Declaration, Knowledge, More, Reason, Said, Why};
use governance::Purpose;
use learning::{Among, Contribution, Label, Loaded, Outcome, TaskName, What, reasons};
use std::collections::BTreeSet;

/// How many reasons an answer gives.
const N_REASONS: usize = 5;

/// How long a customer must have been one before a model says anything of them: all that is known of who bought a minute ago
/// is that purchase, and the model has hardly seen such customers.
const TENURE_DAYS_MIN: f64 = 1.0;

const ORDERS: &str = "orders_all";
const TENURE: &str = "tenure_days";

/// Not known of who did nothing yet: of somebody who was only told of, nothing is learned.
const KNOWN_FOR: &str = "known_days";

/// A question that an outcome asks.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) about: KindAbout,
    pub(super) declaration: Declaration,
    pub(super) task: TaskName,
    /// What is said of who never bought, where only buyers are asked about.
    of_strangers: Option<&'static str>,
    /// Whom it is asked of, where something must be known of a customer to tell.
    of_whom: Option<OfWhom>,
}

impl Asked {
    pub(super) fn new(outcome: &Outcome, shape: ContentShape) -> Self {
        let is_of_buyers = matches!(outcome.among, Among::Did { what: What::Purchase, .. });
        let of_strangers = match outcome.label {
            _ if !is_of_buyers => None,
            Label::DidNot(What::Purchase) => {
                Some("The customer has not bought anything yet, so there is nothing to come back to")
            }
            _ => Some("The customer has not bought anything yet, and the question is asked of buyers"),
        };
        let features = if is_of_buyers { [ORDERS, TENURE].as_slice() } else { &[KNOWN_FOR] };
        let features = features.iter().map(|name| (*name).to_owned()).collect();
        let of_whom = OfWhom::of(&outcome.among);
        let asked = of_whom.iter().map(|_| (outcome.name.clone(), outcome.among.probes())).collect();
        let about = KindAbout {
            name: outcome.name.as_str().into(),
            title: outcome.title.clone(),
            question: outcome.question.clone(),
            purpose: Purpose::Personalization,
            reads: Reads { tasks: vec![outcome.name.clone()], features, asked, currency: true, ..Reads::default() },
            tasks: vec![outcome.name.clone()],
            parameters: Vec::new(),
            is_shown: false,
            on_profile: true,
            is_risk: outcome.is_risk,
            shape,
        };
        let declaration = Declaration::of(Declared::Outcome(outcome.clone()));
        Self { about, declaration, task: outcome.name.clone(), of_strangers, of_whom }
    }

    /// Whether the customer is one of those of whom it is asked, and why not.
    pub(super) fn check(&self, ask: &Ask<'_>, known: &Knowledge) -> Result<(), Why> {
        let why_not =
            if ask.as_before { self.too_little_known(known).map(str::to_owned) } else { self.why_not_asked(known) };
        why_not.map_or(Ok(()), |why| Err(Why::because(why)))
    }

    /// Why the customer is not one of those of whom it is asked, as far as what is known of them says.
    pub(super) fn why_not_asked(&self, known: &Knowledge) -> Option<String> {
        let too_little = || self.too_little_known(known).map(str::to_owned);
        self.of_whom.as_ref().and_then(|of_whom| of_whom.why_not(known.asked.get(&self.task))).or_else(too_little)
    }

    /// Why the customer's own history says nothing yet.
    fn too_little_known(&self, known: &Knowledge) -> Option<&'static str> {
        let Some(of_strangers) = self.of_strangers else {
            // What was decided before this was looked at does not have it.
            let did_nothing = known.features.get(KNOWN_FOR).is_some_and(|days| days.is_nan());
            return did_nothing.then_some("The customer has not done anything yet, and models learn from what is done");
        };
        if known.feature(ORDERS).is_none_or(|n_orders| n_orders < 1.0) {
            return Some(of_strangers);
        }
        let is_new = known.feature(TENURE).is_some_and(|days| days < TENURE_DAYS_MIN);
        is_new.then_some("The customer first bought less than a day ago, which is too little to go by")
    }

    /// The weightiest contributions in words, which `say` ends by what each added.
    pub(super) fn reasons(
        &self,
        loaded: &Loaded,
        known: &Knowledge,
        contributions: &[Contribution],
        say: impl Fn(String, f64) -> String,
    ) -> Vec<Reason> {
        let (values, features) = (known.inputs(&self.task), &loaded.header.features);
        let said_of = |contribution: &Contribution| {
            reasons::said_of(&loaded.catalogue, features, values, contribution, known.currency)
        };
        // Of several features that say the same in words, the weightiest speaks.
        let mut said = BTreeSet::new();
        let told = contributions.iter().filter(|contribution| said.insert(said_of(contribution))).take(N_REASONS);
        told.map(|contribution| Reason {
            feature: features.get(contribution.feature_idx).map(|id| id.name.to_string()).unwrap_or_default(),
            value: (!contribution.value.is_nan()).then_some(contribution.value),
            contribution: Some(contribution.contribution),
            text: primitives::capital(&say(said_of(contribution), contribution.contribution)),
        })
        .collect()
    }

    /// What is said of everybody: `average`, or why it cannot be told, and that there is no `thing` then.
    pub(super) fn general<T>(
        &self,
        ask: &Ask<'_>,
        average: Result<T, Why>,
        thing: &str,
        why: &Why,
        content: impl FnOnce(Option<T>) -> Content,
    ) -> (Said, String) {
        let model = ask.models.named(&self.task);
        let average = match average {
            Ok(average) => average,
            Err(missing) => {
                let sentence = format!("{}: there is no {thing}.", missing.text(self.task.as_str()));
                return (Said { content: content(None), model, more: More::default() }, sentence);
            }
        };
        let why = match why {
            Why::Refused(consent) => format!("The customer's data may not be used for {}", consent.purpose),
            why => why.text(self.task.as_str()),
        };
        (
            Said { content: content(Some(average)), model, more: More::default() },
            format!("{why}: this is the average over all customers."),
        )
    }
}
