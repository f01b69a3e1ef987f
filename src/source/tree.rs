//! Reads the names and sizes of a commit's tree by object id; nothing is checked out.
//!
//! Directories that stand where they stood in the last listing are taken from there by their tree id:
//! the next commit costs what it changed.

use super::{
    BlobId, Files, Limits, SourceError, TreeFile,
    files::Content,
    gather::{Flow, Gather, Name},
    known::Known,
    listing::{Child, Directory, Held, Root},
    objects::Objects,
    patterns::{IGNORE_FILE, Ignored, MAX_IGNORE_BYTES},
};
use crate::model::Finding;
use git2::{ObjectType, Oid, Tree, TreeEntry};
use std::{
    collections::HashMap,
    ops::ControlFlow::{Break, Continue},
    sync::Arc,
};

/// Largest directory object in bytes: about half a million entries.
const MAX_TREE_BYTES: usize = 32 << 20;

const MODE_SYMLINK: i32 = 0o120_000;
const MODE_SUBMODULE: i32 = 0o160_000;

/// The last listing of a source, made with one scope and within one set of limits.
#[derive(Debug, Clone)]
pub(super) struct Memo {
    files: Files,
    /// The `.orlojignore` that it was made by: object and mode.
    ignore: Option<(Oid, i32)>,
}

/// What a commit holds.
pub(super) struct Listed {
    pub(super) files: Files,
    pub(super) findings: Vec<Finding>,
    /// For the next listing; `None` if nothing of this one can be taken over.
    pub(super) memo: Option<Memo>,
}

/// Lists the manifests of `root` below each path of `scope`, or all of them if it is empty.
///
/// `memo` is the last listing with the same scope and limits. The result is the same without it. Of a tree
/// beyond a limit of the whole there are findings and no files.
///
/// # Errors
///
/// - [`SourceError::PathNotFound`] if a path of the scope is not there.
/// - [`SourceError::Damaged`] if an object is missing or broken. What the memo holds is not read.
pub(super) fn list(
    objects: Objects<'_>,
    root: Oid,
    scope: &[String],
    limits: &Limits,
    memo: Option<&Memo>,
) -> Result<Listed, SourceError> {
    let mut walk = Walk::new(objects, limits);
    let ignore = walk.ignore_file(root)?;
    if let Some(memo) = memo.filter(|memo| memo.ignore == ignore) {
        if walk.roots(root, scope, memo.files.roots())?.is_continue() {
            return Ok(walk.finish(scope, ignore, Some(&memo.files)));
        }
        // Some limit is passed, or nearly: only a walk through everything says where.
        walk = Walk::new(walk.objects, limits);
        walk.ignore_file(root)?;
    }
    if walk.roots(root, scope, None)?.is_break() {
        // What was listed before the limit is no revision, and sorting it would cost what the limit saves.
        return Ok(walk.refuse());
    }
    Ok(walk.finish(scope, ignore, None))
}

struct Walk<'a, 'l> {
    objects: Objects<'a>,
    gather: Gather<'l>,
    found: Vec<Root>,
    /// Directories already seen to hold nothing of interest; a tree repeated a thousand times over
    /// is read once.
    barren: HashMap<Oid, Arc<Directory>>,
    /// Whether all entries came in the order of a tree, none twice.
    ordered: bool,
}

impl<'a, 'l> Walk<'a, 'l> {
    fn new(objects: Objects<'a>, limits: &'l Limits) -> Self {
        Self {
            objects,
            gather: Gather::new(limits),
            found: Vec::new(),
            barren: HashMap::new(),
            ordered: true,
        }
    }

    /// Only what was found to be wrong.
    fn refuse(self) -> Listed {
        Listed {
            files: Files::default(),
            findings: self.gather.finish(),
            memo: None,
        }
    }

    fn finish(
        self,
        scope: &[String],
        ignore: Option<(Oid, i32)>,
        previous: Option<&Files>,
    ) -> Listed {
        let findings = self.gather.finish();
        if !self.ordered || overlaps(scope) {
            let files = Files::tangled(&self.found);
            return Listed {
                files,
                findings,
                memo: None,
            };
        }
        let files = Files::listed(self.found, previous);
        Listed {
            memo: Some(Memo {
                files: files.clone(),
                ignore,
            }),
            files,
            findings,
        }
    }

    /// Reads the tree's own `.orlojignore`, if it has one, and says which it is.
    fn ignore_file(&mut self, root: Oid) -> Result<Option<(Oid, i32)>, SourceError> {
        let tree = self.tree(root)?;
        let Some(entry) = tree.get_name(IGNORE_FILE) else {
            return Ok(None);
        };
        let mode = entry.filemode_raw();
        let plain = entry.kind() == Some(ObjectType::Blob) && mode != MODE_SYMLINK;
        let ignored = if plain {
            let header = self.objects.header(entry.id());
            match header.map_err(SourceError::damaged)?.0 as u64 {
                bytes if bytes > MAX_IGNORE_BYTES => Ignored::too_large(bytes),
                _ => {
                    let object = self
                        .objects
                        .read(entry.id())
                        .map_err(SourceError::damaged)?;
                    Ignored::read(object.data())
                }
            }
        } else {
            Ignored::refused("it is not a plain file and not read")
        };
        self.gather.ignore(ignored);
        Ok(Some((entry.id(), mode)))
    }

    /// Collects what is at every path of the scope.
    fn roots(
        &mut self,
        root: Oid,
        scope: &[String],
        known: Option<&[Root]>,
    ) -> Result<Flow, SourceError> {
        let known = |path: &str| {
            let mut known = known.unwrap_or_default().iter();
            Some(&known.find(|(at, _)| **at == *path)?.1)
        };
        if scope.is_empty() {
            let (held, flow) = self.directory(root, "", 0, known(""))?;
            self.found.extend(held.map(|held| ("".into(), held)));
            return Ok(flow);
        }
        for path in scope {
            let (held, flow) = self.scoped(root, path, known(path))?;
            self.found
                .extend(held.map(|held| (path.as_str().into(), held)));
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(Continue(()))
    }

    /// Goes down to one path of the scope and collects what is there.
    fn scoped(&mut self, root: Oid, path: &str, known: Option<&Held>) -> Result<Step, SourceError> {
        let mut tree = root;
        let mut parts = path.split('/').peekable();
        let mut depth = 0;
        while let Some(part) = parts.next() {
            let owner = self.tree(tree)?;
            let Some(entry) = owner.get_name_bytes(part.as_bytes()) else {
                break;
            };
            depth += 1;
            let last = parts.peek().is_none();
            match (entry.filemode_raw(), entry.kind()) {
                (MODE_SYMLINK | MODE_SUBMODULE, _) => return self.judged(&entry, path, 0, None),
                (_, Some(ObjectType::Tree | ObjectType::Blob)) if last => {
                    return self.judged(&entry, path, depth, known);
                }
                (_, Some(ObjectType::Tree)) => tree = entry.id(),
                _ => break,
            }
        }
        Err(SourceError::PathNotFound {
            path: path.to_owned(),
        })
    }

    /// Recurses at most `Limits::max_depth` deep.
    fn directory(
        &mut self,
        id: Oid,
        path: &str,
        depth: usize,
        known: Option<&Held>,
    ) -> Result<Step, SourceError> {
        let known = match known {
            Some(Held::Directory(known)) if known.id == Some(id) => {
                let held = Held::Directory(known.clone());
                let flow = self.gather.reuse(&held);
                return Ok((Some(held), flow));
            }
            Some(Held::Directory(known)) => &*known.children,
            _ => &[],
        };
        if let Some(barren) = self.barren.get(&id)
            && self.gather.fits(&barren.totals, path, depth)
        {
            return Ok((Some(Held::Directory(barren.clone())), Continue(())));
        }
        if self.gather.depth(path, depth).is_break() {
            return Ok((None, Break(())));
        }
        let hidden = self.gather.hidden();
        let tree = self.tree(id)?;
        let mut known = Known::new(known);
        let mut children = Vec::with_capacity(tree.len());
        let mut flow = Continue(());
        let mut entries = 0;
        for entry in &tree {
            flow = self.gather.entry(path);
            entries += 1;
            if flow.is_continue() {
                flow = self.entry(&entry, path, depth, &mut known, &mut children)?;
            }
            if flow.is_break() {
                break;
            }
        }
        let hidden = self.gather.hidden() - hidden;
        let directory = Directory::new(Some(id), children, entries, hidden);
        if flow.is_continue() && directory.totals.are_barren() {
            self.barren.insert(id, directory.clone());
        }
        Ok((Some(Held::Directory(directory)), flow))
    }

    fn entry(
        &mut self,
        entry: &TreeEntry<'_>,
        parent: &str,
        depth: usize,
        known: &mut Known<'_>,
        children: &mut Vec<Child>,
    ) -> Result<Flow, SourceError> {
        let mode = entry.filemode_raw();
        let name = entry.name_bytes();
        let stamp = (entry.id(), mode);
        let directory = entry.kind() == Some(ObjectType::Tree);
        let known = known.find(name, directory);
        let (held, flow) = match known {
            Some(known) if known.stamp == Some(stamp) => {
                (Some(known.held.clone()), self.gather.reuse(&known.held))
            }
            _ => {
                let foreign = matches!(mode, MODE_SYMLINK | MODE_SUBMODULE);
                let before = self.gather.findings().len();
                let mut path = parent.to_owned();
                match self.gather.name(&mut path, name, directory || foreign) {
                    Name::Skipped => return Ok(Continue(())),
                    Name::Odd(flow) => (self.refused(before), flow),
                    Name::Path(path) => {
                        self.judged(entry, path, depth + 1, known.map(|known| &known.held))?
                    }
                }
            }
        };
        if let Some(held) = held {
            let last = children.last();
            self.ordered &= last.is_none_or(|last| last.order(name, directory).is_lt());
            children.push(Child {
                name: name.into(),
                stamp: Some(stamp),
                held,
            });
        }
        Ok(flow)
    }

    /// What stands at a path that is looked at.
    fn judged(
        &mut self,
        entry: &TreeEntry<'_>,
        path: &str,
        depth: usize,
        known: Option<&Held>,
    ) -> Result<Step, SourceError> {
        let before = self.gather.findings().len();
        let flow = match entry.filemode_raw() {
            MODE_SYMLINK => self.gather.symlink(path),
            MODE_SUBMODULE => self.gather.submodule(path),
            _ if entry.kind() == Some(ObjectType::Tree) => {
                return self.directory(entry.id(), path, depth, known);
            }
            _ => {
                let header = self.objects.header(entry.id());
                let (bytes, _) = header.map_err(SourceError::damaged)?;
                match self.gather.file(path, bytes as u64) {
                    Continue(Some(bytes)) => {
                        let file = TreeFile {
                            path: path.into(),
                            content: Content::Object(BlobId::from_oid(entry.id())),
                        };
                        return Ok((Some(Held::File(file, bytes)), Continue(())));
                    }
                    Continue(None) => Continue(()),
                    Break(()) => Break(()),
                }
            }
        };
        Ok((self.refused(before), flow))
    }

    /// The finding that was made last, if any was since there were `before`.
    fn refused(&self, before: usize) -> Option<Held> {
        let finding = self.gather.findings().get(before)?;
        Some(Held::Refused(Box::new(finding.clone())))
    }
}

/// What was found, and whether to go on.
type Step = (Option<Held>, Flow);

/// Whether some path of the scope is inside another one.
fn overlaps(scope: &[String]) -> bool {
    let inside = |path: &String, other: &String| {
        let rest = path.strip_prefix(&**other);
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    scope
        .iter()
        .any(|path| scope.iter().any(|other| inside(path, other)))
}

impl<'a> Walk<'a, '_> {
    fn tree(&self, id: Oid) -> Result<Tree<'a>, SourceError> {
        let (bytes, _) = self.objects.header(id).map_err(SourceError::damaged)?;
        if bytes > MAX_TREE_BYTES {
            return Err(SourceError::DirectoryTooLarge { bytes });
        }
        self.objects.tree(id).map_err(SourceError::damaged)
    }
}
