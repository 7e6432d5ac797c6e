//! How good was a ranking, a probability or an amount?
//!
//! Rankings are judged against what the customer did next ([`ndcg_at_k`], [`gained_ndcg_at_k`], [`recall_at_k`], [`mrr_at_k`], [`hit_at_k`]), and
//! all lists of a test by what they show ([`coverage`], [`exposure_gini`], [`overlap`]),
//! probabilities against what came true ([`auc`], [`log_loss`], [`brier`], [`expected_calibration_error`], and what was told from them by [`f1`]), amounts against
//! what came in ([`normalised_gini`], [`spearman`], [`sum_bias`], [`decile_calibration`], [`decile_error`]), and effects by whom a treatment changed ([`qini`]).

mod amount;
mod binary;
mod partition;
mod ranking;
mod uplift;

pub use amount::{Decile, decile_calibration, decile_error, normalised_gini, spearman, sum_bias};
pub use binary::{LOG_LOSS_CLIP, auc, auc_between, brier, expected_calibration_error, f1, log_loss};
pub use partition::mutual_information;
pub use ranking::{coverage, exposure_gini, gained_ndcg_at_k, hit_at_k, mrr_at_k, ndcg_at_k, overlap, recall_at_k};
pub use uplift::{Qini, QiniInterval, qini, qini_interval};
