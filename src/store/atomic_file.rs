//! Files that are whole or not there.

use super::step::step;
use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
};
use tempfile::{Builder, NamedTempFile};

/// How unfinished files are called; [`sweep`] takes away what a crash left behind.
pub(super) const UNFINISHED_PREFIX: &str = ".unfinished-";

/// Replaces `name` in `dir` by a file (mode 0600) with these bytes, durably.
pub(super) fn replace(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let file = write_unfinished(dir, name, bytes)?;
    file.persist(dir.join(name))?;
    step(format_args!("{name}.renamed"));
    sync_dir(dir)
}

/// As [`replace`], but fails with `AlreadyExists` if `name` is there.
pub(super) fn create(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let file = write_unfinished(dir, name, bytes)?;
    file.persist_noclobber(dir.join(name))?;
    step(format_args!("{name}.renamed"));
    sync_dir(dir)
}

/// Takes unfinished files away; only for the one process that owns `dir`.
pub(super) fn sweep(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_string_lossy().starts_with(UNFINISHED_PREFIX) {
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            } else {
                fs::remove_file(entry.path())?;
            }
        }
    }
    Ok(())
}

/// The content reaches the disk before the name does, or a crash could leave an empty file under it.
fn write_unfinished(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let mut file = Builder::new().prefix(UNFINISHED_PREFIX).tempfile_in(dir)?;
    write_in_halves(file.as_file_mut(), name, bytes)?;
    step(format_args!("{name}.written"));
    file.as_file().sync_all()?;
    step(format_args!("{name}.synced"));
    Ok(file)
}

/// A crash may fall between any two bytes; with two writes a test can make it fall between these.
pub(super) fn write_in_halves(file: &mut File, name: &str, bytes: &[u8]) -> io::Result<()> {
    let (first, second) = bytes.split_at(bytes.len() / 2);
    step(format_args!("{name}.begun"));
    file.write_all(first)?;
    step(format_args!("{name}.half"));
    file.write_all(second)
}

/// The rename itself is an entry of the directory.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
