//! Names that no order decides between, and names that one hides from another.

use super::{
    build::Touched,
    resolve::on_endpoint,
    table::{AliasRoute, Names, RoutingTable, Target},
    ties,
};
use crate::model::{Finding, Origin, code};
use std::collections::BTreeSet;

/// Finds anew what is wrong with the names that were touched.
pub(super) fn check(table: &mut RoutingTable, touched: &Touched) {
    let nothing = Names::default();
    // What is called `ENDPOINT/MODEL` hides something of the endpoint.
    let mut paths = BTreeSet::new();
    for (namespace, endpoint) in &touched.endpoints {
        let names = table.namespaces.get(namespace).unwrap_or(&nothing);
        let claims = [&names.aliases, &names.endpoint_aliases].into_iter();
        let within = claims.flat_map(|claims| claims.within(endpoint));
        paths.extend(within.map(|path| (namespace.clone(), path.clone())));
    }
    for (namespace, name) in touched.names.union(&paths) {
        let names = table.namespaces.get(namespace).unwrap_or(&nothing);
        let mut findings: Vec<_> = [&names.aliases, &names.endpoint_aliases, &names.models]
            .into_iter()
            .flat_map(|claims| claims.ambiguous(name))
            .collect();
        findings.extend(shadowing(names, name));
        findings.extend(unreachable(names, name));
        let key = (namespace.clone(), name.clone());
        table.findings.names.set(key, findings);
    }
    for (namespace, came) in &touched.wildcards {
        let names = table.namespaces.get(namespace).unwrap_or(&nothing);
        let were_tied = table.findings.wildcards.contains(namespace);
        if let Some(findings) = ties::changed(namespace, names, came, were_tied) {
            table.findings.wildcards.set(namespace.clone(), findings);
        }
    }
}

/// An alias called like something that a request could name otherwise, unless it leads to just that.
fn shadowing(names: &Names, name: &str) -> Vec<Finding> {
    let alias = names.aliases.get(name);
    let Some(alias) = alias.or_else(|| names.endpoint_aliases.get(name)) else {
        return Vec::new();
    };
    let model = names.models.get(name).and_then(|model| {
        let (_, listed) = model.targets.first()?;
        let what = format!("the model of this name that {} lists", listed.endpoint.id);
        let instead = format!("take the model off the list at {}", model.origin);
        shadows(alias, name, Some(listed), &what, &instead)
    });
    let endpoint = names.endpoints.get(name).and_then(|endpoint| {
        let default = endpoint.default_model.clone();
        let target = default.map(|model| Target {
            endpoint: endpoint.clone(),
            model,
        });
        let what = format!("{} of this name", endpoint.id);
        let instead = format!("the endpoint ({})", endpoint.origin);
        shadows(alias, name, target.as_ref(), &what, &instead)
    });
    let path = name.split_once('/').and_then(|(endpoint, model)| {
        let endpoint = names
            .endpoints
            .get(endpoint)
            .filter(|_| !model.is_empty())?;
        let (target, at) = on_endpoint(endpoint, model)?;
        let what = format!("`{model}` of {}", endpoint.id);
        let instead = format!("the endpoint ({at})");
        shadows(alias, name, Some(&target), &what, &instead)
    });
    model.into_iter().chain(endpoint).chain(path).collect()
}

/// What an alias hides, unless it leads to that; `instead` could be changed too.
fn shadows(
    alias: &AliasRoute,
    name: &str,
    hidden: Option<&Target>,
    what: &str,
    instead: &str,
) -> Option<Finding> {
    let first = &alias.targets.first()?.1;
    let is_it = |one: &Target| first.endpoint.id == one.endpoint.id && first.model == one.model;
    if alias.targets.len() == 1 && hidden.is_some_and(is_it) {
        return None;
    }
    let message = format!("the alias `{name}` hides {what}");
    let hint = format!(
        "requests for `{name}` go to {}/{}; rename the alias, or {instead}",
        first.endpoint.id.qualified_name(),
        first.model
    );
    let finding = Finding::new(code::ALIAS_SHADOWS, alias.origin.clone(), message);
    Some(finding.with_hint(hint))
}

/// Aliases of this name that an agent or a global alias of the same name comes before.
fn unreachable(names: &Names, name: &str) -> Vec<Finding> {
    let (global, own) = (names.aliases.get(name), names.endpoint_aliases.get(name));
    let agent = name
        .strip_prefix("agent/")
        .and_then(|name| names.agents.get(name));
    let hidden = |alias: &AliasRoute, by: String, at: &Origin| {
        let message = format!("the alias `{name}` is hidden by {by}");
        let hint = format!(
            "it is only reached under its endpoint's path; rename it or the other one ({at})"
        );
        Finding::new(code::ALIAS_UNREACHABLE, alias.origin.clone(), message).with_hint(hint)
    };
    let mut findings = Vec::new();
    if let Some(agent) = agent {
        let aliases = global.iter().chain(&own);
        findings.extend(aliases.map(|alias| hidden(alias, agent.id.to_string(), &agent.origin)));
    }
    if let (Some(global), Some(own)) = (global, own) {
        let by = format!("the ModelAlias `{name}`");
        findings.push(hidden(own, by, &global.origin));
    }
    findings
}
