//! What the history says of a candidate.

use super::{
    parts::{Part, Parts},
    reconciler::now_us,
    review::Review,
    served::Served,
    status::Attempt,
    step::{Candidate, Forced},
};
use crate::{
    model::Findings,
    plan::Totals,
    store::{NewRevision, RevisionOutcome, RevisionSource},
};

/// What the history says of a candidate whatever becomes of it.
#[derive(Clone)]
pub(super) struct Facts {
    pub(super) revision: String,
    /// The commit; the newest of those that came with it where there are several sources.
    pub(super) commit: Option<String>,
    pub(super) sources: Vec<RevisionSource>,
    /// The references that were moved by force.
    pub(super) forced: Vec<Forced>,
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
    /// What became of secrets that were there, as JSON; empty if nothing did.
    pub(super) secrets: String,
}

impl Facts {
    pub(super) fn of(candidate: &Candidate, review: &Review, served: &Served) -> Self {
        let inputs = &candidate.inputs;
        let came = Came::with(&inputs.parts, &served.inputs.parts);
        let (author, summary) = match &candidate.by_hand {
            Some(sent) => (String::new(), sent.clone()),
            None => (came.author, came.summary),
        };
        Self {
            revision: inputs.revision_id(),
            commit: came.commit,
            sources: sources(&inputs.parts, &candidate.forced),
            forced: candidate.forced.clone(),
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
            secrets: String::new(),
        }
    }

    /// Says that it came with something else.
    pub(super) fn told_by(&mut self, came: Came) {
        (self.commit, self.author, self.summary) = (came.commit, came.author, came.summary);
    }

    /// As something that was attempted just now.
    pub(super) fn attempt(&self, findings: Findings) -> Attempt {
        Attempt {
            commit: self.commit.clone(),
            summary: self.summary.clone(),
            findings,
            at_us: now_us(),
        }
    }

    pub(super) fn record(
        &self,
        outcome: RevisionOutcome,
        findings_json: String,
        config_digest: &str,
    ) -> NewRevision {
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        NewRevision {
            revision_id: self.revision.clone(),
            commit: self.commit.clone(),
            sources_json: RevisionSource::list(&self.sources),
            author: self.author.clone(),
            summary: self.summary.clone(),
            unmanaged_generation: self.generation,
            config_digest: config_digest.to_owned(),
            plan_digest: self.plan_digest.clone(),
            outcome,
            added: count(self.totals.add),
            changed: count(self.totals.change + self.totals.moved),
            removed: count(self.totals.destroy),
            secrets_json: self.secrets.clone(),
            findings_json,
            reason: self.reason.clone(),
            confirmed_by: self.confirmed_by.clone(),
            started_us: self.started_us,
            finished_us: now_us(),
        }
    }
}

/// What a revision came with.
#[derive(Default)]
pub(super) struct Came {
    commit: Option<String>,
    author: String,
    summary: String,
}

impl Came {
    /// One of several sources.
    pub(super) fn of(name: &str, parts: &Parts) -> Self {
        let part = parts.get(name);
        let is_named = part.is_some_and(|part| !part.files.label.is_empty());
        let prefix = if is_named {
            format!("{name}: ")
        } else {
            String::new()
        };
        match part.and_then(Part::commit) {
            Some(commit) => Self {
                commit: Some(commit.id.to_string()),
                author: commit.author.clone(),
                summary: prefix + &commit.summary,
            },
            None => Self {
                summary: format!("no longer followed: `{name}`"),
                ..Self::default()
            },
        }
    }

    fn with(parts: &Parts, before: &Parts) -> Self {
        let gone = gone(parts, before);
        if let Some(commit) = parts.only_commit().filter(|_| gone.is_empty()) {
            return Self {
                commit: Some(commit.id.to_string()),
                author: commit.author.clone(),
                summary: commit.summary.clone(),
            };
        }
        let moved = parts.moved_since(before);
        let mut moved: Vec<_> = moved
            .filter_map(|part| Some((&part.name, part.commit()?)))
            .collect();
        moved.sort_by_key(|(_, commit)| commit.time_us);
        let Some((_, newest)) = moved.last() else {
            return Self {
                commit: parts.only_commit().map(|commit| commit.id.to_string()),
                summary: gone,
                ..Self::default()
            };
        };
        let mut authors: Vec<_> = moved.iter().map(|(_, it)| it.author.as_str()).collect();
        authors.dedup();
        let summaries = moved.iter();
        let summaries: Vec<_> = summaries
            .map(|(name, commit)| format!("{name}: {}", commit.summary))
            .collect();
        Self {
            commit: Some(newest.id.to_string()),
            author: authors.join(", "),
            summary: summaries.join("; "),
        }
    }
}

/// Which sources are not followed any more, if any.
fn gone(parts: &Parts, before: &Parts) -> String {
    let gone = before.iter().map(|part| &part.name);
    let gone = gone.filter(|name| parts.get(name).is_none());
    let names: Vec<_> = gone.map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        return String::new();
    }
    format!("no longer followed: {}", names.join(", "))
}

fn sources(parts: &Parts, forced: &[Forced]) -> Vec<RevisionSource> {
    let source = |part: &Part| {
        let forced = forced.iter().find(|one| one.source == part.name);
        RevisionSource {
            name: part.name.to_string(),
            commit: part.commit().map(|commit| commit.id.to_string()),
            signer: part.files.signer.clone(),
            forced_from: forced.map(|one| one.moved.from.to_string()),
        }
    };
    parts.iter().map(source).collect()
}
