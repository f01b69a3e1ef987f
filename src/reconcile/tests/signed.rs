//! What is not signed as it must be is refused, and who signed is in the history.

use super::{
    manifests::endpoint,
    rig::{Rig, codes, settings},
};
use crate::{
    reconcile::Outcome,
    source::{Signers, VerifyMode, VerifyPolicy},
    store::RevisionSource,
};
use std::process::Command;

/// Makes a key; returns the line that allows it.
fn key(rig: &Rig) -> String {
    let file = rig.path("ada");
    let mut command = Command::new("ssh-keygen");
    command
        .args(["-q", "-N", "", "-t", "ed25519", "-f"])
        .arg(&file);
    assert!(command.status().unwrap().success());
    let public = std::fs::read_to_string(file.with_extension("pub")).unwrap();
    format!("ada@example.com {public}")
}

/// Signs the newest commit again and pushes it.
fn sign(rig: &Rig) -> String {
    let key = format!("user.signingkey={}", rig.path("ada").display());
    let signing = [
        "-c",
        "gpg.format=ssh",
        "-c",
        &key,
        "commit",
        "-q",
        "--amend",
    ];
    rig.git(&[&signing[..], &["--no-edit", "-S"]].concat());
    rig.git(&["push", "-q", "--force", "origin", "HEAD:main"]);
    rig.git(&["rev-parse", "HEAD"])
}

#[tokio::test(flavor = "multi_thread")]
async fn unsigned_commit_is_refused_by_name_until_it_is_signed() {
    let rig = Rig::new();
    let mut signers = Signers::default();
    signers.parse(&key(&rig)).unwrap();
    let rig = rig.verified(VerifyPolicy {
        mode: VerifyMode::EveryCommit,
        signers,
        paths: None,
    });
    let unsigned = rig.push(&[("a.yaml", endpoint("a", "m"))], "first");
    let Outcome::Rejected(findings) = rig.sync().await else {
        unreachable!("refused");
    };
    assert_eq!(codes(&findings), ["E-POLICY-UNSIGNED"]);
    let message = &findings.iter().next().unwrap().message;
    assert!(
        message.contains(&unsigned[..12]) && message.contains("Ada"),
        "{message}"
    );
    assert!(!rig.reconciler().live().pin().is_something());

    let signed = sign(&rig);
    assert_eq!(rig.sync().await, Outcome::Applied(signed.clone()));
    let who = |history: &[crate::store::RevisionRecord]| {
        let sources = RevisionSource::parse(&history[0].sources_json);
        sources[0].signer.clone()
    };
    let history = rig.reconciler().history(1).await.unwrap();
    assert_eq!(who(&history).as_deref(), Some("ada@example.com"));

    // A signed commit does not bring an unsigned one along, and what is live stays so over a restart.
    let hidden = rig.push(&[("b.yaml", endpoint("b", "m"))], "hidden");
    rig.push(&[("c.yaml", endpoint("c", "m"))], "on top");
    sign(&rig);
    let Outcome::Rejected(findings) = rig.sync().await else {
        unreachable!("refused");
    };
    let message = &findings.iter().next().unwrap().message;
    assert!(message.contains(&hidden[..12]), "{message}");
    let rig = rig.restarted(settings());
    assert_eq!(rig.revision(), signed);
    assert!(matches!(rig.sync().await, Outcome::Rejected(_)));
    assert_eq!(rig.revision(), signed);
    rig.apply(&endpoint("hand", "h")).await.unwrap();
    let history = rig.reconciler().history(1).await.unwrap();
    assert_eq!(who(&history).as_deref(), Some("ada@example.com"));
}
