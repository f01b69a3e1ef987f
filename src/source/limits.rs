//! How much a source may cost.

use super::Selection;
use std::time::Duration;

/// Bounds on one revision of a source and on one fetch of it.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Manifest files of one revision.
    pub max_files: usize,
    /// Bytes of one manifest file.
    pub max_file_bytes: u64,
    /// Bytes of all manifest files of one revision, their paths included.
    pub max_total_bytes: u64,
    /// Keys, values, lists and mappings of all manifest files of one revision: what is read of them takes
    /// memory by their number, which bytes alone do not bound. By default 65 for each of `max_files`, as many
    /// as a manifest of a KiB holds.
    pub max_values: u64,
    /// Resources of all manifest files of one revision.
    pub max_objects: u64,
    /// What of a revision is looked at.
    pub selection: Selection,
    /// Directories inside one another.
    pub max_depth: usize,
    /// Time for one fetch, from the first byte to the last.
    pub fetch_timeout: Duration,
    /// Bytes received by one fetch.
    pub fetch_bytes: u64,
}

impl Limits {
    /// Entries of any sort looked at in one revision: what is not a manifest costs time too, and a
    /// repository may hold many other files.
    pub(super) fn max_entries(&self) -> usize {
        self.max_files.saturating_mul(5)
    }
}

impl Default for Limits {
    /// Far above what people write by hand, far below what hurts a small machine.
    fn default() -> Self {
        Self {
            max_files: 200_000,
            max_file_bytes: 1 << 20,
            max_total_bytes: 256 << 20,
            max_values: 13_000_000,
            max_objects: 500_000,
            selection: Selection::default(),
            max_depth: 32,
            fetch_timeout: Duration::from_mins(1),
            fetch_bytes: 1 << 30,
        }
    }
}
