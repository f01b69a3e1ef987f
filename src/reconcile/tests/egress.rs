//! Where secrets are sent to.

use super::{
    manifests::{calling, clear_secret, endpoint as mock, sealed_secret},
    rig::{Rig, codes, id, key, sealed_for, settings},
};
use crate::{
    model::Kind,
    reconcile::{ApplyError, EgressPolicy, HeldBy, Outcome, SecretVariables},
    secrets::{Binding, Envelope, Opened, Recipient, seal},
};

const AUTH: &str = "  auth:\n    secretRef: key\n";

fn rig(egress: EgressPolicy) -> (Rig, Recipient) {
    let (keyring, recipient) = key();
    let mut settings = settings();
    (settings.keyring, settings.egress) = (keyring, egress);
    (Rig::new().restarted(settings), recipient)
}

fn endpoint(url: &str) -> String {
    calling("remote", url, AUTH)
}

fn allowed(secret: &str, hosts: &str) -> String {
    secret.replace("spec:\n", &format!("spec:\n  allowed_hosts: [{hosts}]\n"))
}

/// A secret `key` whose value says which host it is for.
fn sealed_with(host: &str, recipient: &Recipient) -> String {
    let place = Binding::new("default", "key", "value").with_hosts(&[host.to_owned()]);
    let plaintext = Envelope::seal(&place, &Opened::new(b"sk-1".to_vec()));
    let armored = seal(&plaintext, std::slice::from_ref(recipient)).unwrap();
    sealed_secret("key", &armored)
}

async fn held(rig: &Rig) -> crate::reconcile::Held {
    match rig.sync().await {
        Outcome::Held(held) => held,
        other => unreachable!("{other:?}"),
    }
}

async fn refusal(rig: &Rig) -> crate::model::Findings {
    match rig.sync().await {
        Outcome::Rejected(findings) => findings,
        other => unreachable!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_a_secret_is_not_sent_to_a_host_that_its_manifest_does_not_allow() {
    let (rig, recipient) = rig(EgressPolicy::Show);
    let secret = sealed_secret("key", &sealed_for("key", "sk-1", &recipient));
    let files = [
        ("key.yaml", allowed(&secret, "'127.0.0.1:9'")),
        ("a.yaml", endpoint("http://127.0.0.1:9")),
    ];
    rig.push(&files, "to the host that it is for");
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    rig.push(&[("a.yaml", endpoint("http://127.0.0.1:10"))], "elsewhere");
    let findings = refusal(&rig).await;
    assert_eq!(codes(&findings), ["E-SECRET-EGRESS"]);
    let finding = findings.iter().next().unwrap();
    assert_eq!(finding.origin.to_string(), "a.yaml:7");
    assert!(
        finding.message.contains("127.0.0.1:10"),
        "{}",
        finding.message
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_hosts_sealed_with_a_value_hold_whatever_the_manifest_says() {
    let (rig, recipient) = rig(EgressPolicy::Show);
    let secret = sealed_with("127.0.0.1:9", &recipient);
    let files = [
        ("key.yaml", secret.clone()),
        ("a.yaml", endpoint("http://127.0.0.1:9")),
    ];
    rig.push(&files, "to the host that it is for");
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    let files = [
        ("key.yaml", allowed(&secret, "'127.0.0.1:10'")),
        ("a.yaml", endpoint("http://127.0.0.1:10")),
    ];
    rig.push(&files, "elsewhere, and the manifest allows it");
    let findings = refusal(&rig).await;
    assert_eq!(codes(&findings), ["E-SECRET-EGRESS"]);
    let message = &findings.iter().next().unwrap().message;
    assert!(
        message.contains("sealed for other hosts than `127.0.0.1:10`"),
        "{message}"
    );
    // The manifest's own list allows it, and is not what forbids it.
    assert!(message.ends_with(", for 127.0.0.1:9"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_host_for_the_same_secret_waits_for_a_yes_if_the_operator_wants_that() {
    let (rig, recipient) = rig(EgressPolicy::Confirm);
    let secret = sealed_secret("key", &sealed_for("key", "sk-1", &recipient));
    let files = [
        ("key.yaml", secret),
        ("a.yaml", endpoint("http://127.0.0.1:9")),
    ];
    rig.push(&files, "first");
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    rig.push(
        &[("a.yaml", endpoint("http://127.0.0.1:9/v2"))],
        "the same host",
    );
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    let moved = rig.push(
        &[("a.yaml", endpoint("http://127.0.0.1:10"))],
        "another host",
    );
    let Outcome::Held(held) = rig.sync().await else {
        unreachable!("it waits");
    };
    assert_eq!(held.by, HeldBy::Egress);
    assert_eq!(
        held.message,
        "ModelEndpoint default/remote would send Secret default/key to `http://127.0.0.1:10` (so far: http://127.0.0.1:9)"
    );
    let outcome = rig
        .reconciler()
        .confirm(&held.plan_digest, "", "ada")
        .await
        .unwrap();
    assert_eq!(outcome, Outcome::Applied(moved));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_with_another_value_than_the_manifest_is_said() {
    let (keyring, recipient) = key();
    let mut settings = settings();
    settings.keyring = keyring;
    let variable = |value: &str| ("ORLOJ_SECRET_KEY".to_owned(), Opened::new(value.into()));
    settings.variables = SecretVariables::new([variable("sk-2\n")]);
    let rig = Rig::new().restarted(settings);
    let of = |value: &str| sealed_secret("key", &sealed_for("key", value, &recipient));
    let files = [
        ("key.yaml", of("sk-1")),
        ("a.yaml", endpoint("http://127.0.0.1:9")),
    ];
    rig.push(&files, "two values");
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    assert_eq!(
        codes(&rig.reconciler().live().pin().findings),
        ["W-SECRET-TWICE"]
    );
    rig.push(&[("key.yaml", of("sk-2"))], "the same value");
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    assert!(rig.reconciler().live().pin().findings.is_empty());
}

/// What opened once is kept as long as its ciphertext stands where it stood: no key is asked again.
#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_ciphertext_is_not_opened_again_for_the_next_revision() {
    let (rig, recipient) = rig(EgressPolicy::Show);
    let secret = sealed_secret("key", &sealed_for("key", "sk-1", &recipient));
    let files = [
        ("key.yaml", secret.clone()),
        ("a.yaml", endpoint("http://127.0.0.1:9")),
    ];
    rig.push(&files, "first");
    rig.sync().await;
    let kept = |rig: &Rig| {
        let served = rig.reconciler().live().pin();
        let value = served
            .opened
            .value(&id(Kind::Secret, "key"), "value")
            .unwrap();
        std::ptr::from_ref(value) as usize
    };
    let first = kept(&rig);
    // Whoever holds the first revision keeps its memory from being given to another value.
    let held = rig.reconciler().live().pin();
    rig.push(&[("key.yaml", format!("# noted\n{secret}"))], "a comment");
    rig.sync().await;
    assert_eq!(kept(&rig), first);
    let other = sealed_secret("key", &sealed_for("key", "sk-1", &recipient));
    rig.push(&[("key.yaml", other)], "sealed again");
    rig.sync().await;
    assert_ne!(kept(&rig), first);
    drop(held);
}

const NOWHERE: &str = "ModelEndpoint default/remote would send Secret default/key to `evil.example` (so far: nowhere)";

/// Two commits where one was held: what is deleted is not what a later commit may start from.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_was_deleted_with_its_endpoint_and_comes_back_is_held() {
    for with_secret in [false, true] {
        let (rig, recipient) = rig(EgressPolicy::Confirm);
        let secret = sealed_secret("key", &sealed_for("key", "sk-1", &recipient));
        let files = [
            ("key.yaml", secret.clone()),
            ("a.yaml", endpoint("https://api.example")),
            ("other.yaml", mock("other", "m")),
        ];
        rig.push(&files, "first");
        assert!(matches!(rig.sync().await, Outcome::Applied(_)));
        let mut gone = vec![("a.yaml", mock("another", "m"))];
        if with_secret {
            gone.push(("key.yaml", mock("third", "m")));
        }
        rig.push(&gone, "deleted, below what a guard holds");
        assert!(matches!(rig.sync().await, Outcome::Applied(_)));
        // Its manifest is written by whoever wants it to go there.
        let files = [
            ("key.yaml", allowed(&secret, "evil.example")),
            ("a.yaml", endpoint("https://evil.example")),
        ];
        rig.push(&files, "and back");
        let held = held(&rig).await;
        assert_eq!(held.by, HeldBy::Egress);
        assert!(held.message.starts_with(NOWHERE), "{}", held.message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_was_sealed_with_the_value_needs_no_yes() {
    let (rig, recipient) = rig(EgressPolicy::Confirm);
    rig.push(&[("other.yaml", mock("other", "m"))], "first");
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    let files = [
        ("key.yaml", sealed_with("api.example", &recipient)),
        ("a.yaml", endpoint("https://api.example")),
    ];
    rig.push(&files, "a secret and its endpoint");
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_host_over_plain_http_is_held() {
    let (rig, recipient) = rig(EgressPolicy::Confirm);
    let secret = sealed_secret("key", &sealed_for("key", "sk-1", &recipient));
    let files = [
        ("key.yaml", secret),
        ("a.yaml", endpoint("https://api.example")),
    ];
    rig.push(&files, "first");
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    rig.push(&[("a.yaml", endpoint("http://api.example"))], "readable");
    let message = held(&rig).await.message;
    assert!(
        message.ends_with("to `http://api.example` (so far: api.example)"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_sent_by_hand_takes_no_secret_of_git_elsewhere() {
    let (rig, recipient) = rig(EgressPolicy::Confirm);
    let secret = sealed_secret("key", &sealed_for("key", "sk-1", &recipient));
    rig.push(&[("key.yaml", secret)], "first");
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    let before = rig.revision();
    let by_hand = endpoint("https://evil.example");
    let Err(ApplyError::Egress(findings)) = rig.apply(&by_hand).await else {
        unreachable!("it is refused");
    };
    assert_eq!(codes(&findings), ["E-SECRET-EGRESS"]);
    let finding = findings.iter().next().unwrap();
    assert_eq!(finding.message, NOWHERE);
    assert!(finding.hint.as_deref().unwrap().contains("orloj confirm"));
    assert_eq!(rig.revision(), before);
    assert!(!rig.has(Kind::ModelEndpoint, "remote"));

    // Whoever sends the secret too knows it, and is told where it goes.
    let own = by_hand.replace("secretRef: key", "secretRef: own");
    let sent = [clear_secret("own", "sk-2"), own].join("---\n");
    let report = rig.apply(&sent).await.unwrap();
    let said = report.findings.iter();
    let said: Vec<_> = said
        .filter(|it| it.code.as_str() == "W-SECRET-EGRESS")
        .collect();
    assert_eq!(said.len(), 1);
    assert_eq!(
        said[0].message,
        "ModelEndpoint default/remote sends Secret default/own to `evil.example` (so far: nowhere)"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_sent_by_hand_says_where_a_secret_of_git_goes_now() {
    let (rig, recipient) = rig(EgressPolicy::Show);
    let secret = sealed_secret("key", &sealed_for("key", "sk-1", &recipient));
    rig.push(&[("key.yaml", secret)], "first");
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    let report = rig.apply(&endpoint("https://evil.example")).await.unwrap();
    assert_eq!(codes(&report.findings), ["W-SECRET-EGRESS"]);
    // It is said once, and is no matter of what is live.
    assert!(rig.reconciler().live().pin().findings.is_empty());
}
