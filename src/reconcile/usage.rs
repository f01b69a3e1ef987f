//! What was used, in the store behind the loop.

use super::reconciler::Reconciler;
use crate::store::{StoreError, UsageGroup, UsageRecord, UsageSum};

impl Reconciler {
    /// Keeps records of what was used.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be used.
    pub async fn keep_usage(&self, records: &[UsageRecord]) -> Result<(), StoreError> {
        self.store().await?.keep_usage(records).await
    }

    /// Forgets old records, and those beyond `most`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be used.
    pub async fn forget_usage(&self, oldest_us: i64, most: i64) -> Result<(), StoreError> {
        self.store().await?.forget_usage(oldest_us, most).await
    }

    /// What was used since a moment, by group.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be used.
    pub async fn usage(
        &self,
        group: UsageGroup,
        since_us: i64,
    ) -> Result<Vec<UsageSum>, StoreError> {
        self.store().await?.usage(group, since_us).await
    }
}
