//! The history of revisions.

use super::{
    AppendOutcome, NewRevision, RevisionOutcome, RevisionRecord, Store, StoreError, error::query,
    step::step,
};

/// The parent of the first revision.
const ROOT: i64 = 0;

/// How often an append whose number was taken by a rejection is tried again; each try makes way.
const MAX_TRIES: usize = 16;

/// Among so many of the newest records a rejection is looked for that would be noted again.
const REJECTIONS_LOOKED_AT: u32 = 16;

/// One statement does all: it inserts only if the parent is in the chain (or the root), the unique
/// parent refuses a second child, and the number is the next free one.
const APPEND: &str = "INSERT INTO revisions (seq, parent_seq, revision_id, commit_id, author, summary, \
     unmanaged_generation, config_digest, plan_digest, outcome, added, changed, removed, \
     findings_json, started_us, finished_us, reason, confirmed_by, sources, secrets) \
     SELECT (SELECT COALESCE(MAX(seq), 0) + 1 FROM revisions), CAST($1 AS BIGINT), $2, $3, $4, $5, \
     CAST($6 AS BIGINT), $7, $8, $9, CAST($10 AS BIGINT), CAST($11 AS BIGINT), CAST($12 AS BIGINT), \
     $13, CAST($14 AS BIGINT), CAST($15 AS BIGINT), $16, $17, $18, $19 \
     WHERE CAST($1 AS BIGINT) IS NULL OR CAST($1 AS BIGINT) = 0 OR EXISTS \
     (SELECT 1 FROM revisions WHERE seq = CAST($1 AS BIGINT) AND parent_seq IS NOT NULL) \
     ON CONFLICT DO NOTHING RETURNING seq";

const LATEST: &str =
    "SELECT * FROM revisions WHERE parent_seq IS NOT NULL ORDER BY seq DESC LIMIT 1";

const PAGE: &str =
    "SELECT * FROM revisions WHERE seq < CAST($1 AS BIGINT) ORDER BY seq DESC LIMIT $2";

const ONE: &str = "SELECT * FROM revisions WHERE seq = $1";

const NAMED: &str = "SELECT * FROM revisions WHERE revision_id LIKE $1 OR commit_id LIKE $1 \
     OR sources LIKE $2 ORDER BY seq DESC LIMIT 1";

impl Store {
    /// Appends a revision behind `parent`, the number of the served one (`None`: nothing was served yet).
    ///
    /// Of several appends to the same parent exactly one succeeds. When this returns
    /// [`AppendOutcome::Appended`] the record survives a power cut.
    ///
    /// # Errors
    ///
    /// - [`StoreError::RejectedInChain`] if the outcome is that of a rejection.
    /// - [`StoreError::Query`] if the database fails.
    pub async fn append_revision(
        &self,
        parent: Option<i64>,
        record: &NewRevision,
    ) -> Result<AppendOutcome, StoreError> {
        if record.outcome == RevisionOutcome::Rejected {
            return Err(StoreError::RejectedInChain);
        }
        let parent = parent.unwrap_or(ROOT);
        step("history.begun");
        for _ in 0..MAX_TRIES {
            if let Some(seq) = self.insert(Some(parent), record).await? {
                step("history.appended");
                self.forget_now_and_then(seq, record.finished_us).await;
                return Ok(AppendOutcome::Appended(seq));
            }
            let head = self.latest_revision().await?;
            if head.map_or(ROOT, |head| head.seq) != parent {
                break;
            }
        }
        Ok(AppendOutcome::LostRace)
    }

    /// Notes a refused revision beside the chain; returns its number.
    ///
    /// The outcome is written as `rejected`, whatever the record says. If there is a rejection of the same
    /// revision with the same findings among the newest, with nothing that went live behind it, its number is
    /// returned and nothing is added, so that a restart does not repeat it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Query`] if the database fails.
    pub async fn record_rejection(&self, record: &NewRevision) -> Result<i64, StoreError> {
        let record = NewRevision {
            outcome: RevisionOutcome::Rejected,
            ..record.clone()
        };
        let newest = self.revisions(REJECTIONS_LOOKED_AT, None).await?;
        let mut rejected = newest
            .iter()
            .take_while(|one| one.outcome == RevisionOutcome::Rejected);
        let same = rejected.find(|one| {
            one.revision_id == record.revision_id && one.findings_json == record.findings_json
        });
        if let Some(same) = same {
            return Ok(same.seq);
        }
        for _ in 0..MAX_TRIES {
            if let Some(seq) = self.insert(None, &record).await? {
                self.forget_now_and_then(seq, record.finished_us).await;
                return Ok(seq);
            }
        }
        Err(query("record a rejected revision")(
            sqlx::Error::RowNotFound,
        ))
    }

    /// The revision that was made live last; `None` before the first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Query`] if the database fails or holds an unknown outcome.
    pub async fn latest_revision(&self) -> Result<Option<RevisionRecord>, StoreError> {
        sqlx::query_as(LATEST)
            .fetch_optional(&self.pool)
            .await
            .map_err(query("read the latest revision"))
    }

    /// At most `limit` revisions before the number `before`, newest first, rejected ones included.
    ///
    /// # Errors
    ///
    /// [`StoreError::Query`] if the database fails or holds an unknown outcome.
    pub async fn revisions(
        &self,
        limit: u32,
        before: Option<i64>,
    ) -> Result<Vec<RevisionRecord>, StoreError> {
        sqlx::query_as(PAGE)
            .bind(before.unwrap_or(i64::MAX))
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(query("read the history"))
    }

    /// The revision with this number.
    ///
    /// # Errors
    ///
    /// [`StoreError::Query`] if the database fails or holds an unknown outcome.
    pub async fn revision(&self, seq: i64) -> Result<Option<RevisionRecord>, StoreError> {
        sqlx::query_as(ONE)
            .bind(seq)
            .fetch_optional(&self.pool)
            .await
            .map_err(query("read a revision"))
    }

    /// The newest revision whose id or commit begins with these hexadecimal digits; `None` for other text.
    ///
    /// # Errors
    ///
    /// [`StoreError::Query`] if the database fails or holds an unknown outcome.
    pub async fn revision_named(&self, start: &str) -> Result<Option<RevisionRecord>, StoreError> {
        if start.is_empty() || !start.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(None);
        }
        sqlx::query_as(NAMED)
            .bind(format!("{}%", start.to_ascii_lowercase()))
            .bind(format!("%\"commit\":\"{}%", start.to_ascii_lowercase()))
            .fetch_optional(&self.pool)
            .await
            .map_err(query("read a revision"))
    }

    async fn insert(
        &self,
        parent: Option<i64>,
        record: &NewRevision,
    ) -> Result<Option<i64>, StoreError> {
        sqlx::query_scalar(APPEND)
            .bind(parent)
            .bind(&record.revision_id)
            .bind(&record.commit)
            .bind(&record.author)
            .bind(&record.summary)
            .bind(record.unmanaged_generation)
            .bind(&record.config_digest)
            .bind(&record.plan_digest)
            .bind(record.outcome)
            .bind(record.added)
            .bind(record.changed)
            .bind(record.removed)
            .bind(&record.findings_json)
            .bind(record.started_us)
            .bind(record.finished_us)
            .bind(&record.reason)
            .bind(&record.confirmed_by)
            .bind(&record.sources_json)
            .bind(&record.secrets_json)
            .fetch_optional(&self.pool)
            .await
            .map_err(query("append a revision to the history"))
    }
}
