//! What a commit may not do by itself.

/// How much a revision may prune without somebody's yes: the larger of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PruneGuard {
    /// Hundredths of what Git manages.
    pub percent: u8,
    /// Objects.
    pub objects: usize,
}

impl Default for PruneGuard {
    fn default() -> Self {
        Self {
            percent: 10,
            objects: 5,
        }
    }
}

impl PruneGuard {
    /// Why a revision that prunes `pruned` of `managed` objects is held; `None` if it is not.
    pub fn holds(&self, pruned: usize, managed: usize) -> Option<String> {
        // pruned / managed > percent / 100, without rounding.
        let many = pruned.saturating_mul(100) > managed.saturating_mul(usize::from(self.percent));
        let held = pruned > self.objects && many;
        let tenths = pruned.saturating_mul(1000) / managed.max(1);
        held.then(|| {
            format!(
                "{pruned} of {managed} objects ({}.{} %) would be pruned; a commit may prune {} % or {} objects",
                tenths / 10,
                tenths % 10,
                self.percent,
                self.objects
            )
        })
    }
}
