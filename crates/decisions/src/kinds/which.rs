//! Which of several will it be? One kind for every question that one of many values answers.

use super::asked::Asked;
use crate::kind::Gist;
use crate::kind::{ContentShape, KindAbout};
use crate::{Ask, Content, Declaration, Kind, Knowledge, Likely, ModelRef, More, Reason, Said, Why};
use learning::{Outcome, reasons};
use primitives::Probability;

/// Which of several.
#[derive(Debug, Clone)]
pub struct Which {
    asked: Asked,
}

impl Which {
    /// The question of an outcome.
    #[must_use]
    pub fn new(outcome: &Outcome) -> Self {
        Self { asked: Asked::new(outcome, ContentShape::Choice) }
    }
}

/// The likeliest, with how likely each is.
fn choice(classes: Vec<(String, Probability)>, reasons: Vec<Reason>) -> Content {
    let label = classes.first().map(|(label, _)| label.clone());
    let probabilities = classes.into_iter().map(|(label, probability)| Likely { label, probability }).collect();
    Content::Choice { label, others: Vec::new(), probabilities, reasons }
}

impl Kind for Which {
    fn about(&self) -> &KindAbout {
        &self.asked.about
    }

    fn declaration(&self) -> Option<&Declaration> {
        Some(&self.asked.declaration)
    }

    fn personal(&self, ask: &Ask<'_>, known: &Knowledge) -> Result<Said, Why> {
        let (loaded, model) = ask.models.classes(&self.asked.task)?;
        self.asked.check(ask, known)?;
        let chosen = model.choose(known.inputs(&self.asked.task)).map_err(|error| Why::because(error.to_string()))?;
        let reasons = self.asked.reasons(loaded, known, &chosen.contributions, reasons::with_number);
        Ok(Said {
            content: choice(chosen.classes, reasons),
            model: Some(ModelRef::from(loaded)),
            more: More::default(),
        })
    }

    fn gist(&self, ask: &Ask<'_>, known: &Knowledge) -> Option<Gist> {
        let (_, model) = ask.models.classes(&self.asked.task).ok()?;
        self.asked.check(ask, known).ok()?;
        Some(Gist::Words(vec![model.likeliest(known.inputs(&self.asked.task)).ok()??]))
    }

    fn general(&self, ask: &Ask<'_>, why: &Why) -> (Said, String) {
        let shares = ask.models.classes(&self.asked.task).map(|(_, model)| model.overall());
        let content = |shares: Option<_>| choice(shares.unwrap_or_default(), Vec::new());
        self.asked.general(ask, shares, "choice", why, content)
    }
}
