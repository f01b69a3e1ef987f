//! What a file says as bytes for the same build of this program to read again, many times faster than the file.

use super::ParsedFile;
use crate::model::{Digest, Finding, MoveEntry, Packing, Resource, Severity, Unpacking};
use std::sync::Arc;

/// Which build reads what [`ParsedFile::pack`] gave: another version, or one whose sources read manifests
/// otherwise, has another stamp.
pub fn reader_stamp() -> Digest {
    let version = env!("CARGO_PKG_VERSION");
    Digest::of_parts([version.as_bytes(), env!("ORLOJ_READER").as_bytes()])
}

impl ParsedFile {
    /// What the file at `path` says as bytes; `None` if [`ParsedFile::unpack`] would not give the very same.
    ///
    /// That is so for a file with a Secret, whose values are not to lie about once more, and for one with an
    /// error, which a kept file is read with in another way than a new one.
    pub fn pack(&self, path: &Arc<str>) -> Option<Vec<u8>> {
        if !self.is_packable() {
            return None;
        }
        let mut out = Packing::default();
        out.count(self.values);
        out.count(self.resources.len());
        self.resources.iter().for_each(|one| one.pack(&mut out));
        out.count(self.moves.len());
        self.moves.iter().for_each(|entry| entry.pack(&mut out));
        out.count(self.findings.len());
        self.findings.iter().for_each(|one| one.pack(&mut out));
        let bytes = out.finish();
        let again = Self::unpack(path, &bytes)?;
        self.is_same(&again).then_some(bytes)
    }

    /// Whether [`ParsedFile::pack`] gives bytes, as far as that can be told at a glance.
    pub fn is_packable(&self) -> bool {
        let is_error = |one: &Finding| one.severity == Severity::Error;
        let is_secret = |one: &Arc<Resource>| one.is_secret();
        self.unreadable.is_empty()
            && !self.findings.iter().any(is_error)
            && !self.resources.iter().any(is_secret)
    }

    /// Reads what [`ParsedFile::pack`] gave for the same path; `None` for anything else that can be told from it.
    pub fn unpack(path: &Arc<str>, bytes: &[u8]) -> Option<Self> {
        let mut from = Unpacking::new(bytes);
        let read = Self {
            values: from.count()?,
            resources: from.list(|from| Resource::unpack(path, from).map(Arc::new))?,
            moves: from.list(|from| MoveEntry::unpack(path, from))?,
            findings: from.list(|from| Finding::unpack(path, from))?,
            unreadable: Vec::new(),
        };
        from.is_at_end().then_some(read)
    }

    fn is_same(&self, other: &Self) -> bool {
        let resources = self.resources.iter().zip(&other.resources);
        self.values == other.values
            && self.resources.len() == other.resources.len()
            && resources.into_iter().all(|(one, other)| one.is_same(other))
            && self.unreadable == other.unreadable
            && self.moves == other.moves
            && self.findings == other.findings
    }
}
