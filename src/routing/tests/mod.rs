#![expect(clippy::unwrap_used, reason = "tests")]

mod aliases;
mod catalogue;
mod hidden;
mod keys;
mod listing;
mod names;
mod offered;
mod patterns;
mod pinned;
mod policies;
mod scoped;
mod seed;

use super::{Decision, Facts, Refusal, RoutingTable, Trace, resolve};
use crate::{
    graph::DependencyGraph,
    manifest::{AssembleOptions, assemble, parse_file},
    model::{Catalog, Finding, Findings, code},
};
use std::sync::Arc;

/// Reads one file called `repo.yaml`, which must be without findings.
#[track_caller]
fn read(text: &str) -> Catalog {
    let parsed = Arc::new(parse_file(&"repo.yaml".into(), text.as_bytes()));
    let (catalog, findings) = assemble([&parsed], AssembleOptions::default());
    assert_eq!(described(&findings), Vec::<String>::new());
    catalog
}

/// The table of a file and what was found while building it.
#[track_caller]
fn build(text: &str) -> (RoutingTable, Findings) {
    compile(&read(text))
}

/// The table of a catalog and what was found while building it.
fn compile(catalog: &Catalog) -> (RoutingTable, Findings) {
    let (graph, _) = DependencyGraph::build(catalog);
    RoutingTable::build(catalog, &graph)
}

/// The table of a file that routing finds nothing wrong with; names may hide one another.
#[track_caller]
fn table(text: &str) -> RoutingTable {
    let (table, findings) = build(text);
    let hidden = [code::ALIAS_SHADOWS, code::ALIAS_UNREACHABLE];
    let others = findings
        .into_iter()
        .filter(|finding| !hidden.contains(&finding.code));
    assert_eq!(described(&others.collect()), Vec::<String>::new());
    table
}

/// `FILE:LINE:COLUMN CODE message (hint)` of every finding.
fn described(findings: &Findings) -> Vec<String> {
    let line = |finding: &Finding| {
        let column = finding.origin.span.start.column;
        let hint = finding.hint.as_deref().unwrap_or_default();
        format!(
            "{}:{column} {} {} ({hint})",
            finding.origin, finding.code, finding.message
        )
    };
    findings.iter().map(line).collect()
}

fn facts(model: &str) -> Facts<'_> {
    Facts {
        namespace: "default",
        scope: None,
        model: Some(model),
        draw: 0,
    }
}

fn run(table: &RoutingTable, facts: &Facts<'_>) -> (Result<Decision, Refusal>, Trace) {
    resolve(table, facts)
}

/// `endpoint/model endpoint/model` of a decision's targets, or the refusal.
fn outcome(result: &Result<Decision, Refusal>) -> String {
    match result {
        Ok(decision) => {
            let target = |target: &super::Target| {
                format!("{}/{}", target.endpoint.id.qualified_name(), target.model)
            };
            decision
                .targets
                .iter()
                .map(target)
                .collect::<Vec<_>>()
                .join(" ")
        }
        Err(refusal) => format!("{refusal:?}"),
    }
}

/// Where a model name of the default namespace leads.
fn leads(table: &RoutingTable, model: &str) -> String {
    outcome(&run(table, &facts(model)).0)
}

/// A mock endpoint with further lines of `spec`.
fn endpoint(name: &str, lines: &str) -> String {
    format!(
        "---\nkind: ModelEndpoint\nmetadata: {{name: {name}}}\nspec:\n  provider: mock\n  default_model: {name}-default\n{lines}"
    )
}

/// An alias with its `spec` in flow notation.
fn alias(name: &str, spec: &str) -> String {
    format!("---\nkind: ModelAlias\nmetadata: {{name: {name}}}\nspec: {spec}\n")
}

fn agent(name: &str, endpoint: &str) -> String {
    format!(
        "---\nkind: Agent\nmetadata: {{name: {name}}}\nspec: {{model_ref: {endpoint}, prompt: ' Be brief. '}}\n"
    )
}

/// Moves manifests that name no namespace into one.
fn within(namespace: &str, text: &str) -> String {
    text.replace(
        "metadata: {",
        &format!("metadata: {{namespace: {namespace}, "),
    )
}
