//! What the sources and the store offer, and what of it is tried together.

use super::{
    parts::Parts,
    served::{Inputs, UnmanagedFile},
    step::{Candidate, Forced},
};
use crate::model::ResourceId;

/// Everything that is new, whether it can go live or not.
pub(super) struct Offered {
    /// What each source says where it stands.
    pub(super) parts: Parts,
    pub(super) unmanaged: Vec<UnmanagedFile>,
    pub(super) generation: i64,
    /// The references that were moved by force.
    pub(super) forced: Vec<Forced>,
    /// What was sent by hand, if that and no commit is the reason.
    pub(super) by_hand: Option<String>,
    pub(super) started_us: i64,
}

impl Offered {
    /// All of it, and the resources that Git adopts then.
    pub(super) fn whole(&self) -> (Candidate, Vec<ResourceId>) {
        self.with(self.parts.clone())
    }

    /// The same with other parts.
    pub(super) fn with(&self, parts: Parts) -> (Candidate, Vec<ResourceId>) {
        let goes = |forced: &&Forced| {
            let commit = parts.get(&forced.source).and_then(|part| part.commit());
            commit.is_some_and(|commit| commit.id == forced.moved.to)
        };
        let forced = self.forced.iter().filter(goes).cloned().collect();
        let mut inputs = Inputs {
            parts,
            unmanaged: self.unmanaged.clone(),
            unmanaged_generation: self.generation,
            unread: Vec::new(),
        };
        let adopted = inputs.release_adopted();
        let candidate = Candidate {
            inputs,
            started_us: self.started_us,
            forced,
            by_hand: self.by_hand.clone(),
        };
        (candidate, adopted)
    }
}
