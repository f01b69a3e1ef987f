//! A new mirror in the place of an old one: two renames, and what a crash between them left behind is put
//! right at the next start.

use super::SourceError;
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use tracing::trace;

/// Packs after which a mirror is made anew: each fetch adds one, and libgit2 never merges them.
const MAX_PACKS: usize = 50;

/// Bytes of packs beside the largest one after which a mirror is made anew, if they also outweigh it.
const MAX_ADDED_BYTES: u64 = 64 << 20;

/// Where the mirror that replaces the one at `path` is made.
pub(super) fn fresh(path: &Path) -> PathBuf {
    path.with_extension("new")
}

/// Where the one that is replaced stands for a moment.
fn aside(path: &Path) -> PathBuf {
    path.with_extension("old")
}

/// Puts the complete mirror at [`fresh`] in the place of the one at `path`.
///
/// # Errors
///
/// - [`SourceError::Io`] if the directory refuses; [`tidy`] makes one of the two the mirror.
pub(super) fn swap(path: &Path) -> Result<(), SourceError> {
    let aside = aside(path);
    remove(&aside)?;
    if exists(path) {
        rename(path, &aside)?;
    }
    trace!(target: "orloj::step", step = "mirror.set-aside");
    rename(&fresh(path), path)?;
    trace!(target: "orloj::step", step = "mirror.renamed");
    remove(&aside)?;
    trace!(target: "orloj::step", step = "mirror.removed");
    Ok(())
}

/// Ends a swap that was cut off, and removes what one left. Nobody else may use the mirror.
///
/// # Errors
///
/// - [`SourceError::Io`] if the directory refuses.
pub(super) fn tidy(path: &Path) -> Result<(), SourceError> {
    let (fresh, aside) = (fresh(path), aside(path));
    if exists(&aside) && !exists(path) {
        // The old one steps aside for a complete one only.
        let successor = if exists(&fresh) { &fresh } else { &aside };
        rename(successor, path)?;
    }
    remove(&fresh)?;
    remove(&aside)
}

/// Whether so much lies in packs that a new mirror would be smaller or faster.
///
/// # Errors
///
/// - [`SourceError::Io`] if they cannot be listed.
pub(super) fn is_piled_up(path: &Path) -> Result<bool, SourceError> {
    let packs = path.join("objects/pack");
    let entries = match fs::read_dir(&packs) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(SourceError::io("list", &packs, error)),
    };
    let is_pack = |entry: &fs::DirEntry| entry.path().extension().is_some_and(|e| e == "pack");
    let sizes: Vec<u64> = entries
        .flatten()
        .filter(is_pack)
        .filter_map(|entry| Some(entry.metadata().ok()?.len()))
        .collect();
    let largest = sizes.iter().copied().max().unwrap_or(0);
    // A repository may be large: what was added to it counts.
    let added = sizes.iter().sum::<u64>() - largest;
    Ok(sizes.len() > MAX_PACKS || added > MAX_ADDED_BYTES.max(largest))
}

/// Removes whatever stands at `path`.
///
/// # Errors
///
/// - [`SourceError::Io`] if it stays.
pub(super) fn remove(path: &Path) -> Result<(), SourceError> {
    let removed = match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    };
    removed.map_err(|error| SourceError::io("remove", path, error))
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn rename(from: &Path, to: &Path) -> Result<(), SourceError> {
    fs::rename(from, to).map_err(|error| SourceError::io("move a mirror to", to, error))
}
