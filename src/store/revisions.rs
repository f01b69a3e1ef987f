//! The history of revisions.

use super::{
    AppendOutcome, FINDINGS_AS_BEFORE, NewRevision, RevisionOutcome, RevisionRecord, Store,
    StoreError, error::query, step::step,
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

/// Each revision of the chain follows the one before it, so that the last text before it is that of its findings.
const FINDINGS_BEFORE: &str = "SELECT seq, findings_json FROM revisions WHERE seq < $1 \
     AND parent_seq IS NOT NULL AND findings_json <> $2 ORDER BY seq DESC LIMIT 1";

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
        let newest = self.page(REJECTIONS_LOOKED_AT, None).await?;
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
        let latest = sqlx::query_as(LATEST)
            .fetch_optional(&self.pool)
            .await
            .map_err(query("read the latest revision"))?;
        self.with_findings_of(latest).await
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
        let mut page = self.page(limit, before).await?;
        self.fill_findings(&mut page).await?;
        Ok(page)
    }

    /// The same, with findings as they are written.
    async fn page(
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
        let found = sqlx::query_as(ONE)
            .bind(seq)
            .fetch_optional(&self.pool)
            .await
            .map_err(query("read a revision"))?;
        self.with_findings_of(found).await
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
        let found = sqlx::query_as(NAMED)
            .bind(format!("{}%", start.to_ascii_lowercase()))
            .bind(format!("%\"commit\":\"{}%", start.to_ascii_lowercase()))
            .fetch_optional(&self.pool)
            .await
            .map_err(query("read a revision"))?;
        self.with_findings_of(found).await
    }

    async fn with_findings_of(
        &self,
        mut found: Option<RevisionRecord>,
    ) -> Result<Option<RevisionRecord>, StoreError> {
        self.fill_findings(found.as_mut_slice()).await?;
        Ok(found)
    }

    /// Puts the findings of an earlier revision where a record says that they are the same; `records` are sorted,
    /// the newest first.
    async fn fill_findings(&self, records: &mut [RevisionRecord]) -> Result<(), StoreError> {
        let mut known = (i64::MAX, String::new());
        for record in records {
            if record.findings_json != FINDINGS_AS_BEFORE {
                continue;
            }
            // One text holds for all that follow it.
            if record.seq < known.0 {
                let before = sqlx::query_as(FINDINGS_BEFORE)
                    .bind(record.seq)
                    .bind(FINDINGS_AS_BEFORE)
                    .fetch_optional(&self.pool)
                    .await
                    .map_err(query("read the findings of a revision"))?;
                known = before.unwrap_or((0, "[]".to_owned()));
            }
            record.findings_json.clone_from(&known.1);
        }
        Ok(())
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
