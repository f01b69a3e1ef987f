//! The values of Secrets where they stand in a text, and the text with other values in their places.
//!
//! [`rewrite`] walks the Secrets of a file and asks for each value what is to stand there instead. What is
//! not a value stays as it is, byte for byte: comments, order, other documents. The result is read again
//! and held against what was asked for before anybody gets it; a spelling that cannot be edited so is
//! refused with its line.
//!
//! [`sops`] does the same for files that SOPS sealed, of whatever they are.

mod lines;
mod merge;
mod places;
mod rewrite;
mod scalars;
pub mod sops;
mod verify;

pub use rewrite::{Direction, Replacement, RewriteError, rewrite};

use crate::secrets::Opened;
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The field of a Secret that a value stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Clear text.
    StringData,
    /// Clear text in base64.
    Data,
    /// Sealed.
    EncryptedData,
}

impl Field {
    /// The documented name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StringData => "stringData",
            Self::Data => "data",
            Self::EncryptedData => "encryptedData",
        }
    }

    fn of(key: &str) -> Option<Self> {
        match key {
            "stringData" | "string_data" => Some(Self::StringData),
            "data" => Some(Self::Data),
            "encryptedData" => Some(Self::EncryptedData),
            _ => None,
        }
    }
}

/// One value of a Secret as it stands in a text.
pub struct WrittenValue<'a> {
    /// The namespace of its Secret.
    pub namespace: &'a str,
    /// The name of its Secret.
    pub name: &'a str,
    /// `spec.allowed_hosts` of its Secret.
    pub allowed_hosts: &'a [String],
    /// Its key.
    pub key: &'a str,
    /// Where it stands.
    pub field: Field,
    /// The text as YAML reads it: clear, base64 or armor.
    pub text: &'a str,
    /// Its line, counted from 1.
    pub line: u32,
    /// Its source, for putting it back as it was.
    pub source: Source,
}

impl WrittenValue<'_> {
    /// The clear value; `None` if it is sealed, or not base64 where it should be.
    pub fn clear(&self) -> Option<Opened> {
        match self.field {
            Field::StringData => Some(Opened::new(self.text.as_bytes().to_vec())),
            Field::Data => STANDARD.decode(self.text).ok().map(Opened::new),
            Field::EncryptedData => None,
        }
    }
}

/// The source of a value: what follows its key, and the lines below. Fits where the key stands in the same
/// column.
#[derive(Clone, PartialEq, Eq)]
pub struct Source {
    head: String,
    tail: String,
    column: u32,
}

/// What a document says of itself as a Secret.
struct Identity {
    namespace: String,
    name: String,
    allowed_hosts: Vec<String>,
}
