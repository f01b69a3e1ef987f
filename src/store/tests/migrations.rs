//! Databases of earlier versions keep what they hold.

use super::{applied, database};
use crate::store::{AppendOutcome, RevisionOutcome, Store, Told, sqlite::MIGRATIONS};
use serde_json::Value;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{fs, path::Path};

/// A database of an earlier form, from the dump of one; each form but the newest must have its dump.
async fn of_form(version: i64) -> tempfile::TempDir {
    let dumps = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/store");
    let dump = dumps.join(format!("{version:04}.sql"));
    let dump = fs::read_to_string(&dump).unwrap_or_else(|error| {
        unreachable!(
            "{} is missing ({error}): dump a database of that form",
            dump.display()
        )
    });
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("state.db");
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(dump))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    dir
}

#[tokio::test]
async fn database_of_every_earlier_form_opens_and_keeps_its_rows() {
    let newest = MIGRATIONS
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap();
    assert!(newest > 1);
    for version in 1..newest {
        let dir = of_form(version).await;
        let store = Store::open(&database(dir.path())).await.unwrap();
        let history = store.revisions(10, None).await.unwrap();
        let found: Vec<_> = history
            .iter()
            .map(|one| (one.seq, one.parent, one.outcome))
            .collect();
        assert_eq!(
            found,
            [
                (3, Some(1), RevisionOutcome::Applied),
                (2, None, RevisionOutcome::Rejected),
                (1, Some(0), RevisionOutcome::Applied),
            ]
        );
        assert_eq!(history[2].summary, "summary 1");
        let unmanaged: (i64, String) = sqlx::query_as(
            "SELECT c.value, u.document FROM counters c, unmanaged u WHERE u.name = 'small'",
        )
        .fetch_one(&store.pool)
        .await
        .unwrap();
        assert_eq!(unmanaged, (4, "c2VhbGVk".to_owned()));
        let pin: Option<Value> = store.told(Told::Pin).await.unwrap();
        assert_eq!(pin.is_some(), version >= 2);
        assert_eq!(
            store.confirmation("sha256:p1").await.unwrap().is_some(),
            version >= 2
        );
        // And it goes on from there.
        let appended = store.append_revision(Some(3), &applied("d")).await.unwrap();
        assert_eq!(appended, AppendOutcome::Appended(4));
        let form: i64 = sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations")
            .fetch_one(&store.pool)
            .await
            .unwrap();
        assert_eq!(form, newest);
    }
}
