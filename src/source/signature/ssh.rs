//! SSH signatures, checked with the public key that they bring.
//!
//! Format: <https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig>, keys: RFC 4253 §6.6,
//! RFC 5656 §3.1, RFC 8332 and RFC 8709.

use base64::{Engine as _, prelude::BASE64_STANDARD, prelude::BASE64_STANDARD_NO_PAD};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA512, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use sha2::{Digest as _, Sha256, Sha512};

const MAGIC: &[u8] = b"SSHSIG";
const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";

/// What Git signs for.
const NAMESPACE: &[u8] = b"git";

/// Checks a signature over `payload`; returns the public key, as SSH writes it.
///
/// # Errors
///
/// Why it is none: a sentence without its subject.
pub(super) fn verify(signature: &[u8], payload: &[u8]) -> Result<Vec<u8>, String> {
    let blob = unarmoured(signature).ok_or("is signed in a form that cannot be read")?;
    let parts = Parts::of(&blob).ok_or("is signed in a form that cannot be read")?;
    if parts.namespace != NAMESPACE {
        return Err("is signed for something else than Git".to_owned());
    }
    let digest = match parts.hash {
        b"sha256" => Sha256::digest(payload).to_vec(),
        b"sha512" => Sha512::digest(payload).to_vec(),
        _ => return Err("is signed over an unknown hash".to_owned()),
    };
    let mut signed = MAGIC.to_vec();
    for part in [parts.namespace, parts.reserved, parts.hash, &digest] {
        write(&mut signed, part);
    }
    check(parts.key, parts.signature, &signed)?;
    Ok(parts.key.to_vec())
}

/// How a key is called, as `ssh-keygen -l` does.
pub(super) fn fingerprint(key: &[u8]) -> String {
    format!(
        "SHA256:{}",
        BASE64_STANDARD_NO_PAD.encode(Sha256::digest(key))
    )
}

/// The sort of a key, if it is one whose signatures can be checked.
pub(super) fn supported(key: &[u8]) -> Option<&str> {
    let sort = std::str::from_utf8(Reader(key).text()?).ok()?;
    let is_known = matches!(
        sort,
        "ssh-ed25519" | "ecdsa-sha2-nistp256" | "ecdsa-sha2-nistp384" | "ssh-rsa"
    );
    is_known.then_some(sort)
}

fn check(key: &[u8], signature: &[u8], signed: &[u8]) -> Result<(), String> {
    const WRONG: &str = "has a signature that does not fit";
    let mut reader = Reader(signature);
    let read = reader.text().zip(reader.text());
    let (form, value) = read.filter(|_| reader.is_at_end()).ok_or(WRONG)?;
    let Some(sort) = supported(key) else {
        let sort = Reader(key).text().unwrap_or_default();
        let sort = String::from_utf8_lossy(sort);
        return Err(format!(
            "is signed with a key of the sort `{}`, which is not supported",
            sort.escape_debug()
        ));
    };
    let mut reader = Reader(key);
    reader.text();
    let fits = match (sort, form) {
        ("ssh-ed25519", b"ssh-ed25519") => {
            let point = reader.text().filter(|_| reader.is_at_end()).ok_or(WRONG)?;
            fits(&ED25519, point, signed, value)
        }
        ("ecdsa-sha2-nistp256", b"ecdsa-sha2-nistp256") => {
            ecdsa(&ECDSA_P256_SHA256_FIXED, reader, signed, value, 32)
        }
        ("ecdsa-sha2-nistp384", b"ecdsa-sha2-nistp384") => {
            ecdsa(&ECDSA_P384_SHA384_FIXED, reader, signed, value, 48)
        }
        ("ssh-rsa", b"rsa-sha2-256") => rsa(&RSA_PKCS1_2048_8192_SHA256, reader, signed, value),
        ("ssh-rsa", b"rsa-sha2-512") => rsa(&RSA_PKCS1_2048_8192_SHA512, reader, signed, value),
        _ => false,
    };
    if fits { Ok(()) } else { Err(WRONG.to_owned()) }
}

fn fits(
    algorithm: &'static dyn VerificationAlgorithm,
    key: &[u8],
    signed: &[u8],
    signature: &[u8],
) -> bool {
    let key = UnparsedPublicKey::new(algorithm, key);
    key.verify(signed, signature).is_ok()
}

fn ecdsa(
    algorithm: &'static dyn VerificationAlgorithm,
    mut key: Reader<'_>,
    signed: &[u8],
    signature: &[u8],
    width: usize,
) -> bool {
    let mut numbers = Reader(signature);
    let fixed = || {
        // The curve's name stands before the point; the key's sort says it already.
        key.text()?;
        let point = key.text().filter(|_| key.is_at_end())?;
        let (r, s) = numbers.text().zip(numbers.text())?;
        let mut fixed = padded(r, width)?;
        fixed.extend(padded(s, width)?);
        numbers.is_at_end().then_some((point, fixed))
    };
    let mut fixed = fixed;
    fixed().is_some_and(|(point, signature)| fits(algorithm, point, signed, &signature))
}

fn rsa(
    parameters: &'static ring::signature::RsaParameters,
    mut key: Reader<'_>,
    signed: &[u8],
    signature: &[u8],
) -> bool {
    let Some((e, n)) = key.text().zip(key.text()).filter(|_| key.is_at_end()) else {
        return false;
    };
    let key = RsaPublicKeyComponents {
        n: unsigned(n),
        e: unsigned(e),
    };
    key.verify(parameters, signed, signature).is_ok()
}

/// A number without the zeros before it.
fn unsigned(number: &[u8]) -> &[u8] {
    let first = number.iter().position(|byte| *byte != 0);
    &number[first.unwrap_or(number.len())..]
}

fn padded(number: &[u8], width: usize) -> Option<Vec<u8>> {
    let number = unsigned(number);
    let mut out = vec![0; width.checked_sub(number.len())?];
    out.extend_from_slice(number);
    Some(out)
}

fn unarmoured(signature: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(signature).ok()?.trim();
    let body = text.strip_prefix(BEGIN)?.strip_suffix(END)?;
    let digits: String = body.split_ascii_whitespace().collect();
    BASE64_STANDARD.decode(digits).ok()
}

/// What a signature is made of.
struct Parts<'b> {
    key: &'b [u8],
    namespace: &'b [u8],
    reserved: &'b [u8],
    hash: &'b [u8],
    signature: &'b [u8],
}

impl<'b> Parts<'b> {
    fn of(blob: &'b [u8]) -> Option<Self> {
        let rest = blob.strip_prefix(MAGIC)?.strip_prefix(&[0, 0, 0, 1])?;
        let mut reader = Reader(rest);
        let parts = Self {
            key: reader.text()?,
            namespace: reader.text()?,
            reserved: reader.text()?,
            hash: reader.text()?,
            signature: reader.text()?,
        };
        reader.is_at_end().then_some(parts)
    }
}

/// Reads strings in SSH's form: four bytes of length, and as many bytes.
struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn text(&mut self) -> Option<&'b [u8]> {
        let (length, rest) = self.0.split_first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (text, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(text)
    }

    fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }
}

fn write(out: &mut Vec<u8>, text: &[u8]) {
    // What is written is at most a MiB.
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(text);
}
