//! Sealing a value for its recipients.

use super::{Opened, Recipient, header::RECORD, sealed::MAX_PLAINTEXT_BYTES};
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
    if recipients.is_empty() {
        return Err(SealError::NoRecipients);
    }
    if recipients.len() > MAX_RECIPIENTS {
        return Err(SealError::TooManyRecipients {
            given: recipients.len(),
        });
    }
    let bytes = plaintext.expose_bytes();
    if bytes.len() > MAX_PLAINTEXT_BYTES {
        return Err(SealError::TooLarge { given: bytes.len() });
    }
    let record = Record(recipients);
    let keys = recipients
        .iter()
        .map(|recipient| recipient.inner() as &dyn age::Recipient)
        .chain([&record as &dyn age::Recipient]);
    let encryptor = age::Encryptor::with_recipients(keys)
        .map_err(|error| SealError::Encrypt(io::Error::other(error)))?;
    let armored = write(encryptor, bytes).map_err(SealError::Encrypt)?;
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

fn write(encryptor: age::Encryptor, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let armor = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?;
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
    /// The encryption itself failed.
    #[error("failed to seal the value")]
    Encrypt(#[source] io::Error),
}
