//! The one swappable pointer.

use super::served::Served;
use std::sync::Arc;

/// What is served now. Only the reconciler stores; everybody else pins.
#[derive(Debug, Clone)]
pub struct Live(
    #[expect(
        clippy::disallowed_types,
        reason = "this is the one place that holds the pointer"
    )]
    Arc<arc_swap::ArcSwap<Served>>,
);

/// One revision, held for as long as a request needs it.
pub type Pinned = Arc<Served>;

impl Live {
    /// Starts with `served`.
    #[expect(
        clippy::disallowed_types,
        reason = "this is the one place that holds the pointer"
    )]
    pub fn new(served: Served) -> Self {
        Self(Arc::new(arc_swap::ArcSwap::from_pointee(served)))
    }

    /// The revision that is live now; it stays as it is however long it is held.
    pub fn pin(&self) -> Pinned {
        self.0.load_full()
    }

    /// Switches. Cannot fail; requests in flight keep what they pinned.
    pub(super) fn switch(&self, served: Served) {
        self.0.store(Arc::new(served));
    }
}
