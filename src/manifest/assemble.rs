//! The files of a revision to one catalog.

use super::ParsedFile;
use crate::{
    model::{Catalog, Finding, Findings, Resource, ResourceId, Spec, code, pointer_to},
    secrets::environment_names,
};
use std::{collections::HashMap, sync::Arc};

/// What secrets in clear text mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClearTextPolicy {
    /// They refuse the revision: the rule for Git.
    #[default]
    Refuse,
    /// They are warned about: `--allow-plaintext-secrets`.
    Warn,
}

/// How files are joined.
#[derive(Debug, Clone, Copy, Default)]
pub struct AssembleOptions {
    /// What secrets in clear text mean.
    pub clear_text: ClearTextPolicy,
}

/// Joins parsed files; every finding of every file is kept.
///
/// The catalog holds what could be read and is only meant to be served when no finding is an error.
pub fn assemble<'a>(
    files: impl IntoIterator<Item = &'a Arc<ParsedFile>>,
    options: AssembleOptions,
) -> (Catalog, Findings) {
    let mut joined = Joined::default();
    for file in files {
        joined.findings.extend(file.findings.iter().cloned());
        for id in &file.unreadable {
            joined.catalog.insert_unreadable(id.clone());
        }
        for resource in &file.resources {
            joined.add(resource);
            joined
                .findings
                .extend(clear_text_finding(resource, options.clear_text));
        }
    }
    joined.check_environment_names();
    (joined.catalog, joined.findings)
}

#[derive(Default)]
struct Joined {
    catalog: Catalog,
    findings: Findings,
    /// Identities with the letter case taken out.
    folded: HashMap<ResourceId, Arc<Resource>>,
}

impl Joined {
    fn add(&mut self, resource: &Arc<Resource>) {
        let id = &resource.id;
        let folded = id.folded();
        let Some(first) = self.folded.get(&folded) else {
            self.folded.insert(folded, resource.clone());
            self.catalog.insert(resource.clone());
            return;
        };
        let message = if first.id == *id {
            format!("{id} is defined twice")
        } else {
            format!("{id} and {} differ only by letter case", first.id)
        };
        let hint = format!("the other one is at {}", first.origin);
        let origin = resource.origin_of("/metadata/name");
        self.findings.push(
            Finding::new(code::GRAPH_DUPLICATE, origin, message)
                .with_hint(hint)
                .on(id),
        );
    }

    /// Two secrets must not be read from the same variable.
    fn check_environment_names(&mut self) {
        let mut owners: HashMap<String, Arc<Resource>> = HashMap::new();
        let mut clashes = Vec::new();
        for secret in self.catalog.of_kind(crate::model::Kind::Secret) {
            for variable in environment_names(&secret.id.namespace, &secret.id.name) {
                match owners.get(&variable) {
                    Some(owner) if owner.id != secret.id => {
                        clashes.push((variable, owner.clone(), secret.clone()));
                    }
                    Some(_) => {}
                    None => drop(owners.insert(variable, secret.clone())),
                }
            }
        }
        clashes.dedup_by(|a, b| a.2.id == b.2.id);
        for (variable, owner, secret) in clashes {
            let message = format!(
                "{} and {} would both be read from `{variable}`",
                owner.id, secret.id
            );
            let origin = secret.origin_of("/metadata/name");
            let hint = format!("rename one of them; the other is at {}", owner.origin);
            self.findings.push(
                Finding::new(code::SECRET_RESERVED, origin, message)
                    .with_hint(hint)
                    .on(&secret.id),
            );
        }
    }
}

fn clear_text_finding(resource: &Resource, policy: ClearTextPolicy) -> Option<Finding> {
    let Spec::Secret(secret) = &resource.spec else {
        return None;
    };
    let key = secret.data.keys().next()?;
    let code = match policy {
        ClearTextPolicy::Refuse => code::SECRET_PLAINTEXT,
        ClearTextPolicy::Warn => code::SECRET_PLAINTEXT_ALLOWED,
    };
    let pointer = [
        pointer_to("/spec/stringData", key),
        pointer_to("/spec/data", key),
    ];
    let pointer = pointer
        .iter()
        .find(|pointer| resource.positions.contains(pointer));
    let origin = resource.origin_of(pointer.map_or("/spec", String::as_str));
    let message = format!("{} is written in clear text", resource.id);
    let hint = match policy {
        ClearTextPolicy::Refuse => {
            "seal it: `orloj secret encrypt`; whoever can read the repository has the value, so replace it too"
        }
        ClearTextPolicy::Warn => "seal it: `orloj secret encrypt`",
    };
    Some(
        Finding::new(code, origin, message)
            .with_hint(hint)
            .on(&resource.id),
    )
}
