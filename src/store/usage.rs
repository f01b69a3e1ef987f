//! What was used: one row for each model call, summed up when somebody asks.

use super::{Store, StoreError, error::query};
use sqlx::{QueryBuilder, Sqlite};

/// How many rows are kept at most; the oldest go first. About half a gigabyte.
pub const MAX_USAGE_RECORDS: i64 = 2_000_000;

/// How long a row is kept, in microseconds: 92 days, a quarter of a year.
pub const USAGE_KEPT_US: i64 = 92 * 24 * 60 * 60 * 1_000_000;

/// Longest text of a row that a client chose, in characters.
const MAX_CLIENT_CHARS: usize = 256;

/// What a row consists of, in the order in which it is bound.
const KEEP: &str = "INSERT INTO usage_records (request_id, at_us, revision, namespace, api_key, agent, dialect, \
     requested, endpoint, model, streamed, outcome, status, attempts, prompt_tokens, cached_tokens, \
     cache_write_tokens, completion_tokens, reasoning_tokens, estimated, cost_microdollars, first_token_us, \
     duration_us) ";

const ONCE: &str = " ON CONFLICT (request_id) DO NOTHING";

/// How many rows one statement keeps. A statement for each row costs more than the row; few sizes, as each is a statement
/// that the database prepares and remembers.
const ROWS: [usize; 3] = [64, 8, 1];

const FORGET: &str = "DELETE FROM usage_records WHERE at_us < $1";

/// Nothing is smaller than the row that is not there, so a table within the bound stays as it is.
const BOUND: &str = "DELETE FROM usage_records WHERE at_us < \
     (SELECT at_us FROM usage_records ORDER BY at_us DESC LIMIT 1 OFFSET $1)";

/// The sums of all rows of a group; only the name of the group is another one. It is meant by its number behind
/// `GROUP BY`: PostgreSQL groups by no constant.
macro_rules! sums {
    ($name:literal) => {
        concat!(
            "SELECT ",
            $name,
            " AS name, COUNT(*) AS requests, \
             CAST(SUM(CASE WHEN outcome = 'finished' THEN 0 ELSE 1 END) AS BIGINT) AS unfinished, \
             CAST(SUM(prompt_tokens) AS BIGINT) AS prompt_tokens, \
             CAST(SUM(cached_tokens) AS BIGINT) AS cached_tokens, \
             CAST(SUM(completion_tokens) AS BIGINT) AS completion_tokens, \
             CAST(COALESCE(SUM(cost_microdollars), 0) AS BIGINT) AS cost_microdollars, \
             CAST(SUM(CASE WHEN cost_microdollars IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS unpriced, \
             CAST(SUM(estimated) AS BIGINT) AS estimated \
             FROM usage_records WHERE at_us >= $1 GROUP BY 1 ORDER BY 7 DESC, 4 DESC, 1"
        )
    };
}

/// What one model call took. Names of resources are `name` or `ns/name`; an empty one is nobody's.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct UsageRecord {
    /// The answer's `x-orloj-request-id`.
    pub request_id: String,
    /// When it was asked, in microseconds since 1970 (UTC).
    pub at_us: i64,
    /// The revision that it was decided by.
    pub revision: String,
    /// The caller's namespace.
    pub namespace: String,
    /// The key it was asked with.
    pub api_key: String,
    /// The agent it was made as.
    pub agent: String,
    /// How it was asked, such as `chat`.
    pub dialect: String,
    /// The name that was asked for; cut after 256 characters.
    pub requested: String,
    /// The endpoint that was called last.
    pub endpoint: String,
    /// The model that it was asked for.
    pub model: String,
    /// 1 for a stream.
    pub streamed: i64,
    /// `finished`, `failed` or `cancelled`.
    pub outcome: String,
    /// The answer's HTTP status.
    pub status: i64,
    /// Calls of endpoints that it took.
    pub attempts: i64,
    /// Tokens read, cached ones included.
    pub prompt_tokens: i64,
    /// Of these, from the provider's cache.
    pub cached_tokens: i64,
    /// Of these, written to the provider's cache.
    pub cache_write_tokens: i64,
    /// Tokens written, reasoning included.
    pub completion_tokens: i64,
    /// Of these, spent on reasoning.
    pub reasoning_tokens: i64,
    /// 1 if the provider left a count out and it was guessed here.
    pub estimated: i64,
    /// Millionths of a US dollar; `None` if the model's price is not known.
    pub cost_microdollars: Option<i64>,
    /// Microseconds until the first byte of the answer; `None` if there was none.
    pub first_token_us: Option<i64>,
    /// Microseconds until the answer's end.
    pub duration_us: i64,
}

/// What usage is summed up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsageGroup {
    /// Everything together.
    Total,
    /// The agent.
    Agent,
    /// The key.
    Key,
    /// The endpoint and model.
    Model,
    /// The endpoint.
    Endpoint,
    /// The caller's namespace.
    Namespace,
}

/// What a group used.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct UsageSum {
    /// Whose it is; empty for calls without a key or agent, and for the total.
    pub name: String,
    /// Calls.
    pub requests: i64,
    /// Of these, failed and cancelled ones.
    pub unfinished: i64,
    /// Tokens read, cached ones included.
    pub prompt_tokens: i64,
    /// Of these, from the provider's cache.
    pub cached_tokens: i64,
    /// Tokens written.
    pub completion_tokens: i64,
    /// Millionths of a US dollar, of the calls whose price is known.
    pub cost_microdollars: i64,
    /// Calls whose price is not known.
    pub unpriced: i64,
    /// Calls whose tokens were guessed.
    pub estimated: i64,
}

impl UsageGroup {
    /// Every group, by the word for it.
    pub const ALL: [(&'static str, Self); 6] = [
        ("total", Self::Total),
        ("agent", Self::Agent),
        ("key", Self::Key),
        ("model", Self::Model),
        ("endpoint", Self::Endpoint),
        ("namespace", Self::Namespace),
    ];

    const fn sql(self) -> &'static str {
        match self {
            Self::Total => sums!("''"),
            Self::Agent => sums!("agent"),
            Self::Key => sums!("api_key"),
            Self::Model => sums!("endpoint || '/' || model"),
            Self::Endpoint => sums!("endpoint"),
            Self::Namespace => sums!("namespace"),
        }
    }
}

impl Store {
    /// Keeps records in one transaction; one that is kept already stays as it is.
    ///
    /// # Errors
    ///
    /// [`StoreError::Query`] if the database fails; then nothing is changed.
    pub async fn keep_usage(&self, records: &[UsageRecord]) -> Result<(), StoreError> {
        let act = "keep what was used";
        let mut transaction = self.pool.begin().await.map_err(query(act))?;
        let mut left = records;
        for rows in ROWS {
            let parts = left.chunks_exact(rows);
            left = parts.remainder();
            for part in parts {
                let kept = insert(part).build().execute(&mut *transaction).await;
                kept.map_err(query(act))?;
            }
        }
        transaction.commit().await.map_err(query(act))
    }

    /// Forgets records from before `oldest_us`, and the oldest ones beyond `most`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Query`] if the database fails.
    pub async fn forget_usage(&self, oldest_us: i64, most: i64) -> Result<(), StoreError> {
        for (text, bound) in [(FORGET, oldest_us), (BOUND, most.saturating_sub(1))] {
            sqlx::query(text)
                .bind(bound)
                .execute(&self.pool)
                .await
                .map_err(query("forget what was used"))?;
        }
        Ok(())
    }

    /// What was used since a moment (microseconds since 1970, UTC), by group; the dearest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Query`] if the database fails.
    pub async fn usage(
        &self,
        group: UsageGroup,
        since_us: i64,
    ) -> Result<Vec<UsageSum>, StoreError> {
        sqlx::query_as(group.sql())
            .bind(since_us)
            .fetch_all(&self.pool)
            .await
            .map_err(query("sum up what was used"))
    }
}

/// Keeps rows. The places of values are the builder's to write, `?` or `$1`: SQLite looks numbered ones up in a list of all
/// of them, so that the time for many rows would grow with their square.
fn insert(records: &[UsageRecord]) -> QueryBuilder<Sqlite> {
    let mut insert = QueryBuilder::new(KEEP);
    insert.push_values(records, |mut row, record| {
        let requested: String = record.requested.chars().take(MAX_CLIENT_CHARS).collect();
        row.push_bind(&record.request_id)
            .push_bind(record.at_us)
            .push_bind(&record.revision)
            .push_bind(&record.namespace)
            .push_bind(&record.api_key)
            .push_bind(&record.agent)
            .push_bind(&record.dialect)
            .push_bind(requested)
            .push_bind(&record.endpoint)
            .push_bind(&record.model)
            .push_bind(record.streamed)
            .push_bind(&record.outcome)
            .push_bind(record.status)
            .push_bind(record.attempts)
            .push_bind(record.prompt_tokens)
            .push_bind(record.cached_tokens)
            .push_bind(record.cache_write_tokens)
            .push_bind(record.completion_tokens)
            .push_bind(record.reasoning_tokens)
            .push_bind(record.estimated)
            .push_bind(record.cost_microdollars)
            .push_bind(record.first_token_us)
            .push_bind(record.duration_us);
    });
    insert.push(ONCE);
    insert
}
