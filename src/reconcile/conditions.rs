//! What of the world outside Git a resource depends on, and how that stands.

use super::{
    prepare::keys_of,
    put_off::sent_secret,
    served::{EndpointState, Served},
};
use crate::model::{Kind, ResourceId, SecretRef, Spec, spec::ModelEndpointSpec};

/// One thing that a manifest cannot promise, in the words of Kubernetes' conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceCondition {
    /// What it is about.
    pub sort: ConditionSort,
    /// Whether it is as it should be.
    pub holds: bool,
    /// A word for programs, such as `SecretNotFound`.
    pub reason: &'static str,
    /// A sentence for people; empty if there is nothing to say.
    pub message: String,
    /// Since when it is so, in microseconds since 1970 (UTC).
    pub since_us: i64,
}

/// What a condition is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConditionSort {
    /// The secret that the endpoint names is there and open.
    SecretResolved,
    /// The value that the endpoint sends is what its file says, if it comes from one.
    SecretCurrent,
    /// Everything else that is needed before a call.
    Usable,
    /// The last call reached the provider.
    Reachable,
}

impl ConditionSort {
    /// The word in output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SecretResolved => "SecretResolved",
            Self::SecretCurrent => "SecretCurrent",
            Self::Usable => "Usable",
            Self::Reachable => "Reachable",
        }
    }
}

impl Served {
    /// How the conditions of a resource stand; none for kinds that depend on nothing outside.
    pub fn conditions(&self, id: &ResourceId) -> Vec<ResourceCondition> {
        let resource = self.snapshot.catalog().get(id);
        let Some(Spec::ModelEndpoint(spec)) = resource.map(|resource| &resource.spec) else {
            return Vec::new();
        };
        match self.endpoints.get(id) {
            Some(EndpointState::NotReady(condition)) => vec![ResourceCondition {
                sort: match condition.reason {
                    "NotUsable" => ConditionSort::Usable,
                    _ => ConditionSort::SecretResolved,
                },
                holds: false,
                reason: condition.reason,
                message: condition.message.clone(),
                since_us: condition.since_us,
            }],
            Some(EndpointState::Ready { upstream, since_us }) => {
                let resolved = spec.auth.secret_ref.is_some().then(|| ResourceCondition {
                    sort: ConditionSort::SecretResolved,
                    holds: true,
                    reason: "Resolved",
                    message: String::new(),
                    since_us: *since_us,
                });
                let reached = upstream.observation().map(|seen| ResourceCondition {
                    sort: ConditionSort::Reachable,
                    holds: seen.trouble.is_none(),
                    reason: seen
                        .trouble
                        .as_ref()
                        .map_or("Answered", |trouble| trouble.0),
                    message: seen.trouble.map(|trouble| trouble.1).unwrap_or_default(),
                    since_us: seen.since_us,
                });
                let stale = self.stale(id, spec);
                resolved.into_iter().chain(stale).chain(reached).collect()
            }
            None => Vec::new(),
        }
    }

    /// That an endpoint goes on with a value whose file cannot be read any more.
    fn stale(&self, endpoint: &ResourceId, spec: &ModelEndpointSpec) -> Option<ResourceCondition> {
        let reference = SecretRef::parse(spec.auth.secret_ref.as_deref()?)?;
        let secret = sent_secret(endpoint, spec)?;
        let mut keys = keys_of(&reference, spec).into_iter();
        let sent = keys.find(|key| self.opened.value(&secret, key).is_some())?;
        let stale = self.opened.stale(&secret, sent)?;
        Some(ResourceCondition {
            sort: ConditionSort::SecretCurrent,
            holds: false,
            reason: "SecretFileNotRead",
            message: format!(
                "{secret} is sent as it was read before; its file `{}`: {}",
                stale.path, stale.problem
            ),
            since_us: stale.since_us,
        })
    }

    /// The conditions that do not hold, by resource; sorted.
    pub fn troubles(&self) -> Vec<(ResourceId, ResourceCondition)> {
        let endpoints = self.snapshot.catalog().of_kind(Kind::ModelEndpoint);
        let conditions = endpoints.flat_map(|resource| {
            let conditions = self.conditions(&resource.id).into_iter();
            conditions.map(|condition| (resource.id.clone(), condition))
        });
        conditions
            .filter(|(_, condition)| !condition.holds)
            .collect()
    }
}
