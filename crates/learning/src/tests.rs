//! Does learning keep its laws? On a seeded world, small enough for every run.

mod asked;
mod choices;
mod contests;
mod desk;
mod evaluation;
pub(crate) mod files;
mod hours;
mod leaks;
mod money;
mod nightly;
mod numbers;
mod outcomes;
mod partitions;
mod policy;
mod registry;
mod search;
mod strangers;
mod uplift;
mod wanted;
mod withdrawals;
pub(crate) mod world;
