//! How long the history is kept.

use super::{FINDINGS_AS_BEFORE, Store, StoreError, error::query};

/// What is kept of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// So many of the newest records of the history, however old they are.
    pub records: u32,
    /// And all that are younger than this, however many there are, in microseconds.
    pub age_us: i64,
    /// At least so many of the newest revisions can be gone back to.
    pub revisions: usize,
}

impl Default for Retention {
    /// A thousand records or a year, and twenty revisions.
    fn default() -> Self {
        Self {
            records: 1000,
            age_us: 365 * 24 * 60 * 60 * 1_000_000,
            revisions: 20,
        }
    }
}

/// Old records are looked for once in so many new ones.
pub(super) const RECORDS_PER_LOOK: i64 = 100;

/// Never the head of the chain, which the next revision follows.
const FORGET: &str = "DELETE FROM revisions WHERE seq <= CAST($1 AS BIGINT) \
     AND finished_us < CAST($2 AS BIGINT) \
     AND seq < (SELECT MAX(seq) FROM revisions WHERE parent_seq IS NOT NULL)";

/// Findings that are those of a record which is about to be forgotten go to the one that follows it. The text of no
/// other record is read: it may be long.
const HAND_ON: &str = "UPDATE revisions SET findings_json = (SELECT before.findings_json \
     FROM revisions AS before WHERE before.seq < revisions.seq AND before.parent_seq IS NOT NULL \
     AND before.findings_json <> $3 ORDER BY before.seq DESC LIMIT 1) \
     WHERE NOT (seq <= CAST($1 AS BIGINT) AND finished_us < CAST($2 AS BIGINT) \
     AND seq < (SELECT MAX(seq) FROM revisions WHERE parent_seq IS NOT NULL)) \
     AND CASE WHEN EXISTS (SELECT 1 FROM revisions AS parent WHERE parent.seq = revisions.parent_seq \
     AND parent.seq <= CAST($1 AS BIGINT) AND parent.finished_us < CAST($2 AS BIGINT)) \
     THEN findings_json = $3 END";

const FORGET_CONFIRMATIONS: &str = "DELETE FROM confirmations WHERE at_us < CAST($1 AS BIGINT)";

impl Store {
    /// The same, with another idea of how long the history is kept.
    #[must_use]
    pub fn keeping(self, retention: Retention) -> Self {
        Self { retention, ..self }
    }

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
        let before_us = now_us.saturating_sub(self.retention.age_us);
        let oldest = newest - i64::from(self.retention.records);
        // A crash between the two leaves findings written twice, and none unwritten.
        sqlx::query(HAND_ON)
            .bind(oldest)
            .bind(before_us)
            .bind(FINDINGS_AS_BEFORE)
            .execute(&self.pool)
            .await
            .map_err(query("hand findings of the history on"))?;
        sqlx::query(FORGET)
            .bind(oldest)
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
