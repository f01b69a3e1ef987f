//! OpenPGP signatures, checked with the public keys that the operator names.
//!
//! What is read: version 4 keys and signatures, as `gpg` makes them, with RSA, ECDSA (P-256, P-384) and
//! Ed25519 over SHA-2. Everything that a key claims about itself (its names, its subkeys, until when it counts,
//! that it is revoked) counts only if the key signed it. Who else vouches for it does not matter: the operator
//! named it. Nothing is asked: no key server, no agent, no other program.
//!
//! Format: RFC 9580, and RFC 4880 for what is older.

mod armour;
mod certificate;
mod key;
mod packet;
mod signed;

pub(super) use certificate::Certificate;

use certificate::Standing;
use packet::{Packet, packets};
use signed::Signature;

/// A signature packet.
const SIGNATURE: u8 = 2;

/// A signature over bytes as they are, which is what Git asks for.
const OVER_BYTES: u8 = 0x00;

/// What a block of keys begins with.
const KEYS_BEGIN: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";

/// What it ends with.
const KEYS_END: &str = "-----END PGP PUBLIC KEY BLOCK-----";

/// Why a signature does not count: a sentence without its subject.
pub(super) type Problem = String;

/// Whether a file holds OpenPGP keys.
pub(super) fn holds_keys(text: &str) -> bool {
    text.lines().any(|line| line.trim_end() == KEYS_BEGIN)
}

/// The keys in a text.
///
/// # Errors
///
/// The line of a block, from 1, and what is wrong with it.
pub(super) fn certificates(text: &str) -> Result<Vec<Certificate>, (usize, Problem)> {
    let mut all = Vec::new();
    let mut is_within = false;
    for (number, line) in (1..).zip(text.lines().map(str::trim_end)) {
        if is_within || line.is_empty() || line.starts_with('#') {
            is_within &= line != KEYS_END;
            continue;
        }
        if line != KEYS_BEGIN {
            let problem = "stands beside OpenPGP keys; put what is not in a block of theirs into a file of its own";
            return Err((number, problem.to_owned()));
        }
        is_within = true;
        let block: Vec<_> = text.lines().skip(number - 1).collect();
        let unreadable = || (number, "begins a block that cannot be read".to_owned());
        let bytes = armour::open(&block.join("\n")).ok_or_else(unreadable)?;
        let packets = packets(&bytes).ok_or_else(unreadable)?;
        for packets in certificate::split(&packets) {
            let made = Certificate::read(packets).map_err(|problem| (number, problem))?;
            all.push(made);
        }
    }
    Ok(all)
}

/// Who of some people signed `payload`.
///
/// # Errors
///
/// Why the signature does not count.
pub(super) fn verify(
    certificates: &[Certificate],
    armoured: &[u8],
    payload: &[u8],
) -> Result<String, Problem> {
    const UNREADABLE: &str = "is signed in a form that cannot be read";
    let text = std::str::from_utf8(armoured).map_err(|_| UNREADABLE)?;
    let bytes = armour::open(text).ok_or(UNREADABLE)?;
    let packets = packets(&bytes).ok_or(UNREADABLE)?;
    let signature = match &*packets {
        [
            Packet {
                tag: SIGNATURE,
                body,
            },
        ] => Signature::read(body)?,
        [Packet { tag: SIGNATURE, .. }, ..] => return Err("has more than one signature".to_owned()),
        _ => return Err(UNREADABLE.to_owned()),
    };
    if signature.kind != OVER_BYTES {
        return Err("is signed for something else than Git".to_owned());
    }
    let keys = certificates.iter().flat_map(Certificate::keys);
    let found: Vec<_> = keys.filter(|(key, _)| signature.names(key)).collect();
    // Of two copies of a key, the one that is revoked counts.
    let revoked = found.iter().find(|(_, standing)| standing.is_revoked());
    let Some((key, standing)) = revoked.or(found.first()) else {
        let shown = signature.shown_issuer();
        return Err(format!(
            "is signed with the OpenPGP key {shown}, which is no allowed signer's"
        ));
    };
    signature.check(key, &[payload])?;
    let (print, who) = (key.shown(), standing.who);
    match standing.at(signature.created) {
        Standing::Counts if signature.expires => Err(format!(
            "is signed by {who} ({print}) until some time only, which is not supported"
        )),
        Standing::Counts => Ok(who.to_owned()),
        Standing::Revoked => Err(format!(
            "is signed by {who} ({print}), whose key is revoked"
        )),
        Standing::NotThen => Err(format!(
            "is signed by {who} ({print}) at a time when that key does not count"
        )),
        Standing::NotForSigning => Err(format!(
            "is signed by {who} ({print}), whose key is not for signing"
        )),
    }
}
