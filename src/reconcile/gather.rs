//! A checkout to parsed files; what was parsed before is not parsed again.

use super::{
    objects::{described, too_many},
    values::{ValueCount, held},
};
use crate::{
    manifest::{FileEdit, Layer, MAX_FILE_BYTES, ParsedFile, parse_file},
    model::{Finding, SortedMap},
    source::{Checkout, Commit, Files, SourceError, TreeFile},
};
use std::{
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
    /// Path in the repository, behind the label of its source.
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

/// Gathered files by path in the repository. Clones share everything, and the next revision's share what did not change.
pub type SourceFileMap = SortedMap<Arc<str>, SourceFile>;

/// The files of one revision of one source.
#[derive(Debug, Clone, Default)]
pub struct SourceFiles {
    /// What stands before each path where there are several sources: `NAME:`; else empty.
    pub label: Arc<str>,
    /// The commit; absent for a plain directory.
    pub commit: Option<Commit>,
    /// Who signed it, if that was asked for.
    pub signer: Option<String>,
    /// Sorted by path.
    pub files: SourceFileMap,
    /// Paths that were added, modified or removed since the files that the same cache gathered before,
    /// sorted; all paths if there were none.
    pub changed: Vec<Arc<str>>,
    /// What of the tree is refused.
    pub findings: Vec<Finding>,
    /// The same files as they were listed, for [`Self::changed_since`]; absent if they come from elsewhere.
    pub listed: Option<Files>,
}

impl SourceFiles {
    /// Files that were not listed by a checkout, all of them new.
    pub fn of(
        commit: Option<Commit>,
        files: impl IntoIterator<Item = SourceFile>,
        findings: Vec<Finding>,
    ) -> Self {
        let pairs = files.into_iter().map(|file| (file.path.clone(), file));
        let files: SourceFileMap = pairs.collect();
        Self {
            commit,
            changed: files.keys().cloned().collect(),
            files,
            findings,
            ..Self::default()
        }
    }

    /// Files of a source that an earlier process read.
    pub(super) fn kept(
        label: Arc<str>,
        commit: Option<Commit>,
        files: impl IntoIterator<Item = ByPath>,
    ) -> Self {
        let files: SourceFileMap = files.into_iter().collect();
        Self {
            label,
            commit,
            changed: files.keys().cloned().collect(),
            files,
            ..Self::default()
        }
    }

    /// Paths that were added, modified or removed since `previous`, sorted. Costs what changed if both
    /// were gathered from the same mirror or directory.
    pub fn changed_since(&self, previous: &Self) -> Vec<Arc<str>> {
        if let (Some(new), Some(old)) = (&self.listed, &previous.listed) {
            let changes = new.changes_since(old).into_iter();
            return changes.map(|change| change.path).collect();
        }
        let is_other = |one: &SourceFileMap, path: &Arc<str>, file: &SourceFile| {
            let there = one.get(path).map(|there| &there.content);
            there != Some(&file.content)
        };
        let changed = self.files.iter();
        let changed = changed.filter(|(path, file)| is_other(&previous.files, path, file));
        let gone = previous.files.keys();
        let gone = gone.filter(|path| !self.files.contains_key(*path));
        let mut paths: Vec<_> = changed.map(|(path, _)| path).chain(gone).cloned().collect();
        paths.sort();
        paths
    }

    /// What became of the file at `path`, as an edit.
    pub fn edit(&self, path: &Arc<str>) -> FileEdit {
        FileEdit {
            layer: Layer::Source,
            parsed: self.files.get(path).map(|file| file.parsed.clone()),
            path: labelled(&self.label, path),
        }
    }

    /// Whether both hold the same paths with the same content.
    pub(super) fn same_files(&self, other: &Self) -> bool {
        self.files.size() == other.files.size() && self.changed_since(other).is_empty()
    }
}

/// A path of a repository as it is shown and told from those of other sources.
pub(super) fn labelled(label: &str, path: &Arc<str>) -> Arc<str> {
    if label.is_empty() {
        return path.clone();
    }
    format!("{label}{path}").into()
}

/// The last two revisions that were gathered, with what their files say.
#[derive(Debug, Default)]
pub struct FileCache {
    label: Arc<str>,
    last: Gathered,
    before: Gathered,
}

impl FileCache {
    /// For a source whose paths are shown behind a label.
    pub(super) fn labelled(label: Arc<str>) -> Self {
        Self {
            label,
            ..Self::default()
        }
    }

    /// What a checkout found, with labelled paths.
    fn findings(&self, checkout: &Checkout) -> Vec<Finding> {
        let mut findings = checkout.findings.clone();
        for finding in &mut findings {
            finding.origin.file = labelled(&self.label, &finding.origin.file);
        }
        findings
    }
}

#[derive(Debug, Clone, Default)]
struct Gathered {
    listed: Files,
    files: SourceFileMap,
    /// How many values the files hold.
    values: u64,
    /// How many resources they hold.
    objects: u64,
}

impl Gathered {
    fn find(&self, file: &TreeFile) -> Option<&SourceFile> {
        let same = self.listed.get(&file.path) == Some(file);
        self.files.get(&file.path).filter(|_| same)
    }
}

/// Reads and parses the files of a checkout: those that changed since the last one gathered with
/// `cache`, unless the one before had them.
///
/// # Errors
///
/// - [`SourceError`] if a file cannot be read: a failed read is never an empty set. The cache stays as
///   it was.
pub fn gather(checkout: &Checkout, cache: &mut FileCache) -> Result<SourceFiles, SourceError> {
    let changes = checkout.changes_since(&cache.last.listed);
    let mut files = cache.last.files.clone();
    let (mut values, mut objects) = (cache.last.values, cache.last.objects);
    let mut unread = Vec::new();
    for change in &changes {
        if let Some(before) = files.get(&change.path) {
            (values, objects) = (values - held(before), objects - described(before));
        }
        let Some(file) = &change.file else {
            files.remove_mut(&change.path);
            continue;
        };
        match cache.before.find(file) {
            Some(known) => {
                (values, objects) = (values + held(known), objects + described(known));
                files.insert_mut(file.path.clone(), known.clone());
            }
            None => unread.push(file),
        }
    }
    let count = ValueCount::new(checkout.max_values, values);
    let parsed = parse_all(checkout, &unread, &cache.label, &count)?;
    if let Some(refusal) = count.refusal(&parsed, &cache.label) {
        return Ok(refuse(checkout, cache, refusal));
    }
    if let Some(refusal) = too_many(checkout.max_objects, objects, &parsed) {
        return Ok(refuse(checkout, cache, refusal));
    }
    for (path, file) in parsed {
        (values, objects) = (values + held(&file), objects + described(&file));
        files.insert_mut(path, file);
    }
    let gathered = Gathered {
        listed: checkout.files.clone(),
        files: files.clone(),
        values,
        objects,
    };
    cache.before = std::mem::replace(&mut cache.last, gathered);
    Ok(SourceFiles {
        label: cache.label.clone(),
        commit: checkout.commit.clone(),
        signer: None,
        files,
        changed: changes.into_iter().map(|change| change.path).collect(),
        findings: cache.findings(checkout),
        listed: Some(checkout.files.clone()),
    })
}

/// A revision that is refused as a whole: no file of it is kept, and those of the last one stay at hand.
fn refuse(checkout: &Checkout, cache: &mut FileCache, refusal: Finding) -> SourceFiles {
    let gone = cache.last.files.keys().cloned().collect();
    cache.before = std::mem::take(&mut cache.last);
    let mut findings = cache.findings(checkout);
    findings.push(refusal);
    SourceFiles {
        label: cache.label.clone(),
        commit: checkout.commit.clone(),
        changed: gone,
        findings,
        listed: Some(Files::default()),
        ..SourceFiles::default()
    }
}

/// What a worker made of its share, and where it stopped if a file could not be read.
type Share = (Vec<(usize, ByPath)>, Option<(usize, SourceError)>);

/// A file and its path in the repository.
pub(super) type ByPath = (Arc<str>, SourceFile);

/// Reads and parses on as many threads as there are cores, if there is enough to do.
fn parse_all(
    checkout: &Checkout,
    unread: &[&TreeFile],
    label: &str,
    count: &ValueCount,
) -> Result<Vec<ByPath>, SourceError> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = cores.min(unread.len().div_ceil(FILES_PER_THREAD));
    let next = AtomicUsize::new(0);
    let shares = thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            .map(|_| scope.spawn(|| parse_share(checkout, unread, label, &next, count)))
            .collect();
        let mut shares = vec![parse_share(checkout, unread, label, &next, count)];
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
    if let Some((_, error)) = failed {
        return Err(error);
    }
    // What stands in order is put together at once.
    all.sort_unstable_by_key(|(at, _)| *at);
    Ok(all.into_iter().map(|(_, file)| file).collect())
}

/// Takes the next few files again and again, until there are none: no core waits for another's long file.
fn parse_share(
    checkout: &Checkout,
    unread: &[&TreeFile],
    label: &str,
    next: &AtomicUsize,
    count: &ValueCount,
) -> Share {
    let mut files = Vec::new();
    loop {
        if count.is_spent() {
            return (files, None);
        }
        let from = next.fetch_add(FILES_PER_TURN, Ordering::Relaxed);
        let turn = unread.iter().enumerate().skip(from).take(FILES_PER_TURN);
        if turn.len() == 0 {
            return (files, None);
        }
        for (at, file) in turn {
            match checkout.read(file) {
                Ok(content) => {
                    let parsed = count.admit(parse_one(file, label, content));
                    files.push((at, (file.path.clone(), parsed)));
                }
                Err(error) => return (files, Some((at, error))),
            }
        }
    }
}

fn parse_one(file: &TreeFile, label: &str, content: Arc<[u8]>) -> SourceFile {
    debug_assert!(
        content.len() <= MAX_FILE_BYTES,
        "the source room bounds files"
    );
    let path = labelled(label, &file.path);
    SourceFile {
        parsed: Arc::new(parse_file(&path, &content)),
        path,
        content,
    }
}
