//! Files that are sealed as a whole: what they hold, down to the names, is known to who has a key.
//!
//! Such a file stands in the catalog as one Secret that is named after it. With a key the daemon opens it when it
//! prepares a revision; the plan and its digest are the same with and without one.

use super::parse::ParsedFile;
use crate::{
    model::{
        DEFAULT_NAMESPACE, Finding, Kind, Metadata, Origin, Positions, Resource, ResourceId, Spec,
        SpecJson, code,
        spec::{SealedFile, SealedForm, SecretSpec},
    },
    secrets::{AgeFile, SealedError},
};
use std::sync::Arc;

/// What the name of a Secret that stands for a file begins with; no other name may hold a colon.
const PREFIX: &str = "file:";

/// Whether a path names a file that age sealed.
pub fn is_sealed_file(path: &str) -> bool {
    let ending = path.len().checked_sub(".age".len());
    let ending = ending.and_then(|at| path.get(at..));
    ending.is_some_and(|ending| ending.eq_ignore_ascii_case(".age"))
}

/// Whether a secret stands for a sealed file.
pub(super) fn is_file(id: &ResourceId) -> bool {
    id.kind == Kind::Secret && id.name.starts_with(PREFIX)
}

/// Reads an age file as far as it can be without a key.
pub(super) fn parse_age(file: &Arc<str>, bytes: &[u8]) -> ParsedFile {
    match AgeFile::parse(bytes).and_then(|age| age.check_kinds()) {
        Ok(()) => opaque(file, SealedFile::new(SealedForm::Age, bytes, Vec::new())),
        Err(error) => refused(file, &error),
    }
}

fn refused(file: &Arc<str>, error: &SealedError) -> ParsedFile {
    let message = format!("the file {error}");
    let finding = Finding::new(code::SECRET_SEALED, Origin::file(file), message);
    ParsedFile {
        findings: vec![
            finding.with_hint("seal it again: `age -r age1… -o NAME.yaml.age NAME.yaml`"),
        ],
        ..ParsedFile::default()
    }
}

/// The one entry of a file that cannot be looked into.
pub(super) fn opaque(file: &Arc<str>, mut sealed: SealedFile) -> ParsedFile {
    sealed.is_opaque = true;
    let id = ResourceId::new(Kind::Secret, DEFAULT_NAMESPACE, &format!("{PREFIX}{file}"));
    let metadata = Metadata {
        name: id.name.to_string(),
        ..Metadata::default()
    };
    let spec = SecretSpec {
        file: Some(Box::new(sealed)),
        ..SecretSpec::default()
    };
    let origin = Origin::file(file);
    let message =
        "the file is sealed down to its names: what it holds is known only where a key is at hand";
    let hint = "it may hold Secrets alone; to review it without a key, leave `kind` and `metadata` in clear text";
    let finding = Finding::new(code::SECRET_OPAQUE, origin.clone(), message);
    let mut parsed = ParsedFile {
        findings: vec![finding.with_hint(hint).on(&id)],
        values: 1,
        ..ParsedFile::default()
    };
    // Of texts and mappings alone: it can be said in JSON.
    if let Ok(json) = SpecJson::of(&spec.to_redacted_value(&id.to_string())) {
        let positions = Positions::default();
        let resource = Resource::new(id, origin, metadata, Spec::Secret(spec), json, positions);
        parsed.resources.push(Arc::new(resource));
    }
    parsed
}
