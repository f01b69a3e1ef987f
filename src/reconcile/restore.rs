//! Serving the last good revision again, before any network or database is touched.

use super::{
    cores,
    decoded::{DecodedFiles, Known},
    gather::{SourceFile, SourceFiles},
    live::Live,
    opening::{OpenedSecrets, open_ahead},
    parts::{Part, Parts, Stand},
    prepare::{Closed, Prepared, prepare},
    put_off::{put_off, sent_secrets},
    reconciler::now_us,
    served::{Inputs, Served, UnmanagedFile},
    settings::ReconcileSettings,
};
use crate::{
    manifest::{ClearTextPolicy, parse_kept_file, reader_stamp},
    secrets::DataKey,
    source::{Commit, CommitId, DEFAULT_SOURCE},
    store::{
        DataDir, Decoded, Journal, KeptCommit, KeptRevision, KeptSource, LastGood, LastGoodError,
    },
};
use std::{sync::Arc, thread};

/// Below this many files, threads cost more than they save.
const FILES_PER_THREAD: usize = 64;

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
    ) -> Result<(Self, Journal, DecodedFiles), LastGoodError> {
        let mut found = None;
        let place = &mut found;
        let (read, (decoded, known)) = both(
            || Journal::open(data_dir.path(), key),
            move || {
                let (decoded, found) = Decoded::open(data_dir.path(), &reader_stamp());
                (decoded, Known::decoded(place.insert(found), key))
            },
        );
        let (journal, last_good) = read?;
        let journal = journal.keeping(settings.retention.revisions);
        let Some(last_good) = last_good else {
            let decoded = DecodedFiles::new(decoded, &Parts::default(), known);
            return Ok((Self::new(Served::nothing()), journal, decoded));
        };
        let revision = last_good.revision.revision_id.clone();
        let inputs = kept_inputs(last_good, &known);
        let decoded = DecodedFiles::new(decoded, &inputs.parts, known);
        // Giving much memory back takes a while too.
        drop(thread::Builder::new().spawn(move || drop(found)));
        let mut options = settings.review;
        options.clear_text = ClearTextPolicy::Warn;
        let resources = || inputs.parts.files().flat_map(|file| &file.parsed.resources);
        let (mut checked, ahead) = both(
            || inputs.check(options),
            || {
                let sent = sent_secrets(resources());
                open_ahead(&settings.keyring, resources().map(|one| &**one), &sent)
            },
        );
        let waiting = put_off(&mut checked);
        let before = Served {
            opened: OpenedSecrets::after(ahead),
            ..Served::nothing()
        };
        let prepared = prepare(
            revision,
            checked,
            inputs,
            settings,
            &before,
            now_us(),
            Closed::Degrades,
        );
        let live = match prepared {
            Ok(Prepared(mut served)) => {
                served.opened.put_off(waiting);
                Self::new(served)
            }
            Err(_) => Self::new(Served::nothing()),
        };
        Ok((live, journal, decoded))
    }
}

/// Does one thing here and another on another core.
fn both<H, A: Send>(here: impl FnOnce() -> H, aside: impl FnOnce() -> A + Send) -> (H, A) {
    thread::scope(|scope| {
        let aside = scope.spawn(aside);
        let done = here();
        // Neither can panic on input; if one does, the panic goes on here.
        let other = aside.join();
        let other = other.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (done, other)
    })
}

/// What a kept revision was made of; files that `known` has are not read again.
pub(super) fn kept_inputs(last_good: LastGood, known: &Known<'_>) -> Inputs {
    let mut unmanaged = Vec::new();
    let mut unread = Vec::new();
    for document in last_good.unmanaged {
        let parsed = parse_kept_file(&"unmanaged".into(), document.expose_bytes());
        match parsed.resources.first() {
            Some(resource) => unmanaged.push(UnmanagedFile::kept(resource.id.clone(), document)),
            // A stricter version cannot read it; nobody is to wonder where it went.
            None => unread.extend(parsed.findings),
        }
    }
    Inputs {
        parts: kept_parts(&last_good.revision, last_good.files, known),
        unmanaged,
        unmanaged_generation: last_good.revision.unmanaged_generation,
        unread,
    }
}

/// What each source of a kept revision said. `files` are sorted by path.
fn kept_parts(
    revision: &KeptRevision,
    files: Vec<(String, Arc<[u8]>)>,
    known: &Known<'_>,
) -> Parts {
    let mut sources: Vec<_> = revision.sources.iter().map(Source::named).collect();
    if sources.is_empty() && (revision.commit.is_some() || !files.is_empty()) {
        sources.push(Source::alone(revision));
    }
    let files = cores::map(files, FILES_PER_THREAD, |(path, content)| {
        kept_file(path, content, known)
    });
    for file in files {
        // No name holds a colon: a path begins with at most one label.
        let source = sources.iter_mut().find_map(|source| {
            let below = file.path.strip_prefix(&*source.label)?;
            let is_whole = below.len() == file.path.len();
            let below = if is_whole {
                file.path.clone()
            } else {
                below.into()
            };
            Some((source, below))
        });
        if let Some((source, below)) = source {
            source.files.push((below, file));
        }
    }
    sources.into_iter().map(Source::into_part).collect()
}

/// A source of a kept revision, with its files by path in the repository.
struct Source {
    name: Arc<str>,
    label: Arc<str>,
    commit: Option<Commit>,
    signer: Option<String>,
    files: Vec<(Arc<str>, SourceFile)>,
}

impl Source {
    fn alone(revision: &KeptRevision) -> Self {
        Self {
            name: DEFAULT_SOURCE.into(),
            label: "".into(),
            commit: revision.commit.as_ref().and_then(kept_commit),
            signer: signer(revision.commit.as_ref()),
            files: Vec::new(),
        }
    }

    fn named(kept: &KeptSource) -> Self {
        Self {
            name: kept.name.as_str().into(),
            label: format!("{}:", kept.name).into(),
            commit: kept.commit.as_ref().and_then(kept_commit),
            signer: signer(kept.commit.as_ref()),
            files: Vec::new(),
        }
    }

    fn into_part(self) -> Part {
        let files = SourceFiles {
            signer: self.signer,
            ..SourceFiles::kept(self.label, self.commit, self.files)
        };
        Part {
            name: self.name,
            files: Arc::new(files),
        }
    }
}

fn kept_file(path: String, content: Arc<[u8]>, known: &Known<'_>) -> SourceFile {
    if let Some(file) = known.file(&path, &content) {
        return file;
    }
    let path = path.into();
    let parsed = parse_kept_file(&path, &content).into();
    let file = SourceFile {
        path,
        content,
        parsed,
    };
    known.miss(&file);
    file
}

fn signer(kept: Option<&KeptCommit>) -> Option<String> {
    kept?.signer.clone()
}

fn kept_commit(kept: &KeptCommit) -> Option<Commit> {
    Some(Commit {
        id: CommitId::parse(&kept.id)?,
        author: kept.author.clone(),
        email: kept.email.clone(),
        time_us: kept.time_us,
        summary: kept.summary.clone(),
    })
}

/// Where the sources of a kept revision stood.
pub(super) fn kept_stand(revision: &KeptRevision) -> Stand {
    let id = |commit: &KeptCommit| CommitId::parse(&commit.id);
    if revision.sources.is_empty() {
        let commit = revision.commit.as_ref().and_then(id);
        return Stand::of([(DEFAULT_SOURCE.into(), commit)]);
    }
    let sources = revision.sources.iter();
    Stand::of(sources.map(|source| {
        let commit = source.commit.as_ref().and_then(id);
        (source.name.as_str().into(), commit)
    }))
}
