//! What is sealed for SOPS files, and whole files.

use super::{KEY_1, KEY_X, keyring};
use crate::secrets::{
    AgeFile, Opened, Recipient, SealError, SopsError, SopsFile, SopsFormat, SopsKind, SopsScalar,
    seal_file,
};

const FILE: &str = include_str!("../../../tests/fixtures/sops/encrypted_regex.enc.yaml");

fn scalar(text: &str) -> SopsScalar {
    SopsScalar::read(text, true, SopsFormat::Yaml).unwrap()
}

#[test]
fn a_value_is_typed_as_sops_types_it_and_written_so_that_it_reads_back() {
    for (text, kind, plain) in [
        ("42", SopsKind::Integer, Some("42")),
        ("017", SopsKind::Integer, Some("15")),
        ("2.50", SopsKind::Float, Some("2.5")),
        ("1000000000000000000000", SopsKind::Float, Some("1e+21")),
        ("0.000001", SopsKind::Float, Some("1e-06")),
        ("-.inf", SopsKind::Float, Some("-.inf")),
        (".nan", SopsKind::Float, Some(".nan")),
        ("True", SopsKind::Boolean, Some("true")),
        ("2024-05-01", SopsKind::Time, Some("2024-05-01T00:00:00Z")),
        ("sk-1", SopsKind::Text, None),
    ] {
        let read = scalar(text);
        assert_eq!(read.kind, kind, "{text}");
        let written = read.plain(SopsFormat::Yaml);
        let written = written.map(|it| String::from_utf8(it.expose_bytes().to_vec()).unwrap());
        assert_eq!(written.as_deref(), plain, "{text}");
        if let Some(written) = written {
            assert!(scalar(&written).same_as(&read), "{text}");
        }
    }
    assert!(SopsScalar::read("~", true, SopsFormat::Yaml).is_none());
    let quoted = SopsScalar::read("42", false, SopsFormat::Yaml).unwrap();
    assert_eq!(quoted.kind, SopsKind::Text);
    assert!(!quoted.same_as(&scalar("42")));
    let json = SopsScalar::read("42", true, SopsFormat::Json).unwrap();
    assert_eq!(json.kind, SopsKind::Float);
}

#[test]
fn a_sealed_value_opens_at_its_place_alone_and_no_two_are_the_same() {
    let file = SopsFile::parse(FILE, SopsFormat::Yaml).unwrap();
    let key = file.key(&keyring(&[KEY_1])).unwrap();
    let value = scalar("sk-canary");
    let sealed = key.seal(&value, &["spec", "value"]).unwrap();
    assert!(
        key.open(&sealed, &["spec", "value"])
            .unwrap()
            .same_as(&value)
    );
    assert!(key.open(&sealed, &["spec", "other"]).is_err());
    assert_ne!(key.seal(&value, &["spec", "value"]).unwrap(), sealed);
    let empty = SopsScalar::read("", false, SopsFormat::Yaml).unwrap();
    assert_eq!(key.seal(&empty, &["a"]).unwrap(), "");
    assert!(key.seal(&scalar("9223372036854775807"), &["a"]).is_ok());
    assert!(key.seal(&scalar("9223372036854775808"), &["a"]).is_err());
    let other = file.key(&keyring(&[KEY_X]));
    assert!(matches!(other, Err(SopsError::NoIdentity { .. })));
}

#[test]
fn a_whole_file_keeps_its_form_and_says_whom_it_is_for() {
    let ring = keyring(&[KEY_1]);
    let name = ring.recipients().remove(0);
    let recipients = [Recipient::parse(&name).unwrap()];
    let text = Opened::new(b"kind: Secret\n".to_vec());
    for is_armored in [true, false] {
        let sealed = seal_file(&text, &recipients, is_armored).unwrap();
        assert!(AgeFile::is_one(&sealed));
        let file = AgeFile::parse(&sealed).unwrap();
        assert_eq!(file.is_armored(), is_armored);
        let recorded = file.recorded_recipients().unwrap();
        assert_eq!(recorded, std::slice::from_ref(&name));
        assert!(ring.open_file(&file).unwrap().same_as(&text));
    }
    let long = Opened::new(vec![b'a'; 1024 * 1024]);
    for is_armored in [true, false] {
        let refused = seal_file(&long, &recipients, is_armored);
        assert!(matches!(refused, Err(SealError::FileTooLarge { .. })));
    }
    assert!(matches!(
        seal_file(&text, &[], true),
        Err(SealError::NoRecipients)
    ));
    assert!(!AgeFile::is_one(b"kind: Secret\n"));
}
