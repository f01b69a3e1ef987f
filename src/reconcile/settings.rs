//! What the operator decided, as far as the loop needs it.

use super::{
    guards::PruneGuard,
    review::ReviewOptions,
    secret_files::{SecretFiles, SecretSources},
};
use crate::{
    model::{Finding, Resource, code},
    plan::Windows,
    providers::Network,
    secrets::{Keyring, Opened, environment_names, reserved},
    store::Retention,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use std::{collections::HashMap, sync::Arc, time::Duration};
use subtle::ConstantTimeEq as _;

/// How to reconcile. Read once at start.
pub struct ReconcileSettings {
    /// How strictly to look.
    pub review: ReviewOptions,
    /// Identities that open sealed values.
    pub keyring: Keyring,
    /// Values from the environment.
    pub variables: SecretVariables,
    /// Values from files.
    pub secret_files: SecretFiles,
    /// How providers are reached.
    pub network: Network,
    /// How much a commit may prune by itself.
    pub prune: PruneGuard,
    /// What a secret means that a commit would send to another host.
    pub egress: EgressPolicy,
    /// When commits may go live.
    pub windows: Windows,
    /// What tells the time that windows go by.
    pub clock: Clock,
    /// Time between two looks at the source.
    pub poll: Duration,
    /// What is kept of the past.
    pub retention: Retention,
}

impl ReconcileSettings {
    /// Where the values of secrets come from.
    pub(super) fn secret_sources(&self) -> SecretSources<'_> {
        SecretSources {
            keyring: &self.keyring,
            variables: &self.variables,
            files: &self.secret_files,
        }
    }
}

/// What becomes of a commit that would send a secret to a host that it is not sent to yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EgressPolicy {
    /// It goes live; the plan says so.
    #[default]
    Show,
    /// It waits for `orloj confirm`.
    Confirm,
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

    /// That a secret of a manifest has another value than its variable; `value` gives those of the manifest.
    pub(super) fn differs<'v>(
        &self,
        secret: &Resource,
        value: impl Fn(&str) -> Option<&'v Opened>,
    ) -> Option<Finding> {
        let id = &secret.id;
        let names = environment_names(&id.namespace, &id.name);
        let (variable, other) = names.iter().find_map(|name| self.0.get_key_value(name))?;
        let text = |value: &'v Opened| value.expose_bytes().trim_ascii();
        let value = text(value("value")?);
        if bool::from(value.ct_eq(other.expose_bytes().trim_ascii())) {
            return None;
        }
        let message =
            format!("{id} has another value than `{variable}` in the daemon's environment");
        let hint = "the manifest's value is used; take the variable away, or the Secret";
        let finding = Finding::new(code::SECRET_TWICE, secret.origin.clone(), message);
        Some(finding.with_hint(hint).on(id))
    }
}
