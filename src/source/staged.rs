//! What is staged: the content of a repository's index, as the next commit would hold it.

use super::{
    BlobId, Checkout, Files, Limits, SourceError, TreeFile,
    files::Content,
    gather::{Flow, Gather, Name},
    objects::Objects,
    patterns::{IGNORE_FILE, Ignored, MAX_IGNORE_BYTES},
    revision::open,
    scope,
};
use git2::{Index, IndexEntry, Repository};
use std::{
    ops::ControlFlow::{Break, Continue},
    path::Path,
};

const MODE_SYMLINK: u32 = 0o120_000;
const MODE_SUBMODULE: u32 = 0o160_000;

/// The bits of an entry's flags that hold the side of a merge conflict.
const STAGE_BITS: u16 = 0x3000;

/// Set by `git add --intent-to-add`: the name is known, the content not yet.
pub(super) const INTENT_TO_ADD: u16 = 1 << 13;

/// Reads the manifests in the index of a local repository, limited to `paths`; the work tree does not
/// count. `index` is the index file to read, if it is not the repository's own: `git` gives a hook one of
/// its own for a commit of some files only.
///
/// # Errors
///
/// - [`SourceError::Unmerged`] if a manifest has a merge conflict.
/// - [`SourceError::PathNotFound`] if the index does not have a path.
/// - [`SourceError::Damaged`] if an object is missing.
pub fn open_staged(
    repository: &Path,
    index: Option<&Path>,
    paths: &[String],
    limits: &Limits,
) -> Result<Checkout, SourceError> {
    let scope = scope::normalise(paths)?;
    let opened = open(repository)?;
    let entries: Vec<IndexEntry> = read_index(&opened, repository, index)?.iter().collect();
    let objects = Objects::of(&opened)?;
    let loose = objects.loose();
    let (files, gather) = collect(objects, &entries, &scope, limits)?;
    Ok(Checkout::of_objects(
        opened,
        loose,
        Files::flat(files),
        gather,
    ))
}

fn collect<'l>(
    objects: Objects<'_>,
    entries: &[IndexEntry],
    scope: &[String],
    limits: &'l Limits,
) -> Result<(Vec<TreeFile>, Gather<'l>), SourceError> {
    let mut walk = Walk {
        objects,
        gather: Gather::new(limits),
        files: Vec::new(),
        found: vec![false; scope.len()],
        scope,
    };
    walk.ignore_file(entries)?;
    for entry in entries {
        if walk.entry(entry)?.is_break() {
            return Ok((walk.files, walk.gather));
        }
    }
    match walk.found.iter().position(|found| !found) {
        Some(at) => Err(SourceError::PathNotFound {
            path: scope[at].clone(),
        }),
        None => Ok((walk.files, walk.gather)),
    }
}

pub(super) fn read_index(
    repository: &Repository,
    path: &Path,
    index: Option<&Path>,
) -> Result<Index, SourceError> {
    let read = match index {
        Some(file) => Index::open(file),
        None => repository.index(),
    };
    read.map_err(|source| SourceError::Git {
        act: "read the index of",
        location: path.display().to_string(),
        source,
    })
}

struct Walk<'a, 'l> {
    objects: Objects<'a>,
    gather: Gather<'l>,
    files: Vec<TreeFile>,
    scope: &'a [String],
    /// Which paths of the scope were seen.
    found: Vec<bool>,
}

impl Walk<'_, '_> {
    /// Reads the staged `.orlojignore`, if there is one.
    fn ignore_file(&mut self, entries: &[IndexEntry]) -> Result<(), SourceError> {
        let is_it = |entry: &&IndexEntry| entry.path == IGNORE_FILE.as_bytes();
        let Some(entry) = entries.iter().find(is_it) else {
            return Ok(());
        };
        if matches!(entry.mode, MODE_SYMLINK | MODE_SUBMODULE) {
            let refused = Ignored::refused("the file is a link and not read");
            self.gather.ignore(refused);
            return Ok(());
        }
        let (bytes, _) = self
            .objects
            .header(entry.id)
            .map_err(SourceError::damaged)?;
        let ignored = if bytes as u64 > MAX_IGNORE_BYTES {
            Ignored::too_large(bytes as u64)
        } else {
            let object = self.objects.read(entry.id).map_err(SourceError::damaged)?;
            Ignored::read(object.data())
        };
        self.gather.ignore(ignored);
        Ok(())
    }

    fn entry(&mut self, entry: &IndexEntry) -> Result<Flow, SourceError> {
        if self.gather.entry("").is_break() {
            return Ok(Break(()));
        }
        let added_later = entry.flags_extended & INTENT_TO_ADD != 0;
        let Some(named) = self.in_scope(&entry.path).filter(|_| !added_later) else {
            return Ok(Continue(()));
        };
        let mut path = String::new();
        if named {
            path = String::from_utf8_lossy(&entry.path).into_owned();
        } else {
            let foreign = matches!(entry.mode, MODE_SYMLINK | MODE_SUBMODULE);
            match self.walk_down(&entry.path, foreign, &mut path) {
                Break(flow) => return Ok(flow),
                Continue(()) => {}
            }
        }
        if entry.flags & STAGE_BITS != 0 {
            return Err(SourceError::Unmerged { path });
        }
        match entry.mode {
            MODE_SYMLINK => return Ok(self.gather.symlink(&path)),
            MODE_SUBMODULE => return Ok(self.gather.submodule(&path)),
            _ => {}
        }
        let header = self.objects.header(entry.id);
        let (bytes, _) = header.map_err(SourceError::damaged)?;
        Ok(self.gather.file(&path, bytes as u64).map_continue(|taken| {
            if taken.is_some() {
                self.files.push(TreeFile {
                    path: path.into(),
                    content: Content::Object(BlobId::from_oid(entry.id)),
                });
            }
        }))
    }

    /// Whether a path is in the scope (`None` if not), and whether the scope names it itself.
    fn in_scope(&mut self, path: &[u8]) -> Option<bool> {
        if self.scope.is_empty() {
            return Some(false);
        }
        let mut inside = None;
        for (at, wanted) in self.scope.iter().enumerate() {
            let Some(rest) = path.strip_prefix(wanted.as_bytes()) else {
                continue;
            };
            if rest.is_empty() || rest.starts_with(b"/") {
                self.found[at] = true;
                inside = Some(inside.unwrap_or(false) || rest.is_empty());
            }
        }
        inside
    }

    /// Judges every directory above an entry and its own name, as a walk through trees would. Breaks with
    /// what to do if the entry is not read.
    fn walk_down(
        &mut self,
        whole: &[u8],
        foreign: bool,
        path: &mut String,
    ) -> std::ops::ControlFlow<Flow> {
        let mut parts = whole.split(|byte| *byte == b'/').peekable();
        let mut depth = 0;
        while let Some(part) = parts.next() {
            let directory = parts.peek().is_some();
            match self.gather.name(path, part, directory || foreign) {
                Name::Skipped => return Break(Continue(())),
                Name::Odd(flow) => return Break(flow),
                Name::Path(_) => {}
            }
            depth += 1;
            if directory && self.gather.depth(path, depth).is_break() {
                return Break(Break(()));
            }
        }
        Continue(())
    }
}
