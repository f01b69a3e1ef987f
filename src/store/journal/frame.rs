//! Entries sealed one behind the other, each bound to the one before it.
//!
//! A frame is the length of what follows as eight little-endian bytes, then nonce, ciphertext and tag of
//! AES-256-GCM. Magic, version, the frame's number and the tag before it are authenticated with it, so that
//! no frame can be left out, moved or taken from another file, and the tag is the frame's checksum.

use crate::secrets::{CipherError, DataKey};
use zeroize::Zeroizing;

const MAGIC: &[u8; 8] = b"ORLOJ-LG";
const VERSION: u32 = 2;
/// Bytes in front of the first frame.
pub(super) const PREFIX_BYTES: usize = MAGIC.len() + 4;
const LENGTH_BYTES: usize = 8;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// The tag of the frame before; zeros in front of the first.
pub(super) type Tag = [u8; TAG_BYTES];

/// Magic and version, in clear.
pub(super) fn prefix() -> [u8; PREFIX_BYTES] {
    let mut prefix = [0; PREFIX_BYTES];
    let (magic, version) = prefix.split_at_mut(MAGIC.len());
    magic.copy_from_slice(MAGIC);
    version.copy_from_slice(&VERSION.to_le_bytes());
    prefix
}

fn bound_to(number: usize, before: &Tag) -> Vec<u8> {
    let number = (number as u64).to_le_bytes();
    [prefix().as_slice(), &number, before].concat()
}

/// Room for a frame around `size` bytes of plaintext, behind `start` bytes of something else.
///
/// Exact, because a buffer that grows leaves copies of plaintext behind.
pub(super) fn reserve(start: usize, size: usize) -> Zeroizing<Vec<u8>> {
    let whole = start + LENGTH_BYTES + NONCE_BYTES + size + TAG_BYTES;
    let mut bytes = Zeroizing::new(Vec::with_capacity(whole));
    bytes.resize(start, 0);
    let sealed = (NONCE_BYTES + size + TAG_BYTES) as u64;
    bytes.extend_from_slice(&sealed.to_le_bytes());
    bytes.extend_from_slice(&[0; NONCE_BYTES]);
    bytes
}

/// Seals the plaintext that was written into what [`reserve`] gave for the same `start`; returns the tag.
///
/// # Errors
///
/// [`CipherError`] if there is no randomness, or too much plaintext.
pub(super) fn seal(
    key: &DataKey,
    (number, before): (usize, &Tag),
    start: usize,
    bytes: &mut Vec<u8>,
) -> Result<Tag, CipherError> {
    key.encrypt_in_place(&bound_to(number, before), bytes, start + LENGTH_BYTES)?;
    bytes.last_chunk().copied().ok_or(CipherError::TooLarge)
}

/// What a file is that has another start.
pub(super) enum Foreign {
    /// Another program's.
    NotOurs,
    /// Another version's.
    Version,
}

/// What is behind magic and version.
pub(super) fn behind_prefix(bytes: &mut [u8]) -> Result<&mut [u8], Foreign> {
    let split = bytes.split_at_mut_checked(PREFIX_BYTES);
    let (start, rest) = split.ok_or(Foreign::NotOurs)?;
    match start.strip_prefix(MAGIC.as_slice()) {
        None => Err(Foreign::NotOurs),
        Some(version) if version != VERSION.to_le_bytes() => Err(Foreign::Version),
        Some(_) => Ok(rest),
    }
}

/// A frame taken off the front, and what is behind it.
pub(super) struct Taken<'a> {
    pub(super) sealed: &'a mut [u8],
    pub(super) rest: &'a mut [u8],
}

/// Takes the first frame off; `None` if it is not all there.
pub(super) fn take(bytes: &mut [u8]) -> Option<Taken<'_>> {
    let (length, rest) = bytes.split_first_chunk_mut::<LENGTH_BYTES>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let (sealed, rest) = rest.split_at_mut_checked(length)?;
    Some(Taken { sealed, rest })
}

/// Opens a frame in place: its plaintext and its tag.
///
/// # Errors
///
/// [`CipherError::Refused`] if key, place or any byte is another.
pub(super) fn open<'a>(
    key: &DataKey,
    (number, before): (usize, &Tag),
    sealed: &'a mut [u8],
) -> Result<(&'a [u8], Tag), CipherError> {
    let tag = *sealed.last_chunk().ok_or(CipherError::Refused)?;
    let plaintext = key.decrypt_in_place(&bound_to(number, before), sealed)?;
    Ok((plaintext, tag))
}
