//! What became of a look, for the status and the events.

use super::{
    events::EventSort,
    followed::{Followed, Moved},
    reconciler::{Reconciler, now_us},
    status::{Outcome, Phase, Status},
    step::Forced,
};
use std::sync::Arc;

impl Reconciler {
    /// Puts what became of a look into the status.
    pub(super) fn note(&self, outcome: &Outcome) {
        let now = now_us();
        match outcome {
            Outcome::Retry(cause) if !self.is_failing() => self.fails("", "", cause),
            Outcome::Retry(_) | Outcome::Suspended => {}
            _ => self.works_again(&"".into()),
        }
        let is_something = self.live.pin().is_something();
        self.status.send_modify(|status| {
            match outcome {
                Outcome::Retry(_) | Outcome::Waiting(_) => {}
                Outcome::Suspended => status.phase = Phase::Suspended,
                Outcome::Held(_) => {
                    status.checked_us = Some(now);
                    status.phase = Phase::Held;
                }
                Outcome::Unchanged | Outcome::Applied(_) | Outcome::Rejected(_) => {
                    status.checked_us = Some(now);
                    status.phase = settled(status);
                }
            }
            if *outcome == Outcome::Suspended {
                return;
            }
            status.error = status.failing.values().next().cloned();
            if status.error.is_some() {
                status.phase = if is_something {
                    Phase::Retrying
                } else {
                    Phase::Starting
                };
            }
        });
    }

    /// Notes that a source fails, or with an empty name the loop itself; tells so if it did not before.
    /// `prefix` stands before the cause in what people read.
    pub(super) fn fails(&self, name: &str, prefix: &str, cause: &str) {
        let cause = format!("{prefix}{cause}");
        let mut was_failing = false;
        self.status.send_modify(|status| {
            let before = status.failing.insert(name.into(), cause.clone());
            was_failing = before.is_some();
        });
        if !was_failing {
            let revision = &self.live.pin().revision;
            self.events.push(EventSort::Failing, revision, None, cause);
        }
    }

    /// Notes that a source, or the loop itself, works; tells so if it did not before.
    pub(super) fn works_again(&self, name: &Arc<str>) {
        if !self.status.borrow().failing.contains_key(name) {
            return;
        }
        self.status.send_modify(|status| {
            status.failing.remove(name);
        });
        let message = match self.sources.iter().find(|source| source.name() == name) {
            Some(source) => format!("{}the source can be reached again", source.prefix()),
            None => "reconciling works again".to_owned(),
        };
        let revision = &self.live.pin().revision;
        self.events
            .push(EventSort::Recovered, revision, None, message);
    }

    /// Tells that a reference was moved by force, if it was.
    pub(super) fn tell_of_move(&self, source: &Followed, moved: Option<Moved>) {
        let forced = moved.and_then(|moved| Forced::of(source, moved));
        let Some(Forced { moved, message, .. }) = forced else {
            return;
        };
        tracing::warn!(
            source = &**source.name(),
            source.from = moved.from.to_string(),
            source.to = moved.to.to_string(),
            source.moved = moved.how.as_str(),
            message,
            "a reference was not moved forward"
        );
        let (revision, commit) = (&self.live.pin().revision, moved.to.to_string());
        self.events
            .push(EventSort::Forced, revision, Some(&commit), message);
    }

    fn is_failing(&self) -> bool {
        !self.status.borrow().failing.is_empty()
    }
}

/// The phase after a look that came to its end.
pub(super) fn settled(status: &Status) -> Phase {
    let attempt = status.attempt.as_ref();
    let refused = attempt.is_some_and(|attempt| attempt.findings.has_errors());
    if refused || !status.refused.is_empty() {
        Phase::Rejected
    } else {
        Phase::Synced
    }
}
