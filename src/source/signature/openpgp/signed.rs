//! Signatures.
//!
//! Format: RFC 9580 §5.2. What is not under the signature itself counts only where it proves itself: the name
//! of the key is a hint, and a signature within a signature is checked like any other.

use super::{
    Problem,
    key::{FINGERPRINT_BYTES, Hash, Key},
    packet::Reader,
};

/// Subpackets that are understood, or that mean nothing for checking: a critical one that is not among them
/// makes the signature count for nothing. Notations (20) are not, for each has a meaning of its own.
const KNOWN: [u8; 20] = [
    2, 3, 4, 7, 9, 11, 16, 21, 22, 23, 24, 25, 26, 27, 28, 30, 32, 33, 34, 39,
];

const WRONG: &str = "has a signature that does not fit";

/// A signature, read and not yet checked.
#[derive(Debug)]
pub(super) struct Signature<'a> {
    pub(super) kind: u8,
    /// When it was made, in seconds since 1970 (UTC).
    pub(super) created: u32,
    /// Whether it counts until some time only.
    pub(super) expires: bool,
    /// For how many seconds after it was made the key counts that it is about; 0 for ever.
    pub(super) key_expires: u32,
    /// What the key is for that it is about.
    pub(super) flags: Option<u8>,
    /// Whether the name that it is about is the main one.
    pub(super) is_primary_name: bool,
    /// The subkey's own signature within that of its key.
    pub(super) embedded: Option<&'a [u8]>,
    algorithm: u8,
    hash: u8,
    /// What of itself it is over.
    hashed: &'a [u8],
    issuer: Option<&'a [u8]>,
    fingerprint: Option<&'a [u8]>,
    made: &'a [u8],
    has_unknown: bool,
}

impl<'a> Signature<'a> {
    /// Reads the body of a signature's packet.
    ///
    /// # Errors
    ///
    /// Why it cannot be checked: a sentence without its subject.
    pub(super) fn read(body: &'a [u8]) -> Result<Self, Problem> {
        match body.first() {
            Some(4) => Self::of_version_4(body)
                .ok_or_else(|| "is signed in a form that cannot be read".to_owned()),
            Some(version) => Err(format!(
                "has an OpenPGP signature of version {version}, which is not supported; version 4 is"
            )),
            None => Err("is signed in a form that cannot be read".to_owned()),
        }
    }

    fn of_version_4(body: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(body);
        let (_, kind, algorithm, hash) = (reader.u8()?, reader.u8()?, reader.u8()?, reader.u8()?);
        let length = reader.u16()?.into();
        let hashed_parts = reader.take(length)?;
        let hashed = &body[..6 + length];
        let length = reader.u16()?.into();
        let other_parts = reader.take(length)?;
        // The beginning of the digest, in clear: for those who have many to choose from.
        reader.u16()?;
        let mut signature = Self {
            kind,
            created: 0,
            expires: false,
            key_expires: 0,
            flags: None,
            is_primary_name: false,
            embedded: None,
            algorithm,
            hash,
            hashed,
            issuer: None,
            fingerprint: None,
            made: reader.0,
            has_unknown: false,
        };
        let mut created = None;
        let mut parts = Reader(hashed_parts);
        while !parts.is_at_end() {
            let (critical, kind, value) = parts.subpacket()?;
            let number = || Reader(value).u32();
            match kind {
                2 => created = Some(number()?),
                3 => signature.expires = number()? != 0,
                9 => signature.key_expires = number()?,
                25 => signature.is_primary_name = value.first().is_some_and(|byte| *byte != 0),
                27 => signature.flags = Some(value.first().copied().unwrap_or_default()),
                _ => signature.take_hint(kind, value),
            }
            signature.has_unknown |= critical && !KNOWN.contains(&kind);
        }
        let mut parts = Reader(other_parts);
        while !parts.is_at_end() {
            let (_, kind, value) = parts.subpacket()?;
            signature.take_hint(kind, value);
        }
        signature.created = created?;
        Some(signature)
    }

    fn take_hint(&mut self, kind: u8, value: &'a [u8]) {
        let of_version_4 = |value: &'a [u8]| {
            let print = value.strip_prefix(&[4])?;
            (print.len() == FINGERPRINT_BYTES).then_some(print)
        };
        match kind {
            16 if value.len() == 8 => self.issuer = self.issuer.or(Some(value)),
            32 => self.embedded = self.embedded.or(Some(value)),
            33 => self.fingerprint = self.fingerprint.or_else(|| of_version_4(value)),
            _ => {}
        }
    }

    /// Whether it says to be of this key.
    pub(super) fn names(&self, key: &Key) -> bool {
        match (self.fingerprint, self.issuer) {
            (Some(fingerprint), _) => fingerprint == key.fingerprint,
            (None, Some(issuer)) => issuer == key.id(),
            (None, None) => false,
        }
    }

    /// Whose it says to be, in words.
    pub(super) fn shown_issuer(&self) -> String {
        let named = self.fingerprint.or(self.issuer);
        named.map_or_else(|| "of nobody".to_owned(), hex::encode_upper)
    }

    /// Checks it over some bytes.
    ///
    /// # Errors
    ///
    /// Why it does not count: a sentence without its subject.
    pub(super) fn check(&self, key: &Key, over: &[&[u8]]) -> Result<(), Problem> {
        if self.has_unknown {
            return Err("has a signature with a condition that is not understood".to_owned());
        }
        let Some(hash) = Hash::of(self.hash) else {
            return Err(match self.hash {
                2 => "is signed over SHA-1, which does not count any more".to_owned(),
                _ => "is signed over an unknown hash".to_owned(),
            });
        };
        if !key.is_supported() {
            return Err(format!(
                "is signed with the key {}, which is of a sort that is not supported",
                key.shown()
            ));
        }
        let mut message = over.concat();
        message.extend_from_slice(self.hashed);
        // At most 6 and 65535 bytes.
        let length = u32::try_from(self.hashed.len()).unwrap_or(u32::MAX);
        message.extend_from_slice(&[4, 0xff]);
        message.extend_from_slice(&length.to_be_bytes());
        if key.fits(self.algorithm, hash, &message, self.made) {
            Ok(())
        } else {
            Err(WRONG.to_owned())
        }
    }
}
