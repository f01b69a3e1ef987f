//! How many requests may be under way at once.

use crate::chat::ApiError;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Seconds after which a refused client may try again: requests end all the time.
const PAUSE_SECONDS: &str = "1";

/// Counts requests to models from when their body has been read until their answer has ended: one that is still being sent holds
/// no place, or slow clients would keep all others away.
#[derive(Debug)]
pub struct Gate {
    most: usize,
    under_way: AtomicUsize,
}

/// A place that a request holds until this is dropped.
#[derive(Debug)]
pub struct Pass(Arc<Gate>);

impl Gate {
    /// So many at once unless it is configured: each may hold a body, a connection and one upstream.
    pub const DEFAULT_MOST: usize = 4096;

    /// A gate for so many at once.
    pub fn with(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            under_way: AtomicUsize::new(0),
        })
    }

    /// Takes a place; never waits.
    ///
    /// # Errors
    ///
    /// 503 `too_many_requests_at_once` if there is none.
    pub fn enter(self: &Arc<Self>) -> Result<Pass, Box<ApiError>> {
        let one_more = |count: usize| (count < self.most).then_some(count + 1);
        let entered = self
            .under_way
            .fetch_update(Ordering::AcqRel, Ordering::Relaxed, one_more);
        match entered {
            Ok(_) => Ok(Pass(self.clone())),
            Err(_) => Err(Box::new(self.full())),
        }
    }

    /// Requests under way.
    pub fn under_way(&self) -> usize {
        self.under_way.load(Ordering::Relaxed)
    }

    fn full(&self) -> ApiError {
        let most = self.most;
        let message = format!(
            "{most} requests to models are under way, as many as `limits.chat_concurrency` allows; try again in {PAUSE_SECONDS}s"
        );
        ApiError::new(503, "service_unavailable", message)
            .with_code("too_many_requests_at_once")
            .with_header("retry-after", PAUSE_SECONDS)
            .with_detail("limit", "limits.chat_concurrency")
            .with_detail("most", most)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::Gate;
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        thread,
    };

    #[test]
    fn a_place_is_free_again_when_its_holder_is_gone() {
        let gate = Gate::with(2);
        let (first, second) = (gate.enter().unwrap(), gate.enter().unwrap());
        let refused = gate.enter().unwrap_err();
        assert_eq!(refused.status, 503);
        assert_eq!(refused.retry_after(), Some("1"));
        assert_eq!(gate.under_way(), 2);
        drop(first);
        let third = gate.enter().unwrap();
        drop((second, third));
        assert_eq!(gate.under_way(), 0);
    }

    #[test]
    fn many_at_once_never_hold_more_places_than_there_are() {
        const MOST: usize = 3;
        let gate = Gate::with(MOST);
        let (inside, passed) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..2000 {
                        if let Ok(pass) = gate.enter() {
                            assert!(inside.fetch_add(1, Ordering::SeqCst) < MOST);
                            thread::yield_now();
                            inside.fetch_sub(1, Ordering::SeqCst);
                            passed.fetch_add(1, Ordering::SeqCst);
                            drop(pass);
                        }
                    }
                });
            }
        });
        assert_eq!(gate.under_way(), 0);
        assert!(passed.load(Ordering::SeqCst) > 0);
    }
}
