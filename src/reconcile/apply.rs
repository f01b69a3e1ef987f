//! Manifests sent by hand: *unmanaged* resources, on the same way as a commit.

use super::{
    precondition::Precondition,
    reconciler::{Reconciler, StepError, Turn, chain, now_us},
    served::{Inputs, Served, UnmanagedFile},
    status::Outcome,
    step::{Candidate, Judged},
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
    /// It would send a secret to another host, and the operator wants a yes to that.
    #[error("a secret would be sent to another host, which needs somebody's yes")]
    Egress(Findings),
    /// There is no unmanaged resource of that identity.
    #[error("{0} does not exist")]
    NotFound(ResourceId),
    /// It is not what the client thought that it replaces.
    #[error("{0}")]
    Conflict(String),
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
        self.apply_if(documents, &Precondition::default()).await
    }

    /// As [`Reconciler::apply`], if every one of them is what the client thinks that it is.
    ///
    /// # Errors
    ///
    /// As [`Reconciler::apply`], and [`ApplyError::Conflict`] if one is not.
    pub async fn apply_if(
        &self,
        documents: &[(String, Opened)],
        precondition: &Precondition,
    ) -> Result<ApplyReport, ApplyError> {
        let sent = tokio::task::block_in_place(|| take_apart(documents))?;
        let ids: Vec<_> = sent.iter().map(|(id, _)| id.clone()).collect();
        let changes = sent
            .into_iter()
            .map(|(id, document)| UnmanagedChange::Put(id, document))
            .collect();
        let summary = format!("sent by hand: {}", listed(&ids));
        let mut turn = self.take_turn().await;
        let served = self.live.pin();
        let managed: Findings = ids.iter().filter_map(|id| managed(&served, id)).collect();
        if !managed.is_empty() {
            return Err(ApplyError::Managed(managed));
        }
        let findings = self
            .change_unmanaged(&mut turn, changes, summary, precondition)
            .await?;
        let applied = ids
            .into_iter()
            .map(|id| {
                let existed = served.snapshot.catalog().get(&id).is_some();
                (id, existed)
            })
            .collect();
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
        let mut turn = self.take_turn().await;
        if let Some(managed) = managed(&self.live.pin(), id) {
            return Err(ApplyError::Managed(Findings::from_iter([managed])));
        }
        let change = UnmanagedChange::Delete(id.clone());
        let summary = format!("deleted by hand: {id}");
        self.change_unmanaged(&mut turn, vec![change], summary, &Precondition::default())
            .await?;
        Ok(())
    }

    /// Reviews and prepares the changed set first, so that nothing is kept that could not go live; then
    /// keeps it and brings it live.
    async fn change_unmanaged(
        &self,
        turn: &mut Turn,
        changes: Vec<UnmanagedChange>,
        summary: String,
        precondition: &Precondition,
    ) -> Result<Findings, ApplyError> {
        let started_us = now_us();
        let store = self.store().await?;
        self.know_head(turn).await?;
        let (generation, rows) = store.unmanaged(&self.key).await?;
        for change in &changes {
            if let UnmanagedChange::Put(id, _) = change {
                precondition.check(id, &rows)?;
            }
        }
        let mut unmanaged: Vec<_> = rows
            .into_iter()
            .map(|row| UnmanagedFile::new(row.id, row.document))
            .collect();
        for change in &changes {
            make(&mut unmanaged, change)?;
        }
        let served = self.live.pin();
        if !self.sources.is_empty() && !served.inputs.parts.are_of_git() {
            // Policies may stand there: what comes by hand is not served without them.
            let cause = "no commit is live yet; try again when one is (`orloj status` says what it waits for)";
            return Err(ApplyError::Retry(cause.to_owned()));
        }
        let inputs = Inputs {
            parts: served.inputs.parts.clone(),
            unread: served.inputs.unread.clone(),
            unmanaged,
            // What the store gives a set of this generation when it changes.
            unmanaged_generation: generation + 1,
        };
        let ready = match self.judge(Candidate {
            inputs,
            started_us,
            forced: Vec::new(),
            by_hand: Some(summary),
        }) {
            Judged::Ready(ready) => ready,
            Judged::Refused(refused) => return Err(ApplyError::Invalid(refused.findings)),
        };
        let departures = ready.departures.by_hand(self.settings.egress);
        let mut findings = concerning(&changes, ready.findings.clone(), &self.live.pin());
        findings.extend(departures.map_err(ApplyError::Egress)?);
        let kept = store
            .change_unmanaged(&self.key, Some(generation), &changes, started_us)
            .await?;
        let outcome = match kept {
            UnmanagedOutcome::Changed(_) => self.go_live(turn, *ready).await?,
            UnmanagedOutcome::Unchanged(_)
                if self.live.pin().inputs.unmanaged_generation == generation =>
            {
                return Ok(findings);
            }
            // It was kept before and did not go live then.
            UnmanagedOutcome::Unchanged(_) => self.walk(turn).await?,
            UnmanagedOutcome::LostRace(_) => {
                let cause = "somebody else changed the resources; try again";
                return Err(ApplyError::Retry(cause.to_owned()));
            }
        };
        match outcome {
            Outcome::Rejected(findings) => Err(ApplyError::Invalid(findings)),
            Outcome::Retry(cause) => Err(ApplyError::Retry(format!(
                "kept, and goes live with the next look at the source: {cause}"
            ))),
            Outcome::Held(held) => Err(ApplyError::Retry(format!(
                "kept, and goes live with a commit that is held: {}",
                held.message
            ))),
            Outcome::Suspended => Err(ApplyError::Retry(
                "kept, and goes live when reconciling is resumed".to_owned(),
            )),
            Outcome::Waiting(cause) => Err(ApplyError::Retry(format!(
                "kept, and goes live with the first revision: {cause}"
            ))),
            Outcome::Applied(_) | Outcome::Unchanged => Ok(findings),
        }
    }
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

/// The finding that refuses to change what Git defines.
fn managed(served: &Served, id: &ResourceId) -> Option<Finding> {
    let resource = served
        .snapshot
        .catalog()
        .get(id)
        .filter(|_| !served.snapshot.unmanaged().contains(id))?;
    let message = format!("{id} is managed by Git");
    let finding = Finding::new(code::REF_MANAGED, resource.origin.clone(), message);
    Some(finding.with_hint("change it there and push").on(id))
}

/// Makes one change in a copy of the set.
fn make(set: &mut Vec<UnmanagedFile>, change: &UnmanagedChange) -> Result<(), ApplyError> {
    match change {
        UnmanagedChange::Put(id, document) => {
            let document = Opened::new(document.expose_bytes().to_vec());
            set.retain(|file| file.id != *id);
            set.push(UnmanagedFile::new(id.clone(), document));
        }
        UnmanagedChange::Delete(id) => {
            let before = set.len();
            set.retain(|file| file.id != *id);
            if set.len() == before {
                return Err(ApplyError::NotFound(id.clone()));
            }
        }
    }
    Ok(())
}

/// The first few of them, and how many more.
fn listed(ids: &[ResourceId]) -> String {
    let shown: Vec<_> = ids.iter().take(3).map(ToString::to_string).collect();
    let more = ids.len().saturating_sub(shown.len());
    let more = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    shown.join(", ") + &more
}

/// One document for each resource.
fn take_apart(documents: &[(String, Opened)]) -> Result<Vec<(ResourceId, Opened)>, ApplyError> {
    let mut sent = Vec::new();
    let mut findings = Findings::default();
    for (name, content) in documents {
        let parsed = parse_file(&name.as_str().into(), content.expose_bytes());
        for resource in &parsed.resources {
            let span = resource.origin.span;
            let lines = (span.start.line, span.end.line);
            let document = Opened::new(cut_lines(content.expose_bytes(), lines));
            sent.push((resource.id.clone(), document));
        }
        findings.extend(parsed.findings);
        findings.extend(parsed.moves.first().map(|entry| {
            let message = "`moved` is about what Git manages";
            let finding = Finding::new(code::FIELD_KIND, entry.origin.clone(), message);
            finding.with_hint("what was sent by hand is deleted and sent anew")
        }));
    }
    if findings.has_errors() {
        return Err(ApplyError::Invalid(findings));
    }
    Ok(sent)
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
