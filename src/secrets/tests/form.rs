use super::{KEY_1, SSH, TWO_RECIPIENTS, VALUE, armor, keyring};
use crate::secrets::{Sealed, SealedError};
use age::{Encryptor, scrypt, secrecy::SecretString, x25519};
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use std::{fmt::Write as _, io::Write as _, iter};

fn refusal(armored: &str) -> SealedError {
    Sealed::parse(armored).unwrap_err()
}

/// An age file with `count` X25519 recipients and a payload of `payload` zero bytes, made by the library.
fn file_with(count: usize, payload: usize) -> Vec<u8> {
    let key = x25519::Identity::generate().to_public();
    let encryptor =
        Encryptor::with_recipients(iter::repeat_n(&key as &dyn age::Recipient, count)).unwrap();
    encrypt(encryptor, payload)
}

fn encrypt(encryptor: Encryptor, payload: usize) -> Vec<u8> {
    let mut writer = encryptor.wrap_output(Vec::new()).unwrap();
    writer.write_all(&vec![0; payload]).unwrap();
    writer.finish().unwrap()
}

#[test]
fn recipient_kinds_are_read_without_a_key() {
    let kinds = |armored| Sealed::parse(armored).unwrap().recipient_kinds();
    assert_eq!(kinds(VALUE), ["X25519"]);
    assert_eq!(kinds(TWO_RECIPIENTS), ["X25519", "X25519"]);
    assert_eq!(kinds(SSH), ["ssh-ed25519"]);
}

#[test]
fn white_space_and_windows_line_ends_around_the_armor_do_not_count() {
    let windows = format!("\n  {}\r\n\n", VALUE.replace('\n', "\r\n"));
    let sealed = Sealed::parse(&windows).unwrap();
    let opened = keyring(&[KEY_1]).open(&sealed).unwrap();
    assert_eq!(opened.expose_bytes(), b"sk-test-0123456789");
}

#[test]
fn text_that_is_not_armor_is_named_so() {
    for text in [
        "",
        "sk-plain",
        "age-encryption.org/v1",
        "-----BEGIN PGP MESSAGE-----\n",
    ] {
        assert!(matches!(refusal(text), SealedError::NotArmored), "{text:?}");
    }
}

#[test]
fn damaged_armor_is_refused() {
    let begin = "-----BEGIN AGE ENCRYPTED FILE-----";
    let end = "-----END AGE ENCRYPTED FILE-----";
    let cut = VALUE.replace(end, "");
    let trailing = format!("{}\nsk-behind-the-armor", VALUE.trim());
    let twice = format!("{VALUE}{VALUE}");
    let texts = [
        begin.to_owned(),
        format!("{begin}\n!!!!\n{end}\n"),
        cut,
        trailing,
        twice,
    ];
    for text in texts {
        assert!(
            matches!(refusal(&text), SealedError::Armor { .. }),
            "{text}"
        );
    }
}

#[test]
fn armor_around_something_else_is_named_so() {
    let texts: [&[u8]; 2] = [b"hello\n", b"age-encryption.org/v2\n-> X25519 a\n"];
    for text in texts {
        let armored = armor(text);
        assert!(
            matches!(refusal(&armored), SealedError::Version),
            "{text:?}"
        );
    }
}

#[test]
fn passphrase_is_refused_by_name() {
    let mut recipient = scrypt::Recipient::new(SecretString::from("horse".to_owned()));
    recipient.set_work_factor(2);
    let recipients = iter::once(&recipient as &dyn age::Recipient);
    let file = encrypt(Encryptor::with_recipients(recipients).unwrap(), 3);
    let error = refusal(&armor(&file));
    assert!(matches!(error, SealedError::Passphrase));
    assert!(error.to_string().contains("passphrase (scrypt)"), "{error}");
}

#[test]
fn sixty_four_recipients_are_read_and_sixty_five_refused() {
    let most = Sealed::parse(&armor(&file_with(64, 1))).unwrap();
    assert_eq!(most.recipient_kinds().len(), 64);
    let error = refusal(&armor(&file_with(65, 1)));
    assert!(matches!(
        error,
        SealedError::TooManyRecipients { limit: 64 }
    ));
}

#[test]
fn endless_header_is_refused() {
    let mut long_lines = String::from("age-encryption.org/v1\n-> X25519 a\n");
    for _ in 0..1500 {
        writeln!(long_lines, "{}", "A".repeat(64)).unwrap();
    }
    let one_line = format!("age-encryption.org/v1\n-> X25519 {}", "A".repeat(100_000));
    let decoys = format!(
        "age-encryption.org/v1\n{}",
        "-> x-grease a\n\n".repeat(6000)
    );
    for text in [long_lines, one_line, decoys] {
        let error = refusal(&armor(text.as_bytes()));
        assert!(
            matches!(error, SealedError::HeaderTooLarge { limit: 65_536 }),
            "{error}"
        );
    }
}

#[test]
fn oversized_payload_is_refused_before_it_is_opened() {
    let fits = armor(&file_with(1, 64 * 1024));
    assert!(Sealed::parse(&fits).is_ok());
    for length in [64 * 1024 + 1, 1024 * 1024] {
        let error = refusal(&armor(&file_with(1, length)));
        assert!(matches!(error, SealedError::TooLarge { limit: 65_536 }));
    }
}

#[test]
fn every_truncation_is_refused() {
    let file = file_with(2, 40);
    // A payload cut inside keeps the form; what authenticates it is the key.
    let header_and_overhead = file.len() - 40;
    for length in 0..header_and_overhead {
        assert!(Sealed::parse(&armor(&file[..length])).is_err(), "{length}");
    }
}

proptest! {
    #[test]
    fn changed_bytes_never_panic_and_never_open_to_something_else(
        at in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut file = Sealed::parse(VALUE).unwrap().file().to_vec();
        let at = at.index(file.len());
        let same = file[at] == byte;
        file[at] = byte;
        // The way that reads it once says the same.
        let (armored, keyring) = (armor(&file), keyring(&[KEY_1]));
        let slow = match Sealed::parse(&armored) {
            Ok(sealed) => keyring.open(&sealed).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let fast = keyring.open_text(&armored).map_err(|error| error.to_string());
        prop_assert_eq!(
            slow.map(|value| value.expose_bytes().to_vec()),
            fast.map(|value| value.expose_bytes().to_vec())
        );
        let opened = Sealed::parse(&armored).ok();
        let opened = opened.and_then(|sealed| keyring.open(&sealed).ok());
        prop_assert!(opened.is_some() == same);
    }

    #[test]
    fn any_text_behind_the_marker_is_refused_without_a_panic(text in "\\PC{0,300}") {
        let armored = format!("-----BEGIN AGE ENCRYPTED FILE-----\n{text}");
        prop_assert!(Sealed::parse(&armored).is_err());
    }

    #[test]
    fn any_header_is_refused_without_a_panic(text in "(-> |--- |[a-zA-Z0-9+/ ]{0,70}|\n){0,60}") {
        let file = format!("age-encryption.org/v1\n{text}");
        prop_assert!(Sealed::parse(&armor(file.as_bytes())).is_err());
    }
}
