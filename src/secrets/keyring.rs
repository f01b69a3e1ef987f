//! The identities of this installation.

use super::{
    AgeFile, Opened, Recipient, Sealed, SealedError, age_file::MAX_FILE_BYTES,
    identity::NativeIdentity, sealed::MAX_PLAINTEXT_BYTES,
};
use age::{DecryptError, secrecy::ExposeSecret as _, x25519};
use std::{
    error::Error,
    io::{self, Read},
};

/// The recipient types whose values this build opens.
pub(super) const OPENABLE: &[&str] = if cfg!(feature = "ssh") {
    &["X25519", "ssh-ed25519", "ssh-rsa"]
} else {
    &["X25519"]
};

/// A public key and its identity.
pub(super) type Held = (String, Box<dyn age::Identity + Send + Sync>);

/// The identities that values are opened with; they cannot be printed.
#[derive(Default)]
pub struct Keyring {
    identities: Vec<Box<dyn age::Identity + Send + Sync>>,
    recipients: Vec<String>,
}

impl Keyring {
    /// Adds the identities of the file called `name`; returns how many it held.
    ///
    /// Blank lines and lines that start with `#` are skipped; an identity that is already held is not
    /// added twice. A file with any bad line adds nothing.
    ///
    /// # Errors
    ///
    /// One [`IdentityError`] naming file and line; a key is never repeated.
    ///
    /// Format: the identity files of `age-keygen`.
    pub fn parse_identity_file(&mut self, name: &str, text: &str) -> Result<usize, IdentityError> {
        let mut found = Vec::new();
        #[cfg(feature = "ssh")]
        if text.trim_start().starts_with("-----BEGIN OPENSSH")
            || text.trim_start().starts_with("-----BEGIN RSA")
        {
            let held = super::ssh_identity::parse(text);
            found.push(held.map_err(|problem| IdentityError::Line {
                file: name.to_owned(),
                line: 1,
                problem,
            })?);
            return Ok(self.hold(found));
        }
        for (index, line) in text.lines().enumerate() {
            let line = line.trim_start_matches('\u{feff}').trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let identity = parse_line(line).map_err(|problem| IdentityError::Line {
                file: name.to_owned(),
                line: index + 1,
                problem,
            })?;
            found.push(identity);
        }
        if found.is_empty() {
            return Err(IdentityError::Empty {
                file: name.to_owned(),
            });
        }
        Ok(self.hold(found))
    }

    /// Adds identities that are not held yet; returns how many there were.
    fn hold(&mut self, found: Vec<Held>) -> usize {
        let count = found.len();
        for (recipient, identity) in found {
            if !self.recipients.contains(&recipient) {
                self.recipients.push(recipient);
                self.identities.push(identity);
            }
        }
        count
    }

    /// The public keys of the identities held, in the order they came.
    pub fn recipients(&self) -> Vec<String> {
        self.recipients.clone()
    }

    /// Whether no identity is held.
    pub fn is_empty(&self) -> bool {
        self.identities.is_empty()
    }

    /// Opens a value with the first identity that fits.
    ///
    /// # Errors
    ///
    /// - [`OpenError::NoIdentity`] if none of the identities is a recipient.
    /// - [`OpenError::Unsupported`] if the value has no recipient of a kind this build knows.
    /// - [`OpenError::Damaged`] if one fits and the ciphertext does not authenticate.
    pub fn open(&self, sealed: &Sealed) -> Result<Opened, OpenError> {
        let found = (sealed.kinds(), sealed.recorded_recipients());
        let file = sealed.file();
        let decryptor = age::Decryptor::new_buffered(file).map_err(damaged);
        self.decrypt(decryptor, found, file.len().min(MAX_PLAINTEXT_BYTES))
    }

    /// Checks the form of a value and opens it, reading its header once: what [`Sealed::parse`] and [`Self::open`]
    /// do one after the other.
    ///
    /// # Errors
    ///
    /// - [`OpenTextError::Form`] as [`Sealed::parse`] has it.
    /// - [`OpenTextError::Closed`] as [`Self::open`] has it.
    pub fn open_text(&self, armored: &str) -> Result<Opened, OpenTextError> {
        let sealed = Sealed::read(armored)?;
        let file = sealed.file();
        let decryptor = age::Decryptor::new_buffered(file).map_err(|_| SealedError::Header)?;
        let found = (sealed.kinds(), sealed.recorded_recipients());
        let opened = self.decrypt(Ok(decryptor), found, file.len().min(MAX_PLAINTEXT_BYTES));
        Ok(opened?)
    }

    /// Opens a whole file with the first identity that fits.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub fn open_file(&self, file: &AgeFile) -> Result<Opened, OpenError> {
        let found = (file.recipient_kinds(), file.recorded_recipients());
        let bytes = file.bytes();
        let decryptor = age::Decryptor::new_buffered(bytes).map_err(damaged);
        self.decrypt(decryptor, found, bytes.len().min(MAX_FILE_BYTES))
    }

    /// Opens what was read; a plaintext is no longer than `limit` bytes.
    fn decrypt(
        &self,
        decryptor: Result<age::Decryptor<&[u8]>, OpenError>,
        (kinds, recorded): (&[String], Option<&[String]>),
        limit: usize,
    ) -> Result<Opened, OpenError> {
        let found = || kinds.to_vec();
        if !kinds.iter().any(|kind| OPENABLE.contains(&&**kind)) {
            return Err(OpenError::Unsupported { found: found() });
        }
        let decryptor = decryptor?;
        let identities = self.identities.iter();
        let identities = identities.map(|key| &**key as &dyn age::Identity);
        match decryptor.decrypt(identities) {
            Ok(plaintext) => read_plaintext(plaintext, limit).map_err(damaged),
            Err(DecryptError::NoMatchingKeys) => Err(OpenError::NoIdentity {
                found: public_keys(recorded).unwrap_or_else(found),
                held: self.recipients(),
            }),
            Err(error) => Err(damaged(error)),
        }
    }
}

/// What a header says of whom it is for, if that is public keys: nothing vouches for it while the value is closed.
fn public_keys(recorded: Option<&[String]>) -> Option<Vec<String>> {
    let recorded = recorded.filter(|recorded| !recorded.is_empty())?;
    let is_one = |text: &String| Recipient::parse(text).is_ok();
    recorded.iter().all(is_one).then(|| recorded.to_vec())
}

/// Draws a new identity: the line for an identity file, and its public key.
pub fn generate_identity() -> (Opened, String) {
    let identity = x25519::Identity::generate();
    let public = identity.to_public().to_string();
    let secret = identity.to_string();
    (
        Opened::new(secret.expose_secret().as_bytes().to_vec()),
        public,
    )
}

/// Reads a plaintext of at most `limit` bytes into a buffer that never grows: a grown one leaves copies behind.
fn read_plaintext(plaintext: impl Read, limit: usize) -> io::Result<Opened> {
    let mut bytes = Vec::with_capacity(limit + 64);
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let result = plaintext.take(limit).read_to_end(&mut bytes);
    let opened = Opened::new(bytes);
    result.map(|_| opened)
}

fn damaged(error: impl Error + Send + Sync + 'static) -> OpenError {
    OpenError::Damaged {
        source: Box::new(error),
    }
}

/// The public key of an identity, and the identity.
fn parse_line(line: &str) -> Result<Held, LineProblem> {
    // Longer prefixes first: a post-quantum key also starts like a native one.
    const REFUSED: [(&str, LineProblem); 8] = [
        ("AGE-SECRET-KEY-PQ-", LineProblem::PostQuantum),
        ("AGE-PLUGIN-", LineProblem::Plugin),
        ("-----BEGIN AGE ENCRYPTED FILE", LineProblem::Encrypted),
        ("age-encryption.org/", LineProblem::Encrypted),
        ("-----BEGIN ", LineProblem::Ssh),
        ("ssh-", LineProblem::Ssh),
        ("age1", LineProblem::PublicKey),
        ("AGE-SECRET-KEY-1", LineProblem::Damaged),
    ];
    let parsed = line.parse().map_err(|_| {
        REFUSED
            .into_iter()
            .find(|(prefix, _)| line.starts_with(prefix))
            .map_or(LineProblem::Unknown, |(_, problem)| problem)
    });
    let identity: x25519::Identity = parsed?;
    let native = NativeIdentity::of(&identity).ok_or(LineProblem::Damaged)?;
    Ok((identity.to_public().to_string(), Box::new(native)))
}

/// What stands on a line instead of an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineProblem {
    /// A post-quantum identity.
    #[error("a post-quantum identity (`AGE-SECRET-KEY-PQ-…`), which this build cannot use")]
    PostQuantum,
    /// An identity that needs a plugin.
    #[error("a plugin identity (`AGE-PLUGIN-…`); plugins are not run")]
    Plugin,
    /// An identity file sealed with a passphrase.
    #[error("an encrypted identity file; decrypt it first, a daemon cannot ask for a passphrase")]
    Encrypted,
    /// An SSH or other PEM key.
    #[error("an SSH key; SSH identities are not enabled in this build")]
    Ssh,
    /// A public key.
    #[error("a public key (`age1…`); the identity is its secret key")]
    PublicKey,
    /// A native identity with a typing error.
    #[error("a damaged `AGE-SECRET-KEY-1…` identity")]
    Damaged,
    /// Anything else.
    #[error("something that is not an age identity")]
    Unknown,
}

/// Why an identity file was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// A line holds something else than an identity.
    #[error("failed to read identities from `{file}`: line {line} holds {problem}")]
    Line {
        /// The file's name as given.
        file: String,
        /// Counted from 1.
        line: usize,
        /// What stands there.
        problem: LineProblem,
    },
    /// There is no identity in it.
    #[error("failed to read identities from `{file}`: it holds none")]
    Empty {
        /// The file's name as given.
        file: String,
    },
}

/// Why a text gave no value.
#[derive(Debug, thiserror::Error)]
pub enum OpenTextError {
    /// It is not of the right form.
    #[error(transparent)]
    Form(#[from] SealedError),
    /// It is, and stayed closed.
    #[error(transparent)]
    Closed(#[from] OpenError),
}

/// Why a sealed value stayed closed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// None of the identities is a recipient of the value.
    #[error(
        "failed to open the value: it is sealed for {} and {}",
        list(found),
        held_text(held)
    )]
    NoIdentity {
        /// The public keys that the value says it is sealed for, else the kinds of its recipients.
        found: Vec<String>,
        /// The public keys of the identities held.
        held: Vec<String>,
    },
    /// No recipient is of a kind this build can open.
    #[error(
        "failed to open the value: it is sealed for {}; this build opens only {}",
        list(found),
        OPENABLE.join(", ")
    )]
    Unsupported {
        /// The kinds of the value's recipients.
        found: Vec<String>,
    },
    /// An identity fits, and the ciphertext is damaged.
    #[error("failed to decrypt the value")]
    Damaged {
        /// What the decryption met.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

/// `2 recipients (X25519, ssh-ed25519)`.
fn list(kinds: &[String]) -> String {
    let noun = if kinds.len() == 1 {
        "recipient"
    } else {
        "recipients"
    };
    if kinds.is_empty() {
        return format!("no {noun}");
    }
    format!("{} {noun} ({})", kinds.len(), kinds.join(", "))
}

fn held_text(held: &[String]) -> String {
    if held.is_empty() {
        "no identity is configured".to_owned()
    } else {
        format!("no configured identity fits (tried {})", held.join(", "))
    }
}
