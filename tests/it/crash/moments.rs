//! Killed at moments drawn by lot, while commits come in and manifests are sent by hand.

use super::scene::{Scene, apply, post};
use crate::support::daemon::Daemon;
use serde_json::json;
use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};
use tempfile::TempDir;

/// How often a daemon is killed in a run; `./test --soak` asks for more.
const KILLS: usize = 160;

/// Two daemons at a time.
const THREADS: usize = 2;

/// A daemon is killed within this time, in milliseconds; what it does in between takes a fraction of it.
const LONGEST_LIFE: u64 = 250;

/// A daemon that is killed while it starts lives this long at most.
const LONGEST_START: u64 = 120;

/// What was asked of the daemons over all their lives, and what they said was done.
#[derive(Default)]
struct Asked {
    pushed: AtomicUsize,
    live: AtomicUsize,
    sent: AtomicUsize,
    kept: AtomicUsize,
}

#[test]
fn daemon_killed_at_any_moment_serves_one_whole_revision_and_forgets_nothing() {
    let kills = kills();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| killed_again_and_again(kills.div_ceil(THREADS)));
        }
    });
}

#[expect(clippy::disallowed_methods, reason = "a switch of this test")]
fn kills() -> usize {
    let asked = std::env::var("ORLOJ_TEST_CRASHES").ok();
    asked.map_or(KILLS, |text| text.parse().unwrap())
}

fn killed_again_and_again(times: usize) {
    let scene = Scene::new(times * 8);
    let asked = Asked::default();
    let mut home = Arc::new(TempDir::new().unwrap());
    drop(scene.daemon(&home).start());
    let (mut ahead, mut crashes) = (0, 0);
    for round in 0..times {
        let life = drawn(LONGEST_LIFE);
        if round % 4 == 3 {
            let starting = scene.daemon(&home).spawn();
            thread::sleep(Duration::from_millis(drawn(LONGEST_START)));
            home = starting.kill();
        } else {
            let (daemon, served) = scene.serves_alone(&home);
            asked.check(served.commit, served.by_hand);
            assert!(served.ahead <= ahead + crashes, "{ahead} {served:?}");
            (ahead, crashes) = (served.ahead, 0);
            home = killed_at_work(&scene, &asked, daemon, life);
        }
        crashes += 1;
    }
    let (daemon, served) = scene.serves_alone(&home);
    asked.check(served.commit, served.by_hand);
    daemon.sync();
    let served = scene.served(&daemon);
    assert_eq!(served.ahead, 0);
    assert_eq!(served.commit, asked.pushed.load(Ordering::SeqCst));
    assert_eq!(
        served.status["revision"],
        daemon.get("/api/v1/revisions?limit=1").body["items"][0]["revision"]
    );
}

fn killed_at_work(scene: &Scene, asked: &Asked, daemon: Daemon, life: u64) -> Arc<TempDir> {
    let url = daemon.url().to_owned();
    thread::scope(|scope| {
        scope.spawn(|| {
            // Until it is killed.
            loop {
                let next = asked.pushed.load(Ordering::SeqCst) + 1;
                if next >= scene.commits.len() {
                    break;
                }
                asked.pushed.store(next, Ordering::SeqCst);
                scene.push(next);
                let Some(answer) = post(&url, "/api/v1/sync", &json!({})) else {
                    break;
                };
                assert_ne!(answer["outcome"], "rejected", "{answer:#}");
                if answer["outcome"] == "applied" || answer["outcome"] == "unchanged" {
                    asked.live.store(next, Ordering::SeqCst);
                }
            }
        });
        scope.spawn(|| {
            loop {
                let next = asked.sent.load(Ordering::SeqCst) + 1;
                asked.sent.store(next, Ordering::SeqCst);
                if !apply(&url, next) {
                    break;
                }
                asked.kept.store(next, Ordering::SeqCst);
            }
        });
        thread::sleep(Duration::from_millis(life));
        daemon.kill()
    })
}

impl Asked {
    /// What a daemon said was done is there, and nothing that nobody asked for.
    #[track_caller]
    fn check(&self, commit: usize, by_hand: usize) {
        let (live, pushed) = (&self.live, &self.pushed);
        let commits = live.load(Ordering::SeqCst)..=pushed.load(Ordering::SeqCst);
        assert!(commits.contains(&commit), "{commit} is not in {commits:?}");
        let (kept, sent) = (&self.kept, &self.sent);
        let sent = kept.load(Ordering::SeqCst)..=sent.load(Ordering::SeqCst);
        assert!(sent.contains(&by_hand), "{by_hand} is not in {sent:?}");
    }
}

/// A number below `end`, another one at each call.
fn drawn(end: u64) -> u64 {
    RandomState::new().build_hasher().finish() % end
}
