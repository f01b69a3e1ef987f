use super::{KEY_1, KEY_X, VALUE, keyring};
use crate::secrets::{AgeFile, OpenError, SealedError};

const BINARY: &[u8] = include_bytes!("../../../tests/fixtures/sops/manifests/whole.yaml.age");
const ARMORED: &[u8] = include_bytes!("../../../tests/fixtures/sops/manifests/armored.yaml.age");

#[test]
fn binary_and_armored_files_of_the_genuine_tool_open_to_the_same() {
    let open = |bytes| {
        let file = AgeFile::parse(bytes).unwrap();
        assert_eq!(file.recipient_kinds(), ["X25519"]);
        let opened = keyring(&[KEY_1]).open_file(&file).unwrap();
        String::from_utf8(opened.expose_bytes().to_vec()).unwrap()
    };
    assert!(open(BINARY).contains("name: inside"));
    assert_eq!(open(ARMORED), open(BINARY));
    let file = AgeFile::parse(BINARY).unwrap();
    let closed = keyring(&[KEY_X]).open_file(&file);
    assert!(matches!(closed, Err(OpenError::NoIdentity { .. })));
}

/// S5: what is cut, doubled or no file at all gives an error and no part of the content.
#[test]
fn s5_cut_doubled_and_foreign_files_give_no_content() {
    let keyring = keyring(&[KEY_1]);
    for length in 0..BINARY.len() {
        if let Ok(file) = AgeFile::parse(&BINARY[..length]) {
            assert!(keyring.open_file(&file).is_err(), "cut to {length} bytes");
        }
    }
    let doubled = AgeFile::parse(&[BINARY, BINARY].concat()).unwrap();
    assert!(keyring.open_file(&doubled).is_err());
    let behind = [ARMORED, VALUE.as_bytes()].concat();
    assert!(matches!(
        AgeFile::parse(&behind),
        Err(SealedError::Armor { .. })
    ));
    assert!(matches!(
        AgeFile::parse(b"kind: Secret\n"),
        Err(SealedError::Version)
    ));
    let long = vec![b'a'; 1024 * 1024 + 1];
    assert!(matches!(
        AgeFile::parse(&long),
        Err(SealedError::TooLarge { .. })
    ));
}
