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
    assert_eq!(rig.sync().await, Outcome::Unchanged);
    // The store says the same after a restart.
    let rig = rig.restarted(with_key());
    assert_eq!(rig.sync().await, Outcome::Unchanged);
    assert_eq!(rig.reconciler().live().pin().digest, then.digest);
    assert!(rig.has(Kind::ModelEndpoint, "hand"));
}
