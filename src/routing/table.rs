//! What a request is resolved against: one immutable table per revision.

use super::pattern::Pattern;
use crate::model::{
    Origin, ResourceId,
    spec::{ResponseModel, UnknownModels},
};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

/// Every name a request may use, compiled from a catalog.
#[derive(Debug, Default)]
pub struct RoutingTable {
    pub(super) namespaces: BTreeMap<Arc<str>, Names>,
    pub(super) endpoints: BTreeMap<ResourceId, Arc<EndpointRoute>>,
}

impl RoutingTable {
    /// Every endpoint, sorted by namespace and name.
    pub fn endpoints(&self) -> impl Iterator<Item = &Arc<EndpointRoute>> {
        self.endpoints.values()
    }

    /// Every agent, sorted by namespace and name.
    pub fn agents(&self) -> impl Iterator<Item = &Arc<AgentRoute>> {
        self.namespaces
            .values()
            .flat_map(|names| names.agents.values())
    }
}

/// What the names of one namespace mean.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) agents: BTreeMap<String, Arc<AgentRoute>>,
    pub(super) aliases: BTreeMap<String, AliasRoute>,
    pub(super) endpoint_aliases: BTreeMap<String, AliasRoute>,
    pub(super) endpoints: BTreeMap<String, Arc<EndpointRoute>>,
    pub(super) models: BTreeMap<String, AliasRoute>,
    /// Most specific first.
    pub(super) wildcards: Vec<(Pattern, AliasRoute)>,
}

/// Where a name leads.
#[derive(Debug, Clone)]
pub(super) struct AliasRoute {
    /// One is chosen by weight; never empty.
    pub(super) targets: Vec<(u64, Target)>,
    pub(super) fallbacks: Vec<Target>,
    pub(super) origin: Origin,
}

/// One endpoint as routing sees it.
#[derive(Debug)]
pub struct EndpointRoute {
    /// Who it is.
    pub id: ResourceId,
    /// Where it is defined.
    pub origin: Origin,
    /// The model when a request names only the endpoint.
    pub default_model: Option<Arc<str>>,
    /// Models it lists.
    pub models: HashSet<String>,
    /// What a scoped request does with other names.
    pub unknown_models: UnknownModels,
    /// Which name the answer's `model` carries.
    pub response_model: ResponseModel,
    /// Calls to one target in all, the first included.
    pub max_attempts: u32,
    /// Pause before the second call.
    pub retry_backoff: Duration,
    pub(super) aliases: HashMap<String, (Arc<str>, Origin)>,
    /// Most specific first.
    pub(super) wildcards: Vec<(Pattern, Arc<str>, Origin)>,
}

/// A model on an endpoint.
#[derive(Debug, Clone)]
pub struct Target {
    /// The endpoint to call.
    pub endpoint: Arc<EndpointRoute>,
    /// The model to ask it for.
    pub model: Arc<str>,
}

/// One agent as routing sees it.
#[derive(Debug)]
pub struct AgentRoute {
    /// Who it is.
    pub id: ResourceId,
    /// Where it is defined.
    pub origin: Origin,
    /// The system prompt; may be empty.
    pub prompt: String,
    /// Time for a run.
    pub timeout: Option<Duration>,
    /// The endpoint's default model, then the fallbacks'. Empty if the endpoint does not exist.
    pub targets: Vec<Target>,
    /// The policies that hold for it.
    pub policies: Vec<Arc<PolicyRoute>>,
}

/// One policy as routing sees it.
#[derive(Debug)]
pub struct PolicyRoute {
    /// Who it is.
    pub id: ResourceId,
    /// Where its list of models is written.
    pub origin: Origin,
    /// Models in lower case; `None` allows any.
    pub allowed_models: Option<HashSet<String>>,
}
