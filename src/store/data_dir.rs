//! The directory that belongs to one daemon.

use super::{atomic_file, backup};
use crate::secrets::{DataKey, DataKeyError, Opened};
use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

const LOCK_FILE: &str = "lock";
pub(super) const KEY_FILE: &str = "data.key";
pub(super) const DATABASE_FILE: &str = "orloj.db";
const MIRROR_DIR: &str = "mirror";

/// The data directory, locked for as long as this value lives.
pub struct DataDir {
    path: PathBuf,
    /// Held, never read: closing it releases the lock.
    _lock: File,
}

impl DataDir {
    /// Opens the directory, making it (mode 0700) if it is not there, and locks it.
    ///
    /// The lock is the system's: it goes with the process, however that ends.
    ///
    /// # Errors
    ///
    /// - [`DataDirError::InUse`] if another process holds it.
    /// - [`DataDirError::Open`] if the file system refuses.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        let failed = |source| DataDirError::Open {
            path: path.to_owned(),
            source,
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(failed)?;
        let (mut lock, is_writable) = open_lock(&path.join(LOCK_FILE)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(DataDirError::InUse {
                    path: path.to_owned(),
                    holder: holder(&mut lock),
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        if is_writable {
            // On a full disk the next one is told no number.
            let _ = note_holder(&mut lock);
            atomic_file::sweep(path).map_err(failed)?;
            backup::finish(path).map_err(failed)?;
        }
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// The directory itself; the last good revision lies in it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the bare mirror of the Git remote belongs.
    pub fn mirror_dir(&self) -> PathBuf {
        self.path.join(MIRROR_DIR)
    }

    /// Where the SQLite database belongs unless another was named.
    pub fn database_path(&self) -> PathBuf {
        database_in(&self.path)
    }

    /// Where the data key is kept if none is configured.
    pub fn key_path(&self) -> PathBuf {
        self.path.join(KEY_FILE)
    }

    /// The data key: `configured` if given, else the one in `data.key`, which is made (mode 0600) at the
    /// first call.
    ///
    /// # Errors
    ///
    /// - [`DataDirError::ConfiguredKey`] if `configured` is no key.
    /// - [`DataDirError::KeyExposed`] if the file can be read or changed by others.
    /// - [`DataDirError::KeyFile`] if it holds no key, or randomness is missing.
    /// - [`DataDirError::KeyAccess`] if the file system refuses.
    pub fn load_or_create_key(&self, configured: Option<&str>) -> Result<DataKey, DataDirError> {
        if let Some(text) = configured {
            return DataKey::parse(text).map_err(DataDirError::ConfiguredKey);
        }
        let path = self.key_path();
        match read_key(&path) {
            Err(DataDirError::KeyAccess { source, .. })
                if source.kind() == io::ErrorKind::NotFound =>
            {
                self.create_key(path)
            }
            other => other,
        }
    }

    fn create_key(&self, path: PathBuf) -> Result<DataKey, DataDirError> {
        let key = match DataKey::generate() {
            Ok(key) => key,
            Err(source) => return Err(DataDirError::KeyFile { path, source }),
        };
        match atomic_file::create(&self.path, KEY_FILE, key.to_hex().expose_bytes()) {
            Ok(()) => Ok(key),
            Err(source) => Err(DataDirError::KeyAccess { path, source }),
        }
    }
}

/// Where the SQLite database of a data directory belongs unless another was named.
pub fn database_in(data_dir: &Path) -> PathBuf {
    data_dir.join(DATABASE_FILE)
}

/// Reads the key file, if nobody else can.
pub(super) fn read_key(path: &Path) -> Result<DataKey, DataDirError> {
    let access = |source| DataDirError::KeyAccess {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(access)?;
    // The mode of the open file, not of the name: the name may point elsewhere by now.
    let mode = file.metadata().map_err(access)?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(DataDirError::KeyExposed {
            path: path.to_owned(),
            mode,
        });
    }
    // A key has 64 characters; anything much longer is refused unread.
    let mut bytes = Vec::with_capacity(1024);
    file.take(512).read_to_end(&mut bytes).map_err(access)?;
    let text = Opened::new(bytes);
    DataKey::parse(text.expose_text().unwrap_or_default()).map_err(|source| DataDirError::KeyFile {
        path: path.to_owned(),
        source,
    })
}

/// Opens the lock file, making it if needed; for reading alone if the disk has become read-only: what was
/// served can be served again from there.
fn open_lock(path: &Path) -> io::Result<(File, bool)> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    match options.truncate(false).mode(0o600).open(path) {
        Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => {
            Ok((File::open(path)?, false))
        }
        opened => Ok((opened?, true)),
    }
}

/// Writes this process's number into the lock file, for the message of the next one.
fn note_holder(lock: &mut File) -> io::Result<()> {
    lock.set_len(0)?;
    lock.rewind()?;
    write!(lock, "{}", std::process::id())
}

/// What the holder noted: ` (process 123)`, or nothing if it has not yet.
fn holder(lock: &mut File) -> String {
    let mut text = String::new();
    match lock.take(16).read_to_string(&mut text) {
        Ok(_) if text.parse::<u32>().is_ok() => format!(" (process {text})"),
        _ => String::new(),
    }
}

/// Why the data directory or its key is not usable.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Another process holds the lock.
    #[error("the data directory `{}` is in use by another daemon{holder}", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
        /// ` (process 123)`, or empty.
        holder: String,
    },
    /// The directory cannot be made, read or locked.
    #[error("failed to open the data directory `{}`", path.display())]
    Open {
        /// The directory.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// The configured key is none.
    #[error("failed to read the key given with `--secret-encryption-key`")]
    ConfiguredKey(#[source] DataKeyError),
    /// The key file can be read or changed by others.
    #[error("the data key `{}` is open to others (mode {mode:03o}); make it yours alone with `chmod 600`", path.display())]
    KeyExposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key file holds no key, or none could be drawn.
    #[error("failed to get the data key `{}`", path.display())]
    KeyFile {
        /// The key file.
        path: PathBuf,
        /// Why.
        #[source]
        source: DataKeyError,
    },
    /// The key file cannot be read or made.
    #[error("failed to access the data key `{}`", path.display())]
    KeyAccess {
        /// The key file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
}
