//! The key that protects what the daemon keeps on disk.

use super::Opened;
use base64::{Engine as _, engine::general_purpose::STANDARD};
// Several times as fast as the `aes-gcm` crate, which a start with many manifests waits for.
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    error::Unspecified,
};
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;
/// Drawn at random for each value: safe for 2^32 values under one key (NIST SP 800-38D §8.3).
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// A 256-bit AES-GCM key; it cannot be printed and is zeroed on drop.
pub struct DataKey(Zeroizing<[u8; KEY_BYTES]>);

impl DataKey {
    /// Reads a key of 32 bytes, written as 64 hexadecimal digits or as padded base64.
    ///
    /// # Errors
    ///
    /// [`DataKeyError::Malformed`]; the text is never repeated.
    pub fn parse(text: &str) -> Result<Self, DataKeyError> {
        let text = text.trim();
        let bytes = if text.len() == KEY_BYTES * 2 {
            hex::decode(text).ok()
        } else {
            STANDARD.decode(text).ok()
        };
        let bytes = Zeroizing::new(bytes.ok_or(DataKeyError::Malformed)?);
        let key = <[u8; KEY_BYTES]>::try_from(bytes.as_slice());
        Ok(Self(Zeroizing::new(
            key.map_err(|_| DataKeyError::Malformed)?,
        )))
    }

    /// Draws a new key.
    ///
    /// # Errors
    ///
    /// [`DataKeyError::Randomness`] if the system has none to give.
    pub fn generate() -> Result<Self, DataKeyError> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(key.as_mut_slice()).map_err(DataKeyError::Randomness)?;
        Ok(Self(key))
    }

    /// The key as 64 hexadecimal digits. Only for writing the key file.
    pub fn to_hex(&self) -> Opened {
        Opened::new(hex::encode(self.0.as_slice()).into_bytes())
    }

    /// Encrypts `plaintext` and binds it to `aad`: nonce, ciphertext and tag, 28 bytes more.
    ///
    /// # Errors
    ///
    /// - [`CipherError::Randomness`] if the system gives no nonce.
    /// - [`CipherError::TooLarge`] beyond 64 GiB.
    pub fn encrypt(&self, aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, CipherError> {
        let mut bytes = Vec::with_capacity(NONCE_BYTES + plaintext.len() + TAG_BYTES);
        bytes.resize(NONCE_BYTES, 0);
        bytes.extend_from_slice(plaintext);
        self.encrypt_in_place(aad, &mut bytes, 0)?;
        Ok(bytes)
    }

    /// Encrypts what `bytes` holds behind `start` and 12 bytes of room for the nonce; appends the tag.
    ///
    /// # Errors
    ///
    /// As [`DataKey::encrypt`]; [`CipherError::TooLarge`] also if the room is missing.
    pub fn encrypt_in_place(
        &self,
        aad: &[u8],
        bytes: &mut Vec<u8>,
        start: usize,
    ) -> Result<(), CipherError> {
        let (nonce, plaintext) = bytes
            .get_mut(start..)
            .and_then(|tail| tail.split_at_mut_checked(NONCE_BYTES))
            .ok_or(CipherError::TooLarge)?;
        getrandom::fill(nonce).map_err(CipherError::Randomness)?;
        let refused = |Unspecified| CipherError::TooLarge;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(refused)?;
        let cipher = self.cipher().map_err(refused)?;
        let sealed = cipher.seal_in_place_separate_tag(nonce, Aad::from(aad), plaintext);
        let tag = sealed.map_err(refused)?;
        bytes.extend_from_slice(tag.as_ref());
        Ok(())
    }

    /// Decrypts what [`DataKey::encrypt`] made with the same key and `aad`.
    ///
    /// # Errors
    ///
    /// [`CipherError::Refused`] if key, `aad` or any byte is another.
    pub fn decrypt(&self, aad: &[u8], bytes: &[u8]) -> Result<Opened, CipherError> {
        let mut bytes = Zeroizing::new(bytes.to_vec());
        let plaintext = self.decrypt_in_place(aad, &mut bytes)?;
        Ok(Opened::new(plaintext.to_vec()))
    }

    /// Decrypts in the buffer that holds nonce, ciphertext and tag; returns the part with the plaintext.
    ///
    /// # Errors
    ///
    /// As [`DataKey::decrypt`]; the buffer is then of no use any more.
    pub fn decrypt_in_place<'a>(
        &self,
        aad: &[u8],
        bytes: &'a mut [u8],
    ) -> Result<&'a [u8], CipherError> {
        let (nonce, rest) = bytes
            .split_at_mut_checked(NONCE_BYTES)
            .ok_or(CipherError::Refused)?;
        let refused = |Unspecified| CipherError::Refused;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(refused)?;
        let cipher = self.cipher().map_err(refused)?;
        let opened = cipher.open_in_place(nonce, Aad::from(aad), rest);
        opened.map(|plaintext| &*plaintext).map_err(refused)
    }

    /// [`DataKey::encrypt`] into base64 text, for a column of a database.
    ///
    /// # Errors
    ///
    /// As [`DataKey::encrypt`].
    pub fn seal_value(&self, aad: &[u8], plaintext: &[u8]) -> Result<String, CipherError> {
        Ok(STANDARD.encode(self.encrypt(aad, plaintext)?))
    }

    /// Opens what [`DataKey::seal_value`] made.
    ///
    /// # Errors
    ///
    /// As [`DataKey::decrypt`]; text that is not base64 is refused too.
    pub fn open_value(&self, aad: &[u8], text: &str) -> Result<Opened, CipherError> {
        let bytes = STANDARD.decode(text).map_err(|_| CipherError::Refused)?;
        self.decrypt(aad, &bytes)
    }

    /// The key itself. Only for deriving others.
    pub(super) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    fn cipher(&self) -> Result<LessSafeKey, Unspecified> {
        let key = UnboundKey::new(&AES_256_GCM, self.0.as_slice())?;
        Ok(LessSafeKey::new(key))
    }
}

/// Why there is no data key.
#[derive(Debug, thiserror::Error)]
pub enum DataKeyError {
    /// The text is no key.
    #[error("the key is not 32 bytes written as 64 hexadecimal digits or as base64")]
    Malformed,
    /// The system's source of randomness failed.
    #[error("failed to draw a key")]
    Randomness(#[source] getrandom::Error),
}

/// Why a value was not encrypted or decrypted.
#[derive(Debug, thiserror::Error)]
pub enum CipherError {
    /// Another key, another place, or damaged bytes; AES-GCM cannot tell which.
    #[error(
        "the data key does not fit, or the data is damaged; give the key it was sealed with (`--secret-encryption-key`), or, to change the key, name that one with `--previous-secret-encryption-key`"
    )]
    Refused,
    /// More than one message may hold.
    #[error("the data is too large to encrypt")]
    TooLarge,
    /// The system's source of randomness failed.
    #[error("failed to draw a nonce")]
    Randomness(#[source] getrandom::Error),
}
