//! What outlives revisions: counters of what was used, metrics, and the way of records to the store.

use super::{genai::GenAi, ledger::Ledger, recorder::Recorder};

/// The accounts and the records of one process.
#[derive(Default)]
pub struct Books {
    ledger: Ledger,
    recorder: Recorder,
    genai: GenAi,
}

impl Books {
    /// What was used in each window.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Histograms of what calls took.
    pub fn genai(&self) -> &GenAi {
        &self.genai
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
            genai: GenAi::default(),
        }
    }
}
