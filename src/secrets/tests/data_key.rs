use crate::secrets::{CipherError, DataKey, DataKeyError};
use aes_gcm::{
    Aes256Gcm, KeyInit as _, Nonce,
    aead::{Aead as _, Payload},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

#[test]
fn hexadecimal_and_base64_spell_the_same_key() {
    let key = [7u8; 32];
    let hex = DataKey::parse(&format!(" {}\n", hex::encode(key))).unwrap();
    let base64 = DataKey::parse(&STANDARD.encode(key)).unwrap();
    let sealed = hex.encrypt(b"place", b"canary").unwrap();
    let opened = base64.decrypt(b"place", &sealed).unwrap();
    assert_eq!(opened.expose_bytes(), b"canary");
    assert_eq!(hex.to_hex().expose_text().unwrap(), hex::encode(key));
}

#[test]
fn text_that_is_no_key_is_refused_and_not_repeated() {
    let short = STANDARD.encode([1u8; 31]);
    let long = hex::encode([1u8; 33]);
    let not_hex = "z".repeat(64);
    for text in ["", "password", &short, &long, &not_hex] {
        let Err(error) = DataKey::parse(text) else {
            unreachable!("{text} is taken for a key")
        };
        assert!(matches!(error, DataKeyError::Malformed));
        assert!(text.is_empty() || !error.to_string().contains(text));
    }
}

#[test]
fn layout_is_nonce_then_standard_aes_gcm() {
    let sealed = DataKey::parse(&"00".repeat(32))
        .unwrap()
        .encrypt(b"", b"canary")
        .unwrap();
    assert_eq!(sealed.len(), 12 + 6 + 16);
    let (nonce, rest) = sealed.split_at(12);
    let cipher = Aes256Gcm::new(&[0u8; 32].into());
    let plain = cipher.decrypt(Nonce::from_slice(nonce), rest).unwrap();
    assert_eq!(plain, b"canary");
}

#[test]
fn what_another_library_sealed_is_opened_whatever_its_length() {
    let key = DataKey::parse(&"00".repeat(32)).unwrap();
    let cipher = Aes256Gcm::new(&[0u8; 32].into());
    let nonce = [9; 12];
    for length in [0, 1, 15, 16, 17, 95, 96, 97, 255, 256, 4_096, 70_001] {
        let text: Vec<_> = (0..=250).cycle().take(length).collect();
        let payload = Payload {
            msg: &text,
            aad: b"place",
        };
        let sealed = cipher.encrypt(&nonce.into(), payload).unwrap();
        let sealed = [nonce.as_slice(), &sealed].concat();
        let opened = key.decrypt(b"place", &sealed).unwrap();
        assert_eq!(opened.expose_bytes(), text, "{length} bytes");
    }
}

#[test]
fn every_changed_byte_another_place_and_another_key_are_refused() {
    let key = DataKey::generate().unwrap();
    let sealed = key.encrypt(b"here", b"canary").unwrap();
    let refused = |key: &DataKey, aad: &[u8], bytes: &[u8]| {
        matches!(key.decrypt(aad, bytes), Err(CipherError::Refused))
    };
    assert!(!refused(&key, b"here", &sealed));
    assert!(refused(&key, b"there", &sealed));
    assert!(refused(&DataKey::generate().unwrap(), b"here", &sealed));
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 0x80;
        assert!(refused(&key, b"here", &changed), "byte {at}");
        assert!(refused(&key, b"here", &sealed[..at]), "cut at {at}");
    }
}

#[test]
fn nonces_are_drawn_anew() {
    let key = DataKey::generate().unwrap();
    let sealed = || key.seal_value(b"", b"same").unwrap();
    assert_ne!(sealed(), sealed());
}

#[test]
fn text_form_round_trips_and_refuses_what_is_not_base64() {
    let key = DataKey::generate().unwrap();
    let text = key.seal_value(b"row", b"").unwrap();
    assert_eq!(key.open_value(b"row", &text).unwrap().expose_bytes(), b"");
    assert!(key.open_value(b"row", "%%%").is_err());
}
