//! Plain directories and files on disk, as they are now.

use super::{
    Changed, Checkout, Files, Limits, SourceError,
    disk::{Before, Step, Walk},
    listing::{Held, Root},
    marks::{Mark, Marks, Young},
    patterns::{IGNORE_FILE, Ignored, MAX_IGNORE_BYTES},
    revision::{discover, path_in_repository},
    scope,
};
use std::{
    fs::{self, File},
    io::{ErrorKind, Read as _},
    path::{Path, PathBuf},
};

/// Reads the manifests of a directory, or one file whatever its name.
///
/// Paths are shown the way `path` was given: `sample/a.yaml` for `sample`, `a.yaml` for `.`. Symbolic
/// links below it are reported, not followed. The `.orlojignore` of the repository around it counts, or
/// without one its own; a file that is named itself is read whatever that says.
///
/// # Errors
///
/// - [`SourceError::Io`] if something cannot be read: a failed read is never an empty set.
pub fn open_work_tree(path: &Path, limits: &Limits) -> Result<Checkout, SourceError> {
    WorkTree::new(path.to_owned()).read(&Changed::Everything, limits)
}

/// Reads the manifests below each of `paths` in `root`, named relative to `root` as a commit would
/// name them; no paths are the whole of it.
///
/// # Errors
///
/// - [`SourceError::Path`] for a path that leaves `root`.
/// - [`SourceError::PathNotFound`] if a path is not there.
/// - [`SourceError::Io`] if something cannot be read.
pub fn open_work_tree_in(
    root: &Path,
    paths: &[String],
    limits: &Limits,
) -> Result<Checkout, SourceError> {
    let mut walk = Walk::new(limits);
    let scope = scope::normalise(paths)?;
    walk.gather.ignore(IgnoreFile::of(root)?.compile());
    let mut found = Vec::new();
    let mut take = |path: &str, (held, flow): Step| {
        found.extend(held.map(|held| (path.into(), held)));
        flow.is_break()
    };
    if scope.is_empty() {
        take("", walk.directory(root, "", 0, None)?);
    }
    for path in &scope {
        if take(path, walk.scoped(root, path)?) {
            break;
        }
    }
    let files = Files::tangled(&found);
    let mut checkout = Checkout::of_files(files, walk.gather.finish());
    checkout.max_values = limits.max_values;
    checkout.max_objects = limits.max_objects;
    Ok(checkout)
}

/// A directory or a file on disk that is read again and again.
///
/// After the first reading only what somebody says has changed is looked at; the result is that of a
/// reading from nothing.
#[derive(Debug)]
pub struct WorkTree {
    path: PathBuf,
    last: Option<Last>,
    /// What was said to have changed and could not be read yet.
    pending: Changed,
}

/// A reading that nothing stopped.
#[derive(Debug)]
struct Last {
    place: Place,
    ignore: IgnoreFile,
    files: Files,
    young: Young,
}

/// Where a directory is.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    /// The directory without links.
    resolved: PathBuf,
    /// The top of the repository around it, or itself.
    top: PathBuf,
    /// Its path from there.
    real: String,
}

impl Place {
    fn of(directory: &Path) -> Result<Self, SourceError> {
        let resolved = directory.canonicalize();
        let inside =
            discover(directory).and_then(|top| Some((path_in_repository(&top, directory)?, top)));
        let (real, top) = inside.unwrap_or_else(|| (String::new(), directory.to_owned()));
        Ok(Self {
            resolved: resolved.map_err(|error| SourceError::io("read", directory, error))?,
            top,
            real,
        })
    }
}

impl WorkTree {
    /// Nothing is read yet.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            last: None,
            pending: Changed::Everything,
        }
    }

    /// Reads the manifests as [`open_work_tree`] does. `changed` is what happened since the last reading;
    /// the limits and what they select must be the same as then.
    ///
    /// # Errors
    ///
    /// - [`SourceError::Io`] if something cannot be read: a failed read is never an empty set. What
    ///   changed is looked at again the next time.
    pub fn read(&mut self, changed: &Changed, limits: &Limits) -> Result<Checkout, SourceError> {
        self.pending.add(changed);
        let failed = |error| SourceError::io("read", &self.path, error);
        let mut read = if fs::metadata(&self.path).map_err(failed)?.is_dir() {
            self.directory(limits)?
        } else {
            let mut walk = Walk::new(limits);
            let shown = shown(&self.path);
            let (held, _) = walk.file(&self.path, &shown)?;
            let found: Vec<_> = held.map(|held| ("".into(), held)).into_iter().collect();
            self.last = None;
            Checkout::of_files(Files::tangled(&found), walk.gather.finish())
        };
        read.max_values = limits.max_values;
        read.max_objects = limits.max_objects;
        self.pending = Changed::nothing();
        Ok(read)
    }

    fn directory(&mut self, limits: &Limits) -> Result<Checkout, SourceError> {
        let place = Place::of(&self.path)?;
        let ignore = IgnoreFile::of(&place.top)?;
        let same = |last: &&Last| last.place == place && last.ignore == ignore;
        if let Some(last) = self.last.as_ref().filter(same)
            && let Some(marks) = self.marks(last)
            && let Some((_, Held::Directory(root))) = last.files.roots().and_then(<[_]>::first)
        {
            let mut walk = Walk::new(limits);
            let (held, flow) = self.walk(&mut walk, &place, &ignore, Some((root, &marks)))?;
            if flow.is_continue() {
                let files = Files::listed(roots(held), Some(&last.files));
                return Ok(self.keep(walk, files, place, ignore));
            }
            // Some limit is passed, or nearly: only a walk through everything says where.
        }
        let mut walk = Walk::new(limits);
        let (held, flow) = self.walk(&mut walk, &place, &ignore, None)?;
        let files = Files::listed(roots(held), None);
        if flow.is_continue() {
            return Ok(self.keep(walk, files, place, ignore));
        }
        self.last = None;
        Ok(Checkout::of_files(files, walk.gather.finish()))
    }

    fn walk(
        &self,
        walk: &mut Walk<'_>,
        place: &Place,
        ignore: &IgnoreFile,
        before: Option<Before<'_>>,
    ) -> Result<Step, SourceError> {
        let shown = shown(&self.path);
        walk.gather.stand_at(&shown, &place.real);
        walk.gather.ignore(ignore.compile());
        walk.directory(&self.path, &shown, 0, before)
    }

    /// Where to look again; `None` for everywhere.
    fn marks(&self, last: &Last) -> Option<Marks> {
        let mut marks = Marks::default();
        for path in &last.young {
            let below = path.strip_prefix(&self.path).ok()?;
            marks.mark(below, Mark::Young).then_some(())?;
        }
        let Changed::Paths(changed) = &self.pending else {
            return None;
        };
        for path in changed {
            if let Ok(below) = path.strip_prefix(&last.place.resolved) {
                marks.mark(below, Mark::Changed).then_some(())?;
            }
        }
        Some(marks)
    }

    fn keep(
        &mut self,
        mut walk: Walk<'_>,
        files: Files,
        place: Place,
        ignore: IgnoreFile,
    ) -> Checkout {
        self.last = Some(Last {
            place,
            ignore,
            files: files.clone(),
            young: std::mem::take(&mut walk.young),
        });
        Checkout::of_files(files, walk.gather.finish())
    }
}

fn roots(held: Option<Held>) -> Vec<Root> {
    held.map(|held| ("".into(), held)).into_iter().collect()
}

/// A `.orlojignore` as it was found.
#[derive(Debug, PartialEq, Eq)]
enum IgnoreFile {
    Absent,
    Foreign,
    TooLarge(u64),
    Text(Vec<u8>),
}

impl IgnoreFile {
    /// Reads that of a directory, if it has one.
    fn of(directory: &Path) -> Result<Self, SourceError> {
        let path = directory.join(IGNORE_FILE);
        let failed = |error| SourceError::io("read", &path, error);
        let meta = match fs::symlink_metadata(&path) {
            Ok(meta) => meta,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::Absent),
            Err(error) => return Err(failed(error)),
        };
        if !meta.is_file() {
            return Ok(Self::Foreign);
        }
        if meta.len() > MAX_IGNORE_BYTES {
            return Ok(Self::TooLarge(meta.len()));
        }
        let mut bytes = Vec::new();
        let file = File::open(&path).map_err(failed)?;
        file.take(MAX_IGNORE_BYTES)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        Ok(Self::Text(bytes))
    }

    fn compile(&self) -> Ignored {
        match self {
            Self::Absent => Ignored::default(),
            Self::Foreign => Ignored::refused("it is not a plain file and not read"),
            Self::TooLarge(bytes) => Ignored::too_large(*bytes),
            Self::Text(bytes) => Ignored::read(bytes),
        }
    }
}

/// A path as typed, without `./` and a closing `/`; the current directory is the empty text.
fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    let mut text = text.as_ref();
    while let Some(rest) = text.strip_prefix("./") {
        text = rest.trim_start_matches('/');
    }
    if text == "." {
        return String::new();
    }
    match text.trim_end_matches('/') {
        "" if text.starts_with('/') => "/".to_owned(),
        text => text.to_owned(),
    }
}
