//! How long a remote asked to be left alone, handed from a look to whoever says when the next one is.

use super::reconciler::StepError;
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// What the last look was asked; nothing once it was taken.
#[derive(Default)]
pub(super) struct Patience(Mutex<Option<Duration>>);

impl Patience {
    /// A look failed so.
    pub(super) fn note(&self, error: &StepError) {
        let StepError::Source(error) = error else {
            return;
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = error.retry_after();
    }

    /// How long to wait, if the look was asked to.
    pub(super) fn take(&self) -> Option<Duration> {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        asked.take()
    }
}
