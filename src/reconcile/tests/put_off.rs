//! Secrets that a start leaves closed, because no endpoint sends them.

use super::{
    manifests::{calling, sealed_secret},
    rig::{Rig, codes, id, sealed_for, settings},
};
use crate::{
    model::Kind,
    reconcile::{Outcome, ReconcileSettings},
    secrets::{Keyring, Recipient, generate_identity},
};

const AUTH: &str = "  auth:\n    secretRef: sent\n";

/// An identity as text, and its public half.
fn identity() -> (String, Recipient) {
    let (identity, public) = generate_identity();
    let text = identity.expose_text().unwrap().to_owned();
    (text, Recipient::parse(&public).unwrap())
}

fn holding(identities: &[&str]) -> ReconcileSettings {
    let mut settings = settings();
    let mut keyring = Keyring::default();
    for identity in identities {
        keyring.parse_identity_file("age.key", identity).unwrap();
    }
    settings.keyring = keyring;
    settings
}

/// An endpoint, the secret it sends and one that nothing sends.
fn files(sent: &Recipient, unsent: &Recipient) -> [(&'static str, String); 3] {
    [
        ("a.yaml", calling("remote", "http://127.0.0.1:9", AUTH)),
        (
            "sent.yaml",
            sealed_secret("sent", &sealed_for("sent", "sk-1", sent)),
        ),
        (
            "unsent.yaml",
            sealed_secret("unsent", &sealed_for("unsent", "sk-2", unsent)),
        ),
    ]
}

fn value(rig: &Rig, secret: &str) -> Option<String> {
    let served = rig.reconciler().live().pin();
    let value = served.opened.value(&id(Kind::Secret, secret), "value")?;
    value.expose_text().map(str::to_owned)
}

fn is_ready(rig: &Rig) -> bool {
    let served = rig.reconciler().live().pin();
    served
        .condition(&id(Kind::ModelEndpoint, "remote"))
        .is_none()
}

fn said(rig: &Rig) -> Vec<&'static str> {
    codes(&rig.reconciler().live().pin().findings)
}

#[tokio::test(flavor = "multi_thread")]
async fn start_opens_what_endpoints_send_and_whoever_comes_next_finds_all_of_it() {
    let (identity, recipient) = identity();
    let rig = Rig::new().restarted(holding(&[&identity]));
    rig.push(&files(&recipient, &recipient), "both");
    rig.sync().await;
    let before = said(&rig);
    let rig = rig.restarted(holding(&[&identity]));
    assert!(is_ready(&rig));
    assert_eq!(value(&rig, "sent").unwrap(), "sk-1");
    assert_eq!(value(&rig, "unsent"), None);
    drop(rig.reconciler().take_turn().await);
    assert!(is_ready(&rig));
    assert_eq!(value(&rig, "unsent").unwrap(), "sk-2");
    assert_eq!(said(&rig), before);
    assert_eq!(rig.sync().await, Outcome::Unchanged);
}

#[tokio::test(flavor = "multi_thread")]
async fn secret_that_was_put_off_and_stays_closed_is_said_before_anything_is_done() {
    let (one, for_one) = identity();
    let (two, for_two) = identity();
    let rig = Rig::new().restarted(holding(&[&one, &two]));
    let commit = rig.push(&files(&for_one, &for_two), "both");
    assert_eq!(rig.sync().await, Outcome::Applied(commit.clone()));
    let rig = rig.restarted(holding(&[&one]));
    assert!(is_ready(&rig));
    rig.sync().await;
    assert_eq!(rig.revision(), commit);
    assert!(is_ready(&rig));
    assert!(said(&rig).contains(&"E-SECRET-OPEN"));
    // The next commit is judged with it, as it would be had the start opened everything.
    rig.push(
        &[("b.yaml", calling("other", "http://127.0.0.1:9", ""))],
        "next",
    );
    assert!(matches!(rig.sync().await, Outcome::Rejected(_)));
    assert_eq!(rig.revision(), commit);
    // With its key again nothing is left to be said.
    let rig = rig.restarted(holding(&[&one, &two]));
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    assert!(!said(&rig).contains(&"E-SECRET-OPEN"));
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoint_that_comes_to_send_a_secret_that_was_put_off_is_ready() {
    let (identity, recipient) = identity();
    let rig = Rig::new().restarted(holding(&[&identity]));
    rig.push(&files(&recipient, &recipient), "both");
    rig.sync().await;
    let rig = rig.restarted(holding(&[&identity]));
    let other = AUTH.replace("sent", "unsent");
    rig.push(
        &[("a.yaml", calling("remote", "http://127.0.0.1:9", &other))],
        "the other",
    );
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    assert!(is_ready(&rig));
    assert_eq!(value(&rig, "unsent").unwrap(), "sk-2");
}
