//! What the served files say, kept read ahead for the next start. Nobody waits for it, and nothing depends on it.

use super::{cores, gather::SourceFile, live::Live, parts::Parts, reconciler::chain};
use crate::{
    manifest::ParsedFile,
    model::Digest,
    secrets::DataKey,
    store::{Decoded, DecodedBytes, DecodedEntry},
};
use std::{
    collections::HashMap,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

/// What needs no reading: by path, from the revision that is served, or read ahead by an earlier process.
#[derive(Default)]
pub(super) struct Known<'a> {
    served: Option<&'a Parts>,
    decoded: HashMap<&'a str, DecodedEntry<'a>>,
    /// Files that should have been known.
    missed: Mutex<Vec<SourceFile>>,
    /// Bytes of entries that were of use.
    used: AtomicU64,
}

impl<'a> Known<'a> {
    /// What is served.
    pub(super) fn served(parts: &'a Parts) -> Self {
        Self {
            served: Some(parts),
            ..Self::default()
        }
    }

    /// What an earlier process of the same build kept.
    pub(super) fn decoded(found: &'a mut DecodedBytes, key: &DataKey) -> Self {
        let blocks = cores::map(found.blocks(), 1, |block| block.open(key));
        let entries = blocks.into_iter().flatten();
        Self {
            decoded: entries.map(|entry| (entry.path, entry)).collect(),
            ..Self::default()
        }
    }

    /// The file at `path`, if it is known with this content.
    pub(super) fn file(&self, path: &str, content: &Arc<[u8]>) -> Option<SourceFile> {
        let served = self.served.and_then(|parts| parts.file(path));
        if let Some(file) = served.filter(|file| file.content == *content) {
            return Some(file.clone());
        }
        let entry = self.entry(path, content)?;
        let path = path.into();
        let parsed = ParsedFile::unpack(&path, entry.packed)?;
        let bytes = path.len() + entry.packed.len();
        self.used.fetch_add(bytes as u64, Ordering::Relaxed);
        Some(SourceFile {
            path,
            content: content.clone(),
            parsed: parsed.into(),
        })
    }

    /// Notes a file that was not known and had to be read.
    pub(super) fn miss(&self, file: &SourceFile) {
        if file.parsed.is_packable() {
            let missed = self.missed.lock();
            let mut missed = missed.unwrap_or_else(PoisonError::into_inner);
            missed.push(file.clone());
        }
    }

    fn entry(&self, path: &str, content: &[u8]) -> Option<&DecodedEntry<'a>> {
        let entry = self.decoded.get(path)?;
        (entry.content == Digest::of_bytes(content)).then_some(entry)
    }
}

/// The file in the data directory, brought up to date with what is served.
#[derive(Clone)]
pub struct DecodedFiles(Arc<Keeper>);

struct Keeper {
    written: Mutex<Written>,
    /// Whether somebody is about to bring it up to date.
    is_due: AtomicBool,
    /// Whether the start missed something in it.
    is_behind: AtomicBool,
}

struct Written {
    file: Decoded,
    /// What it holds, but for what was missed.
    parts: Parts,
    /// Files that the start looked for in vain.
    missed: Vec<SourceFile>,
}

impl DecodedFiles {
    /// Takes over the file of an earlier process, from which `parts` were restored with the help of `known`.
    pub(super) fn new(mut file: Decoded, parts: &Parts, known: Known<'_>) -> Self {
        file.needs(known.used.into_inner());
        let missed = known.missed.into_inner();
        let missed = missed.unwrap_or_else(PoisonError::into_inner);
        Self(Arc::new(Keeper {
            is_behind: AtomicBool::new(!missed.is_empty()),
            is_due: AtomicBool::default(),
            written: Mutex::new(Written {
                file,
                parts: parts.clone(),
                missed,
            }),
        }))
    }

    /// Whether the start missed something that has not been written since.
    pub(super) fn is_behind(&self) -> bool {
        self.0.is_behind.load(Ordering::Acquire)
    }

    /// Waits until nobody is about to bring it up to date.
    #[cfg(test)]
    pub(super) fn settle(&self) {
        loop {
            let _written = self.0.written.lock();
            if !self.0.is_due.load(Ordering::Acquire) {
                return;
            }
        }
    }

    /// Has somebody else bring it up to date with what is served then.
    pub(super) fn catch_up(&self, live: &Live, key: &Arc<DataKey>) {
        if self.0.is_due.swap(true, Ordering::AcqRel) {
            return;
        }
        let (keeper, live, key) = (self.0.clone(), live.clone(), key.clone());
        drop(tokio::task::spawn_blocking(move || {
            keeper.write(&live, &key);
        }));
    }
}

impl Keeper {
    fn write(&self, live: &Live, key: &DataKey) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever asks from now on may ask for something newer.
        self.is_due.store(false, Ordering::Release);
        self.is_behind.store(false, Ordering::Release);
        if let Err(error) = written.catch_up(&live.pin().inputs.parts, key) {
            tracing::warn!(
                error = chain(&error),
                "what the served files say is not kept; the next start takes longer"
            );
        }
    }
}

impl Written {
    fn catch_up(&mut self, parts: &Parts, key: &DataKey) -> io::Result<()> {
        let edits = parts.edits_since(&self.parts);
        self.parts = parts.clone();
        let changed = edits.iter().filter_map(|edit| parts.file(&edit.path));
        let mut files = std::mem::take(&mut self.missed);
        files.extend(changed.cloned());
        if self.file.is_long() {
            self.file.clear();
            files = parts.files().cloned().collect();
        }
        if files.is_empty() {
            return Ok(());
        }
        let entries = files.iter().filter_map(|file| {
            let packed = file.parsed.pack(&file.path)?;
            Some((&*file.path, Digest::of_bytes(&file.content), packed))
        });
        let written = self.file.append(key, entries);
        if written.is_err() {
            // All of it is written the next time.
            self.parts = Parts::default();
        }
        written
    }
}
