//! A whole file that age sealed, armored or binary.

use super::{
    header,
    sealed::{ARMOR_BEGIN, SealedError, check_kinds},
};
use age::armor::ArmoredReader;
use std::{
    fmt,
    io::{self, Read as _},
};

/// Longest file in bytes that is opened: as for manifests.
pub(super) const MAX_FILE_BYTES: usize = 1024 * 1024;

/// An age file of the right form; whether a key fits is not known yet.
pub struct AgeFile {
    /// Without armor.
    bytes: Vec<u8>,
    kinds: Vec<String>,
    recorded: Option<Vec<String>>,
    is_armored: bool,
}

impl AgeFile {
    /// Checks the form of a file, without a key: at most 1 MiB, 64 recipients and a header of 64 KiB.
    ///
    /// # Errors
    ///
    /// One [`SealedError`] per way the form can be wrong.
    ///
    /// Format: age v1, <https://age-encryption.org/v1>.
    pub fn parse(file: &[u8]) -> Result<Self, SealedError> {
        if file.len() > MAX_FILE_BYTES {
            return Err(SealedError::TooLarge {
                limit: MAX_FILE_BYTES,
            });
        }
        let bytes = dearmor(file).map_err(|source| SealedError::Armor { source })?;
        let header = header::read(&bytes)?;
        if bytes.len() <= header.length {
            return Err(SealedError::Truncated);
        }
        age::Decryptor::new_buffered(bytes.as_slice()).map_err(|_| SealedError::Header)?;
        Ok(Self {
            bytes,
            kinds: header.kinds,
            recorded: header.recorded,
            is_armored: is_armored(file),
        })
    }

    /// Whether bytes begin as an age file does, armored or binary.
    pub fn is_one(bytes: &[u8]) -> bool {
        is_armored(bytes) || bytes.starts_with(header::VERSION_LINE)
    }

    /// Whether an identity could open it, whichever it is.
    ///
    /// # Errors
    ///
    /// [`SealedError::Unsupported`] if no recipient is of a kind that this build opens.
    pub fn check_kinds(&self) -> Result<(), SealedError> {
        check_kinds(&self.kinds)
    }

    /// The types of the recipients it is sealed for, in file order.
    pub fn recipient_kinds(&self) -> &[String] {
        &self.kinds
    }

    /// The public keys it is sealed for; `None` if it does not say so, as what `age` itself seals does not.
    pub fn recorded_recipients(&self) -> Option<&[String]> {
        self.recorded.as_deref()
    }

    /// Whether it is written as text.
    pub fn is_armored(&self) -> bool {
        self.is_armored
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for AgeFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AgeFile({})", self.kinds.join(", "))
    }
}

fn is_armored(file: &[u8]) -> bool {
    file.trim_ascii_start().starts_with(ARMOR_BEGIN.as_bytes())
}

/// Takes the armor off if there is one.
fn dearmor(file: &[u8]) -> io::Result<Vec<u8>> {
    if !is_armored(file) {
        return Ok(file.to_vec());
    }
    let mut bytes = Vec::with_capacity(file.len());
    ArmoredReader::new(file).read_to_end(&mut bytes)?;
    Ok(bytes)
}
