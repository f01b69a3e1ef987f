//! Public keys.
//!
//! Format: RFC 9580 §5.5, algorithms §9.1 and §9.2.

use super::packet::Reader;
use ring::{
    digest,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
        RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaParameters,
        RsaPublicKeyComponents, UnparsedPublicKey,
    },
};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

const ED25519_LEGACY_OID: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01];
const P256_OID: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384_OID: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];

/// Length of a fingerprint of version 4 in bytes.
pub(super) const FINGERPRINT_BYTES: usize = 20;

/// A key or subkey.
#[derive(Debug, Clone)]
pub(super) struct Key {
    /// As it is hashed: with its length before it.
    pub(super) framed: Vec<u8>,
    /// When it was made, in seconds since 1970 (UTC).
    pub(super) created: u32,
    pub(super) fingerprint: [u8; FINGERPRINT_BYTES],
    algorithm: u8,
    material: Option<Material>,
}

/// A public key whose signatures can be checked.
#[derive(Debug, Clone)]
enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    Ed25519(Vec<u8>),
    P256(Vec<u8>),
    P384(Vec<u8>),
}

/// The hashes that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    pub(super) fn of(number: u8) -> Option<Self> {
        match number {
            8 => Some(Self::Sha256),
            9 => Some(Self::Sha384),
            10 => Some(Self::Sha512),
            _ => None,
        }
    }

    fn digest(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha384 => Sha384::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
        }
    }
}

impl Key {
    /// Reads the body of a key's packet; `None` if it is of another version or makes no sense.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let length = u16::try_from(body.len()).ok()?.to_be_bytes();
        let framed = [&[0x99], &length[..], body].concat();
        let fingerprint = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &framed);
        let mut reader = Reader(body);
        if reader.u8()? != 4 {
            return None;
        }
        let (created, algorithm) = (reader.u32()?, reader.u8()?);
        Some(Self {
            created,
            fingerprint: fingerprint.as_ref().try_into().ok()?,
            algorithm,
            material: Material::read(algorithm, reader),
            framed,
        })
    }

    /// Whether its signatures can be checked.
    pub(super) fn is_supported(&self) -> bool {
        self.material.is_some()
    }

    /// The end of the fingerprint, by which signatures name a key.
    pub(super) fn id(&self) -> &[u8] {
        &self.fingerprint[FINGERPRINT_BYTES - 8..]
    }

    /// The fingerprint as `gpg` prints it.
    pub(super) fn shown(&self) -> String {
        hex::encode_upper(self.fingerprint)
    }

    /// Whether it made a signature over a message, when the signature names this algorithm and hash.
    pub(super) fn fits(&self, algorithm: u8, hash: Hash, message: &[u8], made: &[u8]) -> bool {
        if algorithm != self.algorithm {
            return false;
        }
        let mut reader = Reader(made);
        match &self.material {
            Some(Material::Rsa { n, e }) => {
                let number = reader.number().filter(|_| reader.is_at_end());
                let made = number.and_then(|number| padded(number, n.len()));
                let key = RsaPublicKeyComponents { n, e };
                made.is_some_and(|made| key.verify(rsa(hash), message, &made).is_ok())
            }
            Some(Material::Ed25519(point)) => {
                let made = match algorithm {
                    NATIVE_ED25519 => Some(made.to_vec()),
                    _ => pair(reader, 32),
                };
                let key = UnparsedPublicKey::new(&ED25519, point);
                // What is signed is the digest of what is signed.
                let digest = hash.digest(message);
                made.is_some_and(|made| key.verify(&digest, &made).is_ok())
            }
            Some(Material::P256(point)) if hash == Hash::Sha256 => {
                let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
                pair(reader, 32).is_some_and(|made| key.verify(message, &made).is_ok())
            }
            Some(Material::P384(point)) if hash == Hash::Sha384 => {
                let key = UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point);
                pair(reader, 48).is_some_and(|made| key.verify(message, &made).is_ok())
            }
            None | Some(Material::P256(_) | Material::P384(_)) => false,
        }
    }
}

/// Ed25519 as RFC 9580 has it: plain bytes instead of numbers.
const NATIVE_ED25519: u8 = 27;

impl Material {
    fn read(algorithm: u8, mut reader: Reader<'_>) -> Option<Self> {
        let material = match algorithm {
            // RSA, and RSA that only signs.
            1 | 3 => Self::Rsa {
                n: reader.number()?.to_vec(),
                e: reader.number()?.to_vec(),
            },
            // ECDSA, and EdDSA as it was before RFC 9580.
            19 | 22 => {
                let length = reader.u8()?.into();
                let (curve, point) = (reader.take(length)?, reader.number()?);
                match (algorithm, curve) {
                    (19, P256_OID) => Self::P256(point.to_vec()),
                    (19, P384_OID) => Self::P384(point.to_vec()),
                    (22, ED25519_LEGACY_OID) => {
                        Self::Ed25519(point.strip_prefix(&[0x40])?.to_vec())
                    }
                    _ => return None,
                }
            }
            NATIVE_ED25519 => Self::Ed25519(reader.take(32)?.to_vec()),
            _ => return None,
        };
        reader.is_at_end().then_some(material)
    }
}

fn rsa(hash: Hash) -> &'static RsaParameters {
    match hash {
        Hash::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
        Hash::Sha384 => &RSA_PKCS1_2048_8192_SHA384,
        Hash::Sha512 => &RSA_PKCS1_2048_8192_SHA512,
    }
}

/// Two numbers of a width, one behind the other.
fn pair(mut reader: Reader<'_>, width: usize) -> Option<Vec<u8>> {
    let (first, second) = (reader.number()?, reader.number()?);
    let mut both = padded(first, width)?;
    both.extend(padded(second, width)?);
    reader.is_at_end().then_some(both)
}

/// A number with zeros before it.
fn padded(number: &[u8], width: usize) -> Option<Vec<u8>> {
    let zeros = width.checked_sub(number.len())?;
    Some([vec![0; zeros], number.to_vec()].concat())
}
