//! How long the history is kept.

use super::{Store, StoreError, error::query};

/// The newest records are kept, however old they are.
pub(super) const KEPT_RECORDS: i64 = 1000;

/// Records younger than this are kept, however many there are: a year, in microseconds.
pub(super) const KEPT_US: i64 = 365 * 24 * 60 * 60 * 1_000_000;

/// Old records are looked for once in so many new ones.
pub(super) const RECORDS_PER_LOOK: i64 = 100;

/// Never the head of the chain, which the next revision follows.
const FORGET: &str = "DELETE FROM revisions WHERE seq <= CAST($1 AS BIGINT) \
     AND finished_us < CAST($2 AS BIGINT) \
     AND seq < (SELECT MAX(seq) FROM revisions WHERE parent_seq IS NOT NULL)";

const FORGET_CONFIRMATIONS: &str = "DELETE FROM confirmations WHERE at_us < CAST($1 AS BIGINT)";

impl Store {
    /// Forgets records that are neither among the newest nor young, now and then: `newest` is the number
    /// of a record that was just added at `now_us`.
    pub(super) async fn forget_now_and_then(&self, newest: i64, now_us: i64) {
        if newest % RECORDS_PER_LOOK != 0 {
            return;
        }
        // The record is kept, and that is what was asked for.
        if let Err(error) = self.forget(newest, now_us).await {
            tracing::warn!(error = %error, "old records of the history cannot be deleted");
        }
    }

    async fn forget(&self, newest: i64, now_us: i64) -> Result<(), StoreError> {
        let before_us = now_us.saturating_sub(KEPT_US);
        sqlx::query(FORGET)
            .bind(newest - KEPT_RECORDS)
            .bind(before_us)
            .execute(&self.pool)
            .await
            .map_err(query("forget old records of the history"))?;
        sqlx::query(FORGET_CONFIRMATIONS)
            .bind(before_us)
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(query("forget old confirmations"))
    }
}
