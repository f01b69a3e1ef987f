//! A plaintext that stays inside its type.

use subtle::ConstantTimeEq as _;
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

    /// Whether both hold the same bytes. Takes as long whichever byte differs; only the length may show.
    pub fn same_as(&self, other: &Self) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).into()
    }

    /// The plaintext as it is. Only for sealing it again.
    pub fn expose_bytes(&self) -> &[u8] {
        &self.0
    }
}
