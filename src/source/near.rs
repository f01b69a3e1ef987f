//! A fetch from a directory of this machine: what is missing is copied, and no more of the history than was
//! asked for.
//!
//! libgit2's own transport for directories brings all of the history, however long it is.

use super::{
    SourceConfig, SourceError, fetch::explain, history::parents, objects::Objects, revision::open,
    transport::Transfer,
};
use git2::{ObjectType, Oid, Repository};
use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write as _},
};

/// A repository in a directory, for one transfer.
pub(super) struct Near<'t> {
    repository: Repository,
    config: &'t SourceConfig,
    transfer: &'t Transfer,
}

impl<'t> Near<'t> {
    /// # Errors
    ///
    /// - [`SourceError::RepositoryNotFound`] if nothing is there, or what keeps it from being opened.
    pub(super) fn open(
        config: &'t SourceConfig,
        transfer: &'t Transfer,
    ) -> Result<Self, SourceError> {
        let absent = || SourceError::RepositoryNotFound {
            location: config.location.to_string(),
            remote: false,
        };
        let directory = config.location.as_directory().ok_or_else(absent)?;
        let absolute = directory.canonicalize().map_err(|error| {
            if error.kind() == io::ErrorKind::NotFound {
                absent()
            } else {
                SourceError::io("find", directory, error)
            }
        })?;
        Ok(Self {
            repository: open(&absolute)?,
            config,
            transfer,
        })
    }

    /// The references that lead to something, and what they point at: a commit, or a tag of one.
    ///
    /// # Errors
    ///
    /// - [`SourceError::Damaged`] if they cannot be listed.
    pub(super) fn heads(&self) -> Result<Vec<(String, Oid)>, SourceError> {
        let references = self
            .repository
            .references()
            .map_err(SourceError::damaged)?
            .chain([self.repository.find_reference("HEAD")])
            .flatten();
        let heads = references.filter_map(|reference| {
            let target = reference.resolve().ok()?.target()?;
            Some((reference.name().ok()?.to_owned(), target))
        });
        Ok(heads.collect())
    }

    /// Whether there is a commit, wherever references lead.
    ///
    /// # Errors
    ///
    /// - [`SourceError::Damaged`] if the objects cannot be looked at.
    pub(super) fn has(&self, commit: Oid) -> Result<bool, SourceError> {
        Ok(Objects::of(&self.repository)?.commit(commit).is_ok())
    }

    /// Copies what `target` leads to and `mirror` lacks, with so many commits along each line of its history.
    ///
    /// # Errors
    ///
    /// - [`SourceError::Damaged`] if an object is missing or cut off.
    /// - [`SourceError::Timeout`] and [`SourceError::TransferTooLarge`] at the limits.
    /// - [`SourceError::Git`] and [`SourceError::Io`] if the mirror cannot be written.
    pub(super) fn copy(
        &self,
        target: Oid,
        depth: i32,
        mirror: &Repository,
    ) -> Result<(), SourceError> {
        let held = Objects::of(mirror)?;
        let missing = Objects::of(&self.repository)?.reachable(
            target,
            usize::try_from(depth).unwrap_or(1),
            |id| held.has(id),
            || self.transfer.go_on(0),
        )?;
        if let Some(reason) = self.transfer.take_failure() {
            return Err(reason);
        }
        if missing.is_empty() {
            return Ok(());
        }
        self.pack(&missing, mirror)
            .map_err(|error| explain(&error, self.config, self.transfer))?;
        let commits = missing
            .iter()
            .filter(|(_, kind)| *kind == ObjectType::Commit);
        note_cut(mirror, commits.map(|(id, _)| *id))
    }

    /// Writes objects into a pack of the mirror, which is there as a whole or not at all.
    fn pack(&self, objects: &[(Oid, ObjectType)], mirror: &Repository) -> Result<(), git2::Error> {
        let mut pack = self.repository.packbuilder()?;
        pack.set_progress_callback(|_, _, _| self.transfer.go_on(0))?;
        for (id, _) in objects {
            pack.insert_object(*id, None)?;
        }
        let odb = mirror.odb()?;
        let mut writer = odb.packwriter()?;
        let (mut copied, mut refused) = (0, None);
        let sent = pack.foreach(|bytes| {
            tracing::trace!(target: "orloj::step", step = "fetch.receiving");
            copied += bytes.len() as u64;
            let written = writer.write_all(bytes);
            // What the mirror's side says is known to libgit2 alone, and only now.
            refused = written.is_err().then(|| git2::Error::last_error(-1));
            refused.is_none() && self.transfer.go_on(copied)
        });
        refused.map_or(sent, Err)?;
        writer.commit().map(drop)
    }
}

/// Notes in the mirror which commits have parents that are not there (Git's file `shallow`), now that these are.
///
/// # Errors
///
/// - [`SourceError::Damaged`] if a commit cannot be read, [`SourceError::Io`] if the file cannot be written.
fn note_cut(mirror: &Repository, new: impl Iterator<Item = Oid>) -> Result<(), SourceError> {
    let file = mirror.path().join("shallow");
    let before = fs::read_to_string(&file).unwrap_or_default();
    let noted = before.lines().filter_map(|line| Oid::from_str(line).ok());
    let objects = Objects::of(mirror)?;
    let odb = mirror.odb().map_err(SourceError::damaged)?;
    let mut cut = BTreeSet::new();
    for id in noted.chain(new) {
        let parents = parents(&objects, id)?.unwrap_or_default();
        if parents.into_iter().any(|parent| !odb.exists(parent)) {
            cut.insert(id);
        }
    }
    let lines: Vec<String> = cut.iter().map(ToString::to_string).collect();
    let after = lines.join("\n");
    let draft = file.with_extension("new");
    let written = if after == before.trim_end() {
        Ok(())
    } else if after.is_empty() {
        fs::remove_file(&file)
    } else {
        fs::write(&draft, after + "\n").and_then(|()| fs::rename(&draft, &file))
    };
    written.map_err(|error| SourceError::io("write", &file, error))
}
