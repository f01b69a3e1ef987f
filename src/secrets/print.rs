//! Fingerprints of values: enough to see whether two are the same, in one installation alone.
//!
//! A plain digest of a short value can be guessed from. This one is keyed (HMAC-SHA256), stays in memory, and only
//! what a comparison says is ever shown.

use super::{Binding, DataKey, DataKeyError, Opened};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// What the key is derived for; part of the derivation, so that no other use of the data key gives the same.
const PURPOSE: &[u8] = b"orloj.dev/fingerprints-of-values/v1";

/// SHA-256's block: a shorter key is filled up with zeros, says RFC 2104.
const BLOCK_BYTES: usize = 64;

const PRINT_BYTES: usize = 32;

/// The key of an installation's fingerprints; it cannot be printed and is zeroed on drop.
pub struct PrintKey(Zeroizing<[u8; BLOCK_BYTES]>);

/// The fingerprint of a value at its place; it cannot be printed and is zeroed on drop.
#[derive(Clone)]
pub struct Print(Zeroizing<[u8; PRINT_BYTES]>);

impl PrintKey {
    /// The key of the installation that keeps what it stores with `key`.
    ///
    /// HMAC-SHA256 under the data key, of a fixed label.
    pub fn of(key: &DataKey) -> Self {
        Self::filled_up(&Self::filled_up(key.bytes()).code([PURPOSE]))
    }

    fn filled_up(bytes: &[u8; PRINT_BYTES]) -> Self {
        let mut block = Zeroizing::new([0; BLOCK_BYTES]);
        block
            .iter_mut()
            .zip(bytes)
            .for_each(|(to, from)| *to = *from);
        Self(block)
    }

    /// A key that no other process has, where both sides of a comparison are at hand.
    ///
    /// # Errors
    ///
    /// [`DataKeyError::Randomness`] if the system has none to give.
    pub fn random() -> Result<Self, DataKeyError> {
        Ok(Self::of(&DataKey::generate()?))
    }

    /// The fingerprint of a value of `place`; the place's hosts do not count.
    pub fn print(&self, place: &Binding, value: &Opened) -> Print {
        let words = [&place.namespace, &place.secret, &place.key];
        let lengths = words.map(|word| (word.len() as u64).to_be_bytes());
        let [namespace, secret, key] = words.map(String::as_bytes);
        // With each length in front nothing can be moved from one word to the next.
        Print(self.code([
            &lengths[0],
            namespace,
            &lengths[1],
            secret,
            &lengths[2],
            key,
            value.expose_bytes(),
        ]))
    }

    fn code<const PARTS: usize>(&self, parts: [&[u8]; PARTS]) -> Zeroizing<[u8; PRINT_BYTES]> {
        let mut mac = Hmac::<Sha256>::new((&*self.0).into());
        for part in parts {
            mac.update(part);
        }
        Zeroizing::new(mac.finalize().into_bytes().into())
    }
}

impl Print {
    /// Whether both are of the same value at the same place, under the same key. Takes as long whichever byte
    /// differs.
    pub fn same_as(&self, other: &Self) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).into()
    }

    /// Its bytes, to be looked for where they must not be.
    #[cfg(test)]
    pub(crate) fn exposed(&self) -> [u8; PRINT_BYTES] {
        *self.0
    }
}
