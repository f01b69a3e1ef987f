//! What people type: one file per command, one error type, one table of exit codes.
//!
//! [`main`] reads the arguments ([`app`]) and the surroundings, hands both to a command ([`commands`]) and
//! turns what comes back into an exit code ([`exit`]). Data goes to stdout, everything else to stderr,
//! both through [`output`]. Commands that only look at files call [`crate::reconcile::review`], the same
//! function as the daemon; commands that ask the daemon do so through [`client`].
//!
//! Nothing here decides anything about manifests or routes.

mod app;
mod client;
mod columns;
mod commands;
mod comparison;
mod daemon_process;
mod environment;
mod error;
mod exit;
mod identity_search;
mod lints;
mod literal;
mod live;
mod main;
mod manifests;
mod order;
mod outcome;
mod output;
mod reading;
mod report;
mod revision;
mod scope;
mod sealing;
mod secret_changes;
mod session;
mod tables;
mod target;
mod text;
mod watching;

#[cfg(test)]
mod tests;

pub use main::main;
