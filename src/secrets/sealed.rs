//! A value that only a holder of an identity can read.

use super::{header, keyring::OPENABLE};
use age::armor::ArmoredReader;
use std::{
    fmt,
    io::{self, Read as _},
};

/// No provider's credential comes near it; bounds memory per value.
pub const MAX_PLAINTEXT_BYTES: usize = 64 * 1024;

/// A header of 64 KiB and a payload of 64 KiB in base64 with line ends, rounded up.
const MAX_ARMORED_BYTES: usize = 192 * 1024;

/// Nonce and one authentication tag: what age adds to a payload of one chunk.
const PAYLOAD_OVERHEAD_BYTES: usize = 16 + 16;

/// How armor starts.
pub(super) const ARMOR_BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";

/// Armored age ciphertext of the right form; whether a key fits is not known yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    armored: String,
    /// The binary age file inside the armor.
    file: Vec<u8>,
    kinds: Vec<String>,
    recorded: Option<Vec<String>>,
}

impl Sealed {
    /// Checks the form of a value, without a key.
    ///
    /// White space around the armor does not count. At most 64 recipients, a header of 64 KiB and a
    /// plaintext of 64 KiB.
    ///
    /// # Errors
    ///
    /// One [`SealedError`] per way the form can be wrong.
    ///
    /// Format: age v1 with ASCII armor, <https://age-encryption.org/v1>.
    pub fn parse(armored: &str) -> Result<Self, SealedError> {
        let sealed = Self::read(armored)?;
        age::Decryptor::new_buffered(sealed.file()).map_err(|_| SealedError::Header)?;
        Ok(sealed)
    }

    /// The same for whoever has the stanzas' grammar checked next, by age's own reader.
    pub(super) fn read(armored: &str) -> Result<Self, SealedError> {
        let armored = armored.trim();
        if !armored.starts_with(ARMOR_BEGIN) {
            return Err(SealedError::NotArmored);
        }
        if armored.len() > MAX_ARMORED_BYTES {
            return Err(SealedError::TooLarge {
                limit: MAX_PLAINTEXT_BYTES,
            });
        }
        let file = dearmor(armored).map_err(|source| SealedError::Armor { source })?;
        let header = header::read(&file)?;
        let payload = file.len().saturating_sub(header.length);
        if payload < PAYLOAD_OVERHEAD_BYTES {
            return Err(SealedError::Truncated);
        }
        if payload - PAYLOAD_OVERHEAD_BYTES > MAX_PLAINTEXT_BYTES {
            return Err(SealedError::TooLarge {
                limit: MAX_PLAINTEXT_BYTES,
            });
        }
        Ok(Self {
            armored: armored.to_owned(),
            file,
            kinds: header.kinds,
            recorded: header.recorded,
        })
    }

    /// The armored text, without white space around it.
    pub fn as_str(&self) -> &str {
        &self.armored
    }

    /// The types of the recipients it is sealed for, in file order: `X25519`, `ssh-ed25519`, …
    pub fn recipient_kinds(&self) -> Vec<String> {
        self.kinds.clone()
    }

    pub(super) fn kinds(&self) -> &[String] {
        &self.kinds
    }

    /// The public keys it is sealed for, in the order of sealing; `None` if it does not say so, as what
    /// `age` itself seals does not. Proven only once it is opened.
    pub fn recorded_recipients(&self) -> Option<&[String]> {
        self.recorded.as_deref()
    }

    /// Whether an identity could open it, whichever it is.
    ///
    /// # Errors
    ///
    /// [`SealedError::Unsupported`] if no recipient is of a kind that this build opens.
    pub fn check_kinds(&self) -> Result<(), SealedError> {
        check_kinds(&self.kinds)
    }

    /// The binary age file inside the armor.
    pub(super) fn file(&self) -> &[u8] {
        &self.file
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({})", self.kinds.join(", "))
    }
}

/// Whether one of the recipients is of the kind that is opened.
pub(super) fn check_kinds(kinds: &[String]) -> Result<(), SealedError> {
    if kinds.iter().any(|kind| OPENABLE.contains(&&**kind)) {
        return Ok(());
    }
    let mut found = kinds.to_vec();
    found.sort_unstable();
    found.dedup();
    Err(SealedError::Unsupported { found })
}

fn kinds_text(kinds: &[String]) -> String {
    if kinds.is_empty() {
        return "nobody".to_owned();
    }
    kinds.join(", ")
}

/// Takes the armor off; the input's length was bounded by the caller.
fn dearmor(armored: &str) -> io::Result<Vec<u8>> {
    let mut file = Vec::with_capacity(armored.len() / 4 * 3);
    ArmoredReader::new(armored.as_bytes()).read_to_end(&mut file)?;
    Ok(file)
}

/// Why a text is not a sealed value.
#[derive(Debug, thiserror::Error)]
pub enum SealedError {
    /// It does not start with age's armor.
    #[error("is not an armored age value: it does not start with `{ARMOR_BEGIN}`")]
    NotArmored,
    /// The armor is damaged.
    #[error("has damaged age armor")]
    Armor {
        /// What the armor's reader met.
        #[source]
        source: io::Error,
    },
    /// The armor holds something else, or another version.
    #[error("does not hold an `age-encryption.org/v1` file")]
    Version,
    /// The header breaks the format.
    #[error("has a damaged age header")]
    Header,
    /// The header is longer than allowed.
    #[error("has an age header of more than {limit} bytes")]
    HeaderTooLarge {
        /// In bytes.
        limit: usize,
    },
    /// More recipients than allowed.
    #[error("is sealed for more than {limit} recipients")]
    TooManyRecipients {
        /// How many are allowed.
        limit: usize,
    },
    /// Sealed with a passphrase, which a daemon cannot be asked for.
    #[error("is sealed with a passphrase (scrypt); seal it for `age1…` recipients instead")]
    Passphrase,
    /// No recipient is of a kind that this build opens.
    #[error(
        "is sealed for {} alone, and this build opens only {} (`age1…`)",
        kinds_text(found),
        OPENABLE.join(", ")
    )]
    Unsupported {
        /// The kinds of its recipients.
        found: Vec<String>,
    },
    /// The payload is missing or cut.
    #[error("ends before its content does")]
    Truncated,
    /// The plaintext is longer than allowed.
    #[error("holds more than {limit} bytes")]
    TooLarge {
        /// In bytes.
        limit: usize,
    },
}
