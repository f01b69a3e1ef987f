//! How many values the files of one revision hold together, counted while they are parsed.
//!
//! A value takes some two bytes of a file and a hundred times that in memory, so that a limit on bytes alone
//! leaves room for gigabytes.

use super::gather::{ByPath, SourceFile};
use crate::{
    manifest::ParsedFile,
    model::{Finding, Origin, code},
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// The count of one revision. Workers share it.
pub(super) struct ValueCount {
    most: u64,
    /// Of the files that were parsed before.
    known: u64,
    counted: AtomicU64,
}

impl ValueCount {
    /// A count that begins at what the files that were parsed before hold.
    pub(super) fn new(most: u64, known: u64) -> Self {
        let counted = AtomicU64::new(known);
        Self {
            most,
            known,
            counted,
        }
    }

    /// Counts a file; of one beyond the limit only what it counts is kept.
    pub(super) fn admit(&self, mut file: SourceFile) -> SourceFile {
        let values = held(&file);
        let before = self.counted.fetch_add(values, Ordering::Relaxed);
        if before.saturating_add(values) > self.most {
            file.content = Arc::new([]);
            file.parsed = Arc::new(ParsedFile {
                values: usize::try_from(values).unwrap_or(usize::MAX),
                ..ParsedFile::default()
            });
        }
        file
    }

    /// Whether reading on is of no use. What was begun is counted to its end, so that the file named by
    /// [`Self::refusal`] does not depend on who was quicker.
    pub(super) fn is_spent(&self) -> bool {
        self.counted.load(Ordering::Relaxed) > self.most
    }

    /// The refusal of a revision that holds too many: it names the first of `files`, sorted by path, with
    /// which it did, or the whole source, whose paths begin with `label`.
    pub(super) fn refusal(&self, files: &[ByPath], label: &str) -> Option<Finding> {
        if !self.is_spent() {
            return None;
        }
        let mut sorted: Vec<_> = files.iter().map(|(_, file)| file).collect();
        sorted.sort_by(|one, other| one.path.cmp(&other.path));
        let mut sum = self.known;
        let passed = sorted.into_iter().find(|file| {
            sum = sum.saturating_add(held(file));
            sum > self.most
        });
        // Two revisions that were parsed before may be too many together: nothing was read then.
        let origin = match passed {
            Some(file) => Origin::file(&file.path),
            None => Origin::file(&format!("{label}.")),
        };
        let message = format!("the manifests hold more than {} values together", self.most);
        let hint = "name only the directories that hold manifests (`--path`), or leave files out in `.orlojignore`";
        let finding = Finding::new(code::LIMIT_VALUES, origin, message);
        Some(finding.with_hint(hint))
    }
}

/// What a finding counts: it takes more memory than a value, and there may be one for each.
const VALUES_OF_A_FINDING: u64 = 4;

/// How many values a file holds; what was found wrong with it counts too.
pub(super) fn held(file: &SourceFile) -> u64 {
    let findings = file.parsed.findings.len() as u64;
    file.parsed.values as u64 + VALUES_OF_A_FINDING * findings
}
