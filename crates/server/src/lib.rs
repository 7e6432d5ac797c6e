//! The program rapport: how do settings, HTTP, jobs, the console and the commands come together?
//!
//! The only crate that knows HTTP, TOML, the system clock and the operating system's randomness, and the only one that
//! imports `storage`. Everything else is given to it through ports.
//!
//! What stays true:
//! - wire types live in [`api::wire`] only;
//! - work that computes or waits for the disk never runs on the threads that serve connections ([`app::App::run`]).

mod admission;
mod allocations;
pub mod api;
pub mod app;
pub mod args;
mod attempts;
pub mod audit;
mod backed_up;
mod bodies;
mod cached;
pub mod clock;
pub mod commands;
pub(crate) mod conversing;
mod cookies;
mod counting;
mod credentials;
mod customer_files;
pub mod declarations;
mod declared_features;
pub mod demo;
mod encoders;
pub mod error;
pub mod exposure;
pub mod failure;
mod file_body;
mod found_lately;
pub mod in_force;
pub mod keys;
pub(crate) mod labelled;
pub mod limits;
pub mod local;
mod looks;
mod months;
pub mod on_disk;
pub mod pages;
pub mod peer;
mod process;
mod recent;
mod recorded;
mod removal;
mod replayed;
pub mod schemas;
pub mod serve;
pub mod sessions;
pub mod settings;
mod signing;
mod simulated;
pub mod snippet;
pub mod telemetry;
mod ticks;
mod truth;
mod webhooks;
