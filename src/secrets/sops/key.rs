//! The one key of all values of a file.

use super::{
    SopsError, SopsKind, SopsScalar,
    cipher::{DataCipher, Enc},
};
use crate::secrets::{Opened, Recipient, SealError, seal::wrap};

/// The data key of a file; like an [`Opened`] value it cannot be printed.
pub struct SopsKey {
    key: Opened,
    cipher: DataCipher,
}

impl SopsKey {
    pub(super) fn new(key: Opened) -> Result<Self, SopsError> {
        let cipher = DataCipher::new(&key)?;
        Ok(Self { key, cipher })
    }

    /// Opens `ENC[…]` that stands below the keys of `path`; places in lists do not count.
    ///
    /// # Errors
    ///
    /// A text that says what is wrong with it.
    pub fn open(&self, text: &str, path: &[&str]) -> Result<SopsScalar, &'static str> {
        let enc = Enc::parse(text).ok_or("it is not in SOPS' form")?;
        let kind = SopsKind::of(enc.kind).ok_or("it is of a type that is not read here")?;
        let value = self.open_enc(&enc, path)?;
        Ok(SopsScalar { kind, value })
    }

    /// Seals a value to stand below the keys of `path`. A text without a letter stays as it is.
    ///
    /// # Errors
    ///
    /// A text that says why it cannot be sealed.
    pub fn seal(&self, scalar: &SopsScalar, path: &[&str]) -> Result<String, &'static str> {
        let bytes = scalar.value.expose_bytes();
        if bytes.is_empty() {
            return Ok(String::new());
        }
        scalar.check()?;
        self.cipher.seal(bytes, scalar.kind, &place(path))
    }

    /// The key itself, sealed for somebody: armored, for `sops.age`.
    ///
    /// # Errors
    ///
    /// [`SealError::Encrypt`] if age refuses.
    pub fn wrap(&self, recipient: &Recipient) -> Result<String, SealError> {
        wrap(&self.key, recipient)
    }

    pub(super) fn open_enc(&self, enc: &Enc<'_>, path: &[&str]) -> Result<Opened, &'static str> {
        self.cipher.open(enc, &place(path))
    }

    pub(super) fn open_mac(&self, enc: &Enc<'_>, at: &str) -> Result<Opened, &'static str> {
        self.cipher.open(enc, at.as_bytes())
    }

    pub(super) fn seal_mac(&self, mac: &str, at: &str) -> Result<String, &'static str> {
        let (mac, at) = (mac.as_bytes(), at.as_bytes());
        self.cipher.seal(mac, SopsKind::Text, at)
    }
}

/// What a value is bound to.
fn place(path: &[&str]) -> Vec<u8> {
    format!("{}:", path.join(":")).into_bytes()
}
