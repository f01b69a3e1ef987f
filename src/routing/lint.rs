//! Names that no order decides between, and names that one hides from another.

use super::{
    pattern::Pattern,
    table::{AliasRoute, Names, RoutingTable},
};
use crate::model::{Finding, Findings, code};

/// Ties listed per namespace; their number grows with the square of that of the patterns.
const MAX_TIES: usize = 100;

/// Wildcards that are equally specific and could fit the same name.
pub(super) fn wildcard_ties(table: &RoutingTable, findings: &mut Findings) {
    for (namespace, names) in &table.namespaces {
        let ties = ties(&names.wildcards).take(MAX_TIES);
        findings.extend(ties.map(|((pattern, route), (other, other_route))| {
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
        }));
    }
}

/// Exact aliases that hide a model, and those that are themselves hidden.
pub(super) fn hidden_names(table: &RoutingTable, findings: &mut Findings) {
    for names in table.namespaces.values() {
        findings.extend(shadowing(names));
        findings.extend(unreachable(names));
    }
}

/// Aliases called like a model that an endpoint lists, unless they lead to just that.
fn shadowing(names: &Names) -> impl Iterator<Item = Finding> {
    let first = |name: &String| !names.aliases.contains_key(name);
    let of_endpoints = names.endpoint_aliases.iter();
    let of_endpoints = of_endpoints.filter(move |(name, _)| first(name));
    let aliases = names.aliases.iter().chain(of_endpoints);
    aliases.filter_map(|(name, alias)| {
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
    })
}

/// Aliases that an agent or a global alias of the same name comes before.
fn unreachable(names: &Names) -> impl Iterator<Item = Finding> {
    let agents = names
        .aliases
        .iter()
        .chain(&names.endpoint_aliases)
        .filter_map(|(name, alias)| {
            let agent = names.agents.get(name.strip_prefix("agent/")?)?;
            Some((name, alias, agent.id.to_string(), &agent.origin))
        });
    let aliases = names.endpoint_aliases.iter().filter_map(|(name, alias)| {
        let global = names.aliases.get(name)?;
        let other = format!("the ModelAlias `{name}`");
        Some((name, alias, other, &global.origin))
    });
    agents.chain(aliases).map(|(name, alias, other, origin)| {
        let message = format!("the alias `{name}` is hidden by {other}");
        let hint = format!(
            "it is only reached under its endpoint's path; rename it or the other one ({origin})"
        );
        Finding::new(code::ALIAS_UNREACHABLE, alias.origin.clone(), message).with_hint(hint)
    })
}

/// Pairs of equally specific patterns that overlap; `wildcards` is sorted by specificity.
fn ties(
    wildcards: &[(Pattern, AliasRoute)],
) -> impl Iterator<Item = (&(Pattern, AliasRoute), &(Pattern, AliasRoute))> {
    wildcards.iter().enumerate().flat_map(|(index, one)| {
        let equals = wildcards[index + 1..]
            .iter()
            .take_while(|(other, _)| other.literals() == one.0.literals());
        let overlapping = equals.filter(|(other, _)| one.0.overlaps(other));
        overlapping.map(move |other| (one, other))
    })
}
