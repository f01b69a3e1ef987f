//! What makes the loop turn: a bell and a timer.

use super::{
    awaited::{Awaited, Sight},
    bell::{Bell, Bells, Rings},
    followed::Followed,
    orders::Held,
    pace::{Cause, Found, Pace},
    reconciler::Reconciler,
    status::Outcome,
    vigil::Vigil,
};
use crate::source::CommitId;
use futures_util::future::join_all;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time;
use tokio_util::sync::CancellationToken;

/// Turns the loop until `stop`, for each source by itself: at once, then at every ring of its bell and every
/// poll; after a failure sooner.
pub async fn run(reconciler: Arc<Reconciler>, bells: impl Into<Bells>, stop: CancellationToken) {
    // What is to be said of secrets that the start put off is not to wait for a first commit.
    drop(reconciler.take_turn().await);
    let bells = bells.into();
    let drivers = bells.iter().map(|(name, bell)| {
        let sources = reconciler.sources().iter();
        let source = sources.filter(|source| source.name() == name).cloned();
        let driver = Driver::new(reconciler.clone(), source.collect(), bell.clone());
        driver.run(stop.clone())
    });
    join_all(drivers).await;
}

/// So long after a window has opened the loop looks.
const AFTER_OPENING: Duration = Duration::from_millis(10);

/// Nothing is waited for longer than this without a look.
const LONGEST_PAUSE: Duration = Duration::from_hours(24);

struct Driver {
    reconciler: Arc<Reconciler>,
    /// The source; none if there is nothing but what is sent by hand.
    source: Vec<Arc<Followed>>,
    bell: Bell,
    pace: Pace,
    awaited: Awaited,
    vigil: Vigil,
    /// Where the source stood after the last look.
    stood: Option<CommitId>,
}

impl Driver {
    fn new(reconciler: Arc<Reconciler>, source: Vec<Arc<Followed>>, bell: Bell) -> Self {
        Self {
            pace: Pace::new(reconciler.settings.poll, Instant::now()),
            vigil: Vigil::new(reconciler.settings.poll),
            awaited: Awaited::default(),
            stood: None,
            reconciler,
            source,
            bell,
        }
    }

    async fn run(mut self, stop: CancellationToken) {
        let mut cause = Cause::Ring;
        loop {
            self.turn(cause).await;
            cause = tokio::select! {
                () = stop.cancelled() => return,
                cause = self.pause() => cause,
            };
        }
    }

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
        let outcome = look(&self.reconciler, &self.source).await;
        let asked = self.source.iter().filter_map(|one| one.asked_to_wait());
        let asked_to_wait = asked.max();
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
        if let Outcome::Held(held) = &outcome
            && let Some(pause) = self.until_window(held)
        {
            self.pace.wait_until(now + pause);
        }
        if outcome == Outcome::Suspended {
            self.awaited.give_up();
        } else if let Some(tip) = tip.filter(|_| found != Found::Failure) {
            self.settle(tip, cause, found, now);
        }
        self.stood = tip;
    }

    /// How long it takes until a revision that a window holds goes live.
    fn until_window(&self, held: &Held) -> Option<Duration> {
        let opens_us = held.schedule.as_ref()?.opens_us?;
        let now_us = self.reconciler.settings.clock.now().as_microsecond();
        let pause = u64::try_from(opens_us.saturating_sub(now_us)).unwrap_or_default();
        // Not a moment too early, and not so far that an `Instant` could not say it.
        Some(
            Duration::from_micros(pause)
                .saturating_add(AFTER_OPENING)
                .min(LONGEST_PAUSE),
        )
    }

    /// Holds what was found against what was told.
    fn settle(&mut self, tip: CommitId, cause: Cause, found: Found, now: Instant) {
        if found == Found::New && !self.awaited.was_told(tip) {
            self.vigil.found(tip, cause, now);
        }
        let source = &self.source;
        let contains = |commit: &CommitId| {
            tokio::task::block_in_place(|| source.iter().any(|one| one.contains(commit)))
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
        let source = self.source.first()?;
        tokio::task::block_in_place(|| source.tip())
    }
}

/// One look in a task of its own: a defect in it must not end the loop.
#[expect(
    clippy::disallowed_methods,
    reason = "it is waited for on the same line"
)]
async fn look(reconciler: &Arc<Reconciler>, source: &[Arc<Followed>]) -> Outcome {
    let (looking, source) = (reconciler.clone(), source.to_vec());
    match tokio::spawn(async move { looking.look_at(&source).await }).await {
        Ok(outcome) => outcome,
        Err(error) => {
            // Where it was has been printed. What it said is not repeated: it may be a value that nobody is to see.
            let how = if error.is_panic() {
                "it panicked"
            } else {
                "it was stopped"
            };
            let cause = format!("a defect of orloj ended the look at the source: {how}");
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
