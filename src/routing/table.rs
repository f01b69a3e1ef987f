//! What a request is resolved against: one immutable table per revision.

use super::{
    catalogue::Catalogue, claims::Claims, findings::TableFindings, flatten::Flat, keys::Keys,
    limits::LimitRule, offered::Offered, pattern::Pattern, policies::Policies,
};
use crate::model::{
    Origin, ResourceId, SortedMap,
    spec::{ResponseModel, UnknownModels},
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// Every name a request may use, compiled from a catalog. Clones share their structure.
#[derive(Debug, Clone, Default)]
pub struct RoutingTable {
    pub(super) namespaces: SortedMap<Arc<str>, Names>,
    pub(super) endpoints: SortedMap<ResourceId, Arc<EndpointRoute>>,
    /// Where each alias leads; members of a circle are left out.
    pub(super) flats: SortedMap<ResourceId, Arc<Flat>>,
    pub(super) policies: Policies,
    pub(super) offered: Offered,
    pub(super) keys: Keys,
    pub(super) catalogue: Catalogue,
    pub(super) findings: TableFindings,
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

    /// The policies that hold for an agent, sorted by namespace and name.
    ///
    /// A policy with targets holds for every agent of the systems it names, also when the agent is called
    /// directly: a policy fails closed.
    pub fn policies_of(&self, agent: &ResourceId) -> Vec<&Arc<PolicyRoute>> {
        self.policies.holding_for(agent)
    }

    /// The policies that limit what a namespace may use, sorted.
    pub fn budgets_of<'a>(
        &'a self,
        namespace: &'a str,
    ) -> impl Iterator<Item = &'a Arc<PolicyRoute>> {
        self.policies.limiting(namespace)
    }

    /// An agent's route.
    pub(super) fn agent(&self, id: &ResourceId) -> Option<&Arc<AgentRoute>> {
        self.namespaces.get(&id.namespace)?.agents.get(&id.name)
    }
}

/// What the names of one namespace mean.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    pub(super) agents: SortedMap<Arc<str>, Arc<AgentRoute>>,
    pub(super) aliases: Claims,
    pub(super) endpoint_aliases: Claims,
    pub(super) endpoints: SortedMap<Arc<str>, Arc<EndpointRoute>>,
    pub(super) models: Claims,
    /// Most specific first.
    pub(super) wildcards: SortedMap<WildcardKey, (Pattern, Arc<AliasRoute>)>,
}

impl Names {
    pub(super) fn is_empty(&self) -> bool {
        self.agents.is_empty()
            && self.endpoints.is_empty()
            && self.aliases.is_empty()
            && self.wildcards.is_empty()
    }
}

/// The more characters a pattern spells out, the earlier it is tried; then by its text and its owner.
pub(super) type WildcardKey = (Reverse<usize>, String, ResourceId);

/// Where a name leads.
#[derive(Debug)]
pub(super) struct AliasRoute {
    /// One is chosen by weight; never empty.
    pub(super) targets: Vec<(u64, Target)>,
    pub(super) fallbacks: Vec<Target>,
    pub(super) origin: Origin,
}

impl AliasRoute {
    /// A name for one model of one endpoint.
    pub(super) fn of(endpoint: &Arc<EndpointRoute>, model: &str, origin: Origin) -> Self {
        let target = Target {
            endpoint: endpoint.clone(),
            model: model.into(),
        };
        Self {
            targets: vec![(1, target)],
            fallbacks: Vec::new(),
            origin,
        }
    }
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
    /// Whether that is the model of every request to it; then there are no aliases.
    pub pins_model: bool,
    /// Models it lists.
    pub models: BTreeSet<String>,
    /// Who offers its models, in lower case as endpoints write it.
    pub provider: Arc<str>,
    /// What all callers together may use of it.
    pub limits: Vec<LimitRule>,
    /// What a scoped request does with other names.
    pub unknown_models: UnknownModels,
    /// Which name the answer's `model` carries.
    pub response_model: ResponseModel,
    /// Calls to one target in all, the first included.
    pub max_attempts: u32,
    /// Pause before the second call.
    pub retry_backoff: Duration,
    /// Time for a request that goes here first, repetitions and fallbacks included; `None` is no limit.
    pub total: Option<Duration>,
    pub(super) aliases: BTreeMap<String, (Arc<str>, Origin)>,
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

impl Target {
    /// Whether a call of either is the same call.
    pub fn is_same(&self, other: &Self) -> bool {
        self.endpoint.id == other.endpoint.id && self.model == other.model
    }
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
}

/// One policy as routing sees it.
#[derive(Debug)]
pub struct PolicyRoute {
    /// Who it is.
    pub id: ResourceId,
    /// Where its list of models is written.
    pub origin: Origin,
    /// Models in lower case; `None` allows any.
    pub allowed_models: Option<BTreeSet<String>>,
    /// Tokens that one run may use, and where that is written.
    pub max_tokens_per_run: Option<(u64, Origin)>,
    /// What each agent may use.
    pub limits: Vec<LimitRule>,
    /// What all callers of the policy's namespace may use together.
    pub namespace_limits: Vec<LimitRule>,
    /// Tools in lower case that agents may not have, and where each stands in its list, from 0.
    pub blocked_tools: BTreeMap<String, usize>,
}
