//! A file for one person, for as long as it takes.

use crate::cli::error::CliError;
use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};
use tempfile::TempDir;
use zeroize::Zeroizing;

/// Memory under the name of a directory, on Linux: what is written there reaches no disk (but may be
/// swapped out).
const MEMORY: &str = "/dev/shm";

/// What the names of private folders begin with.
const PREFIX: &str = "orloj-edit-";

/// A file of mode 0600 in a directory of mode 0700. It and whatever an editor leaves beside it are
/// overwritten and removed when this is dropped.
pub(crate) struct PrivateFile {
    folder: TempDir,
    /// The folder, locked: the system lets go of it when this process ends, however it ends.
    _lock: File,
    path: PathBuf,
}

impl PrivateFile {
    /// A new file; it is called like the last part of `name`, by which editors tell what is in it.
    pub(crate) fn create(name: &Path) -> Result<Self, CliError> {
        let failed = |error: io::Error| {
            CliError::new("failed to make a private file for the editor").because(&error)
        };
        let folder = match folder_in(Path::new(MEMORY)) {
            Ok(folder) => folder,
            Err(_) => folder_in(&std::env::temp_dir()).map_err(failed)?,
        };
        let lock = File::open(folder.path()).map_err(failed)?;
        lock.lock().map_err(failed)?;
        let path = folder
            .path()
            .join(name.file_name().unwrap_or("secret.yaml".as_ref()));
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        Ok(Self {
            folder,
            _lock: lock,
            path,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes it anew.
    pub(crate) fn write(&self, parts: &[&[u8]]) -> Result<(), CliError> {
        let written = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&self.path)
            .and_then(|mut file| parts.iter().try_for_each(|part| file.write_all(part)));
        written.map_err(|error| {
            CliError::new("failed to write the private file for the editor").because(&error)
        })
    }

    /// What it holds now.
    pub(crate) fn read(&self) -> Result<Zeroizing<Vec<u8>>, CliError> {
        super::files::read_manifest(&self.path)
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        // Whoever is told of a failure could do no more about it; removing the directory comes next.
        let _ = wipe(self.folder.path());
    }
}

/// Overwrites and removes what runs that were killed left behind.
pub(crate) fn sweep() {
    for parent in [Path::new(MEMORY), &std::env::temp_dir()] {
        // What cannot be looked at is not ours, or is looked at the next time.
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        for entry in entries {
            let name = entry.file_name();
            if name.as_encoded_bytes().starts_with(PREFIX.as_bytes()) && is_left(&entry.path()) {
                let _ = wipe(&entry.path()).and_then(|()| fs::remove_dir_all(entry.path()));
            }
        }
    }
}

/// Whether a folder is this user's, and nobody holds it. One without a file may be about to be locked.
fn is_left(folder: &Path) -> bool {
    let look = || {
        let meta = fs::symlink_metadata(folder)?;
        let is_own = meta.is_dir() && meta.uid() == rustix::process::geteuid().as_raw();
        let is_used = fs::read_dir(folder)?.next().is_some();
        let is_free = File::open(folder)?.try_lock().is_ok();
        io::Result::Ok(is_own && is_used && is_free)
    };
    look().unwrap_or(false)
}

fn folder_in(parent: &Path) -> io::Result<TempDir> {
    tempfile::Builder::new()
        .prefix(PREFIX)
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(parent)
}

/// Overwrites every file below `folder`; links are not followed.
fn wipe(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            wipe(&entry.path())?;
        } else if kind.is_file() {
            let mut file = OpenOptions::new().write(true).open(entry.path())?;
            let mut left = file.metadata()?.len();
            let zeros = [0; 4096];
            while left > 0 {
                let part = usize::try_from(left.min(4096)).unwrap_or(zeros.len());
                file.write_all(zeros.get(..part).unwrap_or(&zeros))?;
                left -= part as u64;
            }
            file.sync_all()?;
        }
    }
    Ok(())
}
