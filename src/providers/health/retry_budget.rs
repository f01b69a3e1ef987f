//! How many calls of an endpoint may be repeated.
//!
//! Repetitions are a share of first calls, so that a provider in trouble is not called several times as often
//! as one that is well. A few are always at hand, or an endpoint that is called seldom could repeat nothing.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

/// At most so many repetitions are saved up.
const MOST: f64 = 10.0;

/// Repetitions that come back each second, whatever is called.
const PER_SECOND: f64 = 1.0;

/// A bucket of repetitions.
#[derive(Debug)]
pub(super) struct RetryBudget {
    /// Repetitions for each first call.
    share: f64,
    /// First calls since somebody looked.
    first_calls: AtomicU64,
    left: Mutex<Left>,
}

#[derive(Debug)]
struct Left {
    repetitions: f64,
    /// When that was so.
    at: Option<Instant>,
}

impl RetryBudget {
    /// A full budget of so many repetitions for a hundred first calls; none at all at 0.
    pub(super) fn of_percent(percent: u32) -> Self {
        Self {
            share: f64::from(percent) / 100.0,
            first_calls: AtomicU64::new(0),
            left: Mutex::new(Left {
                repetitions: MOST,
                at: None,
            }),
        }
    }

    /// Counts a first call.
    pub(super) fn count_first_call(&self) {
        self.first_calls.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes a repetition; false if none is left.
    pub(super) fn take(&self, now: Instant) -> bool {
        if self.share <= 0.0 {
            return false;
        }
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let first_calls = self.first_calls.swap(0, Ordering::Relaxed);
        // More than fits is forgotten anyway.
        let first_calls = f64::from(u32::try_from(first_calls).unwrap_or(u32::MAX));
        let passed = left.at.map(|at| now.saturating_duration_since(at));
        let passed = passed.unwrap_or_default().as_secs_f64();
        left.at = Some(now);
        left.repetitions += first_calls.mul_add(self.share, passed * PER_SECOND);
        left.repetitions = left.repetitions.min(MOST);
        if left.repetitions < 1.0 {
            return false;
        }
        left.repetitions -= 1.0;
        true
    }
}
