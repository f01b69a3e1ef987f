//! The newest record of the served chain.

use crate::{
    model::Findings,
    store::{NewRevision, Store, StoreError},
};

/// The newest record of the served chain.
pub(super) struct Head {
    /// Its number; 0 before the first.
    pub(super) seq: i64,
    revision: String,
    generation: i64,
    digest: String,
    /// What was found, if this process has recorded it.
    findings: Option<Findings>,
}

impl Head {
    /// A record that has just been appended.
    pub(super) fn of(seq: i64, record: &NewRevision, findings: Findings) -> Self {
        Self {
            seq,
            findings: Some(findings),
            revision: record.revision_id.clone(),
            generation: record.unmanaged_generation,
            digest: record.config_digest.clone(),
        }
    }

    /// Whether a revision that is to be appended is this one.
    pub(super) fn is(&self, record: &NewRevision) -> bool {
        self.seq != 0
            && self.revision == record.revision_id
            && self.generation == record.unmanaged_generation
            && self.digest == record.config_digest
    }

    /// Whether it has the very findings that are to be recorded.
    pub(super) fn has_findings(&self, findings: &Findings) -> bool {
        self.findings.as_ref() == Some(findings)
    }

    pub(super) async fn load(store: &Store) -> Result<Self, StoreError> {
        let latest = store.latest_revision().await?;
        Ok(latest.map_or_else(Self::none, |record| Self {
            seq: record.seq,
            revision: record.revision_id,
            generation: record.unmanaged_generation,
            digest: record.config_digest,
            findings: None,
        }))
    }

    const fn none() -> Self {
        Self {
            seq: 0,
            revision: String::new(),
            generation: 0,
            digest: String::new(),
            findings: None,
        }
    }
}
