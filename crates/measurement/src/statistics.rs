//! How do arms of an experiment differ, and how sure is that?
//!
//! An arm is [`Moments`]: sums over its customers, which add up. [`compare`] makes of two arms their difference and their
//! lift, each with an interval for one look and one that holds at every look. What goes before and after: whether the
//! arms are as large as they should be ([`srm()`]), what is left of many findings ([`benjamini_hochberg`]), how many
//! customers it takes ([`Power`]).
//!
//! What stays true:
//! - nothing is said of what cannot be told: the reason is said in its place;
//! - the interval of one look and that of every look are never mixed: the smaller of both holds for neither.

mod moments;

mod distribution;

mod estimate;

mod skewness;

mod sequential;

mod quantile;

mod bayes;

mod srm;

mod multiple;

mod power;

mod compare;

pub use bayes::{Posterior, Prior};
pub use compare::{Compared, Effect, How, compare, compare_estimates};
pub use distribution::{chi_squared_above, normal_below, normal_quantile, student_beyond, student_quantile};
pub use estimate::{Estimate, Measure, estimates};
pub use moments::Moments;
pub use multiple::benjamini_hochberg;
pub use power::{Power, days};
pub use quantile::{clustered_quantile, quantile};
pub use sequential::{Msprt, Sequence};
pub use srm::{SRM_ALARM, Srm, srm};

pub(crate) use moments::{count, whole};
