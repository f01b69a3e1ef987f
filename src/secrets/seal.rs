//! Sealing a value for its recipients.

use super::{
    Opened, Recipient, age_file::MAX_FILE_BYTES, header::RECORD, sealed::MAX_PLAINTEXT_BYTES,
};
use age::{
    EncryptError,
    armor::{ArmoredWriter, Format},
};
use age_core::format::{FileKey, Stanza};
use std::{
    collections::HashSet,
    io::{self, Write as _},
};

/// As many as [`super::Sealed::parse`] reads back.
const MAX_RECIPIENTS: usize = 64;

/// Seals `plaintext` so that each of `recipients` can open it alone; returns armored text.
///
/// At most 64 recipients and 64 KiB of plaintext. The header notes the public keys, so that whoever has no
/// identity can see whom a value is sealed for ([`super::Sealed::recorded_recipients`]).
///
/// # Errors
///
/// - [`SealError::NoRecipients`], [`SealError::TooManyRecipients`] if the list has a wrong length.
/// - [`SealError::TooLarge`] if the plaintext exceeds the limit.
/// - [`SealError::Encrypt`] if age refuses.
///
/// Format: age v1 with ASCII armor, <https://age-encryption.org/v1>.
pub fn seal(plaintext: &Opened, recipients: &[Recipient]) -> Result<String, SealError> {
    let bytes = plaintext.expose_bytes();
    if bytes.len() > MAX_PLAINTEXT_BYTES {
        return Err(SealError::TooLarge { given: bytes.len() });
    }
    text(noted(bytes, recipients, Format::AsciiArmor)?)
}

/// Seals a whole file, armored or binary, and notes the public keys as [`seal`] does.
///
/// At most 1 MiB, the armor included.
///
/// # Errors
///
/// As [`seal`], and [`SealError::FileTooLarge`] if it could not be read back.
pub fn seal_file(
    plaintext: &Opened,
    recipients: &[Recipient],
    is_armored: bool,
) -> Result<Vec<u8>, SealError> {
    let format = if is_armored {
        Format::AsciiArmor
    } else {
        Format::Binary
    };
    let sealed = noted(plaintext.expose_bytes(), recipients, format)?;
    if sealed.len() > MAX_FILE_BYTES {
        return Err(SealError::FileTooLarge {
            given: sealed.len(),
        });
    }
    Ok(sealed)
}

/// Seals a key for one recipient, armored, as `sops` does: who it is for stands beside it.
pub(super) fn wrap(key: &Opened, recipient: &Recipient) -> Result<String, SealError> {
    let keys = [recipient.inner() as &dyn age::Recipient];
    text(encrypted(
        key.expose_bytes(),
        keys.into_iter(),
        Format::AsciiArmor,
    )?)
}

fn noted(bytes: &[u8], recipients: &[Recipient], format: Format) -> Result<Vec<u8>, SealError> {
    if recipients.is_empty() {
        return Err(SealError::NoRecipients);
    }
    if recipients.len() > MAX_RECIPIENTS {
        return Err(SealError::TooManyRecipients {
            given: recipients.len(),
        });
    }
    let record = Record(recipients);
    let keys = recipients
        .iter()
        .map(|recipient| recipient.inner() as &dyn age::Recipient)
        .chain([&record as &dyn age::Recipient]);
    encrypted(bytes, keys, format)
}

fn encrypted<'a>(
    bytes: &[u8],
    keys: impl Iterator<Item = &'a dyn age::Recipient>,
    format: Format,
) -> Result<Vec<u8>, SealError> {
    let encryptor = age::Encryptor::with_recipients(keys)
        .map_err(|error| SealError::Encrypt(io::Error::other(error)))?;
    write(encryptor, bytes, format).map_err(SealError::Encrypt)
}

fn text(armored: Vec<u8>) -> Result<String, SealError> {
    String::from_utf8(armored).map_err(|error| SealError::Encrypt(io::Error::other(error)))
}

/// Notes whom a value is sealed for, and wraps no key.
struct Record<'a>(&'a [Recipient]);

impl age::Recipient for Record<'_> {
    fn wrap_file_key(&self, _: &FileKey) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        let stanza = Stanza {
            tag: RECORD.to_owned(),
            args: self.0.iter().map(ToString::to_string).collect(),
            body: Vec::new(),
        };
        Ok((vec![stanza], HashSet::new()))
    }
}

fn write(encryptor: age::Encryptor, bytes: &[u8], format: Format) -> io::Result<Vec<u8>> {
    let armor = ArmoredWriter::wrap_output(Vec::new(), format)?;
    let mut payload = encryptor.wrap_output(armor)?;
    payload.write_all(bytes)?;
    payload.finish()?.finish()
}

/// Why a value was not sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Nobody could open it.
    #[error("failed to seal the value: no recipients were given")]
    NoRecipients,
    /// More recipients than a reader accepts.
    #[error(
        "failed to seal the value: {given} recipients were given, at most {MAX_RECIPIENTS} fit"
    )]
    TooManyRecipients {
        /// How many were given.
        given: usize,
    },
    /// More plaintext than a reader accepts.
    #[error("failed to seal the value: it has {given} bytes, at most {MAX_PLAINTEXT_BYTES} fit")]
    TooLarge {
        /// In bytes.
        given: usize,
    },
    /// A whole file, sealed, of more bytes than a reader accepts.
    #[error(
        "failed to seal the file: it would have {given} bytes, at most {MAX_FILE_BYTES} are read"
    )]
    FileTooLarge {
        /// In bytes.
        given: usize,
    },
    /// The encryption itself failed.
    #[error("failed to seal the value")]
    Encrypt(#[source] io::Error),
}
