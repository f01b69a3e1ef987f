//! What is known of sealed values whose ciphertext differs.
//!
//! Without a key it is only that: a value sealed anew looks like another one. Whoever can open both sides says which
//! it is. Neither stands in the plan's digest.

use super::change::{Change, FieldOp, Shown};
use crate::model::ResourceId;

/// What a plan says that was made without a key.
pub(super) const CIPHERTEXT_CHANGED: &str = "ciphertext changed";

/// Where [`crate::model::Resource::value`] keeps a secret's fingerprints.
pub(super) const SECRET_VALUES: &str = "/spec/values/";

/// Where it keeps that of a file that is sealed down to its names.
const SEALED_FILE: &str = "/spec/file/sealed";

/// How two values differ whose ciphertexts do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ValueVerdict {
    /// Not at all.
    SealedAnew,
    /// It is the same value, for other hosts.
    OtherHosts,
    /// It is another value.
    Changed,
}

impl ValueVerdict {
    /// As people read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SealedAnew => "re-encrypted only",
            Self::OtherHosts => "value unchanged, sealed for other hosts",
            Self::Changed => "changed",
        }
    }
}

/// Whether a field of a secret is that of a sealed file that both sides have.
pub(super) fn is_sealed_file(pointer: &str, op: FieldOp) -> bool {
    pointer == SEALED_FILE && op == FieldOp::Replace
}

impl Change {
    /// Whether a sealed value of it has another ciphertext, and no more is known.
    pub fn has_other_ciphertext(&self) -> bool {
        let mut fields = self.fields.iter();
        fields.any(|field| field.shown == Shown::Secret(CIPHERTEXT_CHANGED))
    }

    /// What the secret was called in the base.
    pub fn former_id(&self) -> &ResourceId {
        self.moved.as_ref().map_or(&self.id, |moved| &moved.from)
    }

    /// Says of each sealed value with another ciphertext what `verdict` knows of its key, if anything; without a
    /// key it is a file that is sealed down to its names.
    pub fn judge_values(&mut self, verdict: impl Fn(Option<&str>) -> Option<ValueVerdict>) {
        for field in &mut self.fields {
            if field.shown != Shown::Secret(CIPHERTEXT_CHANGED) {
                continue;
            }
            let known = match field.pointer.strip_prefix(SECRET_VALUES) {
                Some(token) => verdict(Some(&key_of(token))),
                None => verdict(None),
            };
            if let Some(verdict) = known {
                field.shown = Shown::Secret(verdict.as_str());
            }
        }
    }
}

/// The key that a token of a JSON pointer stands for.
pub(super) fn key_of(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}
