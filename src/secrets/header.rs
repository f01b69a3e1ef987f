//! The header of an age file, read without a key.

use super::sealed::SealedError;

/// The first line of every age v1 file.
pub(super) const VERSION_LINE: &[u8] = b"age-encryption.org/v1";

/// More recipients than a team has; bounds the work of trying identities.
const MAX_RECIPIENTS: usize = 64;

/// Room for 64 recipients of the largest known kind, and no more.
const MAX_HEADER_BYTES: usize = 64 * 1024;

/// The stanza in which [`super::seal`] notes whom a value is sealed for: the public keys are its arguments.
///
/// Nobody can unwrap it, and readers pass over types they do not know. Like the rest of the header it is
/// authenticated once the value is opened.
pub(super) const RECORD: &str = "orloj.dev/recipients";

/// What an age header says about its recipients, and where it ends.
#[derive(Debug)]
pub(super) struct Header {
    /// The public keys it is sealed for, if its writer noted them.
    pub(super) recorded: Option<Vec<String>>,
    /// The stanza types in file order; decoys are left out.
    pub(super) kinds: Vec<String>,
    /// Where the payload starts.
    pub(super) length: usize,
}

/// Reads the header at the start of `file`.
///
/// # Errors
///
/// - [`SealedError::Version`] if the first line is not that of age v1.
/// - [`SealedError::Header`] if a stanza has no type, or the header does not end.
/// - [`SealedError::HeaderTooLarge`], [`SealedError::TooManyRecipients`] beyond the limits.
/// - [`SealedError::Passphrase`] for a passphrase (`scrypt`) recipient.
///
/// Format: <https://age-encryption.org/v1>.
pub(super) fn read(file: &[u8]) -> Result<Header, SealedError> {
    let mut kinds = Vec::new();
    let mut recorded = None;
    let mut offset = 0;
    loop {
        let line = next_line(file, offset)?;
        let first = offset == 0;
        offset += line.len() + 1;
        if first {
            if line != VERSION_LINE {
                return Err(SealedError::Version);
            }
        } else if line.starts_with(b"--- ") {
            break;
        } else if let Some(stanza) = line.strip_prefix(b"-> ") {
            let kind = stanza_kind(stanza)?;
            if kind == "scrypt" {
                return Err(SealedError::Passphrase);
            }
            if kind == RECORD {
                recorded = Some(arguments(stanza));
                continue;
            }
            // Writers add decoy stanzas so that readers keep ignoring what they do not know.
            if !kind.ends_with("-grease") {
                kinds.push(kind);
            }
            if kinds.len() > MAX_RECIPIENTS {
                return Err(SealedError::TooManyRecipients {
                    limit: MAX_RECIPIENTS,
                });
            }
        }
        // Any other line is a stanza's body; age's own reader checks the grammar next.
    }
    Ok(Header {
        recorded,
        kinds,
        length: offset,
    })
}

/// The line of `file` at `offset`, without its end.
fn next_line(file: &[u8], offset: usize) -> Result<&[u8], SealedError> {
    let window = file
        .get(offset..file.len().min(MAX_HEADER_BYTES))
        .unwrap_or_default();
    match window.iter().position(|byte| *byte == b'\n') {
        Some(end) => Ok(window.get(..end).unwrap_or_default()),
        None if file.len() > MAX_HEADER_BYTES && offset > 0 => Err(SealedError::HeaderTooLarge {
            limit: MAX_HEADER_BYTES,
        }),
        None if offset == 0 => Err(SealedError::Version),
        None => Err(SealedError::Header),
    }
}

/// The type of a stanza: its first word, which is printable ASCII.
fn stanza_kind(stanza: &[u8]) -> Result<String, SealedError> {
    let word = stanza.split(|byte| *byte == b' ').next().unwrap_or(stanza);
    match std::str::from_utf8(word) {
        Ok(word) if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic()) => {
            // A hostile type of 60 KiB would fill every message that names it.
            Ok(word.chars().take(64).collect())
        }
        _ => Err(SealedError::Header),
    }
}

/// The words behind the type.
fn arguments(stanza: &[u8]) -> Vec<String> {
    let words = stanza.split(|byte| *byte == b' ').skip(1);
    let words = words.take(MAX_RECIPIENTS);
    words
        .map(|word| String::from_utf8_lossy(word).chars().take(128).collect())
        .collect()
}
