//! The directory of secret files that the operator named, as Kubernetes and Docker mount them.

use crate::secrets::Opened;
use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Component, Path, PathBuf},
    time::SystemTime,
};
use zeroize::Zeroizing;

/// A value of more bytes is refused: Kubernetes keeps no larger Secret, and one that is no secret must not fill
/// memory.
pub const MAX_SECRET_FILE_BYTES: u64 = 1024 * 1024;

/// A file that was written this short a time before it was read may be written again without its times showing it:
/// the clock of a file system ticks every few milliseconds, and some tell whole seconds alone.
const YOUNG_SECONDS: i64 = 3;

/// A directory whose files are secrets. Nothing outside of it is ever read.
#[derive(Debug)]
pub struct SecretDir(PathBuf);

/// How a file was found, so that a change is noticed without reading it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileMark {
    place: (u64, u64),
    bytes: u64,
    /// Seconds and nanoseconds since 1970, of the content and of the entry.
    times: [(i64, i64); 2],
    /// Whether it may have changed since without showing it.
    is_young: bool,
}

/// Why a file gives no value. The words repeat nothing of it.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// Nothing is there.
    #[error("the file is not there")]
    Missing,
    /// It leads out of the directory: by its path or by a symbolic link.
    #[error("the file leads out of the directory")]
    Outside,
    /// It is a directory, a device, a pipe or a socket.
    #[error("it is no regular file")]
    NotAFile,
    /// It holds more than [`MAX_SECRET_FILE_BYTES`] (1 MiB).
    #[error("the file holds more than 1 MiB")]
    TooLarge,
    /// Somebody writes it.
    #[error("the file changed while it was read")]
    Changing,
    /// It holds nothing, or white space alone.
    #[error("the file is empty")]
    Empty,
    /// The system does not let it be read.
    #[error("the file cannot be read: {}", _0.kind())]
    Unreadable(#[source] io::Error),
}

impl SecretDir {
    /// The files below `directory`; it is not looked at yet.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self(directory.into())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Reads the file at `path`, which is relative to the directory.
    ///
    /// Symbolic links are followed, as Kubernetes' mounts consist of them, and must end below the directory, whose
    /// own path may be one too. White space around the value is left out: most editors end a file with a line break.
    ///
    /// # Errors
    ///
    /// One [`SecretFileError`] per reason to take no value from it.
    pub fn read(&self, path: &str) -> Result<(Opened, FileMark), SecretFileError> {
        let resolved = self.resolve(path)?;
        let mut options = OpenOptions::new();
        // Whoever puts a link or a pipe in its place meanwhile gets an error, and nobody waits for a writer.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        let flags = i32::try_from(flags.bits()).unwrap_or_default();
        options.read(true).custom_flags(flags);
        let file = options.open(&resolved).map_err(unreadable)?;
        let found = file.metadata().map_err(unreadable)?;
        if !found.is_file() {
            return Err(SecretFileError::NotAFile);
        }
        let bytes = read_bounded(&file, found.len())?;
        let value = bytes.trim_ascii();
        if value.is_empty() {
            return Err(SecretFileError::Empty);
        }
        Ok((Opened::new(value.to_vec()), FileMark::of(&found)))
    }

    /// How the file at `path` is found now; `None` if it is not. Nothing of it is read.
    pub fn mark(&self, path: &str) -> Option<FileMark> {
        if !is_below(path) {
            return None;
        }
        fs::metadata(self.0.join(path))
            .ok()
            .map(|found| FileMark::of(&found))
    }

    /// The path without any link, if it is below the directory.
    fn resolve(&self, path: &str) -> Result<PathBuf, SecretFileError> {
        if !is_below(path) {
            return Err(SecretFileError::Outside);
        }
        let root = self.0.canonicalize().map_err(unreadable)?;
        let resolved = root.join(path).canonicalize().map_err(unreadable)?;
        if resolved == root || !resolved.starts_with(&root) {
            return Err(SecretFileError::Outside);
        }
        Ok(resolved)
    }
}

impl FileMark {
    fn of(found: &Metadata) -> Self {
        let times = [
            (found.mtime(), found.mtime_nsec()),
            (found.ctime(), found.ctime_nsec()),
        ];
        let newest = times[0].max(times[1]).0;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
        Self {
            place: (found.dev(), found.ino()),
            bytes: found.len(),
            times,
            is_young: now.saturating_sub(newest) < YOUNG_SECONDS,
        }
    }

    /// Whether `now` shows for sure that nothing changed since.
    pub fn is_still(&self, now: &Self) -> bool {
        !self.is_young
            && self.place == now.place
            && self.bytes == now.bytes
            && self.times == now.times
    }
}

/// Whether a path stays below where it begins, as far as it is written.
fn is_below(path: &str) -> bool {
    let mut parts = Path::new(path).components();
    !path.is_empty() && parts.all(|part| matches!(part, Component::Normal(_)))
}

/// All of a file that is not too large, wiped when it is dropped.
fn read_bounded(file: &File, expected: u64) -> Result<Zeroizing<Vec<u8>>, SecretFileError> {
    if expected > MAX_SECRET_FILE_BYTES {
        return Err(SecretFileError::TooLarge);
    }
    // With room for all of it: a vector that grows leaves copies behind.
    let room = usize::try_from(expected + 1).unwrap_or_default();
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    let read = file.take(room as u64).read_to_end(&mut bytes);
    read.map_err(unreadable)?;
    if bytes.len() as u64 == expected {
        Ok(bytes)
    } else {
        Err(SecretFileError::Changing)
    }
}

fn unreadable(error: io::Error) -> SecretFileError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => SecretFileError::Missing,
        _ => SecretFileError::Unreadable(error),
    }
}
