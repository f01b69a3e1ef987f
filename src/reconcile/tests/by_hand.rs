//! What is sent by hand.

use super::{
    manifests::{agent, alias, clear_secret, endpoint, sealed_secret},
    rig::{Rig, bytes_under, codes, id, key, sealed, settings},
};
use crate::{
    model::Kind,
    reconcile::{ApplyError, Outcome, Phase},
};

#[tokio::test(flavor = "multi_thread")]
async fn documents_of_one_text_become_resources_of_their_own() {
    let rig = Rig::without_git();
    assert_eq!(rig.sync().await, Outcome::Unchanged);
    assert_eq!(rig.revision(), "none");
    let text = [endpoint("small", "s-1"), alias("fast", "small")].join("---\n");
    let report = rig.apply(&text).await.unwrap();
    let expected = [
        (id(Kind::ModelEndpoint, "small"), false),
        (id(Kind::ModelAlias, "fast"), false),
    ];
    assert_eq!(report.applied, expected);
    assert_eq!(report.revision, rig.revision());
    assert_ne!(report.revision, "none");
    // Each was kept for itself: one can go without the other.
    rig.reconciler()
        .delete(&id(Kind::ModelAlias, "fast"))
        .await
        .unwrap();
    assert!(rig.has(Kind::ModelEndpoint, "small") && !rig.has(Kind::ModelAlias, "fast"));
    let again = rig.apply(&endpoint("small", "s-2")).await.unwrap();
    assert_eq!(again.applied, [(id(Kind::ModelEndpoint, "small"), true)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_says_what_was_sent() {
    let rig = Rig::new();
    rig.push(&[("a.yaml", endpoint("small", "s-1"))], "from Git");
    rig.sync().await;
    rig.apply(&alias("fast", "small")).await.unwrap();
    let alias = id(Kind::ModelAlias, "fast");
    rig.reconciler().delete(&alias).await.unwrap();
    let history = rig.reconciler().history(10).await.unwrap();
    let summaries: Vec<_> = history
        .iter()
        .map(|record| record.summary.as_str())
        .collect();
    let expected = [
        "deleted by hand: ModelAlias default/fast",
        "sent by hand: ModelAlias default/fast",
        "from Git",
    ];
    assert_eq!(summaries, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_revision_is_the_commit_again_when_nothing_by_hand_is_left() {
    let rig = Rig::new();
    let commit = rig.push(&[("a.yaml", endpoint("small", "s-1"))], "first");
    rig.sync().await;
    rig.apply(&alias("fast", "small")).await.unwrap();
    assert_ne!(rig.revision(), commit);
    assert_eq!(rig.sync().await, Outcome::Unchanged);
    let alias = id(Kind::ModelAlias, "fast");
    rig.reconciler().delete(&alias).await.unwrap();
    assert_eq!(rig.revision(), commit);
    assert_eq!(rig.sync().await, Outcome::Unchanged);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_git_manages_can_be_neither_replaced_nor_deleted() {
    let rig = Rig::new();
    let commit = rig.push(&[("a.yaml", endpoint("small", "s-1"))], "first");
    rig.sync().await;
    let replaced = rig.apply(&endpoint("small", "other")).await;
    assert!(matches!(replaced, Err(ApplyError::Managed(_))));
    let small = id(Kind::ModelEndpoint, "small");
    let deleted = rig.reconciler().delete(&small).await;
    let Err(ApplyError::Managed(findings)) = deleted else {
        unreachable!("Git manages it");
    };
    assert_eq!(codes(&findings), ["E-REF-MANAGED"]);
    assert_eq!(
        findings.iter().next().unwrap().origin.to_string(),
        "a.yaml:1"
    );
    assert_eq!(rig.revision(), commit);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_cannot_be_deleted() {
    let rig = Rig::without_git();
    let nobody = id(Kind::Agent, "nobody");
    let deleted = rig.reconciler().delete(&nobody).await;
    assert!(matches!(deleted, Err(ApplyError::NotFound(id)) if id == nobody));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_need_cannot_be_deleted() {
    let rig = Rig::without_git();
    let text = [endpoint("small", "s-1"), agent("writer", "small")].join("---\n");
    let revision = rig.apply(&text).await.unwrap().revision;
    let small = id(Kind::ModelEndpoint, "small");
    let Err(ApplyError::Invalid(findings)) = rig.reconciler().delete(&small).await else {
        unreachable!("the agent needs it");
    };
    assert_eq!(codes(&findings), ["E-REF-MISSING"]);
    assert_eq!(rig.revision(), revision);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_text_is_not_kept_and_stops_no_commit() {
    let rig = Rig::new();
    rig.push(&[("a.yaml", endpoint("small", "s-1"))], "first");
    rig.sync().await;
    let (_, stranger) = key();
    let secret = sealed_secret("key", &sealed("sk-1", &stranger));
    let Err(ApplyError::Invalid(findings)) = rig.apply(&secret).await else {
        unreachable!("no key opens it");
    };
    assert_eq!(codes(&findings), ["W-SECRET-UNUSED", "E-SECRET-OPEN"]);
    let missing = rig.apply(&alias("fast", "missing")).await;
    assert!(matches!(missing, Err(ApplyError::Invalid(_))));
    assert_eq!(rig.sync().await, Outcome::Unchanged);
    assert_eq!(rig.reconciler().status().phase, Phase::Synced);
    let second = rig.push(&[("b.yaml", alias("fast", "small"))], "second");
    assert_eq!(rig.sync().await, Outcome::Applied(second));
    assert!(!rig.has(Kind::Secret, "key"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_by_a_process_that_ended_goes_live_with_the_next_look() {
    let rig = Rig::new();
    rig.push(&[("a.yaml", endpoint("small", "s-1"))], "first");
    rig.sync().await;
    let key = std::fs::read_to_string(rig.data_dir().join("data.key")).unwrap();
    let key = crate::secrets::DataKey::parse(key.trim()).unwrap();
    let text = alias("fast", "small");
    let fast = id(Kind::ModelAlias, "fast");
    let store = rig.store().await;
    store
        .put_unmanaged(&key, &fast, text.as_bytes(), 1)
        .await
        .unwrap();
    // Sending the same again brings it live too, although the store has nothing to change.
    rig.apply(&text).await.unwrap();
    assert!(rig.has(Kind::ModelAlias, "fast"));
    store.delete_unmanaged(&fast).await.unwrap();
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    assert!(!rig.has(Kind::ModelAlias, "fast"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_sent_in_clear_text_is_nowhere_readable_on_disk() {
    let rig = Rig::without_git();
    rig.apply(&clear_secret("key", "sk-very-clear-text"))
        .await
        .unwrap();
    let mut rig = rig.restarted(settings());
    assert!(rig.has(Kind::Secret, "key"));
    assert_eq!(rig.sync().await, Outcome::Unchanged);
    let history = format!("{:?}", rig.reconciler().history(10).await.unwrap());
    assert!(!history.contains("sk-very"), "{history}");
    rig.stop();
    let bytes = bytes_under(&rig.data_dir());
    let needle = b"sk-very-clear-text";
    assert!(!bytes.windows(needle.len()).any(|window| window == needle));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_are_both_kept() {
    let rig = Rig::without_git();
    let (small, large) = (endpoint("small", "s-1"), endpoint("large", "l-1"));
    let (one, other) = tokio::join!(rig.apply(&small), rig.apply(&large));
    one.unwrap();
    other.unwrap();
    assert!(rig.has(Kind::ModelEndpoint, "small") && rig.has(Kind::ModelEndpoint, "large"));
    assert_eq!(rig.sync().await, Outcome::Unchanged);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_differs_from_another_only_by_letter_case_is_refused() {
    let rig = Rig::new();
    rig.push(&[("a.yaml", endpoint("small", "s-1"))], "first");
    rig.sync().await;
    let Err(ApplyError::Invalid(findings)) = rig.apply(&endpoint("Small", "s-2")).await else {
        unreachable!("two could not be told apart");
    };
    assert_eq!(codes(&findings), ["E-GRAPH-DUPLICATE"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_comes_by_hand_before_the_policies_of_git() {
    let rig = Rig::new();
    let early = rig.apply(&endpoint("hand", "h")).await;
    assert!(matches!(&early, Err(ApplyError::Retry(text)) if text.contains("no commit is live")));
    assert_eq!(rig.revision(), "none");
    rig.push(&[("a.yaml", endpoint("a", "m"))], "first");
    rig.sync().await;
    rig.apply(&endpoint("hand", "h")).await.unwrap();
}
