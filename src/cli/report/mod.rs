//! Findings for people and for CI: the offending line, what is wrong with it, and what to do.
//!
//! A finding comes from a review here or as JSON from the daemon; both become a [`Reported`]. Source
//! lines are shown where the file is at hand, and never with what may be a secret's value
//! ([`line`]).

pub(crate) mod explained;
mod github;
mod junit;
mod line;
mod reported;
mod sarif;
mod sensitive;
mod text;

pub(crate) use github::to_github;
pub(crate) use junit::to_junit;
#[cfg(test)]
pub(crate) use reported::Level;
pub(crate) use reported::{Reported, Tally};
pub(crate) use sarif::to_sarif;
pub(crate) use text::{Sources, to_text};
