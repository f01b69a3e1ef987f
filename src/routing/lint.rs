//! Names that no order decides between, and names that one hides from another.

use super::{
    build::Touched,
    pattern::Pattern,
    table::{AliasRoute, Names, RoutingTable},
};
use crate::model::{Finding, code};
use std::sync::Arc;

/// Ties listed per namespace; their number grows with the square of that of the patterns.
const MAX_TIES: usize = 100;

/// Finds anew what is wrong with the names that were touched.
pub(super) fn check(table: &mut RoutingTable, touched: &Touched) {
    let nothing = Names::default();
    for (namespace, name) in &touched.names {
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
    for namespace in &touched.wildcards {
        let names = table.namespaces.get(namespace).unwrap_or(&nothing);
        let findings = wildcard_ties(namespace, names);
        table.findings.wildcards.set(namespace.clone(), findings);
    }
}

/// Wildcards that are equally specific and could fit the same name.
fn wildcard_ties(namespace: &str, names: &Names) -> Vec<Finding> {
    let wildcards: Vec<_> = names.wildcards.values().collect();
    let ties = ties(&wildcards).take(MAX_TIES);
    ties.map(|((pattern, route), (other, other_route))| {
        let message = format!(
            "`{}` and `{}` fit the same names equally well in namespace {namespace}",
            pattern.as_str(),
            other.as_str()
        );
        let hint = format!(
            "the other one is at {}; make one of them more specific",
            route.origin
        );
        Finding::new(code::GRAPH_AMBIGUOUS, other_route.origin.clone(), message).with_hint(hint)
    })
    .collect()
}

/// An alias called like a model that an endpoint lists, unless it leads to just that.
fn shadowing(names: &Names, name: &str) -> Option<Finding> {
    let alias = names
        .aliases
        .get(name)
        .or_else(|| names.endpoint_aliases.get(name))?;
    let model = names.models.get(name)?;
    let (first, listed) = (&alias.targets.first()?.1, &model.targets.first()?.1);
    let same = first.endpoint.id == listed.endpoint.id && first.model == listed.model;
    if alias.targets.len() == 1 && same {
        return None;
    }
    let message = format!(
        "the alias `{name}` hides the model of this name that {} lists",
        listed.endpoint.id
    );
    let hint = format!(
        "requests for `{name}` go to {}/{}; rename the alias, or take the model off the list at {}",
        first.endpoint.id.qualified_name(),
        first.model,
        model.origin
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
    let hidden = |alias: &AliasRoute, by: String, at: &crate::model::Origin| {
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

/// A wildcard and where it leads.
type Wildcard = (Pattern, Arc<AliasRoute>);

/// Pairs of equally specific patterns that overlap; `wildcards` is sorted by specificity.
fn ties<'a>(wildcards: &'a [&'a Wildcard]) -> impl Iterator<Item = (&'a Wildcard, &'a Wildcard)> {
    wildcards.iter().enumerate().flat_map(|(index, one)| {
        let equals = wildcards[index + 1..]
            .iter()
            .take_while(|(other, _)| other.literals() == one.0.literals());
        let overlapping = equals.filter(|(other, _)| one.0.overlaps(other));
        overlapping.map(move |other| (*one, *other))
    })
}
