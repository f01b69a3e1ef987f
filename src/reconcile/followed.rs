//! A source that is followed.

use super::gather::{FileCache, SourceFiles, gather};
use crate::source::{CommitId, Mirror, SourceError};
use std::sync::{Arc, Mutex, PoisonError};

/// A source that is followed: its mirror, and what was read of it last.
#[derive(Debug)]
pub struct Followed {
    name: Arc<str>,
    label: Arc<str>,
    mirror: Mirror,
    cache: Mutex<FileCache>,
    /// Where the last fetch found it, if there was one that succeeded.
    tip: Mutex<Option<CommitId>>,
}

impl Followed {
    /// The only source: its paths are shown as they are.
    pub fn alone(mirror: Mirror) -> Self {
        Self::new(mirror, "".into())
    }

    /// One of several: its paths are shown as `NAME:PATH`.
    pub fn named(mirror: Mirror) -> Self {
        let label = format!("{}:", mirror.config().name);
        Self::new(mirror, label.into())
    }

    fn new(mirror: Mirror, label: Arc<str>) -> Self {
        Self {
            name: mirror.config().name.as_str().into(),
            cache: Mutex::new(FileCache::labelled(label.clone())),
            label,
            mirror,
            tip: Mutex::default(),
        }
    }

    /// What it is called.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Where it is, without credentials.
    pub fn location(&self) -> String {
        self.mirror.config().location.to_string()
    }

    /// The branch, tag or commit that is followed.
    pub fn reference(&self) -> &str {
        &self.mirror.config().reference
    }

    /// Whether it is one of several.
    pub fn is_named(&self) -> bool {
        !self.label.is_empty()
    }

    /// How a message about it begins.
    pub(super) fn prefix(&self) -> String {
        if self.is_named() {
            format!("source `{}`: ", self.name)
        } else {
            String::new()
        }
    }

    /// Asks the remote. What it says is where the source stands from now on.
    pub(super) fn fetch(&self) -> Result<CommitId, SourceError> {
        let commit = self.mirror.fetch()?;
        *self.held_tip() = Some(commit);
        Ok(commit)
    }

    /// Where it stands: where the last fetch found it, else the mirror that an earlier process left. Asks
    /// nobody.
    pub(super) fn tip(&self) -> Option<CommitId> {
        let fetched = *self.held_tip();
        fetched.or_else(|| self.mirror.tip())
    }

    /// Whether a commit is known to be where it stands or before that.
    pub(super) fn contains(&self, commit: &CommitId) -> bool {
        self.mirror.contains(commit)
    }

    /// What it says at a commit that was fetched.
    pub(super) fn read(&self, commit: &CommitId) -> Result<SourceFiles, SourceError> {
        let checkout = self.mirror.checkout(commit)?;
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        gather(&checkout, &mut cache)
    }

    fn held_tip(&self) -> std::sync::MutexGuard<'_, Option<CommitId>> {
        self.tip.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
