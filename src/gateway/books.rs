//! What outlives revisions: counters of what was used, and the way of records to the store.

use super::{ledger::Ledger, recorder::Recorder};

/// The accounts and the records of one process.
#[derive(Debug, Default)]
pub struct Books {
    ledger: Ledger,
    recorder: Recorder,
}

impl Books {
    /// What was used in each window.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The way of records to the store.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Books whose records wait in a queue of another size.
    #[cfg(test)]
    pub(super) fn with_room(room: usize) -> Self {
        Self {
            ledger: Ledger::default(),
            recorder: Recorder::with_room(room),
        }
    }
}
