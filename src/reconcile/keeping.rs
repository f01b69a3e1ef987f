//! What the journal is given of a revision that goes live.

use super::{parts::Part, served::Served};
use crate::store::{KeptChange, KeptCommit, KeptRevision, KeptSource};

impl Served {
    /// What the journal needs to hold of a revision that has this number in the history, when it holds
    /// `before`, or nothing.
    pub(super) fn change_since<'a>(&'a self, before: Option<&'a Self>, seq: i64) -> KeptChange<'a> {
        let files = match before {
            Some(before) => self.files_since(before),
            None => {
                let files = self.inputs.parts.files();
                files
                    .map(|file| (&*file.path, Some(&*file.content)))
                    .collect()
            }
        };
        let generation = self.inputs.unmanaged_generation;
        let same_set = before.is_some_and(|one| one.inputs.unmanaged_generation == generation);
        let unmanaged = self.inputs.unmanaged.iter();
        KeptChange {
            revision: KeptRevision {
                revision_id: self.revision.clone(),
                commit: self.inputs.parts.only().and_then(kept),
                sources: self.kept_sources(),
                seq,
                unmanaged_generation: generation,
                config_digest: self.digest.to_string(),
            },
            whole: before.is_none(),
            files,
            unmanaged: (!same_set)
                .then(|| unmanaged.map(|file| file.document.expose_bytes()).collect()),
        }
    }

    /// The files from Git that are not as in `before`.
    fn files_since<'a>(&'a self, before: &'a Self) -> Vec<(&'a str, Option<&'a [u8]>)> {
        let (new, old) = (&self.inputs.parts, &before.inputs.parts);
        let changed = new.edits_since(old).into_iter();
        let found = changed.filter_map(|edit| match new.file(&edit.path) {
            Some(file) => Some((&*file.path, Some(&*file.content))),
            None => Some((&*old.file(&edit.path)?.path, None)),
        });
        found.collect()
    }

    /// The sources and their commits, where they have names.
    fn kept_sources(&self) -> Vec<KeptSource> {
        let named = self.inputs.parts.iter();
        let named = named.filter(|part| !part.files.label.is_empty());
        named
            .map(|part| KeptSource {
                name: part.name.to_string(),
                commit: kept(part),
            })
            .collect()
    }
}

fn kept(part: &Part) -> Option<KeptCommit> {
    let commit = part.commit()?;
    Some(KeptCommit {
        id: commit.id.to_string(),
        author: commit.author.clone(),
        email: commit.email.clone(),
        time_us: commit.time_us,
        summary: commit.summary.clone(),
        signer: part.files.signer.clone(),
    })
}
