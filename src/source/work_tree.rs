//! Plain directories and files on disk, as they are now.

use super::{
    BlobId, Checkout, Limits, SourceError,
    gather::{Flow, Gather, Name},
    patterns::{IGNORE_FILE, Ignored, MAX_IGNORE_BYTES},
    revision::{discover, path_in_repository},
    scope,
};
use git2::{ObjectType, Oid};
use std::{
    collections::HashMap,
    fs::{self, File},
    io::{ErrorKind, Read as _},
    num::NonZero,
    ops::ControlFlow::{Break, Continue},
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    thread,
};

/// Read before their limits are counted: at most this many files and `Limits::max_total_bytes`.
const FILES_PER_BATCH: usize = 8192;

/// Below this many files, threads cost more than they save.
const FILES_PER_THREAD: usize = 128;

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
    let mut walk = Walk::new(limits);
    let shown = shown(path);
    let meta = fs::metadata(path).map_err(|error| SourceError::io("read", path, error))?;
    let _ = if meta.is_dir() {
        let inside = discover(path).and_then(|top| Some((path_in_repository(&top, path)?, top)));
        let (real, top) = inside.unwrap_or_else(|| (String::new(), path.to_owned()));
        walk.gather.stand_at(&shown, &real);
        walk.gather.ignore(ignore_file(&top)?);
        walk.directory(path, &shown, 0)?
    } else {
        walk.file(path.to_owned(), &shown)
    };
    walk.finish()
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
    walk.gather.ignore(ignore_file(root)?);
    if scope.is_empty() {
        let _ = walk.directory(root, "", 0)?;
    }
    for path in &scope {
        if walk.scoped(root, path)?.is_break() {
            break;
        }
    }
    walk.finish()
}

/// Reads the `.orlojignore` of a directory, if it has one.
fn ignore_file(directory: &Path) -> Result<Ignored, SourceError> {
    let path = directory.join(IGNORE_FILE);
    let failed = |error| SourceError::io("read", &path, error);
    let meta = match fs::symlink_metadata(&path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Ignored::default()),
        Err(error) => return Err(failed(error)),
    };
    if !meta.is_file() {
        return Ok(Ignored::refused("it is not a plain file and not read"));
    }
    if meta.len() > MAX_IGNORE_BYTES {
        return Ok(Ignored::too_large(meta.len()));
    }
    let mut bytes = Vec::new();
    let file = File::open(&path).map_err(failed)?;
    file.take(MAX_IGNORE_BYTES)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    Ok(Ignored::read(&bytes))
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

/// Lists first and reads then, on all cores.
struct Walk<'l> {
    gather: Gather<'l>,
    /// Manifests to read: where they are and how they are called.
    listed: Vec<(PathBuf, String)>,
}

impl<'l> Walk<'l> {
    fn new(limits: &'l Limits) -> Self {
        Self {
            gather: Gather::new(limits),
            listed: Vec::new(),
        }
    }

    fn scoped(&mut self, root: &Path, path: &str) -> Result<Flow, SourceError> {
        let mut on_disk = root.to_owned();
        for part in path.split('/') {
            on_disk.push(part);
            let meta = match fs::symlink_metadata(&on_disk) {
                Ok(meta) => meta,
                Err(error)
                    if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
                {
                    return Err(SourceError::PathNotFound {
                        path: path.to_owned(),
                    });
                }
                Err(error) => return Err(SourceError::io("read", &on_disk, error)),
            };
            if meta.is_symlink() {
                return Ok(self.gather.symlink(path));
            }
        }
        if on_disk.is_dir() {
            self.directory(&on_disk, path, path.split('/').count())
        } else {
            Ok(self.file(on_disk, path))
        }
    }

    /// Recurses at most `Limits::max_depth` deep.
    fn directory(&mut self, on_disk: &Path, path: &str, depth: usize) -> Result<Flow, SourceError> {
        if self.gather.depth(path, depth).is_break() {
            return Ok(Break(()));
        }
        let failed = |error| SourceError::io("list", on_disk, error);
        let mut entries = Vec::new();
        for entry in fs::read_dir(on_disk).map_err(failed)? {
            if self.gather.entry(path).is_break() {
                return Ok(Break(()));
            }
            entries.push(entry.map_err(failed)?);
        }
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let kind = entry.file_type().map_err(failed)?;
            if self.entry(&entry, kind, path, depth)?.is_break() {
                return Ok(Break(()));
            }
        }
        Ok(Continue(()))
    }

    fn entry(
        &mut self,
        entry: &fs::DirEntry,
        kind: fs::FileType,
        parent: &str,
        depth: usize,
    ) -> Result<Flow, SourceError> {
        let mut path = parent.to_owned();
        let descend = kind.is_dir() || kind.is_symlink();
        let path = match self
            .gather
            .name(&mut path, entry.file_name().as_bytes(), descend)
        {
            Name::Skipped => return Ok(Continue(())),
            Name::Odd(flow) => return Ok(flow),
            Name::Path(path) => path,
        };
        if kind.is_symlink() {
            return Ok(self.gather.symlink(path));
        }
        let on_disk: PathBuf = entry.path();
        if kind.is_dir() {
            // A submodule's or another repository's work tree: a commit would not hold its files.
            if on_disk.join(".git").exists() {
                return Ok(self.gather.submodule(path));
            }
            return self.directory(&on_disk, path, depth + 1);
        }
        if kind.is_file() {
            return Ok(self.file(on_disk, path));
        }
        Ok(Continue(()))
    }

    fn file(&mut self, on_disk: PathBuf, path: &str) -> Flow {
        self.listed.push((on_disk, path.to_owned()));
        Continue(())
    }

    /// Reads what was listed. The limits count in the order of the list, however it is read.
    fn finish(mut self) -> Result<Checkout, SourceError> {
        let mut contents = HashMap::with_capacity(self.listed.len());
        for batch in self.listed.chunks(FILES_PER_BATCH) {
            let read = read_files(batch, self.gather.limits());
            for ((on_disk, path), read) in batch.iter().zip(read) {
                let file = match read {
                    Some(file) => file,
                    None => read_file(on_disk, self.gather.limits().max_file_bytes),
                }?;
                if self.gather.size(path, file.size).is_break() {
                    return Ok(Checkout::of_files(self.gather, contents));
                }
                if let Some((blob, bytes)) = file.content {
                    if self.gather.file(path, blob).is_break() {
                        return Ok(Checkout::of_files(self.gather, contents));
                    }
                    contents.entry(blob).or_insert(bytes);
                }
            }
        }
        Ok(Checkout::of_files(self.gather, contents))
    }
}

/// A manifest as it is on disk; without its content if it is too large.
struct OnDisk {
    size: u64,
    content: Option<(BlobId, Vec<u8>)>,
}

type Read = Result<OnDisk, SourceError>;

/// Reads files on as many threads as there are cores, if there is enough to do. One that is not read,
/// because the others together already pass the limit, is `None`.
fn read_files(files: &[(PathBuf, String)], limits: &Limits) -> Vec<Option<Read>> {
    let read = AtomicU64::new(0);
    let one = |(on_disk, _): &(PathBuf, String)| {
        if read.load(Relaxed) > limits.max_total_bytes {
            return None;
        }
        let file = read_file(on_disk, limits.max_file_bytes);
        let bytes = file.as_ref().ok().and_then(|file| file.content.as_ref());
        read.fetch_add(bytes.map_or(0, |(_, bytes)| bytes.len() as u64), Relaxed);
        Some(file)
    };
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = cores.min(files.len().div_ceil(FILES_PER_THREAD)).max(1);
    let mut shares = files.chunks(files.len().div_ceil(threads).max(1));
    let own = shares.next().unwrap_or_default();
    thread::scope(|scope| {
        let others: Vec<_> = shares
            .map(|share| scope.spawn(|| share.iter().map(one).collect::<Vec<_>>()))
            .collect();
        let mut all: Vec<_> = own.iter().map(one).collect();
        for other in others {
            let share = other.join();
            all.extend(share.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        all
    })
}

fn read_file(on_disk: &Path, most: u64) -> Read {
    let failed = |error| SourceError::io("read", on_disk, error);
    let file = File::open(on_disk).map_err(failed)?;
    let expected = file.metadata().map_err(failed)?.len();
    if expected > most {
        return Ok(OnDisk {
            size: expected,
            content: None,
        });
    }
    // One byte more than allowed shows that the file grew since.
    let mut bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or_default() + 1);
    file.take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    let size = expected.max(bytes.len() as u64);
    if size > most {
        return Ok(OnDisk {
            size,
            content: None,
        });
    }
    let id = Oid::hash_object(ObjectType::Blob, &bytes).map_err(SourceError::damaged)?;
    Ok(OnDisk {
        size,
        content: Some((BlobId::from_oid(id), bytes)),
    })
}
