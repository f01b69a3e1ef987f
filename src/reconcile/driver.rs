//! What makes the loop turn: a bell and a timer.

use super::{
    awaited::{Awaited, Sight},
    bell::{Bell, Rings},
    pace::{Cause, Found, Pace},
    reconciler::Reconciler,
    status::Outcome,
    vigil::Vigil,
};
use crate::source::CommitId;
use std::{sync::Arc, time::Instant};
use tokio::time;
use tokio_util::sync::CancellationToken;

/// Turns the loop until `stop`: at once, then at every ring and every poll; after a failure sooner.
pub async fn run(reconciler: Arc<Reconciler>, bell: Bell, stop: CancellationToken) {
    let mut driver = Driver {
        pace: Pace::new(reconciler.settings.poll, Instant::now()),
        vigil: Vigil::new(reconciler.settings.poll),
        awaited: Awaited::default(),
        stood: None,
        reconciler,
        bell,
    };
    let mut cause = Cause::Ring;
    loop {
        driver.turn(cause).await;
        cause = tokio::select! {
            () = stop.cancelled() => return,
            cause = driver.pause() => cause,
        };
    }
}

struct Driver {
    reconciler: Arc<Reconciler>,
    bell: Bell,
    pace: Pace,
    awaited: Awaited,
    vigil: Vigil,
    /// Where the source stood after the last look.
    stood: Option<CommitId>,
}

impl Driver {
    /// One look at the source, and what it means for those who rang.
    async fn turn(&mut self, cause: Cause) {
        let rings = self.bell.take();
        // Somebody may have rung since it was decided.
        let cause = if rings.proven { Cause::Ring } else { cause };
        self.hear(&rings);
        if cause == Cause::Poll {
            // Somebody may have had it looked at by `orloj sync` meanwhile.
            self.stood = self.tip();
        }
        self.awaited.hear(rings.told.clone(), self.stood);
        self.pace.begin(&rings, Instant::now());
        let outcome = look(&self.reconciler).await;
        let asked_to_wait = self.reconciler.patience.take();
        let (tip, now) = (self.tip(), Instant::now());
        let found = match outcome {
            Outcome::Retry(_) => Found::Failure,
            _ if tip == self.stood => Found::Nothing,
            _ => Found::New,
        };
        self.pace.end(cause, found, spread(), now);
        if let Some(time) = asked_to_wait {
            self.pace.leave_alone(time, spread(), now);
        }
        if outcome == Outcome::Suspended {
            self.awaited.give_up();
        } else if let Some(tip) = tip.filter(|_| found != Found::Failure) {
            self.settle(tip, cause, found, now);
        }
        self.stood = tip;
    }

    /// Holds what was found against what was told.
    fn settle(&mut self, tip: CommitId, cause: Cause, found: Found, now: Instant) {
        if found == Found::New && !self.awaited.was_told(tip) {
            self.vigil.found(tip, cause, now);
        }
        let reconciler = &self.reconciler;
        let contains = |commit: &CommitId| {
            tokio::task::block_in_place(|| reconciler.mirror().is_some_and(|m| m.contains(commit)))
        };
        match self.awaited.see(tip, contains, now) {
            Sight::Shown => {}
            Sight::NotYet(next) => self.pace.wait_until(next),
            Sight::GivenUp(commit) => tracing::warn!(
                commit = commit.to_string(),
                remote = tip.to_string(),
                "a webhook told of a commit that the remote does not show; the next poll looks again",
            ),
        }
    }

    /// Waits for the next look; says why it is made.
    async fn pause(&mut self) -> Cause {
        loop {
            let rings = self.bell.pending();
            self.hear(&rings);
            let now = Instant::now();
            self.tell_missed(now);
            let (due, cause) = self.pace.due(&rings);
            if due <= now {
                return cause;
            }
            let until = self.vigil.due().map_or(due, |end| end.min(due));
            tokio::select! {
                () = self.bell.rung() => {}
                () = time::sleep_until(until.into()) => {}
            }
        }
    }

    fn hear(&mut self, rings: &Rings) {
        self.vigil.hear(rings.proven, &rings.told);
    }

    /// Says that webhooks do not come any more, if they came before.
    fn tell_missed(&mut self, now: Instant) {
        let Some(commit) = self.vigil.missed(now) else {
            return;
        };
        if self.bell.is_proven() {
            self.bell.note_missed();
            tracing::warn!(
                commit = commit.to_string(),
                "a poll found a commit that no webhook told of; see at the Git host whether the webhook is delivered",
            );
        }
    }

    fn tip(&self) -> Option<CommitId> {
        let mirror = self.reconciler.mirror()?;
        tokio::task::block_in_place(|| mirror.tip())
    }
}

/// One look in a task of its own: a defect in it must not end the loop.
#[expect(
    clippy::disallowed_methods,
    reason = "it is waited for on the same line"
)]
async fn look(reconciler: &Arc<Reconciler>) -> Outcome {
    let looking = reconciler.clone();
    match tokio::spawn(async move { looking.sync().await }).await {
        Ok(outcome) => outcome,
        Err(error) => {
            let cause = format!("a defect of orloj ended the look at the source: {error}");
            tracing::error!(error = cause, "reconcile failed; it is tried again");
            let outcome = Outcome::Retry(cause);
            reconciler.note(&outcome);
            outcome
        }
    }
}

/// Up to a tenth, so that many daemons do not ask at the same moment.
fn spread() -> f64 {
    let mut byte = [0];
    // Without randomness the pause is merely even.
    let _ = getrandom::fill(&mut byte);
    f64::from(byte[0]) / 2560.0
}
