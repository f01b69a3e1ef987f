//! What differs between two sets of manifests.

use super::ResourceId;
use std::collections::BTreeSet;

/// What may differ between two sets of manifests: everything else is the same in both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed {
    /// Resources that came, went, became unreadable or were read anew.
    pub resources: BTreeSet<ResourceId>,
    /// Names that a request may use, without namespace, such as `fast` or `agent/writer`.
    pub names: BTreeSet<String>,
}

impl Changed {
    /// Adds what changed on the way to a further set.
    pub fn extend(&mut self, further: &Self) {
        self.resources.extend(further.resources.iter().cloned());
        self.names.extend(further.names.iter().cloned());
    }
}
