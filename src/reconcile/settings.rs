//! What the operator decided, as far as the loop needs it.

use super::{guards::PruneGuard, review::ReviewOptions};
use crate::{
    providers::Network,
    secrets::{Keyring, Opened, environment_names, reserved},
};
use std::{collections::HashMap, time::Duration};

/// How to reconcile. Read once at start.
pub struct ReconcileSettings {
    /// How strictly to look.
    pub review: ReviewOptions,
    /// Identities that open sealed values.
    pub keyring: Keyring,
    /// Values from the environment.
    pub variables: SecretVariables,
    /// How providers are reached.
    pub network: Network,
    /// How much a commit may prune by itself.
    pub prune: PruneGuard,
    /// Time between two looks at the source.
    pub poll: Duration,
}

/// The environment variables under `ORLOJ_SECRET_`, taken over at start.
#[derive(Default)]
pub struct SecretVariables(HashMap<String, Opened>);

impl SecretVariables {
    /// Keeps the variables that may be a secret's value; a flag's own variable never is.
    pub fn new(variables: impl IntoIterator<Item = (String, Opened)>) -> Self {
        Self(
            variables
                .into_iter()
                .filter(|(name, _)| !reserved(name))
                .collect(),
        )
    }

    /// The value of a secret that no manifest defines.
    pub fn find(&self, namespace: &str, name: &str) -> Option<&Opened> {
        environment_names(namespace, name)
            .iter()
            .find_map(|variable| self.0.get(variable))
    }
}
