//! What people told the loop, so that a restart does not forget it.

use super::{Store, StoreError, error::query, step::step};
use serde::{Serialize, de::DeserializeOwned};

const GET: &str = "SELECT document FROM control WHERE name = $1";

const SET: &str = "INSERT INTO control (name, document, updated_us) VALUES ($1, $2, $3) \
     ON CONFLICT (name) DO UPDATE SET document = excluded.document, updated_us = excluded.updated_us";

const CLEAR: &str = "DELETE FROM control WHERE name = $1";

const CONFIRM: &str = "INSERT INTO confirmations (plan_digest, confirmed_by, reason, at_us) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (plan_digest) DO UPDATE SET \
     confirmed_by = excluded.confirmed_by, reason = excluded.reason, at_us = excluded.at_us";

const CONFIRMED: &str =
    "SELECT plan_digest, confirmed_by, reason, at_us FROM confirmations WHERE plan_digest = $1";

/// Something that people tell the loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Not to look at the source.
    Suspension,
    /// To stay at a revision.
    Pin,
}

impl Told {
    const fn name(self) -> &'static str {
        match self {
            Self::Suspension => "suspension",
            Self::Pin => "pin",
        }
    }
}

/// Somebody's yes to one question.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Confirmation {
    /// What was asked: the digest of the plan, the commits and the reasons; no other question is meant.
    pub plan_digest: String,
    /// Who said yes.
    pub confirmed_by: String,
    /// Why.
    pub reason: String,
    /// When, in microseconds since 1970 (UTC).
    pub at_us: i64,
}

impl Store {
    /// What was told, if it was.
    ///
    /// # Errors
    ///
    /// - [`StoreError::Query`] if the database fails.
    /// - [`StoreError::Document`] if what it holds was written by something else.
    pub async fn told<T: DeserializeOwned>(&self, what: Told) -> Result<Option<T>, StoreError> {
        let document: Option<String> = sqlx::query_scalar(GET)
            .bind(what.name())
            .fetch_optional(&self.pool)
            .await
            .map_err(query("read what the loop was told"))?;
        let parse = |text: String| serde_json::from_str(&text);
        document
            .map(parse)
            .transpose()
            .map_err(|source| StoreError::Document {
                name: what.name(),
                source,
            })
    }

    /// Keeps what was told, or forgets it with `None`.
    ///
    /// # Errors
    ///
    /// - [`StoreError::Query`] if the database fails.
    /// - [`StoreError::Document`] if it cannot be put into words.
    pub async fn tell<T: Serialize>(
        &self,
        what: Told,
        document: Option<&T>,
        now_us: i64,
    ) -> Result<(), StoreError> {
        let act = "keep what the loop was told";
        let name = what.name();
        let Some(document) = document else {
            step(format_args!("{name}.clearing"));
            let cleared = sqlx::query(CLEAR).bind(name);
            cleared.execute(&self.pool).await.map_err(query(act))?;
            step(format_args!("{name}.cleared"));
            return Ok(());
        };
        let text = serde_json::to_string(document).map_err(|source| StoreError::Document {
            name: what.name(),
            source,
        })?;
        let set = sqlx::query(SET).bind(name).bind(text).bind(now_us);
        step(format_args!("{name}.setting"));
        set.execute(&self.pool).await.map_err(query(act))?;
        step(format_args!("{name}.set"));
        Ok(())
    }

    /// Keeps somebody's yes to a question; a later one replaces it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Query`] if the database fails.
    pub async fn confirm(&self, confirmation: &Confirmation) -> Result<(), StoreError> {
        step("confirmation.begun");
        sqlx::query(CONFIRM)
            .bind(&confirmation.plan_digest)
            .bind(&confirmation.confirmed_by)
            .bind(&confirmation.reason)
            .bind(confirmation.at_us)
            .execute(&self.pool)
            .await
            .map_err(query("keep a confirmation"))?;
        step("confirmation.kept");
        Ok(())
    }

    /// Who said yes to a question, if anybody did.
    ///
    /// # Errors
    ///
    /// [`StoreError::Query`] if the database fails.
    pub async fn confirmation(
        &self,
        plan_digest: &str,
    ) -> Result<Option<Confirmation>, StoreError> {
        sqlx::query_as(CONFIRMED)
            .bind(plan_digest)
            .fetch_optional(&self.pool)
            .await
            .map_err(query("read a confirmation"))
    }
}
