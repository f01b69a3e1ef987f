//! Mirrors of sources that nobody follows any more.

use super::reconciler::{Reconciler, Turn, chain};
use crate::source::remove_other_mirrors;

impl Reconciler {
    /// Removes the mirrors of sources that are neither followed nor part of what is live, if the last look may
    /// have left one behind. They are a cache; one that stays costs room and nothing else.
    pub(super) fn remove_leftover_mirrors(&self, turn: &mut Turn) {
        if turn.mirrors_tidied || self.sources.is_empty() {
            return;
        }
        let served = self.live.pin();
        if !served.is_something() {
            return;
        }
        turn.mirrors_tidied = true;
        let parts = served.inputs.parts.iter().map(|part| &part.name);
        let followed = self.sources.iter().map(|source| source.name());
        let names: Vec<_> = parts.chain(followed).map(|name| &**name).collect();
        let mirrors = self.data_dir.mirror_dir();
        let removed = tokio::task::block_in_place(|| remove_other_mirrors(&mirrors, &names));
        match removed {
            Ok(removed) => {
                for source in removed {
                    tracing::info!(source, "the mirror of a source that is gone was removed");
                }
            }
            Err(error) => tracing::warn!(
                error = chain(&error),
                "the mirror of a source that is gone cannot be removed"
            ),
        }
    }
}
