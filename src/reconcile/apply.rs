//! Manifests sent by hand: *unmanaged* resources, on the same way as a commit.

use super::{
    reconciler::{Reconciler, StepError, chain, now_us},
    served::{Inputs, Served, UnmanagedFile},
    status::Outcome,
    step::Candidate,
};
use crate::{
    manifest::parse_file,
    model::{Finding, Findings, ResourceId, code},
    secrets::Opened,
    store::{StoreError, UnmanagedChange, UnmanagedOutcome},
};
use std::collections::HashSet;

/// What applying did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplyReport {
    /// The revision that is live now.
    pub revision: String,
    /// The resources that were sent, and whether each was there before.
    pub applied: Vec<(ResourceId, bool)>,
    /// Warnings.
    pub findings: Findings,
}

/// Why nothing was applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// What was sent, or what it would make of the rest, is not valid.
    #[error("the manifests are refused")]
    Invalid(Findings),
    /// Git manages what was sent.
    #[error("Git manages this; change it there")]
    Managed(Findings),
    /// There is no unmanaged resource of that identity.
    #[error("{0} does not exist")]
    NotFound(ResourceId),
    /// The store failed, or somebody was faster.
    #[error("{0}")]
    Retry(String),
}

impl From<StoreError> for ApplyError {
    fn from(error: StoreError) -> Self {
        Self::Retry(chain(&error))
    }
}

impl From<StepError> for ApplyError {
    fn from(error: StepError) -> Self {
        Self::Retry(chain(&error))
    }
}

impl Reconciler {
    /// Adds or replaces every resource of `documents` (name and content), all or none.
    ///
    /// # Errors
    ///
    /// One [`ApplyError`] per way it can be refused; nothing is changed then.
    pub async fn apply(&self, documents: &[(String, Opened)]) -> Result<ApplyReport, ApplyError> {
        let mut sent = Vec::new();
        let mut findings = Findings::default();
        for (name, content) in documents {
            let parsed = parse_file(&name.as_str().into(), content.expose_bytes());
            for resource in &parsed.resources {
                let lines = (
                    resource.origin.span.start.line,
                    resource.origin.span.end.line,
                );
                let document = Opened::new(cut_lines(content.expose_bytes(), lines));
                sent.push((resource.id.clone(), document));
            }
            findings.extend(parsed.findings);
        }
        if findings.has_errors() {
            return Err(ApplyError::Invalid(findings));
        }
        let served = self.live.pin();
        let managed: Findings = sent.iter().filter_map(|(id, _)| self.managed(id)).collect();
        if !managed.is_empty() {
            return Err(ApplyError::Managed(managed));
        }
        let applied = sent
            .iter()
            .map(|(id, _)| (id.clone(), served.catalog.get(id).is_some()))
            .collect();
        let changes = sent
            .into_iter()
            .map(|(id, document)| UnmanagedChange::Put(id, document))
            .collect();
        let findings = self.change_unmanaged(changes).await?;
        Ok(ApplyReport {
            revision: self.live.pin().revision.clone(),
            applied,
            findings,
        })
    }

    /// Takes away a resource that was sent by hand.
    ///
    /// # Errors
    ///
    /// One [`ApplyError`] per way it can be refused; nothing is changed then.
    pub async fn delete(&self, id: &ResourceId) -> Result<(), ApplyError> {
        if let Some(managed) = self.managed(id) {
            return Err(ApplyError::Managed(Findings::from_iter([managed])));
        }
        if !self.live.pin().unmanaged.contains(id) {
            return Err(ApplyError::NotFound(id.clone()));
        }
        self.change_unmanaged(vec![UnmanagedChange::Delete(id.clone())])
            .await?;
        Ok(())
    }

    /// The finding that refuses to change what Git defines.
    fn managed(&self, id: &ResourceId) -> Option<Finding> {
        let served = self.live.pin();
        let resource = served
            .catalog
            .get(id)
            .filter(|_| !served.unmanaged.contains(id))?;
        let message = format!("{id} is managed by Git");
        let finding = Finding::new(code::REF_MANAGED, resource.origin.clone(), message);
        Some(finding.with_hint("change it there and push").on(id))
    }

    /// Reviews the changed set first, keeps it, and brings it live.
    async fn change_unmanaged(
        &self,
        changes: Vec<UnmanagedChange>,
    ) -> Result<Findings, ApplyError> {
        let mut turn = self.turn.lock().await;
        let store = self.store().await?;
        if turn.parent.is_none() {
            turn.parent = Some(
                store
                    .latest_revision()
                    .await?
                    .map_or(0, |record| record.seq),
            );
        }
        let (generation, rows) = store.unmanaged(&self.key).await?;
        let rows = rows.into_iter();
        let before = rows.map(|row| UnmanagedFile::new(row.id, row.document));
        let unmanaged = changed(before.collect(), &changes);
        let served = self.live.pin();
        let source = served.inputs.source.clone();
        let mut inputs = Inputs {
            source,
            unmanaged,
            unmanaged_generation: generation,
        };
        let review = inputs.review(&served, self.settings.review);
        if review.findings.has_errors() {
            return Err(ApplyError::Invalid(review.findings));
        }
        let warnings = concerning(&changes, review.findings, &served);
        let outcome = store
            .change_unmanaged(&self.key, Some(generation), &changes, now_us())
            .await?;
        inputs.unmanaged_generation = match outcome {
            UnmanagedOutcome::Changed(generation) => generation,
            UnmanagedOutcome::Unchanged(_) => return Ok(warnings),
            UnmanagedOutcome::LostRace(_) => {
                return Err(ApplyError::Retry(
                    "somebody else changed the resources; try again".to_owned(),
                ));
            }
        };
        match self
            .bring_live(
                &mut turn,
                Candidate {
                    inputs,
                    started_us: now_us(),
                },
            )
            .await?
        {
            Outcome::Rejected(findings) => Err(ApplyError::Invalid(findings)),
            Outcome::Retry(cause) => Err(ApplyError::Retry(cause)),
            Outcome::Applied(_) | Outcome::Unchanged => Ok(warnings),
        }
    }
}

/// The resources sent by hand as they are after `changes`.
fn changed(mut files: Vec<UnmanagedFile>, changes: &[UnmanagedChange]) -> Vec<UnmanagedFile> {
    for change in changes {
        let id = match change {
            UnmanagedChange::Put(id, _) | UnmanagedChange::Delete(id) => id,
        };
        files.retain(|file| file.id != *id);
        if let UnmanagedChange::Put(id, document) = change {
            let document = Opened::new(document.expose_bytes().to_vec());
            files.push(UnmanagedFile::new(id.clone(), document));
        }
    }
    files
}

/// The findings that a change brings or is itself about; what was known of the rest is not repeated.
fn concerning(changes: &[UnmanagedChange], found: Findings, before: &Served) -> Findings {
    let is_about = |resource: &ResourceId| {
        changes.iter().any(|change| match change {
            UnmanagedChange::Put(id, _) | UnmanagedChange::Delete(id) => id == resource,
        })
    };
    let known: HashSet<_> = before
        .findings
        .iter()
        .map(|finding| &finding.message)
        .collect();
    found
        .into_iter()
        .filter(|finding| {
            finding.resource.as_ref().is_some_and(is_about) || !known.contains(&finding.message)
        })
        .collect()
}

/// The lines from the first to the last, both counted from 1.
fn cut_lines(content: &[u8], (first, last): (u32, u32)) -> Vec<u8> {
    let skip = usize::try_from(first.saturating_sub(1)).unwrap_or_default();
    let take = usize::try_from(last.saturating_sub(first) + 1).unwrap_or(usize::MAX);
    content
        .split_inclusive(|byte| *byte == b'\n')
        .skip(skip)
        .take(take)
        .flatten()
        .copied()
        .collect()
}
