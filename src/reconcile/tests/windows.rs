//! Commits that wait for their window.

use super::{
    manifests::endpoint,
    rig::{Rig, settings},
};
use crate::{
    manifest::Cron,
    plan::{Window, WindowKind, Windows},
    reconcile::{
        Bell, Clock, Held, HeldBy, OrderError, Outcome, Phase, ReconcileSettings, RollbackOrder,
        run,
    },
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use tokio_util::sync::CancellationToken;

/// A clock that stands still until it is set.
#[derive(Clone)]
struct Hands(Arc<AtomicI64>);

impl Hands {
    fn at(time: &str) -> Self {
        let hands = Self(Arc::default());
        hands.set(time);
        hands
    }

    fn set(&self, time: &str) {
        let time: Timestamp = time.parse().unwrap();
        self.0.store(time.as_microsecond(), Ordering::SeqCst);
    }

    fn clock(&self) -> Clock {
        let hands = self.0.clone();
        Clock::new(move || Timestamp::from_microsecond(hands.load(Ordering::SeqCst)).unwrap())
    }
}

/// Allows Monday to Friday from 20:00 to midnight, UTC.
fn nights(hands: &Hands) -> ReconcileSettings {
    let nights = Window {
        name: "weekday-nights".into(),
        kind: WindowKind::Allow,
        schedule: Cron::parse("0 20 * * 1-5").unwrap(),
        duration: SignedDuration::from_hours(4),
        zone: TimeZone::UTC,
        paths: Vec::new(),
        namespaces: Vec::new(),
    };
    ReconcileSettings {
        windows: Windows::of(vec![nights]),
        clock: hands.clock(),
        ..settings()
    }
}

/// A rig with something live, on a Sunday.
async fn live_on_sunday() -> (Rig, Hands, String) {
    let hands = Hands::at("2026-11-22T12:00:00Z");
    let mut rig = Rig::new();
    rig.stop();
    let rig = rig.started(nights(&hands));
    let first = rig.push(&[("a.yaml", endpoint("small", "m-1"))], "first");
    // Nothing is live: the first revision waits for no window.
    assert_eq!(rig.sync().await, Outcome::Applied(first.clone()));
    (rig, hands, first)
}

fn held(outcome: Outcome) -> Held {
    match outcome {
        Outcome::Held(held) => held,
        other => unreachable!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commit_waits_for_its_window_and_the_newest_goes_live() {
    let (rig, hands, first) = live_on_sunday().await;
    let second = rig.push(&[("a.yaml", endpoint("small", "m-2"))], "second");
    let waits = held(rig.sync().await);
    assert_eq!((waits.by, waits.commit), (HeldBy::Window, Some(second)));
    assert_eq!(
        waits.message,
        "outside the window \"weekday-nights\": goes live Mon 2026-11-23 20:00 UTC"
    );
    let schedule = waits.schedule.unwrap();
    let opens: Timestamp = "2026-11-23T20:00:00Z".parse().unwrap();
    assert_eq!(schedule.opens_us, Some(opens.as_microsecond()));
    assert_eq!(
        (rig.revision(), rig.reconciler().status().phase),
        (first.clone(), Phase::Held)
    );
    // A restart changes nothing.
    let rig = rig.restarted(nights(&hands));
    assert_eq!(held(rig.sync().await).by, HeldBy::Window);

    let third = rig.push(&[("a.yaml", endpoint("small", "m-3"))], "third");
    held(rig.sync().await);
    hands.set("2026-11-23T19:59:59Z");
    held(rig.sync().await);
    assert_eq!(rig.revision(), first);
    hands.set("2026-11-23T20:00:00Z");
    assert_eq!(rig.sync().await, Outcome::Applied(third));
    assert_eq!(rig.reconciler().status().held, None);
    let newest = rig.reconciler().history(1).await.unwrap().remove(0);
    assert_eq!((newest.seq, newest.confirmed_by.as_str()), (2, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn clock_that_jumps_a_day_opens_and_closes_the_window() {
    let (rig, hands, _) = live_on_sunday().await;
    rig.push(&[("a.yaml", endpoint("small", "m-2"))], "second");
    held(rig.sync().await);
    // Back by a day: it is a Saturday, and the same Monday is meant.
    hands.set("2026-11-21T12:00:00Z");
    let again = held(rig.sync().await);
    assert!(
        again
            .message
            .ends_with("goes live Mon 2026-11-23 20:00 UTC"),
        "{}",
        again.message
    );
    // Back by a week: another Monday is next.
    hands.set("2026-11-14T12:00:00Z");
    let again = held(rig.sync().await);
    assert!(
        again
            .message
            .ends_with("goes live Mon 2026-11-16 20:00 UTC"),
        "{}",
        again.message
    );
    // Ahead, past the window: it is closed again.
    hands.set("2026-11-24T12:00:00Z");
    let again = held(rig.sync().await);
    assert!(
        again
            .message
            .ends_with("goes live Tue 2026-11-24 20:00 UTC"),
        "{}",
        again.message
    );
    // Ahead by a day and some hours, into a window.
    hands.set("2026-11-25T21:00:00Z");
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn emergency_needs_a_reason_and_is_for_one_plan() {
    let (rig, _hands, _) = live_on_sunday().await;
    let second = rig.push(&[("a.yaml", endpoint("small", "m-2"))], "second");
    let waits = held(rig.sync().await);
    let unreasoned = rig
        .reconciler()
        .confirm(&waits.plan_digest, " ", "ada")
        .await;
    assert!(matches!(unreasoned, Err(OrderError::Unreasoned(_))));
    let live = rig
        .reconciler()
        .confirm(&waits.plan_digest, "outage", "ada")
        .await;
    assert_eq!(live.unwrap(), Outcome::Applied(second));
    let newest = rig.reconciler().history(1).await.unwrap().remove(0);
    assert_eq!(
        (newest.confirmed_by, newest.reason),
        ("ada".into(), "outage".into())
    );
    rig.push(&[("a.yaml", endpoint("small", "m-3"))], "third");
    assert_eq!(held(rig.sync().await).by, HeldBy::Window);
}

#[tokio::test(flavor = "multi_thread")]
async fn yes_to_pruning_is_none_to_the_hour() {
    let (rig, hands, _) = live_on_sunday().await;
    let many = |number| {
        (
            format!("e{number}.yaml"),
            endpoint(&format!("e{number}"), "m"),
        )
    };
    let many: Vec<_> = (0..8).map(many).collect();
    let files: Vec<_> = many
        .iter()
        .map(|(path, text)| (path.as_str(), text.clone()))
        .collect();
    hands.set("2026-11-20T21:00:00Z");
    rig.push(&files, "many");
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    hands.set("2026-11-22T12:00:00Z");
    for (path, _) in &files {
        std::fs::remove_file(rig.path("work").join(path)).unwrap();
    }
    let fewer = rig.push(&[], "fewer");
    let prunes = held(rig.sync().await);
    assert_eq!(prunes.by, HeldBy::Prune);
    let next = rig
        .reconciler()
        .confirm(&prunes.plan_digest, "", "ada")
        .await;
    let waits = held(next.unwrap());
    assert_eq!(
        (waits.by, &waits.plan_digest),
        (HeldBy::Window, &prunes.plan_digest)
    );
    hands.set("2026-11-23T20:30:00Z");
    assert_eq!(rig.sync().await, Outcome::Applied(fewer));
    let newest = rig.reconciler().history(1).await.unwrap().remove(0);
    assert_eq!(newest.confirmed_by, "ada");
}

#[tokio::test(flavor = "multi_thread")]
async fn rollbacks_and_what_is_sent_by_hand_wait_for_no_window() {
    let (rig, hands, first) = live_on_sunday().await;
    hands.set("2026-11-23T20:30:00Z");
    rig.push(&[("a.yaml", endpoint("small", "m-2"))], "second");
    assert!(matches!(rig.sync().await, Outcome::Applied(_)));
    hands.set("2026-11-24T12:00:00Z");
    rig.apply(&endpoint("hand", "m")).await.unwrap();
    let back = RollbackOrder {
        to: Some(first),
        reason: "wrong model".to_owned(),
        by: "ada".to_owned(),
    };
    let outcome = rig.reconciler().rollback(back).await.unwrap();
    assert!(matches!(outcome, Outcome::Applied(_)), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "it ends with the test")]
async fn loop_goes_live_by_itself_when_the_window_opens() {
    let (rig, hands, _) = live_on_sunday().await;
    let second = rig.push(&[("a.yaml", endpoint("small", "m-2"))], "second");
    hands.set("2026-11-23T19:59:59.5Z");
    let stop = CancellationToken::new();
    let looping = tokio::spawn(run(rig.reconciler().clone(), Bell::default(), stop.clone()));
    let status = || rig.reconciler().status();
    wait_for(|| status().phase == Phase::Held).await;
    // The loop sleeps for half a second, not for the poll's minute.
    hands.set("2026-11-23T20:00:00Z");
    wait_for(|| rig.revision() == second).await;
    stop.cancel();
    looping.await.unwrap();
}

async fn wait_for(is_so: impl Fn() -> bool) {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !is_so() {
        assert!(std::time::Instant::now() < end, "it did not come about");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}
