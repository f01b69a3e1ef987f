//! Whether an endpoint is worth calling now, and how often calls of it may be repeated.
//!
//! It lives with the endpoint, so that a revision which leaves the endpoint alone keeps what is known of it,
//! and one that changes it begins anew.

mod circuit;
mod retry_budget;
mod watch;

#[cfg(test)]
mod tests;

use super::{UpstreamBuildError, pause::asked_pause};
use crate::{chat::ApiError, model::parse_go_duration, model::spec::ModelEndpointSpec};
use circuit::Circuit;
use jiff::Timestamp;
use retry_budget::RetryBudget;
use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
pub(super) use watch::Watch;

/// Failures one after the other that open a circuit, unless the manifest says otherwise.
const FAILURES: u32 = 5;

/// How long a circuit stays open the first time, unless the manifest says otherwise.
const PAUSE: Duration = Duration::from_secs(10);

/// Repeated calls for each hundred first ones, unless the manifest says otherwise.
const BUDGET_PERCENT: u32 = 20;

/// Models of an endpoint whose failures are kept in mind: clients may make names up.
const MOST_MODELS: usize = 1024;

/// Whether a target may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It may.
    Well,
    /// It may, by this one call: it is tried whether it is well again.
    Probed,
    /// It failed too often, and is left alone until then.
    LeftAlone {
        /// When it is tried again.
        until: Instant,
    },
}

/// What is known of one endpoint.
#[derive(Debug)]
pub(super) struct Health {
    /// Failures one after the other that open a circuit; 0 never does.
    failures: u32,
    pause: Duration,
    budget: RetryBudget,
    /// How many models have a circuit: as long as none failed, nobody needs the lock.
    ailing: AtomicUsize,
    circuits: Mutex<HashMap<Box<str>, Circuit>>,
}

impl Health {
    /// Reads `spec.breaker` and `spec.retry.budget_percent`.
    pub(super) fn read(spec: &ModelEndpointSpec) -> Result<Self, UpstreamBuildError> {
        let pause = match &spec.breaker.pause {
            None => PAUSE,
            Some(text) => {
                parse_go_duration(text.trim()).ok_or_else(|| UpstreamBuildError::Duration {
                    field: "breaker.pause",
                    text: text.clone(),
                })?
            }
        };
        let percent = spec.retry.budget_percent.unwrap_or(BUDGET_PERCENT);
        Ok(Self {
            failures: spec.breaker.failures.unwrap_or(FAILURES),
            pause,
            budget: RetryBudget::of_percent(percent),
            ailing: AtomicUsize::new(0),
            circuits: Mutex::default(),
        })
    }

    /// Whether `model` may be called. Who is told [`Standing::Probed`] has to call it.
    pub(super) fn standing(&self, model: &str, now: Instant) -> Standing {
        if self.ailing.load(Ordering::Acquire) == 0 {
            return Standing::Well;
        }
        match self.circuits().get_mut(model) {
            Some(circuit) => circuit.standing(now),
            None => Standing::Well,
        }
    }

    /// Counts a first call; repeated ones are measured by these.
    pub(super) fn count_first_call(&self) {
        self.budget.count_first_call();
    }

    /// Takes one repetition out of the budget; false if it is spent.
    pub(super) fn may_repeat(&self, now: Instant) -> bool {
        self.budget.take(now)
    }

    /// Whether a call tries whether `model` is well again.
    fn is_probed(&self, model: &str) -> bool {
        self.ailing.load(Ordering::Acquire) > 0
            && self.circuits().get(model).is_some_and(Circuit::is_probed)
    }

    /// Lets another call try `model`: the one that was to do it was not made, or came to no end.
    pub(super) fn give_back(&self, model: &str, now: Instant) {
        if self.ailing.load(Ordering::Acquire) == 0 {
            return;
        }
        if let Some(circuit) = self.circuits().get_mut(model) {
            circuit.give_back(now);
        }
    }

    /// Notes how a call of `model` that began at `began` ended.
    fn note(&self, model: &str, error: Option<&ApiError>, began: Instant, now: Instant) {
        if self.failures == 0 {
            return;
        }
        match error {
            Some(error) if error.is_retryable() => {
                let asked = asked_pause(error, Timestamp::now());
                self.note_failure(model, asked, began, now);
            }
            // It answered, if only to say no.
            _ => self.note_answer(model, began),
        }
    }

    fn note_answer(&self, model: &str, began: Instant) {
        if self.ailing.load(Ordering::Acquire) == 0 {
            return;
        }
        let mut circuits = self.circuits();
        if circuits.get(model).is_some_and(|it| it.is_news(began)) {
            circuits.remove(model);
            self.ailing.store(circuits.len(), Ordering::Release);
        }
    }

    fn note_failure(&self, model: &str, asked: Option<Duration>, began: Instant, now: Instant) {
        let mut circuits = self.circuits();
        if !circuits.contains_key(model) && circuits.len() >= MOST_MODELS {
            return;
        }
        let circuit = circuits.entry(model.into()).or_default();
        if circuit.is_news(began) {
            circuit.fail(now, self.failures, self.pause, asked);
        }
        self.ailing.store(circuits.len(), Ordering::Release);
    }

    fn circuits(&self) -> MutexGuard<'_, HashMap<Box<str>, Circuit>> {
        self.circuits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
