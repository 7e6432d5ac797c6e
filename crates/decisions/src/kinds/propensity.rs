//! How likely is an outcome for this customer? One kind for every question of yes or no, built in or declared.

use super::asked::Asked;
use crate::kind::Gist;
use crate::kind::{ContentShape, KindAbout};
use crate::{Ask, Content, Declaration, Kind, Knowledge, ModelRef, More, Said, Why};
use learning::{Loaded, Outcome, reasons};
use primitives::Probability;

/// How likely an outcome is.
#[derive(Debug, Clone)]
pub struct Propensity {
    asked: Asked,
}

impl Propensity {
    /// The question of an outcome.
    #[must_use]
    pub fn new(outcome: &Outcome) -> Self {
        Self { asked: Asked::new(outcome, ContentShape::Score) }
    }

    /// Why the customer is not one of those of whom it is asked, as far as what is known of them says.
    pub(super) fn why_not_asked(&self, known: &Knowledge) -> Option<String> {
        self.asked.why_not_asked(known)
    }
}

impl Kind for Propensity {
    fn about(&self) -> &KindAbout {
        &self.asked.about
    }

    fn declaration(&self) -> Option<&Declaration> {
        Some(&self.asked.declaration)
    }

    fn personal(&self, ask: &Ask<'_>, known: &Knowledge) -> Result<Said, Why> {
        let (loaded, model) = ask.models.binary(&self.asked.task)?;
        self.asked.check(ask, known)?;
        let scored = model.score(known.inputs(&self.asked.task)).map_err(|error| Why::because(error.to_string()))?;
        let reasons = self.asked.reasons(loaded, known, &scored.contributions, reasons::with_number);
        let content = Content::Score { score: Some(scored.probability), reasons };
        Ok(Said { content, model: Some(ModelRef::from(loaded)), more: More::default() })
    }

    fn gist(&self, ask: &Ask<'_>, known: &Knowledge) -> Option<Gist> {
        let (_, model) = ask.models.binary(&self.asked.task).ok()?;
        self.asked.check(ask, known).ok()?;
        Some(Gist::Number(model.probability(known.inputs(&self.asked.task)).ok()?.get()))
    }

    fn general(&self, ask: &Ask<'_>, why: &Why) -> (Said, String) {
        let average = |loaded: &Loaded| loaded.header.evaluation.base_rate.and_then(|rate| Probability::new(rate).ok());
        let average = ask.models.binary(&self.asked.task).map(|(loaded, _)| average(loaded));
        let content = |average: Option<_>| Content::Score { score: average.flatten(), reasons: Vec::new() };
        self.asked.general(ask, average, "score", why, content)
    }
}
