//! The keys that clients call models with: their text, and the hash that Git holds.

use sha2::{Digest as _, Sha256};

/// How every key begins, so that scanners of repositories and logs find one.
pub const KEY_PREFIX: &str = "orloj_sk_";

/// Digits of the secret part: 256 bits in base 62.
const SECRET_DIGITS: usize = 43;

/// Digits of the checksum: 32 bits in base 62.
const CHECKSUM_DIGITS: usize = 6;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What is known of the text of a key; the text itself is nobody's to keep.
pub struct ClientKey;

impl ClientKey {
    /// The key of 256 random bits: the prefix, 43 digits in base 62, and 6 that check the rest.
    pub fn text_of(secret: [u8; 32]) -> String {
        let mut text = format!("{KEY_PREFIX}{}", base62(&secret, SECRET_DIGITS));
        text.push_str(&checksum(&text));
        text
    }

    /// Whether a text is a whole key, by its checksum; a mistyped one is not.
    pub fn is_whole(text: &str) -> bool {
        let length = KEY_PREFIX.len() + SECRET_DIGITS + CHECKSUM_DIGITS;
        if text.len() != length || !text.is_ascii() || !text.starts_with(KEY_PREFIX) {
            return false;
        }
        let (rest, sum) = text.split_at(length - CHECKSUM_DIGITS);
        checksum(rest) == sum
    }

    /// SHA-256 of a key, whatever its form: keys of other makers are hashed alike.
    pub fn hash_of(text: &[u8]) -> [u8; 32] {
        Sha256::digest(text).into()
    }

    /// The hash as a manifest writes it: `sha256:` and 64 hexadecimal digits.
    pub fn written_hash_of(text: &str) -> String {
        format!("sha256:{}", hex::encode(Self::hash_of(text.as_bytes())))
    }

    /// Reads a hash as a manifest writes it.
    pub fn read_hash(text: &str) -> Option<[u8; 32]> {
        let mut hash = [0; 32];
        hex::decode_to_slice(text.strip_prefix("sha256:")?, &mut hash).ok()?;
        Some(hash)
    }
}

fn checksum(text: &str) -> String {
    let sum = ClientKey::hash_of(text.as_bytes());
    base62(sum.get(..4).unwrap_or_default(), CHECKSUM_DIGITS)
}

/// A big-endian number in base 62, with so many digits.
fn base62(number: &[u8], digits: usize) -> String {
    let mut rest = number.to_vec();
    let mut text = vec![b'0'; digits];
    for digit in text.iter_mut().rev() {
        let mut carry = 0_usize;
        for byte in &mut rest {
            let value = carry << 8 | usize::from(*byte);
            *byte = u8::try_from(value / DIGITS.len()).unwrap_or_default();
            carry = value % DIGITS.len();
        }
        *digit = DIGITS.get(carry).copied().unwrap_or(b'0');
    }
    String::from_utf8(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::{ClientKey, KEY_PREFIX};

    #[test]
    fn key_carries_all_its_bits_and_a_checksum() {
        let (least, most) = (ClientKey::text_of([0; 32]), ClientKey::text_of([255; 32]));
        assert_eq!(least.len(), 58);
        assert_eq!(most.len(), 58);
        assert!(least[KEY_PREFIX.len()..].starts_with(&"0".repeat(43)));
        let mut one = [0; 32];
        one[31] = 61;
        assert_eq!(
            &ClientKey::text_of(one)[KEY_PREFIX.len()..][..43],
            format!("{}z", "0".repeat(42))
        );
        // 2^256 - 1 in base 62, from another implementation.
        assert_eq!(
            &most[KEY_PREFIX.len()..][..43],
            "yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1"
        );
    }

    #[test]
    fn a_mistyped_key_is_not_whole() {
        let key = ClientKey::text_of([7; 32]);
        assert!(ClientKey::is_whole(&key));
        for at in 0..key.len() {
            let mut wrong = key.clone().into_bytes();
            wrong[at] = if wrong[at] == b'x' { b'y' } else { b'x' };
            assert!(
                !ClientKey::is_whole(std::str::from_utf8(&wrong).unwrap()),
                "{at}"
            );
        }
        assert!(!ClientKey::is_whole(""));
        assert!(!ClientKey::is_whole(&key[1..]));
    }

    #[test]
    fn hash_is_read_as_it_is_written() {
        let written = ClientKey::written_hash_of("abc");
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            written,
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            ClientKey::read_hash(&written),
            Some(ClientKey::hash_of(b"abc"))
        );
        assert_eq!(ClientKey::read_hash("sha256:00"), None);
        assert_eq!(ClientKey::read_hash(&written[7..]), None);
    }
}
