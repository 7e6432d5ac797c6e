//! What may be known of the customer for this decision, and what of it is looked at?

use crate::terms::{ORDER_VALUE, ORDER_VALUE_TOLD};
use crate::{Bought, KindAbout, Knowledge, ModelInputs, Models};
use features::{Catalogue, FeatureId, FeatureState, Probe, Touched, VISIT_PAUSE_MS};
use governance::{ConsentAnswer, ConsentPolicy, Consents, Permitted, Purpose, permit};
use learning::Wanted;
use primitives::{Currency, ItemKey, Timestamp};
use profiles::{Customer, Profile};

/// The customer, as far as consent allows.
#[derive(Debug, Clone)]
pub enum Subject {
    /// Known, and their data may be used.
    Known(Permitted<Knowledge>),
    /// Known, and their data may not be used.
    Withheld(ConsentAnswer),
    /// Never heard of.
    Unknown(ConsentAnswer),
}

impl Subject {
    /// Asks for consent and hands out what the kind reads: the consent check of every decision. What orders cost and are worth counts in
    /// `currency`.
    #[must_use]
    pub fn of(
        customer: Option<&Customer<FeatureState>>,
        policy: &ConsentPolicy,
        kind: &KindAbout,
        models: &Models,
        catalogue: &Catalogue,
        (as_of, currency): (Timestamp, Option<Currency>),
    ) -> Self {
        let Some(customer) = customer else {
            return Self::Unknown(policy.answer(&Consents::default(), kind.purpose));
        };
        match permit(policy, &customer.profile.consents, kind.purpose, customer) {
            Ok(permitted) => Self::Known(permitted.map(|Customer { profile, state }| {
                let mut known = Knowledge::default();
                known.read(kind, models, catalogue, state, as_of);
                known.read_order_value(kind, state, (as_of, currency));
                known.read_traits(kind, profile);
                let answer = |purpose: &Purpose| (*purpose, policy.answer(&profile.consents, *purpose).granted);
                known.consents = kind.reads.consents.iter().map(answer).collect();
                known
            })),
            Err(denied) => Self::Withheld(denied.0),
        }
    }

    /// What is known of them, where it may be used.
    pub(crate) fn known(&self) -> Option<&Knowledge> {
        match self {
            Self::Known(known) => Some(known.get()),
            Self::Withheld(_) | Self::Unknown(_) => None,
        }
    }

    /// The same, of whom nothing is looked at.
    pub(crate) fn unseen(self) -> Self {
        Self::Unknown(self.consent())
    }

    /// The ground on which the data may or may not be used.
    #[must_use]
    pub fn consent(&self) -> ConsentAnswer {
        match self {
            Self::Known(knowledge) => knowledge.consent(),
            Self::Withheld(consent) | Self::Unknown(consent) => *consent,
        }
    }
}

impl Knowledge {
    fn read(
        &mut self,
        kind: &KindAbout,
        models: &Models,
        catalogue: &Catalogue,
        state: &FeatureState,
        as_of: Timestamp,
    ) {
        for task in &kind.reads.tasks {
            let Some(loaded) = models.get(task) else { continue };
            let mut values = Vec::with_capacity(loaded.inputs.len());
            catalogue.read(state, as_of, &loaded.inputs, &mut values);
            self.inputs.insert(task.clone(), ModelInputs { version: loaded.version.clone(), values });
        }
        if !kind.reads.features.is_empty() {
            // A kind that asks for what is not computed here is told "not known".
            let computed = |name: &String| Some(catalogue.get(name)?.id.clone());
            let ids: Vec<FeatureId> = kind.reads.features.iter().filter_map(computed).collect();
            let mut values = Vec::with_capacity(ids.len());
            catalogue.read(state, as_of, &catalogue.inputs(&ids).unwrap_or_default(), &mut values);
            self.features = ids.iter().zip(values).map(|(id, value)| (id.name.to_string(), value)).collect();
        }
        let read = |probe: &Probe| probe.read(catalogue.cells(), state, as_of);
        let asked = kind.reads.asked.iter();
        let known =
            asked.filter_map(|(task, probes)| Some((task.clone(), probes.iter().map(read).collect::<Option<_>>()?)));
        self.asked = known.collect();
        if kind.reads.bought {
            let model = kind.tasks.iter().find_map(|task| models.get(task));
            let wanted = model.map_or_else(Wanted::default, |loaded| Wanted::of_settings(&loaded.header.settings));
            let bought = |line: Touched| Bought { item: line.item, at: line.at, milli_units: line.milli_units };
            self.bought = wanted.remembered(state).into_iter().map(bought).collect();
        }
        if kind.reads.viewed {
            self.viewed = in_this_visit(state, as_of);
        }
        if kind.reads.currency {
            self.currency = state.currency();
        }
    }

    /// What the customer's orders come to, where a kind asks for that: costs hang on it, so that only the company's word counts.
    fn read_order_value(
        &mut self,
        kind: &KindAbout,
        state: &FeatureState,
        (as_of, currency): (Timestamp, Option<Currency>),
    ) {
        if kind.reads.features.iter().any(|name| name == ORDER_VALUE) {
            let told = state.order_value_told(as_of, currency).unwrap_or(f64::NAN);
            self.features.insert(ORDER_VALUE_TOLD.to_owned(), told);
        }
    }

    fn read_traits(&mut self, kind: &KindAbout, profile: &Profile) {
        for name in &kind.reads.traits {
            if let Some(said) = profile.traits.get(name) {
                let text = match serde_json::from_str(&said.json) {
                    Ok(serde_json::Value::String(text)) => text,
                    _ => said.json.to_string(),
                };
                self.traits.insert(name.clone(), text);
            }
        }
    }
}

/// How many of the newest items of a visit count.
const N_VIEWED_MAX: usize = 10;

/// What they look at in this visit, from old to new, each once.
fn in_this_visit(state: &FeatureState, as_of: Timestamp) -> Vec<ItemKey> {
    let mut viewed: Vec<ItemKey> = Vec::new();
    let mut until = as_of;
    for view in state.views().iter().rev().skip_while(|view| view.at > as_of) {
        if until.as_millis() - view.at.as_millis() >= VISIT_PAUSE_MS || viewed.len() == N_VIEWED_MAX {
            break;
        }
        until = view.at;
        if !viewed.contains(&view.item) {
            viewed.push(view.item);
        }
    }
    viewed.reverse();
    viewed
}
