//! The files below typed paths that may hold sealed values.

use crate::{
    cli::{error::CliError, session::Session},
    source::tracked_below,
};
use ignore::WalkBuilder;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What such a file's name ends with.
const ENDS: [&str; 4] = [".yaml", ".yml", ".json", ".yaml.age"];

/// A file that may have to be sealed anew.
pub(crate) struct Target {
    pub(crate) path: PathBuf,
    /// As it is called in what is printed.
    pub(crate) shown: String,
    /// Whether it was named, and not found below a directory.
    pub(crate) is_named: bool,
}

/// The files with sealed values below the paths, as far as their names can tell. What Git ignores is left out,
/// unless it tracks it all the same; so is what is hidden.
pub(crate) fn targets(typed: &[PathBuf], session: &Session) -> Result<Vec<Target>, CliError> {
    let here = [PathBuf::from(".")];
    let typed = if typed.is_empty() { &here[..] } else { typed };
    let mut files = Vec::new();
    let mut seen = BTreeSet::new();
    for typed in typed {
        let root = session.path(typed);
        let meta = fs::metadata(&root).map_err(|error| {
            CliError::new(format!("failed to read `{}`", typed.display())).because(&error)
        })?;
        if meta.is_file() {
            if !seen.insert(whole(&root)) {
                continue;
            }
            files.push(Target {
                path: root,
                shown: typed.display().to_string(),
                is_named: true,
            });
            continue;
        }
        for path in below(typed, &root)? {
            if !seen.insert(whole(&path)) {
                continue;
            }
            let below = path.strip_prefix(&root).unwrap_or(&path);
            let shown = if typed == Path::new(".") {
                below.to_path_buf()
            } else {
                typed.join(below)
            };
            files.push(Target {
                shown: shown.display().to_string(),
                path,
                is_named: false,
            });
        }
    }
    Ok(files)
}

/// A path by which a file that is named twice is known.
fn whole(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn below(typed: &Path, root: &Path) -> Result<BTreeSet<PathBuf>, CliError> {
    let mut found = BTreeSet::new();
    let fits = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        ENDS.iter().any(|end| name.ends_with(end))
    };
    let mut walk = WalkBuilder::new(root);
    for entry in walk.require_git(false).build() {
        let entry = entry.map_err(|error| {
            CliError::new(format!("failed to read `{}`", typed.display())).because(&error)
        })?;
        let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
        if is_file && fits(entry.path()) {
            found.insert(entry.into_path());
        }
    }
    let is_file =
        |path: &Path| fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_file());
    let is_hidden = |path: &Path| {
        let inside = path.strip_prefix(root).unwrap_or(path);
        let mut parts = inside.components();
        parts.any(|part| part.as_os_str().as_encoded_bytes().starts_with(b"."))
    };
    let tracked = tracked_below(root).into_iter();
    found.extend(tracked.filter(|path| fits(path) && !is_hidden(path) && is_file(path)));
    Ok(found)
}
