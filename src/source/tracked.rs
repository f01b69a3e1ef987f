//! The files that Git tracks, whatever they are: the small ones with their content.

use super::{
    Limits, SourceError,
    objects::Objects,
    revision::{self, open, path_in_repository},
    scope,
    staged::{INTENT_TO_ADD, read_index},
};
use git2::{ErrorCode, ObjectType, Oid, Repository};
use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

/// Largest directory object in bytes that is looked into.
const MAX_TREE_BYTES: usize = 32 << 20;

const MODE_TYPE: u32 = 0o170_000;
const MODE_FILE: u32 = 0o100_000;

/// Which files are looked into.
pub struct Small<'a> {
    /// Bytes of the largest one.
    pub max_bytes: u64,
    /// Whether a directory that stands at several places is looked into at one of them alone.
    pub once: bool,
    /// Whether a path of the repository is wanted, by its name.
    pub wanted: &'a dyn Fn(&str) -> bool,
    /// Takes a path and what it holds.
    pub take: &'a mut dyn FnMut(&str, &[u8]),
}

/// Hands over the small files in the index of a local repository, limited to `paths`; of a file with a merge
/// conflict each side. `index` is the index file to read, if it is not the repository's own.
///
/// # Errors
///
/// - [`SourceError::Damaged`] if an object is broken; one that is not there, as in a partial clone, is passed over.
pub fn small_staged(
    repository: &Path,
    index: Option<&Path>,
    paths: &[String],
    small: &mut Small<'_>,
) -> Result<(), SourceError> {
    let scope = scope::normalise(paths)?;
    let opened = open(repository)?;
    let objects = Objects::of(&opened)?;
    for entry in read_index(&opened, repository, index)?.iter() {
        let path = String::from_utf8_lossy(&entry.path);
        let is_file = entry.mode & MODE_TYPE == MODE_FILE;
        let is_there = is_file && entry.flags_extended & INTENT_TO_ADD == 0;
        if is_there && is_below(&scope, &path) {
            one(&objects, entry.id, &path, small)?;
        }
    }
    Ok(())
}

/// Hands over the small files of a revision of a local repository, limited to `paths`.
///
/// # Errors
///
/// - Those of [`super::resolve_revision`].
/// - [`SourceError::Damaged`] if an object is broken or a directory missing; a file that is not there, as in a
///   partial clone, is passed over.
pub fn small_of_revision(
    repository: &Path,
    revision: &str,
    paths: &[String],
    small: &mut Small<'_>,
) -> Result<(), SourceError> {
    let scope = scope::normalise(paths)?;
    let commit = revision::resolve_revision(repository, revision)?;
    let opened = open(repository)?;
    let objects = Objects::of(&opened)?;
    let commit = commit.oid().map_err(SourceError::damaged)?;
    let commit = objects.commit(commit).map_err(SourceError::damaged)?;
    let most = Limits::default().max_entries();
    let mut entries = 0_usize;
    let mut trees = vec![(String::new(), commit.tree_id())];
    let mut known = HashSet::new();
    while let Some((above, id)) = trees.pop() {
        let (bytes, _) = objects.header(id).map_err(SourceError::damaged)?;
        // The reader of manifests refuses a tree beyond the limits and says so.
        if bytes > MAX_TREE_BYTES || entries > most {
            continue;
        }
        let tree = objects.tree(id).map_err(SourceError::damaged)?;
        for entry in &tree {
            entries += 1;
            let path = format!("{above}{}", String::from_utf8_lossy(entry.name_bytes()));
            match entry.kind() {
                Some(ObjectType::Tree) if leads_to(&scope, &path) => {
                    // A dozen objects can name thousands of millions of files.
                    let is_whole = small.once && is_below(&scope, &path);
                    if !is_whole || known.insert(entry.id()) {
                        trees.push((format!("{path}/"), entry.id()));
                    }
                }
                Some(ObjectType::Blob) if is_below(&scope, &path) => {
                    one(&objects, entry.id(), &path, small)?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// The files below `directory` that the repository around it tracks, as paths that begin with `directory`, sorted;
/// nothing outside of a repository. They need not exist.
pub fn tracked_below(directory: &Path) -> Vec<PathBuf> {
    let found = || {
        let repository = Repository::discover(directory).ok()?;
        let top = repository.workdir()?;
        let place = path_in_repository(top, directory)?;
        let place = if place.is_empty() {
            place
        } else {
            format!("{place}/")
        };
        let index = repository.index().ok()?;
        let below = index.iter().filter_map(|entry| {
            let is_file = entry.mode & MODE_TYPE == MODE_FILE;
            let path = String::from_utf8(entry.path).ok().filter(|_| is_file)?;
            Some(directory.join(path.strip_prefix(&place)?))
        });
        let mut below: Vec<_> = below.collect();
        below.sort();
        below.dedup();
        Some(below)
    };
    found().unwrap_or_default()
}

fn one(
    objects: &Objects<'_>,
    id: Oid,
    path: &str,
    small: &mut Small<'_>,
) -> Result<(), SourceError> {
    if !(small.wanted)(path) {
        return Ok(());
    }
    let bytes = match objects.header(id) {
        Ok((bytes, _)) => bytes,
        // A partial clone has what it needs and no more.
        Err(error) if error.code() == ErrorCode::NotFound => return Ok(()),
        Err(error) => return Err(SourceError::damaged(error)),
    };
    if bytes as u64 <= small.max_bytes {
        let object = objects.read(id).map_err(SourceError::damaged)?;
        (small.take)(path, object.data());
    }
    Ok(())
}

/// Whether a path is one of the scope's or below one.
fn is_below(scope: &[String], path: &str) -> bool {
    let holds = |wanted: &String| {
        path.strip_prefix(wanted.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    scope.is_empty() || scope.iter().any(holds)
}

/// Whether a directory is below a path of the scope, or above one.
fn leads_to(scope: &[String], directory: &str) -> bool {
    let is_above = |wanted: &String| {
        wanted
            .strip_prefix(directory)
            .is_some_and(|rest| rest.starts_with('/'))
    };
    is_below(scope, directory) || scope.iter().any(is_above)
}
