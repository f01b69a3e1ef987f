//! Review → prepare → record → switch → tell, for whatever is wanted.

use super::{
    prepare::{Closed, Prepared, prepare},
    reconciler::{Reconciler, StepError, Turn, now_us},
    review::{Desired, Review, review},
    served::{Inputs, Served},
    status::{Attempt, Outcome, Phase},
};
use crate::{
    model::{Digest, Findings},
    plan::Totals,
    secrets::Opened,
    source::Commit,
    store::{AppendOutcome, KeptCommit, LastGood, NewRevision, RevisionOutcome, write_last_good},
};

/// What is wanted, gathered.
pub(super) struct Candidate {
    pub(super) inputs: Inputs,
    pub(super) started_us: i64,
}

impl Inputs {
    /// What the revision is called: the commit if there is nothing else, else a digest of the set.
    pub(super) fn revision_id(&self) -> String {
        let commit = self
            .source
            .commit
            .as_ref()
            .map(|commit| commit.id.to_string());
        match commit {
            Some(commit) if self.unmanaged.is_empty() => commit,
            commit => {
                let commit = commit.unwrap_or_default();
                let generation = self.unmanaged_generation.to_be_bytes();
                let digest = Digest::of_parts([commit.as_bytes(), generation.as_slice()]);
                hex::encode(&digest.as_bytes()[..20])
            }
        }
    }

    pub(super) fn review(&self, base: &Served, options: super::ReviewOptions) -> Review {
        let files: Vec<_> = self
            .source
            .files
            .iter()
            .map(|file| file.parsed.clone())
            .collect();
        let unmanaged: Vec<_> = self
            .unmanaged
            .iter()
            .map(|file| file.parsed.clone())
            .collect();
        let desired = Desired {
            revision: &self.revision_id(),
            files: &files,
            unmanaged: &unmanaged,
            source_findings: &self.source.findings,
        };
        review(desired, Some(base.side()), options)
    }
}

impl Reconciler {
    /// Walks a candidate through the steps; an error in it refuses it whole.
    pub(super) async fn bring_live(
        &self,
        turn: &mut Turn,
        candidate: Candidate,
    ) -> Result<Outcome, StepError> {
        let served = self.live.pin();
        let Candidate { inputs, started_us } = candidate;
        let mut options = self.settings.review;
        options.refuse_empty = inputs.source.commit.is_some();
        let review = tokio::task::block_in_place(|| inputs.review(&served, options));
        let facts = Facts::of(&inputs, &review, started_us);
        if review.findings.has_errors() {
            return self.reject(facts, review.findings).await;
        }
        let warnings = review.findings.clone();
        let prepared = tokio::task::block_in_place(|| {
            prepare(
                facts.revision.clone(),
                review,
                inputs,
                &self.settings,
                &served,
                now_us(),
                Closed::Refuses,
            )
        });
        let Prepared(next) = match prepared {
            Ok(prepared) => prepared,
            Err(not_opened) => {
                let all = warnings.into_iter().chain(not_opened).collect();
                return self.reject(facts, all).await;
            }
        };
        if !self.record(turn, &facts, &next).await? {
            return Ok(Outcome::Retry(
                "another process recorded a revision first".to_owned(),
            ));
        }
        let findings = next.findings.clone();
        self.live.switch(next);
        turn.refused = None;
        turn.current = true;
        Ok(self.tell(&facts, findings))
    }

    /// Appends to the history and keeps the revision as the last good one; false if the race was lost.
    async fn record(
        &self,
        turn: &mut Turn,
        facts: &Facts,
        next: &Served,
    ) -> Result<bool, StepError> {
        let record = facts.record(
            RevisionOutcome::Applied,
            &next.findings,
            &next.digest.to_string(),
        );
        let appended = self
            .store()
            .await?
            .append_revision(turn.parent, &record)
            .await?;
        let AppendOutcome::Appended(seq) = appended else {
            turn.parent = None;
            return Ok(false);
        };
        turn.parent = Some(seq);
        let last_good = LastGood {
            revision_id: next.revision.clone(),
            commit: next.commit().map(kept),
            seq,
            unmanaged_generation: next.inputs.unmanaged_generation,
            config_digest: next.digest.to_string(),
            files: next
                .inputs
                .source
                .files
                .iter()
                .map(|file| (file.path.to_string(), file.content.to_vec()))
                .collect(),
            unmanaged: next
                .inputs
                .unmanaged
                .iter()
                .map(|file| Opened::new(file.document.expose_bytes().to_vec()))
                .collect(),
        };
        tokio::task::block_in_place(|| {
            write_last_good(self.data_dir.path(), &self.key, &last_good)
        })?;
        Ok(true)
    }

    async fn reject(&self, facts: Facts, findings: Findings) -> Result<Outcome, StepError> {
        let record = facts.record(RevisionOutcome::Rejected, &findings, "");
        self.store().await?.record_rejection(&record).await?;
        let summary = findings.summary();
        tracing::warn!(
            revision = facts.revision,
            findings.errors = summary.errors,
            findings.warnings = summary.warnings,
            serving = self.live.pin().revision,
            "revision refused",
        );
        self.attempted(&facts, findings.clone(), Phase::Rejected);
        Ok(Outcome::Rejected(findings))
    }

    fn tell(&self, facts: &Facts, findings: Findings) -> Outcome {
        tracing::info!(
            revision = facts.revision,
            plan.add = facts.totals.add,
            plan.change = facts.totals.change,
            plan.destroy = facts.totals.destroy,
            duration_ms = (now_us() - facts.started_us) / 1000,
            "revision went live",
        );
        self.attempted(facts, findings, Phase::Synced);
        Outcome::Applied(facts.revision.clone())
    }

    fn attempted(&self, facts: &Facts, findings: Findings, phase: Phase) {
        self.status.send_modify(|status| {
            status.phase = phase;
            status.attempt = Some(Attempt {
                commit: facts.commit.as_ref().map(|commit| commit.id.to_string()),
                summary: facts
                    .commit
                    .as_ref()
                    .map(|commit| commit.summary.clone())
                    .unwrap_or_default(),
                findings,
                at_us: now_us(),
            });
        });
    }
}

fn kept(commit: &Commit) -> KeptCommit {
    KeptCommit {
        id: commit.id.to_string(),
        author: commit.author.clone(),
        email: commit.email.clone(),
        time_us: commit.time_us,
        summary: commit.summary.clone(),
    }
}

/// What the history says of a candidate whatever becomes of it.
struct Facts {
    revision: String,
    commit: Option<Commit>,
    generation: i64,
    plan_digest: String,
    totals: Totals,
    started_us: i64,
}

impl Facts {
    fn of(inputs: &Inputs, review: &Review, started_us: i64) -> Self {
        Self {
            revision: inputs.revision_id(),
            commit: inputs.source.commit.clone(),
            generation: inputs.unmanaged_generation,
            plan_digest: review.plan.digest.to_string(),
            totals: review.plan.totals(),
            started_us,
        }
    }

    fn record(
        &self,
        outcome: RevisionOutcome,
        findings: &Findings,
        config_digest: &str,
    ) -> NewRevision {
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        NewRevision {
            revision_id: self.revision.clone(),
            commit: self.commit.as_ref().map(|commit| commit.id.to_string()),
            author: self
                .commit
                .as_ref()
                .map(|commit| commit.author.clone())
                .unwrap_or_default(),
            summary: self
                .commit
                .as_ref()
                .map(|commit| commit.summary.clone())
                .unwrap_or_default(),
            unmanaged_generation: self.generation,
            config_digest: config_digest.to_owned(),
            plan_digest: self.plan_digest.clone(),
            outcome,
            added: count(self.totals.add),
            changed: count(self.totals.change),
            removed: count(self.totals.destroy),
            findings_json: findings.to_json_list().to_string(),
            started_us: self.started_us,
            finished_us: now_us(),
        }
    }
}
