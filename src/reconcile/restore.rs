//! Serving the last good revision again, before any network or database is touched.

use super::{
    gather::{SourceFile, SourceFileMap, SourceFiles},
    live::Live,
    prepare::{Closed, Prepared, prepare},
    reconciler::now_us,
    served::{Inputs, Served, UnmanagedFile},
    settings::ReconcileSettings,
};
use crate::{
    manifest::{ClearTextPolicy, parse_kept_file},
    secrets::DataKey,
    source::{Commit, CommitId},
    store::{DataDir, Journal, LastGood, LastGoodError},
};

impl Live {
    /// Starts from the last good revision of a data directory, or with nothing if there is none; the journal
    /// goes to the reconciler.
    ///
    /// It was judged when it went live and is not judged again: what a newer version would refuse comes
    /// as findings of the served revision, and a secret that no key opens makes its endpoints not ready.
    ///
    /// # Errors
    ///
    /// - [`LastGoodError`] if the file is there and cannot be read.
    pub fn restore(
        data_dir: &DataDir,
        key: &DataKey,
        settings: &ReconcileSettings,
    ) -> Result<(Self, Journal), LastGoodError> {
        let (journal, last_good) = Journal::open(data_dir.path(), key)?;
        let Some(last_good) = last_good else {
            return Ok((Self::new(Served::nothing()), journal));
        };
        let revision = last_good.revision.revision_id.clone();
        let inputs = kept_inputs(last_good, &SourceFileMap::default());
        let mut options = settings.review;
        options.clear_text = ClearTextPolicy::Warn;
        let review = inputs.review(&Served::nothing(), options);
        let before = Served::nothing();
        let prepared = prepare(
            revision,
            review,
            inputs,
            settings,
            &before,
            now_us(),
            Closed::Degrades,
        );
        let live = match prepared {
            Ok(Prepared(served)) => Self::new(served),
            Err(_) => Self::new(Served::nothing()),
        };
        Ok((live, journal))
    }
}

/// What a kept revision was made of; files that `known` has are not parsed again.
pub(super) fn kept_inputs(last_good: LastGood, known: &SourceFileMap) -> Inputs {
    let files = last_good.files.into_iter().map(|(path, content)| {
        if let Some(file) = known.get(&*path).filter(|file| *file.content == *content) {
            return file.clone();
        }
        let path = path.into();
        let parsed = parse_kept_file(&path, &content).into();
        SourceFile {
            path,
            content: content.into(),
            parsed,
        }
    });
    let commit = last_good.revision.commit.and_then(|kept| {
        Some(Commit {
            id: CommitId::parse(&kept.id)?,
            author: kept.author,
            email: kept.email,
            time_us: kept.time_us,
            summary: kept.summary,
        })
    });
    let mut unmanaged = Vec::new();
    let mut findings = Vec::new();
    for document in last_good.unmanaged {
        let parsed = parse_kept_file(&"unmanaged".into(), document.expose_bytes());
        match parsed.resources.first() {
            Some(resource) => unmanaged.push(UnmanagedFile::kept(resource.id.clone(), document)),
            // A stricter version cannot read it; nobody is to wonder where it went.
            None => findings.extend(parsed.findings),
        }
    }
    Inputs {
        source: SourceFiles::of(commit, files, findings),
        unmanaged,
        unmanaged_generation: last_good.revision.unmanaged_generation,
    }
}
