//! Reads objects of a repository, and of loose ones only what is whole.
//!
//! libgit2 never comes back from a loose object that is cut off, as a full disk or a lost file system
//! leaves it: it asks zlib for more without end. So a loose object is inflated here first, as far as
//! libgit2 will inflate it.

use super::SourceError;
use flate2::{Decompress, FlushDecompress, Status};
use git2::{
    Commit, ErrorClass, ErrorCode, ObjectType, Odb, OdbLookupFlags, OdbObject, Oid, Reference,
    Repository, Tree,
};
use std::{
    collections::{HashSet, VecDeque},
    fs::{self, File},
    io::{self, BufRead as _, BufReader},
    path::{Path, PathBuf},
    sync::Arc,
};

/// What libgit2 inflates to learn an object's kind and size.
const HEADER_BYTES: u64 = 64;

/// Tags that mark tags, at most.
const MAX_TAGS: usize = 64;

/// Repositories that lend objects to one another, at most.
const MAX_ALTERNATES: usize = 16;

/// The objects of one repository.
pub(super) struct Objects<'r> {
    repository: &'r Repository,
    odb: Odb<'r>,
    loose: LooseObjects,
}

/// Where a repository may have loose objects, as far as was known when it was looked at.
pub(super) type LooseObjects = Arc<[Loose]>;

/// One directory of objects, and which of its 256 parts held loose ones when it was opened.
pub(super) struct Loose {
    directory: PathBuf,
    parts: [bool; 256],
}

impl<'r> Objects<'r> {
    pub(super) fn of(repository: &'r Repository) -> Result<Self, SourceError> {
        let loose = directories(repository.commondir().join("objects"));
        Self::with(repository, loose.into())
    }

    /// The same, of a repository that was looked at before.
    pub(super) fn with(
        repository: &'r Repository,
        loose: LooseObjects,
    ) -> Result<Self, SourceError> {
        Ok(Self {
            repository,
            odb: repository.odb().map_err(SourceError::damaged)?,
            loose,
        })
    }

    /// What was learned when the repository was looked at.
    pub(super) fn loose(&self) -> LooseObjects {
        self.loose.clone()
    }

    /// The size and the kind of an object.
    pub(super) fn header(&self, id: Oid) -> Result<(usize, ObjectType), git2::Error> {
        self.check(id, HEADER_BYTES)?;
        self.odb.read_header(id)
    }

    /// An object with its content.
    pub(super) fn read(&self, id: Oid) -> Result<OdbObject<'_>, git2::Error> {
        self.check(id, u64::MAX)?;
        self.odb.read(id)
    }

    pub(super) fn tree(&self, id: Oid) -> Result<Tree<'r>, git2::Error> {
        self.check(id, u64::MAX)?;
        self.repository.find_tree(id)
    }

    pub(super) fn commit(&self, id: Oid) -> Result<Commit<'r>, git2::Error> {
        self.check(id, u64::MAX)?;
        self.repository.find_commit(id)
    }

    /// The commit that a reference names, tags followed.
    pub(super) fn commit_at(&self, reference: &Reference<'_>) -> Result<Commit<'r>, git2::Error> {
        let reference = reference.resolve()?;
        let mut id = reference.target().ok_or_else(no_commit)?;
        for _ in 0..MAX_TAGS {
            match self.header(id)?.1 {
                ObjectType::Tag => {
                    self.check(id, u64::MAX)?;
                    id = self.repository.find_tag(id)?.target_id();
                }
                _ => return self.commit(id),
            }
        }
        Err(no_commit())
    }

    /// The commit whose id begins with `digits`.
    pub(super) fn commit_by_prefix(&self, digits: &str) -> Result<Commit<'r>, git2::Error> {
        let id = self
            .odb
            .exists_prefix(Oid::from_str(digits)?, digits.len())?;
        self.commit(id)
    }

    /// What `tip` leads to and is not `known`, with its kind: tags, `depth` commits along each line of history
    /// as far as they are there, and all that these hold. Each was read and is whole; `go_on` is asked before
    /// each, and ends the search.
    ///
    /// # Errors
    ///
    /// [`SourceError::Damaged`] for the first object that is cut off or missing.
    pub(super) fn reachable(
        &self,
        tip: Oid,
        depth: usize,
        known: impl Fn(Oid) -> bool,
        go_on: impl Fn() -> bool,
    ) -> Result<Vec<(Oid, ObjectType)>, SourceError> {
        let mut found = Vec::new();
        let mut seen = HashSet::from([tip]);
        // The newest commits first: each is met with the most of its history to go.
        let mut open = VecDeque::from([(tip, depth)]);
        while let Some((id, depth)) = open.pop_front() {
            let is_known = known(id);
            if !go_on() {
                break;
            }
            let object = self.below(id, depth, is_known);
            let (kind, below) = object.map_err(SourceError::damaged)?;
            open.extend(below.filter(|(id, _)| seen.insert(*id)));
            if !is_known {
                found.push((id, kind));
            }
        }
        Ok(found)
    }

    /// An object's kind and what it names, each with the commits that are left from there. It is whole. What is
    /// known holds nothing that is not, but its history may.
    fn below(
        &self,
        id: Oid,
        depth: usize,
        is_known: bool,
    ) -> Result<(ObjectType, impl Iterator<Item = (Oid, usize)> + use<>), git2::Error> {
        let kind = self.header(id)?.1;
        let mut left = depth;
        let named: Vec<Oid> = match kind {
            ObjectType::Commit => {
                let commit = self.commit(id)?;
                left = left.saturating_sub(1);
                let parents = commit.parent_ids().filter(|id| left > 0 && self.has(*id));
                let tree = (!is_known).then(|| commit.tree_id());
                parents.chain(tree).collect()
            }
            ObjectType::Tag => {
                self.check(id, u64::MAX)?;
                vec![self.repository.find_tag(id)?.target_id()]
            }
            _ if is_known => Vec::new(),
            ObjectType::Tree => {
                let foreign = Some(ObjectType::Commit);
                let tree = self.tree(id)?;
                let own = tree.iter().filter(|entry| entry.kind() != foreign);
                own.map(|entry| entry.id()).collect()
            }
            _ => {
                self.check(id, u64::MAX)?;
                Vec::new()
            }
        };
        Ok((kind, named.into_iter().map(move |id| (id, left))))
    }

    /// Whether an object was there when the repository was opened.
    pub(super) fn has(&self, id: Oid) -> bool {
        // Without the flag libgit2 lists all packs anew for each that is missing.
        self.odb.exists_ext(id, OdbLookupFlags::NO_REFRESH)
    }

    /// Inflates an object up to `most` bytes if it is loose.
    fn check(&self, id: Oid, most: u64) -> Result<(), git2::Error> {
        let name = id.to_string();
        let part = usize::from(id.as_bytes()[0]);
        for loose in self.loose.iter().filter(|loose| loose.parts[part]) {
            let path = loose.directory.join(&name[..2]).join(&name[2..]);
            // What is not here is in a pack, or nowhere: libgit2 says which.
            if let Ok(file) = File::open(path)
                && !inflates(file, most).unwrap_or(false)
            {
                let text = format!("the object {name} is cut off or no object");
                return Err(git2::Error::from_str(&text));
            }
        }
        Ok(())
    }
}

fn no_commit() -> git2::Error {
    let text = "the reference leads to no commit";
    git2::Error::new(ErrorCode::NotFound, ErrorClass::Reference, text)
}

/// A directory of objects and those that it borrows from.
fn directories(own: PathBuf) -> Vec<Loose> {
    let mut found: Vec<Loose> = Vec::new();
    let mut open = vec![own];
    while let Some(directory) = open.pop() {
        let again = found.iter().any(|loose| loose.directory == directory);
        if again || found.len() == MAX_ALTERNATES {
            continue;
        }
        let lenders = fs::read_to_string(directory.join("info/alternates")).unwrap_or_default();
        let lenders = lenders
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        // A relative path is meant from the directory itself.
        open.extend(lenders.map(|line| directory.join(line)));
        let parts = parts(&directory);
        found.push(Loose { directory, parts });
    }
    found
}

fn parts(directory: &Path) -> [bool; 256] {
    let mut parts = [false; 256];
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let byte = name.to_str().filter(|name| name.len() == 2);
        if let Some(byte) = byte.and_then(|name| usize::from_str_radix(name, 16).ok()) {
            parts[byte] = true;
        }
    }
    parts
}

/// Whether a zlib stream comes to its end, or to `most` bytes.
fn inflates(file: File, most: u64) -> io::Result<bool> {
    let mut input = BufReader::new(file);
    let mut zlib = Decompress::new(true);
    let mut room = [0; 16 << 10];
    while zlib.total_out() < most {
        let piece = input.fill_buf()?;
        let (read, written) = (zlib.total_in(), zlib.total_out());
        let status = zlib.decompress(piece, &mut room, FlushDecompress::None);
        let used = zlib.total_in() - read;
        match status {
            Ok(Status::StreamEnd) => return Ok(true),
            Ok(_) if used > 0 || zlib.total_out() > written => {}
            // Nothing goes in or comes out any more, or it is no zlib.
            _ => return Ok(false),
        }
        input.consume(usize::try_from(used).unwrap_or(usize::MAX));
    }
    Ok(true)
}
