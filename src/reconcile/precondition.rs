//! What a client knew of a resource when it changed it, so that two do not overwrite each other unseen.

use super::{apply::ApplyError, reconciler::Reconciler, served::Served};
use crate::{model::ResourceId, store::UnmanagedRow};
use std::collections::BTreeMap;

/// The version that a client expects a resource to have.
///
/// A version is the generation of the set of resources sent by hand in which this one was last changed, as
/// decimal text: it grows with every change.
#[derive(Debug, Clone, Default)]
pub struct Precondition {
    /// Whether a resource that exists may be replaced only by somebody who names its version.
    pub is_required: bool,
    /// `metadata.resourceVersion`; nothing if empty.
    pub in_manifest: Option<String>,
    /// What `If-Match` says: a version, or `*` for any.
    pub if_match: Option<String>,
}

impl Precondition {
    /// Compares with the resource as it is kept.
    pub(super) fn check(&self, id: &ResourceId, rows: &[UnmanagedRow]) -> Result<(), ApplyError> {
        let conflict = |message: String| Err(ApplyError::Conflict(message));
        let in_manifest = self.in_manifest.as_deref().filter(|text| !text.is_empty());
        let if_match = self.if_match.as_deref();
        if let (Some(one), Some(other)) = (in_manifest, if_match)
            && other != "*"
            && one != other
        {
            return conflict(format!(
                "metadata.resourceVersion \"{one}\" does not match If-Match \"{other}\""
            ));
        }
        let row = rows.iter().find(|row| row.id == *id);
        let current = row.map(|row| row.resource_version.to_string());
        let expected = in_manifest.or(if_match);
        if self.is_required && expected.is_none() && current.is_some() {
            return conflict(
                "resourceVersion precondition required for update (set metadata.resourceVersion or If-Match)".to_owned(),
            );
        }
        let is_met = match (expected, &current) {
            (Some("*"), current) if in_manifest.is_none() => current.is_some(),
            // What has no version yet may be created.
            (Some("0"), None) | (None, _) => true,
            (Some(expected), current) => current.as_deref() == Some(expected),
        };
        if is_met {
            return Ok(());
        }
        conflict(format!(
            "{} resourceVersion conflict: expected=\"{}\" current=\"{}\"",
            id.kind,
            expected.unwrap_or_default(),
            current.unwrap_or_default()
        ))
    }
}

impl Reconciler {
    /// The versions of the resources sent by hand that `served` shows.
    ///
    /// One that is kept already and not live yet is left out, and so are all if the store cannot be asked: then
    /// nobody can replace what was not seen.
    pub async fn versions(&self, served: &Served) -> BTreeMap<ResourceId, i64> {
        if served.inputs.unmanaged.is_empty() {
            return BTreeMap::new();
        }
        let versions = match self.store().await {
            Ok(store) => store.unmanaged_versions().await,
            Err(error) => Err(error),
        };
        let mut versions = versions.unwrap_or_else(|error| {
            tracing::warn!(error = error.to_string(), "the store failed");
            BTreeMap::new()
        });
        versions.retain(|_, version| *version <= served.inputs.unmanaged_generation);
        versions
    }
}
