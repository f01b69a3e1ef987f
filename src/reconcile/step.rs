//! Review → prepare → record → switch → tell, for whatever is wanted.

use super::{
    prepare::{Closed, Prepared, prepare},
    reconciler::{Head, Reconciler, StepError, Turn, chain, now_us},
    review::{Desired, Review, review, review_edits},
    served::{Inputs, Served},
    snapshot::Snapshot,
    status::{Attempt, Outcome, Phase},
};
use crate::{
    manifest::Layer,
    model::{Digest, Findings},
    plan::Totals,
    source::Commit,
    store::{AppendOutcome, KeptChange, KeptCommit, KeptRevision, NewRevision, RevisionOutcome},
};

/// What is wanted, gathered.
pub(super) struct Candidate {
    pub(super) inputs: Inputs,
    pub(super) started_us: i64,
    /// What was sent by hand, if that and no commit is the reason; stands for the commit's summary.
    pub(super) by_hand: Option<String>,
}

/// What became of a candidate before anything of it is kept.
pub(super) enum Judged {
    /// It can be recorded and switched to.
    Ready(Box<Ready>),
    /// It is refused whole.
    Refused(Box<Refused>),
}

/// A candidate that nothing more can refuse. Nothing of it is visible yet.
pub(super) struct Ready {
    facts: Facts,
    next: Served,
    pub(super) findings: Findings,
}

/// A candidate with an error.
pub(super) struct Refused {
    facts: Facts,
    pub(super) findings: Findings,
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

    /// Reviews what is wanted against what is served.
    pub(super) fn review(&self, base: &Served, options: super::ReviewOptions) -> Review {
        let same_options = base.snapshot.options() == options.assemble();
        let (source, is_edit) = (&self.source, same_options && base.is_something());
        let paths = if is_edit {
            source.changed_since(&base.inputs.source)
        } else {
            source.files.keys().cloned().collect()
        };
        let mut edits: Vec<_> = paths.into_iter().map(|path| source.edit(path)).collect();
        let nothing = Snapshot::default();
        let before = if is_edit { &base.snapshot } else { &nothing };
        let unmanaged = self.unmanaged.iter();
        edits.extend(before.edits_to(
            Layer::ByHand,
            unmanaged.map(|file| (&file.path, &file.parsed)),
        ));
        let desired = Desired {
            revision: &self.revision_id(),
            edits,
            is_empty: self.source.files.is_empty(),
            source_findings: &self.source.findings,
        };
        if is_edit {
            review_edits(before, base.base_name(), desired, options)
        } else {
            review(desired, base.side(), options)
        }
    }
}

impl Reconciler {
    /// Reviews and prepares a candidate. Keeps and shows nothing.
    pub(super) fn judge(&self, candidate: Candidate) -> Judged {
        tokio::task::block_in_place(|| {
            let served = self.live.pin();
            let mut options = self.settings.review;
            options.refuse_empty = candidate.inputs.source.commit.is_some();
            let review = candidate.inputs.review(&served, options);
            let facts = Facts::of(&candidate, &review);
            let findings = review.findings.clone();
            if findings.has_errors() {
                return Judged::Refused(Box::new(Refused { facts, findings }));
            }
            let prepared = prepare(
                facts.revision.clone(),
                review,
                candidate.inputs,
                &self.settings,
                &served,
                now_us(),
                Closed::Refuses,
            );
            match prepared {
                // Warnings that turned out to be settled are no longer among them.
                Ok(Prepared(next)) => Judged::Ready(Box::new(Ready {
                    facts,
                    findings: next.findings.clone(),
                    next,
                })),
                Err(not_opened) => {
                    let findings = findings.into_iter().chain(not_opened).collect();
                    Judged::Refused(Box::new(Refused { facts, findings }))
                }
            }
        })
    }

    /// Records what is ready, switches to it and tells so.
    pub(super) async fn go_live(
        &self,
        turn: &mut Turn,
        ready: Ready,
    ) -> Result<Outcome, StepError> {
        let Ready {
            facts,
            next,
            findings,
        } = ready;
        if !self.record(turn, &facts, &next).await? {
            return Ok(Outcome::Retry(
                "another process recorded a revision first".to_owned(),
            ));
        }
        self.live.switch(next);
        turn.refused = None;
        turn.current = true;
        let outcome = self.tell(&facts, findings);
        self.tidy(turn);
        Ok(outcome)
    }

    /// Shortens the journal now and then. It is served from without that too.
    fn tidy(&self, turn: &mut Turn) {
        if !turn.journal.is_long() {
            return;
        }
        let tidied = tokio::task::block_in_place(|| turn.journal.tidy(&self.key));
        if let Err(error) = tidied {
            tracing::warn!(
                error = chain(&error),
                "the journal of revisions cannot be shortened"
            );
        }
    }

    /// Appends to the history and to the journal; false if the race was lost.
    async fn record(
        &self,
        turn: &mut Turn,
        facts: &Facts,
        next: &Served,
    ) -> Result<bool, StepError> {
        let digest = next.digest.to_string();
        let record = facts.record(RevisionOutcome::Applied, &next.findings, &digest);
        let seq = match turn.head.take() {
            // The history has it already: its file could not be written, or the process ended between.
            Some(head) if head.is(&record) => head.seq,
            head => {
                let parent = head.map(|head| head.seq);
                let appended = self.store().await?.append_revision(parent, &record);
                let AppendOutcome::Appended(seq) = appended.await? else {
                    return Ok(false);
                };
                seq
            }
        };
        turn.head = Some(Head::of(seq, &record));
        let before = self.live.pin();
        let whole = !before.is_something() || turn.journal.kept().is_empty();
        let change = next.change_since((!whole).then_some(&*before), seq);
        tokio::task::block_in_place(|| turn.journal.append(&self.key, &change))?;
        Ok(true)
    }

    /// Notes a refused candidate in the history and the status.
    pub(super) async fn reject(&self, refused: Refused) -> Result<Outcome, StepError> {
        let Refused { facts, findings } = refused;
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
                summary: facts.summary.clone(),
                findings,
                at_us: now_us(),
            });
        });
    }
}

impl Served {
    /// What the journal needs to hold of a revision that has this number in the history, when it holds
    /// `before`, or nothing.
    fn change_since<'a>(&'a self, before: Option<&'a Self>, seq: i64) -> KeptChange<'a> {
        let files = match before {
            Some(before) => self.files_since(before),
            None => {
                let files = self.inputs.source.files.values();
                files
                    .map(|file| (&*file.path, Some(&*file.content)))
                    .collect()
            }
        };
        let generation = self.inputs.unmanaged_generation;
        let same_set = before.is_some_and(|one| one.inputs.unmanaged_generation == generation);
        let unmanaged = self.inputs.unmanaged.iter();
        KeptChange {
            revision: KeptRevision {
                revision_id: self.revision.clone(),
                commit: self.commit().map(kept),
                seq,
                unmanaged_generation: generation,
                config_digest: self.digest.to_string(),
            },
            whole: before.is_none(),
            files,
            unmanaged: (!same_set)
                .then(|| unmanaged.map(|file| file.document.expose_bytes()).collect()),
        }
    }

    /// The files from Git that are not as in `before`.
    fn files_since<'a>(&'a self, before: &'a Self) -> Vec<(&'a str, Option<&'a [u8]>)> {
        let (new, old) = (&self.inputs.source, &before.inputs.source);
        let changed = new.changed_since(old).into_iter();
        let found = changed.filter_map(|path| match new.files.get(&path) {
            Some(file) => Some((&*file.path, Some(&*file.content))),
            None => Some((&*old.files.get(&path)?.path, None)),
        });
        found.collect()
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
    author: String,
    summary: String,
    generation: i64,
    plan_digest: String,
    totals: Totals,
    started_us: i64,
}

impl Facts {
    fn of(candidate: &Candidate, review: &Review) -> Self {
        let inputs = &candidate.inputs;
        let commit = inputs.source.commit.clone();
        let (author, summary) = match (&candidate.by_hand, &commit) {
            (Some(sent), _) => (String::new(), sent.clone()),
            (None, Some(commit)) => (commit.author.clone(), commit.summary.clone()),
            (None, None) => Default::default(),
        };
        Self {
            revision: inputs.revision_id(),
            commit,
            author,
            summary,
            generation: inputs.unmanaged_generation,
            plan_digest: review.plan.digest.to_string(),
            totals: review.plan.totals(),
            started_us: candidate.started_us,
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
            author: self.author.clone(),
            summary: self.summary.clone(),
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
