use super::{EMPTY, KEY_1, KEY_2, KEY_X, MULTILINE, SSH, TWO_RECIPIENTS, VALUE, keyring, open};
use crate::secrets::{
    Keyring, MAX_PLAINTEXT_BYTES, OpenError, Opened, Recipient, SealError, Sealed,
    generate_identity, seal,
};
use std::error::Error as _;

fn refusal(keyring: &Keyring, armored: &str) -> OpenError {
    let sealed = Sealed::parse(armored).unwrap();
    match keyring.open(&sealed) {
        Ok(_) => unreachable!("it opened"),
        Err(error) => error,
    }
}

#[test]
fn values_sealed_by_the_genuine_tool_open() {
    let keyring = keyring(&[KEY_1]);
    assert_eq!(open(&keyring, VALUE), b"sk-test-0123456789");
    let lines = String::from_utf8(open(&keyring, MULTILINE)).unwrap();
    assert!(lines.lines().count() > 1, "{lines:?}");
    assert_eq!(open(&keyring, EMPTY), b"");
}

#[test]
fn each_of_two_recipients_opens_alone_and_in_a_larger_keyring() {
    let by_first = open(&keyring(&[KEY_1]), TWO_RECIPIENTS);
    assert!(!by_first.is_empty());
    assert_eq!(open(&keyring(&[KEY_2]), TWO_RECIPIENTS), by_first);
    assert_eq!(open(&keyring(&[KEY_X, KEY_2]), TWO_RECIPIENTS), by_first);
}

#[test]
fn wrong_key_names_the_recipients_and_the_public_keys_tried() {
    let keyring = keyring(&[KEY_X]);
    let held = keyring.recipients().remove(0);
    assert!(held.starts_with("age1"));
    assert_eq!(
        refusal(&keyring, TWO_RECIPIENTS).to_string(),
        format!(
            "failed to open the value: it is sealed for 2 recipients (X25519, X25519) and no \
             configured identity fits (tried {held})"
        )
    );
}

#[test]
fn without_any_identity_the_error_says_so() {
    assert_eq!(
        refusal(&Keyring::default(), VALUE).to_string(),
        "failed to open the value: it is sealed for 1 recipient (X25519) and no identity is configured"
    );
}

#[test]
fn value_for_an_ssh_key_is_refused_by_the_kind_of_its_recipient() {
    let message = refusal(&keyring(&[KEY_1]), SSH).to_string();
    let expected = if cfg!(feature = "ssh") {
        "failed to open the value: it is sealed for 1 recipient (ssh-ed25519) and no configured identity fits"
    } else {
        "failed to open the value: it is sealed for 1 recipient (ssh-ed25519); this build opens only X25519"
    };
    assert!(message.starts_with(expected), "{message}");
}

#[test]
fn flipped_payload_byte_is_damage_with_a_cause() {
    let mut file = Sealed::parse(VALUE).unwrap().file().to_vec();
    *file.last_mut().unwrap() ^= 1;
    let error = refusal(&keyring(&[KEY_1]), &super::armor(&file));
    assert_eq!(error.to_string(), "failed to decrypt the value");
    assert!(!error.source().unwrap().to_string().is_empty());
}

#[test]
fn generated_identity_opens_what_was_sealed_for_it() {
    let (secret, public) = generate_identity();
    let mut ring = Keyring::default();
    let line = secret.expose_text().unwrap();
    assert_eq!(ring.parse_identity_file("new.txt", line).unwrap(), 1);
    assert_eq!(ring.recipients(), std::slice::from_ref(&public));

    let recipients = [Recipient::parse(&public).unwrap(), public_key_1()];
    let armored = seal(&Opened::new(b"sk-live".to_vec()), &recipients).unwrap();
    assert_eq!(open(&ring, &armored), b"sk-live");
    assert_eq!(open(&keyring(&[KEY_1]), &armored), b"sk-live");
    let kinds = Sealed::parse(&armored).unwrap().recipient_kinds();
    assert_eq!(kinds, ["X25519", "X25519"]);
}

#[test]
fn whom_it_was_sealed_for_is_named_where_the_value_says_so() {
    let (_, public) = generate_identity();
    let recipients = [Recipient::parse(&public).unwrap(), public_key_1()];
    let armored = seal(&Opened::new(b"sk-live".to_vec()), &recipients).unwrap();
    let first = public_key_1();
    assert_eq!(
        refusal(&Keyring::default(), &armored).to_string(),
        format!(
            "failed to open the value: it is sealed for 2 recipients ({public}, {first}) and no identity is configured"
        )
    );
}

#[test]
fn sealing_twice_gives_two_texts() {
    let value = Opened::new(b"same".to_vec());
    let recipients = [public_key_1()];
    let first = seal(&value, &recipients).unwrap();
    assert_ne!(first, seal(&value, &recipients).unwrap());
}

#[test]
fn largest_value_round_trips_and_one_byte_more_is_refused() {
    let recipients = vec![public_key_1(); 64];
    let largest = Opened::new(vec![b'x'; MAX_PLAINTEXT_BYTES]);
    let armored = seal(&largest, &recipients).unwrap();
    assert!(open(&keyring(&[KEY_1]), &armored) == largest.expose_bytes());

    let larger = Opened::new(vec![b'x'; MAX_PLAINTEXT_BYTES + 1]);
    let error = seal(&larger, &recipients).unwrap_err();
    assert!(matches!(error, SealError::TooLarge { given } if given == MAX_PLAINTEXT_BYTES + 1));
}

#[test]
fn sealing_for_nobody_or_for_a_crowd_is_refused() {
    let value = Opened::new(b"v".to_vec());
    assert!(matches!(seal(&value, &[]), Err(SealError::NoRecipients)));
    let crowd = vec![public_key_1(); 65];
    let error = seal(&value, &crowd).unwrap_err();
    assert!(matches!(error, SealError::TooManyRecipients { given: 65 }));
}

fn public_key_1() -> Recipient {
    Recipient::parse(&keyring(&[KEY_1]).recipients()[0]).unwrap()
}

/// S6: every identity is tried, in whatever order they come.
#[test]
fn s6_the_third_of_five_identities_opens_alone() {
    let stranger = || generate_identity().0.expose_text().unwrap().to_owned();
    let files = [
        stranger(),
        stranger(),
        KEY_1.to_owned(),
        stranger(),
        stranger(),
    ];
    let files: Vec<_> = files.iter().map(String::as_str).collect();
    let keyring = keyring(&files);
    assert_eq!(keyring.recipients().len(), 5);
    assert_eq!(open(&keyring, VALUE), b"sk-test-0123456789");
    let mut without = files.clone();
    without.remove(2);
    let message = refusal(&super::keyring(&without), VALUE).to_string();
    assert_eq!(message.matches("age1").count(), 4, "{message}");
}
