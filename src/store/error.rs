//! What can go wrong with the store.

use crate::{model::ResourceId, secrets::CipherError};
use std::{io, path::PathBuf};

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// PostgreSQL was asked for. The address is not repeated: it may hold a password.
    #[error(
        "PostgreSQL is not there yet: this version keeps its state in SQLite (`--database sqlite:PATH`)"
    )]
    PostgresNotYet,
    /// A database of another kind was asked for.
    #[error("`{scheme}` databases are not supported; use `--database sqlite:PATH`")]
    UnknownDatabase {
        /// What stands before `://`.
        scheme: String,
    },
    /// A database that forgets was asked for.
    #[error(
        "a database in memory would forget which revision is served; use `--database sqlite:PATH`"
    )]
    InMemory,
    /// The database's file cannot be made.
    #[error("failed to create the database `{}`", path.display())]
    Create {
        /// The database's file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// The database cannot be opened, or is no database.
    #[error("failed to open the database `{}`", path.display())]
    Open {
        /// The database's file.
        path: PathBuf,
        /// The database's answer.
        #[source]
        source: sqlx::Error,
    },
    /// A newer version of this program has changed the database's form.
    #[error("the database `{}` was written by a newer version of orloj (its form is {version})", path.display())]
    Newer {
        /// The database's file.
        path: PathBuf,
        /// The number of the unknown migration.
        version: i64,
    },
    /// The database's form cannot be brought up to date.
    #[error("failed to bring the database `{}` up to date", path.display())]
    Migrate {
        /// The database's file.
        path: PathBuf,
        /// The migration's answer.
        #[source]
        source: sqlx::migrate::MigrateError,
    },
    /// A statement failed.
    #[error("failed to {act}")]
    Query {
        /// What was being done, as an imperative.
        act: &'static str,
        /// The database's answer.
        #[source]
        source: sqlx::Error,
    },
    /// What the loop was told is kept in a form that this version does not know.
    #[error("failed to read or write the {name} in the store")]
    Document {
        /// What it is.
        name: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A rejected revision was to be appended to the served ones.
    #[error("a rejected revision cannot be appended to the served ones")]
    RejectedInChain,
    /// A stored word is not one this version knows.
    #[error(
        "failed to read the store: it names the {what} `{word}`, which this version does not know"
    )]
    UnknownWord {
        /// What the word stands for.
        what: &'static str,
        /// The word.
        word: String,
    },
    /// An unmanaged resource cannot be decrypted or encrypted.
    #[error("failed to {act} the unmanaged resource {id}")]
    Cipher {
        /// `decrypt` or `encrypt`.
        act: &'static str,
        /// The resource.
        id: Box<ResourceId>,
        /// Why.
        #[source]
        source: CipherError,
    },
}

impl StoreError {
    /// Whether the same call may succeed later: the database was busy, or the disk full or failing.
    pub fn is_transient(&self) -> bool {
        let (Self::Query { source, .. } | Self::Open { source, .. }) = self else {
            return false;
        };
        match source {
            sqlx::Error::PoolTimedOut => true,
            // SQLITE_BUSY, LOCKED, IOERR and FULL with their extended codes: the low byte tells.
            sqlx::Error::Database(error) => error
                .code()
                .and_then(|code| code.parse::<u32>().ok())
                .is_some_and(|code| matches!(code & 0xff, 5 | 6 | 10 | 13)),
            _ => false,
        }
    }
}

/// Puts a statement's failure into words: `.map_err(query("read the history"))`.
pub(super) fn query(act: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |source| StoreError::Query { act, source }
}
