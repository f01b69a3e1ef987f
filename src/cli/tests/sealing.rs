//! `orloj secret`.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::bench::Bench;
use crate::{
    cli::exit::Exit,
    secrets::{Binding, Envelope, Keyring, Sealed},
};
use std::os::unix::fs::PermissionsExt as _;

fn keygen(bench: &Bench) -> String {
    let ran = bench.run(&["secret", "keygen", "--out", "age.key"]);
    assert_eq!(ran.exit, Exit::Done, "{}", ran.err);
    ran.out.trim().to_owned()
}

/// Opens `spec.encryptedData.<key>` of a manifest with the key file.
fn opened(bench: &Bench, manifest: &str, key: &str) -> String {
    let manifest: serde_yaml::Value = serde_yaml::from_str(manifest).unwrap();
    let armored = manifest["spec"]["encryptedData"][key].as_str().unwrap();
    let mut keyring = Keyring::default();
    keyring
        .parse_identity_file("age.key", &bench.read("age.key"))
        .unwrap();
    let value = keyring.open(&Sealed::parse(armored).unwrap()).unwrap();
    let metadata = &manifest["metadata"];
    let namespace = metadata["namespace"].as_str().unwrap_or("default");
    let place = Binding::new(namespace, metadata["name"].as_str().unwrap(), key);
    let envelope = Envelope::open_at(value, &place).unwrap();
    assert_eq!(envelope.binding, Some(place));
    envelope.value.expose_text().unwrap().to_owned()
}

#[test]
fn a_new_key_is_an_age_identity_file_for_its_owner_alone() {
    let bench = Bench::new();
    let public = keygen(&bench);
    let text = bench.read("age.key");
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("# created: 20"), "{}", lines[0]);
    assert_eq!(lines[1], format!("# public key: {public}"));
    assert!(lines[2].starts_with("AGE-SECRET-KEY-1"));
    let mode = std::fs::metadata(bench.path().join("age.key")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
}

#[test]
fn keygen_keeps_an_existing_file() {
    let bench = Bench::new();
    keygen(&bench);
    let before = bench.read("age.key");
    let again = bench.run(&["secret", "keygen", "--out", "age.key"]);
    assert_eq!(again.exit, Exit::Error);
    assert!(
        again.err.contains("failed to create `age.key`"),
        "{}",
        again.err
    );
    assert_eq!(bench.read("age.key"), before);
}

#[test]
fn what_is_sealed_validates_and_opens_with_the_key() {
    let bench = Bench::new();
    let public = keygen(&bench);
    bench.write("file.txt", "sk-from-file\n");
    let ran = bench.run(&[
        "secret",
        "encrypt",
        "openai",
        "--recipient",
        &public,
        "--from-literal",
        "a=sk-literal",
        "--from-file",
        "b=file.txt",
        "-n",
        "team-a",
    ]);
    assert_eq!(ran.exit, Exit::Done, "{}", ran.err);
    assert!(!ran.out.contains("sk-"), "{}", ran.out);
    assert_eq!(opened(&bench, &ran.out, "a"), "sk-literal");
    assert_eq!(opened(&bench, &ran.out, "b"), "sk-from-file");
    bench.write("m/openai.yaml", &ran.out);
    let valid = bench.run(&["validate", "m"]);
    assert_eq!(valid.exit, Exit::Done, "{}", valid.out);
}

#[test]
fn the_value_comes_from_standard_input_and_the_recipients_from_the_repository() {
    let bench = Bench::new();
    let public = keygen(&bench);
    bench.write(".orloj/recipients", &format!("# us\n\n{public} # Ana\n"));
    let ran = bench.run_with(&["secret", "encrypt", "openai"], "sk-stdin\n", false);
    assert_eq!(ran.exit, Exit::Done, "{}", ran.err);
    assert_eq!(opened(&bench, &ran.out, "value"), "sk-stdin");
}

#[test]
fn nothing_is_sealed_for_nobody_or_for_a_secret_key() {
    let bench = Bench::new();
    let nobody = bench.run_with(&["secret", "encrypt", "openai"], "sk-x", false);
    assert_eq!(nobody.exit, Exit::Usage);
    assert!(nobody.err.contains(".orloj/recipients"), "{}", nobody.err);
    let mistaken = "AGE-SECRET-KEY-1NOTREALLYBUTSTILL";
    let ran = bench.run(&["secret", "encrypt", "openai", "--recipient", mistaken]);
    assert_eq!(ran.exit, Exit::Usage);
    assert!(!ran.err.contains("NOTREALLY"), "{}", ran.err);
}

#[test]
fn a_blank_value_is_refused() {
    let bench = Bench::new();
    let public = keygen(&bench);
    let ran = bench.run_with(
        &["secret", "encrypt", "openai", "--recipient", &public],
        " \n",
        false,
    );
    assert_eq!(ran.exit, Exit::Error);
    assert!(
        ran.err.contains("the value of `value` is blank"),
        "{}",
        ran.err
    );
    std::fs::write(bench.path().join("odd"), b"\xff\xfe").unwrap();
    let words = ["secret", "encrypt", "openai", "--recipient", &public];
    let odd = bench.run(&[&words[..], &["--from-file", "a=odd"]].concat());
    assert!(
        odd.err.contains("the value of `a` is not text (UTF-8)"),
        "{}",
        odd.err
    );
}
