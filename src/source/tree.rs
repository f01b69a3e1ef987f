//! Reads the names and sizes of a commit's tree by object id; nothing is checked out.

use super::{
    BlobId, SourceError,
    gather::{Flow, Gather, Name},
    patterns::{IGNORE_FILE, Ignored, MAX_IGNORE_BYTES},
};
use git2::{ObjectType, Odb, Oid, Repository, Tree, TreeEntry};
use std::{
    collections::HashSet,
    ops::ControlFlow::{Break, Continue},
};

/// Largest directory object in bytes: about half a million entries.
const MAX_TREE_BYTES: usize = 32 << 20;

const MODE_SYMLINK: i32 = 0o120_000;
const MODE_SUBMODULE: i32 = 0o160_000;

/// Collects the manifests of `root` below each path of `scope`, or all of them if it is empty.
///
/// # Errors
///
/// - [`SourceError::PathNotFound`] if a path of the scope is not there.
/// - [`SourceError::Damaged`] if an object is missing or broken.
pub(super) fn collect(
    repository: &Repository,
    root: Oid,
    scope: &[String],
    gather: &mut Gather<'_>,
) -> Result<(), SourceError> {
    let mut walk = Walk {
        repository,
        odb: repository.odb().map_err(SourceError::damaged)?,
        gather,
        barren: HashSet::new(),
    };
    walk.ignore_file(root)?;
    if scope.is_empty() {
        let _ = walk.directory(root, "", 0)?;
        return Ok(());
    }
    for path in scope {
        if walk.scoped(root, path)?.is_break() {
            break;
        }
    }
    Ok(())
}

struct Walk<'a, 'l> {
    repository: &'a Repository,
    odb: Odb<'a>,
    gather: &'a mut Gather<'l>,
    /// Directories already seen to hold nothing of interest; a tree repeated a thousand times over
    /// is read once.
    barren: HashSet<Oid>,
}

impl Walk<'_, '_> {
    /// Reads the tree's own `.orlojignore`, if it has one.
    fn ignore_file(&mut self, root: Oid) -> Result<(), SourceError> {
        let tree = self.tree(root)?;
        let Some(entry) = tree.get_name(IGNORE_FILE) else {
            return Ok(());
        };
        let plain = entry.kind() == Some(ObjectType::Blob) && entry.filemode_raw() != MODE_SYMLINK;
        let ignored = if plain {
            let header = self.odb.read_header(entry.id());
            match header.map_err(SourceError::damaged)?.0 as u64 {
                bytes if bytes > MAX_IGNORE_BYTES => Ignored::too_large(bytes),
                _ => {
                    let object = self.odb.read(entry.id()).map_err(SourceError::damaged)?;
                    Ignored::read(object.data())
                }
            }
        } else {
            Ignored::refused("it is not a plain file and not read")
        };
        self.gather.ignore(ignored);
        Ok(())
    }

    /// Goes down to one path of the scope and collects what is there.
    fn scoped(&mut self, root: Oid, path: &str) -> Result<Flow, SourceError> {
        let mut tree = root;
        let mut parts = path.split('/').peekable();
        let mut depth = 0;
        while let Some(part) = parts.next() {
            let owner = self.tree(tree)?;
            let Some(entry) = owner.get_name_bytes(part.as_bytes()) else {
                break;
            };
            depth += 1;
            match entry.filemode_raw() {
                MODE_SYMLINK => return Ok(self.gather.symlink(path)),
                MODE_SUBMODULE => return Ok(self.gather.submodule(path)),
                _ => {}
            }
            let last = parts.peek().is_none();
            match entry.kind() {
                Some(ObjectType::Tree) if last => return self.directory(entry.id(), path, depth),
                Some(ObjectType::Tree) => tree = entry.id(),
                Some(ObjectType::Blob) if last => return self.file(path, entry.id()),
                _ => break,
            }
        }
        Err(SourceError::PathNotFound {
            path: path.to_owned(),
        })
    }

    /// Recurses at most `Limits::max_depth` deep.
    fn directory(&mut self, id: Oid, path: &str, depth: usize) -> Result<Flow, SourceError> {
        if self.barren.contains(&id) {
            return Ok(Continue(()));
        }
        if self.gather.depth(path, depth).is_break() {
            return Ok(Break(()));
        }
        let before = self.gather.collected();
        let tree = self.tree(id)?;
        for entry in &tree {
            if self.gather.entry(path).is_break() || self.entry(&entry, path, depth)?.is_break() {
                return Ok(Break(()));
            }
        }
        if self.gather.collected() == before {
            self.barren.insert(id);
        }
        Ok(Continue(()))
    }

    fn entry(
        &mut self,
        entry: &TreeEntry<'_>,
        parent: &str,
        depth: usize,
    ) -> Result<Flow, SourceError> {
        let mode = entry.filemode_raw();
        let directory = entry.kind() == Some(ObjectType::Tree);
        let foreign = matches!(mode, MODE_SYMLINK | MODE_SUBMODULE);
        let mut path = parent.to_owned();
        let path = match self
            .gather
            .name(&mut path, entry.name_bytes(), directory || foreign)
        {
            Name::Skipped => return Ok(Continue(())),
            Name::Odd(flow) => return Ok(flow),
            Name::Path(path) => path,
        };
        match mode {
            MODE_SYMLINK => Ok(self.gather.symlink(path)),
            MODE_SUBMODULE => Ok(self.gather.submodule(path)),
            _ if directory => self.directory(entry.id(), path, depth + 1),
            _ => self.file(path, entry.id()),
        }
    }

    fn file(&mut self, path: &str, id: Oid) -> Result<Flow, SourceError> {
        let (bytes, _) = self.odb.read_header(id).map_err(SourceError::damaged)?;
        Ok(match self.gather.size(path, bytes as u64) {
            Break(()) => Break(()),
            Continue(false) => Continue(()),
            Continue(true) => self.gather.file(path, BlobId::from_oid(id)),
        })
    }
}

impl<'a> Walk<'a, '_> {
    fn tree(&self, id: Oid) -> Result<Tree<'a>, SourceError> {
        let (bytes, _) = self.odb.read_header(id).map_err(SourceError::damaged)?;
        if bytes > MAX_TREE_BYTES {
            return Err(SourceError::DirectoryTooLarge { bytes });
        }
        self.repository.find_tree(id).map_err(SourceError::damaged)
    }
}
