//! Names that no order decides between.

use super::{
    pattern::Pattern,
    table::{AliasRoute, RoutingTable},
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
