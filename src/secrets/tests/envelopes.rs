use super::{KEY_1, VALUE, keyring};
use crate::secrets::{
    Binding, Envelope, EnvelopeError, Keyring, MAX_PLAINTEXT_BYTES, Opened, Recipient, SealError,
    Sealed, seal,
};
use proptest::{
    collection::vec,
    prelude::{Strategy, any, prop_assert_eq, proptest},
};

fn place() -> Binding {
    Binding::new("team-a", "openai", "value")
}

fn refusal(plaintext: &[u8]) -> EnvelopeError {
    match Envelope::open(Opened::new(plaintext.to_vec())) {
        Ok(_) => unreachable!("it is no envelope"),
        Err(error) => error,
    }
}

#[test]
fn an_envelope_is_two_lines_in_front_of_the_value() {
    let binding = place().with_hosts(&["api.openai.com".to_owned()]);
    let plaintext = Envelope::seal(&binding, &Opened::new(b"sk-\n1\n".to_vec()));
    let expected = "orloj.dev/sealed/v1\n\
        {\"namespace\":\"team-a\",\"secret\":\"openai\",\"key\":\"value\",\
        \"allowed_hosts\":[\"api.openai.com\"]}\nsk-\n1\n";
    assert_eq!(
        std::str::from_utf8(plaintext.expose_bytes()).unwrap(),
        expected
    );
    let opened = Envelope::open_at(plaintext, &place()).unwrap();
    assert_eq!(opened.binding, Some(binding));
    assert_eq!(opened.value.expose_bytes(), b"sk-\n1\n");
}

#[test]
fn a_bare_value_has_no_binding() {
    let sealed = Sealed::parse(VALUE).unwrap();
    let plaintext = keyring(&[KEY_1]).open(&sealed).unwrap();
    let opened = Envelope::open_at(plaintext, &place()).unwrap();
    assert_eq!(opened.binding, None);
    assert_eq!(opened.value.expose_bytes(), b"sk-test-0123456789");
}

#[test]
fn a_value_sealed_for_another_secret_namespace_or_key_says_for_which() {
    for other in [
        Binding::new("team-b", "openai", "value"),
        Binding::new("team-a", "other", "value"),
        Binding::new("team-a", "openai", "token"),
    ] {
        let plaintext = Envelope::seal(&place(), &Opened::new(b"sk-1".to_vec()));
        match Envelope::open_at(plaintext, &other) {
            Ok(_) => unreachable!("it belongs elsewhere"),
            Err(error) => assert_eq!(
                error.to_string(),
                "it was sealed for the value `value` of secret team-a/openai"
            ),
        }
    }
}

#[test]
fn what_begins_like_an_envelope_and_is_none_is_no_bare_value() {
    for (plaintext, expected) in [
        ("orloj.dev/sealed/", EnvelopeError::Damaged),
        ("orloj.dev/sealed/v1", EnvelopeError::Damaged),
        ("orloj.dev/sealed/v1\n", EnvelopeError::Damaged),
        ("orloj.dev/sealed/v1\n{}\nsk", EnvelopeError::Damaged),
        (
            "orloj.dev/sealed/v1\n{\"namespace\":\"a\",\"secret\":\"b\",\"key\":\"c\"}",
            EnvelopeError::Damaged,
        ),
        (
            "orloj.dev/sealed/v1\n{\"namespace\":\"a\",\"secret\":\"b\",\"key\":\"c\",\"more\":1}\nsk",
            EnvelopeError::Damaged,
        ),
        ("orloj.dev/sealed/v2\n{}\nsk", EnvelopeError::Version),
    ] {
        assert_eq!(refusal(plaintext.as_bytes()), expected, "{plaintext:?}");
    }
}

#[test]
fn a_value_that_looks_like_an_envelope_is_sealed_in_one() {
    let inner = Envelope::seal(
        &Binding::new("team-b", "theirs", "value"),
        &Opened::new(b"sk".to_vec()),
    );
    let opened = Envelope::open_at(Envelope::seal(&place(), &inner), &place()).unwrap();
    assert_eq!(opened.value.expose_bytes(), inner.expose_bytes());
}

#[test]
fn the_envelope_counts_for_the_size_of_a_value() {
    let recipient = Recipient::parse(&keyring(&[KEY_1]).recipients()[0]).unwrap();
    let recipients = std::slice::from_ref(&recipient);
    let envelope = |length| Envelope::seal(&place(), &Opened::new(vec![b'x'; length]));
    let overhead = envelope(0).expose_bytes().len();
    let largest = envelope(MAX_PLAINTEXT_BYTES - overhead);
    let armored = seal(&largest, recipients).unwrap();
    let keyring: Keyring = keyring(&[KEY_1]);
    let plaintext = keyring.open(&Sealed::parse(&armored).unwrap()).unwrap();
    let opened = Envelope::open_at(plaintext, &place()).unwrap();
    assert_eq!(
        opened.value.expose_bytes().len(),
        MAX_PLAINTEXT_BYTES - overhead
    );
    let larger = envelope(MAX_PLAINTEXT_BYTES - overhead + 1);
    let refused = seal(&larger, recipients);
    assert!(matches!(refused, Err(SealError::TooLarge { .. })));
}

/// Any few characters.
fn words() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..8).prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn any_value_and_any_names_come_back(
        value in vec(any::<u8>(), 0..64),
        namespace in words(),
        secret in words(),
        key in words(),
        hosts in vec(words(), 0..3),
    ) {
        let binding = Binding::new(namespace, secret, key).with_hosts(&hosts);
        let opened = Envelope::open(Envelope::seal(&binding, &Opened::new(value.clone()))).unwrap();
        prop_assert_eq!(opened.binding, Some(binding));
        prop_assert_eq!(opened.value.expose_bytes(), &value[..]);
    }

    #[test]
    fn no_bytes_break_the_reader(bytes in any::<Vec<u8>>()) {
        let mut like_one = b"orloj.dev/sealed/v1\n".to_vec();
        like_one.extend_from_slice(&bytes);
        let _ = Envelope::open(Opened::new(like_one));
        let bare = Envelope::open(Opened::new(bytes.clone()));
        if !bytes.starts_with(b"orloj.dev/sealed/") {
            let bare = bare.unwrap();
            prop_assert_eq!(bare.value.expose_bytes(), &bytes[..]);
        }
    }
}
