//! GitOps for AI model routing.
//!
//! Manifests pushed to a Git repository are validated, linked and planned, and the whole commit is
//! served at once by a model gateway of our own. The rooms below stand in the order in which a commit
//! walks through them; a room uses only rooms above it (`ARCHITECTURE.md`, held by
//! `tests/architecture.rs`).

pub mod chat;
pub mod cli;
pub mod daemon;
pub mod forge;
pub mod gateway;
pub mod graph;
pub mod http;
pub mod manifest;
pub mod model;
pub mod plan;
pub mod providers;
pub mod reconcile;
pub mod routing;
pub mod runtime;
pub mod secrets;
pub mod source;
pub mod store;

/// What the tests of every room measure with, and those of the whole product too.
#[cfg(test)]
#[path = "../tests/it/support/stopwatch.rs"]
mod stopwatch;
