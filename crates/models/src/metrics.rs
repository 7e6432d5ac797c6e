//! How good was a ranking or a probability?
//!
//! Rankings are judged against what the customer did next ([`ndcg_at_k`], [`recall_at_k`], [`hit_at_k`], [`coverage`]),
//! probabilities against what came true ([`auc`], [`log_loss`], [`brier`], [`expected_calibration_error`]).

mod binary;
mod ranking;

pub use binary::{LOG_LOSS_CLIP, auc, brier, expected_calibration_error, log_loss};
pub use ranking::{coverage, hit_at_k, ndcg_at_k, recall_at_k};
