//! Putting a backup back, whole or not at all.
//!
//! Everything is written and verified beside what is there. One rename says that it counts; what is left
//! then is done by whoever opens the directory next, if a crash falls in between.

use super::{BackupError, DATABASE_FILE, PARTS, error::io, format::Reading};
use crate::{
    secrets::DataKey,
    store::{
        DataDir, DataDirError, Journal, LAST_GOOD_FILE, Store, atomic_file,
        data_dir::{KEY_FILE, read_key},
        step::step,
    },
};
use std::{
    fs::{self, DirBuilder},
    io::ErrorKind,
    os::unix::fs::DirBuilderExt as _,
    path::Path,
};

/// Where parts are written; whatever lies there after a crash is swept.
const UNFINISHED_DIR: &str = ".unfinished-restore";

/// Where verified parts wait to be moved to their places.
const VERIFIED_DIR: &str = "restored";

/// What was put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The revision that a daemon serves from it; `None` if the backup has none.
    pub revision: Option<String>,
    /// Whether the data key came with it.
    pub has_key: bool,
}

/// Puts the backup `file` into the data directory `dir`, which no daemon may be using. With `force` it
/// replaces what is there. `configured` is the data key if the daemon is given one.
///
/// # Errors
///
/// One [`BackupError`] per way it can fail; what the directory holds is then as it was.
pub async fn restore(
    file: &Path,
    dir: &Path,
    configured: Option<&str>,
    force: bool,
) -> Result<Restored, BackupError> {
    let backup = Reading::open(file)?;
    let has_key = backup.has(KEY_FILE);
    let data_dir = DataDir::open(dir)?;
    if !force
        && let Some(name) = PARTS.into_iter().find(|name| {
            // A key alone was put there for a backup without one.
            dir.join(name).exists() && (*name != KEY_FILE || has_key)
        })
    {
        return Err(BackupError::NotEmpty {
            path: dir.to_owned(),
            name,
        });
    }
    let staged = dir.join(UNFINISHED_DIR);
    DirBuilder::new()
        .mode(0o700)
        .create(&staged)
        .map_err(io("create", &staged))?;
    let verified = verify(backup, &data_dir, &staged, configured, has_key).await;
    let revision = match verified {
        Ok(revision) => revision,
        Err(error) => {
            // What is left is swept when the directory is opened again.
            let _ = fs::remove_dir_all(&staged);
            return Err(error);
        }
    };
    let counts = dir.join(VERIFIED_DIR);
    step("restore.verified");
    fs::rename(&staged, &counts).map_err(io("write", &counts))?;
    atomic_file::sync_dir(dir).map_err(io("write into", dir))?;
    step("restore.counts");
    finish(dir).map_err(io("write into", dir))?;
    Ok(Restored { revision, has_key })
}

/// Writes the parts to `staged` and opens each as a daemon would; returns the revision.
async fn verify(
    backup: Reading,
    data_dir: &DataDir,
    staged: &Path,
    configured: Option<&str>,
    has_key: bool,
) -> Result<Option<String>, BackupError> {
    backup.finish(staged)?;
    let key = match configured {
        Some(text) => DataKey::parse(text).map_err(DataDirError::ConfiguredKey)?,
        None if has_key => read_key(&staged.join(KEY_FILE))?,
        None if data_dir.key_path().exists() => read_key(&data_dir.key_path())?,
        None => {
            return Err(BackupError::NoKey {
                path: data_dir.key_path(),
            });
        }
    };
    let journal = staged.join(LAST_GOOD_FILE);
    let last_good = if journal.exists() {
        Journal::open(staged, &key)?.1
    } else {
        // An empty part stands for none: what is there must go.
        fs::write(&journal, "").map_err(io("write", &journal))?;
        None
    };
    let database = staged.join(DATABASE_FILE);
    let store = Store::open(&database.to_string_lossy()).await?;
    store.check_integrity().await?;
    store.unmanaged(&key).await?;
    store.close().await;
    for companion in companions() {
        remove(&staged.join(companion)).map_err(io("remove", &database))?;
    }
    let synced = fs::File::open(&database).and_then(|file| file.sync_all());
    synced.map_err(io("write", &database))?;
    atomic_file::sync_dir(staged).map_err(io("write into", staged))?;
    Ok(last_good.map(|last_good| last_good.revision.revision_id))
}

/// Moves what was verified to its places; only for the one process that owns `dir`. Can be done again after
/// a crash at any moment.
pub(in crate::store) fn finish(dir: &Path) -> std::io::Result<()> {
    let verified = dir.join(VERIFIED_DIR);
    if !verified.exists() {
        return Ok(());
    }
    // Before the database: what they hold belongs to the old one.
    for companion in companions() {
        remove(&dir.join(companion))?;
    }
    for name in PARTS {
        let (from, to) = (verified.join(name), dir.join(name));
        match fs::metadata(&from) {
            Ok(meta) if meta.len() == 0 => {
                remove(&to)?;
                fs::remove_file(&from)?;
            }
            Ok(_) => fs::rename(&from, &to)?,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        step(format_args!("restore.{name}"));
    }
    atomic_file::sync_dir(dir)?;
    fs::remove_dir_all(&verified)?;
    atomic_file::sync_dir(dir)
}

fn companions() -> [String; 2] {
    ["wal", "shm"].map(|end| format!("{DATABASE_FILE}-{end}"))
}

fn remove(file: &Path) -> std::io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
