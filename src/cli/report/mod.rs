//! Findings for people and for CI: the offending line, what is wrong with it, and what to do.
//!
//! A finding comes from a review here or as JSON from the daemon; both become a [`Reported`]. Source
//! lines are shown where the file is at hand, and never with what may be a secret's value
//! ([`line`]).

mod github;
mod line;
mod reported;
mod text;

pub(crate) use github::to_github;
#[cfg(test)]
pub(crate) use reported::Level;
pub(crate) use reported::{Reported, Tally};
pub(crate) use text::{Sources, to_text};
