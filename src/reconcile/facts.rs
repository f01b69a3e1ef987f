//! What the history says of a candidate.

use super::{reconciler::now_us, review::Review, step::Candidate};
use crate::{
    model::Findings,
    plan::Totals,
    source::Commit,
    store::{NewRevision, RevisionOutcome},
};

/// What the history says of a candidate whatever becomes of it.
pub(super) struct Facts {
    pub(super) revision: String,
    pub(super) commit: Option<Commit>,
    pub(super) author: String,
    pub(super) summary: String,
    pub(super) generation: i64,
    pub(super) plan_digest: String,
    pub(super) totals: Totals,
    pub(super) started_us: i64,
    pub(super) is_of_git: bool,
    /// How it goes live, if it does.
    pub(super) outcome: RevisionOutcome,
    pub(super) reason: String,
    pub(super) confirmed_by: String,
}

impl Facts {
    pub(super) fn of(candidate: &Candidate, review: &Review) -> Self {
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
            is_of_git: candidate.by_hand.is_none(),
            outcome: RevisionOutcome::Applied,
            reason: String::new(),
            confirmed_by: String::new(),
        }
    }

    pub(super) fn record(
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
            reason: self.reason.clone(),
            confirmed_by: self.confirmed_by.clone(),
            started_us: self.started_us,
            finished_us: now_us(),
        }
    }
}
