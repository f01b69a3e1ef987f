//! The unmanaged resources under another key.

use super::{
    Store, StoreError,
    error::query,
    unmanaged::{binding, open},
};
use crate::{
    model::{Kind, ResourceId},
    secrets::DataKey,
};
use sqlx::Row as _;

const ALL: &str = "SELECT kind, namespace, name, document FROM unmanaged";

const PUT: &str =
    "UPDATE unmanaged SET document = $4 WHERE kind = $1 AND namespace = $2 AND name = $3";

impl Store {
    /// Seals every unmanaged resource with `key` that is sealed with `previous`; returns how many were. All
    /// or nothing; what is sealed with `key` already is left alone, so that it can be done again.
    ///
    /// # Errors
    ///
    /// - [`StoreError::Cipher`] if neither key opens a resource, or randomness is missing.
    /// - [`StoreError::UnknownWord`] if a row has a kind this version does not know.
    /// - [`StoreError::Query`] if the database fails.
    pub async fn reseal_unmanaged(
        &self,
        previous: &DataKey,
        key: &DataKey,
    ) -> Result<usize, StoreError> {
        let act = "seal the unmanaged resources with another key";
        let mut transaction = self.pool.begin().await.map_err(query(act))?;
        let rows = sqlx::query(ALL)
            .fetch_all(&mut *transaction)
            .await
            .map_err(query(act))?;
        let mut resealed = 0;
        for row in &rows {
            let column = |name: &str| row.try_get::<String, _>(name).map_err(query(act));
            let word = column("kind")?;
            let Some(kind) = Kind::from_manifest(&word) else {
                return Err(StoreError::UnknownWord { what: "kind", word });
            };
            let id = ResourceId::new(kind, &column("namespace")?, &column("name")?);
            let sealed = column("document")?;
            if open(key, &id, &sealed).is_ok() {
                continue;
            }
            let document = open(previous, &id, &sealed)?;
            let sealed = key.seal_value(&binding(&id), document.expose_bytes());
            let sealed = sealed.map_err(|source| StoreError::Cipher {
                act: "encrypt",
                id: Box::new(id.clone()),
                source,
            })?;
            sqlx::query(PUT)
                .bind(kind.as_str())
                .bind(&*id.namespace)
                .bind(&*id.name)
                .bind(sealed)
                .execute(&mut *transaction)
                .await
                .map_err(query(act))?;
            resealed += 1;
        }
        transaction.commit().await.map_err(query(act))?;
        // Pages that were freed, and the log of changes, may hold what the old key opens.
        sqlx::query("VACUUM")
            .execute(&self.pool)
            .await
            .map_err(query(act))?;
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&self.pool)
            .await
            .map_err(query(act))?;
        Ok(resealed)
    }
}
