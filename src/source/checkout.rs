//! One revision, ready to be read by blob id.

use super::{
    BlobId, CommitId, FileChange, Files, Limits, SourceError, TreeFile,
    files::Content,
    gather::Gather,
    objects::{LooseObjects, Objects},
    scope,
    text::is_unsafe,
    tree::{self, Memo},
};
use crate::model::Finding;
use git2::{ObjectType, Repository};
use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// Largest commit object in bytes; messages beyond that are not written by people.
const MAX_COMMIT_BYTES: usize = 1 << 20;

/// Longest author, address or summary kept, in characters.
const MAX_TEXT_CHARS: usize = 256;

/// Who wrote a commit, when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: CommitId,
    /// The author's name.
    pub author: String,
    /// The author's address.
    pub email: String,
    /// When it was committed, in microseconds since the epoch.
    pub time_us: i64,
    /// The first line of the message.
    pub summary: String,
}

/// The manifest files of one revision.
///
/// Names and sizes are known; contents are read one by one with [`Checkout::read`].
pub struct Checkout {
    /// The commit; `None` for a plain directory and for what is staged.
    pub commit: Option<Commit>,
    /// The files, sorted by path.
    pub files: Files,
    /// What of the tree is refused, sorted by place. With one of these the files are incomplete.
    pub findings: Vec<Finding>,
    /// How many values ([`Limits::max_values`]) its files may hold together.
    pub max_values: u64,
    /// How many resources ([`Limits::max_objects`]) its files may hold together.
    pub max_objects: u64,
    contents: Contents,
}

/// Whether a repository was found damaged; shared by all who read from it.
#[derive(Debug, Default)]
pub(super) struct Health {
    damaged: AtomicBool,
}

impl Health {
    /// Notes damage.
    pub(super) fn watch<T>(&self, result: Result<T, SourceError>) -> Result<T, SourceError> {
        if result.as_ref().is_err_and(SourceError::is_damage) {
            self.damaged.store(true, Ordering::Release);
        }
        result
    }

    /// Whether damage was noted.
    pub(super) fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Acquire)
    }

    /// Forgets what was noted of objects that are gone.
    pub(super) fn heal(&self) {
        self.damaged.store(false, Ordering::Release);
    }
}

enum Contents {
    Objects {
        repository: Mutex<Repository>,
        loose: LooseObjects,
        max_file_bytes: u64,
        health: Arc<Health>,
    },
    /// Every file brings its own.
    Memory,
}

impl Checkout {
    /// Reads one file's content.
    ///
    /// # Errors
    ///
    /// - [`SourceError::BlobNotFound`] for a file that is none of `files`.
    /// - [`SourceError::Damaged`] if the object is missing or broken.
    pub fn read(&self, file: &TreeFile) -> Result<Arc<[u8]>, SourceError> {
        let blob = match &file.content {
            Content::Bytes(bytes) => return Ok(bytes.clone()),
            Content::Object(blob) => blob,
        };
        let Contents::Objects {
            repository,
            loose,
            max_file_bytes,
            health,
        } = &self.contents
        else {
            return Err(not_found(blob));
        };
        let repository = repository.lock().unwrap_or_else(PoisonError::into_inner);
        let read = match read_object(&repository, loose, blob, *max_file_bytes) {
            // Its size was within the limit when the files were listed.
            Err(SourceError::BlobNotFound { .. }) if self.files.get(&file.path) == Some(file) => {
                let text = "the length of an object changed";
                Err(SourceError::damaged(git2::Error::from_str(text)))
            }
            read => read,
        };
        health.watch(read)
    }

    /// What became of the files since `previous`, sorted by path.
    ///
    /// Costs what changed if both came from the same mirror or reader, else what there is.
    pub fn changes_since(&self, previous: &Files) -> Vec<FileChange> {
        self.files.changes_since(previous)
    }

    /// The revision of `commit` in `repository`, limited to `paths`; broken objects found
    /// later are noted in `health`. `memo` is what the last one with the same paths and limits left, and
    /// takes what this one leaves.
    pub(super) fn of_commit(
        repository: Repository,
        commit: &CommitId,
        paths: &[String],
        limits: &Limits,
        health: Arc<Health>,
        memo: &mut Option<Memo>,
    ) -> Result<Self, SourceError> {
        let scope = scope::normalise(paths)?;
        let objects = Objects::of(&repository)?;
        let loose = objects.loose();
        let (commit, root) = describe(&objects, commit)?;
        let listed = tree::list(objects, root, &scope, limits, memo.as_ref())?;
        *memo = listed.memo;
        Ok(Self {
            commit: Some(commit),
            files: listed.files,
            findings: listed.findings,
            max_values: limits.max_values,
            max_objects: limits.max_objects,
            contents: Contents::Objects {
                repository: Mutex::new(repository),
                loose,
                max_file_bytes: limits.max_file_bytes,
                health,
            },
        })
    }

    /// Files that are objects of a repository but not of a commit.
    pub(super) fn of_objects(
        repository: Repository,
        loose: LooseObjects,
        files: Files,
        gather: Gather<'_>,
    ) -> Self {
        let Limits {
            max_file_bytes,
            max_values,
            max_objects,
            ..
        } = *gather.limits();
        Self {
            commit: None,
            files,
            max_values,
            max_objects,
            findings: gather.finish(),
            contents: Contents::Objects {
                repository: Mutex::new(repository),
                loose,
                max_file_bytes,
                health: Arc::default(),
            },
        }
    }

    /// A directory's files, already read.
    pub(super) fn of_files(files: Files, findings: Vec<Finding>) -> Self {
        Self {
            commit: None,
            files,
            findings,
            max_values: Limits::default().max_values,
            max_objects: Limits::default().max_objects,
            contents: Contents::Memory,
        }
    }
}

/// Without the contents.
impl fmt::Debug for Checkout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkout")
            .field("commit", &self.commit)
            .field("files", &self.files.len())
            .field("findings", &self.findings)
            .finish_non_exhaustive()
    }
}

fn describe(objects: &Objects<'_>, id: &CommitId) -> Result<(Commit, git2::Oid), SourceError> {
    let not_found = || SourceError::CommitNotFound {
        commit: id.to_string(),
    };
    let oid = id.oid().map_err(SourceError::damaged)?;
    match objects.header(oid) {
        Ok((bytes, ObjectType::Commit)) if bytes <= MAX_COMMIT_BYTES => {}
        Err(error) if error.code() != git2::ErrorCode::NotFound => {
            return Err(SourceError::damaged(error));
        }
        _ => return Err(not_found()),
    }
    let commit = objects.commit(oid).map_err(SourceError::damaged)?;
    let author = commit.author();
    let described = Commit {
        id: *id,
        author: line(author.name_bytes()),
        email: line(author.email_bytes()),
        time_us: commit.time().seconds().saturating_mul(1_000_000),
        summary: line(commit.summary_bytes().unwrap_or_default()),
    };
    Ok((described, commit.tree_id()))
}

/// Text of a stranger as one line that is safe to show.
fn line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .chars()
        .filter(|c| !is_unsafe(*c))
        .take(MAX_TEXT_CHARS)
        .collect()
}

fn read_object(
    repository: &Repository,
    loose: &LooseObjects,
    blob: &BlobId,
    max_bytes: u64,
) -> Result<Arc<[u8]>, SourceError> {
    let oid = blob.oid().map_err(SourceError::damaged)?;
    let objects = Objects::with(repository, loose.clone())?;
    let (bytes, kind) = objects.header(oid).map_err(SourceError::damaged)?;
    if kind != ObjectType::Blob {
        let text = "an object that a tree names as a file is none";
        return Err(SourceError::damaged(git2::Error::from_str(text)));
    }
    if bytes as u64 > max_bytes {
        return Err(not_found(blob));
    }
    let object = objects.read(oid).map_err(SourceError::damaged)?;
    Ok(object.data().into())
}

fn not_found(blob: &BlobId) -> SourceError {
    SourceError::BlobNotFound {
        blob: blob.to_string(),
    }
}
