//! What the history says of a revision.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What became of a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "kebab-case")]
pub enum RevisionOutcome {
    /// It went live.
    Applied,
    /// It went live again, as a rollback.
    RolledBack,
    /// It was refused; the one before it went on serving.
    Rejected,
}

impl RevisionOutcome {
    /// The word in the database and in output: `applied`, `rolled-back`, `rejected`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::RolledBack => "rolled-back",
            Self::Rejected => "rejected",
        }
    }
}

impl fmt::Display for RevisionOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Where one source stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionSource {
    /// What it is called.
    pub name: String,
    /// The commit that it stood at.
    pub commit: Option<String>,
    /// Who signed it, if that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
    /// The commit that was served before, if the reference was moved from there by force, or is a tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forced_from: Option<String>,
}

impl RevisionSource {
    /// Several of them as JSON.
    pub fn list(sources: &[Self]) -> String {
        // Texts alone can always be put into words.
        serde_json::to_string(sources).unwrap_or_default()
    }

    /// What [`Self::list`] wrote; nothing of what an older version recorded.
    pub fn parse(json: &str) -> Vec<Self> {
        serde_json::from_str(json).unwrap_or_default()
    }
}

/// Stands for findings that are those of the revision before it in the chain.
///
/// A repository with many warnings has the same ones in most revisions: they are written once, not each time.
pub const FINDINGS_AS_BEFORE: &str = "=";

/// A revision about to enter the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRevision {
    /// What `x-orloj-revision` carries.
    pub revision_id: String,
    /// The commit, if it came from Git.
    pub commit: Option<String>,
    /// Where each source stood, as JSON: [`RevisionSource::list`].
    pub sources_json: String,
    /// Who made it.
    pub author: String,
    /// The first line of its message.
    pub summary: String,
    /// The generation of the unmanaged resources it includes.
    pub unmanaged_generation: i64,
    /// The digest of the whole catalog; empty if it was rejected before there was one.
    pub config_digest: String,
    /// The digest of the plan that led to it; empty if it was rejected before there was one.
    pub plan_digest: String,
    /// What became of it.
    pub outcome: RevisionOutcome,
    /// Resources added.
    pub added: i64,
    /// Resources changed.
    pub changed: i64,
    /// Resources removed.
    pub removed: i64,
    /// What became of secrets that were there, as JSON; empty if nothing did, or it is not known.
    pub secrets_json: String,
    /// The findings, as JSON, or [`FINDINGS_AS_BEFORE`].
    pub findings_json: String,
    /// Why somebody had it made live; empty if the loop did by itself.
    pub reason: String,
    /// Who confirmed its plan; empty if nobody had to.
    pub confirmed_by: String,
    /// When its gathering began, in microseconds since 1970 (UTC).
    pub started_us: i64,
    /// When its outcome was known, in microseconds since 1970 (UTC).
    pub finished_us: i64,
}

/// A revision in the history.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct RevisionRecord {
    /// Its number; grows by time, rejected revisions included.
    pub seq: i64,
    /// The served revision it followed; 0 for the first one, `None` for a rejected one.
    #[sqlx(rename = "parent_seq")]
    pub parent: Option<i64>,
    /// What `x-orloj-revision` carries.
    pub revision_id: String,
    /// The commit, if it came from Git.
    #[sqlx(rename = "commit_id")]
    pub commit: Option<String>,
    /// Where each source stood, as JSON: [`RevisionSource::parse`].
    #[sqlx(rename = "sources")]
    pub sources_json: String,
    /// Who made it.
    pub author: String,
    /// The first line of its message.
    pub summary: String,
    /// The generation of the unmanaged resources it includes.
    pub unmanaged_generation: i64,
    /// The digest of the whole catalog; empty if it was rejected before there was one.
    pub config_digest: String,
    /// The digest of the plan that led to it; empty if it was rejected before there was one.
    pub plan_digest: String,
    /// What became of it.
    pub outcome: RevisionOutcome,
    /// Resources added.
    pub added: i64,
    /// Resources changed.
    pub changed: i64,
    /// Resources removed.
    pub removed: i64,
    /// What became of secrets that were there, as JSON; empty if nothing did, or it is not known.
    #[sqlx(rename = "secrets")]
    pub secrets_json: String,
    /// The findings, as JSON.
    pub findings_json: String,
    /// Why somebody had it made live; empty if the loop did by itself.
    pub reason: String,
    /// Who confirmed its plan; empty if nobody had to.
    pub confirmed_by: String,
    /// When its gathering began, in microseconds since 1970 (UTC).
    pub started_us: i64,
    /// When its outcome was known, in microseconds since 1970 (UTC).
    pub finished_us: i64,
}

/// What became of an attempt to append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a revision that lost the race must not be served"]
pub enum AppendOutcome {
    /// It is in the history under this number, and the next parent.
    Appended(i64),
    /// Another revision was appended to the same parent first: gather again.
    LostRace,
}
