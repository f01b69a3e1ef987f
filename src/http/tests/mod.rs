//! The doors, opened from outside.
#![expect(clippy::unwrap_used, reason = "tests")]

mod changing;
mod contract;
mod dialects;
mod door;
mod error_table;
mod guarding;
mod guards;
mod keys;
mod looking;
mod pieces;
mod provider;
mod webhooks;
