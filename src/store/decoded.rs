//! What the files of the last revision say, read ahead: a start takes it from here instead of reading them.
//!
//! A help and nothing more. The journal has the files themselves; what is not here, was written by another build
//! or is damaged is read from them, which takes longer. So nothing here is ever synced to the disk.
//!
//! Layout: magic and stamp in clear, then blocks: the length of what follows as eight little-endian bytes, then
//! nonce, ciphertext and tag of AES-256-GCM, with magic and stamp authenticated. Each block stands for itself.

use super::{atomic_file, step::step};
use crate::{
    model::{Digest, Packing, Unpacking},
    secrets::DataKey,
};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Seek as _, SeekFrom},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// What the file is called in the data directory.
pub const DECODED_FILE: &str = "decoded";

const MAGIC: &[u8; 8] = b"ORLOJ-DC";
const STAMP_BYTES: usize = 32;
const PREFIX_BYTES: usize = MAGIC.len() + STAMP_BYTES;
const LENGTH_BYTES: usize = 8;
const NONCE_BYTES: usize = 12;

/// Blocks are closed at this many bytes (256 KiB), so that there is one for each core to open.
const BLOCK_BYTES: usize = 256 << 10;

/// What is out of date may grow to the size of what is not and this, in bytes (1 MiB).
const ROOM_FOR_CHANGES: u64 = 1 << 20;

/// What one file says, and the digest of the content that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodedEntry<'a> {
    /// The file's path.
    pub path: &'a str,
    /// The digest of its content.
    pub content: Digest,
    /// What [`crate::manifest::ParsedFile::pack`] gave.
    pub packed: &'a [u8],
}

/// The file that is written to.
#[derive(Debug)]
pub struct Decoded {
    path: PathBuf,
    prefix: [u8; PREFIX_BYTES],
    /// Where the next block belongs; 0 if the file is to be begun anew.
    end: u64,
    /// Bytes that are not out of date, as far as known.
    needed: u64,
}

/// The file as it was found.
pub struct DecodedBytes {
    bytes: Vec<u8>,
    prefix: [u8; PREFIX_BYTES],
}

/// A block of the file as it was found.
pub struct SealedBlock<'a> {
    sealed: &'a mut [u8],
    prefix: [u8; PREFIX_BYTES],
}

impl Decoded {
    /// Reads the file in `dir`. One that is missing, unreadable or has another stamp is found empty.
    pub fn open(dir: &Path, stamp: &Digest) -> (Self, DecodedBytes) {
        let path = dir.join(DECODED_FILE);
        let mut prefix = [0; PREFIX_BYTES];
        let (magic, rest) = prefix.split_at_mut(MAGIC.len());
        magic.copy_from_slice(MAGIC);
        rest.copy_from_slice(stamp.as_bytes());
        let bytes = fs::read(&path).unwrap_or_default();
        let bytes = if bytes.starts_with(&prefix) {
            bytes
        } else {
            Vec::new()
        };
        let mut found = DecodedBytes { bytes, prefix };
        let whole = found
            .blocks()
            .iter()
            .map(|block| LENGTH_BYTES + block.sealed.len())
            .sum::<usize>();
        let end = if found.bytes.is_empty() {
            0
        } else {
            (PREFIX_BYTES + whole) as u64
        };
        let decoded = Self {
            path,
            prefix,
            end,
            needed: end,
        };
        (decoded, found)
    }

    /// Says how many bytes of entries are not out of date.
    pub fn needs(&mut self, bytes: u64) {
        self.needed = bytes;
    }

    /// Whether so much is out of date that the file is to be written anew.
    pub fn is_long(&self) -> bool {
        self.end > 2 * self.needed + ROOM_FOR_CHANGES
    }

    /// Forgets what the file holds: the next entries begin it anew.
    pub fn clear(&mut self) {
        (self.end, self.needed) = (0, 0);
    }

    /// Adds entries: path, digest of the content, and what it says. Of two with the same path the later counts.
    ///
    /// # Errors
    ///
    /// If the file system or the cipher refuses; the file is then as [`Decoded::clear`] leaves it.
    pub fn append<P: AsRef<str>>(
        &mut self,
        key: &DataKey,
        entries: impl IntoIterator<Item = (P, Digest, Vec<u8>)>,
    ) -> io::Result<()> {
        let is_new = self.end == 0;
        let written = self.write(key, entries);
        if written.is_err() {
            self.clear();
        } else if is_new {
            self.needed = self.end;
        }
        written
    }

    fn write<P: AsRef<str>>(
        &mut self,
        key: &DataKey,
        entries: impl IntoIterator<Item = (P, Digest, Vec<u8>)>,
    ) -> io::Result<()> {
        let mut file = self.open_at_end()?;
        let mut block = Packing::default();
        for (path, content, packed) in entries {
            block.text(path.as_ref());
            block.raw(content.as_bytes());
            block.bytes(&packed);
            if block.len() >= BLOCK_BYTES {
                self.add(&mut file, key, std::mem::take(&mut block))?;
            }
        }
        if !block.is_empty() {
            self.add(&mut file, key, block)?;
        }
        step("decoded.written");
        Ok(())
    }

    /// Without what a crash or a failed write left behind the last whole block.
    fn open_at_end(&mut self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(&self.path)?;
        if file.metadata()?.len() < self.end {
            return Err(io::Error::other("somebody cut the file"));
        }
        file.set_len(self.end)?;
        file.seek(SeekFrom::Start(self.end))?;
        if self.end == 0 {
            io::Write::write_all(&mut file, &self.prefix)?;
            self.end = PREFIX_BYTES as u64;
        }
        Ok(file)
    }

    fn add(&mut self, file: &mut File, key: &DataKey, block: Packing) -> io::Result<()> {
        let plaintext = block.finish();
        let mut bytes = vec![0; LENGTH_BYTES + NONCE_BYTES];
        bytes.extend_from_slice(&plaintext);
        let sealed = key.encrypt_in_place(&self.prefix, &mut bytes, LENGTH_BYTES);
        sealed.map_err(io::Error::other)?;
        let length = (bytes.len() - LENGTH_BYTES) as u64;
        for (byte, part) in bytes.iter_mut().zip(length.to_le_bytes()) {
            *byte = part;
        }
        atomic_file::write_in_halves(file, DECODED_FILE, &bytes)?;
        self.end += bytes.len() as u64;
        Ok(())
    }
}

impl DecodedBytes {
    /// Every whole block.
    pub fn blocks(&mut self) -> Vec<SealedBlock<'_>> {
        let mut blocks = Vec::new();
        let mut rest = self.bytes.get_mut(PREFIX_BYTES..).unwrap_or_default();
        while let Some((sealed, behind)) = take(rest) {
            blocks.push(SealedBlock {
                sealed,
                prefix: self.prefix,
            });
            rest = behind;
        }
        blocks
    }
}

/// Takes a block off the front; `None` if it is not all there.
fn take(bytes: &mut [u8]) -> Option<(&mut [u8], &mut [u8])> {
    let (length, rest) = bytes.split_first_chunk_mut::<LENGTH_BYTES>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    rest.split_at_mut_checked(length)
}

impl<'a> SealedBlock<'a> {
    /// The entries of the block; none if it was sealed with another key, or changed.
    pub fn open(self, key: &DataKey) -> Vec<DecodedEntry<'a>> {
        let Ok(plaintext) = key.decrypt_in_place(&self.prefix, self.sealed) else {
            return Vec::new();
        };
        let mut from = Unpacking::new(plaintext);
        let mut entries = Vec::new();
        while let Some(entry) = entry(&mut from) {
            entries.push(entry);
        }
        entries
    }
}

fn entry<'a>(from: &mut Unpacking<'a>) -> Option<DecodedEntry<'a>> {
    Some(DecodedEntry {
        path: from.text()?,
        content: Digest::from_bytes(from.raw(STAMP_BYTES)?.try_into().ok()?),
        packed: from.bytes()?,
    })
}
