//! Whether a webhook comes from somebody who knows the secret.

use super::{Provider, provider::Proof, standard};
use crate::secrets::Opened;
use axum::http::{HeaderMap, HeaderValue};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

/// Why a webhook was refused. None of the texts helps to guess the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// There is no secret to verify with.
    #[error("no webhook secret is configured for `{provider}`")]
    NotConfigured {
        /// The sender.
        provider: Provider,
    },
    /// The header with the proof is not there.
    #[error("the webhook carries no `{header}` header")]
    Missing {
        /// The header.
        header: &'static str,
    },
    /// The header with the proof is there more than once.
    #[error("the webhook carries more than one `{header}` header")]
    Repeated {
        /// The header.
        header: &'static str,
    },
    /// The header does not have the form of a proof.
    #[error("the webhook's `{header}` header does not have the form that `{provider}` sends")]
    Malformed {
        /// The header.
        header: &'static str,
        /// The sender.
        provider: Provider,
    },
    /// The proof fits none of the secrets.
    #[error("the webhook's `{header}` header fits none of the configured secrets")]
    Mismatch {
        /// The header.
        header: &'static str,
    },
}

/// Verifies a webhook over its body as it was received.
///
/// Any of `secrets` will do, so that one can be replaced without losing a delivery. The time taken
/// tells nothing about where a wrong proof differs, nor which secret fitted.
///
/// # Errors
///
/// - [`VerifyError::NotConfigured`] without a secret that is not blank: never accepted unproven.
/// - [`VerifyError::Missing`], [`VerifyError::Repeated`], [`VerifyError::Malformed`] or
///   [`VerifyError::Mismatch`] for a proof that is not one.
pub fn verify(
    provider: Provider,
    secrets: &[Opened],
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), VerifyError> {
    let secrets: Vec<&[u8]> = secrets
        .iter()
        .filter_map(|secret| secret.expose_text().map(str::as_bytes))
        .collect();
    if secrets.is_empty() {
        return Err(VerifyError::NotConfigured { provider });
    }
    let proof = provider.proof();
    let header = proof.header();
    if provider.has_signing_tokens() && headers.contains_key(standard::SIGNATURE) {
        // GitLab can send both; each of them is a proof.
        let proven = standard::verify(provider, &secrets, headers, body);
        if proven.is_ok() || !headers.contains_key(header) {
            return proven;
        }
    }
    let given = only(headers, header)?;
    let malformed = VerifyError::Malformed { header, provider };
    let fits = match proof {
        Proof::Hmac { prefix, .. } => {
            let given = signature(given.as_bytes(), prefix).ok_or(malformed)?;
            any(&secrets, |secret| mac(secret, &[body]).ct_eq(&given))
        }
        Proof::Token { .. } => any(&secrets, |secret| same(secret, given.as_bytes())),
        Proof::BasicPassword => {
            let given = password(given.as_bytes()).ok_or(malformed)?;
            any(&secrets, |secret| same(secret, &given))
        }
    };
    if fits {
        Ok(())
    } else {
        Err(VerifyError::Mismatch { header })
    }
}

/// The value of a header that is there once.
pub(super) fn only<'a>(
    headers: &'a HeaderMap,
    header: &'static str,
) -> Result<&'a HeaderValue, VerifyError> {
    let mut values = headers.get_all(header).iter();
    let given = values.next().ok_or(VerifyError::Missing { header })?;
    match values.next() {
        None => Ok(given),
        Some(_) => Err(VerifyError::Repeated { header }),
    }
}

/// Tries every secret, whether or not an earlier one fitted.
pub(super) fn any(secrets: &[&[u8]], fits: impl Fn(&[u8]) -> Choice) -> bool {
    let none = Choice::from(0);
    let fitted = secrets
        .iter()
        .fold(none, |fitted, secret| fitted | fits(secret));
    fitted.into()
}

/// Compares digests, so that not even the length shows.
fn same(secret: &[u8], given: &[u8]) -> Choice {
    Sha256::digest(secret).ct_eq(&Sha256::digest(given))
}

pub(super) fn mac(secret: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut block = [0; 64];
    if secret.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(secret));
    } else {
        block[..secret.len()].copy_from_slice(secret);
    }
    // A key of exactly one block is what RFC 2104 makes of every key; it cannot be refused.
    let mut mac = Hmac::<Sha256>::new(&block.into());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Reads 64 lower-case hexadecimal digits behind `prefix`; senders write no other form.
fn signature(given: &[u8], prefix: &str) -> Option<[u8; 32]> {
    let digits = given.strip_prefix(prefix.as_bytes())?;
    if digits.iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    let mut bytes = [0; 32];
    hex::decode_to_slice(digits, &mut bytes).ok()?;
    Some(bytes)
}

/// The password of `Basic` credentials.
fn password(given: &[u8]) -> Option<zeroize::Zeroizing<Vec<u8>>> {
    let (scheme, encoded) = given.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let mut pair = zeroize::Zeroizing::new(STANDARD.decode(encoded).ok()?);
    let colon = pair.iter().position(|byte| *byte == b':')?;
    Some(zeroize::Zeroizing::new(pair.split_off(colon + 1)))
}
