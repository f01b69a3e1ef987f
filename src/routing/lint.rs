//! Names that no order decides between.

use super::table::RoutingTable;
use crate::model::{Finding, Findings, code};

/// Wildcards that are equally specific and could fit the same name.
pub(super) fn wildcard_ties(table: &RoutingTable, findings: &mut Findings) {
    for (namespace, names) in &table.namespaces {
        for (index, (pattern, route)) in names.wildcards.iter().enumerate() {
            let equals = names.wildcards[index + 1..]
                .iter()
                .take_while(|(other, _)| other.literals() == pattern.literals());
            for (other, other_route) in equals.filter(|(other, _)| pattern.overlaps(other)) {
                let message = format!(
                    "\"{}\" and \"{}\" fit the same names equally well in namespace {namespace}",
                    pattern.as_str(),
                    other.as_str()
                );
                let hint = format!(
                    "the other one is at {}; make one of them more specific",
                    route.origin
                );
                let finding =
                    Finding::new(code::GRAPH_AMBIGUOUS, other_route.origin.clone(), message);
                findings.push(finding.with_hint(hint));
            }
        }
    }
}
