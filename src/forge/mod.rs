//! Forges (GitHub, GitLab, Gitea, Bitbucket, Azure DevOps) and whoever else rings the bell.
//!
//! A webhook is only a bell. [`Delivery::open`] verifies that somebody who knows the secret rang it, and
//! only then reads in its body, as a hint: which repository, reference and commit it is about. What is
//! to be fetched, and from where, stands in the configuration alone.
//!
//! Not here: comments and commit statuses.

mod address;
mod delivery;
mod payload;
mod provider;
mod standard;
mod verify;

#[cfg(test)]
pub(crate) mod tests;

pub use delivery::{Concern, Delivery, MovedTo, Watched};
pub use provider::Provider;
pub use verify::{VerifyError, verify};
