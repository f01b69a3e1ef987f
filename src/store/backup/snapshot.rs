//! Making a backup, whether or not a daemon runs.

use super::{
    BackupError, DATABASE_FILE,
    error::io,
    format::{self, Contents, Part},
};
use crate::{
    secrets::Opened,
    store::{
        LAST_GOOD_FILE, atomic_file,
        data_dir::{KEY_FILE, read_key},
        location::sqlite_path,
    },
};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    fs::{self, File},
    io::{Cursor, ErrorKind, Read},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// How often database and journal are copied again because a revision went live in between.
const TRIES: usize = 10;

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackedUp {
    /// Its length in bytes.
    pub bytes: u64,
    /// Whether the data key is in it.
    pub has_key: bool,
    /// Whether a revision is in it.
    pub has_revision: bool,
}

/// Writes what the data directory `dir` and `database` hold to `file` (mode 0600), whole or not at all.
///
/// A daemon may run meanwhile. The directory's own data key is in it if it is `with_key`; a key that was
/// configured never is.
///
/// # Errors
///
/// One [`BackupError`] per way it can fail; a file of that name stays as it was.
pub async fn back_up(
    dir: &Path,
    database: &str,
    file: &Path,
    with_key: bool,
    now_us: i64,
) -> Result<BackedUp, BackupError> {
    let database = sqlite_path(database)?;
    let journal = dir.join(LAST_GOOD_FILE);
    if !database.exists() {
        return Err(BackupError::Nothing {
            path: dir.to_owned(),
        });
    }
    let beside = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let scratch = tempfile::Builder::new()
        .prefix(atomic_file::UNFINISHED_PREFIX)
        .tempdir_in(beside);
    let scratch = scratch.map_err(io("write into", beside))?;
    let (snapshot, journal) = copy_both(&database, &journal, scratch.path()).await?;
    let mut parts: Vec<(&str, u64, Box<dyn Read>)> = Vec::new();
    let content = File::open(&snapshot).map_err(io("read", &snapshot))?;
    let bytes = content.metadata().map_err(io("read", &snapshot))?.len();
    parts.push((DATABASE_FILE, bytes, Box::new(content)));
    let has_revision = journal.is_some();
    if let Some(journal) = journal {
        parts.push((
            LAST_GOOD_FILE,
            journal.len() as u64,
            Box::new(Cursor::new(journal)),
        ));
    }
    let key_path = dir.join(KEY_FILE);
    let has_key = with_key && key_path.exists();
    if has_key {
        let key = read_key(&key_path)?.to_hex();
        parts.push((
            KEY_FILE,
            key.expose_bytes().len() as u64,
            Box::new(KeyReader(key, 0)),
        ));
    }
    let contents = Contents {
        made_by: env!("CARGO_PKG_VERSION").to_owned(),
        made_us: now_us,
        parts: parts
            .iter()
            .map(|(name, bytes, _)| Part {
                name: (*name).to_owned(),
                bytes: *bytes,
            })
            .collect(),
    };
    let parts = parts.into_iter().map(|(_, _, content)| content).collect();
    let bytes = write_whole(file, beside, &contents, parts)?;
    Ok(BackedUp {
        bytes,
        has_key,
        has_revision,
    })
}

/// Copies the database and the journal of one moment, or of moments as near as a busy daemon lets us. The
/// journal comes first: a database that is ahead is what a crash leaves too.
async fn copy_both(
    database: &Path,
    journal: &Path,
    scratch: &Path,
) -> Result<(PathBuf, Option<Vec<u8>>), BackupError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let before = stamp(journal)?;
        let content = match fs::read(journal) {
            Ok(content) => Some(content),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(io("read", journal)(error)),
        };
        let copy = scratch.join(format!("{tries}.db"));
        snapshot(database, &copy).await?;
        if stamp(journal)? == before || tries == TRIES {
            return Ok((copy, content));
        }
    }
}

/// What changes whenever a revision goes live.
fn stamp(journal: &Path) -> Result<Option<(u64, u64)>, BackupError> {
    match fs::metadata(journal) {
        Ok(meta) => Ok(Some((meta.ino(), meta.len()))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io("read", journal)(error)),
    }
}

/// Copies the database as it is at one moment; others read and write it meanwhile.
async fn snapshot(database: &Path, copy: &Path) -> Result<(), BackupError> {
    let failed = |source| BackupError::Snapshot {
        path: database.to_owned(),
        source,
    };
    let options = SqliteConnectOptions::new()
        .filename(database)
        .create_if_missing(false);
    let mut connection = SqliteConnection::connect_with(&options)
        .await
        .map_err(failed)?;
    sqlx::query("VACUUM INTO $1")
        .bind(copy.to_string_lossy().into_owned())
        .execute(&mut connection)
        .await
        .map_err(failed)?;
    connection.close().await.map_err(failed)
}

fn write_whole(
    file: &Path,
    beside: &Path,
    contents: &Contents,
    parts: Vec<Box<dyn Read>>,
) -> Result<u64, BackupError> {
    let whole = NamedTempFile::with_prefix_in(atomic_file::UNFINISHED_PREFIX, beside);
    let mut whole = whole.map_err(io("write into", beside))?;
    let written = format::write(&mut whole, contents, parts).and_then(|()| {
        whole.as_file().sync_all()?;
        Ok(whole.as_file().metadata()?.len())
    });
    let bytes = written.map_err(io("write", file))?;
    whole
        .persist(file)
        .map_err(|error| io("write", file)(error.error))?;
    atomic_file::sync_dir(beside).map_err(io("write into", beside))?;
    Ok(bytes)
}

/// Reads a key without a copy that nobody wipes.
struct KeyReader(Opened, usize);

impl Read for KeyReader {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let mut rest = self.0.expose_bytes().get(self.1..).unwrap_or_default();
        let read = rest.read(out)?;
        self.1 += read;
        Ok(read)
    }
}
