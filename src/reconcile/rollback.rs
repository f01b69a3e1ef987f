//! Back to a revision that was live before.

use super::{
    decoded::Known,
    hold::OrderError,
    orders::Pin,
    reconciler::{Reconciler, Turn, chain, now_us},
    restore::{kept_inputs, kept_stand},
    served::{Inputs, Served},
    status::Outcome,
    step::{Candidate, Judged},
};
use crate::{
    model::ResourceId,
    secrets::Opened,
    store::{KeptRevision, RevisionOutcome, StoreError, UnmanagedChange, UnmanagedOutcome},
};

/// Who wants to go back, where to and why.
#[derive(Debug, Clone)]
pub struct RollbackOrder {
    /// A revision, the beginning of one, or a number of the history; the one before without.
    pub to: Option<String>,
    /// Why.
    pub reason: String,
    /// Who says so.
    pub by: String,
}

impl Reconciler {
    /// Makes a kept revision live again, as a new record, and pins it. What was sent by hand is what it
    /// was then too.
    ///
    /// # Errors
    ///
    /// - [`OrderError::Nothing`] if no such revision is kept.
    /// - [`OrderError::Invalid`] if it cannot go live any more, as when no key opens its secrets.
    /// - [`OrderError::Retry`] if something fails or somebody was faster. What was begun then is finished with
    ///   the next look at the sources, like a rollback that the end of the process cut off.
    pub async fn rollback(&self, order: RollbackOrder) -> Result<Outcome, OrderError> {
        let mut turn = self.take_turn().await;
        self.know_head(&mut turn).await?;
        self.know_orders(&mut turn).await?;
        let (served, keep) = (self.live.pin(), self.settings.retention.revisions);
        let target = find(turn.journal.kept(), order.to.as_deref(), &served, keep)?.clone();
        let outcome = self.go_back(&mut turn, &target, order).await?;
        self.note(&outcome);
        Ok(outcome)
    }

    /// Does the rest of a rollback that the end of the process cut off: what was sent by hand may be what
    /// it was then already.
    pub(super) async fn finish_rollback(
        &self,
        turn: &mut Turn,
    ) -> Result<Option<Outcome>, StoreError> {
        let served = self.live.pin();
        let unfinished = turn.pin.clone();
        let unfinished =
            unfinished.filter(|pin| pin.from == served.revision && pin.from != pin.revision);
        let Some(pin) = unfinished.filter(|_| served.is_something()) else {
            return Ok(None);
        };
        let mut kept = turn.journal.kept().iter().rev();
        let target = kept.find(|one| one.revision_id == pin.revision).cloned();
        let order = RollbackOrder {
            to: Some(pin.revision.clone()),
            reason: pin.reason,
            by: pin.by,
        };
        let keep = self.settings.retention.revisions;
        let done = match target {
            Some(target) => self.go_back(turn, &target, order).await,
            None => Err(OrderError::Nothing(not_kept(&pin.revision, keep))),
        };
        match done {
            Ok(outcome) => Ok(Some(outcome)),
            Err(OrderError::Retry(cause)) => Ok(Some(Outcome::Retry(cause))),
            Err(error) => {
                tracing::warn!(
                    error = chain(&error),
                    "a rollback that was cut off cannot be finished"
                );
                self.set_pin(turn, None).await?;
                Ok(None)
            }
        }
    }

    async fn go_back(
        &self,
        turn: &mut Turn,
        target: &KeptRevision,
        order: RollbackOrder,
    ) -> Result<Outcome, OrderError> {
        let started_us = now_us();
        let (served, keep) = (self.live.pin(), self.settings.retention.revisions);
        let kept = tokio::task::block_in_place(|| turn.journal.revision(&self.key, target.seq));
        let kept = kept.map_err(super::reconciler::StepError::from)?;
        let kept = kept.ok_or_else(|| OrderError::Nothing(not_kept(&target.revision_id, keep)))?;
        let known = Known::served(&served.inputs.parts);
        let mut inputs = tokio::task::block_in_place(|| kept_inputs(kept, &known));
        let store = self.store().await?;
        let (generation, rows) = store.unmanaged(&self.key).await?;
        let there: Vec<_> = rows.into_iter().map(|row| (row.id, row.document)).collect();
        let changes = changes(&inputs, &there);
        inputs.unmanaged_generation = generation + i64::from(!changes.is_empty());
        let candidate = Candidate {
            inputs,
            started_us,
            forced: Vec::new(),
            by_hand: Some(summary(&order.reason, &changes)),
        };
        let mut ready = match self.judge(candidate) {
            Judged::Ready(ready) => ready,
            Judged::Refused(refused) => return Err(OrderError::Invalid(refused.findings)),
        };
        ready.mark(RevisionOutcome::RolledBack, order.reason.clone());
        let earlier = turn.pin.clone();
        let pin = Pin {
            reason: order.reason,
            by: order.by,
            since_us: started_us,
            revision: target.revision_id.clone(),
            from: served.revision.clone(),
            commit: kept_stand(target).text(),
            left: earlier
                .as_ref()
                .and_then(|pin| pin.left.clone())
                .or_else(|| served.inputs.parts.stand().text()),
            objects: Pin::objects(served.snapshot.catalog(), ready.touched(), earlier.as_ref()),
        };
        // First the pin: without it a restart between the two would undo the rollback.
        self.set_pin(turn, Some(pin)).await?;
        if let Err(error) = self.replace_unmanaged(generation, &changes).await {
            self.set_pin(turn, earlier).await?;
            return Err(error);
        }
        (turn.held, turn.current) = (None, false);
        let live = self.go_live(turn, *ready).await;
        // With other things sent by hand than what is live goes with, there is no way but on.
        if changes.is_empty() && !matches!(live, Ok(Outcome::Applied(_))) {
            self.set_pin(turn, earlier).await?;
        }
        Ok(live?)
    }

    async fn replace_unmanaged(
        &self,
        generation: i64,
        changes: &[UnmanagedChange],
    ) -> Result<(), OrderError> {
        if changes.is_empty() {
            return Ok(());
        }
        let store = self.store().await?;
        let kept = store
            .change_unmanaged(&self.key, Some(generation), changes, now_us())
            .await?;
        if matches!(kept, UnmanagedOutcome::Changed(_)) {
            return Ok(());
        }
        let cause = "somebody else changed what was sent by hand; try again";
        Err(OrderError::Retry(cause.to_owned()))
    }
}

/// What makes the set that is `there` the one that a revision had.
fn changes(inputs: &Inputs, there: &[(ResourceId, Opened)]) -> Vec<UnmanagedChange> {
    let wanted = |id: &ResourceId| inputs.unmanaged.iter().find(|file| file.id == *id);
    let mut changes = Vec::new();
    for (id, _) in there {
        if wanted(id).is_none() {
            changes.push(UnmanagedChange::Delete(id.clone()));
        }
    }
    for file in &inputs.unmanaged {
        let before = there.iter().find(|(id, _)| *id == file.id);
        let content = file.document.expose_bytes();
        if before.is_none_or(|(_, before)| before.expose_bytes() != content) {
            let document = Opened::new(content.to_vec());
            changes.push(UnmanagedChange::Put(file.id.clone(), document));
        }
    }
    changes
}

/// The newest kept revision that is meant.
fn find<'a>(
    kept: &'a [KeptRevision],
    to: Option<&str>,
    served: &Served,
    keep: usize,
) -> Result<&'a KeptRevision, OrderError> {
    let digest = served.digest.to_string();
    let mut newest_first = kept.iter().rev();
    let found = match to {
        // The same commit may have been read in another way before.
        None => newest_first
            .find(|one| one.config_digest != digest && one.revision_id != served.revision),
        Some(to) => named(kept, to)?,
    };
    let found = found.ok_or_else(|| {
        OrderError::Nothing(match to {
            None => "no other revision is kept".to_owned(),
            Some(to) => not_kept(to, keep),
        })
    })?;
    if found.config_digest == digest {
        let message = format!("{} is what is live", found.revision_id);
        return Err(OrderError::Nothing(message));
    }
    Ok(found)
}

/// Shorter beginnings of a revision name nothing.
const LEAST_ABBREVIATION: usize = 4;

/// Longer numbers are beginnings of commits, as for `orloj history show`.
const LONGEST_NUMBER: usize = 6;

/// The revision of this number of the history, else the newest of which this is the beginning.
fn named<'a>(kept: &'a [KeptRevision], to: &str) -> Result<Option<&'a KeptRevision>, OrderError> {
    if to.len() <= LONGEST_NUMBER
        && let Ok(number) = to.parse::<i64>()
        && let Some(found) = kept.iter().find(|one| one.seq == number)
    {
        return Ok(Some(found));
    }
    let mut found = kept.iter().rev().filter(|one| begins_with(one, to));
    let newest = found.next();
    let other =
        found.find(|one| newest.is_some_and(|newest| one.revision_id != newest.revision_id));
    match (newest, other) {
        (Some(newest), Some(other)) => Err(OrderError::Nothing(format!(
            "`{to}` begins both {} and {}; write more of it",
            newest.revision_id, other.revision_id
        ))),
        _ => Ok(newest),
    }
}

fn begins_with(revision: &KeptRevision, to: &str) -> bool {
    let sources = revision.sources.iter().map(|source| &source.commit);
    let mut commits = sources.chain([&revision.commit]).flatten();
    to.len() >= LEAST_ABBREVIATION
        && (revision.revision_id.starts_with(to) || commits.any(|it| it.id.starts_with(to)))
}

fn not_kept(revision: &str, keep: usize) -> String {
    format!(
        "`{revision}` is not kept any more; the last {keep} revisions are (`orloj history`), older ones come back with `git revert`"
    )
}

/// What the history says of a rollback: why, and what sent by hand goes with it, since nothing else keeps that.
fn summary(reason: &str, changes: &[UnmanagedChange]) -> String {
    let mut summary = "rolled back".to_owned();
    if !reason.is_empty() {
        summary.push_str(": ");
        summary.push_str(reason);
    }
    let gone = changes.iter().filter_map(|change| match change {
        UnmanagedChange::Delete(id) => Some(id.to_string()),
        UnmanagedChange::Put(..) => None,
    });
    let gone: Vec<_> = gone.collect();
    if !gone.is_empty() {
        summary.push_str("; sent by hand and gone now: ");
        summary.push_str(&gone.join(", "));
    }
    summary
}
