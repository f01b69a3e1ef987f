//! Files sealed by SOPS and by age, opened by the daemon.

use super::{
    manifests::{calling, clear_secret},
    rig::{Rig, codes, id, settings},
};
use crate::{
    model::Kind,
    reconcile::{Outcome, served::EndpointState},
    secrets::Keyring,
};

const VALUES: &str = include_str!("../../../tests/fixtures/sops/manifests/secret.enc.yaml");
const WHOLE: &str = include_str!("../../../tests/fixtures/sops/manifests/whole.enc.yaml");
const AGE: &str = include_str!("../../../tests/fixtures/sops/manifests/armored.yaml.age");
const ENDPOINT: &[u8] = include_bytes!("../../../tests/fixtures/sops/manifests/endpoint.yaml.age");
const KEY_1: &str = include_str!("../../../tests/fixtures/age/key1.txt");
const KEY_X: &str = include_str!("../../../tests/fixtures/age/keyx.txt");

fn rig_with(key: &str) -> Rig {
    let mut keyring = Keyring::default();
    keyring.parse_identity_file("age.key", key).unwrap();
    let mut settings = settings();
    settings.keyring = keyring;
    Rig::new().restarted(settings)
}

fn using(secret: &str) -> String {
    let auth = format!("  auth:\n    secretRef: {secret}\n");
    calling("remote", "https://api.example.com", &auth)
}

fn opened(rig: &Rig, secret: &str, key: &str) -> Option<String> {
    let served = rig.reconciler().live().pin();
    let value = served.opened.value(&id(Kind::Secret, secret), key)?;
    value.expose_text().map(str::to_owned)
}

fn is_ready(rig: &Rig) -> bool {
    let served = rig.reconciler().live().pin();
    let state = served.endpoints.get(&id(Kind::ModelEndpoint, "remote"));
    matches!(state, Some(EndpointState::Ready { .. }))
}

async fn refusal(rig: &Rig) -> crate::model::Findings {
    match rig.sync().await {
        Outcome::Rejected(findings) => findings,
        other => unreachable!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_sops_sealed_are_opened_and_never_kept_open() {
    let rig = rig_with(KEY_1);
    let files = [
        ("key.enc.yaml", VALUES.to_owned()),
        ("a.yaml", using("key")),
    ];
    rig.push(&files, "sealed by sops");
    let outcome = rig.sync().await;
    assert!(matches!(outcome, Outcome::Applied(_)), "{outcome:?}");
    assert_eq!(opened(&rig, "key", "value").unwrap(), "sk-test-0123456789");
    assert_eq!(opened(&rig, "key", "number").unwrap(), "1234");
    assert_eq!(opened(&rig, "key", "encoded").unwrap(), "sk-base64");
    assert!(is_ready(&rig));
    assert!(rig.reconciler().live().pin().findings.is_empty());
    let bytes = super::rig::bytes_under(&rig.data_dir());
    assert!(!bytes.windows(9).any(|window| window == b"sk-test-0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clear_part_of_a_sops_file_that_was_changed_by_hand_refuses_the_commit() {
    let rig = rig_with(KEY_1);
    // The names of keys are all that the MAC leaves open.
    let changed = VALUES.replace("name: key", "name: other");
    rig.push(&[("key.enc.yaml", changed)], "tampered");
    let findings = refusal(&rig).await;
    assert_eq!(codes(&findings), ["E-SECRET-OPEN"]);
    let finding = findings.iter().next().unwrap();
    assert!(
        finding.message.contains("MAC does not fit"),
        "{}",
        finding.message
    );
    let line = VALUES
        .lines()
        .position(|line| line.trim_start().starts_with("mac:"));
    let place = format!("key.enc.yaml:{}", line.unwrap() + 1);
    assert_eq!(finding.origin.to_string(), place);
    // The key fits: no other one would help.
    let hint = finding.hint.as_deref().unwrap();
    assert!(hint.contains("`orloj secret edit`"), "{hint}");
    assert!(!hint.contains("--age-key-file"), "{hint}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sops_file_that_no_key_opens_is_one_finding_with_recipients_and_keys() {
    let rig = rig_with(KEY_X);
    rig.push(&[("key.enc.yaml", VALUES.to_owned())], "not for us");
    let findings = refusal(&rig).await;
    assert_eq!(codes(&findings), ["E-SECRET-OPEN"]);
    let message = &findings.iter().next().unwrap().message;
    assert!(
        message.starts_with("the values of Secret default/key stay closed"),
        "{message}"
    );
    assert_eq!(message.matches("age1").count(), 3, "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_inside_of_a_file_sealed_down_to_its_names_is_found_by_references() {
    for (file, text) in [("w.enc.yaml", WHOLE), ("w.yaml.age", AGE)] {
        let rig = rig_with(KEY_1);
        rig.push(
            &[(file, text.to_owned()), ("a.yaml", using("inside"))],
            "sealed whole",
        );
        let outcome = rig.sync().await;
        assert!(matches!(outcome, Outcome::Applied(_)), "{outcome:?}");
        assert_eq!(
            opened(&rig, "inside", "value").unwrap(),
            "sk-test-0123456789"
        );
        assert!(is_ready(&rig));
        let served = rig.reconciler().live().pin();
        assert!(served.findings.is_empty(), "{:?}", served.findings);
        drop(served);
        // Gone again with its file.
        rig.remove(file);
        rig.sync().await;
        assert_eq!(opened(&rig, "inside", "value"), None);
        assert!(!is_ready(&rig));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_the_file_is_an_opaque_entry_and_a_warning() {
    let rig = rig_with(KEY_X);
    rig.push(
        &[("w.yaml.age", AGE.to_owned()), ("a.yaml", using("inside"))],
        "sealed whole",
    );
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    assert!(!is_ready(&rig));
    let served = rig.reconciler().live().pin();
    assert_eq!(codes(&served.findings), ["W-REF-SECRET", "W-SECRET-OPAQUE"]);
    assert!(rig.has(Kind::Secret, "file:w.yaml.age"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_file_may_not_define_what_is_defined_elsewhere() {
    let rig = rig_with(KEY_1);
    rig.push(&[("w.yaml.age", AGE.to_owned())], "sealed whole");
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    let twin = VALUES.to_owned();
    rig.push(&[("key.enc.yaml", twin)], "another one");
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    rig.push(&[("again.yaml.age", AGE.to_owned())], "twice");
    let findings = refusal(&rig).await;
    assert!(
        codes(&findings).contains(&"E-GRAPH-DUPLICATE"),
        "{findings:?}"
    );
    rig.remove("again.yaml.age");
    let applied = rig.apply(&clear_secret("inside", "sk-2")).await;
    assert!(applied.is_err(), "it is defined in a sealed file");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_file_holds_secrets_alone() {
    let rig = rig_with(KEY_1);
    let path = rig.path("work").join("e.yaml.age");
    std::fs::write(path, ENDPOINT).unwrap();
    rig.push(&[], "an endpoint that nobody can review");
    let findings = refusal(&rig).await;
    let finding = findings.iter().next().unwrap();
    assert_eq!(finding.code.as_str(), "E-SECRET-SEALED");
    assert!(
        finding.message.contains("something else than Secrets"),
        "{}",
        finding.message
    );
}
