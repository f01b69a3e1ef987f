//! The last good revision as one file, to serve from before anything else is touched.
//!
//! Layout: eight bytes of magic and the version as four little-endian bytes, in clear; then AES-256-GCM
//! over the rest, bound to those twelve bytes, so that the tag is the file's checksum. Inside: the length
//! of the index as eight little-endian bytes, the index as JSON, and the contents one behind the other.

use super::atomic_file;
use crate::secrets::{CipherError, DataKey, Opened};
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// What the file is called in the data directory.
pub const LAST_GOOD_FILE: &str = "last-good";

const MAGIC: &[u8; 8] = b"ORLOJ-LG";
const VERSION: u32 = 1;
const PREFIX_BYTES: usize = MAGIC.len() + 4;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const LENGTH_BYTES: usize = 8;

/// The commit of a kept revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptCommit {
    /// Its id.
    pub id: String,
    /// The author's name.
    pub author: String,
    /// The author's address.
    pub email: String,
    /// When it was committed, in microseconds since 1970 (UTC).
    pub time_us: i64,
    /// The first line of its message.
    pub summary: String,
}

/// Everything needed to serve a revision again.
#[derive(Default)]
pub struct LastGood {
    /// What `x-orloj-revision` carries.
    pub revision_id: String,
    /// The commit, if it came from Git.
    pub commit: Option<KeptCommit>,
    /// Its number in the history; the parent of the next one.
    pub seq: i64,
    /// The generation of the unmanaged resources it includes.
    pub unmanaged_generation: i64,
    /// The digest of the whole catalog.
    pub config_digest: String,
    /// The manifests from Git: path and content.
    pub files: Vec<(String, Vec<u8>)>,
    /// The manifests that people sent.
    pub unmanaged: Vec<Opened>,
}

/// All but the contents.
#[derive(Serialize, Deserialize)]
struct Index {
    revision_id: String,
    commit: Option<KeptCommit>,
    seq: i64,
    unmanaged_generation: i64,
    config_digest: String,
    /// Path and length in bytes.
    files: Vec<(String, usize)>,
    /// Lengths in bytes.
    unmanaged: Vec<usize>,
}

/// Replaces the last good revision in `dir`, durably and as a whole (mode 0600).
///
/// # Errors
///
/// - [`LastGoodError::Write`] if the file system refuses; the one before is then still there.
/// - [`LastGoodError::Encode`], [`LastGoodError::Cipher`] if it cannot be put into bytes.
pub fn write_last_good(
    dir: &Path,
    key: &DataKey,
    revision: &LastGood,
) -> Result<(), LastGoodError> {
    let path = dir.join(LAST_GOOD_FILE);
    let index =
        serde_json::to_vec(&index_of(revision)).map_err(|source| LastGoodError::Encode {
            path: path.clone(),
            source,
        })?;
    let contents = revision.files.iter().map(|(_, content)| content.as_slice());
    let unmanaged = revision.unmanaged.iter().map(Opened::expose_bytes);
    let contents: Vec<&[u8]> = contents.chain(unmanaged).collect();
    let size: usize = contents.iter().map(|content| content.len()).sum();
    let overhead = PREFIX_BYTES + NONCE_BYTES + LENGTH_BYTES + TAG_BYTES;
    // Exact, because a buffer that grows leaves copies of plaintext behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(overhead + index.len() + size));
    bytes.extend_from_slice(&prefix());
    bytes.extend_from_slice(&[0; NONCE_BYTES]);
    bytes.extend_from_slice(&(index.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&index);
    for content in contents {
        bytes.extend_from_slice(content);
    }
    key.encrypt_in_place(&prefix(), &mut bytes, PREFIX_BYTES)
        .map_err(|source| LastGoodError::Cipher {
            path: path.clone(),
            source,
        })?;
    atomic_file::replace(dir, LAST_GOOD_FILE, &bytes)
        .map_err(|source| LastGoodError::Write { path, source })
}

/// Reads the last good revision in `dir`; `None` if none was ever written.
///
/// # Errors
///
/// - [`LastGoodError::Read`] if the file system refuses.
/// - [`LastGoodError::NotOurs`], [`LastGoodError::Version`] if it is another file, or a newer version's.
/// - [`LastGoodError::Cipher`] if the key does not fit or any byte was changed.
/// - [`LastGoodError::Damaged`] if what was encrypted makes no sense.
pub fn read_last_good(dir: &Path, key: &DataKey) -> Result<Option<LastGood>, LastGoodError> {
    let path = dir.join(LAST_GOOD_FILE);
    let mut bytes = match fs::read(&path) {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(LastGoodError::Read { path, source }),
    };
    let Some((start, sealed)) = bytes.split_at_mut_checked(PREFIX_BYTES) else {
        return Err(LastGoodError::NotOurs { path });
    };
    let Some(version) = start.strip_prefix(MAGIC.as_slice()) else {
        return Err(LastGoodError::NotOurs { path });
    };
    if version != VERSION.to_le_bytes() {
        return Err(LastGoodError::Version { path });
    }
    let plaintext = match key.decrypt_in_place(&prefix(), sealed) {
        Ok(plaintext) => plaintext,
        Err(source) => return Err(LastGoodError::Cipher { path, source }),
    };
    decode(plaintext)
        .map(Some)
        .ok_or(LastGoodError::Damaged { path })
}

fn prefix() -> [u8; PREFIX_BYTES] {
    let mut prefix = [0; PREFIX_BYTES];
    let (magic, version) = prefix.split_at_mut(MAGIC.len());
    magic.copy_from_slice(MAGIC);
    version.copy_from_slice(&VERSION.to_le_bytes());
    prefix
}

fn index_of(revision: &LastGood) -> Index {
    let files = revision.files.iter();
    let unmanaged = revision.unmanaged.iter();
    Index {
        revision_id: revision.revision_id.clone(),
        commit: revision.commit.clone(),
        seq: revision.seq,
        unmanaged_generation: revision.unmanaged_generation,
        config_digest: revision.config_digest.clone(),
        files: files
            .map(|(path, content)| (path.clone(), content.len()))
            .collect(),
        unmanaged: unmanaged
            .map(|document| document.expose_bytes().len())
            .collect(),
    }
}

/// Takes a decrypted file apart; `None` if the lengths do not add up.
fn decode(plaintext: &[u8]) -> Option<LastGood> {
    let (length, rest) = plaintext.split_first_chunk::<LENGTH_BYTES>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let (index, mut rest) = rest.split_at_checked(length)?;
    let index: Index = serde_json::from_slice(index).ok()?;
    let mut take = |length: usize| {
        let (content, tail) = rest.split_at_checked(length)?;
        rest = tail;
        Some(content.to_vec())
    };
    let mut files = Vec::with_capacity(index.files.len());
    for (path, length) in index.files {
        files.push((path, take(length)?));
    }
    let mut unmanaged = Vec::with_capacity(index.unmanaged.len());
    for length in index.unmanaged {
        unmanaged.push(Opened::new(take(length)?));
    }
    rest.is_empty().then_some(LastGood {
        revision_id: index.revision_id,
        commit: index.commit,
        seq: index.seq,
        unmanaged_generation: index.unmanaged_generation,
        config_digest: index.config_digest,
        files,
        unmanaged,
    })
}

/// Why the last good revision was not written or read.
#[derive(Debug, thiserror::Error)]
pub enum LastGoodError {
    /// The file cannot be read.
    #[error("failed to read the last good revision from `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("failed to write the last good revision to `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// The revision cannot be put into words.
    #[error("failed to encode the last good revision for `{}`", path.display())]
    Encode {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Another program's file, or the start of ours is damaged.
    #[error("`{}` is not a last good revision", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// Another version's file.
    #[error("`{}` was written by another version of orloj", path.display())]
    Version {
        /// The file.
        path: PathBuf,
    },
    /// The key does not fit, or the file was changed.
    #[error("failed to use the data key on the last good revision `{}`", path.display())]
    Cipher {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: CipherError,
    },
    /// It decrypts, and what is in it does not add up.
    #[error("the last good revision `{}` is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}
