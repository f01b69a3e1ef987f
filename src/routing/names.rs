//! The names a caller may use, for `GET /v1/models`.

use super::{
    decision::Refusal,
    resolve::find_endpoint,
    table::{Names, RoutingTable},
};
use crate::model::DEFAULT_NAMESPACE;
use std::collections::BTreeMap;

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
    for (namespace, names) in &table.namespaces {
        for listing in of_namespace(names) {
            by_name
                .entry(listing.id.clone())
                .or_default()
                .push((namespace, listing));
        }
    }
    let mut listings = Vec::new();
    for (_, mut uses) in by_name {
        let alone = uses.len() == 1;
        for (namespace, listing) in &mut uses {
            if !alone && *namespace != DEFAULT_NAMESPACE {
                listing.id = match listing.id.strip_prefix("agent/") {
                    Some(name) => format!("agent/{namespace}/{name}"),
                    None => format!("{namespace}/{}", listing.id),
                };
            }
        }
        listings.extend(uses.into_iter().map(|(_, listing)| listing));
    }
    listings.sort_by(|a, b| a.id.cmp(&b.id));
    listings
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
fn of_namespace(names: &Names) -> Vec<ModelListing> {
    let mut found: BTreeMap<String, ModelListing> = BTreeMap::new();
    let mut add = |id: String, kind, target: String| {
        found
            .entry(id.clone())
            .or_insert(ModelListing { id, kind, target });
    };
    for (name, agent) in &names.agents {
        if let Some(target) = agent.targets.first() {
            add(format!("agent/{name}"), "agent", describe(target));
        }
    }
    for (name, route) in names.aliases.iter().chain(&names.endpoint_aliases) {
        if let Some((_, target)) = route.targets.first() {
            add(name.clone(), "alias", describe(target));
        }
    }
    for (name, endpoint) in &names.endpoints {
        let model = endpoint.default_model.as_deref().unwrap_or("*");
        add(
            name.clone(),
            "endpoint",
            format!("{}/{model}", endpoint.id.qualified_name()),
        );
    }
    for (name, route) in &names.models {
        if let Some((_, target)) = route.targets.first() {
            add(name.clone(), "model", describe(target));
        }
    }
    found.into_values().collect()
}

fn describe(target: &super::table::Target) -> String {
    format!("{}/{}", target.endpoint.id.qualified_name(), target.model)
}
