//! Waiting, and going back.

use super::{
    manifests::{alias, endpoint, sealed_secret},
    rig::{Rig, sealed, settings},
};
use crate::{
    model::Kind,
    reconcile::{HeldBy, OrderError, Outcome, Phase, RollbackOrder, Suspension},
    secrets::{Recipient, generate_identity},
    store::RevisionOutcome,
};

fn suspension(until_us: Option<i64>) -> Suspension {
    Suspension {
        reason: "upgrade of the provider".to_owned(),
        by: "ada".to_owned(),
        since_us: 1,
        until_us,
    }
}

fn back(to: Option<&str>) -> RollbackOrder {
    RollbackOrder {
        to: to.map(str::to_owned),
        reason: "wrong model".to_owned(),
        by: "ada".to_owned(),
    }
}

/// Three revisions, each with another model of `small`; returns them.
async fn three(rig: &Rig) -> [String; 3] {
    let mut revisions = Vec::new();
    for model in ["m-1", "m-2", "m-3"] {
        let files = [
            ("a.yaml", endpoint("small", model)),
            ("b.yaml", alias("fast", "small")),
        ];
        revisions.push(rig.push(&files, model));
        rig.sync().await;
    }
    revisions.try_into().unwrap()
}

fn model(rig: &Rig) -> String {
    let served = rig.reconciler().live().pin();
    let endpoint = served.snapshot.table().endpoints().next().unwrap();
    endpoint.default_model.as_deref().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn suspended_loop_does_not_look_until_it_is_resumed_even_after_a_restart() {
    let rig = Rig::new();
    let [.., third] = three(&rig).await;
    rig.reconciler().suspend(suspension(None)).await.unwrap();
    let fourth = rig.push(&[("a.yaml", endpoint("small", "m-4"))], "fourth");
    assert_eq!(rig.sync().await, Outcome::Suspended);
    let rig = rig.restarted(settings());
    assert_eq!(rig.sync().await, Outcome::Suspended);
    let status = rig.reconciler().status();
    assert_eq!(
        (status.phase, status.suspension),
        (Phase::Suspended, Some(suspension(None)))
    );
    assert_eq!(rig.revision(), third);
    assert_eq!(
        rig.reconciler().resume().await.unwrap(),
        Outcome::Applied(fourth)
    );
    assert_eq!(rig.reconciler().status().suspension, None);
    assert!(matches!(
        rig.reconciler().resume().await,
        Err(OrderError::Nothing(_))
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn suspension_with_an_end_is_over_then() {
    let rig = Rig::new();
    three(&rig).await;
    let fourth = rig.push(&[("a.yaml", endpoint("small", "m-4"))], "fourth");
    let future = i64::MAX;
    rig.reconciler()
        .suspend(suspension(Some(future)))
        .await
        .unwrap();
    assert_eq!(rig.sync().await, Outcome::Suspended);
    rig.reconciler().suspend(suspension(Some(7))).await.unwrap();
    assert_eq!(rig.sync().await, Outcome::Applied(fourth));
    assert_eq!(rig.reconciler().status().suspension, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn rollback_is_a_new_record_stays_and_survives_a_restart_without_git() {
    let rig = Rig::new();
    let [_, second, third] = three(&rig).await;
    let outcome = rig.reconciler().rollback(back(None)).await.unwrap();
    assert_eq!(outcome, Outcome::Applied(second.clone()));
    assert_eq!(model(&rig), "m-2");
    let newest = rig.reconciler().history(1).await.unwrap().remove(0);
    assert_eq!(newest.outcome, RevisionOutcome::RolledBack);
    assert_eq!(
        (newest.seq, newest.parent, newest.reason.as_str()),
        (4, Some(3), "wrong model")
    );
    // What was rolled back does not come again.
    assert_eq!(rig.sync().await, Outcome::Unchanged);
    let rig = rig.restarted(settings());
    assert_eq!(model(&rig), "m-2");
    assert_eq!(rig.sync().await, Outcome::Unchanged);
    let pin = rig.reconciler().status().pin.unwrap();
    assert_eq!((pin.revision, pin.left), (second, Some(third.clone())));
    // Until somebody says so.
    assert_eq!(
        rig.reconciler().resume().await.unwrap(),
        Outcome::Applied(third)
    );
    assert_eq!(rig.reconciler().status().pin, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn newer_commit_lifts_the_pin_only_if_it_touches_what_was_rolled_back() {
    let rig = Rig::new();
    let [_, second, _] = three(&rig).await;
    rig.reconciler().rollback(back(None)).await.unwrap();
    rig.push(&[("c.yaml", endpoint("other", "x"))], "something else");
    let Outcome::Held(held) = rig.sync().await else {
        unreachable!()
    };
    assert_eq!(held.by, HeldBy::Pin);
    assert_eq!(
        (rig.revision(), rig.reconciler().status().phase),
        (second, Phase::Held)
    );
    let mended = rig.push(&[("a.yaml", endpoint("small", "m-5"))], "mended");
    assert_eq!(rig.sync().await, Outcome::Applied(mended));
    assert!(rig.has(Kind::ModelEndpoint, "other"));
    let status = rig.reconciler().status();
    assert_eq!(
        (status.pin, status.held, status.phase),
        (None, None, Phase::Synced)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn going_back_further_still_waits_for_what_was_left_first() {
    let rig = Rig::new();
    let [first, _, third] = three(&rig).await;
    rig.reconciler().rollback(back(None)).await.unwrap();
    let outcome = rig
        .reconciler()
        .rollback(back(Some(&first[..7])))
        .await
        .unwrap();
    assert_eq!(outcome, Outcome::Applied(first));
    assert_eq!(model(&rig), "m-1");
    assert_eq!(rig.reconciler().status().pin.unwrap().left, Some(third));
    assert_eq!(rig.sync().await, Outcome::Unchanged);
    // By its number in the history, forwards too.
    rig.reconciler().rollback(back(Some("2"))).await.unwrap();
    assert_eq!(model(&rig), "m-2");
}

#[tokio::test(flavor = "multi_thread")]
async fn rollback_to_nothing_that_is_kept_changes_nothing() {
    let rig = Rig::new();
    let nothing = rig.reconciler().rollback(back(None)).await;
    assert!(matches!(nothing, Err(OrderError::Nothing(_))));
    let [.., third] = three(&rig).await;
    for to in ["abcdef0", "99", &third] {
        let refused = rig.reconciler().rollback(back(Some(to))).await;
        assert!(matches!(refused, Err(OrderError::Nothing(_))), "{to}");
    }
    assert_eq!(
        (rig.revision(), rig.reconciler().status().pin),
        (third, None)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rollback_uses_the_sealed_values_and_what_was_sent_by_hand_of_that_time() {
    let (identity, public) = generate_identity();
    let recipient = Recipient::parse(&public).unwrap();
    let with_key = || {
        let mut settings = settings();
        let text = identity.expose_text().unwrap();
        let file = settings.keyring.parse_identity_file("age.key", text);
        assert_eq!(file.unwrap(), 1);
        settings
    };
    let rig = Rig::new().restarted(with_key());
    let secret = |value: &str| sealed_secret("k", &sealed(value, &recipient));
    let uses = "kind: ModelEndpoint\nmetadata: {name: big}\nspec: {provider: openai, default_model: m, auth: {secretRef: k}}\n";
    rig.push(
        &[("k.yaml", secret("old")), ("e.yaml", uses.to_owned())],
        "first",
    );
    rig.sync().await;
    rig.apply(&endpoint("hand", "h-1")).await.unwrap();
    let then = rig.reconciler().live().pin();
    let secret_id = super::rig::id(Kind::Secret, "k");
    let old = then.snapshot.catalog().get(&secret_id).unwrap().digest;
    let seq = rig.reconciler().history(1).await.unwrap()[0]
        .seq
        .to_string();
    rig.apply(&endpoint("hand", "h-2")).await.unwrap();
    rig.apply(&endpoint("later", "l")).await.unwrap();
    rig.push(&[("k.yaml", secret("new"))], "second");
    rig.sync().await;

    rig.reconciler().rollback(back(Some(&seq))).await.unwrap();
    let now = rig.reconciler().live().pin();
    assert_eq!(now.snapshot.catalog().get(&secret_id).unwrap().digest, old);
    assert_eq!(now.digest, then.digest);
    assert!(!rig.has(Kind::ModelEndpoint, "later"));
    let newest = rig.reconciler().history(1).await.unwrap().remove(0);
    let gone = super::rig::id(Kind::ModelEndpoint, "later");
    let told = format!("; sent by hand and gone now: {gone}");
    assert!(newest.summary.ends_with(&told), "{}", newest.summary);
    assert_eq!(rig.sync().await, Outcome::Unchanged);
    // The store says the same after a restart.
    let rig = rig.restarted(with_key());
    assert_eq!(rig.sync().await, Outcome::Unchanged);
    assert_eq!(rig.reconciler().live().pin().digest, then.digest);
    assert!(rig.has(Kind::ModelEndpoint, "hand"));
}

/// A repository with two directories, of which the second is read after a restart; returns the commit.
async fn two_paths() -> (Rig, String) {
    let rig = Rig::new();
    for (directory, name) in [("first", "a"), ("second", "b")] {
        std::fs::create_dir(rig.path("work").join(directory)).unwrap();
        let file = format!("{directory}/{name}.yaml");
        rig.push(&[(&file, endpoint(name, "m"))], name);
    }
    let commit = rig.git(&["rev-parse", "HEAD"]);
    assert_eq!(rig.sync().await, Outcome::Applied(commit.clone()));
    (rig.reading("second"), commit)
}

#[tokio::test(flavor = "multi_thread")]
async fn same_commit_read_in_another_way_is_no_revision_to_go_back_to() {
    let (rig, commit) = two_paths().await;
    assert_eq!(rig.sync().await, Outcome::Applied(commit.clone()));
    assert!(!rig.has(Kind::ModelEndpoint, "a"));
    let nothing = rig.reconciler().rollback(back(None)).await;
    assert!(
        matches!(nothing, Err(OrderError::Nothing(_))),
        "{nothing:?}"
    );
    assert_eq!(rig.sync().await, Outcome::Unchanged);
    assert_eq!(rig.reconciler().history(9).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_by_hand_does_not_pass_for_having_read_the_source() {
    let (rig, commit) = two_paths().await;
    let away = rig.path("away.git");
    std::fs::rename(rig.path("bare.git"), &away).unwrap();
    rig.apply(&endpoint("hand", "h")).await.unwrap();
    assert!(rig.has(Kind::ModelEndpoint, "a"));
    std::fs::rename(away, rig.path("bare.git")).unwrap();
    rig.sync().await;
    let served = rig.reconciler().live().pin();
    assert_eq!(served.commit().unwrap().id.to_string(), commit);
    assert!(!rig.has(Kind::ModelEndpoint, "a") && rig.has(Kind::ModelEndpoint, "b"));
}

#[tokio::test(flavor = "multi_thread")]
async fn rollback_that_fails_half_way_is_finished_by_the_next_look() {
    let rig = Rig::new();
    rig.push(&[("a.yaml", endpoint("small", "m-1"))], "first");
    rig.sync().await;
    rig.apply(&endpoint("hand", "h-1")).await.unwrap();
    let then = rig.revision();
    rig.push(&[("a.yaml", endpoint("small", "m-2"))], "second");
    rig.sync().await;
    rig.apply(&endpoint("other", "o")).await.unwrap();
    let before = rig.revision();
    let database = sqlx::SqlitePool::connect(&rig.database()).await.unwrap();
    let refuse = "CREATE TRIGGER full BEFORE INSERT ON revisions BEGIN SELECT RAISE(ABORT, 'disk full'); END";
    sqlx::query(refuse).execute(&database).await.unwrap();
    let failed = rig.reconciler().rollback(back(Some(&then))).await;
    assert!(matches!(failed, Err(OrderError::Retry(_))), "{failed:?}");
    assert_eq!(rig.revision(), before);
    let heal = "DROP TRIGGER full";
    sqlx::query(heal).execute(&database).await.unwrap();
    // Not the newest commit with what was sent by hand then.
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    let served = rig.reconciler().live().pin();
    let small = served
        .snapshot
        .table()
        .endpoints()
        .find(|one| &*one.id.name == "small");
    assert_eq!(small.unwrap().default_model.as_deref(), Some("m-1"));
    assert!(!rig.has(Kind::ModelEndpoint, "other"));
    assert_eq!(rig.reconciler().status().pin.unwrap().revision, then);
    assert_eq!(rig.sync().await, Outcome::Unchanged);
}

#[tokio::test(flavor = "multi_thread")]
async fn beginning_of_two_revisions_is_asked_for_more() {
    let rig = Rig::new();
    let [first, ..] = three(&rig).await;
    rig.apply(&endpoint("hand", "h")).await.unwrap();
    rig.apply(&endpoint("hand", "i")).await.unwrap();
    let beginning = |length: usize| first[..length].to_owned();
    let refused = rig.reconciler().rollback(back(Some(&beginning(3)))).await;
    assert!(
        matches!(refused, Err(OrderError::Nothing(_))),
        "{refused:?}"
    );
    let outcome = rig.reconciler().rollback(back(Some(&beginning(12)))).await;
    assert_eq!(outcome.unwrap(), Outcome::Applied(first));
    // Both revisions with something sent by hand stand at this commit.
    let third = rig.git(&["rev-parse", "HEAD"]);
    let refused = rig.reconciler().rollback(back(Some(&third[..12]))).await;
    assert!(
        matches!(&refused, Err(OrderError::Nothing(text)) if text.contains("write more of it")),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn resuming_is_done_while_the_remote_is_away() {
    let rig = Rig::new();
    three(&rig).await;
    rig.reconciler().suspend(suspension(None)).await.unwrap();
    std::fs::rename(rig.path("bare.git"), rig.path("away.git")).unwrap();
    let outcome = rig.reconciler().resume().await.unwrap();
    assert!(matches!(outcome, Outcome::Retry(_)), "{outcome:?}");
    let status = rig.reconciler().status();
    assert_eq!((status.suspension, status.phase), (None, Phase::Retrying));
}
