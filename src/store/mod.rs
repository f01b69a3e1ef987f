//! Revisions, unmanaged resources and the last good revision, on disk.
//!
//! A [`DataDir`] belongs to one daemon at a time. In it lie the database behind [`Store`] and the
//! [`Journal`], from which a daemon serves before it touches any network or database. A revision is
//! durable when both its record is appended and it is in the journal; only then may it be switched to.
//!
//! SQLite is the only database of this version. The SQL is kept to what PostgreSQL runs unchanged.

mod atomic_file;
mod backup;
mod control;
mod data_dir;
mod decoded;
mod deliveries;
mod error;
mod journal;
mod last_good;
mod location;
mod reseal;
mod retention;
mod revision;
mod revisions;
mod secret_dir;
mod sqlite;
mod step;
mod unmanaged;
mod usage;

#[cfg(test)]
mod tests;

pub use backup::{BackedUp, BackupError, Restored, back_up, restore};
pub use control::{Confirmation, Told};
pub use data_dir::{DataDir, DataDirError, database_in};
pub use decoded::{DECODED_FILE, Decoded, DecodedBytes, DecodedEntry, SealedBlock};
pub use deliveries::{MAX_DELIVERIES, ReceivedDelivery};
pub use error::StoreError;
pub use journal::{Journal, LAST_GOOD_FILE};
pub use last_good::{KeptChange, KeptCommit, KeptRevision, KeptSource, LastGood, LastGoodError};
pub use retention::Retention;
pub use revision::{
    AppendOutcome, FINDINGS_AS_BEFORE, NewRevision, RevisionOutcome, RevisionRecord, RevisionSource,
};
pub use secret_dir::{FileMark, MAX_SECRET_FILE_BYTES, SecretDir, SecretFileError};
pub use sqlite::Store;
pub use unmanaged::{UnmanagedChange, UnmanagedOutcome, UnmanagedRow};
pub use usage::{MAX_USAGE_RECORDS, USAGE_KEPT_US, UsageGroup, UsageRecord, UsageSum};
