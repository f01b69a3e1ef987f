use super::{applied, database};
use crate::store::{AppendOutcome, Store, StoreError};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{fs, os::unix::fs::PermissionsExt as _};

async fn refusal(database: &str) -> StoreError {
    match Store::open(database).await {
        Ok(_) => unreachable!("{database} opened"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn postgres_is_refused_plainly_and_its_password_not_repeated() {
    for url in [
        "postgres://me:hunter2@db/orloj",
        "postgresql://me:hunter2@db/orloj",
    ] {
        let error = refusal(url).await;
        assert!(matches!(error, StoreError::PostgresNotYet));
        assert!(error.to_string().starts_with("PostgreSQL is not there yet"));
        assert!(!error.to_string().contains("hunter2"));
    }
}

#[tokio::test]
async fn other_databases_and_memory_are_refused_by_name() {
    let error = refusal("mysql://me:hunter2@db/x").await;
    assert!(
        error
            .to_string()
            .starts_with("`mysql` databases are not supported")
    );
    assert!(!error.to_string().contains("hunter2"));
    for memory in ["", "sqlite:", "sqlite::memory:", ":memory:"] {
        assert!(
            matches!(refusal(memory).await, StoreError::InMemory),
            "{memory}"
        );
    }
}

#[tokio::test]
async fn path_and_both_url_forms_open_the_same_private_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("with space #1?.db");
    let path = file.display();
    for spelling in [
        format!("{path}"),
        format!("sqlite:{path}"),
        format!("sqlite://{path}"),
    ] {
        Store::open(&spelling).await.unwrap().close().await;
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    let names = fs::read_dir(dir.path()).unwrap();
    for entry in names {
        let name = entry.unwrap().file_name();
        assert!(name.to_string_lossy().starts_with("with space #1?.db"));
    }
}

#[tokio::test]
async fn companions_of_an_open_database_are_private_too() {
    let (dir, _store) = super::store().await;
    let mut companions = 0;
    for entry in fs::read_dir(dir.path()).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        companions += 1;
    }
    assert_eq!(companions, 3);
}

#[tokio::test]
async fn file_that_is_no_database_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("state.db");
    fs::write(
        &file,
        "not a database, but long enough to have a header".repeat(100),
    )
    .unwrap();
    let error = refusal(&database(dir.path())).await;
    assert!(matches!(error, StoreError::Open { .. }), "{error:?}");
    assert!(error.to_string().contains("state.db"));
}

#[tokio::test]
async fn missing_directory_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let error = refusal(&database(&dir.path().join("missing"))).await;
    assert!(matches!(error, StoreError::Create { .. }));
    assert!(error.to_string().contains("missing/state.db"));
}

#[tokio::test]
async fn database_of_a_newer_version_is_refused() {
    let (dir, store) = super::store().await;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'future', TRUE, x'00', 1)",
    )
    .execute(&store.pool)
    .await
    .unwrap();
    store.close().await;
    let error = refusal(&database(dir.path())).await;
    assert!(
        matches!(error, StoreError::Newer { version: 9999, .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn every_connection_syncs_each_commit_in_wal_mode() {
    let (_dir, store) = super::store().await;
    let mut connections = Vec::new();
    for _ in 0..4 {
        let mut connection = store.pool.acquire().await.unwrap();
        let journal: String = sqlx::query_scalar("PRAGMA journal_mode")
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous")
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        assert_eq!((journal.as_str(), synchronous), ("wal", 2));
        connections.push(connection);
    }
}

#[tokio::test]
async fn write_that_waits_too_long_for_another_process_is_transient() {
    let (dir, store) = super::store().await;
    let file = SqliteConnectOptions::new().filename(dir.path().join("state.db"));
    let mut other = SqliteConnection::connect_with(&file).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE")
        .execute(&mut other)
        .await
        .unwrap();
    let refused = store.append_revision(None, &applied("a")).await;
    assert!(refused.unwrap_err().is_transient());

    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    let outcome = store.append_revision(None, &applied("a")).await.unwrap();
    assert_eq!(outcome, AppendOutcome::Appended(1));
}
