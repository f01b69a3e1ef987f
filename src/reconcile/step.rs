//! Review → prepare → record → switch → tell, for whatever is wanted.

use super::{
    egress::Departures,
    events::EventSort,
    facts::{Came, Facts},
    followed::{Followed, Moved},
    head::Head,
    orders::{Held, HeldBy, Reason},
    prepare::{Closed, Prepared, prepare},
    reconciler::{Reconciler, StepError, Turn, chain, now_us},
    served::{Inputs, Served},
    status::{Attempt, Outcome, Phase},
    telling_apart::secrets_told,
};
use crate::{
    model::{Catalog, Findings, ResourceId, Severity},
    plan::{Scopes, Suggestion},
    store::{AppendOutcome, Confirmation, FINDINGS_AS_BEFORE, RevisionOutcome},
};
use std::sync::Arc;

/// What is wanted, gathered.
pub(super) struct Candidate {
    pub(super) inputs: Inputs,
    pub(super) started_us: i64,
    /// The references that were moved by force.
    pub(super) forced: Vec<Forced>,
    /// What was sent by hand, if that and no commit is the reason; stands for the commit's summary.
    pub(super) by_hand: Option<String>,
}

/// A reference that was moved by force.
#[derive(Debug, Clone)]
pub(super) struct Forced {
    /// The source's name.
    pub(super) source: Arc<str>,
    pub(super) moved: Moved,
    /// What happened, in a sentence.
    pub(super) message: String,
    /// Whether it waits for somebody's yes.
    pub(super) is_protected: bool,
}

impl Forced {
    pub(super) fn of(source: &Followed, moved: Moved) -> Option<Self> {
        let message = moved.told(source.reference())?;
        Some(Self {
            source: source.name().clone(),
            moved,
            message: format!("{}{message}", source.prefix()),
            is_protected: source.is_protected(),
        })
    }
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
    /// What the plan changes.
    touched: Vec<ResourceId>,
    /// The first entry that would make a move of a deletion, if anything looks so.
    pub(super) renamed: Option<String>,
    /// The secrets that would be sent to another host.
    pub(super) departures: Departures,
    /// The windows that its changes go by.
    pub(super) scopes: Scopes,
    /// Somebody's yes to the plan, where one was needed.
    pub(super) confirmation: Option<Confirmation>,
}

impl Ready {
    /// Whether a commit is the reason for it.
    pub(super) fn is_of_git(&self) -> bool {
        self.facts.is_of_git
    }

    pub(super) fn catalog(&self) -> &Catalog {
        self.next.snapshot.catalog()
    }

    pub(super) fn touched(&self) -> &[ResourceId] {
        &self.touched
    }

    /// Why it waits for somebody's yes to a reference that was moved by force.
    pub(super) fn held_for_force(&self) -> Option<Reason> {
        let forced = self.facts.forced.iter().filter(|one| one.is_protected);
        let (messages, about): (Vec<_>, Vec<_>) = forced
            .map(|one| {
                let moved = &one.moved;
                let about = format!("{} {}..{}", one.source, moved.from, moved.to);
                (one.message.as_str(), about)
            })
            .unzip();
        (!messages.is_empty()).then(|| Reason {
            by: HeldBy::Force,
            message: messages.join("; "),
            about: about.join(" "),
        })
    }

    /// How many objects the plan prunes.
    pub(super) fn pruned(&self) -> usize {
        self.facts.totals.destroy
    }

    /// Says that it goes live in another way than by a commit, and why.
    pub(super) fn mark(&mut self, outcome: RevisionOutcome, reason: String) {
        (self.facts.outcome, self.facts.reason) = (outcome, reason);
    }

    /// What somebody is asked who is told these reasons. A yes to it is none to the same changes at another
    /// commit, for another reason, or after another rollback.
    pub(super) fn question(&self, reasons: &[Reason]) -> String {
        let stand = self.next.inputs.parts.stand().text().unwrap_or_default();
        let mut question = format!("{} at {stand}", self.facts.plan_digest);
        for reason in reasons {
            question.push_str("; ");
            question.push_str(reason.by.as_str());
            question.push(' ');
            question.push_str(&reason.about);
        }
        question
    }

    /// The same as something that waits for a yes to a question.
    pub(super) fn held(&self, reasons: &[Reason], question: String) -> Held {
        let messages = reasons.iter().map(|reason| reason.message.as_str());
        Held {
            plan_digest: self.facts.plan_digest.clone(),
            commit: self.facts.commit.clone(),
            summary: self.facts.summary.clone(),
            by: reasons.first().map_or(HeldBy::Prune, |reason| reason.by),
            question,
            message: messages.collect::<Vec<_>>().join("; "),
            since_us: now_us(),
            schedule: None,
            secrets_json: self.facts.secrets.clone(),
        }
    }
}

/// A candidate with an error.
#[derive(Clone)]
pub(super) struct Refused {
    facts: Facts,
    pub(super) findings: Findings,
}

impl Refused {
    /// As the refusal of one source among several.
    pub(super) fn of_source(mut self, came: Came) -> Self {
        self.facts.told_by(came);
        self
    }

    /// As something that was attempted, for the status.
    pub(super) fn attempt(&self) -> Attempt {
        self.facts.attempt(self.findings.clone())
    }
}

impl Reconciler {
    /// Reviews and prepares a candidate. Keeps and shows nothing.
    pub(super) fn judge(&self, candidate: Candidate) -> Judged {
        tokio::task::block_in_place(|| {
            let served = self.live.pin();
            let mut options = self.settings.review;
            options.refuse_empty = candidate.inputs.parts.are_of_git();
            let review = candidate.inputs.review(&served, options);
            let mut facts = Facts::of(&candidate, &review, &served);
            let secrets = review.plan.secrets();
            let changes = review.plan.changes.iter();
            let touched = changes
                .flat_map(|change| {
                    let former = change.moved.as_ref().map(|moved| moved.from.clone());
                    former.into_iter().chain([change.id.clone()])
                })
                .collect();
            let scopes = self.settings.windows.scopes(&review.plan.changes);
            let renamed = review.plan.suggestions.first().map(Suggestion::entry);
            let egress = review.plan.egress.clone();
            let findings = review.findings.clone();
            if findings.has_errors() {
                return Judged::Refused(Box::new(Refused { facts, findings }));
            }
            let prepared = prepare(
                facts.revision.clone(),
                review.into(),
                candidate.inputs,
                &self.settings,
                &served,
                now_us(),
                Closed::Refuses,
            );
            match prepared {
                // Warnings that turned out to be settled are no longer among them.
                Ok(Prepared(next)) => {
                    facts.secrets =
                        secrets_told(secrets, &served.opened, &next.opened, &self.prints);
                    Judged::Ready(Box::new(Ready {
                        facts,
                        findings: next.findings.clone(),
                        departures: Departures::of(&egress, &next),
                        next,
                        touched,
                        renamed,
                        scopes,
                        confirmation: None,
                    }))
                }
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
            mut facts,
            next,
            findings,
            confirmation,
            ..
        } = ready;
        if let Some(confirmation) = confirmation {
            facts.confirmed_by = confirmation.confirmed_by;
            facts.reason = confirmation.reason;
        }
        // Boxed, as is what it begins with: what waits for them is smaller by that.
        if !Box::pin(self.record(turn, &facts, &next)).await? {
            return Ok(Outcome::Retry(
                "another process recorded a revision first".to_owned(),
            ));
        }
        tracing::trace!(target: "orloj::step", step = "live.recorded");
        self.live.switch(next);
        tracing::trace!(target: "orloj::step", step = "live.switched");
        (turn.refused, turn.held) = (None, None);
        turn.mirrors_tidied = false;
        let outcome = self.tell(&facts, findings);
        self.show_orders(turn);
        self.tidy(turn);
        self.decoded.catch_up(&self.live, &self.key);
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
        let head = turn.head.take();
        let has_said = |head: &Head| head.has_findings(&next.findings);
        let said = !next.findings.is_empty() && head.as_ref().is_some_and(has_said);
        let findings = if said {
            FINDINGS_AS_BEFORE.to_owned()
        } else {
            next.findings.to_json_text()
        };
        let record = facts.record(facts.outcome, findings, &digest);
        turn.head = match head {
            // The history has it already: its file could not be written, or the process ended between.
            Some(head) if head.is(&record) => Some(head),
            head => {
                let parent = head.map(|head| head.seq);
                let appended = self.store().await?.append_revision(parent, &record);
                let AppendOutcome::Appended(seq) = appended.await? else {
                    return Ok(false);
                };
                Some(Head::of(seq, &record, next.findings.clone()))
            }
        };
        let seq = turn.head.as_ref().map_or(0, |head| head.seq);
        let before = self.live.pin();
        let whole = !before.is_something() || turn.journal.kept().is_empty();
        let change = next.change_since((!whole).then_some(&*before), seq);
        tokio::task::block_in_place(|| turn.journal.append(&self.key, &change))?;
        Ok(true)
    }

    /// Notes a refused candidate in the history and the status.
    pub(super) async fn reject(&self, refused: Refused) -> Result<Outcome, StepError> {
        self.record_refusal(&refused).await?;
        let Refused { facts, findings } = refused;
        self.attempted(&facts, findings.clone(), Phase::Rejected);
        Ok(Outcome::Rejected(findings))
    }

    /// Notes a refused candidate in the history, and tells so.
    pub(super) async fn record_refusal(&self, refused: &Refused) -> Result<(), StepError> {
        let Refused { facts, findings } = refused;
        let record = facts.record(RevisionOutcome::Rejected, findings.to_json_text(), "");
        self.store().await?.record_rejection(&record).await?;
        let summary = findings.summary();
        let mut errors = findings.iter();
        let first = errors.find(|finding| finding.severity == Severity::Error);
        tracing::warn!(
            revision = facts.revision,
            findings.errors = summary.errors,
            findings.warnings = summary.warnings,
            error.code = first.map(|first| first.code.as_str()),
            error.place = first.map(|first| first.origin.to_string()),
            error.message = first.map(|first| first.message.as_str()),
            serving = self.live.pin().revision,
            "revision refused",
        );
        let commit = facts.commit.clone();
        let live = &self.live.pin().revision;
        let noun = if summary.errors == 1 {
            "error"
        } else {
            "errors"
        };
        self.events.push(
            EventSort::Rejected,
            live,
            commit.as_deref(),
            format!("{}: {} {noun}", facts.summary, summary.errors),
        );
        Ok(())
    }

    fn tell(&self, facts: &Facts, findings: Findings) -> Outcome {
        tracing::info!(
            revision = facts.revision,
            plan.add = facts.totals.add,
            plan.change = facts.totals.change,
            plan.destroy = facts.totals.destroy,
            plan.moved = facts.totals.moved,
            duration_ms = (now_us() - facts.started_us) / 1000,
            "revision went live",
        );
        let commit = facts.commit.clone();
        let sort = match facts.outcome {
            RevisionOutcome::RolledBack => EventSort::RolledBack,
            _ => EventSort::Applied,
        };
        self.events.tell(
            sort,
            &facts.revision,
            commit.as_deref(),
            facts.summary.clone(),
            &facts.secrets,
        );
        self.attempted(facts, findings, Phase::Synced);
        Outcome::Applied(facts.revision.clone())
    }

    fn attempted(&self, facts: &Facts, findings: Findings, phase: Phase) {
        self.status.send_modify(|status| {
            if facts.outcome == RevisionOutcome::RolledBack {
                status.refused.clear();
            }
            let refused = phase == Phase::Synced && !status.refused.is_empty();
            status.phase = if refused { Phase::Rejected } else { phase };
            status.attempt = Some(facts.attempt(findings));
        });
    }
}
