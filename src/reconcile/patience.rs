//! How long a remote asked to be left alone, handed from a look to whoever says when the next one is.

use crate::source::SourceError;
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// What the last look was asked; nothing once it was taken.
#[derive(Debug, Default)]
pub(super) struct Patience(Mutex<Option<Duration>>);

impl Patience {
    /// A look failed so.
    pub(super) fn note(&self, error: &SourceError) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = error.retry_after();
    }

    /// How long to wait, if the look was asked to.
    pub(super) fn take(&self) -> Option<Duration> {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        asked.take()
    }
}
