//! What becomes of commits.

use super::{
    manifests::{agent, alias, endpoint},
    rig::{Rig, codes, settings},
};
use crate::{
    model::Kind,
    reconcile::{Outcome, Phase},
    store::{LAST_GOOD_FILE, RevisionOutcome},
};
use std::fs;

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_goes_live_once_under_its_own_id() {
    let rig = Rig::new();
    let commit = rig.push(&[("a.yaml", endpoint("small", "s-1"))], "add small");
    assert_eq!(rig.sync().await, Outcome::Applied(commit.clone()));
    assert_eq!(rig.revision(), commit);
    assert_eq!(rig.sync().await, Outcome::Unchanged);
    let history = rig.reconciler().history(10).await.unwrap();
    assert_eq!(history.len(), 1);
    assert_eq!(
        (history[0].added, history[0].summary.as_str()),
        (1, "add small")
    );
    assert_eq!(rig.reconciler().status().phase, Phase::Synced);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_commit_is_refused_whole_once_and_its_fix_goes_live() {
    let rig = Rig::new();
    let good = rig.push(&[("a.yaml", endpoint("small", "s-1"))], "good");
    rig.sync().await;
    let files = [
        ("b.yaml", agent("writer", "missing")),
        ("c.yaml", endpoint("large", "l-1")),
    ];
    rig.push(&files, "bad");
    let Outcome::Rejected(findings) = rig.sync().await else {
        unreachable!("it refers to nothing");
    };
    assert_eq!(codes(&findings), ["E-REF-MISSING"]);
    assert_eq!(rig.revision(), good);
    assert!(!rig.has(Kind::ModelEndpoint, "large"));
    assert_eq!(rig.reconciler().status().phase, Phase::Rejected);
    // The same commit is not judged twice, and stays refused.
    assert_eq!(rig.sync().await, Outcome::Unchanged);
    assert_eq!(rig.reconciler().status().phase, Phase::Rejected);
    let fix = rig.push(&[("b.yaml", agent("writer", "small"))], "fix");
    assert_eq!(rig.sync().await, Outcome::Applied(fix));
    assert!(rig.has(Kind::Agent, "writer") && rig.has(Kind::ModelEndpoint, "large"));
    let history = rig.reconciler().history(10).await.unwrap();
    let outcomes: Vec<_> = history.iter().map(|record| record.outcome).collect();
    let (applied, rejected) = (RevisionOutcome::Applied, RevisionOutcome::Rejected);
    assert_eq!(outcomes, [applied, rejected, applied]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_put_back_to_what_is_served_ends_the_refusal() {
    let rig = Rig::new();
    let good = rig.push(&[("a.yaml", endpoint("small", "s-1"))], "good");
    rig.sync().await;
    rig.push(&[("b.yaml", agent("writer", "missing"))], "bad");
    rig.sync().await;
    rig.git(&["push", "-q", "--force", "origin", &format!("{good}:main")]);
    assert_eq!(rig.sync().await, Outcome::Unchanged);
    let status = rig.reconciler().status();
    assert_eq!(status.phase, Phase::Synced);
    assert!(status.attempt.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_force_push_to_an_older_commit_is_served_and_recorded_again() {
    let rig = Rig::new().unprotected();
    let first = rig.push(&[("a.yaml", endpoint("small", "s-1"))], "first");
    rig.sync().await;
    rig.push(&[("b.yaml", endpoint("large", "l-1"))], "second");
    rig.sync().await;
    rig.git(&["push", "-q", "--force", "origin", &format!("{first}:main")]);
    assert_eq!(rig.sync().await, Outcome::Applied(first.clone()));
    assert!(!rig.has(Kind::ModelEndpoint, "large"));
    let history = rig.reconciler().history(10).await.unwrap();
    assert_eq!(history.len(), 3);
    assert_eq!(
        (history[0].revision_id.as_str(), history[0].removed),
        (first.as_str(), 1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_without_manifests_deletes_nothing() {
    let rig = Rig::new();
    let good = rig.push(&[("a.yaml", endpoint("small", "s-1"))], "good");
    rig.sync().await;
    rig.remove("a.yaml");
    let Outcome::Rejected(findings) = rig.sync().await else {
        unreachable!("an empty set is refused");
    };
    assert_eq!(codes(&findings), ["E-LIMIT-EMPTY"]);
    assert_eq!(rig.revision(), good);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_cannot_be_read_changes_nothing_and_says_so() {
    let rig = Rig::new();
    let good = rig.push(&[("a.yaml", endpoint("small", "s-1"))], "good");
    rig.sync().await;
    fs::rename(rig.path("bare.git"), rig.path("away.git")).unwrap();
    let Outcome::Retry(cause) = rig.sync().await else {
        unreachable!("there is nothing to read");
    };
    assert!(cause.contains("failed to read the source"), "{cause}");
    assert_eq!(rig.revision(), good);
    assert_eq!(rig.reconciler().status().phase, Phase::Retrying);
    fs::rename(rig.path("away.git"), rig.path("bare.git")).unwrap();
    assert_eq!(rig.sync().await, Outcome::Unchanged);
    assert_eq!(rig.reconciler().status().phase, Phase::Synced);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_that_cannot_be_kept_is_not_served_and_recorded_once() {
    let rig = Rig::new();
    rig.push(&[("a.yaml", endpoint("small", "s-1"))], "first");
    rig.sync().await;
    let first = rig.revision();
    // A directory stands where the file belongs.
    let file = rig.data_dir().join(LAST_GOOD_FILE);
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let second = rig.push(&[("b.yaml", alias("fast", "small"))], "second");
    for _ in 0..3 {
        assert!(matches!(rig.sync().await, Outcome::Retry(_)));
        assert_eq!(rig.revision(), first);
    }
    fs::remove_dir(&file).unwrap();
    assert_eq!(rig.sync().await, Outcome::Applied(second));
    assert_eq!(rig.reconciler().history(10).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_before_the_file_was_written_leaves_one_record() {
    let rig = Rig::new();
    rig.push(&[("a.yaml", endpoint("small", "s-1"))], "first");
    rig.sync().await;
    let file = rig.data_dir().join(LAST_GOOD_FILE);
    let kept = fs::read(&file).unwrap();
    let second = rig.push(&[("b.yaml", alias("fast", "small"))], "second");
    rig.sync().await;
    fs::write(&file, kept).unwrap();
    let rig = rig.restarted(settings());
    assert_ne!(rig.revision(), second);
    assert_eq!(rig.sync().await, Outcome::Applied(second));
    assert_eq!(rig.reconciler().history(10).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_another_process_is_not_overtaken() {
    let rig = Rig::new();
    let first = rig.push(&[("a.yaml", endpoint("small", "s-1"))], "first");
    rig.sync().await;
    let store = rig.store().await;
    let latest = store.latest_revision().await.unwrap().unwrap();
    let theirs = crate::store::NewRevision {
        revision_id: "theirs".to_owned(),
        commit: None,
        sources_json: "[]".to_owned(),
        author: String::new(),
        summary: String::new(),
        unmanaged_generation: 0,
        config_digest: String::new(),
        plan_digest: String::new(),
        outcome: RevisionOutcome::Applied,
        added: 0,
        changed: 0,
        removed: 0,
        secrets_json: String::new(),
        findings_json: "[]".to_owned(),
        reason: String::new(),
        confirmed_by: String::new(),
        started_us: 1,
        finished_us: 1,
    };
    let appended = store.append_revision(Some(latest.seq), &theirs).await;
    assert!(matches!(
        appended,
        Ok(crate::store::AppendOutcome::Appended(_))
    ));
    let second = rig.push(&[("b.yaml", alias("fast", "small"))], "second");
    assert!(matches!(rig.sync().await, Outcome::Retry(_)));
    assert_eq!(rig.revision(), first);
    assert_eq!(rig.sync().await, Outcome::Applied(second));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_resource_is_not_pruned() {
    let rig = Rig::new();
    let protected = endpoint("small", "s-1").replace(
        "  name: small\n",
        "  name: small\n  annotations: {orloj.dev/protect: \"true\"}\n",
    );
    let files = [("a.yaml", protected), ("b.yaml", endpoint("large", "l-1"))];
    let good = rig.push(&files, "good");
    rig.sync().await;
    rig.remove("a.yaml");
    let Outcome::Rejected(findings) = rig.sync().await else {
        unreachable!("it is protected");
    };
    assert_eq!(codes(&findings), ["E-POLICY-PROTECTED"]);
    assert_eq!(rig.revision(), good);
}
