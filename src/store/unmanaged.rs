//! Resources that people sent, kept encrypted.

use super::{Store, StoreError, error::query, step::step};
use crate::{
    model::{Kind, ResourceId},
    secrets::{DataKey, Opened},
};
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};
use std::collections::BTreeMap;

/// Also takes the write lock (the row's, on PostgreSQL), so that changes run one after the other.
const NEXT_GENERATION: &str =
    "UPDATE counters SET value = value + 1 WHERE name = 'unmanaged' RETURNING value";

const DOCUMENT: &str =
    "SELECT document FROM unmanaged WHERE kind = $1 AND namespace = $2 AND name = $3";

const PUT: &str = "INSERT INTO unmanaged (kind, namespace, name, document, resource_version, generation, \
     created_us, updated_us) VALUES ($1, $2, $3, $4, $5, 1, $6, $6) \
     ON CONFLICT (kind, namespace, name) DO UPDATE SET document = excluded.document, \
     resource_version = excluded.resource_version, generation = unmanaged.generation + 1, \
     updated_us = excluded.updated_us";

const VERSIONS: &str = "SELECT kind, namespace, name, resource_version FROM unmanaged";

const DELETE: &str = "DELETE FROM unmanaged WHERE kind = $1 AND namespace = $2 AND name = $3";

/// The counter and the rows in one statement: a picture of one moment on any database.
const ALL: &str = "SELECT c.value AS set_generation, u.kind, u.namespace, u.name, u.document, \
     u.resource_version, u.generation, u.created_us, u.updated_us \
     FROM counters c LEFT JOIN unmanaged u ON c.name = 'unmanaged' WHERE c.name = 'unmanaged' \
     ORDER BY u.kind, u.namespace, u.name";

/// One unmanaged resource.
pub struct UnmanagedRow {
    /// Who it is.
    pub id: ResourceId,
    /// The manifest as it was sent.
    pub document: Opened,
    /// The generation of the set when it was last changed; grows over the whole set.
    pub resource_version: i64,
    /// How often it was changed, from 1.
    pub generation: i64,
    /// When it came, in microseconds since 1970 (UTC).
    pub created_us: i64,
    /// When it was last changed, in microseconds since 1970 (UTC).
    pub updated_us: i64,
}

/// One change of the set of unmanaged resources.
pub enum UnmanagedChange {
    /// Adds a resource or replaces its manifest.
    Put(ResourceId, Opened),
    /// Takes a resource away.
    Delete(ResourceId),
}

/// What became of a change of the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a change that lost the race was not made"]
pub enum UnmanagedOutcome {
    /// The set has this new generation.
    Changed(i64),
    /// Everything was so already; the set keeps this generation.
    Unchanged(i64),
    /// The set had not the expected generation but this one; nothing was changed.
    LostRace(i64),
}

impl UnmanagedOutcome {
    /// The generation the set has now.
    pub const fn generation(self) -> i64 {
        match self {
            Self::Changed(now) | Self::Unchanged(now) | Self::LostRace(now) => now,
        }
    }
}

impl Store {
    /// Makes all changes or none, if the set still has the generation `expected` (`None`: whatever it has).
    ///
    /// A manifest equal to the kept one, byte for byte, and a deletion of what is not there change nothing.
    ///
    /// # Errors
    ///
    /// - [`StoreError::Cipher`] if a manifest cannot be encrypted, or the kept one not decrypted.
    /// - [`StoreError::Query`] if the database fails.
    pub async fn change_unmanaged(
        &self,
        key: &DataKey,
        expected: Option<i64>,
        changes: &[UnmanagedChange],
        now_us: i64,
    ) -> Result<UnmanagedOutcome, StoreError> {
        let act = "change the unmanaged resources";
        let mut transaction = self.pool.begin().await.map_err(query(act))?;
        let next: i64 = sqlx::query_scalar(NEXT_GENERATION)
            .fetch_one(&mut *transaction)
            .await
            .map_err(query(act))?;
        let current = next - 1;
        // Leaving early drops the transaction, which rolls it back.
        if expected.is_some_and(|expected| expected != current) {
            return Ok(UnmanagedOutcome::LostRace(current));
        }
        let mut differs = false;
        for change in changes {
            differs |= match change {
                UnmanagedChange::Put(id, document) => {
                    let document = document.expose_bytes();
                    put(&mut transaction, key, id, document, next, now_us).await?
                }
                UnmanagedChange::Delete(id) => delete(&mut transaction, id).await?,
            };
        }
        if !differs {
            return Ok(UnmanagedOutcome::Unchanged(current));
        }
        step("unmanaged.written");
        transaction.commit().await.map_err(query(act))?;
        step("unmanaged.committed");
        Ok(UnmanagedOutcome::Changed(next))
    }

    /// Adds a resource or replaces its manifest; returns the generation of the set.
    ///
    /// # Errors
    ///
    /// As [`Store::change_unmanaged`].
    pub async fn put_unmanaged(
        &self,
        key: &DataKey,
        id: &ResourceId,
        document: &[u8],
        now_us: i64,
    ) -> Result<i64, StoreError> {
        let change = UnmanagedChange::Put(id.clone(), Opened::new(document.to_vec()));
        let outcome = self.change_unmanaged(key, None, &[change], now_us).await?;
        Ok(outcome.generation())
    }

    /// Takes a resource away; returns the new generation of the set, or `None` if it was not there.
    ///
    /// # Errors
    ///
    /// [`StoreError::Query`] if the database fails.
    pub async fn delete_unmanaged(&self, id: &ResourceId) -> Result<Option<i64>, StoreError> {
        let act = "delete an unmanaged resource";
        let mut transaction = self.pool.begin().await.map_err(query(act))?;
        let next: i64 = sqlx::query_scalar(NEXT_GENERATION)
            .fetch_one(&mut *transaction)
            .await
            .map_err(query(act))?;
        if !delete(&mut transaction, id).await? {
            return Ok(None);
        }
        transaction.commit().await.map_err(query(act))?;
        Ok(Some(next))
    }

    /// The generation of the set when each resource was last changed; no manifest is read.
    ///
    /// # Errors
    ///
    /// [`StoreError::Query`] if the database fails.
    pub async fn unmanaged_versions(&self) -> Result<BTreeMap<ResourceId, i64>, StoreError> {
        let act = query("read the versions of the unmanaged resources");
        let rows = sqlx::query(VERSIONS)
            .fetch_all(&self.pool)
            .await
            .map_err(act)?;
        let mut versions = BTreeMap::new();
        for row in &rows {
            let (kind, namespace): (String, String) =
                (column(row, "kind")?, column(row, "namespace")?);
            let name: String = column(row, "name")?;
            // One of a kind that this version does not know is not shown either.
            if let Some(kind) = Kind::from_manifest(&kind) {
                let id = ResourceId::new(kind, &namespace, &name);
                versions.insert(id, column(row, "resource_version")?);
            }
        }
        Ok(versions)
    }

    /// The generation of the set and every resource in it, by kind, namespace and name.
    ///
    /// # Errors
    ///
    /// - [`StoreError::Cipher`] if the key does not fit or a row was tampered with: the set is then
    ///   unknown, never empty.
    /// - [`StoreError::UnknownWord`] if a row has a kind this version does not know.
    /// - [`StoreError::Query`] if the database fails.
    pub async fn unmanaged(&self, key: &DataKey) -> Result<(i64, Vec<UnmanagedRow>), StoreError> {
        let act = query("read the unmanaged resources");
        let rows = sqlx::query(ALL).fetch_all(&self.pool).await.map_err(act)?;
        let mut generation = None;
        let mut resources = Vec::with_capacity(rows.len());
        for row in &rows {
            let set: i64 = column(row, "set_generation")?;
            generation = Some(set);
            resources.extend(decode(row, key)?);
        }
        let generation = generation.ok_or(sqlx::Error::RowNotFound);
        let generation =
            generation.map_err(query("read the generation of the unmanaged resources"))?;
        resources.sort_by(|a, b| a.id.cmp(&b.id));
        Ok((generation, resources))
    }
}

/// Writes one manifest; `false` if it was so already.
async fn put(
    connection: &mut SqliteConnection,
    key: &DataKey,
    id: &ResourceId,
    document: &[u8],
    version: i64,
    now_us: i64,
) -> Result<bool, StoreError> {
    let act = "write an unmanaged resource";
    let kept: Option<String> = sqlx::query_scalar(DOCUMENT)
        .bind(id.kind.as_str())
        .bind(&*id.namespace)
        .bind(&*id.name)
        .fetch_optional(&mut *connection)
        .await
        .map_err(query(act))?;
    if let Some(kept) = kept
        && open(key, id, &kept)?.expose_bytes() == document
    {
        return Ok(false);
    }
    let sealed = key
        .seal_value(&binding(id), document)
        .map_err(|source| StoreError::Cipher {
            act: "encrypt",
            id: Box::new(id.clone()),
            source,
        })?;
    sqlx::query(PUT)
        .bind(id.kind.as_str())
        .bind(&*id.namespace)
        .bind(&*id.name)
        .bind(sealed)
        .bind(version)
        .bind(now_us)
        .execute(connection)
        .await
        .map_err(query(act))?;
    Ok(true)
}

/// Deletes one row; `false` if it was not there.
async fn delete(connection: &mut SqliteConnection, id: &ResourceId) -> Result<bool, StoreError> {
    let done = sqlx::query(DELETE)
        .bind(id.kind.as_str())
        .bind(&*id.namespace)
        .bind(&*id.name)
        .execute(connection)
        .await
        .map_err(query("delete an unmanaged resource"))?;
    Ok(done.rows_affected() > 0)
}

/// Reads one row of [`ALL`]; `None` if the set is empty and the row is the counter's alone.
fn decode(row: &SqliteRow, key: &DataKey) -> Result<Option<UnmanagedRow>, StoreError> {
    let Some(kind) = column::<Option<String>>(row, "kind")? else {
        return Ok(None);
    };
    let namespace: String = column(row, "namespace")?;
    let name: String = column(row, "name")?;
    let Some(kind) = Kind::from_manifest(&kind) else {
        return Err(StoreError::UnknownWord {
            what: "kind",
            word: kind,
        });
    };
    let id = ResourceId::new(kind, &namespace, &name);
    let document = open(key, &id, &column::<String>(row, "document")?)?;
    Ok(Some(UnmanagedRow {
        id,
        document,
        resource_version: column(row, "resource_version")?,
        generation: column(row, "generation")?,
        created_us: column(row, "created_us")?,
        updated_us: column(row, "updated_us")?,
    }))
}

fn column<'r, T>(row: &'r SqliteRow, name: &str) -> Result<T, StoreError>
where
    T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    row.try_get(name)
        .map_err(query("read an unmanaged resource"))
}

pub(super) fn open(key: &DataKey, id: &ResourceId, sealed: &str) -> Result<Opened, StoreError> {
    key.open_value(&binding(id), sealed)
        .map_err(|source| StoreError::Cipher {
            act: "decrypt",
            id: Box::new(id.clone()),
            source,
        })
}

/// Binds a ciphertext to its row, so that one cannot be moved to another name.
pub(super) fn binding(id: &ResourceId) -> Vec<u8> {
    format!(
        "orloj/unmanaged/{}/{}/{}",
        id.kind.as_str(),
        id.namespace,
        id.name
    )
    .into_bytes()
}
