//! Which models answer?

use learning::{ChurnModel, Evaluation, Loaded, Model};
use models::recommend::ItemToItemModel;
use primitives::{ModelVersion, Probability};
use std::sync::Arc;

/// The models in force, `None` where there is none yet.
#[derive(Debug, Clone, Default)]
pub struct Champions {
    /// Which items next?
    pub recommend: Option<Arc<Recommender>>,
    /// How likely to stay away?
    pub churn: Option<Arc<ChurnScorer>>,
}

/// The recommender in force.
#[derive(Debug)]
pub struct Recommender {
    pub(crate) version: ModelVersion,
    pub(crate) items: ItemToItemModel,
}

/// The churn model in force.
#[derive(Debug)]
pub struct ChurnScorer {
    pub(crate) version: ModelVersion,
    pub(crate) model: ChurnModel,
    /// The share of all customers who stayed away: the answer where nothing may be known of one.
    pub(crate) base_rate: Option<Probability>,
}

impl Champions {
    /// Puts an opened model in force.
    pub fn put(&mut self, loaded: Loaded) {
        let Loaded { version, header, model } = loaded;
        match model {
            Model::Recommend(items) => self.recommend = Some(Arc::new(Recommender { version, items })),
            Model::Churn(model) => {
                let base_rate = match header.evaluation {
                    Evaluation::Churn(evaluation) => Probability::new(evaluation.base_rate).ok(),
                    Evaluation::Recommend(_) => None,
                };
                self.churn = Some(Arc::new(ChurnScorer { version, model, base_rate }));
            }
        }
    }
}
