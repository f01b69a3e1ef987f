//! Secret values that were written in clear text.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use zeroize::Zeroizing;

/// A secret value as somebody typed it: zeroed on drop, and impossible to print, compare or serialize.
pub struct ClearText(Zeroizing<Vec<u8>>);

impl ClearText {
    /// Takes the value over.
    pub fn new(value: Vec<u8>) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The value itself. Callers hand it on to sealing or opening and keep no copy.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// A fingerprint bound to `place`, for noticing that a value changed. Not for showing: a short
    /// value can be guessed from it.
    pub fn fingerprint(&self, place: &str) -> String {
        let mut hash = Sha256::new();
        hash.update((place.len() as u64).to_be_bytes());
        hash.update(place.as_bytes());
        hash.update(&*self.0);
        hex::encode(hash.finalize())
    }
}

impl<'de> Deserialize<'de> for ClearText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::new(text.into_bytes()))
    }
}

impl JsonSchema for ClearText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ClearText".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}
