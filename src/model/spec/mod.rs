//! The typed `spec` of each kind, as the format writes it.
//!
//! Types here are what the JSON Schemas are made from: doc comments become descriptions. Each has a
//! `normalise` that fills the format's defaults; normalising twice changes nothing.

mod agent;
mod agent_policy;
mod agent_system;
mod agentgateway_backend;
mod model_alias;
mod model_endpoint;
mod secret;
mod task;

pub use agent::{AgentExecution, AgentLimits, AgentMemory, AgentSpec};
pub use agent_policy::{AgentPolicySpec, ApplyMode};
pub use agent_system::{AgentSystemSpec, GraphEdge, GraphJoin, GraphNode};
pub use agentgateway_backend::AgentgatewayBackendSpec;
pub use model_alias::{AliasTarget, ModelAliasSpec};
pub use model_endpoint::{
    EndpointAuth, EndpointRetry, EndpointTimeouts, ModelEndpointSpec, ResponseModel, UnknownModels,
};
pub use secret::SecretSpec;
pub use task::{MessageRetry, TaskMode, TaskRequirements, TaskRetry, TaskSpec};

/// Trims each text, drops empty ones and repeats (letter case ignored, first spelling kept).
fn tidy(list: &mut Vec<String>) {
    let mut seen = std::collections::BTreeSet::new();
    *list = std::mem::take(list)
        .into_iter()
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty() && seen.insert(text.to_lowercase()))
        .collect();
}

/// For fields that are left out of the normalised form when they say nothing.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
