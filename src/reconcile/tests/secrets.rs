//! Secrets that open, stay closed or are nowhere.

use super::{
    manifests::{calling, clear_secret, endpoint, sealed_secret},
    rig::{Rig, codes, id, key, sealed, sealed_for, settings},
};
use crate::{
    manifest::ClearTextPolicy,
    model::Kind,
    reconcile::{Outcome, SecretVariables},
    secrets::Opened,
};

const AUTH: &str = "  auth:\n    secretRef: key\n";

fn condition(rig: &Rig) -> Option<(&'static str, String)> {
    let served = rig.reconciler().live().pin();
    let condition = served.condition(&id(Kind::ModelEndpoint, "remote"))?;
    Some((condition.reason, condition.message.clone()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_no_key_opens_refuses_the_whole_commit() {
    let rig = Rig::new();
    let good = rig.push(&[("a.yaml", endpoint("small", "s-1"))], "good");
    rig.sync().await;
    let (_, stranger) = key();
    let files = [
        ("key.yaml", sealed_secret("key", &sealed("sk-1", &stranger))),
        ("b.yaml", endpoint("large", "l-1")),
    ];
    rig.push(&files, "a stranger's secret");
    let Outcome::Rejected(findings) = rig.sync().await else {
        unreachable!("no key opens it");
    };
    assert_eq!(codes(&findings), ["W-SECRET-UNUSED", "E-SECRET-OPEN"]);
    let finding = findings.iter().last().unwrap();
    assert_eq!(finding.origin.to_string(), "key.yaml:7");
    assert!(finding.hint.as_ref().unwrap().contains("--age-key-file"));
    assert_eq!(rig.revision(), good);
    assert!(!rig.has(Kind::ModelEndpoint, "large"));
}

#[tokio::test(flavor = "multi_thread")]
async fn s7_a_secret_that_lost_its_key_degrades_its_endpoint_after_a_restart() {
    let (keyring, recipient) = key();
    let mut with_key = settings();
    with_key.keyring = keyring;
    let rig = Rig::new().restarted(with_key);
    let files = [
        (
            "key.yaml",
            sealed_secret("key", &sealed("sk-1", &recipient)),
        ),
        ("a.yaml", calling("remote", "http://127.0.0.1:9", AUTH)),
    ];
    let commit = rig.push(&files, "good");
    assert_eq!(rig.sync().await, Outcome::Applied(commit.clone()));
    assert_eq!(condition(&rig), None);
    let rig = rig.restarted(settings());
    assert_eq!(rig.revision(), commit);
    let (reason, message) = condition(&rig).unwrap();
    assert_eq!(reason, "SecretNotOpened");
    assert!(message.contains("--age-key-file"), "{message}");
    let served = rig.reconciler().live().pin();
    assert!(codes(&served.findings).contains(&"E-SECRET-OPEN"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_nothing_provides_leaves_its_endpoint_not_ready() {
    let rig = Rig::new();
    let commit = rig.push(
        &[("a.yaml", calling("remote", "http://127.0.0.1:9", AUTH))],
        "no secret",
    );
    assert_eq!(rig.sync().await, Outcome::Applied(commit));
    let (reason, message) = condition(&rig).unwrap();
    assert_eq!(reason, "SecretNotFound");
    assert!(message.contains("ORLOJ_SECRET_KEY"), "{message}");
    rig.apply(&clear_secret("key", "sk-1")).await.unwrap();
    assert_eq!(condition(&rig), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_of_the_environment_is_the_last_resort() {
    let mut with_variable = settings();
    let variable = ("ORLOJ_SECRET_KEY".to_owned(), Opened::new(b"sk-1".to_vec()));
    with_variable.variables = SecretVariables::new([variable]);
    let rig = Rig::new().restarted(with_variable);
    rig.push(
        &[("a.yaml", calling("remote", "http://127.0.0.1:9", AUTH))],
        "no secret",
    );
    rig.sync().await;
    assert_eq!(condition(&rig), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_clear_text_in_git_is_refused_unless_the_operator_allows_it() {
    let rig = Rig::new();
    rig.push(&[("key.yaml", clear_secret("key", "sk-clear"))], "clear");
    let Outcome::Rejected(findings) = rig.sync().await else {
        unreachable!("it is in clear text");
    };
    assert_eq!(codes(&findings), ["E-SECRET-PLAINTEXT"]);
    let mut lenient = settings();
    lenient.review.clear_text = ClearTextPolicy::Warn;
    let rig = rig.restarted(lenient);
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    let served = rig.reconciler().live().pin();
    assert_eq!(codes(&served.findings), ["W-SECRET-PLAINTEXT"]);
    let shown = format!("{served:?} {:?}", served.inputs.parts);
    assert!(!shown.contains("sk-clear"), "{shown}");
    let bytes = format!("{:?}", b"sk-clear");
    assert!(!shown.contains(bytes.trim_matches(['[', ']'])), "{shown}");
}

/// A rig whose daemon holds a key, and the key's public half.
fn with_key() -> (Rig, crate::secrets::Recipient) {
    let (keyring, recipient) = key();
    let mut settings = settings();
    settings.keyring = keyring;
    (Rig::new().restarted(settings), recipient)
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_a_value_copied_to_another_secret_refuses_the_commit_and_says_whose_it_is() {
    let (rig, recipient) = with_key();
    let armored = sealed_for("theirs", "sk-1", &recipient);
    let theirs = sealed_secret("theirs", &armored);
    let commit = rig.push(&[("theirs.yaml", theirs)], "sealed for it");
    assert_eq!(rig.sync().await, Outcome::Applied(commit));
    let served = rig.reconciler().live().pin();
    assert!(codes(&served.findings).is_empty(), "{:?}", served.findings);

    rig.push(&[("mine.yaml", sealed_secret("mine", &armored))], "copied");
    let Outcome::Rejected(findings) = rig.sync().await else {
        unreachable!("it was sealed for another secret");
    };
    let finding = findings
        .iter()
        .find(|finding| finding.code.as_str() == "E-SECRET-BINDING")
        .unwrap();
    assert_eq!(finding.origin.to_string(), "mine.yaml:7");
    assert_eq!(
        finding.message,
        "the value `value` of Secret default/mine does not belong here: it was sealed for the value `value` of secret default/theirs"
    );
    assert!(finding.hint.is_some());
    assert!(!rig.has(Kind::Secret, "mine"));
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_a_value_copied_to_another_key_or_namespace_is_refused_too() {
    let (rig, recipient) = with_key();
    let armored = sealed_for("mine", "sk-1", &recipient);
    let secret = sealed_secret("mine", &armored);
    let other_key = secret.replace("    value: |", "    token: |");
    let elsewhere = secret.replace("name: mine", "name: mine\n  namespace: team-b");
    for (other, at) in [(other_key, "a.yaml:7"), (elsewhere, "a.yaml:8")] {
        rig.push(&[("a.yaml", other)], "copied");
        let Outcome::Rejected(findings) = rig.sync().await else {
            unreachable!("it was sealed for another place");
        };
        let finding = findings.iter().last().unwrap();
        assert_eq!(finding.code.as_str(), "E-SECRET-BINDING");
        assert_eq!(finding.origin.to_string(), at);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_without_an_envelope_is_served_with_one_warning_per_secret() {
    let (rig, recipient) = with_key();
    let bare = sealed("sk-1", &recipient);
    let secret = sealed_secret("key", &bare);
    let again = secret.split_once("    value: |").unwrap().1;
    let two = format!("{secret}    token: |{again}");
    let files = [
        ("key.yaml", two),
        ("a.yaml", calling("remote", "http://127.0.0.1:9", AUTH)),
    ];
    let commit = rig.push(&files, "bare");
    assert_eq!(rig.sync().await, Outcome::Applied(commit));
    assert_eq!(condition(&rig), None);
    let served = rig.reconciler().live().pin();
    assert_eq!(codes(&served.findings), ["W-SECRET-UNBOUND"]);
    let finding = served.findings.iter().next().unwrap();
    assert!(
        finding.message.contains("`token`, `value`"),
        "{}",
        finding.message
    );
}
