//! Files made by the genuine `sops` 3.11: every one opens, or is refused as its name says.

use super::{KEY_1, KEY_2, KEY_X, keyring};
use crate::secrets::{Keyring, OpenedSops, SopsError, SopsFile, SopsFormat};
use include_dir::{Dir, include_dir};
use serde_yaml::Value;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/tests/fixtures/sops");

fn text(name: &str) -> &'static str {
    FILES.get_file(name).unwrap().contents_utf8().unwrap()
}

fn open(name: &str, keyring: &Keyring) -> Result<OpenedSops, SopsError> {
    let format = if std::path::Path::new(name)
        .extension()
        .is_some_and(|it| it == "json")
    {
        SopsFormat::Json
    } else {
        SopsFormat::Yaml
    };
    SopsFile::parse(text(name), format)?.open(keyring)
}

fn refusal(name: &str) -> SopsError {
    match open(name, &keyring(&[KEY_1])) {
        Ok(_) => unreachable!("{name} opens"),
        Err(error) => error,
    }
}

/// Every document of a YAML text.
fn documents(text: &str) -> Vec<Value> {
    serde_yaml::Deserializer::from_str(text)
        .map(|document| serde::Deserialize::deserialize(document).unwrap())
        .collect()
}

/// Whether both are the same, but for how numbers are written.
fn same(one: &Value, other: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::Number(number) => number.as_f64(),
        // What JSON has no number for: `.inf` in clear text, `+Inf` sealed.
        Value::String(text) => text.trim_start_matches(['+', '.']).parse().ok(),
        _ => None,
    };
    match (one, other) {
        (Value::Sequence(one), Value::Sequence(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Mapping(one), Value::Mapping(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(key, value)| other.get(key).is_some_and(|other| same(value, other)))
        }
        (Value::Number(_), _) | (_, Value::Number(_)) => number(one) == number(other),
        _ => one == other,
    }
}

fn assert_opens_to(sealed: &str, clear: &str, keyring: &Keyring) {
    let opened = open(sealed, keyring);
    let opened = opened.unwrap_or_else(|error| unreachable!("{sealed}: {error}"));
    let found = opened.to_documents();
    let found = std::str::from_utf8(found.expose_bytes()).unwrap();
    let found = found.split("---\n").skip(1);
    let found: Vec<Value> = found
        .map(|document| serde_json::from_str(document).unwrap())
        .collect();
    let expected = documents(text(clear));
    assert_eq!(found.len(), expected.len(), "{sealed}");
    for (found, expected) in found.iter().zip(&expected) {
        assert!(same(found, expected), "{sealed}: {found:?} {expected:?}");
    }
}

/// The names of the files that end so, in a directory of the fixtures.
fn names(directory: &str, ending: &str) -> Vec<String> {
    let directory = match directory {
        "" => &FILES,
        name => FILES.get_dir(name).unwrap(),
    };
    let names = directory.files().map(|file| file.path().to_str().unwrap());
    let names = names.filter(|name| name.ends_with(ending));
    names.map(str::to_owned).collect()
}

#[test]
fn files_with_an_opened_twin_open_to_it() {
    let names = names("", ".dec.yaml");
    assert!(names.len() >= 9, "{names:?}");
    for clear in names {
        let sealed = clear.replace(".dec.yaml", ".enc.yaml");
        assert_opens_to(&sealed, &clear, &keyring(&[KEY_1]));
    }
}

#[test]
fn every_single_feature_of_yaml_opens() {
    let names = names("one_feature", ".enc.yaml");
    assert!(names.len() >= 15, "{names:?}");
    for sealed in names {
        let opened = open(&sealed, &keyring(&[KEY_1]));
        assert!(opened.is_ok(), "{sealed}: {:?}", opened.err());
    }
}

#[test]
fn each_recipient_opens_alone() {
    for key in [KEY_1, KEY_2] {
        assert_opens_to(
            "two_recipients.enc.yaml",
            "two_recipients.dec.yaml",
            &keyring(&[KEY_X, key]),
        );
    }
}

#[test]
fn several_documents_and_json_open() {
    assert_opens_to("multidoc.enc.yaml", "multidoc.dec.yaml", &keyring(&[KEY_1]));
    assert_opens_to("json.enc.json", "plain.json", &keyring(&[KEY_1]));
}

#[test]
fn whether_the_mac_covers_clear_parts_is_known() {
    for (name, expected) in [
        ("encrypted_regex.enc.yaml", true),
        ("mac_only_encrypted.enc.yaml", false),
    ] {
        let opened = open(name, &keyring(&[KEY_1])).unwrap();
        assert_eq!(opened.covers_clear_parts(), expected, "{name}");
    }
}

#[test]
fn a_value_is_found_by_its_path() {
    let opened = open("simple_secret.enc.yaml", &keyring(&[KEY_1])).unwrap();
    assert_eq!(opened.len(), 1);
    let document = &documents(text("simple_secret.dec.yaml"))[0];
    for (key, value) in document["stringData"].as_mapping().unwrap() {
        let path = ["stringData", key.as_str().unwrap()];
        let found = opened.value(0, &path).unwrap();
        assert_eq!(found.expose_bytes(), value.as_str().unwrap().as_bytes());
    }
    assert!(opened.value(0, &["stringData", "other"]).is_none());
    assert!(opened.value(1, &["kind"]).is_none());
}

#[test]
fn what_the_mac_does_not_cover_opens() {
    let names = names("", ".enc.yaml");
    let names: Vec<_> = names
        .iter()
        .filter(|name| name.starts_with("ok_"))
        .collect();
    assert_eq!(names.len(), 4, "{names:?}");
    for name in names {
        let opened = open(name, &keyring(&[KEY_1]));
        assert!(opened.is_ok(), "{name}: {:?}", opened.err());
    }
}

#[test]
fn what_was_tampered_with_is_refused_for_the_reason_in_its_name() {
    let mut seen = 0;
    for name in names("", ".enc.yaml") {
        let Some(reason) = name.strip_prefix("neg_") else {
            continue;
        };
        seen += 1;
        let error = refusal(&name);
        let fits = match reason.trim_end_matches(".enc.yaml") {
            "cleartext_changed" | "key_removed" | "reordered" | "simple_clear_changed" => {
                error == SopsError::MacMismatch
            }
            "lastmodified_changed" => matches!(error, SopsError::Mac { .. }),
            "mac_missing" => error == SopsError::NoMac,
            "plaintext_in_encrypted" => matches!(error, SopsError::NotEncrypted { .. }),
            "tag_flipped" | "values_swapped" => matches!(error, SopsError::Value { .. }),
            other => unreachable!("{other}"),
        };
        assert!(fits, "{name}: {error:?}");
    }
    assert_eq!(seen, 9);
}

#[test]
fn a_key_that_fits_nothing_is_told_the_recipients_and_what_is_held() {
    let ring = keyring(&[KEY_X]);
    let held = ring.recipients().remove(0);
    let Err(error) = open("two_recipients.enc.yaml", &ring) else {
        unreachable!("no key opens it");
    };
    let wanted: Vec<_> = [KEY_1, KEY_2]
        .map(|key| keyring(&[key]).recipients().remove(0))
        .to_vec();
    let message = error.to_string();
    for key in wanted.iter().chain([&held]) {
        assert!(message.contains(key.as_str()), "{message}");
    }
    let Err(error) = open("full.enc.yaml", &Keyring::default()) else {
        unreachable!("no key opens it");
    };
    assert!(error.to_string().contains("no identity is configured"));
}

#[test]
fn what_this_version_does_not_read_is_refused_by_name() {
    for (name, expected) in [
        ("shamir_2of2.enc.yaml", "key groups"),
        ("comment_regex.enc.yaml", "`sops.encrypted_comment_regex`"),
        (
            "ssh_recipient.enc.yaml",
            if cfg!(feature = "ssh") {
                "sealed for ssh-ed25519"
            } else {
                "ssh-ed25519 recipients are not enabled in this build"
            },
        ),
    ] {
        let message = refusal(name).to_string();
        assert!(message.contains(expected), "{name}: {message}");
    }
    let pgp = text("full.enc.yaml").replace("    age:\n", "    age: []\n    pgp:\n");
    let message = SopsFile::parse(&pgp, SopsFormat::Yaml)
        .unwrap_err()
        .to_string();
    assert!(message.contains("only for pgp"), "{message}");
}

#[test]
fn what_is_too_much_is_refused_before_anything_is_opened() {
    let long = " ".repeat(1024 * 1024 + 1);
    let parse = |text: &str| SopsFile::parse(text, SopsFormat::Yaml).unwrap_err();
    assert!(matches!(parse(&long), SopsError::TooLarge { .. }));
    let deep = format!("a: {}\n", "[".repeat(100));
    assert!(matches!(parse(&deep), SopsError::Syntax { .. }));
    let crowd: String = (0..65)
        .map(|_| "  - {recipient: age1x, enc: x}\n")
        .collect();
    let crowd = format!("a: 1\nsops:\n  mac: x\n  lastmodified: x\n  age:\n{crowd}");
    assert!(matches!(parse(&crowd), SopsError::TooManyRecipients { .. }));
    let regex = "a: 1\nsops:\n  mac: x\n  lastmodified: x\n  encrypted_regex: '(((x{1000}){1000}){1000})'\n  age: [{enc: x}]\n";
    assert_eq!(parse(regex), SopsError::Regex("encrypted_regex"));
    let both = "a: 1\nsops:\n  mac: x\n  lastmodified: x\n  encrypted_regex: a\n  encrypted_suffix: b\n  age: [{enc: x}]\n";
    assert!(matches!(parse(both), SopsError::Selectors(_)));
    assert_eq!(parse("a: 1\n"), SopsError::NoMetadata);
}
