//! What a revision says, whether it holds together, and what it would change. Pure, and without a key.

use crate::{
    graph::DependencyGraph,
    manifest::{AssembleOptions, ClearTextPolicy, ParsedFile, assemble},
    model::{Catalog, Finding, Findings, Origin, Resource, ResourceId, code},
    plan::{Plan, Side},
    routing::RoutingTable,
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// With this annotation set to `"true"` Git takes over an identity that was sent by hand.
const ADOPT_ANNOTATION: &str = "orloj.dev/adopt";

/// What is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Desired<'a> {
    /// How the revision is called.
    pub revision: &'a str,
    /// The files of the source.
    pub files: &'a [Arc<ParsedFile>],
    /// Resources sent by hand, one file each.
    pub unmanaged: &'a [Arc<ParsedFile>],
    /// What the source room refused of the tree.
    pub source_findings: &'a [Finding],
}

/// How strictly to look.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReviewOptions {
    /// What secrets in clear text mean in the source's files.
    pub clear_text: ClearTextPolicy,
    /// Whether a source without manifests is refused.
    pub refuse_empty: bool,
}

/// Everything known of a revision before anything is opened.
#[derive(Debug)]
pub struct Review {
    /// Its resources.
    pub catalog: Catalog,
    /// Their links.
    pub graph: DependencyGraph,
    /// Their names.
    pub table: RoutingTable,
    /// Identities that were sent by hand and are not taken over.
    pub unmanaged: BTreeSet<ResourceId>,
    /// What would change.
    pub plan: Plan,
    /// Everything found, errors and warnings.
    pub findings: Findings,
}

impl Review {
    /// The review as one side of a further plan.
    pub fn side<'a>(&'a self, revision: &'a str) -> Side<'a> {
        Side {
            revision,
            catalog: &self.catalog,
            graph: &self.graph,
            table: &self.table,
        }
    }
}

/// Reviews what is wanted against what is there.
pub fn review(desired: Desired<'_>, base: Option<Side<'_>>, options: ReviewOptions) -> Review {
    let (mut catalog, mut findings) = assemble(
        desired.files,
        AssembleOptions {
            clear_text: options.clear_text,
        },
    );
    findings.extend(desired.source_findings.iter().cloned());
    if options.refuse_empty && desired.files.is_empty() {
        findings.push(empty_source());
    }
    let unmanaged = add_unmanaged(&mut catalog, desired.unmanaged, &mut findings);
    let (graph, graph_findings) = DependencyGraph::build(&catalog);
    findings.extend(graph_findings);
    let (table, table_findings) = RoutingTable::build(&catalog);
    findings.extend(table_findings);
    let head = Side {
        revision: desired.revision,
        catalog: &catalog,
        graph: &graph,
        table: &table,
    };
    let nothing = (
        Catalog::default(),
        DependencyGraph::default(),
        RoutingTable::default(),
    );
    let base = base.unwrap_or(Side {
        revision: "",
        catalog: &nothing.0,
        graph: &nothing.1,
        table: &nothing.2,
    });
    let plan = Plan::between(base, head);
    findings.extend(plan.protected(base.catalog));
    Review {
        catalog,
        graph,
        table,
        unmanaged,
        plan,
        findings,
    }
}

/// Adds what was sent by hand. An identity that the source defines too belongs to the source.
fn add_unmanaged(
    catalog: &mut Catalog,
    files: &[Arc<ParsedFile>],
    findings: &mut Findings,
) -> BTreeSet<ResourceId> {
    let mut added = BTreeSet::new();
    if files.is_empty() {
        return added;
    }
    let mut folded: HashMap<_, _> = catalog
        .iter()
        .map(|resource| (resource.id.folded(), resource.clone()))
        .collect();
    for file in files {
        findings.extend(file.findings.iter().cloned());
        for resource in &file.resources {
            let Some(managed) = folded.get(&resource.id.folded()) else {
                folded.insert(resource.id.folded(), resource.clone());
                catalog.insert(resource.clone());
                added.insert(resource.id.clone());
                continue;
            };
            if managed.id != resource.id {
                findings.push(differs_by_case(resource, managed));
                continue;
            }
            if adopts(managed) {
                continue;
            }
            let message = format!(
                "{} was sent by hand and is now defined in Git too",
                resource.id
            );
            let hint = format!(
                "delete it (`orloj delete {} {}`), or annotate the file with `{ADOPT_ANNOTATION}: \"true\"`",
                resource.id.kind.singular(),
                resource.id.name
            );
            let finding = Finding::new(code::REF_MANAGED, managed.origin.clone(), message);
            findings.push(finding.with_hint(hint).on(&resource.id));
        }
    }
    added
}

fn differs_by_case(resource: &Resource, first: &Resource) -> Finding {
    let message = format!(
        "{} and {} differ only by letter case",
        resource.id, first.id
    );
    let hint = format!("the other one is at {}", first.origin);
    let origin = resource.origin_of("/metadata/name");
    Finding::new(code::GRAPH_DUPLICATE, origin, message)
        .with_hint(hint)
        .on(&resource.id)
}

/// Whether a resource of the source takes over what was sent by hand.
pub(super) fn adopts(resource: &Resource) -> bool {
    let adopt = resource.metadata.annotations.get(ADOPT_ANNOTATION);
    adopt.is_some_and(|value| value == "true")
}

fn empty_source() -> Finding {
    let message = "the source holds no manifest (*.yaml, *.yml, *.json)";
    Finding::new(code::SOURCE_EMPTY, Origin::file("."), message).with_hint(
        "check `--ref` and `--path`; an empty set is never taken to mean \"delete everything\"",
    )
}
