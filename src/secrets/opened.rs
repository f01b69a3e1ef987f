//! A plaintext that stays inside its type.

use zeroize::Zeroizing;

/// An opened secret value: no `Debug`, `Display`, `Serialize` or `Clone`, zeroed on drop.
pub struct Opened(Zeroizing<Vec<u8>>);

impl Opened {
    /// Takes a plaintext over.
    pub fn new(plaintext: Vec<u8>) -> Self {
        Self(Zeroizing::new(plaintext))
    }

    /// The plaintext as text without surrounding white space (a key file's last newline does not
    /// count); `None` if it is not UTF-8 or blank. Only for putting it on the wire.
    pub fn expose_text(&self) -> Option<&str> {
        let text = std::str::from_utf8(&self.0).ok()?.trim();
        (!text.is_empty()).then_some(text)
    }

    /// The plaintext as it is. Only for sealing it again.
    pub fn expose_bytes(&self) -> &[u8] {
        &self.0
    }
}
