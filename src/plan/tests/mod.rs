//! Plans between manifests as people write them.
#![expect(clippy::unwrap_used, reason = "tests")]

mod egress;
mod fields;
mod moved;
mod order;
mod rendered;
mod secrets;
mod texts;
mod windows;

use super::{Plan, Side};
use crate::{
    graph::DependencyGraph,
    manifest::{AssembleOptions, ClearTextPolicy, assemble, parse_file},
    model::Catalog,
    routing::RoutingTable,
};
use std::sync::Arc;

/// A revision of one file, `repo.yaml`.
struct Revision {
    catalog: Catalog,
    graph: DependencyGraph,
    table: RoutingTable,
}

fn revision(manifests: &[String]) -> Revision {
    at("repo.yaml", manifests)
}

#[track_caller]
fn at(file: &str, manifests: &[String]) -> Revision {
    of_files(&[(file.to_owned(), manifests.join("---\n"))])
}

#[track_caller]
fn of_files(files: &[(String, String)]) -> Revision {
    let parse = |(file, text): &(String, String)| {
        Arc::new(parse_file(&file.as_str().into(), text.as_bytes()))
    };
    let parsed: Vec<_> = files.iter().map(parse).collect();
    let options = AssembleOptions {
        clear_text: ClearTextPolicy::Warn,
    };
    let (catalog, findings) = assemble(&parsed, options);
    assert!(!findings.has_errors(), "{findings:?}");
    let (graph, findings) = DependencyGraph::build(&catalog);
    assert!(!findings.has_errors(), "{findings:?}");
    let (table, _) = RoutingTable::build(&catalog, &graph);
    Revision {
        catalog,
        graph,
        table,
    }
}

fn plan(base: &[String], head: &[String]) -> Plan {
    between(&revision(base), &revision(head))
}

fn between(base: &Revision, head: &Revision) -> Plan {
    Plan::between(base.side("base"), head.side("head"))
}

impl Revision {
    fn side<'a>(&'a self, revision: &'a str) -> Side<'a> {
        Side {
            revision,
            catalog: &self.catalog,
            graph: &self.graph,
            table: &self.table,
        }
    }
}

fn endpoint(name: &str, model: &str) -> String {
    format!(
        "apiVersion: orloj.dev/v1\nkind: ModelEndpoint\nmetadata:\n  name: {name}\nspec:\n  provider: mock\n  default_model: {model}\n"
    )
}

fn alias(name: &str, endpoint: &str, model: &str) -> String {
    format!(
        "apiVersion: routing.orloj.dev/v1alpha1\nkind: ModelAlias\nmetadata:\n  name: {name}\nspec:\n  targets:\n    - endpoint: {endpoint}\n      model: {model}\n"
    )
}

fn agent(name: &str, endpoint: &str, prompt: &str) -> String {
    let prompt = prompt.trim_end().replace('\n', "\n    ");
    format!(
        "apiVersion: orloj.dev/v1\nkind: Agent\nmetadata:\n  name: {name}\nspec:\n  model_ref: {endpoint}\n  prompt: |\n    {prompt}\n"
    )
}

fn system(name: &str, agents: &str) -> String {
    format!(
        "apiVersion: orloj.dev/v1\nkind: AgentSystem\nmetadata:\n  name: {name}\nspec:\n  agents: [{agents}]\n"
    )
}

fn secret(name: &str, value: &str) -> String {
    format!(
        "apiVersion: orloj.dev/v1\nkind: Secret\nmetadata:\n  name: {name}\nspec:\n  stringData:\n    value: {value}\n"
    )
}
