//! The keys of a catalog, found by their hashes, and what each may call.

use super::{
    decision::Decision,
    limits::{LimitRule, rules},
    pattern::Pattern,
    table::{RoutingTable, Target},
};
use crate::model::{
    Catalog, ClientKey, Finding, Kind, Origin, Resource, ResourceId, SortedMap, Spec, code,
    spec::ApiKeySpec,
};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// SHA-256 of a key.
type Hash = [u8; 32];

/// Every key; clones share their structure. Of several with one hash, which is an error, the first counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys(SortedMap<Hash, BTreeMap<ResourceId, Arc<KeyRoute>>>);

/// One key as routing sees it.
#[derive(Debug)]
pub struct KeyRoute {
    /// Who it is; its namespace is the caller's.
    pub id: ResourceId,
    /// Where its hash is written.
    pub origin: Origin,
    /// The hash.
    pub hash: Hash,
    /// From when on it is refused, in microseconds since 1970 (UTC).
    pub expires_us: Option<i64>,
    /// Where that is written.
    pub expires_origin: Origin,
    /// What may be used with it.
    pub limits: Vec<LimitRule>,
    /// Agents it may call, and where that is written.
    agents: Option<(BTreeSet<ResourceId>, Origin)>,
    /// Models it may call, and where that is written.
    models: Option<(AllowedModels, Origin)>,
}

/// Names of models in lower case.
#[derive(Debug, Default)]
struct AllowedModels {
    exact: BTreeSet<String>,
    patterns: Vec<Pattern>,
}

/// What a key may not call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRefusal {
    /// The agent, as `agent/NAME`, or the model.
    pub what: String,
    /// The line of the key's manifest that leaves it out.
    pub origin: Origin,
}

impl RoutingTable {
    /// Whether any key exists, so that every request needs one.
    pub fn has_keys(&self) -> bool {
        !self.keys.0.is_empty()
    }

    /// The key with this hash; the caller compares the hashes in constant time.
    pub fn key(&self, hash: &[u8; 32]) -> Option<&Arc<KeyRoute>> {
        self.keys.0.get(hash)?.values().next()
    }

    /// The key that an `ApiKey` is for, by its `name` in a namespace or by `ns/name`.
    pub fn key_named(&self, namespace: &str, name: &str) -> Option<&Arc<KeyRoute>> {
        let id = ResourceId::from_reference(Kind::ApiKey, namespace, name);
        self.keys.0.values().find_map(|same| same.get(&id))
    }

    /// Brings the keys in line with what changed.
    pub(super) fn update_keys(
        &mut self,
        before: &Catalog,
        after: &Catalog,
        changed: &BTreeSet<ResourceId>,
    ) {
        let mut hashes = BTreeSet::new();
        for id in changed.iter().filter(|id| id.kind == Kind::ApiKey) {
            self.findings.resources.set(id.clone(), Vec::new());
            if let Some(hash) = before.get(id).and_then(|key| spec(key)).and_then(hash) {
                self.keys.remove(&hash, id);
                hashes.insert(hash);
            }
            let Some(key) = after.get(id) else { continue };
            if let Some((spec, hash)) = spec(key).and_then(|spec| Some((spec, hash(spec)?))) {
                self.keys.insert(Arc::new(route(key, spec, hash)));
                hashes.insert(hash);
            }
        }
        for hash in hashes {
            for (id, findings) in self.keys.same(&hash) {
                self.findings.resources.set(id, findings);
            }
        }
    }
}

impl Keys {
    fn insert(&mut self, key: Arc<KeyRoute>) {
        if let Some(same) = self.0.get_mut(&key.hash) {
            same.insert(key.id.clone(), key);
            return;
        }
        let same = BTreeMap::from([(key.id.clone(), key.clone())]);
        self.0.insert_mut(key.hash, same);
    }

    fn remove(&mut self, hash: &Hash, id: &ResourceId) {
        let Some(same) = self.0.get_mut(hash) else {
            return;
        };
        same.remove(id);
        if same.is_empty() {
            self.0.remove_mut(hash);
        }
    }

    /// What to say of the keys with a hash: nothing of the first, and of each further one that it is there.
    fn same(&self, hash: &Hash) -> Vec<(ResourceId, Vec<Finding>)> {
        let mut keys = self.0.get(hash).into_iter().flat_map(BTreeMap::values);
        let Some(first) = keys.next() else {
            return Vec::new();
        };
        let further = keys.map(|key| {
            let message = format!(
                "{} has the same hash as {}: they are one key",
                key.id, first.id
            );
            let finding = Finding::new(code::GRAPH_AMBIGUOUS, key.origin.clone(), message);
            let hint = format!(
                "the other stands at {}; make a key of its own with `orloj create api-key`",
                first.origin
            );
            (key.id.clone(), vec![finding.with_hint(hint).on(&key.id)])
        });
        let first = (first.id.clone(), Vec::new());
        std::iter::once(first).chain(further).collect()
    }
}

impl KeyRoute {
    /// Whether the key is refused at a moment, in microseconds since 1970 (UTC).
    pub fn is_expired(&self, now_us: i64) -> bool {
        self.expires_us.is_some_and(|expires| now_us >= expires)
    }

    /// Whether the key may call an agent at all.
    fn refuses_agent(&self, agent: &ResourceId) -> Option<KeyRefusal> {
        let (agents, origin) = self.agents.as_ref()?;
        (!agents.contains(agent)).then(|| KeyRefusal {
            what: format!("agent/{}", agent.qualified_name()),
            origin: origin.clone(),
        })
    }

    /// Whether the key may call a model, which is asked for directly or as an agent.
    fn refuses_model(&self, model: &str, as_agent: bool) -> Option<KeyRefusal> {
        let (allowed, origin) = match (&self.models, &self.agents) {
            (Some((models, origin)), _) => (models.contain(model), origin),
            (None, Some((_, origin))) => (as_agent, origin),
            (None, None) => return None,
        };
        (!allowed).then(|| KeyRefusal {
            what: model.to_owned(),
            origin: origin.clone(),
        })
    }
}

impl AllowedModels {
    fn of(names: &[String]) -> Self {
        let mut allowed = Self::default();
        for name in names {
            let name = name.to_lowercase();
            match Pattern::parse(&name) {
                Some(pattern) => allowed.patterns.push(pattern),
                None => drop(allowed.exact.insert(name)),
            }
        }
        allowed
    }

    fn contain(&self, model: &str) -> bool {
        let model = model.to_lowercase();
        self.exact.contains(&model) || self.patterns.iter().any(|it| it.matches(&model))
    }
}

/// Checks a decision against the key it was asked with; fallbacks that it may not call are dropped.
///
/// What a name leads to must be allowed. The name that was asked for must be too where it is a model of its own
/// that an endpoint offers, so that an alias cannot be called like a model that is not allowed.
///
/// # Errors
///
/// - [`KeyRefusal`] if the agent, the first target's model or the name may not be called.
pub fn check_key(
    table: &RoutingTable,
    key: &KeyRoute,
    mut decision: Decision,
) -> Result<Decision, KeyRefusal> {
    if key.agents.is_none() && key.models.is_none() {
        return Ok(decision);
    }
    let agent = decision.agent.as_ref();
    if let Some(refusal) = agent.and_then(|agent| key.refuses_agent(&agent.id)) {
        return Err(refusal);
    }
    let as_agent = agent.is_some();
    let refuses = |target: &Target| key.refuses_model(&target.model, as_agent);
    if let Some(refusal) = decision.targets.first().and_then(refuses) {
        return Err(refusal);
    }
    if !as_agent
        && table.offered.offers(&decision.requested)
        && let Some(refusal) = key.refuses_model(&decision.requested, false)
    {
        return Err(refusal);
    }
    decision.targets.retain(|target| refuses(target).is_none());
    Ok(decision)
}

fn spec(resource: &Arc<Resource>) -> Option<&ApiKeySpec> {
    match &resource.spec {
        Spec::ApiKey(spec) => Some(spec),
        _ => None,
    }
}

fn hash(spec: &ApiKeySpec) -> Option<Hash> {
    ClientKey::read_hash(&spec.hash)
}

fn route(resource: &Resource, spec: &ApiKeySpec, hash: Hash) -> KeyRoute {
    let namespace = &resource.id.namespace;
    let agents = spec.agents.iter();
    let agents = agents.map(|name| ResourceId::from_reference(Kind::Agent, namespace, name));
    let agents = (!spec.agents.is_empty())
        .then(|| (agents.collect(), resource.origin_of_key("/spec/agents")));
    let models = (!spec.allowed_models.is_empty()).then(|| {
        let origin = resource.origin_of_key("/spec/allowed_models");
        (AllowedModels::of(&spec.allowed_models), origin)
    });
    let expires = spec.expires_at.as_deref();
    KeyRoute {
        id: resource.id.clone(),
        origin: resource.origin_of("/spec/hash"),
        hash,
        // A moment that cannot be read is refused when the manifest is; one that is kept all the same is over.
        expires_us: expires.map(|text| text.parse().map_or(i64::MIN, Timestamp::as_microsecond)),
        expires_origin: resource.origin_of("/spec/expires_at"),
        limits: rules(resource, "/spec/limits", &spec.limits),
        agents,
        models,
    }
}
