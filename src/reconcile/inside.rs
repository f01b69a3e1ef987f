//! Secrets inside of files that are sealed down to their names.

use super::{opened_file::OpenedFiles, opened_secret::OpenedSecret, secret_files::SecretFiles};
use crate::{
    model::{
        Catalog, Code, Finding, Origin, Resource, ResourceId, Severity, SortedMap, Spec, code,
        spec::SealedFile,
    },
    secrets::Keyring,
};
use std::{collections::BTreeSet, sync::Arc};

/// Which secrets are in which file. Clones share their structure.
#[derive(Clone, Default)]
pub(super) struct Inside(SortedMap<ResourceId, Arc<[ResourceId]>>);

impl Inside {
    pub(super) fn contains(&self, file: &ResourceId) -> bool {
        self.0.contains_key(file)
    }

    /// The secrets in a file that was opened, sorted.
    pub(super) fn of(&self, file: &ResourceId) -> Option<BTreeSet<&ResourceId>> {
        Some(self.0.get(file)?.iter().collect())
    }

    pub(super) fn insert(&mut self, file: ResourceId, secrets: Vec<ResourceId>) {
        self.0.insert_mut(file, secrets.into());
    }

    /// Forgets a file; returns what was in it.
    pub(super) fn remove(&mut self, file: &ResourceId) -> Vec<ResourceId> {
        let inside = self.0.get(file).map(|ids| ids.to_vec());
        if inside.is_some() {
            self.0.remove_mut(file);
        }
        inside.unwrap_or_default()
    }

    /// The files with a secret that is among `changed`: somebody may define it by name now.
    pub(super) fn disturbed(&self, changed: &BTreeSet<ResourceId>) -> BTreeSet<ResourceId> {
        let files = self.0.iter();
        let files = files.filter(|(_, inside)| inside.iter().any(|id| changed.contains(id)));
        files.map(|(file, _)| file.clone()).collect()
    }
}

/// What was found in a file.
pub(super) struct Looked {
    /// What stands for the file itself.
    pub(super) file: OpenedSecret,
    pub(super) secrets: Vec<(ResourceId, OpenedSecret)>,
    pub(super) findings: Vec<Finding>,
    pub(super) is_open: bool,
}

/// Looks into the file that `resource` stands for.
pub(super) fn look(resource: &Resource, files: &OpenedFiles, keyring: &Keyring) -> Looked {
    let (path, sealed) = (&resource.origin.file, file_of(resource));
    let tried = sealed.and_then(|sealed| Some((sealed, files.get(&sealed.digest)?)));
    let Some((sealed, tried)) = tried else {
        return closed(None, "it was not opened", Vec::new());
    };
    let secrets = match tried {
        // Whoever has no key knows that the file is there, and the plan says so.
        Err(file) if file.is_locked => return closed(Some(sealed), &file.problem, Vec::new()),
        Err(file) => {
            let message = format!("the file stays closed: {}", file.problem);
            let finding = at_file(resource, code::SECRET_OPEN, message).with_hint(file.hint);
            return closed(Some(sealed), &file.problem, vec![finding]);
        }
        Ok(file) => match file.secrets(path) {
            Ok(secrets) => secrets,
            Err(problem) => {
                let message = format!("the opened file cannot be used: {problem}");
                let finding = at_file(resource, code::SECRET_SEALED, message);
                return closed(Some(sealed), &problem, vec![finding]);
            }
        },
    };
    let mut looked = Looked {
        file: OpenedSecret::of_file(sealed, None),
        secrets: Vec::new(),
        findings: Vec::new(),
        is_open: true,
    };
    for secret in secrets {
        let Spec::Secret(spec) = &secret.spec else {
            continue;
        };
        let none = OpenedFiles::new();
        // None of them names a file.
        let sources = (keyring, &SecretFiles::default());
        let (opened, findings) = OpenedSecret::open(sources, &secret, spec, (&none, None));
        // Their lines are those of the content, which nobody can look up.
        let findings = findings.into_iter().map(|finding| Finding {
            origin: Origin::file(path),
            ..finding
        });
        let findings: Vec<_> = findings.collect();
        let is_error = |finding: &Finding| finding.severity == Severity::Error;
        if findings.iter().any(is_error) {
            looked.file = OpenedSecret::of_file(sealed, Some("a value inside stays closed"));
        }
        looked.findings.extend(findings);
        looked.secrets.push((secret.id.clone(), opened));
    }
    looked
}

fn closed(sealed: Option<&SealedFile>, problem: &str, findings: Vec<Finding>) -> Looked {
    Looked {
        file: sealed.map_or_else(OpenedSecret::default, |sealed| {
            OpenedSecret::of_file(sealed, Some(problem))
        }),
        secrets: Vec::new(),
        findings,
        is_open: false,
    }
}

fn file_of(resource: &Resource) -> Option<&SealedFile> {
    match &resource.spec {
        Spec::Secret(spec) => spec.file.as_deref(),
        _ => None,
    }
}

/// That a secret of a file is defined elsewhere too.
pub(super) fn defined_twice(file: &Resource, id: &ResourceId, catalog: &Catalog) -> Finding {
    let message = format!("the sealed file defines {id}, which is defined elsewhere too");
    let hint = match catalog.get(id) {
        Some(other) => format!("the other one is at {}", other.origin),
        None => "the other one is in a sealed file, too, or in the same".to_owned(),
    };
    at_file(file, code::GRAPH_DUPLICATE, message).with_hint(hint)
}

fn at_file(file: &Resource, code: Code, message: String) -> Finding {
    Finding::new(code, file.origin.clone(), message).on(&file.id)
}
