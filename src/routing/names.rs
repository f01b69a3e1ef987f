//! The names a caller may use, for `GET /v1/models`.

use super::{
    decision::Refusal,
    resolve::find_endpoint,
    table::{AliasRoute, Names, RoutingTable},
};
use crate::model::DEFAULT_NAMESPACE;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// One name and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelListing {
    /// What to write as `model`.
    pub id: String,
    /// `agent`, `alias`, `endpoint` or `model`.
    pub kind: &'static str,
    /// Where it leads: `endpoint/model`.
    pub target: String,
}

/// Every exact name, sorted; wildcards are patterns, not names.
///
/// Names of the default namespace stand as they are; so do names that only one other namespace uses,
/// because they resolve. The rest carry their namespace.
pub fn list_models(table: &RoutingTable) -> Vec<ModelListing> {
    let mut by_name: BTreeMap<String, Vec<(&str, ModelListing)>> = BTreeMap::new();
    for (namespace, names) in table.namespaces.iter() {
        for listing in of_namespace(names) {
            by_name
                .entry(listing.id.clone())
                .or_default()
                .push((namespace, listing));
        }
    }
    let mut listings: Vec<_> = by_name.into_values().flat_map(qualified).collect();
    listings.sort_by(|a, b| a.id.cmp(&b.id));
    listings
}

/// What one name, without namespace, means wherever it is used.
pub fn list_name(table: &RoutingTable, name: &str) -> Vec<ModelListing> {
    let uses = table.namespaces.iter().filter_map(|(namespace, names)| {
        let listing = listing(names, name.to_owned())?;
        Some((&**namespace, listing))
    });
    qualified(uses.collect()).collect()
}

/// The listing with this id; costs a look into each namespace, not what the table holds.
pub fn find_listing(table: &RoutingTable, id: &str) -> Option<ModelListing> {
    let (mut plain, mut within) = (vec![id.to_owned()], id);
    if let Some(agent) = id.strip_prefix("agent/") {
        within = agent;
    }
    // No namespace holds a slash, so that it ends at the first.
    if let Some((_, name)) = within.split_once('/') {
        let prefix = &id[..id.len() - within.len()];
        plain.push(format!("{prefix}{name}"));
    }
    if let Some((_, name)) = id.split_once('/') {
        plain.push(name.to_owned());
    }
    // Of two listings with one id the list has that of the lesser name first.
    plain.sort();
    plain.dedup();
    let mut found = plain.iter().flat_map(|name| list_name(table, name));
    found.find(|listing| listing.id == id)
}

/// The uses of one name, by namespace, written so that each can be asked for.
fn qualified(mut uses: Vec<(&str, ModelListing)>) -> impl Iterator<Item = ModelListing> {
    let alone = uses.len() == 1;
    for (namespace, listing) in &mut uses {
        if !alone && *namespace != DEFAULT_NAMESPACE {
            listing.id = match listing.id.strip_prefix("agent/") {
                Some(name) => format!("agent/{namespace}/{name}"),
                None => format!("{namespace}/{}", listing.id),
            };
        }
    }
    uses.into_iter().map(|(_, listing)| listing)
}

/// What may be asked for within one endpoint: its default model, its aliases and the models it lists.
///
/// # Errors
///
/// - [`Refusal`] if the path names no endpoint, or several.
pub fn list_endpoint_models(
    table: &RoutingTable,
    caller: &str,
    scope: &str,
) -> Result<Vec<ModelListing>, Refusal> {
    let endpoint = find_endpoint(table, caller, scope)?;
    let at = |model: &str| format!("{}/{model}", endpoint.id.qualified_name());
    let mut found: BTreeMap<&str, ModelListing> = BTreeMap::new();
    for (alias, (model, _)) in &endpoint.aliases {
        let target = at(model);
        found.insert(
            alias,
            ModelListing {
                id: alias.clone(),
                kind: "alias",
                target,
            },
        );
    }
    let models = endpoint.models.iter().map(String::as_str);
    for model in models.chain(endpoint.default_model.as_deref()) {
        let listing = ModelListing {
            id: model.to_owned(),
            kind: "model",
            target: at(model),
        };
        found.entry(model).or_insert(listing);
    }
    Ok(found.into_values().collect())
}

/// The names of one namespace; where a name means two things, the one that decides.
fn of_namespace(names: &Names) -> impl Iterator<Item = ModelListing> {
    let all = exact_names(names).into_iter();
    all.filter_map(|name| listing(names, name))
}

fn exact_names(names: &Names) -> BTreeSet<String> {
    let agents = names.agents.keys().map(|name| format!("agent/{name}"));
    let aliases = names.aliases.iter().chain(names.endpoint_aliases.iter());
    let endpoints = names.endpoints.keys().map(ToString::to_string);
    agents
        .chain(aliases.map(|(name, _)| name.clone()))
        .chain(endpoints)
        .chain(names.models.iter().map(|(name, _)| name.clone()))
        .collect()
}

/// What one name means in a namespace.
fn listing(names: &Names, id: String) -> Option<ModelListing> {
    let agent = id
        .strip_prefix("agent/")
        .and_then(|name| names.agents.get(name));
    let agent = agent.and_then(|agent| agent.targets.first());
    let first = |route: &Arc<AliasRoute>| route.targets.first().map(|(_, target)| describe(target));
    let alias = || {
        names
            .aliases
            .get(&id)
            .or_else(|| names.endpoint_aliases.get(&id))
    };
    let (kind, target) = if let Some(target) = agent {
        ("agent", describe(target))
    } else if let Some(target) = alias().and_then(first) {
        ("alias", target)
    } else if let Some(endpoint) = names.endpoints.get(&*id) {
        let model = endpoint.default_model.as_deref().unwrap_or("*");
        let target = format!("{}/{model}", endpoint.id.qualified_name());
        ("endpoint", target)
    } else {
        ("model", names.models.get(&id).and_then(first)?)
    };
    Some(ModelListing { id, kind, target })
}

fn describe(target: &super::table::Target) -> String {
    format!("{}/{}", target.endpoint.id.qualified_name(), target.model)
}
