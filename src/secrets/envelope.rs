//! What a sealed value says about itself: where it may be used.
//!
//! age proves that nobody changed a ciphertext, and not where it stands: whoever may write to a repository
//! could copy a team's value to a secret of their own. The envelope is inside of the ciphertext, in front of
//! the value:
//!
//! ```text
//! orloj.dev/sealed/v1
//! {"namespace":"team-a","secret":"openai","key":"value","allowed_hosts":["api.openai.com"]}
//! the value's own bytes
//! ```

use super::Opened;
use serde::{Deserialize, Serialize};

/// How every envelope starts, of whatever version.
const MAGIC: &[u8] = b"orloj.dev/sealed/";

/// The rest of the first line of version 1.
const VERSION: &[u8] = b"v1";

/// The place that a value is sealed for. Nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// The secret's namespace.
    pub namespace: String,
    /// The secret's name.
    pub secret: String,
    /// The value's key in the secret.
    pub key: String,
    /// Hosts (optionally with `:port`) that may be sent the value; empty if its writer named none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_hosts: Vec<String>,
}

impl Binding {
    /// A place without hosts.
    pub fn new(
        namespace: impl Into<String>,
        secret: impl Into<String>,
        key: impl Into<String>,
    ) -> Self {
        Self {
            namespace: namespace.into(),
            secret: secret.into(),
            key: key.into(),
            allowed_hosts: Vec::new(),
        }
    }

    /// The same place with the hosts that may be sent the value.
    #[must_use]
    pub fn with_hosts(mut self, hosts: &[String]) -> Self {
        self.allowed_hosts = hosts.to_vec();
        self
    }

    fn is_place(&self, other: &Self) -> bool {
        (&self.namespace, &self.secret, &self.key) == (&other.namespace, &other.secret, &other.key)
    }
}

/// A value and what was sealed with it.
pub struct Envelope {
    /// The place it is for; `None` for a value that was sealed without an envelope.
    pub binding: Option<Binding>,
    /// The value itself.
    pub value: Opened,
}

impl Envelope {
    /// The plaintext to seal for a value that belongs to `binding`.
    ///
    /// Every value gets an envelope, so that one that looks like an envelope is not taken for one.
    pub fn seal(binding: &Binding, value: &Opened) -> Opened {
        let header = serde_json::json!(binding).to_string();
        let value = value.expose_bytes();
        // Made in its full length: a buffer that grows leaves copies behind.
        let length = MAGIC.len() + VERSION.len() + header.len() + 2 + value.len();
        let mut plaintext = Vec::with_capacity(length);
        for part in [MAGIC, VERSION, b"\n", header.as_bytes(), b"\n", value] {
            plaintext.extend_from_slice(part);
        }
        Opened::new(plaintext)
    }

    /// Takes apart what a sealed value holds: an envelope, or the bare value.
    ///
    /// # Errors
    ///
    /// - [`EnvelopeError::Version`] if a newer version made the envelope.
    /// - [`EnvelopeError::Damaged`] if it begins like an envelope and is none.
    pub fn open(plaintext: Opened) -> Result<Self, EnvelopeError> {
        let Some(rest) = plaintext.expose_bytes().strip_prefix(MAGIC) else {
            return Ok(Self {
                binding: None,
                value: plaintext,
            });
        };
        let (version, rest) = line(rest).ok_or(EnvelopeError::Damaged)?;
        if version != VERSION {
            return Err(EnvelopeError::Version);
        }
        let (header, value) = line(rest).ok_or(EnvelopeError::Damaged)?;
        // Serde's error may quote what stands there.
        let binding = serde_json::from_slice(header).map_err(|_| EnvelopeError::Damaged)?;
        Ok(Self {
            binding: Some(binding),
            value: Opened::new(value.to_vec()),
        })
    }

    /// Takes apart what a sealed value at `place` holds; the place's hosts do not count.
    ///
    /// # Errors
    ///
    /// As [`Self::open`]; [`EnvelopeError::Elsewhere`] if it was sealed for another place.
    pub fn open_at(plaintext: Opened, place: &Binding) -> Result<Self, EnvelopeError> {
        let envelope = Self::open(plaintext)?;
        match &envelope.binding {
            Some(binding) if !binding.is_place(place) => {
                Err(EnvelopeError::Elsewhere(Box::new(binding.clone())))
            }
            _ => Ok(envelope),
        }
    }
}

/// The bytes up to the first line end, and those behind it.
fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((bytes.get(..end)?, bytes.get(end + 1..)?))
}

/// Why what was opened is not used. The value is never repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// It belongs somewhere else.
    #[error("it was sealed for the value `{}` of secret {}/{}", .0.key, .0.namespace, .0.secret)]
    Elsewhere(Box<Binding>),
    /// Its envelope is of a newer version.
    #[error("its envelope is of a newer version of orloj than this one")]
    Version,
    /// It begins like an envelope and is none.
    #[error("it begins like an envelope of orloj (`orloj.dev/sealed/`) and is none")]
    Damaged,
}
