//! What is wrong with names and policies.

use crate::model::{Findings, FindingsBy, ResourceId};
use std::sync::Arc;

/// Findings of a table, each filed under what it is about.
#[derive(Debug, Clone, Default)]
pub(super) struct TableFindings {
    /// By the resource that defines a name.
    pub(super) resources: FindingsBy<ResourceId>,
    /// By namespace and name.
    pub(super) names: FindingsBy<(Arc<str>, String)>,
    /// Wildcards, by namespace.
    pub(super) wildcards: FindingsBy<Arc<str>>,
    /// By policy.
    pub(super) policies: FindingsBy<ResourceId>,
    /// Policies that deny an agent, by agent.
    pub(super) denials: FindingsBy<ResourceId>,
}

impl TableFindings {
    pub(super) fn all(&self) -> Findings {
        [
            self.resources.all(),
            self.names.all(),
            self.wildcards.all(),
            self.policies.all(),
            self.denials.all(),
        ]
        .into_iter()
        .fold(Findings::default(), |all, some| all.join(some.clone()))
    }
}
