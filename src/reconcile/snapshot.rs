//! One set of manifests: joined, linked, compiled.

use crate::{
    graph::DependencyGraph,
    manifest::{AssembleOptions, Assembly, FileEdit, Layer, ParsedFile},
    model::{Catalog, Changed, Findings, ResourceId, SortedSet},
    plan::Side,
    routing::{BegunTable, RoutingTable},
};
use std::{collections::HashSet, sync::Arc, thread};

/// From this many changed resources on, a thread costs less than it saves.
const WORTH_A_THREAD: usize = 1000;

/// Everything that a set of manifest files says.
///
/// Clones share their structure, and [`Snapshot::advance`] costs what the edits touch, not what there is. What
/// edits lead to is the same as what the files give when they are read together.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    assembly: Assembly,
    graph: DependencyGraph,
    table: RoutingTable,
}

/// How far names are when links are.
enum Names<'a> {
    /// Where nothing was, they were begun beside the links.
    Begun(BegunTable<'a>),
    /// Elsewhere the links say which are to be compiled anew.
    Open(&'a mut RoutingTable),
}

impl Snapshot {
    /// Nothing yet.
    pub fn new(options: AssembleOptions) -> Self {
        Self {
            assembly: Assembly::new(options),
            ..Self::default()
        }
    }

    /// Makes edits; returns what may differ now.
    pub fn advance(&mut self, edits: impl IntoIterator<Item = FileEdit>) -> Changed {
        let before = self.catalog().clone();
        let resources = self.assembly.update(edits);
        let after = self.assembly.catalog();
        let many = resources.len() >= WORTH_A_THREAD;
        let (table, before, changed) = (&mut self.table, &before, &resources);
        let link = || self.graph.relink(before, after, changed);
        let (names, around) = both(
            many,
            move || {
                if before.is_empty() {
                    Names::Begun(table.begin(before, after, changed))
                } else {
                    Names::Open(table)
                }
            },
            link,
        );
        // Shares its structure; names are compiled along the links, whatever is found wrong with them.
        let linked = self.graph.clone();
        let check = || self.graph.check(before, after, changed, around);
        let compile = || match names {
            Names::Begun(begun) => begun.finish(&linked),
            Names::Open(table) => table.update(before, after, &linked, changed),
        };
        let ((), names) = both(many, check, compile);
        Changed { resources, names }
    }

    /// The edits that make `files` all there is of a layer.
    pub fn edits_to<'a>(
        &self,
        layer: Layer,
        files: impl IntoIterator<Item = (&'a Arc<str>, &'a Arc<ParsedFile>)>,
    ) -> Vec<FileEdit> {
        let mut edits = Vec::new();
        let mut kept = HashSet::new();
        for (path, parsed) in files {
            kept.insert(path.clone());
            let before = self.assembly.file(layer, path);
            if before.is_none_or(|before| !Arc::ptr_eq(before, parsed)) {
                edits.push(FileEdit {
                    layer,
                    path: path.clone(),
                    parsed: Some(parsed.clone()),
                });
            }
        }
        let gone = self
            .assembly
            .files_of(layer)
            .filter(|path| !kept.contains(*path));
        edits.extend(gone.map(|path| FileEdit {
            layer,
            path: path.clone(),
            parsed: None,
        }));
        edits
    }

    /// How its files are joined.
    pub fn options(&self) -> AssembleOptions {
        self.assembly.options()
    }

    /// Its resources.
    pub fn catalog(&self) -> &Catalog {
        self.assembly.catalog()
    }

    /// Their links.
    pub fn graph(&self) -> &DependencyGraph {
        &self.graph
    }

    /// Their names.
    pub fn table(&self) -> &RoutingTable {
        &self.table
    }

    /// Identities that were sent by hand and are not taken over.
    pub fn unmanaged(&self) -> &SortedSet<ResourceId> {
        self.assembly.by_hand()
    }

    /// Everything found, errors and warnings.
    pub fn findings(&self) -> Findings {
        let findings = self.assembly.findings().clone();
        let findings = findings.join(self.graph.findings());
        findings.join(self.table.findings())
    }

    /// One side of a plan.
    pub fn side<'a>(&'a self, revision: &'a str) -> Side<'a> {
        Side {
            revision,
            catalog: self.catalog(),
            graph: &self.graph,
            table: &self.table,
        }
    }
}

/// Does one thing and another, at the same time if that is worth it.
fn both<A: Send, H>(
    at_once: bool,
    aside: impl FnOnce() -> A + Send,
    here: impl FnOnce() -> H,
) -> (A, H) {
    if !at_once {
        return (aside(), here());
    }
    thread::scope(|scope| {
        let aside = scope.spawn(aside);
        let done = here();
        // Neither can panic on input; if one does, the panic goes on here.
        let other = aside.join();
        let other = other.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (other, done)
    })
}
