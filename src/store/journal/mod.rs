//! The last revisions in one file: the newest is served before anything else is touched, and an older one
//! can be gone back to.
//!
//! The first entry holds a whole revision, each further one what changed, so that going live costs what a
//! commit changes. An entry that a crash cut off is not there; damage anywhere else is an error.

mod frame;
mod record;
mod reseal;

use super::{
    KeptChange, KeptRevision, LastGood, LastGoodError, Retention, atomic_file, step::step,
};
use crate::secrets::DataKey;
use frame::{Foreign, PREFIX_BYTES, Tag};
use record::State;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    thread,
};
use zeroize::Zeroizing;

/// What the file is called in the data directory.
pub const LAST_GOOD_FILE: &str = "last-good";

/// With so many times more entries than revisions are to be kept, the oldest are joined.
const ENTRIES_PER_KEPT: usize = 3;

/// Entries of changes may grow to the size of the whole one and this, in bytes.
const ROOM_FOR_CHANGES: u64 = 8 << 20;

/// The file, and what is known of it.
pub struct Journal {
    dir: PathBuf,
    /// At least so many of the newest revisions can be gone back to.
    keep: usize,
    /// The revisions it holds, oldest first.
    kept: Vec<KeptRevision>,
    /// The tag of the newest entry.
    tag: Tag,
    /// Where the newest entry ends; what is behind was cut off by a crash.
    end: u64,
    /// Where the first entry ends.
    first_end: u64,
}

impl Journal {
    /// Reads the file in `dir`, which may not be there yet, and the newest revision in it.
    ///
    /// # Errors
    ///
    /// - [`LastGoodError::Read`] if the file system refuses.
    /// - [`LastGoodError::NotOurs`], [`LastGoodError::Version`] if it is another file, or another version's.
    /// - [`LastGoodError::Cipher`] if the key does not fit or an entry other than the last was changed.
    /// - [`LastGoodError::Damaged`] if what was encrypted makes no sense.
    pub fn open(dir: &Path, key: &DataKey) -> Result<(Self, Option<LastGood>), LastGoodError> {
        let mut journal = Self {
            dir: dir.to_owned(),
            keep: Retention::default().revisions,
            kept: Vec::new(),
            tag: Tag::default(),
            end: 0,
            first_end: 0,
        };
        let Some(mut bytes) = journal.read()? else {
            return Ok((journal, None));
        };
        let mut state = State::default();
        for entry in journal.entries(key, &mut bytes)? {
            journal.play(&mut state, entry.plaintext)?;
            journal.kept.push(state.revision.clone());
            journal.tag = entry.tag;
            journal.end = entry.end;
            if journal.kept.len() == 1 {
                journal.first_end = entry.end;
            }
        }
        // Wiping takes a while, and nobody is to wait for it.
        drop(thread::Builder::new().spawn(move || drop(bytes)));
        Ok((journal, Some(state.into_last_good())))
    }

    /// The same, with another number of revisions that can be gone back to; one at least.
    #[must_use]
    pub fn keeping(self, revisions: usize) -> Self {
        let keep = revisions.max(1);
        Self { keep, ..self }
    }

    /// The revisions that can be gone back to, oldest first; the last is the newest one.
    pub fn kept(&self) -> &[KeptRevision] {
        &self.kept
    }

    /// Adds a revision, durably. The first one must be whole.
    ///
    /// # Errors
    ///
    /// - [`LastGoodError::Write`] if the file system refuses; the one before is then still the newest. If
    ///   somebody took the file away or cut it, nothing is kept any more: the next one must be whole.
    /// - [`LastGoodError::Encode`], [`LastGoodError::Cipher`] if it cannot be put into bytes.
    pub fn append(&mut self, key: &DataKey, change: &KeptChange<'_>) -> Result<(), LastGoodError> {
        let number = self.kept.len();
        if number == 0 {
            let (mut bytes, tag) = self.sealed(key, (0, &Tag::default()), PREFIX_BYTES, change)?;
            self.replace(&mut bytes)?;
            (self.tag, self.end) = (tag, bytes.len() as u64);
            self.first_end = self.end;
        } else {
            let (bytes, tag) = self.sealed(key, (number, &self.tag), 0, change)?;
            let file = self.open_at_end();
            let mut file = file.map_err(|source| {
                self.kept.clear();
                self.not_written(source)
            })?;
            let written = append_durably(&mut file, &bytes);
            written.map_err(|source| self.not_written(source))?;
            self.tag = tag;
            self.end += bytes.len() as u64;
        }
        self.kept.push(change.revision.clone());
        Ok(())
    }

    /// Whether [`Journal::tidy`] has something to do.
    pub fn is_long(&self) -> bool {
        let changes = self.end - self.first_end;
        let spare = self.kept.len() > self.keep;
        let most = self.keep.saturating_mul(ENTRIES_PER_KEPT);
        self.kept.len() > most || spare && changes > self.first_end + ROOM_FOR_CHANGES
    }

    /// Joins the oldest entries to one, so that as many are left as are to be kept. Costs what a revision holds.
    ///
    /// # Errors
    ///
    /// As [`Journal::open`] and [`Journal::append`]; the file is then as it was.
    pub fn tidy(&mut self, key: &DataKey) -> Result<(), LastGoodError> {
        let oldest = self.kept.len().saturating_sub(self.keep);
        let Some(mut bytes) = self.read()? else {
            return Ok(());
        };
        let entries = self.all_entries(key, &mut bytes)?;
        let Some((joined, rest)) = entries.split_at_checked(oldest + 1) else {
            return Ok(());
        };
        let mut state = State::default();
        for entry in joined {
            self.play(&mut state, entry.plaintext)?;
        }
        let whole = state.as_whole();
        let (mut tidied, mut tag) = self.sealed(key, (0, &Tag::default()), PREFIX_BYTES, &whole)?;
        let first_end = tidied.len() as u64;
        for (number, entry) in rest.iter().enumerate() {
            let mut frame = frame::reserve(0, entry.plaintext.len());
            frame.extend_from_slice(entry.plaintext);
            tag = self.seal(key, (number + 1, &tag), 0, &mut frame)?;
            // Sealed bytes only: what a buffer that grows leaves behind is no plaintext.
            tidied.extend_from_slice(&frame);
        }
        self.replace(&mut tidied)?;
        self.kept.drain(..oldest);
        (self.tag, self.end, self.first_end) = (tag, tidied.len() as u64, first_end);
        Ok(())
    }

    /// Reads one of the kept revisions again, by its number in the history; `None` if it is not kept.
    ///
    /// # Errors
    ///
    /// As [`Journal::open`].
    pub fn revision(&self, key: &DataKey, seq: i64) -> Result<Option<LastGood>, LastGoodError> {
        let position = self.kept.iter().rposition(|kept| kept.seq == seq);
        let (Some(position), Some(mut bytes)) = (position, self.read()?) else {
            return Ok(None);
        };
        let mut state = State::default();
        for entry in self.all_entries(key, &mut bytes)?.iter().take(position + 1) {
            self.play(&mut state, entry.plaintext)?;
        }
        Ok(Some(state.into_last_good()))
    }

    fn play(&self, state: &mut State, entry: &[u8]) -> Result<(), LastGoodError> {
        let damaged = || LastGoodError::Damaged { path: self.path() };
        state.play(entry).ok_or_else(damaged)
    }

    /// Reads the whole file, if it is there.
    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, LastGoodError> {
        let path = self.path();
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(LastGoodError::Read { path, source }),
        }
    }

    /// Opens every entry in place. A last one that is not whole is left out: a crash cut it off, and the
    /// one before it was served then.
    fn entries<'a>(
        &self,
        key: &DataKey,
        bytes: &'a mut [u8],
    ) -> Result<Vec<Entry<'a>>, LastGoodError> {
        let path = || self.path();
        let whole = bytes.len();
        let mut rest = frame::behind_prefix(bytes).map_err(|foreign| match foreign {
            Foreign::NotOurs => LastGoodError::NotOurs { path: path() },
            Foreign::Version => LastGoodError::Version { path: path() },
        })?;
        let mut entries: Vec<Entry<'a>> = Vec::new();
        let mut tag = Tag::default();
        while !rest.is_empty() {
            let Some(frame) = frame::take(rest) else {
                break;
            };
            let is_last = frame.rest.is_empty();
            match frame::open(key, (entries.len(), &tag), frame.sealed) {
                Ok((plaintext, sealed_tag)) => {
                    (tag, rest) = (sealed_tag, frame.rest);
                    let end = (whole - rest.len()) as u64;
                    entries.push(Entry {
                        plaintext,
                        tag,
                        end,
                    });
                }
                Err(_) if is_last && !entries.is_empty() => break,
                Err(source) => {
                    return Err(LastGoodError::Cipher {
                        path: path(),
                        source,
                    });
                }
            }
        }
        if entries.is_empty() {
            return Err(LastGoodError::Damaged { path: path() });
        }
        Ok(entries)
    }

    /// Opens every entry of a file that is known to be whole: one that seems to be cut off is damage here.
    fn all_entries<'a>(
        &self,
        key: &DataKey,
        bytes: &'a mut [u8],
    ) -> Result<Vec<Entry<'a>>, LastGoodError> {
        // What a failed write left behind the newest entry is not part of it.
        let end = usize::try_from(self.end).unwrap_or(usize::MAX);
        let damaged = || LastGoodError::Damaged { path: self.path() };
        let bytes = bytes.get_mut(..end).ok_or_else(damaged)?;
        let entries = self.entries(key, bytes)?;
        if entries.len() == self.kept.len() {
            Ok(entries)
        } else {
            Err(damaged())
        }
    }

    fn sealed(
        &self,
        key: &DataKey,
        place: (usize, &Tag),
        start: usize,
        change: &KeptChange<'_>,
    ) -> Result<(Zeroizing<Vec<u8>>, Tag), LastGoodError> {
        let reserve = |size| frame::reserve(start, size);
        let encoded = record::encode(change, reserve);
        let mut bytes = encoded.map_err(|source| LastGoodError::Encode {
            path: self.path(),
            source,
        })?;
        let tag = self.seal(key, place, start, &mut bytes)?;
        Ok((bytes, tag))
    }

    fn seal(
        &self,
        key: &DataKey,
        place: (usize, &Tag),
        start: usize,
        bytes: &mut Vec<u8>,
    ) -> Result<Tag, LastGoodError> {
        let sealed = frame::seal(key, place, start, bytes);
        sealed.map_err(|source| LastGoodError::Cipher {
            path: self.path(),
            source,
        })
    }

    /// Writes a new file in place of the one before. The start of `bytes` is room for the prefix.
    fn replace(&self, bytes: &mut [u8]) -> Result<(), LastGoodError> {
        for (byte, prefix) in bytes.iter_mut().zip(frame::prefix()) {
            *byte = prefix;
        }
        let replaced = atomic_file::replace(&self.dir, LAST_GOOD_FILE, bytes);
        replaced.map_err(|source| self.not_written(source))
    }

    /// The file where the newest entry ends, without what a failed write may have left behind it.
    fn open_at_end(&self) -> io::Result<File> {
        let mut file = OpenOptions::new().write(true).open(self.path())?;
        if file.metadata()?.len() < self.end {
            return Err(io::Error::other("somebody cut the file"));
        }
        file.set_len(self.end)?;
        file.seek(SeekFrom::Start(self.end))?;
        Ok(file)
    }

    fn path(&self) -> PathBuf {
        self.dir.join(LAST_GOOD_FILE)
    }

    fn not_written(&self, source: io::Error) -> LastGoodError {
        let path = self.path();
        LastGoodError::Write { path, source }
    }
}

fn append_durably(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    atomic_file::write_in_halves(file, "journal", bytes)?;
    step("journal.written");
    file.sync_data()?;
    step("journal.synced");
    Ok(())
}

/// One entry of the file, opened.
struct Entry<'a> {
    plaintext: &'a [u8],
    tag: Tag,
    /// Where it ends in the file.
    end: u64,
}
