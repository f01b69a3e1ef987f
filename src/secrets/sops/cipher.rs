//! One encrypted value: `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`.

use crate::secrets::Opened;
use aes_gcm::{
    AesGcm, KeyInit as _, Nonce, Tag,
    aead::{AeadInPlace as _, Error as AeadError, consts::U32},
    aes::Aes256,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::{SopsError, SopsKind};

/// AES-256-GCM with a nonce of 32 bytes instead of the usual 12.
type SopsGcm = AesGcm<Aes256, U32>;

const NONCE_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
const KEY_BYTES: usize = 32;

/// The parts of an encrypted value, still in base64.
pub(super) struct Enc<'a> {
    data: &'a str,
    nonce: &'a str,
    tag: &'a str,
    /// `str`, `int`, `float`, `bool`, `bytes`, `time` or `comment`.
    pub(super) kind: &'a str,
}

impl<'a> Enc<'a> {
    /// Takes a value apart; `None` if it does not have the form.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let inner = text.strip_prefix("ENC[AES256_GCM,data:")?;
        let inner = inner.strip_suffix(']')?;
        let (data, rest) = inner.split_once(",iv:")?;
        let (nonce, rest) = rest.split_once(",tag:")?;
        let (tag, kind) = rest.split_once(",type:")?;
        let parts = [data, nonce, tag, kind];
        let is_whole = parts.iter().all(|part| !part.is_empty());
        is_whole.then_some(Self {
            data,
            nonce,
            tag,
            kind,
        })
    }
}

/// The file's data key, ready to open and seal values.
pub(super) struct DataCipher(SopsGcm);

impl DataCipher {
    pub(super) fn new(key: &Opened) -> Result<Self, SopsError> {
        let bytes = key.expose_bytes();
        if bytes.len() != KEY_BYTES {
            return Err(SopsError::DataKey {
                problem: format!("it has {} bytes instead of {KEY_BYTES}", bytes.len()),
            });
        }
        let cipher = SopsGcm::new_from_slice(bytes).map_err(|_| SopsError::DataKey {
            problem: "it is no key".to_owned(),
        })?;
        Ok(Self(cipher))
    }

    /// Opens a value that was sealed with `place`.
    pub(super) fn open(&self, enc: &Enc<'_>, place: &[u8]) -> Result<Opened, &'static str> {
        const BASE64: &str = "it is not base64";
        let mut data = Zeroizing::new(STANDARD.decode(enc.data).map_err(|_| BASE64)?);
        let nonce = STANDARD.decode(enc.nonce).map_err(|_| BASE64)?;
        let tag = STANDARD.decode(enc.tag).map_err(|_| BASE64)?;
        if nonce.len() != NONCE_BYTES || tag.len() != TAG_BYTES {
            return Err("its nonce or its tag has another length than SOPS writes");
        }
        self.0
            .decrypt_in_place_detached(
                Nonce::from_slice(&nonce),
                place,
                &mut data,
                Tag::from_slice(&tag),
            )
            .map_err(
                |AeadError| "it was changed, or stands at another place than it was sealed for",
            )?;
        Ok(Opened::new(std::mem::take(&mut *data)))
    }

    /// Seals a value for `place`, with a nonce of its own.
    pub(super) fn seal(
        &self,
        value: &[u8],
        kind: SopsKind,
        place: &[u8],
    ) -> Result<String, &'static str> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| "the system gives no randomness")?;
        let mut data = Zeroizing::new(value.to_vec());
        let tag = self
            .0
            .encrypt_in_place_detached(Nonce::from_slice(&nonce), place, &mut data)
            .map_err(|AeadError| "it is too long")?;
        let [data, nonce, tag] = [data.as_slice(), &nonce, &tag].map(|part| STANDARD.encode(part));
        let kind = kind.as_str();
        Ok(format!(
            "ENC[AES256_GCM,data:{data},iv:{nonce},tag:{tag},type:{kind}]"
        ))
    }
}
