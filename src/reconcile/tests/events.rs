//! What watchers are told.

use super::{
    manifests::endpoint,
    rig::{Rig, settings},
};
use crate::reconcile::{EventSort, Events, Outcome, RollbackOrder, Suspension};

fn sorts(events: &Events, after: u64) -> Vec<EventSort> {
    let since = events.since(after);
    assert!(!since.is_gap);
    since.events.iter().map(|event| event.sort).collect()
}

#[test]
fn events_are_numbered_upwards_and_behind_a_number_come_the_later_ones() {
    let events = Events::default();
    assert_eq!(events.newest(), 0);
    for number in 0..5 {
        events.push(EventSort::Applied, "r", None, number.to_string());
    }
    let all = events.since(0);
    assert!(!all.is_gap);
    assert!(all.events.is_sorted_by(|a, b| a.id < b.id));
    assert_eq!(events.newest(), all.events[4].id);
    let rest = events.since(all.events[2].id);
    assert_eq!(
        (rest.events.as_slice(), rest.is_gap),
        (&all.events[3..], false)
    );
    assert_eq!(events.since(all.events[4].id).events, []);
}

#[test]
fn numbers_that_are_not_kept_are_a_gap() {
    let events = Events::default();
    events.push(EventSort::Applied, "r", None, "first");
    let first = events.newest();
    for _ in 0..1000 {
        events.push(EventSort::Applied, "r", None, "");
    }
    let since = events.since(first);
    assert!(since.is_gap);
    assert_eq!(since.events.len(), 1000);
    assert!(events.since(1).is_gap);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_becomes_of_a_revision_is_told_once() {
    let rig = Rig::new();
    rig.push(&[("a.yaml", endpoint("small", "m-1"))], "first");
    rig.sync().await;
    rig.sync().await;
    rig.push(&[("a.yaml", endpoint("small", "m-2"))], "second");
    rig.sync().await;
    let bad = rig.push(&[("b.yaml", "kind: Nothing\n".to_owned())], "bad");
    rig.sync().await;
    rig.sync().await;
    let events = rig.reconciler().events();
    assert_eq!(
        sorts(events, 0),
        [EventSort::Applied, EventSort::Applied, EventSort::Rejected]
    );
    let rejected = events.since(0).events.remove(2);
    assert_eq!(rejected.commit, Some(bad));
    assert_eq!(rejected.message, "bad: 1 error");
    assert_eq!(rejected.revision, rig.revision());

    let before = events.newest();
    let suspension = Suspension {
        reason: "freeze".to_owned(),
        by: String::new(),
        since_us: 1,
        until_us: None,
    };
    rig.reconciler().suspend(suspension).await.unwrap();
    rig.sync().await;
    rig.reconciler().resume().await.unwrap();
    let order = RollbackOrder {
        to: None,
        reason: "back".to_owned(),
        by: String::new(),
    };
    rig.reconciler().rollback(order).await.unwrap();
    rig.remove("b.yaml");
    rig.push(&[("a.yaml", endpoint("small", "m-3"))], "third");
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    let expected = [
        EventSort::Suspended,
        EventSort::Resumed,
        EventSort::RolledBack,
        EventSort::Applied,
        EventSort::Unpinned,
    ];
    assert_eq!(sorts(events, before), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn source_that_fails_is_told_when_it_begins_and_when_it_ends() {
    let rig = Rig::new().restarted(settings());
    rig.push(&[("a.yaml", endpoint("small", "m-1"))], "first");
    rig.sync().await;
    let before = rig.reconciler().events().newest();
    std::fs::rename(rig.path("bare.git"), rig.path("away.git")).unwrap();
    rig.sync().await;
    rig.sync().await;
    std::fs::rename(rig.path("away.git"), rig.path("bare.git")).unwrap();
    rig.sync().await;
    rig.sync().await;
    let told = sorts(rig.reconciler().events(), before);
    assert_eq!(told, [EventSort::Failing, EventSort::Recovered]);
}
