//! What is wrong with names and policies.

use crate::model::{Finding, FindingsBy, ResourceId};
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
    pub(super) fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.resources
            .iter()
            .chain(self.names.iter())
            .chain(self.wildcards.iter())
            .chain(self.policies.iter())
            .chain(self.denials.iter())
    }
}
