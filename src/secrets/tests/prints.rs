//! Fingerprints of values.

use crate::secrets::{Binding, DataKey, Opened, PrintKey};
use proptest::prelude::{prop_assert_eq, proptest};

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fn key() -> PrintKey {
    PrintKey::of(&DataKey::parse(KEY).unwrap())
}

fn same(left: (&PrintKey, [&str; 3], &str), right: (&PrintKey, [&str; 3], &str)) -> bool {
    let print = |(key, [namespace, secret, name], value): (&PrintKey, [&str; 3], &str)| {
        let place = Binding::new(namespace, secret, name);
        key.print(&place, &Opened::new(value.into()))
    };
    print(left).same_as(&print(right))
}

#[test]
fn a_fingerprint_is_of_one_value_at_one_place_under_one_key() {
    let (key, place) = (key(), ["team-a", "openai", "value"]);
    assert!(same((&key, place, "sk-1"), (&key, place, "sk-1")));
    // Whoever starts with the same data key gets the same, as after a restart.
    assert!(same((&key, place, "sk-1"), (&self::key(), place, "sk-1")));
    for value in ["sk-2", "sk-1 ", "sk-", ""] {
        assert!(!same((&key, place, "sk-1"), (&key, place, value)));
    }
    for other in [
        ["team-b", "openai", "value"],
        ["team-a", "other", "value"],
        ["team-a", "openai", "token"],
        ["team-", "aopenai", "value"],
        ["team-a", "openaiv", "alue"],
    ] {
        assert!(
            !same((&key, place, "sk-1"), (&key, other, "sk-1")),
            "{other:?}"
        );
    }
    assert!(!same(
        (&key, ["a", "b", "cs"], "k-1"),
        (&key, ["a", "b", "c"], "sk-1")
    ));
    for other in [PrintKey::random().unwrap(), PrintKey::random().unwrap()] {
        assert!(!same((&key, place, "sk-1"), (&other, place, "sk-1")));
    }
}

/// As another implementation of HMAC (Python's) has it.
#[test]
fn a_fingerprint_is_the_code_that_its_documentation_says() {
    let place = Binding::new("team-a", "openai", "value");
    let print = key().print(&place, &Opened::new(b"sk-1".to_vec()));
    let expected = "df2cb9e172dfe9541d6f0a8e34d23d0accaaf1d2e04dcdff0264bd165aea429c";
    assert_eq!(hex::encode(print.exposed()), expected);
}

#[test]
fn hosts_are_no_part_of_a_fingerprint() {
    let place = Binding::new("default", "openai", "value");
    let hosts = place.clone().with_hosts(&["api.openai.com".to_owned()]);
    let value = Opened::new(b"sk-1".to_vec());
    assert!(
        key()
            .print(&place, &value)
            .same_as(&key().print(&hosts, &value))
    );
}

proptest! {
    #[test]
    fn fingerprints_are_the_same_where_place_and_value_are(
        left in proptest::array::uniform4("[ab]{0,2}"),
        right in proptest::array::uniform4("[ab]{0,2}"),
    ) {
        let key = key();
        let of = |words: &[String; 4]| {
            let [namespace, secret, name, value] = words;
            let place = Binding::new(namespace, secret, name);
            key.print(&place, &Opened::new(value.clone().into_bytes()))
        };
        prop_assert_eq!(of(&left).same_as(&of(&right)), left == right);
    }
}
