//! Rings: how many looks they cost, and what is made of what they say.

use super::{
    manifests::endpoint,
    rig::{Rig, settings},
};
use crate::{
    forge::MovedTo,
    reconcile::{
        Bell, Inbox,
        awaited::{Awaited, Sight},
        bell::{MAX_TOLD, Rings},
        keep_deliveries,
        pace::{Cause, Found, Pace},
        run,
    },
    source::CommitId,
};
use std::time::{Duration, Instant};
use tokio::{task::JoinHandle, time};
use tokio_util::sync::CancellationToken;

const MS: Duration = Duration::from_millis(1);

fn commit(n: u8) -> CommitId {
    CommitId::parse(&hex::encode([n; 20])).unwrap()
}

fn moved(before: Option<CommitId>, after: Option<CommitId>) -> MovedTo {
    MovedTo {
        before,
        after,
        is_named: true,
    }
}

fn rang() -> Rings {
    Rings {
        proven: true,
        ..Rings::default()
    }
}

/// Looks that a caller costs who rings every 10 ms for a time, with a remote that has nothing new.
fn looks(rings: &Rings, lasting: Duration) -> u32 {
    let start = Instant::now();
    let mut pace = Pace::new(Duration::from_mins(10), start);
    pace.begin(&Rings::default(), start);
    pace.end(Cause::Ring, Found::New, 0.0, start);
    let (mut now, mut looks) = (start, 0);
    while now < start + lasting {
        now += 10 * MS;
        let (due, cause) = pace.due(rings);
        if due <= now {
            pace.begin(rings, now);
            pace.end(cause, Found::Nothing, 0.0, now);
            looks += 1;
        }
    }
    looks
}

#[test]
fn repeated_rings_cost_few_looks_and_unproven_ones_fewer() {
    let looked = looks(&rang(), Duration::from_mins(1));
    assert!((28..40).contains(&looked), "{looked}");
    let unproven = Rings {
        unproven: true,
        ..Rings::default()
    };
    assert_eq!(looks(&unproven, Duration::from_mins(1)), 6);
}

#[test]
fn first_ring_is_answered_at_once_and_the_next_within_the_window_together() {
    let start = Instant::now();
    let mut pace = Pace::new(Duration::from_mins(1), start);
    assert_eq!(pace.due(&Rings::default()), (start, Cause::Poll));
    pace.begin(&Rings::default(), start);
    pace.end(Cause::Poll, Found::New, 0.0, start);
    let poll = start + Duration::from_mins(1);
    assert_eq!(pace.due(&Rings::default()), (poll, Cause::Poll));
    let later = start + Duration::from_secs(5);
    assert!(pace.due(&rang()).0 <= later);
    pace.begin(&rang(), later);
    pace.end(Cause::Ring, Found::New, 0.0, later);
    assert_eq!(pace.due(&rang()), (later + 50 * MS, Cause::Ring));
}

#[test]
fn failure_is_tried_again_sooner_and_for_whoever_asked() {
    let start = Instant::now();
    let mut pace = Pace::new(Duration::from_mins(1), start);
    for pause in [1, 2, 4, 8] {
        pace.begin(&Rings::default(), start);
        pace.end(Cause::Ring, Found::Failure, 0.0, start);
        let due = (start + Duration::from_secs(pause), Cause::Ring);
        assert_eq!(pace.due(&Rings::default()), due);
    }
    pace.end(Cause::Ring, Found::Nothing, 0.5, start);
    let due = (start + Duration::from_secs(90), Cause::Poll);
    assert_eq!(pace.due(&Rings::default()), due);
}

#[test]
fn what_was_told_is_waited_for_ten_seconds_at_most() {
    let (a, b) = (commit(1), commit(2));
    let mut awaited = Awaited::default();
    awaited.hear(vec![moved(Some(a), Some(b))], Some(a));
    let start = Instant::now();
    let (mut now, mut looks) = (start, 0);
    let given_up = loop {
        match awaited.see(a, |_| false, now) {
            Sight::NotYet(next) => {
                assert!(next > now && next <= now + Duration::from_secs(1));
                now = next;
                looks += 1;
            }
            other => break other,
        }
    };
    assert_eq!(given_up, Sight::GivenUp(b));
    assert_eq!(now, start + Duration::from_secs(10));
    assert!((10..16).contains(&looks), "{looks}");
    assert_eq!(awaited.see(a, |_| false, now), Sight::Shown);
}

#[test]
fn commit_that_was_told_or_a_later_one_ends_the_wait() {
    let [a, b, c, d] = [1, 2, 3, 4].map(commit);
    let now = Instant::now();
    let told = |pushes: &[(CommitId, CommitId)]| {
        let mut awaited = Awaited::default();
        let pushes = pushes.iter();
        let pushes = pushes.map(|(from, to)| moved(Some(*from), Some(*to)));
        awaited.hear(pushes.collect(), Some(a));
        awaited
    };
    let shown = |mut awaited: Awaited, tip, contains: bool| {
        awaited.see(tip, |_| contains, now) == Sight::Shown
    };
    assert!(shown(told(&[(a, b)]), b, false));
    assert!(!shown(told(&[(a, b)]), a, false));
    // Somebody pushed again, and that webhook is on its way.
    assert!(shown(told(&[(a, b)]), d, false));
    // Of two pushes the remote shows the first yet.
    assert!(!shown(told(&[(a, b), (b, c)]), b, false));
    assert!(shown(told(&[(a, b), (b, c)]), c, false));
    // The webhooks overtook each other.
    assert!(!shown(told(&[(b, c), (a, b)]), b, false));
    assert!(shown(told(&[(b, c), (a, b)]), c, false));
    // A late one: the poll found it, and more.
    assert!(shown(told(&[(d, b)]), a, true));
    // Forced back: the remote's history holds it and does not stand there yet.
    assert!(!shown(told(&[(a, d)]), a, true));
}

#[test]
fn rings_count_once_and_what_they_say_is_bounded() {
    let bell = Bell::default();
    for n in 0..200 {
        bell.moved(moved(None, Some(commit(n))));
    }
    bell.ring();
    let rings = bell.take();
    assert_eq!(rings.told.len(), MAX_TOLD);
    assert_eq!(rings.told.last().unwrap().after, Some(commit(199)));
    assert_eq!(bell.take(), Rings::default());
}

/// A loop that turns until it is dropped.
struct Turning(
    CancellationToken,
    #[expect(dead_code, reason = "ends with the token")] JoinHandle<()>,
);

impl Drop for Turning {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

#[expect(clippy::disallowed_methods, reason = "it ends with the test")]
fn turning(rig: &Rig, bell: &Bell) -> Turning {
    let stop = CancellationToken::new();
    let looped = run(rig.reconciler().clone(), bell.clone(), stop.clone());
    Turning(stop, tokio::spawn(looped))
}

async fn serves(rig: &Rig, revision: &str, within: Duration) -> bool {
    let start = Instant::now();
    while start.elapsed() < within {
        if rig.revision() == revision {
            return true;
        }
        time::sleep(5 * MS).await;
    }
    false
}

const LONG: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn commit_that_the_remote_shows_later_is_waited_for() {
    let rig = Rig::new();
    let first = rig.push(&[("endpoint.yaml", endpoint("a", "m"))], "first");
    let bell = Bell::default();
    let _turning = turning(&rig, &bell);
    assert!(serves(&rig, &first, LONG).await);

    rig.git(&["commit", "-q", "--allow-empty", "-m", "second"]);
    let second = rig.git(&["rev-parse", "HEAD"]);
    let to = moved(CommitId::parse(&first), CommitId::parse(&second));
    bell.moved(to);
    assert!(
        !serves(&rig, &second, 700 * MS).await,
        "the remote does not show it yet"
    );
    rig.git(&["push", "-q", "origin", "HEAD:main"]);
    assert!(serves(&rig, &second, 5000 * MS).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn poll_that_finds_what_a_webhook_should_have_told_is_noticed() {
    let rig = Rig::new();
    rig.push(&[("endpoint.yaml", endpoint("a", "m"))], "first");
    let mut often = settings();
    often.poll = 300 * MS;
    let rig = rig.restarted(often);
    let bell = Bell::default();
    let _turning = turning(&rig, &bell);
    let empty = |message| rig.push(&[], message);
    assert!(serves(&rig, &rig.git(&["rev-parse", "HEAD"]), LONG).await);
    // Nobody has proved that webhooks come at all.
    assert!(serves(&rig, &empty("unhooked"), LONG).await);
    time::sleep(600 * MS).await;
    assert_eq!(bell.missed(), 0);

    let told = empty("hooked");
    bell.moved(moved(None, CommitId::parse(&told)));
    assert!(serves(&rig, &told, LONG).await);
    time::sleep(600 * MS).await;
    assert_eq!(bell.missed(), 0);

    assert!(serves(&rig, &empty("lost"), LONG).await);
    let start = Instant::now();
    while bell.missed() == 0 && start.elapsed() < LONG {
        time::sleep(10 * MS).await;
    }
    assert_eq!(bell.missed(), 1);
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "it ends with the test")]
async fn delivery_is_known_for_a_day_also_after_a_restart() {
    use crate::forge::Provider::{Gitea, Github};
    let rig = Rig::without_git();
    let keep = |inbox: &Inbox, bell: &Bell| {
        let stop = CancellationToken::new();
        let (inbox, bell) = (inbox.clone(), bell.clone());
        let kept = keep_deliveries(rig.reconciler().clone(), inbox, bell, stop.clone());
        (stop, tokio::spawn(kept))
    };
    let (inbox, bell) = (Inbox::default(), Bell::default());
    let (stop, kept) = keep(&inbox, &bell);
    assert!(inbox.receive(Github, "a", Some("default")));
    assert!(inbox.receive(Gitea, "a", None));
    assert!(!inbox.receive(Github, "a", Some("default")));
    stop.cancel();
    kept.await.unwrap();
    assert!(!bell.is_proven());

    let (inbox, bell) = (Inbox::default(), Bell::default());
    // Before the store is read one rings again; that is no harm.
    assert!(inbox.receive(Gitea, "b", None));
    let (stop, kept) = keep(&inbox, &bell);
    let start = Instant::now();
    while !bell.is_proven() && start.elapsed() < LONG {
        time::sleep(5 * MS).await;
    }
    assert!(!inbox.receive(Github, "a", None));
    assert!(!inbox.receive(Gitea, "a", None));
    assert!(!inbox.receive(Gitea, "b", None));
    assert!(inbox.receive(Github, "c", None));
    stop.cancel();
    kept.await.unwrap();
    let kept = rig.store().await.deliveries(0).await.unwrap();
    assert_eq!(kept.len(), 4);
}

#[test]
fn ten_thousand_equal_deliveries_are_one() {
    let inbox = Inbox::default();
    let mut rung = 0;
    for _ in 0..10_000 {
        rung += u32::from(inbox.receive(crate::forge::Provider::Github, "same", None));
    }
    assert_eq!(rung, 1);
}
