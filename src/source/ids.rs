//! Object ids of Git, apart by what they name.

use std::fmt;

/// Length of a SHA-1 object id in bytes.
const ID_BYTES: usize = 20;

macro_rules! object_id {
    ($(#[doc = $doc:literal])+ $name:ident) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; ID_BYTES]);

        impl $name {
            /// Reads the full form, 40 hexadecimal digits.
            pub fn parse(text: &str) -> Option<Self> {
                let mut bytes = [0; ID_BYTES];
                hex::decode_to_slice(text, &mut bytes).ok()?;
                Some(Self(bytes))
            }

            /// The 20 bytes.
            pub const fn as_bytes(&self) -> &[u8; ID_BYTES] {
                &self.0
            }

            /// The first 12 digits, for people.
            pub fn short(&self) -> String {
                hex::encode(&self.0[..6])
            }

            pub(super) fn from_oid(oid: git2::Oid) -> Self {
                let mut bytes = [0; ID_BYTES];
                let raw = oid.as_bytes();
                let len = raw.len().min(ID_BYTES);
                bytes[..len].copy_from_slice(&raw[..len]);
                Self(bytes)
            }

            pub(super) fn oid(&self) -> Result<git2::Oid, git2::Error> {
                git2::Oid::from_bytes(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

object_id! {
    /// The id of a commit.
    CommitId
}
object_id! {
    /// The id of a file's content.
    BlobId
}
