//! Aliases of aliases to the endpoints they lead to.

use super::table::{EndpointRoute, Target};
use crate::{
    graph::references,
    model::{
        Catalog, Finding, Kind, Resource, ResourceId, SortedMap, code,
        spec::{AliasTarget, ModelAliasSpec},
    },
};
use std::{collections::HashMap, sync::Arc};

/// Weights of one alias add up to less than this, so that a 32-bit draw reaches every target.
const MAX_TOTAL_WEIGHT: u128 = 1 << 32;

/// Stands for common multiples that grow too large to compute with.
const LARGE: u128 = 1 << 64;

/// Where an alias leads, each destination once with its weight.
pub(super) type Shares = Vec<(u64, Target)>;

/// Where one alias leads.
#[derive(Debug, Default)]
pub(super) struct Flat {
    pub(super) targets: Shares,
    pub(super) fallbacks: Vec<Target>,
}

/// Flattens one `ModelAlias` after those it leads to.
///
/// An alias keeps its own share: of `{alias: a}` and `{endpoint: b}` each gets one half, however many
/// targets `a` has. Each alias is flattened once, so that deep and wide nests cost what they are written
/// with.
pub(super) struct Flattener<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) endpoints: &'a SortedMap<ResourceId, Arc<EndpointRoute>>,
    /// The aliases that are flattened already.
    pub(super) flats: &'a SortedMap<ResourceId, Arc<Flat>>,
    pub(super) findings: Vec<Finding>,
}

impl Flattener<'_> {
    /// Where an alias leads; `None` for members of a circle, which `graph` reports, and what leads there.
    pub(super) fn flatten(&mut self, resource: &Resource, spec: &ModelAliasSpec) -> Option<Flat> {
        let mut inner = references(resource).into_iter();
        if inner.any(|reference| self.is_circular(&reference.to)) {
            return None;
        }
        let mut parts = Vec::new();
        for (index, target) in spec.targets.iter().enumerate() {
            let pointer = format!("/spec/targets/{index}");
            let shares = self.shares(resource, &pointer, target);
            parts.push((target.weight.unwrap_or(1), shares));
        }
        let mut fallbacks: Vec<Target> = Vec::new();
        for (index, target) in spec.fallbacks.iter().enumerate() {
            let pointer = format!("/spec/fallbacks/{index}");
            for (_, target) in self.shares(resource, &pointer, target) {
                if !fallbacks.iter().any(|known| known.is_same(&target)) {
                    fallbacks.push(target);
                }
            }
        }
        Some(Flat {
            targets: join(parts),
            fallbacks,
        })
    }

    /// Whether an alias exists and was not flattened although its turn has passed.
    fn is_circular(&self, id: &ResourceId) -> bool {
        let exists = id.kind == Kind::ModelAlias && self.catalog.get(id).is_some();
        exists && !self.flats.contains_key(id)
    }

    /// The endpoints one target leads to. Missing ones are `graph`'s finding.
    fn shares(&mut self, resource: &Resource, pointer: &str, target: &AliasTarget) -> Shares {
        let namespace = &resource.id.namespace;
        if let Some(alias) = &target.alias {
            let id = ResourceId::from_reference(Kind::ModelAlias, namespace, alias);
            return self
                .flats
                .get(&id)
                .map(|flat| flat.targets.clone())
                .unwrap_or_default();
        }
        let Some(endpoint) = &target.endpoint else {
            return Vec::new();
        };
        let id = ResourceId::from_reference(Kind::ModelEndpoint, namespace, endpoint);
        let Some(endpoint) = self.endpoints.get(&id).cloned() else {
            return Vec::new();
        };
        let named = target.model.as_deref().filter(|_| !endpoint.pins_model);
        let named = named.map(Arc::from);
        if let Some(model) = named.or_else(|| endpoint.default_model.clone()) {
            return vec![(1, Target { endpoint, model })];
        }
        let finding = no_default_model(resource, pointer, &endpoint);
        self.findings
            .push(finding.with_hint("name a `model` beside it"));
        Vec::new()
    }
}

/// An endpoint is named without a model and has no default one.
pub(super) fn no_default_model(
    resource: &Resource,
    pointer: &str,
    endpoint: &EndpointRoute,
) -> Finding {
    let message = format!(
        "{} has no default_model, which {} needs",
        endpoint.id, resource.id
    );
    Finding::new(code::REF_MISSING, resource.origin_of(pointer), message).on(&resource.id)
}

/// Joins parts so that each keeps its own weight, in the smallest whole numbers that say so.
fn join(parts: Vec<(u32, Shares)>) -> Shares {
    let total = |shares: &Shares| -> u128 { shares.iter().map(|(w, _)| u128::from(*w)).sum() };
    let common = parts.iter().map(|(_, shares)| total(shares)).fold(1, lcm);
    let mut joined: Vec<(u128, Target)> = Vec::new();
    let mut known: HashMap<(ResourceId, Arc<str>), usize> = HashMap::new();
    for (weight, shares) in parts {
        let scale = u128::from(weight) * (common / total(&shares).max(1));
        for (share, target) in shares {
            let key = (target.endpoint.id.clone(), target.model.clone());
            let add = scale.saturating_mul(u128::from(share));
            if let Some((sum, _)) = known.get(&key).and_then(|at| joined.get_mut(*at)) {
                *sum = sum.saturating_add(add);
            } else {
                known.insert(key, joined.len());
                joined.push((add, target));
            }
        }
    }
    reduce(joined)
}

fn reduce(joined: Vec<(u128, Target)>) -> Shares {
    let divisor = joined.iter().fold(0, |sum, (weight, _)| gcd(sum, *weight));
    let divisor = divisor.max(1);
    let total = joined.iter().fold(0_u128, |sum, (weight, _)| {
        sum.saturating_add(*weight / divisor)
    });
    // Beyond what a draw can tell apart, shares are rounded; none that is meant is rounded away.
    let excess = total / MAX_TOTAL_WEIGHT + 1;
    let rounded = joined.into_iter().map(|(weight, target)| {
        let small = match weight / divisor {
            0 => 0,
            weight => (weight / excess).max(1),
        };
        (u64::try_from(small).unwrap_or(u64::MAX), target)
    });
    rounded.collect()
}

/// The least common multiple; a zero, which has none, is passed over. Beyond [`LARGE`] it is [`LARGE`],
/// so that shares come out nearly instead of exactly.
fn lcm(a: u128, b: u128) -> u128 {
    match gcd(a, b) {
        0 => 1,
        _ if b == 0 => a,
        divisor => (a / divisor)
            .checked_mul(b)
            .filter(|product| *product < LARGE)
            .unwrap_or(LARGE),
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
