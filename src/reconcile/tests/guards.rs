//! What a commit may not do by itself, and the yes that lets it.

use super::{
    manifests::endpoint,
    rig::{Rig, settings},
};
use crate::{
    model::Kind,
    reconcile::{HeldBy, OrderError, Outcome, Phase, PruneGuard},
};

/// A repository of this many endpoints, live.
async fn of_endpoints(number: usize) -> Rig {
    let rig = Rig::new();
    let files: Vec<_> = (0..number)
        .map(|n| {
            let name = format!("e{n}");
            (format!("{name}.yaml"), endpoint(&name, "m"))
        })
        .collect();
    let files: Vec<_> = files
        .iter()
        .map(|(path, content)| (path.as_str(), content.clone()))
        .collect();
    rig.push(&files, "all");
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    rig
}

fn take_away(rig: &Rig, numbers: std::ops::Range<usize>) -> String {
    for number in numbers {
        std::fs::remove_file(rig.path("work").join(format!("e{number}.yaml"))).unwrap();
    }
    rig.push(&[], "fewer")
}

fn digest(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Held(held) => held.plan_digest.clone(),
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn larger_of_the_two_limits_counts() {
    let guard = PruneGuard::default();
    assert_eq!(guard.holds(5, 6), None);
    assert_eq!(guard.holds(10, 100), None);
    let message = guard.holds(11, 100).unwrap();
    assert!(
        message.starts_with("11 of 100 objects (11.0 %)"),
        "{message}"
    );
    assert!(guard.holds(6, 59).is_some());
    assert_eq!(guard.holds(6, 60), None);
    let never = PruneGuard {
        percent: 100,
        objects: 0,
    };
    assert_eq!(never.holds(usize::MAX, usize::MAX), None);
    let always = PruneGuard {
        percent: 0,
        objects: 0,
    };
    assert!(always.holds(1, usize::MAX).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn commit_that_prunes_too_much_is_held_until_its_plan_is_confirmed() {
    let rig = of_endpoints(20).await;
    let before = rig.revision();
    let fewer = take_away(&rig, 0..6);
    let held = rig.sync().await;
    let first = digest(&held);
    let Outcome::Held(told) = held else {
        unreachable!()
    };
    assert_eq!((told.by, told.commit), (HeldBy::Prune, Some(fewer)));
    assert!(
        told.message.contains("6 of 20 objects (30.0 %)"),
        "{}",
        told.message
    );
    assert_eq!(rig.revision(), before);
    let status = rig.reconciler().status();
    assert_eq!(status.phase, Phase::Held);
    assert_eq!(status.held.unwrap().plan_digest, first);
    // It is neither reviewed again nor forgotten, not even by a restart.
    assert_eq!(digest(&rig.sync().await), first);
    let rig = rig.restarted(settings());
    assert_eq!(digest(&rig.sync().await), first);

    // The yes to one plan is none to the next.
    let fewer = take_away(&rig, 6..7);
    let second = digest(&rig.sync().await);
    assert_ne!(first, second);
    let refused = rig.reconciler().confirm(&first, "typo", "ada").await;
    assert!(matches!(refused, Err(OrderError::Stale(text)) if text.contains(&second)));
    assert_eq!(rig.revision(), before);

    let beginning = &second["sha256:".len()..][..8];
    let outcome = rig
        .reconciler()
        .confirm(beginning, "moved away", "ada")
        .await;
    assert_eq!(outcome.unwrap(), Outcome::Applied(fewer));
    assert!(!rig.has(Kind::ModelEndpoint, "e6") && rig.has(Kind::ModelEndpoint, "e7"));
    let status = rig.reconciler().status();
    assert_eq!((status.phase, status.held), (Phase::Synced, None));
    let newest = rig.reconciler().history(1).await.unwrap().remove(0);
    assert_eq!(
        (newest.confirmed_by, newest.reason),
        ("ada".into(), "moved away".into())
    );
    assert_eq!(newest.removed, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn plan_that_is_confirmed_goes_live_while_the_remote_is_away() {
    let rig = of_endpoints(20).await;
    let fewer = take_away(&rig, 0..6);
    let plan = digest(&rig.sync().await);
    std::fs::rename(rig.path("bare.git"), rig.path("away.git")).unwrap();
    let outcome = rig.reconciler().confirm(&plan, "moved", "ada").await;
    assert_eq!(outcome.unwrap(), Outcome::Applied(fewer));
    assert_eq!(rig.reconciler().status().held, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn hold_is_over_for_everybody_when_a_newer_commit_is_refused() {
    let rig = of_endpoints(20).await;
    take_away(&rig, 0..6);
    digest(&rig.sync().await);
    rig.push(&[("broken.yaml", "kind: Nothing\n".to_owned())], "broken");
    assert!(matches!(rig.sync().await, Outcome::Rejected(_)));
    for _ in 0..2 {
        let status = rig.reconciler().status();
        assert_eq!((status.phase, status.held), (Phase::Rejected, None));
        rig.sync().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commit_that_restores_what_was_held_needs_no_yes() {
    let rig = of_endpoints(20).await;
    take_away(&rig, 0..6);
    digest(&rig.sync().await);
    rig.git(&["revert", "--no-edit", "HEAD"]);
    let restored = rig.push(&[], "again");
    assert_eq!(rig.sync().await, Outcome::Applied(restored));
    assert_eq!(rig.reconciler().status().held, None);
    let nothing = rig.reconciler().confirm("sha256:abcdef", "", "").await;
    assert!(matches!(nothing, Err(OrderError::Nothing(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_by_hand_is_neither_counted_nor_guarded() {
    let rig = of_endpoints(6).await;
    for number in 0..8 {
        let sent = endpoint(&format!("hand{number}"), "m");
        rig.apply(&sent).await.unwrap();
    }
    let two = settings().prune.holds(6, 6);
    assert!(two.is_some());
    // Six of the six that Git manages.
    take_away(&rig, 0..5);
    let kept = rig.push(&[("e5.yaml", endpoint("other", "m"))], "rename");
    let held = digest(&rig.sync().await);
    rig.reconciler().confirm(&held, "", "").await.unwrap();
    assert_eq!(
        rig.reconciler()
            .live()
            .pin()
            .commit()
            .unwrap()
            .id
            .to_string(),
        kept
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn yes_to_a_prune_is_none_to_the_same_prune_later() {
    let rig = of_endpoints(20).await;
    take_away(&rig, 0..6);
    let first = digest(&rig.sync().await);
    let yes = rig.reconciler().confirm(&first, "moved", "ada").await;
    assert!(matches!(yes.unwrap(), Outcome::Applied(_)));
    rig.git(&["revert", "--no-edit", "HEAD"]);
    rig.push(&[], "back");
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    take_away(&rig, 0..6);
    assert_eq!(digest(&rig.sync().await), first);
}
