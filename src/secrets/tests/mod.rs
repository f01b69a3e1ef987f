//! Sealing and opening, against files made by the genuine `age`.
#![expect(clippy::unwrap_used, reason = "tests")]

mod age_files;
mod data_key;
mod envelopes;
mod environment;
mod form;
mod identities;
mod opening;
mod prints;
mod sops;
mod unprintable;
mod writing;

use super::{Keyring, Sealed};
use age::armor::{ArmoredWriter, Format};
use std::io::Write as _;

const VALUE: &str = include_str!("../../../tests/fixtures/age/age_value.age");
const MULTILINE: &str = include_str!("../../../tests/fixtures/age/age_multiline.age");
const EMPTY: &str = include_str!("../../../tests/fixtures/age/age_empty.age");
const TWO_RECIPIENTS: &str = include_str!("../../../tests/fixtures/age/age_two_recipients.age");
const SSH: &str = include_str!("../../../tests/fixtures/age/age_ssh.age");
const KEY_1: &str = include_str!("../../../tests/fixtures/age/key1.txt");
const KEY_2: &str = include_str!("../../../tests/fixtures/age/key2.txt");
const KEY_X: &str = include_str!("../../../tests/fixtures/age/keyx.txt");

fn keyring(files: &[&str]) -> Keyring {
    let mut keyring = Keyring::default();
    for text in files {
        keyring.parse_identity_file("keys.txt", text).unwrap();
    }
    keyring
}

/// Opens `armored` and hands out the plaintext, as only a test may.
fn open(keyring: &Keyring, armored: &str) -> Vec<u8> {
    let sealed = Sealed::parse(armored).unwrap();
    keyring.open(&sealed).unwrap().expose_bytes().to_vec()
}

/// Puts armor around bytes.
fn armor(bytes: &[u8]) -> String {
    let mut writer = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor).unwrap();
    writer.write_all(bytes).unwrap();
    String::from_utf8(writer.finish().unwrap()).unwrap()
}
