//! Manifest files of this machine, from a directory, a commit or standard input, and their review.

use super::{error::CliError, reading::Reading, report::Sources, session::Session, text::shorten};
use crate::{
    graph::DependencyGraph,
    manifest::{AssembleOptions, ClearTextPolicy, FileEdit, Layer},
    model::{Catalog, Finding, Findings},
    plan::{Side, Windows},
    reconcile::{
        Desired, FileCache, Review, ReviewOptions, Snapshot, SourceFileMap, SourceFiles, check,
        gather, review,
    },
    routing::RoutingTable,
    source::{
        Changed, Checkout, CommitId, Limits, discover, open_revision, open_staged,
        open_work_tree_in,
    },
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// How the files of a directory are called in a plan.
pub(crate) const WORK_TREE: &str = "worktree";

/// Files under one name.
#[derive(Debug)]
pub(crate) struct Version {
    /// The commit's id, or what else they are called.
    pub(crate) name: String,
    /// The same for people.
    pub(crate) label: String,
    /// Sorted by path.
    pub(crate) files: SourceFileMap,
    /// Paths of what changed since the version before this one; all if this is the first.
    changed: Vec<Arc<str>>,
    /// What of the tree is refused.
    findings: Vec<Finding>,
}

/// One side of a plan that owns its parts.
#[derive(Debug, Default)]
pub(crate) struct OwnedSide {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) catalog: Catalog,
    pub(crate) graph: DependencyGraph,
    pub(crate) table: RoutingTable,
    /// When what differs from it may go live.
    pub(crate) windows: Windows,
}

impl OwnedSide {
    /// Makes the links and the names of a catalog.
    pub(crate) fn of(catalog: Catalog, name: String, label: String) -> Self {
        let (graph, _) = DependencyGraph::build(&catalog);
        let (table, _) = RoutingTable::build(&catalog, &graph);
        Self {
            name,
            label,
            catalog,
            graph,
            table,
            windows: Windows::default(),
        }
    }

    /// The side as the planner takes it.
    pub(crate) fn side(&self) -> Side<'_> {
        Side {
            revision: &self.name,
            catalog: &self.catalog,
            graph: &self.graph,
            table: &self.table,
        }
    }
}

impl Version {
    /// The files of a commit, limited to `paths`.
    pub(crate) fn of_revision(
        repository: &Path,
        revision: &str,
        paths: &[String],
    ) -> Result<Self, CliError> {
        Self::of_revision_within(repository, revision, paths, &Limits::default())
    }

    /// The same, within other limits.
    pub(crate) fn of_revision_within(
        repository: &Path,
        revision: &str,
        paths: &[String],
        limits: &Limits,
    ) -> Result<Self, CliError> {
        let checkout = open_revision(repository, revision, paths, limits)?;
        let files = read(&checkout)?;
        let (name, label) = match &files.commit {
            Some(commit) => {
                let summary = shorten(&commit.summary, 36);
                let author = shorten(&commit.author, 16);
                let label = format!("{}  \"{summary}\" ({author})", commit.id.short());
                (commit.id.to_string(), label)
            }
            None => (revision.to_owned(), revision.to_owned()),
        };
        Ok(Self::named(files, name, label))
    }

    /// What is staged in the repository at `root`, limited to `paths`; `index` is another index file than
    /// the repository's own.
    pub(crate) fn of_staged(
        root: &Path,
        index: Option<&Path>,
        paths: &[String],
        limits: &Limits,
    ) -> Result<Self, CliError> {
        let checkout = open_staged(root, index, paths, limits)?;
        let label = "what is staged".to_owned();
        Ok(Self::named(read(&checkout)?, WORK_TREE.to_owned(), label))
    }

    /// The work tree of the repository at `root`, limited to `paths`.
    pub(crate) fn of_work_tree(root: &Path, paths: &[String]) -> Result<Self, CliError> {
        let checkout = open_work_tree_in(root, paths, &Limits::default())?;
        let label = "work tree (what is on disk)".to_owned();
        Ok(Self::named(read(&checkout)?, WORK_TREE.to_owned(), label))
    }

    /// Directories and files as they were typed; `-` is standard input, and no path the current directory.
    pub(crate) fn of_typed(paths: &[PathBuf], session: &mut Session) -> Result<Self, CliError> {
        let reading = &mut Reading::default();
        Self::of_typed_within(
            paths,
            session,
            &Limits::default(),
            reading,
            &Changed::Everything,
        )
    }

    /// The same within other limits, beginning from what was read before; `changed` is what happened on
    /// disk since then.
    pub(crate) fn of_typed_within(
        paths: &[PathBuf],
        session: &mut Session,
        limits: &Limits,
        reading: &mut Reading,
        changed: &Changed,
    ) -> Result<Self, CliError> {
        let here = [PathBuf::from(".")];
        let paths = if paths.is_empty() { &here[..] } else { paths };
        let files = reading.read(paths, session, limits, changed)?;
        let label = format!("files in {}", list(paths));
        Ok(Self::named(files, WORK_TREE.to_owned(), label))
    }

    fn named(files: SourceFiles, name: String, label: String) -> Self {
        Self {
            name,
            label,
            files: files.files,
            changed: files.changed,
            findings: files.findings,
        }
    }

    /// Reviews the files as the daemon would.
    pub(crate) fn review(&self, base: Side<'_>, clear_text: ClearTextPolicy) -> Review {
        let options = ReviewOptions {
            clear_text,
            refuse_empty: true,
        };
        review(
            self.desired(&self.files.keys().cloned().collect::<Vec<_>>()),
            base,
            options,
        )
    }

    /// Brings a snapshot to these files and says what is wrong with them; the snapshot is new, or of the
    /// version before this one.
    pub(crate) fn check(&self, snapshot: &mut Snapshot, refuse_empty: bool) -> Findings {
        let options = ReviewOptions {
            clear_text: snapshot.options().clear_text,
            refuse_empty,
        };
        check(snapshot, self.desired(&self.changed), options).1
    }

    fn desired(&self, paths: &[Arc<str>]) -> Desired<'_> {
        let edits = paths.iter().map(|path| FileEdit {
            layer: Layer::Source,
            path: path.clone(),
            parsed: self.files.get(path).map(|file| file.parsed.clone()),
        });
        Desired {
            revision: &self.name,
            edits: edits.collect(),
            is_empty: self.files.is_empty(),
            source_findings: &self.findings,
        }
    }

    /// The texts that findings point into.
    pub(crate) fn sources(&self) -> Sources {
        Sources::of(self.files.clone())
    }

    /// The version as the base of a plan; what is wrong with it does not matter any more.
    pub(crate) fn into_side(self) -> OwnedSide {
        let mut snapshot = lenient();
        self.check(&mut snapshot, false);
        OwnedSide {
            name: self.name,
            label: self.label,
            catalog: snapshot.catalog().clone(),
            graph: snapshot.graph().clone(),
            table: snapshot.table().clone(),
            windows: Windows::default(),
        }
    }
}

/// An empty snapshot that takes secrets in clear text.
pub(crate) fn lenient() -> Snapshot {
    Snapshot::new(AssembleOptions {
        clear_text: ClearTextPolicy::Warn,
    })
}

/// The top of the repository that the command runs in.
pub(crate) fn repository(session: &Session) -> Option<PathBuf> {
    discover(&session.directory())
}

/// The same, where nothing works without one.
pub(crate) fn needed_repository(session: &Session) -> Result<PathBuf, CliError> {
    repository(session).ok_or_else(|| {
        CliError::new("this directory is not in a Git repository")
            .with_hint("change into a clone, or name files with `-f PATH`")
    })
}

/// The texts of a commit that the daemon talks of, if this clone has it; else none.
pub(crate) fn sources_of_commit(commit: &str, session: &Session) -> Sources {
    let version = CommitId::parse(commit)
        .and_then(|_| repository(session))
        .and_then(|root| Version::of_revision(&root, commit, &[]).ok());
    version.map_or_else(Sources::default, |version| version.sources())
}

/// What `--allow-plaintext-secrets` means to a review.
pub(crate) fn clear_text(allowed: bool) -> ClearTextPolicy {
    if allowed {
        ClearTextPolicy::Warn
    } else {
        ClearTextPolicy::Refuse
    }
}

fn read(checkout: &Checkout) -> Result<SourceFiles, CliError> {
    Ok(gather(checkout, &mut FileCache::default())?)
}

fn list(paths: &[PathBuf]) -> String {
    let names: Vec<_> = paths
        .iter()
        .map(|path| format!("`{}`", path.display()))
        .collect();
    names.join(", ")
}
