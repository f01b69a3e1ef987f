//! Files sealed by SOPS: YAML and JSON, for age recipients.
//!
//! A [`SopsFile`] is read without a key: what its form can tell is known then. [`SopsFile::open`] unwraps the data
//! key with an identity, opens each value bound to its path, and verifies the MAC over all of them. The MAC does
//! not cover the names of keys, nulls, comments and empty texts: callers check these again in what was opened.
//!
//! For writing, a [`SopsKey`] opens and seals single values, [`SopsFile::encrypts`] says which of them are sealed, and
//! a [`SopsMac`] is made over all of them; where they stand in the text is the caller's.
//!
//! Format: <https://getsops.io/docs/#encryption-protocol>, and what `sops` 3.11 writes.

mod cipher;
mod error;
mod events;
mod key;
mod mac;
mod metadata;
mod node;
mod opened;
mod scalar;
mod value;

pub use error::SopsError;
pub use key::SopsKey;
pub use mac::SopsMac;
pub use metadata::SopsRecipient;
pub use opened::OpenedSops;
pub use value::{SopsKind, SopsScalar};

use super::{Keyring, OpenError, Opened, Sealed, SealedError};
use cipher::Enc;
use metadata::Metadata;
use node::{Leaf, Node};
use opened::OpenedNode;
use subtle::ConstantTimeEq as _;

/// Longest file that is read, in bytes: as for manifests.
const MAX_FILE_BYTES: usize = 1024 * 1024;

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

    /// Whether a text is a comment that SOPS encrypted.
    pub fn is_sealed_comment(text: &str) -> bool {
        Enc::parse(text).is_some_and(|enc| enc.kind == SopsKind::Comment.as_str())
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
        self.open_with(&self.key(keyring)?)
    }

    /// The same with the key at hand.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub fn open_with(&self, key: &SopsKey) -> Result<OpenedSops, SopsError> {
        let mut mac = self.mac();
        let documents = self.documents.iter();
        let opened = documents
            .map(|document| self.open_node(document, &mut Vec::new(), key, &mut mac))
            .collect::<Result<_, _>>()?;
        self.verify(key, mac)?;
        Ok(OpenedSops::new(opened, !self.metadata.mac_only_encrypted))
    }

    /// The key of the file's values.
    ///
    /// # Errors
    ///
    /// - [`SopsError::NoIdentity`] if no identity of the keyring opens it.
    /// - [`SopsError::DataKey`] if it is damaged.
    pub fn key(&self, keyring: &Keyring) -> Result<SopsKey, SopsError> {
        SopsKey::new(self.data_key(keyring)?)
    }

    /// How it is written.
    pub fn format(&self) -> SopsFormat {
        self.format
    }

    /// Whether the file says that the value that these keys lead to is sealed.
    pub fn encrypts(&self, path: &[&str]) -> bool {
        self.metadata.encrypts(path)
    }

    /// A MAC over no value yet.
    pub fn mac(&self) -> SopsMac {
        SopsMac::new(self.metadata.mac_only_encrypted)
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
        key: &SopsKey,
        mac: &mut SopsMac,
    ) -> Result<OpenedNode, SopsError> {
        Ok(match node {
            Node::List(items) => {
                let mut opened = Vec::with_capacity(items.len());
                for item in items {
                    if !self.is_comment(item, path, key)? {
                        opened.push(self.open_node(item, path, key, mac)?);
                    }
                }
                OpenedNode::List(opened)
            }
            Node::Map(entries) => {
                let mut opened = Vec::with_capacity(entries.len());
                for (name, value) in entries {
                    path.push(name);
                    opened.push((name.clone(), self.open_node(value, path, key, mac)?));
                    path.pop();
                }
                OpenedNode::Map(opened)
            }
            Node::Leaf(leaf) => self.open_leaf(leaf, path, key, mac)?,
        })
    }

    /// Whether an item of a list is a comment, which `sops` seals in a list as it does items. The MAC covers none.
    fn is_comment(&self, item: &Node, path: &[&str], key: &SopsKey) -> Result<bool, SopsError> {
        let Node::Leaf(leaf) = item else {
            return Ok(false);
        };
        let enc = Enc::parse(&leaf.text).filter(|enc| enc.kind == SopsKind::Comment.as_str());
        let Some(enc) = enc.filter(|_| self.metadata.encrypts(path)) else {
            return Ok(false);
        };
        let opened = key.open_enc(&enc, path);
        opened.map_err(|problem| SopsError::Value {
            path: path.join("."),
            line: leaf.line,
            problem,
        })?;
        Ok(true)
    }

    fn open_leaf(
        &self,
        leaf: &Leaf,
        path: &[&str],
        key: &SopsKey,
        mac: &mut SopsMac,
    ) -> Result<OpenedNode, SopsError> {
        let Some(clear) = scalar::clear_bytes(leaf, self.format) else {
            return Ok(OpenedNode::Null);
        };
        if !self.metadata.encrypts(path) {
            mac.add(&clear, false);
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
        let value = key.open_enc(&enc, path).map_err(problem)?;
        mac.add(value.expose_bytes(), true);
        OpenedNode::typed(value, enc.kind).map_err(problem)
    }

    fn verify(&self, key: &SopsKey, mac: SopsMac) -> Result<(), SopsError> {
        let enc = Enc::parse(&self.metadata.mac).ok_or(SopsError::Mac {
            problem: "it is not in SOPS' form",
        })?;
        let expected = key
            .open_mac(&enc, &self.metadata.last_modified)
            .map_err(|problem| SopsError::Mac { problem })?;
        if bool::from(expected.expose_bytes().ct_eq(mac.finish().as_bytes())) {
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
