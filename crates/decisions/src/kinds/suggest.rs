//! What may somebody look for who has begun to write?

use crate::kind::{ContentShape, KindAbout, More, Reads};
use crate::parameter::{Parameter, Parameters, Takes};
use crate::search::Wanted;
use crate::{Ask, Content, Kind, Knowledge, Said, Why};
use governance::Purpose;

const QUERY: Parameter =
    Parameter { name: "query", meaning: "What was written so far", takes: Takes::Text { bytes_max: 200 } };
const N: Parameter = Parameter {
    name: "n",
    meaning: "How many completions",
    takes: Takes::Whole { range: (1, crate::N_ITEMS_MAX), default: Some(8) },
};

/// Of so many answers one is logged.
const N_FOR_ONE_LOGGED: u64 = 100;

/// What somebody may look for who has begun to write.
#[derive(Debug, Clone)]
pub struct Suggest {
    about: KindAbout,
}

impl Default for Suggest {
    fn default() -> Self {
        let about = KindAbout {
            name: "suggest".into(),
            title: "Suggestions".to_owned(),
            question: "What may be meant by what was written so far?".to_owned(),
            purpose: Purpose::Personalization,
            reads: Reads::default(),
            tasks: Vec::new(),
            parameters: vec![QUERY, N],
            is_shown: true,
            on_profile: false,
            is_risk: false,
            shape: ContentShape::Completions,
        };
        Self { about }
    }
}

impl Kind for Suggest {
    fn about(&self) -> &KindAbout {
        &self.about
    }

    fn may_be_of_nobody(&self) -> bool {
        true
    }

    fn logged_one_in(&self) -> u64 {
        N_FOR_ONE_LOGGED
    }

    fn wanted(&self, parameters: &Parameters) -> Option<Wanted> {
        let query = parameters.get(QUERY.name).and_then(serde_json::Value::as_str).unwrap_or_default();
        let n_max = parameters.get(N.name).and_then(serde_json::Value::as_u64).unwrap_or(8);
        Some(Wanted::Completions { query: query.to_owned(), n_max: usize::try_from(n_max).unwrap_or(0) })
    }

    /// Nothing of the customer is looked at: what is suggested is the same for everybody.
    fn personal(&self, ask: &Ask<'_>, _: &Knowledge) -> Result<Said, Why> {
        Ok(said(ask))
    }

    fn general(&self, ask: &Ask<'_>, why: &Why) -> (Said, String) {
        let why = match ask.question.is_of_nobody() {
            true => "No customer was named".to_owned(),
            false => why.text("suggestion"),
        };
        (said(ask), format!("{why}: the same is suggested to everybody."))
    }
}

fn said(ask: &Ask<'_>) -> Said {
    Said {
        content: Content::Completions(ask.world.completed().unwrap_or_default()),
        model: None,
        more: More::default(),
    }
}
