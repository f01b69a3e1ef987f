//! Files sealed by SOPS: YAML and JSON, for age recipients.
//!
//! A [`SopsFile`] is read without a key: what its form can tell is known then. [`SopsFile::open`] unwraps the data
//! key with an identity, opens each value bound to its path, and verifies the MAC over all of them. The MAC does
//! not cover the names of keys, nulls, comments and empty texts: callers check these again in what was opened.
//!
//! Format: <https://getsops.io/docs/#encryption-protocol>, and what `sops` 3.11 writes.

mod cipher;
mod error;
mod events;
mod metadata;
mod node;
mod opened;
mod scalar;

pub use error::SopsError;
pub use metadata::SopsRecipient;
pub use opened::OpenedSops;

use super::{Keyring, OpenError, Opened, Sealed, SealedError};
use cipher::{DataCipher, Enc};
use metadata::Metadata;
use node::{Leaf, Node};
use opened::OpenedNode;
use sha2::{Digest as _, Sha512};
use subtle::ConstantTimeEq as _;

/// Longest file that is read, in bytes: as for manifests.
const MAX_FILE_BYTES: usize = 1024 * 1024;

/// What the MAC starts with when it covers the encrypted values alone, so that a MAC of one sort is none of the
/// other.
const MAC_ONLY_ENCRYPTED: [u8; 32] = [
    0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b,
    0x0b, 0x97, 0x5b, 0x3b, 0xf4, 0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
];

/// How a file is written; it decides how clear numbers are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SopsFormat {
    /// `*.yaml`, `*.yml`.
    Yaml,
    /// `*.json`: every number is a float.
    Json,
}

/// A SOPS file whose form was checked without a key.
pub struct SopsFile {
    documents: Vec<Node>,
    metadata: Metadata,
    format: SopsFormat,
}

impl SopsFile {
    /// Reads a file without opening anything.
    ///
    /// # Errors
    ///
    /// One [`SopsError`] per way the form can be wrong, and per feature that this version refuses by name.
    pub fn parse(text: &str, format: SopsFormat) -> Result<Self, SopsError> {
        if text.len() > MAX_FILE_BYTES {
            return Err(SopsError::TooLarge {
                limit: MAX_FILE_BYTES,
            });
        }
        let mut documents = events::read(text)?;
        let found = documents.iter().find_map(|node| node.get("sops"));
        let metadata = Metadata::of(found.ok_or(SopsError::NoMetadata)?)?;
        for document in &mut documents {
            document.remove("sops");
        }
        let file = Self {
            documents,
            metadata,
            format,
        };
        file.check_form()?;
        Ok(file)
    }

    /// Whether a text is a value that SOPS encrypted.
    pub fn is_value(text: &str) -> bool {
        Enc::parse(text).is_some()
    }

    /// Whom the file is sealed for.
    pub fn recipients(&self) -> &[SopsRecipient] {
        &self.metadata.recipients
    }

    /// Every value that is to be encrypted is.
    fn check_form(&self) -> Result<(), SopsError> {
        let mut check = |path: &[&str], leaf: &Leaf| {
            if self.metadata.encrypts(path) && !leaf.text.is_empty() {
                Enc::parse(&leaf.text).ok_or_else(|| SopsError::NotEncrypted {
                    path: path.join("."),
                    line: leaf.line,
                })?;
            }
            Ok(())
        };
        let mut documents = self.documents.iter();
        documents.try_for_each(|document| document.visit(&mut Vec::new(), &mut check))
    }

    /// Opens every value and verifies that they belong together.
    ///
    /// # Errors
    ///
    /// - [`SopsError::NoIdentity`] if no identity of the keyring opens the data key.
    /// - [`SopsError::Value`] if a value was changed or moved.
    /// - [`SopsError::Mac`], [`SopsError::MacMismatch`] if the MAC cannot be read, or is another one.
    pub fn open(&self, keyring: &Keyring) -> Result<OpenedSops, SopsError> {
        let cipher = DataCipher::new(&self.data_key(keyring)?)?;
        let mut hash = Sha512::new();
        if self.metadata.mac_only_encrypted {
            hash.update(MAC_ONLY_ENCRYPTED);
        }
        let documents = self.documents.iter();
        let opened = documents
            .map(|document| self.open_node(document, &mut Vec::new(), &cipher, &mut hash))
            .collect::<Result<_, _>>()?;
        self.verify(&cipher, hash)?;
        Ok(OpenedSops::new(opened, !self.metadata.mac_only_encrypted))
    }

    /// The key of all values, from the first recipient whose identity is held.
    fn data_key(&self, keyring: &Keyring) -> Result<Opened, SopsError> {
        let mut damaged = None;
        let mut unsupported = Vec::new();
        for recipient in self.recipients() {
            let sealed = match Sealed::parse(&recipient.sealed_key) {
                Ok(sealed) => sealed,
                Err(SealedError::Passphrase) => {
                    unsupported.push("scrypt".to_owned());
                    continue;
                }
                Err(error) => {
                    damaged = Some(error.to_string());
                    continue;
                }
            };
            match keyring.open(&sealed) {
                Ok(key) => return Ok(key),
                Err(OpenError::NoIdentity { .. }) => {}
                Err(OpenError::Unsupported { found }) => unsupported.extend(found),
                Err(error) => damaged = Some(error.to_string()),
            }
        }
        if let Some(problem) = damaged {
            return Err(SopsError::DataKey { problem });
        }
        let found = self.recipients().iter();
        Err(SopsError::NoIdentity {
            found: found.map(|one| one.public_key.clone()).collect(),
            unsupported,
            held: keyring.recipients(),
        })
    }

    fn open_node<'n>(
        &self,
        node: &'n Node,
        path: &mut Vec<&'n str>,
        cipher: &DataCipher,
        hash: &mut Sha512,
    ) -> Result<OpenedNode, SopsError> {
        Ok(match node {
            Node::List(items) => {
                let items = items.iter();
                let opened = items.map(|item| self.open_node(item, path, cipher, hash));
                OpenedNode::List(opened.collect::<Result<_, _>>()?)
            }
            Node::Map(entries) => {
                let mut opened = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    path.push(key);
                    opened.push((key.clone(), self.open_node(value, path, cipher, hash)?));
                    path.pop();
                }
                OpenedNode::Map(opened)
            }
            Node::Leaf(leaf) => self.open_leaf(leaf, path, cipher, hash)?,
        })
    }

    fn open_leaf(
        &self,
        leaf: &Leaf,
        path: &[&str],
        cipher: &DataCipher,
        hash: &mut Sha512,
    ) -> Result<OpenedNode, SopsError> {
        let Some(clear) = scalar::clear_bytes(leaf, self.format) else {
            return Ok(OpenedNode::Null);
        };
        if !self.metadata.encrypts(path) {
            if !self.metadata.mac_only_encrypted {
                hash.update(&clear);
            }
            return Ok(OpenedNode::clear(leaf));
        }
        if leaf.text.is_empty() {
            return Ok(OpenedNode::text(Opened::new(Vec::new())));
        }
        let problem = |problem| SopsError::Value {
            path: path.join("."),
            line: leaf.line,
            problem,
        };
        let enc = Enc::parse(&leaf.text).ok_or_else(|| SopsError::NotEncrypted {
            path: path.join("."),
            line: leaf.line,
        })?;
        let place = format!("{}:", path.join(":"));
        let value = cipher.open(&enc, place.as_bytes()).map_err(problem)?;
        hash.update(value.expose_bytes());
        OpenedNode::typed(value, enc.kind).map_err(problem)
    }

    fn verify(&self, cipher: &DataCipher, hash: Sha512) -> Result<(), SopsError> {
        let enc = Enc::parse(&self.metadata.mac).ok_or(SopsError::Mac {
            problem: "it is not in SOPS' form",
        })?;
        let expected = cipher
            .open(&enc, self.metadata.last_modified.as_bytes())
            .map_err(|problem| SopsError::Mac { problem })?;
        let found = hex::encode_upper(hash.finalize());
        if bool::from(expected.expose_bytes().ct_eq(found.as_bytes())) {
            Ok(())
        } else {
            Err(SopsError::MacMismatch)
        }
    }
}

/// Shape only.
impl std::fmt::Debug for SopsFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SopsFile")
            .field("documents", &self.documents.len())
            .field("recipients", &self.metadata.recipients.len())
            .finish_non_exhaustive()
    }
}
