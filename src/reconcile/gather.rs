//! A checkout to parsed files; what was parsed before is not parsed again.

use crate::{
    manifest::{MAX_FILE_BYTES, ParsedFile, parse_file},
    model::Finding,
    source::{BlobId, Checkout, Commit, SourceError},
};
use std::{
    collections::HashMap,
    fmt,
    num::NonZero,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Below this many new files, threads cost more than they save.
const FILES_PER_THREAD: usize = 64;

/// How many files a worker takes at a time.
const FILES_PER_TURN: usize = 16;

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
            None => unread.push(key),
        }
    }
    known.extend(parse_all(checkout, &unread)?);
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

type Key = (Arc<str>, BlobId);

/// What a worker made of its share, and where it stopped if a file could not be read.
type Share = (Vec<(Key, SourceFile)>, Option<(usize, SourceError)>);

/// Reads and parses on as many threads as there are cores, if there is enough to do.
fn parse_all(checkout: &Checkout, unread: &[Key]) -> Result<Vec<(Key, SourceFile)>, SourceError> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = cores.min(unread.len().div_ceil(FILES_PER_THREAD));
    let next = AtomicUsize::new(0);
    let shares = thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            .map(|_| scope.spawn(|| parse_share(checkout, unread, &next)))
            .collect();
        let mut shares = vec![parse_share(checkout, unread, &next)];
        // A worker cannot panic on input; if one does, its files are missing and the panic goes on here.
        shares.extend(others.into_iter().map(|worker| {
            worker
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        }));
        shares
    });
    let mut all = Vec::with_capacity(unread.len());
    let mut failed: Option<(usize, SourceError)> = None;
    for (files, error) in shares {
        all.extend(files);
        failed = failed.into_iter().chain(error).min_by_key(|(at, _)| *at);
    }
    failed.map_or(Ok(all), |(_, error)| Err(error))
}

/// Takes the next few files again and again, until there are none: no core waits for another's long file.
fn parse_share(checkout: &Checkout, unread: &[Key], next: &AtomicUsize) -> Share {
    let mut files = Vec::new();
    loop {
        let from = next.fetch_add(FILES_PER_TURN, Ordering::Relaxed);
        let turn = unread.iter().enumerate().skip(from).take(FILES_PER_TURN);
        if turn.len() == 0 {
            return (files, None);
        }
        for (at, key) in turn {
            match checkout.read(&key.1) {
                Ok(content) => files.push((key.clone(), parse_one(key, content))),
                Err(error) => return (files, Some((at, error))),
            }
        }
    }
}

fn parse_one((path, _): &Key, content: Vec<u8>) -> SourceFile {
    debug_assert!(
        content.len() <= MAX_FILE_BYTES,
        "the source room bounds files"
    );
    SourceFile {
        path: path.clone(),
        parsed: Arc::new(parse_file(path, &content)),
        content: content.into(),
    }
}
