//! How many resources the files of one revision describe together.

use super::gather::{ByPath, SourceFile};
use crate::model::{Finding, Origin, code};

/// How many resources a file describes.
pub(super) fn described(file: &SourceFile) -> u64 {
    file.parsed.resources.len() as u64
}

/// The refusal of a revision that describes more than `most`, of which `known` are in files that were parsed
/// before: it names the first of the new files, which are sorted by path, with which it did.
pub(super) fn too_many(most: u64, known: u64, files: &[ByPath]) -> Option<Finding> {
    let mut sum = known;
    let (_, passed) = files.iter().find(|(_, file)| {
        sum = sum.saturating_add(described(file));
        sum > most
    })?;
    let message = format!("the manifests describe more than {most} resources together");
    let hint = "name only the directories that hold manifests (`--path`), leave files out in `.orlojignore`, or raise `limits.objects`";
    let finding = Finding::new(code::LIMIT_OBJECTS, Origin::file(&passed.path), message);
    Some(finding.with_hint(hint))
}
