//! What can go wrong with a backup.

use crate::store::{DataDirError, LastGoodError, StoreError};
use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a backup was not made or not restored. Nothing is replaced then.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file cannot be read or written.
    #[error("failed to {act} `{}`", path.display())]
    Io {
        /// What was being done, as an imperative.
        act: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// There is nothing to back up.
    #[error("`{}` holds neither a database nor a revision; is it the data directory?", path.display())]
    Nothing {
        /// The directory.
        path: PathBuf,
    },
    /// The database cannot be copied.
    #[error("failed to take a snapshot of the database `{}`", path.display())]
    Snapshot {
        /// The database's file.
        path: PathBuf,
        /// The database's answer.
        #[source]
        source: sqlx::Error,
    },
    /// The file is another program's.
    #[error("`{}` is not a backup of orloj", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// The file is a newer version's.
    #[error("the backup `{}` was made by another version of orloj (its form is {version})", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The number of its form.
        version: u32,
    },
    /// The file is cut off or was changed.
    #[error("the backup `{}` is damaged: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// How that shows.
        why: &'static str,
    },
    /// Something would be replaced, and nobody said that it may.
    #[error("`{}` holds `{name}` already; `--force` replaces it", path.display())]
    NotEmpty {
        /// The directory.
        path: PathBuf,
        /// What it holds.
        name: &'static str,
    },
    /// Nothing opens what the backup holds.
    #[error("the backup was made without the data key; give it with `--secret-encryption-key`, or put it into `{}`", path.display())]
    NoKey {
        /// Where the key belongs.
        path: PathBuf,
    },
    /// The directory cannot be used, as when a daemon runs on it.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The journal in it cannot be opened.
    #[error(transparent)]
    LastGood(#[from] LastGoodError),
    /// The database in it cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Puts a failure of the file system into words: `.map_err(io("read", path))`.
pub(super) fn io<'a>(
    act: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> BackupError + 'a {
    move |source| BackupError::Io {
        act,
        path: path.to_owned(),
        source,
    }
}
