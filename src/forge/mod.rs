//! Forges (GitHub, GitLab, Gitea, Bitbucket, Azure DevOps) and whoever else rings the bell.
//!
//! A webhook is only a bell: [`verify`] says whether somebody who knows the secret rang it, and
//! nothing in its body is read. What is to be fetched stands in the configuration.
//!
//! Not here: comments and commit statuses.

mod provider;
mod verify;

#[cfg(test)]
mod tests;

pub use provider::Provider;
pub use verify::{VerifyError, verify};
