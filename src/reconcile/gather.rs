//! A checkout to parsed files; what was parsed before is not parsed again.

use crate::{
    manifest::{MAX_FILE_BYTES, ParsedFile, parse_file},
    model::Finding,
    source::{BlobId, Checkout, Commit, SourceError},
};
use std::{collections::HashMap, fmt, num::NonZero, sync::Arc, thread};

/// Below this many new files, threads cost more than they save.
const FILES_PER_THREAD: usize = 64;

/// A manifest file with its content and what it says.
#[derive(Clone)]
pub struct SourceFile {
    /// Path in the repository.
    pub path: Arc<str>,
    /// Its bytes.
    pub content: Arc<[u8]>,
    /// What they say.
    pub parsed: Arc<ParsedFile>,
}

/// Without the content: it may hold secrets in clear text.
impl fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceFile")
            .field("path", &self.path)
            .field("parsed", &self.parsed)
            .finish_non_exhaustive()
    }
}

/// The files of one revision.
#[derive(Debug, Clone, Default)]
pub struct SourceFiles {
    /// The commit; absent for a plain directory.
    pub commit: Option<Commit>,
    /// Sorted by path.
    pub files: Vec<SourceFile>,
    /// What of the tree is refused.
    pub findings: Vec<Finding>,
}

impl SourceFiles {
    /// Whether both hold the same paths with the same content.
    pub(super) fn same_files(&self, other: &Self) -> bool {
        let of = |file: &SourceFile| (file.path.clone(), file.content.clone());
        self.files.iter().map(of).eq(other.files.iter().map(of))
    }
}

/// Parsed files by path and content.
#[derive(Debug, Default)]
pub struct FileCache {
    files: HashMap<(Arc<str>, BlobId), SourceFile>,
}

/// Reads and parses the files of a checkout. Files that `cache` knows are taken from it; afterwards it
/// holds the files of this checkout.
///
/// # Errors
///
/// - [`SourceError`] if a file cannot be read: a failed read is never an empty set.
pub fn gather(checkout: &Checkout, cache: &mut FileCache) -> Result<SourceFiles, SourceError> {
    let mut known = HashMap::with_capacity(checkout.files.len());
    let mut unread = Vec::new();
    for file in &checkout.files {
        let key = (file.path.clone(), file.blob);
        match cache.files.remove(&key) {
            Some(cached) => drop(known.insert(key, cached)),
            None => unread.push((key, checkout.read(&file.blob)?)),
        }
    }
    for (key, parsed) in parse_all(unread) {
        known.insert(key, parsed);
    }
    let files = checkout
        .files
        .iter()
        .filter_map(|file| known.get(&(file.path.clone(), file.blob)).cloned());
    let files = files.collect();
    cache.files = known;
    Ok(SourceFiles {
        commit: checkout.commit.clone(),
        files,
        findings: checkout.findings.clone(),
    })
}

type Unread = ((Arc<str>, BlobId), Vec<u8>);
type Read = ((Arc<str>, BlobId), SourceFile);

/// Parses on as many threads as there are cores, if there is enough to do.
fn parse_all(unread: Vec<Unread>) -> Vec<Read> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = cores.min(unread.len().div_ceil(FILES_PER_THREAD));
    if threads <= 1 {
        return unread.into_iter().map(parse_one).collect();
    }
    let share = unread.len().div_ceil(threads);
    let mut shares = Vec::with_capacity(threads);
    let mut rest = unread;
    while !rest.is_empty() {
        let tail = rest.split_off(share.min(rest.len()));
        shares.push(std::mem::replace(&mut rest, tail));
    }
    thread::scope(|scope| {
        let workers: Vec<_> = shares
            .into_iter()
            .map(|share| scope.spawn(move || share.into_iter().map(parse_one).collect::<Vec<_>>()))
            .collect();
        // A worker cannot panic on input; if one does, its files are missing and the panic goes on here.
        workers
            .into_iter()
            .flat_map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    })
}

fn parse_one(((path, blob), content): Unread) -> Read {
    debug_assert!(
        content.len() <= MAX_FILE_BYTES,
        "the source room bounds files"
    );
    let parsed = Arc::new(parse_file(&path, &content));
    (
        (path.clone(), blob),
        SourceFile {
            path,
            content: content.into(),
            parsed,
        },
    )
}
