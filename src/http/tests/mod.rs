//! The doors, opened from outside.
#![expect(clippy::unwrap_used, reason = "tests")]

mod changing;
mod contract;
mod dialects;
mod door;
mod guarding;
mod keys;
mod looking;
mod pieces;
mod webhooks;
