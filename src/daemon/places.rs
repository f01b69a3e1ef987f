//! Where a daemon keeps its state, for commands that work on it without a daemon.

use super::{
    config::{checked_database, default_data_dir, read_file},
    error::DaemonError,
    flags::Flags,
};
use crate::secrets::Opened;
use std::path::PathBuf;

/// Where a daemon with the same flags keeps its state.
pub struct Places {
    /// The data directory.
    pub data_dir: PathBuf,
    /// The database, if it is not the data directory's own.
    pub database: Option<String>,
    /// Key that seals what is kept on disk; the data directory's own if absent.
    pub secret_encryption_key: Option<Opened>,
}

impl Places {
    /// Reads the file that the flags name and joins both.
    ///
    /// # Errors
    ///
    /// One [`DaemonError`] per setting that cannot be used.
    pub fn load(flags: Flags) -> Result<Self, DaemonError> {
        let file = read_file(flags.config.as_deref())?;
        let data_dir = flags.data_dir.or(file.data_dir);
        let key = flags.secret_encryption_key.or(file.secret_encryption_key);
        Ok(Self {
            data_dir: data_dir.map_or_else(default_data_dir, Ok)?,
            database: checked_database(flags.database.or(file.database))?,
            secret_encryption_key: key.map(|key| Opened::new(key.into_bytes())),
        })
    }
}
