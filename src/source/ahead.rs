//! Reads files of a directory on all cores, ahead of the walk that judges them one by one.

use super::Limits;
use std::{
    ffi::OsString,
    fs::File,
    io::{self, Read as _},
    num::NonZero,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

/// Below this many files, threads cost more than they save.
const FILES_PER_THREAD: usize = 16;

/// Bytes that are read ahead of being judged (16 MiB); what follows waits for its turn.
const MAX_BYTES: u64 = 16 << 20;

/// A file's size, and its content if that is not too long.
type Read = io::Result<(u64, Vec<u8>)>;

/// Files read ahead, in the order of their names.
#[derive(Default)]
pub(super) struct Ahead<'n> {
    files: std::vec::IntoIter<(&'n OsString, Read)>,
}

impl<'n> Ahead<'n> {
    /// Entries of a directory that are looked at together.
    pub(super) const ENTRIES: usize = 256;

    /// Reads files of `directory`, if there are enough of them. The walk asks for them in the same order.
    pub(super) fn read(directory: &Path, names: &[&'n OsString], limits: &Limits) -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let threads = cores.min(names.len() / FILES_PER_THREAD);
        if threads < 2 {
            return Self::default();
        }
        let (most, total) = (limits.max_file_bytes, AtomicU64::new(0));
        let share = |names: &[&'n OsString]| -> Vec<_> {
            let names = names.iter().copied();
            names
                .map_while(|name| {
                    let within = total.load(Ordering::Relaxed) < MAX_BYTES;
                    let read = within.then(|| read_file(&directory.join(name), most))?;
                    let bytes = read.as_ref().map_or(0, |(_, bytes)| bytes.len() as u64);
                    total.fetch_add(bytes, Ordering::Relaxed);
                    Some((name, read))
                })
                .collect()
        };
        let mut shares = names.chunks(names.len().div_ceil(threads));
        let own = shares.next().unwrap_or_default();
        let files = thread::scope(|scope| {
            let share = &share;
            let others: Vec<_> = shares
                .map(|names| scope.spawn(move || share(names)))
                .collect();
            let mut files = share(own);
            for other in others {
                // A reader cannot panic on input; if one does, the panic goes on here.
                let read = other.join();
                files.extend(read.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            files
        });
        Self {
            files: files.into_iter(),
        }
    }

    /// What was read of a file, if it was.
    pub(super) fn take(&mut self, name: &OsString) -> Option<Read> {
        while let Some((next, _)) = self.files.as_slice().first() {
            if *next > name {
                return None;
            }
            let (next, read) = self.files.next()?;
            if next == name {
                return Some(read);
            }
        }
        None
    }
}

/// A file's size, and its content if that is at most `most` bytes.
pub(super) fn read_file(on_disk: &Path, most: u64) -> Read {
    let file = File::open(on_disk)?;
    let expected = file.metadata()?.len();
    let mut bytes = Vec::new();
    if expected <= most {
        // Room for one byte more, to see the end without asking for more room.
        bytes.reserve(usize::try_from(expected).unwrap_or_default() + 1);
        // One byte more than allowed shows that the file grew since.
        file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    }
    Ok((expected.max(bytes.len() as u64), bytes))
}
