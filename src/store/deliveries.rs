//! Webhooks that were received, for a day.

use super::{Store, StoreError, error::query};

/// How many are kept at most; the oldest go first. A busy host sends some thousands a day.
pub const MAX_DELIVERIES: usize = 100_000;

const KEEP: &str = "INSERT INTO deliveries (provider, delivery_id, source, received_us) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (provider, delivery_id) DO NOTHING";

const FORGET: &str = "DELETE FROM deliveries WHERE received_us < $1";

/// Nothing is smaller than the row that is not there, so a table within the bound stays as it is.
const BOUND: &str = "DELETE FROM deliveries WHERE received_us < \
     (SELECT received_us FROM deliveries ORDER BY received_us DESC LIMIT 1 OFFSET $1)";

const SINCE: &str = "SELECT provider, delivery_id, source, received_us FROM deliveries \
     WHERE received_us >= $1 ORDER BY received_us, provider, delivery_id LIMIT $2";

/// One webhook that was received.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ReceivedDelivery {
    /// Who sent it.
    pub provider: String,
    /// What tells it from the sender's others.
    pub delivery_id: String,
    /// The source that it named; empty if it named none.
    pub source: String,
    /// When, in microseconds since 1970 (UTC).
    pub received_us: i64,
}

impl Store {
    /// Keeps deliveries, and forgets those from before `oldest_us` and those too many.
    ///
    /// One that is kept already stays as it is.
    ///
    /// # Errors
    ///
    /// [`StoreError::Query`] if the database fails; then nothing is changed.
    pub async fn keep_deliveries(
        &self,
        received: &[ReceivedDelivery],
        oldest_us: i64,
    ) -> Result<(), StoreError> {
        let most = MAX_DELIVERIES;
        self.keep_deliveries_within(received, oldest_us, most).await
    }

    /// The same with another bound.
    pub(super) async fn keep_deliveries_within(
        &self,
        received: &[ReceivedDelivery],
        oldest_us: i64,
        most: usize,
    ) -> Result<(), StoreError> {
        let act = "keep what webhooks were received";
        let mut transaction = self.pool.begin().await.map_err(query(act))?;
        for one in received {
            sqlx::query(KEEP)
                .bind(&one.provider)
                .bind(&one.delivery_id)
                .bind(&one.source)
                .bind(one.received_us)
                .execute(&mut *transaction)
                .await
                .map_err(query(act))?;
        }
        let most = i64::try_from(most.saturating_sub(1)).unwrap_or(i64::MAX);
        for (text, bound) in [(FORGET, oldest_us), (BOUND, most)] {
            let forget = sqlx::query(text).bind(bound);
            forget
                .execute(&mut *transaction)
                .await
                .map_err(query(act))?;
        }
        transaction.commit().await.map_err(query(act))
    }

    /// Every delivery since a moment, the oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Query`] if the database fails.
    pub async fn deliveries(&self, since_us: i64) -> Result<Vec<ReceivedDelivery>, StoreError> {
        sqlx::query_as(SINCE)
            .bind(since_us)
            .bind(i64::try_from(MAX_DELIVERIES).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await
            .map_err(query("read what webhooks were received"))
    }
}
