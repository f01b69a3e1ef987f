//! Everything of a data directory that Git does not have, in one file: the database, the journal of the last
//! revisions and, unless it is left out, the data key.

mod error;
mod format;
mod restore;
mod snapshot;

pub use error::BackupError;
pub(super) use restore::finish;
pub use restore::{Restored, restore};
pub use snapshot::{BackedUp, back_up};

use super::{LAST_GOOD_FILE, data_dir::KEY_FILE};

/// What the database is called in a backup and in a data directory.
pub(super) const DATABASE_FILE: &str = super::data_dir::DATABASE_FILE;

/// What a backup may hold, in its order.
const PARTS: [&str; 3] = [DATABASE_FILE, LAST_GOOD_FILE, KEY_FILE];
