//! Manifests that SOPS sealed: `kind` and `metadata` in clear text, values in SOPS' form.

use super::{
    kinds::Form,
    node::{Data, Entry, Node},
};
use crate::{
    model::{
        Finding, Kind, Origin, Position, Span, code,
        spec::{SealedFile, SealedForm},
    },
    secrets::{SopsError, SopsFile, SopsFormat},
};
use std::{collections::BTreeSet, sync::Arc};

/// The field that SOPS adds to a document.
const FIELD: &str = "sops";

const HINT: &str =
    "seal values alone: `sops encrypt --encrypted-regex '^(data|stringData)$' --in-place FILE`";

/// A file that SOPS sealed.
pub(super) struct SopsManifest<'a> {
    file: &'a Arc<str>,
    sealed: SealedFile,
}

/// What a file's documents say of SOPS.
pub(super) enum Recognised<'a> {
    /// Nothing: it is not sealed so.
    No,
    /// Its values are sealed.
    Values(SopsManifest<'a>),
    /// Even kinds or names are.
    Whole(SealedFile),
    /// It is sealed so, and cannot be used.
    Refused(Finding),
}

/// Looks for SOPS in a file.
pub(super) fn recognise<'a>(
    file: &'a Arc<str>,
    text: &str,
    documents: &[Node<'_>],
) -> Recognised<'a> {
    let is_sealed = |node: &Node| {
        let field = node.entry(FIELD);
        field.is_some_and(|entry| entry.value.entries().is_some())
    };
    if !documents.iter().any(is_sealed) {
        return Recognised::No;
    }
    let is_json = file.to_ascii_lowercase().ends_with(".json");
    let (format, form) = if is_json {
        (SopsFormat::Json, SealedForm::SopsJson)
    } else {
        (SopsFormat::Yaml, SealedForm::SopsYaml)
    };
    let sops = match SopsFile::parse(text, format) {
        Ok(sops) => sops,
        Err(error) => return Recognised::Refused(refusal(file, &error)),
    };
    let recipients = sops.recipients().iter();
    let recipients = recipients.map(|one| one.public_key.clone()).collect();
    let sealed = SealedFile::new(form, text.as_bytes(), recipients);
    if documents.iter().any(names_are_sealed) {
        return Recognised::Whole(sealed);
    }
    Recognised::Values(SopsManifest { file, sealed })
}

fn refusal(file: &Arc<str>, error: &SopsError) -> Finding {
    let origin = match error.line() {
        None => Origin::file(file),
        Some(line) => {
            let at = Position { line, column: 1 };
            Origin {
                file: file.clone(),
                span: Span { start: at, end: at },
            }
        }
    };
    let message = format!("the file is sealed with SOPS and cannot be used: {error}");
    Finding::new(code::SECRET_SEALED, origin, message).with_hint("seal it again with `sops`")
}

/// Whether what a document is called, or is, is sealed.
fn names_are_sealed(document: &Node) -> bool {
    let is_sealed = |node: Option<&Entry>| node.is_some_and(|entry| is_value(&entry.value));
    let metadata = document.entry("metadata").map(|entry| &entry.value);
    let of_metadata = |key: &str| metadata.and_then(|metadata| metadata.entry(key));
    is_sealed(document.entry("kind"))
        || is_sealed(of_metadata("name"))
        || is_sealed(of_metadata("namespace"))
}

fn is_value(node: &Node) -> bool {
    node.as_text().is_some_and(SopsFile::is_value)
}

impl SopsManifest<'_> {
    /// Takes SOPS out of a document: its sealed values stand under `encryptedData` then. `None` if it is not used.
    pub(super) fn take(
        &self,
        number: usize,
        document: &mut Node<'_>,
        findings: &mut Vec<Finding>,
    ) -> Option<Box<SealedFile>> {
        if let Data::Mapping(entries) = &mut document.data {
            entries.retain(|entry| entry.key != FIELD);
        }
        let kind = document.entry("kind").map(|entry| &entry.value);
        let form = kind.and_then(|kind| Form::from_manifest(kind.as_text()?));
        if form.is_some_and(|form| form.kind() != Kind::Secret) {
            let message = "a file that SOPS sealed may hold Secrets alone";
            findings.push(self.finding(document.span, message.to_owned()));
            return None;
        }
        let mut base64 = BTreeSet::new();
        let mut sealed = self.values(document, "stringData", findings);
        for entry in self.values(document, "data", findings) {
            // As in a clear manifest, `stringData` is what counts.
            if sealed.iter().all(|other| other.key != entry.key) {
                base64.insert(entry.key.to_string());
                sealed.push(entry);
            }
        }
        self.refuse_others(document, &mut String::new(), findings);
        put(document, sealed);
        Some(Box::new(SealedFile {
            document: number,
            base64,
            ..self.sealed.clone()
        }))
    }

    /// Takes the sealed values out of a field of the spec.
    fn values<'t>(
        &self,
        document: &mut Node<'t>,
        field: &str,
        findings: &mut Vec<Finding>,
    ) -> Vec<Entry<'t>> {
        let Some(Data::Mapping(entries)) =
            document.at_mut(&["spec", field]).map(|node| &mut node.data)
        else {
            return Vec::new();
        };
        let all = std::mem::take(entries).into_iter();
        let (sealed, clear): (Vec<_>, Vec<_>) = all.partition(|entry| is_value(&entry.value));
        *entries = clear;
        let (blank, sealed): (Vec<_>, Vec<_>) = sealed
            .into_iter()
            .partition(|entry| entry.key.trim().is_empty());
        for entry in blank {
            let message = format!("a value of `spec.{field}` has no key");
            findings.push(self.finding(entry.key_span, message));
        }
        sealed
    }

    /// Nothing but the values of a Secret is read from SOPS.
    fn refuse_others(&self, node: &Node<'_>, path: &mut String, findings: &mut Vec<Finding>) {
        match &node.data {
            Data::Scalar { .. } if is_value(node) => {
                let path = path.trim_start_matches('.');
                let message = format!(
                    "`{path}` is sealed; of a Secret, values of `stringData` and `data` may be"
                );
                findings.push(self.finding(node.span, message).with_hint(HINT));
            }
            Data::Scalar { .. } => {}
            Data::List(items) => {
                for item in items {
                    self.refuse_others(item, path, findings);
                }
            }
            Data::Mapping(entries) => {
                for entry in entries {
                    let length = path.len();
                    path.push('.');
                    path.push_str(&entry.key);
                    self.refuse_others(&entry.value, path, findings);
                    path.truncate(length);
                }
            }
        }
    }

    fn finding(&self, span: Span, message: String) -> Finding {
        let origin = Origin {
            file: self.file.clone(),
            span,
        };
        Finding::new(code::SECRET_SEALED, origin, message)
    }
}

/// Puts sealed values under `spec.encryptedData`.
fn put<'t>(document: &mut Node<'t>, sealed: Vec<Entry<'t>>) {
    if sealed.is_empty() {
        return;
    }
    if let Some(Data::Mapping(entries)) = document
        .at_mut(&["spec", "encryptedData"])
        .map(|node| &mut node.data)
    {
        entries.extend(sealed);
        return;
    }
    let Some(spec) = document.at_mut(&["spec"]) else {
        return;
    };
    let span = spec.span;
    if let Data::Mapping(entries) = &mut spec.data {
        entries.retain(|entry| entry.key != "encryptedData");
        entries.push(Entry {
            key: "encryptedData".into(),
            key_span: span,
            value: Node {
                data: Data::Mapping(sealed),
                span,
            },
        });
    }
}
