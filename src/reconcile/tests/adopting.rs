//! An identity that was sent by hand and is then defined in Git.

use super::{
    manifests::{alias, endpoint},
    rig::{Rig, codes, id, settings},
};
use crate::{
    model::Kind,
    reconcile::{ApplyError, Outcome},
};

fn adopting(text: &str, name: &str) -> String {
    text.replace(
        &format!("  name: {name}\n"),
        &format!("  name: {name}\n  annotations: {{orloj.dev/adopt: \"true\"}}\n"),
    )
}

/// A rig that serves `small` from Git and `fast`, sent by hand.
async fn rig() -> Rig {
    let rig = Rig::new();
    rig.push(&[("a.yaml", endpoint("small", "s-1"))], "first");
    rig.sync().await;
    rig.apply(&alias("fast", "small")).await.unwrap();
    rig
}

#[tokio::test(flavor = "multi_thread")]
async fn git_does_not_take_over_unasked_and_does_when_the_other_is_deleted() {
    let rig = rig().await;
    let before = rig.revision();
    let commit = rig.push(&[("b.yaml", alias("fast", "small"))], "define fast");
    let Outcome::Rejected(findings) = rig.sync().await else {
        unreachable!("two own it");
    };
    assert_eq!(codes(&findings), ["E-REF-MANAGED"]);
    assert_eq!(rig.revision(), before);
    let fast = id(Kind::ModelAlias, "fast");
    rig.reconciler().delete(&fast).await.unwrap();
    assert_eq!(rig.sync().await, Outcome::Applied(commit));
    assert!(rig.has(Kind::ModelAlias, "fast"));
}

#[tokio::test(flavor = "multi_thread")]
async fn adopting_is_for_good() {
    let rig = rig().await;
    let text = adopting(&alias("fast", "small"), "fast");
    let commit = rig.push(&[("b.yaml", text)], "adopt fast");
    assert_eq!(rig.sync().await, Outcome::Applied(commit.clone()));
    assert_eq!(rig.sync().await, Outcome::Unchanged);
    let by_hand = rig.apply(&alias("fast", "small")).await;
    assert!(matches!(by_hand, Err(ApplyError::Managed(_))));
    let rig = rig.restarted(settings());
    assert_eq!(rig.revision(), commit);
    assert_eq!(rig.sync().await, Outcome::Unchanged);
    let without = rig.remove("b.yaml");
    assert_eq!(rig.sync().await, Outcome::Applied(without));
    assert!(!rig.has(Kind::ModelAlias, "fast"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_commit_adopts_nothing() {
    let rig = rig().await;
    let files = [
        ("b.yaml", adopting(&alias("fast", "small"), "fast")),
        ("c.yaml", alias("slow", "missing")),
    ];
    rig.push(&files, "adopt, and a mistake");
    assert!(matches!(rig.sync().await, Outcome::Rejected(_)));
    let fast = id(Kind::ModelAlias, "fast");
    rig.reconciler().delete(&fast).await.unwrap();
    assert!(!rig.has(Kind::ModelAlias, "fast"));
}
