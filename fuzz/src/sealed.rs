//! Sealed values and files: armor, age headers and SOPS files of any bytes are read or refused within limits; nothing
//! opens without a key, and what a key opens is what was sealed.

use orloj::secrets::{
    AgeFile, Keyring, Opened, Recipient, Sealed, SopsFile, SopsFormat, generate_identity, seal,
};
use std::sync::LazyLock;

/// As many recipients as a file may have.
const MAX_RECIPIENTS: usize = 64;

/// A key, and a value that is sealed for it.
static SEALED: LazyLock<(Keyring, String)> = LazyLock::new(|| {
    let (identity, public) = generate_identity();
    let mut keyring = Keyring::default();
    let text = identity.expose_text().unwrap_or_default();
    keyring
        .parse_identity_file("age.key", text)
        .expect("a new key is one");
    let recipient = Recipient::parse(&public).expect("a new key has a public half");
    let armored = seal(&Opened::new(b"value".to_vec()), &[recipient]).expect("it can be sealed");
    (keyring, armored)
});

/// Reads `bytes` as each of the sealed forms, and as a way to break one.
pub fn check(bytes: &[u8]) {
    let (keyring, armored) = &*SEALED;
    if let Ok(file) = AgeFile::parse(bytes) {
        assert!(file.recipient_kinds().len() <= MAX_RECIPIENTS);
        assert!(
            Keyring::default().open_file(&file).is_err(),
            "without a key"
        );
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(sealed) = Sealed::parse(text) {
            assert!(sealed.recipient_kinds().len() <= MAX_RECIPIENTS);
            assert!(Keyring::default().open(&sealed).is_err(), "without a key");
        }
        for format in [SopsFormat::Yaml, SopsFormat::Json] {
            if let Ok(file) = SopsFile::parse(text, format) {
                assert!(file.recipients().len() <= MAX_RECIPIENTS);
                assert!(file.open(&Keyring::default()).is_err(), "without a key");
            }
        }
    }
    // Some bytes of a good value exchanged: it opens to the same, or not at all.
    let mut broken = armored.clone().into_bytes();
    for pair in bytes.chunks_exact(3).take(8) {
        let at = (usize::from(pair[0]) << 8) | usize::from(pair[1]);
        let length = broken.len();
        broken[at % length] = pair[2];
    }
    let opened = std::str::from_utf8(&broken).ok().and_then(|text| {
        let sealed = Sealed::parse(text).ok()?;
        keyring.open(&sealed).ok()
    });
    assert!(opened.is_none_or(|value| value.expose_bytes() == b"value"));
}
