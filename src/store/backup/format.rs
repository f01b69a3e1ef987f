//! The file's form: magic and version, the length of the list of parts as eight little-endian bytes, the list
//! as JSON, the parts one behind the other, and the SHA-256 of all of it.

use super::{BackupError, PARTS, error::io};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufReader, Read, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

const MAGIC: &[u8; 8] = b"ORLOJ-BK";
const VERSION: u32 = 1;
/// Longest list of parts that is read, in bytes.
const MAX_LIST_BYTES: u64 = 1 << 16;

/// What a backup holds.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Contents {
    /// The version of the program that made it.
    pub(super) made_by: String,
    /// When, in microseconds since 1970 (UTC).
    pub(super) made_us: i64,
    pub(super) parts: Vec<Part>,
}

/// One file of the data directory.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) bytes: u64,
}

/// Writes a backup of the parts, whose lengths `contents` names.
pub(super) fn write(
    out: &mut impl Write,
    contents: &Contents,
    parts: Vec<Box<dyn Read>>,
) -> io::Result<()> {
    let mut out = Summed {
        inner: out,
        sum: Sha256::new(),
    };
    let list = serde_json::to_vec(contents)?;
    out.write_all(MAGIC)?;
    out.write_all(&VERSION.to_le_bytes())?;
    out.write_all(&(list.len() as u64).to_le_bytes())?;
    out.write_all(&list)?;
    for (part, mut content) in contents.parts.iter().zip(parts) {
        if io::copy(&mut content, &mut out)? != part.bytes {
            return Err(io::Error::other("a file changed while it was read"));
        }
    }
    let sum = out.sum.finalize();
    out.inner.write_all(&sum)
}

/// A backup that is read from its start; nothing of it counts before [`Reading::finish`].
pub(super) struct Reading {
    path: PathBuf,
    file: Summed<BufReader<File>>,
    pub(super) contents: Contents,
}

impl Reading {
    /// Reads the list of parts.
    pub(super) fn open(path: &Path) -> Result<Self, BackupError> {
        let file = File::open(path).map_err(io("open", path))?;
        let mut file = Summed {
            inner: BufReader::new(file),
            sum: Sha256::new(),
        };
        let mut magic = [0; 8];
        let is_ours = file.read_exact(&mut magic).is_ok() && magic == *MAGIC;
        if !is_ours {
            return Err(BackupError::NotOurs {
                path: path.to_owned(),
            });
        }
        let mut version = [0; 4];
        file.read_exact(&mut version).map_err(cut_off(path))?;
        let version = u32::from_le_bytes(version);
        if version != VERSION {
            return Err(BackupError::Version {
                path: path.to_owned(),
                version,
            });
        }
        let mut length = [0; 8];
        file.read_exact(&mut length).map_err(cut_off(path))?;
        let length = u64::from_le_bytes(length);
        let mut list = Vec::new();
        let read = file
            .by_ref()
            .take(length.min(MAX_LIST_BYTES))
            .read_to_end(&mut list);
        read.map_err(cut_off(path))?;
        let contents: Contents =
            serde_json::from_slice(&list).map_err(|_| BackupError::Damaged {
                path: path.to_owned(),
                why: "its list of parts cannot be read",
            })?;
        let is_known = |part: &Part| PARTS.contains(&&*part.name);
        if !contents.parts.iter().all(is_known) {
            return Err(BackupError::Damaged {
                path: path.to_owned(),
                why: "it holds a part that is none of ours",
            });
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            contents,
        })
    }

    /// Whether it holds a part.
    pub(super) fn has(&self, name: &str) -> bool {
        self.contents.parts.iter().any(|part| part.name == name)
    }

    /// Writes every part into `dir`, and checks the sum of all.
    pub(super) fn finish(mut self, dir: &Path) -> Result<(), BackupError> {
        for part in &self.contents.parts {
            let target = dir.join(&part.name);
            let mut out = OpenOptions::new();
            let out = out.write(true).create_new(true).mode(0o600).open(&target);
            let mut out = out.map_err(io("create", &target))?;
            let mut content = self.file.by_ref().take(part.bytes);
            let copied = io::copy(&mut content, &mut out).and_then(|copied| {
                out.sync_all()?;
                Ok(copied)
            });
            if copied.map_err(io("write", &target))? != part.bytes {
                return Err(BackupError::Damaged {
                    path: self.path,
                    why: "it is cut off",
                });
            }
        }
        let sum = self.file.sum.clone().finalize();
        let mut kept = Vec::new();
        let read = self.file.inner.read_to_end(&mut kept);
        read.map_err(io("read", &self.path))?;
        if kept != sum.as_slice() {
            return Err(BackupError::Damaged {
                path: self.path,
                why: "its checksum is another",
            });
        }
        Ok(())
    }
}

fn cut_off(path: &Path) -> impl FnOnce(io::Error) -> BackupError + '_ {
    move |_| BackupError::Damaged {
        path: path.to_owned(),
        why: "it is cut off",
    }
}

/// Sums up what goes through.
struct Summed<Inner> {
    inner: Inner,
    sum: Sha256,
}

impl<Out: Write> Write for Summed<Out> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.sum.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<In: Read> Read for Summed<In> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        self.sum.update(bytes.get(..read).unwrap_or_default());
        Ok(read)
    }
}
