//! A native identity that knows its public half.
//!
//! The public half is part of each unwrapping. The library works it out anew from the secret one each time, which
//! is a third of what opening a value costs; here it is worked out once.
//!
//! Source: <https://c2sp.org/age>, "The X25519 recipient type".

use age::{DecryptError, secrecy::ExposeSecret as _, x25519};
use age_core::{
    format::{FILE_KEY_BYTES, FileKey, Stanza},
    primitives::{aead_decrypt, bech32_decode, hkdf},
};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

const KIND: &str = "X25519";
const INFO: &[u8] = b"age-encryption.org/v1/X25519";
const KEY_BYTES: usize = 32;
const TAG_BYTES: usize = 16;

/// A secret key and its public half; zeroed on drop.
pub(super) struct NativeIdentity {
    secret: StaticSecret,
    public: PublicKey,
}

impl NativeIdentity {
    /// Takes over an identity that the library has read; `None` if its text is not what the format says.
    pub(super) fn of(identity: &x25519::Identity) -> Option<Self> {
        let text = identity.to_string();
        let bytes = bech32_decode(
            text.expose_secret(),
            |_| (),
            |_| Ok(()),
            |_, bytes| {
                let mut key = Zeroizing::new([0; KEY_BYTES]);
                let mut count = 0;
                for (place, byte) in key.iter_mut().zip(bytes) {
                    *place = byte;
                    count += 1;
                }
                (count == KEY_BYTES).then_some(key).ok_or(())
            },
        );
        let secret = StaticSecret::from(*bytes.ok()?);
        let public = PublicKey::from(&secret);
        Some(Self { secret, public })
    }

    /// The file key in a stanza that is well formed; nothing if it is for somebody else.
    fn unwrap(&self, stanza: &Stanza) -> Result<Option<FileKey>, DecryptError> {
        let share = match stanza.args.as_slice() {
            [share] => public_key(share).ok_or(DecryptError::InvalidHeader)?,
            _ => return Err(DecryptError::InvalidHeader),
        };
        if stanza.body.len() != FILE_KEY_BYTES + TAG_BYTES {
            return Err(DecryptError::InvalidHeader);
        }
        let shared = self.secret.diffie_hellman(&share);
        // A share of low order makes a secret that everybody knows (RFC 7748, 6.1).
        if !shared.was_contributory() {
            return Err(DecryptError::InvalidHeader);
        }
        let mut salt = [0; 2 * KEY_BYTES];
        let (theirs, ours) = salt.split_at_mut(KEY_BYTES);
        theirs.copy_from_slice(share.as_bytes());
        ours.copy_from_slice(self.public.as_bytes());
        let key = Zeroizing::new(hkdf(&salt, INFO, shared.as_bytes()));
        // Nothing but this tells whom it is for.
        let Ok(opened) = aead_decrypt(&key, FILE_KEY_BYTES, &stanza.body) else {
            return Ok(None);
        };
        let opened = Zeroizing::new(opened);
        Ok(Some(FileKey::init_with_mut(|key| {
            key.copy_from_slice(&opened);
        })))
    }
}

impl age::Identity for NativeIdentity {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        (stanza.tag == KIND)
            .then(|| self.unwrap(stanza).transpose())
            .flatten()
    }
}

/// 32 bytes in base64 without padding.
fn public_key(text: &str) -> Option<PublicKey> {
    let bytes = STANDARD_NO_PAD.decode(text).ok()?;
    let bytes: [u8; KEY_BYTES] = bytes.try_into().ok()?;
    Some(bytes.into())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::NativeIdentity;
    use age::{Recipient as _, secrecy::ExposeSecret as _, x25519};
    use age_core::format::{FileKey, Stanza};

    /// What unwrapping comes to, comparably.
    fn outcome(identity: &dyn age::Identity, stanza: &Stanza) -> String {
        match identity.unwrap_stanza(stanza) {
            None => "for somebody else".to_owned(),
            Some(Ok(key)) => format!("{:?}", key.expose_secret()),
            Some(Err(error)) => error.to_string(),
        }
    }

    fn both(theirs: &x25519::Identity, stanza: &Stanza) -> String {
        let ours = NativeIdentity::of(theirs).unwrap();
        let outcome = outcome(&ours, stanza);
        assert_eq!(outcome, super::tests::outcome(theirs, stanza), "{stanza:?}");
        outcome
    }

    fn wrapped(identity: &x25519::Identity, key: [u8; 16]) -> Stanza {
        let key = FileKey::new(Box::new(key));
        let (stanzas, _) = identity.to_public().wrap_file_key(&key).unwrap();
        stanzas
            .into_iter()
            .find(|stanza| stanza.tag == super::KIND)
            .unwrap()
    }

    #[test]
    fn the_same_file_keys_come_out_as_with_the_librarys_identity() {
        for number in 0..20 {
            let identity = x25519::Identity::generate();
            let stanza = wrapped(&identity, [number; 16]);
            assert_eq!(both(&identity, &stanza), format!("{:?}", [number; 16]));
        }
    }

    #[test]
    fn what_is_damaged_or_for_others_is_refused_as_the_library_does() {
        let identity = x25519::Identity::generate();
        let good = wrapped(&identity, [7; 16]);
        let mut others = vec![wrapped(&x25519::Identity::generate(), [7; 16])];
        let with = |change: fn(&mut Stanza)| {
            let mut stanza = Stanza {
                tag: good.tag.clone(),
                args: good.args.clone(),
                body: good.body.clone(),
            };
            change(&mut stanza);
            stanza
        };
        others.extend([
            with(|it| it.tag = "ssh-ed25519".into()),
            with(|it| it.tag = "x25519".into()),
            with(|it| it.args.clear()),
            with(|it| it.args.push("more".into())),
            with(|it| it.args[0].push('=')),
            with(|it| it.args[0].clear()),
            with(|it| it.args[0].truncate(42)),
            with(|it| it.args[0] = "A".repeat(43)),
            with(|it| it.args[0] = "A".repeat(44)),
            with(|it| it.args[0] = "%".repeat(43)),
            with(|it| it.body.clear()),
            with(|it| it.body.push(0)),
            with(|it| it.body.truncate(31)),
            with(|it| it.body[0] ^= 1),
        ]);
        for stanza in &others {
            let outcome = both(&identity, stanza);
            assert!(!outcome.starts_with('['), "{stanza:?}: {outcome}");
        }
    }
}
