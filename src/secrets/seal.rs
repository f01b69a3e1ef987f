//! Sealing a value for its recipients.

use super::{Opened, Recipient, sealed::MAX_PLAINTEXT_BYTES};
use age::armor::{ArmoredWriter, Format};
use std::io::{self, Write as _};

/// As many as [`super::Sealed::parse`] reads back.
const MAX_RECIPIENTS: usize = 64;

/// Seals `plaintext` so that each of `recipients` can open it alone; returns armored text.
///
/// At most 64 recipients and 64 KiB of plaintext.
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
    let keys = recipients
        .iter()
        .map(|recipient| recipient.inner() as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(keys)
        .map_err(|error| SealError::Encrypt(io::Error::other(error)))?;
    let armored = write(encryptor, bytes).map_err(SealError::Encrypt)?;
    String::from_utf8(armored).map_err(|error| SealError::Encrypt(io::Error::other(error)))
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
