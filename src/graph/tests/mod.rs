#![expect(
    clippy::unwrap_used,
    clippy::format_push_string,
    clippy::format_collect,
    reason = "tests"
)]

mod examples;
mod kinds;
mod large;
mod linking;
mod references;
mod shapes;
mod systems;

use super::DependencyGraph;
use crate::{
    manifest::{AssembleOptions, assemble, parse_file},
    model::{Catalog, Finding, Findings, Kind, ResourceId},
};
use std::sync::Arc;

/// Reads a file called `repo.yaml`, which must be without findings, and links it.
#[track_caller]
fn link(text: &str) -> (Catalog, DependencyGraph, Findings) {
    let parsed = Arc::new(parse_file(&"repo.yaml".into(), text.as_bytes()));
    let (catalog, findings) = assemble([&parsed], AssembleOptions::default());
    assert_eq!(described(&findings), Vec::<String>::new());
    let (graph, findings) = DependencyGraph::build(&catalog);
    (catalog, graph, findings)
}

/// `FILE:LINE:COLUMN CODE message (hint)` of every finding.
fn described(findings: &Findings) -> Vec<String> {
    let line = |finding: &Finding| {
        format!(
            "{}:{} {} {} ({})",
            finding.origin,
            finding.origin.span.start.column,
            finding.code,
            finding.message,
            finding.hint.as_deref().unwrap_or_default()
        )
    };
    findings.iter().map(line).collect()
}

fn id(kind: Kind, name: &str) -> ResourceId {
    ResourceId::new(kind, "default", name)
}

fn endpoint(name: &str) -> String {
    format!(
        "---\nkind: ModelEndpoint\nmetadata: {{name: {name}}}\nspec: {{provider: mock, default_model: m}}\n"
    )
}

fn agent(name: &str, endpoint: &str) -> String {
    format!("---\nkind: Agent\nmetadata: {{name: {name}}}\nspec:\n  model_ref: {endpoint}\n")
}

/// An alias that leads to other aliases.
fn alias(name: &str, targets: &[String]) -> String {
    let targets: String = targets
        .iter()
        .map(|target| format!("    - alias: {target}\n"))
        .collect();
    format!("---\nkind: ModelAlias\nmetadata: {{name: {name}}}\nspec:\n  targets:\n{targets}")
}
