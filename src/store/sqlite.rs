//! Opening the database.

use super::{Retention, StoreError, error::query, location::sqlite_path, step::step};
use sqlx::{
    SqlitePool,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{
    fs::OpenOptions,
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

/// How long a statement waits for another process's write; ours take milliseconds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// One writer at a time is SQLite's rule; the others read meanwhile.
const MAX_CONNECTIONS: u32 = 4;

/// How long a caller waits for one of the connections before it is told so.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("src/store/migrations");

/// The state that outlives a daemon: the history and the unmanaged resources.
#[derive(Clone)]
pub struct Store {
    pub(super) pool: SqlitePool,
    pub(super) retention: Retention,
}

impl Store {
    /// Checks that a database is of a kind that can be opened; touches nothing.
    ///
    /// # Errors
    ///
    /// - [`StoreError`] as [`Store::open`] gives it for the address alone.
    pub fn check(database: &str) -> Result<(), StoreError> {
        sqlite_path(database).map(drop)
    }

    /// Opens the database, making it (mode 0600) or bringing it up to date where needed.
    ///
    /// `database` is `sqlite:PATH` or a path.
    ///
    /// # Errors
    ///
    /// - [`StoreError::PostgresNotYet`], [`StoreError::UnknownDatabase`], [`StoreError::InMemory`] for
    ///   databases that this version has no use for.
    /// - [`StoreError::Create`], [`StoreError::Open`] if the file is out of reach or no database.
    /// - [`StoreError::Newer`] if a newer version of this program wrote it.
    /// - [`StoreError::Migrate`] if it cannot be brought up to date.
    pub async fn open(database: &str) -> Result<Self, StoreError> {
        let path = sqlite_path(database)?;
        create_private(&path).map_err(|source| StoreError::Create {
            path: path.clone(),
            source,
        })?;
        step("database.created");
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .journal_mode(SqliteJournalMode::Wal)
            // In WAL mode NORMAL may lose the last commits at a power cut. A served revision must be in
            // the log before the switch, and there are few writes, so every one is synced.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let pool = SqlitePoolOptions::new()
            .max_connections(MAX_CONNECTIONS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_with(options)
            .await
            .map_err(|source| StoreError::Open {
                path: path.clone(),
                source,
            })?;
        step("database.opened");
        MIGRATIONS
            .run(&pool)
            .await
            .map_err(|error| migration_error(path, error))?;
        step("database.migrated");
        Ok(Self {
            pool,
            retention: Retention::default(),
        })
    }

    /// Reads the whole database and checks that it is sound.
    ///
    /// # Errors
    ///
    /// [`StoreError::Query`] if it is not.
    pub(super) async fn check_integrity(&self) -> Result<(), StoreError> {
        let act = "check the database";
        let found: String = sqlx::query_scalar("PRAGMA integrity_check(1)")
            .fetch_one(&self.pool)
            .await
            .map_err(query(act))?;
        if found == "ok" {
            return Ok(());
        }
        Err(query(act)(sqlx::Error::Protocol(found)))
    }

    /// Waits for running statements and closes the database; later calls fail.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Makes the file before SQLite does: its companions (`-wal`, `-shm`) take over the mode.
fn create_private(path: &Path) -> io::Result<()> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map(drop)
}

fn migration_error(path: PathBuf, error: MigrateError) -> StoreError {
    match error {
        MigrateError::VersionMissing(version) => StoreError::Newer { path, version },
        MigrateError::Execute(source) => StoreError::Open { path, source },
        source => StoreError::Migrate { path, source },
    }
}
