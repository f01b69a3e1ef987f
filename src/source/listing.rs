//! What a revision holds, directory by directory, so that the next one shares what did not change.

use super::{FileChange, TreeFile};
use crate::model::Finding;
use git2::Oid;
use std::{collections::HashMap, sync::Arc};

/// Mode of a directory in a tree object, and the bits that say so.
const MODE_TREE: i32 = 0o040_000;
const MODE_KIND: i32 = 0o170_000;

/// A path of the scope, or the empty text for the whole tree, with what is there.
pub(super) type Root = (Box<str>, Held);

/// One directory: what of it is read, and what it adds up to with everything below.
#[derive(Debug)]
pub(super) struct Directory {
    /// The tree object that it was read from; `None` on disk.
    pub(super) id: Option<Oid>,
    /// In the order of the walk, without what is left out.
    pub(super) children: Vec<Child>,
    pub(super) totals: Totals,
}

/// An entry that matters.
#[derive(Debug, Clone)]
pub(super) struct Child {
    pub(super) name: Box<[u8]>,
    /// The object that it was read from, with its mode; `None` on disk.
    pub(super) stamp: Option<(Oid, i32)>,
    pub(super) held: Held,
}

/// What an entry is.
#[derive(Debug, Clone)]
pub(super) enum Held {
    Directory(Arc<Directory>),
    /// A manifest, and what it counts towards the bytes of the revision.
    File(TreeFile, u64),
    /// Not read; the finding says why.
    Refused(Box<Finding>),
}

/// What counts towards the limits of a revision.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) files: usize,
    pub(super) bytes: u64,
    pub(super) findings: usize,
    /// Entries that `.orlojignore` or the reader left out.
    pub(super) hidden: usize,
    /// Entries of any sort. A directory that is there twice counts twice, unlike in a walk.
    pub(super) entries: usize,
    /// Levels of directories below.
    pub(super) height: usize,
    /// Bytes that the longest path of a directory below adds to the own path.
    pub(super) reach: usize,
}

impl Totals {
    /// Whether nothing below matters, wherever it stands.
    pub(super) fn are_barren(&self) -> bool {
        self.files == 0 && self.findings == 0 && self.hidden == 0
    }

    fn add(&mut self, child: &Child) {
        let below = child.held.totals();
        self.files += below.files;
        self.bytes = self.bytes.saturating_add(below.bytes);
        self.findings += below.findings;
        self.entries = self.entries.saturating_add(below.entries);
        if let Held::Directory(_) = child.held {
            self.height = self.height.max(below.height + 1);
            self.reach = self.reach.max(below.reach + child.name.len() + 1);
        }
    }
}

impl Directory {
    /// Adds up what was read. `entries` and `hidden` are its own and those below.
    pub(super) fn new(
        id: Option<Oid>,
        children: Vec<Child>,
        entries: usize,
        hidden: usize,
    ) -> Arc<Self> {
        let mut totals = Totals {
            hidden,
            entries,
            ..Totals::default()
        };
        for child in &children {
            totals.add(child);
        }
        Arc::new(Self {
            id,
            children,
            totals,
        })
    }

    /// What counts without the children.
    pub(super) fn own(&self) -> Totals {
        let below = || self.children.iter().map(|child| child.held.totals());
        let hidden: usize = below().map(|totals| totals.hidden).sum();
        let entries = below().fold(0, |sum: usize, totals| sum.saturating_add(totals.entries));
        Totals {
            hidden: self.totals.hidden - hidden,
            entries: self.totals.entries.saturating_sub(entries),
            ..Totals::default()
        }
    }
}

impl Child {
    fn is_tree(&self) -> bool {
        self.stamp
            .is_some_and(|(_, mode)| mode & MODE_KIND == MODE_TREE)
    }

    /// Whether this is an entry of that name; a directory and a file are two entries of a tree.
    pub(super) fn is_named(&self, name: &[u8], tree: bool) -> bool {
        *self.name == *name && self.is_tree() == tree
    }

    /// The order of entries in a tree object, or on disk by name alone.
    pub(super) fn order(&self, name: &[u8], tree: bool) -> std::cmp::Ordering {
        let end = |tree| if tree { &b"/"[..] } else { b"" };
        let own = self.name.iter().chain(end(self.is_tree()));
        own.cmp(name.iter().chain(end(tree)))
    }

    fn is(&self, other: &Self) -> bool {
        self.held.is(&other.held) && self.is_named(&other.name, other.is_tree())
    }
}

impl Held {
    pub(super) fn totals(&self) -> Totals {
        match self {
            Self::Directory(directory) => directory.totals,
            Self::File(_, bytes) => Totals {
                files: 1,
                bytes: *bytes,
                ..Totals::default()
            },
            Self::Refused(_) => Totals {
                findings: 1,
                ..Totals::default()
            },
        }
    }

    /// Whether both hold the same files, seen without looking below: false says nothing.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Directory(one), Self::Directory(other)) => Arc::ptr_eq(one, other),
            (Self::File(one, _), Self::File(other, _)) => one == other,
            (Self::Refused(_), Self::Refused(_)) => true,
            _ => false,
        }
    }

    /// Hands over every finding.
    pub(super) fn each_finding(&self, take: &mut dyn FnMut(&Finding)) {
        match self {
            Self::Refused(finding) => take(finding),
            Self::Directory(directory) if directory.totals.findings > 0 => {
                for child in &directory.children {
                    child.held.each_finding(take);
                }
            }
            _ => {}
        }
    }

    /// Hands over every file, in the order of the walk.
    pub(super) fn each_file(&self, take: &mut dyn FnMut(&TreeFile)) {
        match self {
            Self::File(file, _) => take(file),
            Self::Directory(directory) if directory.totals.files > 0 => {
                for child in &directory.children {
                    child.held.each_file(take);
                }
            }
            _ => {}
        }
    }
}

/// What became of the files between two listings of the same scope. Costs what is not shared.
pub(super) fn changes(old: &[Root], new: &[Root]) -> Vec<FileChange> {
    let mut changes = Vec::new();
    for ((_, old), (_, new)) in old.iter().zip(new) {
        compare(Some(old), Some(new), &mut changes);
    }
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    changes
}

fn compare(old: Option<&Held>, new: Option<&Held>, changes: &mut Vec<FileChange>) {
    match (old, new) {
        (Some(old), Some(new)) if old.is(new) => {}
        (Some(Held::Directory(old)), Some(Held::Directory(new))) => {
            compare_children(&old.children, &new.children, changes);
        }
        (Some(Held::File(..)), Some(Held::File(new, _))) => {
            changes.push(FileChange::to(new));
        }
        (old, new) => {
            if let Some(old) = old {
                old.each_file(&mut |file| changes.push(FileChange::gone(file)));
            }
            if let Some(new) = new {
                new.each_file(&mut |file| changes.push(FileChange::to(file)));
            }
        }
    }
}

/// Most entries of two versions of a directory are the same ones, at both ends.
fn compare_children(old: &[Child], new: &[Child], changes: &mut Vec<FileChange>) {
    let same = |(old, new): &(&Child, &Child)| old.is(new);
    let ahead = old.iter().zip(new).take_while(same).count();
    let (old, new) = (&old[ahead..], &new[ahead..]);
    let behind = old.iter().rev().zip(new.iter().rev());
    let behind = behind.take_while(same).count();
    let (old, new) = (&old[..old.len() - behind], &new[..new.len() - behind]);
    let named = |child: &'_ Child| (child.name.clone(), child.is_tree());
    let mut left: HashMap<_, _> = old.iter().map(|child| (named(child), child)).collect();
    for child in new {
        let before = left.remove(&named(child));
        compare(before.map(|child| &child.held), Some(&child.held), changes);
    }
    for child in left.into_values() {
        compare(Some(&child.held), None, changes);
    }
}
