//! When to look at the source next. Told what happens and when; asks no clock.

use super::bell::Rings;
use std::time::{Duration, Instant};

/// The pause after the first failure; doubled for each further one.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// The longest pause between two tries.
const LONGEST_RETRY: Duration = Duration::from_mins(1);

/// The longest pause that a remote may ask for.
const LONGEST_ASKED: Duration = Duration::from_hours(1);

/// Rings within this time of a look's begin are answered together by the next one.
const FIRST_WINDOW: Duration = Duration::from_millis(50);

/// The same after looks that found nothing: whoever repeats a webhook costs no more than this.
const LONGEST_WINDOW: Duration = Duration::from_secs(2);

/// Looks for callers who proved nothing are this far apart.
const UNPROVEN: Duration = Duration::from_secs(10);

/// Why to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// Nobody asked.
    Poll,
    /// Somebody rang.
    Ring,
    /// The remote has not shown yet what a webhook told.
    Wait,
}

/// When to look at the source next.
pub(super) struct Pace {
    poll: Duration,
    failures: u32,
    /// The next look that nobody asks for, and why it is made.
    regular: (Instant, Cause),
    /// The last look's begin.
    began: Instant,
    window: Duration,
    /// When somebody who proved nothing is heard again.
    unproven: Instant,
    /// When to look whether the remote shows what was told.
    waiting: Option<Instant>,
    /// The remote asked not to be looked at before, whoever rings.
    left_alone: Instant,
}

impl Pace {
    pub(super) fn new(poll: Duration, now: Instant) -> Self {
        Self {
            poll,
            failures: 0,
            regular: (now, Cause::Poll),
            began: now,
            window: FIRST_WINDOW,
            unproven: now,
            waiting: None,
            left_alone: now,
        }
    }

    /// When to look next if nobody else rings, and why.
    pub(super) fn due(&self, rings: &Rings) -> (Instant, Cause) {
        let proven = rings
            .proven
            .then_some((self.began + self.window, Cause::Ring));
        let unproven = rings.unproven.then_some((self.unproven, Cause::Ring));
        let waiting = self.waiting.map(|at| (at, Cause::Wait));
        let asked = [proven, unproven, waiting].into_iter().flatten();
        let (first, cause) =
            asked.fold(
                self.regular,
                |first, other| {
                    if other.0 <= first.0 { other } else { first }
                },
            );
        (first.max(self.left_alone), cause)
    }

    /// A look begins that answers these.
    pub(super) fn begin(&mut self, rings: &Rings, now: Instant) {
        if now.duration_since(self.began) > UNPROVEN {
            self.window = FIRST_WINDOW;
        }
        if rings.unproven {
            self.unproven = now + UNPROVEN;
        }
        self.began = now;
        self.waiting = None;
    }

    /// A look ended. `spread` is added to the pause.
    pub(super) fn end(&mut self, cause: Cause, found: Found, spread: f64, now: Instant) {
        self.window = match found {
            Found::New => FIRST_WINDOW,
            Found::Nothing | Found::Failure if cause == Cause::Ring => {
                LONGEST_WINDOW.min(self.window * 2)
            }
            Found::Nothing | Found::Failure => self.window,
        };
        let pause = if found == Found::Failure {
            self.failures = self.failures.saturating_add(1);
            retry_pause(self.failures).min(self.poll.max(FIRST_RETRY))
        } else {
            self.failures = 0;
            self.poll
        };
        // A try again is made for whoever asked for the first one.
        let next = if found == Found::Failure {
            cause
        } else {
            Cause::Poll
        };
        self.regular = (now + pause.mul_f64(1.0 + spread), next);
    }

    /// The remote asked to be left alone for some time (`Retry-After`). `spread` is added to it.
    pub(super) fn leave_alone(&mut self, time: Duration, spread: f64, now: Instant) {
        self.left_alone = now + time.min(LONGEST_ASKED).mul_f64(1.0 + spread);
    }

    /// The remote is to be asked again at this moment, or before.
    pub(super) fn wait_until(&mut self, at: Instant) {
        self.waiting = Some(self.waiting.map_or(at, |waiting| waiting.min(at)));
    }
}

/// What a look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// The source moved.
    New,
    /// It did not.
    Nothing,
    /// It, or the store, could not be read.
    Failure,
}

fn retry_pause(failures: u32) -> Duration {
    FIRST_RETRY
        .saturating_mul(1 << failures.saturating_sub(1).min(6))
        .min(LONGEST_RETRY)
}
