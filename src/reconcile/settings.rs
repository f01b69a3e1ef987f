//! What the operator decided, as far as the loop needs it.

use super::{guards::PruneGuard, review::ReviewOptions};
use crate::{
    plan::Windows,
    providers::Network,
    secrets::{Keyring, Opened, environment_names, reserved},
    store::Retention,
};
use jiff::Timestamp;
use std::{collections::HashMap, sync::Arc, time::Duration};

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
    /// When commits may go live.
    pub windows: Windows,
    /// What tells the time that windows go by.
    pub clock: Clock,
    /// Time between two looks at the source.
    pub poll: Duration,
    /// What is kept of the past.
    pub retention: Retention,
}

/// What tells the time of day; it may jump in any direction.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// Another one than the system's.
    pub fn new(clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(clock))
    }

    /// The present.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new(Timestamp::now)
    }
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
