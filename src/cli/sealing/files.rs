//! Files with sealed values, read whole and replaced whole.

use crate::{cli::error::CliError, manifest::MAX_FILE_BYTES, secrets::Opened};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};
use zeroize::Zeroizing;

/// Creates a file with a mode; `hint` is for one that exists.
pub(crate) fn create(path: &Path, bytes: &[u8], mode: u32, hint: &str) -> Result<(), CliError> {
    let failed = |error: io::Error| {
        let exists = error.kind() == ErrorKind::AlreadyExists;
        let failed =
            CliError::new(format!("failed to create `{}`", path.display())).because(&error);
        if exists {
            failed.with_hint(hint)
        } else {
            failed
        }
    };
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .map_err(failed)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(failed)
}

/// Reads a value, at most `limit` bytes of it.
pub(crate) fn read_value(path: &Path, limit: u64) -> Result<Opened, CliError> {
    let mut bytes = Zeroizing::new(Vec::new());
    read_into(path, limit, &mut bytes)?;
    Ok(Opened::new(std::mem::take(&mut bytes)))
}

/// Reads a manifest, which may hold secrets in clear text.
pub(crate) fn read_manifest(path: &Path) -> Result<Zeroizing<Vec<u8>>, CliError> {
    let mut bytes = Zeroizing::new(Vec::new());
    let limit = u64::try_from(MAX_FILE_BYTES).unwrap_or(u64::MAX);
    // One more, so that the reader of manifests says the limit.
    read_into(path, limit.saturating_add(1), &mut bytes)?;
    Ok(bytes)
}

fn read_into(path: &Path, limit: u64, bytes: &mut Vec<u8>) -> Result<(), CliError> {
    let failed = |error: io::Error| {
        CliError::new(format!("failed to read `{}`", path.display())).because(&error)
    };
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len().min(limit);
    // Made in its full length: a buffer that grows leaves copies behind.
    bytes.reserve_exact(usize::try_from(length).unwrap_or(0) + 4096);
    file.take(limit).read_to_end(bytes).map_err(failed)?;
    Ok(())
}

/// Puts `after` in the place of `before`, at once or not at all; the mode stays. A file that somebody else
/// changed meanwhile is left alone.
pub(crate) fn replace(path: &Path, before: &[u8], after: &[u8]) -> Result<(), CliError> {
    let failed = |error: io::Error| {
        CliError::new(format!("failed to write `{}`", path.display())).because(&error)
    };
    // A link stays one.
    let path = fs::canonicalize(path).map_err(failed)?;
    if *read_manifest(&path)? != before {
        return Err(CliError::new(format!(
            "`{}` was changed by somebody else meanwhile; nothing was written",
            path.display()
        )));
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let permissions = fs::metadata(&path).map_err(failed)?.permissions();
    let mut file = tempfile::Builder::new()
        .prefix(".orloj-")
        .tempfile_in(folder)
        .map_err(failed)?;
    file.write_all(after)
        .and_then(|()| file.as_file().set_permissions(permissions))
        .and_then(|()| file.as_file().sync_all())
        .map_err(failed)?;
    file.persist(&path).map_err(|error| failed(error.error))?;
    Ok(())
}
