//! What shows that the values of a file belong together.

use super::SopsKey;
use sha2::{Digest as _, Sha512};

/// What the MAC starts with when it covers the encrypted values alone, so that a MAC of one sort is none of the
/// other.
const ONLY_ENCRYPTED: [u8; 32] = [
    0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b,
    0x0b, 0x97, 0x5b, 0x3b, 0xf4, 0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
];

/// A file's MAC, while its values are added in the order of the text.
pub struct SopsMac {
    hash: Sha512,
    only_encrypted: bool,
}

impl SopsMac {
    pub(super) fn new(only_encrypted: bool) -> Self {
        let mut hash = Sha512::new();
        if only_encrypted {
            hash.update(ONLY_ENCRYPTED);
        }
        Self {
            hash,
            only_encrypted,
        }
    }

    /// Adds the bytes of a value that is no null, of one that is sealed or not.
    pub fn add(&mut self, value: &[u8], is_sealed: bool) {
        if is_sealed || !self.only_encrypted {
            self.hash.update(value);
        }
    }

    /// The MAC as `sops.mac` says it, bound to what `sops.lastmodified` says.
    ///
    /// # Errors
    ///
    /// A text that says what the system refused.
    pub fn seal(self, key: &SopsKey, last_modified: &str) -> Result<String, &'static str> {
        key.seal_mac(&self.finish(), last_modified)
    }

    pub(super) fn finish(self) -> String {
        hex::encode_upper(self.hash.finalize())
    }
}
