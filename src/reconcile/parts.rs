//! What all sources say together, each by itself.

use super::{
    gather::{SourceFile, SourceFiles},
    review::empty_source,
};
use crate::{
    manifest::FileEdit,
    model::Finding,
    source::{Commit, CommitId},
};
use std::sync::Arc;

/// What one source says at one commit.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// The source's name.
    pub(super) name: Arc<str>,
    pub(super) files: Arc<SourceFiles>,
}

impl Part {
    pub(super) fn commit(&self) -> Option<&Commit> {
        self.files.commit.as_ref()
    }

    /// Whether paths of both are told in the same way.
    fn is_of(&self, other: &Self) -> bool {
        self.name == other.name && self.files.label == other.files.label
    }

    /// Whether both say the same at the same commit.
    fn is_like(&self, other: &Self) -> bool {
        let id = |part: &Self| part.commit().map(|commit| commit.id);
        let same = Arc::ptr_eq(&self.files, &other.files)
            || id(self) == id(other) && self.files.same_files(&other.files);
        self.is_of(other) && same
    }

    fn edits_since(&self, before: &Self) -> Vec<FileEdit> {
        if Arc::ptr_eq(&self.files, &before.files) {
            return Vec::new();
        }
        let paths = self.files.changed_since(&before.files).into_iter();
        paths.map(|path| self.files.edit(&path)).collect()
    }

    fn all(&self) -> impl Iterator<Item = FileEdit> {
        let paths = self.files.files.keys();
        paths.map(|path| self.files.edit(path))
    }

    fn gone(&self) -> impl Iterator<Item = FileEdit> {
        self.all().map(|edit| FileEdit {
            parsed: None,
            ..edit
        })
    }
}

/// What all sources say: no two parts have the same name.
#[derive(Debug, Clone, Default)]
pub(super) struct Parts(Vec<Part>);

impl FromIterator<Part> for Parts {
    fn from_iter<I: IntoIterator<Item = Part>>(parts: I) -> Self {
        Self(parts.into_iter().collect())
    }
}

impl Parts {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Part> {
        self.0.iter()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Part> {
        self.0.iter().find(|part| *part.name == *name)
    }

    fn like(&self, part: &Part) -> Option<&Part> {
        self.0.iter().find(|other| other.is_of(part))
    }

    /// Every file of every part.
    pub(super) fn files(&self) -> impl Iterator<Item = &SourceFile> {
        self.0.iter().flat_map(|part| part.files.files.values())
    }

    /// Whether nothing is said at all.
    pub(super) fn are_empty(&self) -> bool {
        self.0.iter().all(|part| part.files.files.is_empty())
    }

    /// Whether any of it came from Git.
    pub(super) fn are_of_git(&self) -> bool {
        self.0.iter().any(|part| part.commit().is_some())
    }

    /// Where they stand.
    pub(super) fn stand(&self) -> Stand {
        let stands = self.0.iter();
        Stand::of(stands.map(|part| (part.name.clone(), part.commit().map(|commit| commit.id))))
    }

    /// The part, where there is one.
    pub(super) fn only(&self) -> Option<&Part> {
        match &*self.0 {
            [part] => Some(part),
            _ => None,
        }
    }

    /// The commit, where there is one part.
    pub(super) fn only_commit(&self) -> Option<&Commit> {
        self.only()?.commit()
    }

    /// The parts that stand elsewhere than in `before`, or were not there.
    pub(super) fn moved_since<'a>(&'a self, before: &'a Self) -> impl Iterator<Item = &'a Part> {
        let id = |part: &Part| part.commit().map(|commit| commit.id);
        self.0.iter().filter(move |part| {
            let there = before.get(&part.name);
            there.is_none_or(|there| id(there) != id(part))
        })
    }

    /// The names of those that say something else than in `before`, in order; behind them those that are not
    /// there any more.
    pub(super) fn unlike(&self, before: &Self) -> Vec<Arc<str>> {
        let is_other = |part: &&Part| {
            let there = before.get(&part.name);
            there.is_none_or(|there| !part.is_like(there))
        };
        let other = self.0.iter().filter(is_other);
        let gone = before
            .0
            .iter()
            .filter(|part| self.get(&part.name).is_none());
        other.chain(gone).map(|part| part.name.clone()).collect()
    }

    /// These parts, but those that `stays` names as they were in `before`; `None` if their paths were told
    /// otherwise there.
    pub(super) fn staying(&self, before: &Self, stays: impl Fn(&str) -> bool) -> Option<Self> {
        let mut parts = Vec::with_capacity(self.0.len());
        for part in &self.0 {
            match before.get(&part.name) {
                _ if !stays(&part.name) => parts.push(part.clone()),
                Some(there) if there.is_of(part) => parts.push(there.clone()),
                Some(_) => return None,
                None => {}
            }
        }
        let gone = before
            .0
            .iter()
            .filter(|part| self.get(&part.name).is_none());
        parts.extend(gone.filter(|part| stays(&part.name)).cloned());
        // A label tells the paths of one part from those of another.
        let unlabelled = parts.iter().any(|part| part.files.label.is_empty());
        (parts.len() < 2 || !unlabelled).then_some(Self(parts))
    }

    /// The files that came, changed or went. Costs what changed if each part was gathered from one mirror.
    pub(super) fn edits_since(&self, before: &Self) -> Vec<FileEdit> {
        let mut edits = Vec::new();
        for part in &before.0 {
            if self.like(part).is_none() {
                edits.extend(part.gone());
            }
        }
        for part in &self.0 {
            match before.like(part) {
                Some(there) => edits.extend(part.edits_since(there)),
                None => edits.extend(part.all()),
            }
        }
        edits
    }

    /// The file of an edit: by its path behind its source's label.
    pub(super) fn file(&self, path: &str) -> Option<&SourceFile> {
        self.0.iter().find_map(|part| {
            let below = path.strip_prefix(&*part.files.label)?;
            part.files.files.get(below)
        })
    }

    /// Whether both hold the same paths with the same content.
    pub(super) fn same_files(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().all(|part| {
                let there = other.like(part);
                there.is_some_and(|there| {
                    Arc::ptr_eq(&part.files, &there.files) || part.files.same_files(&there.files)
                })
            })
    }

    /// What of the trees is refused, and which of several sources is empty.
    pub(super) fn findings(&self, refuse_empty: bool) -> Vec<Finding> {
        let mut findings = Vec::new();
        for part in &self.0 {
            let files = &part.files;
            findings.extend(files.findings.iter().cloned());
            let is_named = !files.label.is_empty();
            let is_empty = files.files.is_empty() && files.findings.is_empty();
            if refuse_empty && is_named && is_empty && files.commit.is_some() {
                findings.push(empty_source(&files.label));
            }
        }
        findings
    }
}

/// At which commit each source stands, by name; sources that were never read are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Stand(Vec<(Arc<str>, CommitId)>);

impl Stand {
    pub(super) fn of(sources: impl IntoIterator<Item = (Arc<str>, Option<CommitId>)>) -> Self {
        let sources = sources.into_iter();
        let mut known: Vec<_> = sources
            .filter_map(|(name, commit)| Some((name, commit?)))
            .collect();
        known.sort();
        Self(known)
    }

    /// Whether nothing stands anywhere.
    pub(super) fn is_nowhere(&self) -> bool {
        self.0.is_empty()
    }

    /// In words: the commit of the only source, else `NAME@COMMIT` of each; `None` if nothing stands anywhere.
    pub(super) fn text(&self) -> Option<String> {
        match &*self.0 {
            [] => None,
            [(_, commit)] => Some(commit.to_string()),
            several => {
                let several = several.iter();
                let several: Vec<_> = several.map(|(name, id)| format!("{name}@{id}")).collect();
                Some(several.join(" "))
            }
        }
    }
}
