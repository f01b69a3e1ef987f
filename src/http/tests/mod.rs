//! The doors, opened from outside.
#![expect(clippy::unwrap_used, reason = "tests")]

mod changing;
mod contract;
mod door;
mod guarding;
mod looking;
mod webhooks;
