//! Whom a value is sealed for.

use std::fmt;

/// A public key that values can be sealed for: `age1…` (X25519).
#[derive(Clone)]
pub struct Recipient(age::x25519::Recipient);

impl Recipient {
    /// Reads a public key.
    ///
    /// # Errors
    ///
    /// One [`RecipientError`] per kind of text that is not one; a secret key is never repeated.
    pub fn parse(text: &str) -> Result<Self, RecipientError> {
        let text = text.trim();
        if text.starts_with("AGE-SECRET-KEY-") || text.starts_with("AGE-PLUGIN-") {
            return Err(RecipientError::SecretKey);
        }
        if text.starts_with("ssh-") {
            return Err(RecipientError::Ssh);
        }
        if text.starts_with("age1pq1") {
            return Err(RecipientError::PostQuantum);
        }
        text.parse()
            .map(Self)
            .map_err(|_| RecipientError::Malformed)
    }

    pub(super) fn inner(&self) -> &age::x25519::Recipient {
        &self.0
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({self})")
    }
}

/// Why a text is not a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecipientError {
    /// A secret key was given where a public one belongs.
    #[error("is a secret key; the recipient is its public key, `age1…`")]
    SecretKey,
    /// An SSH public key.
    #[error("is an SSH key; SSH recipients are not enabled in this build")]
    Ssh,
    /// A post-quantum public key.
    #[error("is a post-quantum recipient (`age1pq1…`), which this build cannot open again")]
    PostQuantum,
    /// Anything else.
    #[error("is not an `age1…` public key")]
    Malformed,
}
