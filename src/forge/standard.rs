//! Signatures of <https://www.standardwebhooks.com>, as GitLab sends them for a signing token.

use super::{
    Provider, VerifyError,
    verify::{any, mac, only},
};
use axum::http::HeaderMap;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use subtle::{Choice, ConstantTimeEq as _};
use zeroize::Zeroizing;

/// The header with the signatures, `v1,BASE64` each, with spaces between.
pub(super) const SIGNATURE: &str = "webhook-signature";

/// The headers that are signed before the body, each with a dot behind it.
const SIGNED: [&str; 2] = ["webhook-id", "webhook-timestamp"];

/// What stands before a signing token that is base64.
const PREFIX: &str = "whsec_";

/// More signatures than this are not tried: a sender that rotates its token has two.
const MOST_SIGNATURES: usize = 8;

/// Verifies the signature over id, time and body. The time is no limit: a delivery that comes again within a day
/// is told by its id, and rings for nothing but a look.
pub(super) fn verify(
    provider: Provider,
    secrets: &[&[u8]],
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), VerifyError> {
    let header = SIGNATURE;
    let malformed = VerifyError::Malformed { header, provider };
    let given = only(headers, header)?.to_str().map_err(|_| malformed)?;
    let [id, time] = [only(headers, SIGNED[0])?, only(headers, SIGNED[1])?];
    let given: Vec<_> = given
        .split(' ')
        .take(MOST_SIGNATURES)
        .filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok())
        .collect();
    if given.is_empty() {
        return Err(malformed);
    }
    let parts = [id.as_bytes(), b".", time.as_bytes(), b".", body];
    let fits = |key: &[u8]| {
        let own = mac(key, &parts);
        let none = Choice::from(0);
        given
            .iter()
            .fold(none, |fitted, given| fitted | own.as_slice().ct_eq(given))
    };
    let keys: Vec<_> = secrets.iter().map(|secret| key(secret)).collect();
    let keys: Vec<&[u8]> = keys.iter().map(|key| key.as_slice()).collect();
    // A token that is written without its prefix, or is no base64, is its own key.
    if any(&keys, fits) | any(secrets, fits) {
        Ok(())
    } else {
        Err(VerifyError::Mismatch { header })
    }
}

/// The key that a signing token stands for.
fn key(token: &[u8]) -> Zeroizing<Vec<u8>> {
    let encoded = token.strip_prefix(PREFIX.as_bytes());
    let decoded = encoded.and_then(|encoded| STANDARD.decode(encoded).ok());
    // An empty key would be anybody's.
    let decoded = decoded.filter(|key| !key.is_empty());
    Zeroizing::new(decoded.unwrap_or_else(|| token.to_vec()))
}
