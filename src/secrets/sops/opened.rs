//! What a SOPS file holds once it is open.

use super::node::Leaf;
use crate::secrets::Opened;
use zeroize::Zeroizing;

/// The documents of an opened SOPS file; like an [`Opened`] value they cannot be printed.
pub struct OpenedSops {
    documents: Vec<OpenedNode>,
    covers_clear_parts: bool,
}

pub(super) enum OpenedNode {
    Null,
    Scalar {
        value: Opened,
        /// Whether it is text and not a number or a boolean.
        is_text: bool,
    },
    List(Vec<OpenedNode>),
    Map(Vec<(String, OpenedNode)>),
}

impl OpenedNode {
    pub(super) fn text(value: Opened) -> Self {
        Self::Scalar {
            value,
            is_text: true,
        }
    }

    /// A scalar that stands in clear text.
    pub(super) fn clear(leaf: &Leaf) -> Self {
        Self::Scalar {
            value: Opened::new(leaf.text.clone().into_bytes()),
            is_text: !leaf.is_plain
                || serde_json::from_str::<serde_json::Value>(&leaf.text).is_err(),
        }
    }

    /// An opened value of one of SOPS' types.
    pub(super) fn typed(value: Opened, kind: &str) -> Result<Self, &'static str> {
        match kind {
            "str" | "bytes" | "time" => Ok(Self::text(value)),
            "int" | "float" => Ok(Self::Scalar {
                is_text: serde_json::from_slice::<serde_json::Number>(value.expose_bytes())
                    .is_err(),
                value,
            }),
            "bool" => {
                let word = value.expose_bytes().to_ascii_lowercase();
                Ok(Self::Scalar {
                    is_text: word != b"true" && word != b"false",
                    value: Opened::new(word),
                })
            }
            _ => Err("its type is none of SOPS'"),
        }
    }

    fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => {
                let entry = entries.iter().find(|(name, _)| name == key);
                entry.map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// How many bytes the value may take as JSON.
    fn room(&self) -> usize {
        match self {
            Self::Null => 8,
            Self::Scalar { value, .. } => value.expose_bytes().len() * 6 + 8,
            Self::List(items) => items.iter().map(Self::room).sum::<usize>() + 8,
            Self::Map(entries) => {
                let entries = entries.iter();
                let sizes = entries.map(|(key, value)| key.len() * 6 + 8 + value.room());
                sizes.sum::<usize>() + 8
            }
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Scalar { value, is_text } => match std::str::from_utf8(value.expose_bytes()) {
                Ok(text) if *is_text => quote(text, out),
                Ok(text) => out.extend_from_slice(text.as_bytes()),
                // Bytes that are no text are no value of a manifest.
                Err(_) => out.extend_from_slice(b"null"),
            },
            Self::List(items) => {
                out.push(b'[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    item.write(out);
                }
                out.push(b']');
            }
            Self::Map(entries) => {
                out.push(b'{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    quote(key, out);
                    out.push(b':');
                    value.write(out);
                }
                out.push(b'}');
            }
        }
    }
}

/// Writes a JSON string without a copy on the way.
fn quote(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0..0x20 | 0x7f => {
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(hex::encode([byte]).as_bytes());
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

impl OpenedSops {
    pub(super) fn new(documents: Vec<OpenedNode>, covers_clear_parts: bool) -> Self {
        Self {
            documents,
            covers_clear_parts,
        }
    }

    /// Whether the MAC covers values in clear text too; not with `mac_only_encrypted`.
    pub fn covers_clear_parts(&self) -> bool {
        self.covers_clear_parts
    }

    /// How many documents there are.
    pub fn len(&self) -> usize {
        self.documents.len()
    }

    /// Whether there is no document.
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// The scalar that `path` leads to in a document, counted from 0; `None` also for null.
    pub fn value(&self, document: usize, path: &[&str]) -> Option<&Opened> {
        let mut node = self.documents.get(document)?;
        for key in path {
            node = node.get(key)?;
        }
        match node {
            OpenedNode::Scalar { value, .. } => Some(value),
            _ => None,
        }
    }

    /// The documents as JSON texts, one a line and each behind a line `---`: what a YAML reader takes.
    pub fn to_documents(&self) -> Opened {
        let room: usize = self.documents.iter().map(|node| node.room() + 8).sum();
        // Made in its full length: a buffer that grows leaves copies behind.
        let mut out = Zeroizing::new(Vec::with_capacity(room));
        for document in &self.documents {
            out.extend_from_slice(b"---\n");
            document.write(&mut out);
            out.push(b'\n');
        }
        Opened::new(std::mem::take(&mut *out))
    }
}
