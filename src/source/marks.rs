//! Which places of a directory are looked at again.

use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt as _,
    path::{Component, Path, PathBuf},
};

/// A place below the top, with what is marked below it.
#[derive(Debug, Default)]
pub(super) struct Marks {
    below: HashMap<OsString, Marks>,
    mark: Option<Mark>,
}

/// Why a place is looked at as if it had never been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// Something happened to it.
    Changed,
    /// It is a directory that something happened to before the last reading: what was put into it before
    /// the system watched it was never told.
    Young,
}

impl Marks {
    /// Marks a path relative to the top; false for the top itself.
    pub(super) fn mark(&mut self, path: &Path, mark: Mark) -> bool {
        // What is in a directory does not matter any more once it is a repository, and the reverse.
        let nested = path.ends_with(".git").then(|| path.parent()).flatten();
        let nested = nested.filter(|parent| !parent.as_os_str().is_empty());
        let mut place = self;
        let mut deep = false;
        for part in nested.unwrap_or(path).components() {
            if let Component::Normal(name) = part {
                place = place.below.entry(name.to_owned()).or_default();
                deep = true;
            }
        }
        if place.mark != Some(Mark::Changed) {
            place.mark = Some(mark);
        }
        deep
    }

    /// What is marked at and below a child.
    pub(super) fn at(&self, name: &[u8]) -> Option<&Self> {
        self.below.get(OsStr::from_bytes(name))
    }

    /// Whether this place itself is marked.
    pub(super) fn own(&self) -> Option<Mark> {
        self.mark
    }

    /// The children at or below which something is marked.
    pub(super) fn children(&self) -> impl Iterator<Item = (&OsStr, &Self)> {
        self.below.iter().map(|(name, marks)| (&**name, marks))
    }
}

/// Directories to be marked as [`Mark::Young`] next time.
pub(super) type Young = Vec<PathBuf>;
