//! The manifest files of one revision.

use super::{
    BlobId,
    listing::{Root, changes},
};
use crate::model::SortedMap;
use git2::{ObjectType, Oid};
use std::{fmt, sync::Arc};

/// A manifest file by name and content.
#[derive(Clone)]
pub struct TreeFile {
    /// Path with `/` between its parts.
    pub path: Arc<str>,
    pub(super) content: Content,
}

/// What a file holds.
#[derive(Clone)]
pub(super) enum Content {
    /// An object of a repository.
    Object(BlobId),
    /// The bytes themselves, where no repository keeps them.
    Bytes(Arc<[u8]>),
}

/// Bytes are compared as they are: an id of each would cost far more than comparing the few that ever are.
impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Object(one), Self::Object(other)) => one == other,
            (Self::Bytes(one), Self::Bytes(other)) => Arc::ptr_eq(one, other) || one == other,
            (Self::Object(id), Self::Bytes(bytes)) | (Self::Bytes(bytes), Self::Object(id)) => {
                Oid::hash_object(ObjectType::Blob, bytes)
                    .is_ok_and(|hash| BlobId::from_oid(hash) == *id)
            }
        }
    }
}

/// Equal by path and content.
impl PartialEq for TreeFile {
    fn eq(&self, other: &Self) -> bool {
        self.content == other.content && self.path == other.path
    }
}

impl Eq for TreeFile {}

/// Without the content: it may hold secrets in clear text.
impl fmt::Debug for TreeFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.content {
            Content::Object(id) => write!(f, "{} {}", id.short(), self.path),
            Content::Bytes(bytes) => write!(f, "({} bytes) {}", bytes.len(), self.path),
        }
    }
}

/// A file that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Its path.
    pub path: Arc<str>,
    /// What it is now; `None` if it is gone.
    pub file: Option<TreeFile>,
}

impl FileChange {
    pub(super) fn to(file: &TreeFile) -> Self {
        Self {
            path: file.path.clone(),
            file: Some(file.clone()),
        }
    }

    pub(super) fn gone(file: &TreeFile) -> Self {
        Self {
            path: file.path.clone(),
            file: None,
        }
    }
}

type ByPath = SortedMap<Arc<str>, TreeFile>;

/// The files of one revision, sorted by path.
///
/// Clones share everything, and the files of the next revision share what did not change.
#[derive(Clone, Default)]
pub struct Files {
    by_path: ByPath,
    /// The directories that the files were found in, if each of them was walked once.
    roots: Option<Arc<[Root]>>,
}

impl Files {
    /// Files in any order. Of two with the same path the first one stays.
    pub(super) fn flat(mut files: Vec<TreeFile>) -> Self {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| a.path == b.path);
        let pairs = files.into_iter().map(|file| (file.path.clone(), file));
        Self {
            by_path: pairs.collect(),
            roots: None,
        }
    }

    /// The files below `roots`, of which none is inside another and no entry is there twice.
    /// What they share with `previous` is not looked at.
    pub(super) fn listed(roots: Vec<Root>, previous: Option<&Self>) -> Self {
        let roots: Arc<[Root]> = roots.into();
        let by_path = match previous.and_then(|previous| previous.beside(&roots)) {
            Some((by_path, old)) => {
                let mut by_path = by_path.clone();
                for change in changes(old, &roots) {
                    match change.file {
                        Some(file) => by_path.insert_mut(change.path, file),
                        None => drop(by_path.remove_mut(&change.path)),
                    }
                }
                by_path
            }
            None => Self::flat(files_below(&roots)).by_path,
        };
        Self {
            by_path,
            roots: Some(roots),
        }
    }

    /// The same without order or with overlaps: nothing is shared with it.
    pub(super) fn tangled(roots: &[Root]) -> Self {
        Self::flat(files_below(roots))
    }

    pub(super) fn roots(&self) -> Option<&[Root]> {
        self.roots.as_deref()
    }

    /// The files and their directories, if these are the directories of the same scope.
    fn beside(&self, roots: &[Root]) -> Option<(&ByPath, &[Root])> {
        let own = self.roots.as_deref()?;
        let same = own
            .iter()
            .map(|root| &root.0)
            .eq(roots.iter().map(|root| &root.0));
        same.then_some((&self.by_path, own))
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.by_path.size()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_path.is_empty()
    }

    /// Finds a file.
    pub fn get(&self, path: &str) -> Option<&TreeFile> {
        self.by_path.get(path)
    }

    /// All of them, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = &TreeFile> {
        self.by_path.values()
    }

    /// What became of the files since `previous`: added, modified and removed ones, sorted by path.
    ///
    /// Costs what changed if both came from the same mirror or reader, else what there is.
    pub fn changes_since(&self, previous: &Self) -> Vec<FileChange> {
        match self
            .roots
            .as_deref()
            .and_then(|new| Some((previous.beside(new)?.1, new)))
        {
            Some((old, new)) => changes(old, new),
            None => self.every_change_since(previous),
        }
    }

    /// The same by looking at every file.
    pub(super) fn every_change_since(&self, previous: &Self) -> Vec<FileChange> {
        let mut changes = Vec::new();
        let mut old = previous.iter().peekable();
        for new in self.iter() {
            while let Some(gone) = old.next_if(|old| old.path < new.path) {
                changes.push(FileChange::gone(gone));
            }
            match old.next_if(|old| old.path == new.path) {
                Some(old) if old == new => {}
                _ => changes.push(FileChange::to(new)),
            }
        }
        changes.extend(old.map(FileChange::gone));
        changes
    }
}

fn files_below(roots: &[Root]) -> Vec<TreeFile> {
    let mut files = Vec::new();
    for (_, held) in roots {
        held.each_file(&mut |file| files.push(file.clone()));
    }
    files
}

/// Equal if the same paths have the same content.
impl PartialEq for Files {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Eq for Files {}

/// As a list.
impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
