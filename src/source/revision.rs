//! Revisions of a local clone, by the names people type.

use super::{
    Checkout, CommitId, Limits, SourceError,
    error::known_branches,
    objects::Objects,
    reference::{RevisionText, parse_revision},
};
use git2::{BranchType, Commit, ErrorCode, Repository};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// Shortest abbreviation of a commit id, in digits, as `git` has it.
const MIN_ABBREVIATION: usize = 4;

/// Reads the manifests of a revision of a local repository, limited to `paths`.
///
/// # Errors
///
/// - [`SourceError::Reference`] and [`SourceError::RevisionNotFound`] as [`resolve_revision`].
/// - [`SourceError::PathNotFound`] if the revision does not have a path.
/// - [`SourceError::Damaged`] if an object is missing, as in a shallow or partial clone.
pub fn open_revision(
    repository: &Path,
    revision: &str,
    paths: &[String],
    limits: &Limits,
) -> Result<Checkout, SourceError> {
    let opened = open(repository)?;
    let commit = resolve(&opened, repository, revision)?;
    Checkout::of_commit(opened, &commit, paths, limits, Arc::default(), &mut None)
}

/// Resolves a branch, tag, full reference or commit id (at least four digits), with `~N` and `^`
/// behind it, to a commit.
///
/// # Errors
///
/// - [`SourceError::Reference`] for a text that is none of these; no other syntax is passed on.
/// - [`SourceError::RevisionNotFound`] if there is no such commit.
pub fn resolve_revision(repository: &Path, revision: &str) -> Result<CommitId, SourceError> {
    resolve(&open(repository)?, repository, revision)
}

/// Finds the top of the work tree that `directory` is in, or the bare repository.
pub fn discover(directory: &Path) -> Option<PathBuf> {
    let found = Repository::discover(directory).ok()?;
    let top = found.workdir().unwrap_or_else(|| found.path());
    Some(top.to_owned())
}

/// Names `path` relative to the top of its repository, with `/` between the parts; empty for the
/// top itself.
pub fn path_in_repository(repository: &Path, path: &Path) -> Option<String> {
    let top = repository.canonicalize().ok()?;
    let path = path.canonicalize().ok()?;
    Some(path.strip_prefix(top).ok()?.to_str()?.to_owned())
}

/// Opens a repository that is not ours.
///
/// # Errors
///
/// - [`SourceError::RepositoryNotFound`], [`SourceError::Owner`] or what else libgit2 says.
pub(super) fn open(path: &Path) -> Result<Repository, SourceError> {
    let location = path.display().to_string();
    Repository::open(path).map_err(|source| match source.code() {
        git2::ErrorCode::NotFound => SourceError::RepositoryNotFound {
            location,
            remote: false,
        },
        git2::ErrorCode::Owner => SourceError::Owner { location },
        _ => SourceError::Git {
            act: "open the Git repository",
            location,
            source,
        },
    })
}

fn resolve(repository: &Repository, path: &Path, revision: &str) -> Result<CommitId, SourceError> {
    let RevisionText { base, ancestors } = parse_revision(revision)?;
    let not_found = || SourceError::RevisionNotFound {
        repository: path.to_owned(),
        revision: revision.to_owned(),
        known: local_branches(repository),
    };
    let objects = Objects::of(repository)?;
    let found = find(repository, &objects, base).map_err(SourceError::damaged)?;
    let mut commit = found.ok_or_else(not_found)?;
    for _ in 0..ancestors {
        let parent = commit.parent_id(0).map_err(|_| not_found())?;
        // A shallow clone ends somewhere.
        commit = objects.commit(parent).map_err(|_| not_found())?;
    }
    Ok(CommitId::from_oid(commit.id()))
}

/// Looks a checked name up in the order of `git rev-parse`; no expression reaches libgit2.
fn find<'r>(
    repository: &'r Repository,
    objects: &Objects<'r>,
    base: &str,
) -> Result<Option<Commit<'r>>, git2::Error> {
    let names = [
        base.to_owned(),
        format!("refs/{base}"),
        format!("refs/tags/{base}"),
        format!("refs/heads/{base}"),
        format!("refs/remotes/{base}"),
    ];
    for reference in names
        .iter()
        .flat_map(|name| repository.find_reference(name))
    {
        match objects.commit_at(&reference) {
            Err(error) if error.code() == ErrorCode::NotFound => {}
            found => return found.map(Some),
        }
    }
    let hex = base.bytes().all(|b| b.is_ascii_hexdigit());
    let fits = hex && (MIN_ABBREVIATION..=40).contains(&base.len());
    if !fits {
        return Ok(None);
    }
    match objects.commit_by_prefix(base) {
        Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::Ambiguous) => {
            Ok(None)
        }
        found => found.map(Some),
    }
}

fn local_branches(repository: &Repository) -> String {
    let Ok(branches) = repository.branches(Some(BranchType::Local)) else {
        return known_branches([]);
    };
    let names: Vec<String> = branches
        .flatten()
        .filter_map(|(branch, _)| Some(branch.name().ok()??.to_owned()))
        .collect();
    known_branches(names.iter().map(String::as_str))
}
