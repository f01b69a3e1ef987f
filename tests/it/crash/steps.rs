//! Killed at each named step: before, in the middle of and behind every write, rename and commit.

use super::scene::{Scene, Served, apply, post};
use crate::support::{daemon::Daemon, git::copy};
use serde_json::{Value, json};
use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};
use tempfile::TempDir;

/// What makes the daemon come by a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    /// Its first start.
    Start,
    /// A commit.
    Push,
    /// A commit, with a mirror that cannot be read.
    PushToDamagedMirror,
    /// A commit, with a mirror that holds so many packs that it is made anew.
    PushToFullMirror,
    /// A commit, with so many revisions kept that the journal is shortened.
    PushToLongJournal,
    Apply,
    Suspend,
    Resume,
    Rollback,
    Confirm,
}

/// Every step of `src/`, with what makes the daemon come by it; some are passed in several ways.
const STEPS: &[(Deed, &[&str])] = &[
    (
        Deed::Start,
        &[
            "data.key.begun",
            "data.key.half",
            "data.key.written",
            "data.key.synced",
            "data.key.renamed",
            "mirror.emptied",
            "database.created",
            "database.opened",
            "database.migrated",
            "fetch.begun",
            "fetch.receiving",
            "fetch.done",
            "history.begun",
            "history.appended",
            "last-good.begun",
            "last-good.half",
            "last-good.written",
            "last-good.synced",
            "last-good.renamed",
            "live.recorded",
            "live.switched",
            "decoded.begun",
            "decoded.half",
            "decoded.written",
        ],
    ),
    (
        Deed::Push,
        &[
            "fetch.begun",
            "fetch.receiving",
            "fetch.done",
            "history.begun",
            "history.appended",
            "journal.begun",
            "journal.half",
            "journal.written",
            "journal.synced",
            "live.recorded",
            "live.switched",
            "decoded.begun",
            "decoded.half",
            "decoded.written",
        ],
    ),
    (Deed::PushToDamagedMirror, &["mirror.emptied"]),
    (
        Deed::PushToFullMirror,
        &[
            "mirror.fetched",
            "mirror.set-aside",
            "mirror.renamed",
            "mirror.removed",
        ],
    ),
    (
        Deed::PushToLongJournal,
        &[
            "last-good.begun",
            "last-good.half",
            "last-good.written",
            "last-good.synced",
            "last-good.renamed",
        ],
    ),
    (
        Deed::Apply,
        &[
            "unmanaged.written",
            "unmanaged.committed",
            "history.begun",
            "history.appended",
            "journal.half",
            "journal.written",
            "live.recorded",
        ],
    ),
    (Deed::Suspend, &["suspension.setting", "suspension.set"]),
    (Deed::Resume, &["suspension.clearing", "suspension.cleared"]),
    (
        Deed::Rollback,
        &[
            "pin.setting",
            "pin.set",
            "unmanaged.written",
            "unmanaged.committed",
            "history.begun",
            "history.appended",
            "journal.half",
            "journal.synced",
            "live.recorded",
            "live.switched",
        ],
    ),
    (
        Deed::Confirm,
        &[
            "confirmation.begun",
            "confirmation.kept",
            "history.begun",
            "history.appended",
            "journal.half",
            "live.recorded",
        ],
    ),
];

/// Two at a time: one computes while the other waits for the disk.
const THREADS: usize = 2;

/// More revisions than the journal keeps before it is shortened, and the first two.
const LONG: usize = 60;

/// Data directories from which every daemon of this test starts.
struct Bases {
    /// Commit 0, then commit 1, then something sent by hand.
    usual: Arc<TempDir>,
    suspended: Arc<TempDir>,
    /// The next revision makes the journal too long.
    long: Arc<TempDir>,
}

#[test]
#[cfg_attr(
    not(debug_assertions),
    ignore = "release builds cannot be stopped at a step"
)]
fn daemon_killed_at_any_named_step_serves_the_old_or_the_new_revision() {
    let all: Vec<_> = STEPS
        .iter()
        .flat_map(|(deed, steps)| steps.iter().map(|step| (*deed, *step)))
        .collect();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let scene = Scene::new(3);
                let bases = Bases::new(&scene);
                while let Some((deed, step)) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    eprintln!("{deed:?} {step}");
                    killed_at(&scene, &bases, *deed, step);
                }
            });
        }
    });
}

fn killed_at(scene: &Scene, bases: &Bases, deed: Deed, step: &str) {
    let home = bases.home(deed);
    scene.push(usize::from(deed != Deed::Start));
    let builder = scene.daemon(&home).variable("ORLOJ_STOP_AT", step);
    let mut daemon = match deed {
        Deed::Start => builder.spawn(),
        _ => builder.start(),
    };
    let asking = deed.start(scene, &daemon);
    daemon.wait_for_log(&format!("stopped at {step}"));
    if deed != Deed::Start {
        // Whoever asks meanwhile is answered.
        daemon.chat("fast").status(200);
    }
    let home = daemon.kill();
    if let Some(asking) = asking {
        asking.join().unwrap();
    }
    if deed == Deed::Start && !home.path().join("data/last-good").exists() {
        // Nothing was served yet, so there is nothing to serve alone.
        let daemon = scene.daemon(&home).start();
        assert_eq!(scene.served(&daemon).commit, 0);
        return;
    }
    let (daemon, served) = scene.serves_alone(&home);
    assert!(served.ahead <= 1, "{}", served.ahead);
    deed.check(scene, &daemon, &served);
}

impl Deed {
    /// Does it. Its answer may never come.
    fn start(self, scene: &Scene, daemon: &Daemon) -> Option<thread::JoinHandle<()>> {
        let url = daemon.url().to_owned();
        let why = json!({"reason": "a test"});
        let asked = url.clone();
        let ask = |path: &'static str, body: Value| {
            Some(thread::spawn(move || {
                post(&asked, path, &body);
            }))
        };
        match self {
            Self::Start => None,
            Self::Push | Self::PushToLongJournal => {
                scene.push(2);
                ask("/api/v1/sync", json!({}))
            }
            Self::PushToDamagedMirror => {
                let objects = daemon.data_dir().join("mirror/default.git/objects");
                fs::remove_dir_all(objects).unwrap();
                scene.push(2);
                ask("/api/v1/sync", json!({}))
            }
            Self::PushToFullMirror => {
                let packs = daemon.data_dir().join("mirror/default.git/objects/pack");
                for number in 0..60 {
                    fs::write(packs.join(format!("old-{number}.pack")), "").unwrap();
                }
                scene.push(2);
                ask("/api/v1/sync", json!({}))
            }
            Self::Apply => Some(thread::spawn(move || {
                apply(&url, 2);
            })),
            Self::Suspend => ask("/api/v1/suspend", why),
            Self::Resume => ask("/api/v1/resume", json!({})),
            Self::Rollback => ask("/api/v1/rollback", json!({"reason": "a test", "to": "1"})),
            Self::Confirm => {
                scene.push_id(&scene.pruning);
                let held = daemon.post("/api/v1/sync", &json!({})).status(200);
                let digest = held.body["held"]["plan_digest"].clone();
                let yes = json!({"reason": "a test", "digest": digest});
                ask("/api/v1/confirm", yes)
            }
        }
    }

    /// What is served is old or new; with the remote back it is what it would be without the crash.
    fn check(self, scene: &Scene, daemon: &Daemon, served: &Served) {
        let found = (served.commit, served.by_hand);
        let (old, new) = match self {
            Self::Start => ((0, 0), (0, 0)),
            Self::Push
            | Self::PushToDamagedMirror
            | Self::PushToFullMirror
            | Self::PushToLongJournal => ((1, 1), (2, 1)),
            Self::Apply => ((1, 1), (1, 2)),
            Self::Suspend | Self::Resume => ((1, 1), (1, 1)),
            Self::Rollback => ((1, 1), (0, 0)),
            Self::Confirm => ((1, 1), (3, 1)),
        };
        assert!(found == old || found == new, "{found:?}");
        let answer = daemon.post("/api/v1/sync", &json!({})).status(200).body;
        let mut then = scene.served(daemon);
        let suspended = !then.status["suspended"].is_null();
        let pinned = !then.status["pinned"].is_null();
        match self {
            Self::Suspend | Self::Resume => {
                assert_eq!(answer["outcome"] == "suspended", suspended, "{answer:#}");
            }
            Self::Rollback => assert_eq!(pinned, then.commit == 0, "{:#}", then.status),
            Self::Confirm if answer["outcome"] == "held" => {
                let digest = answer["held"]["plan_digest"].clone();
                let yes = json!({"reason": "again", "digest": digest});
                daemon.post("/api/v1/confirm", &yes).status(200);
                then = scene.served(daemon);
            }
            _ => {}
        }
        let found = (then.commit, then.by_hand);
        match self {
            // What was not kept before the crash was not said to be.
            Self::Apply | Self::Rollback => assert!(found == old || found == new, "{found:?}"),
            _ => assert_eq!(found, new),
        }
        let history = daemon.get("/api/v1/revisions?limit=3").status(200).body;
        let revisions: Vec<_> = history["items"].as_array().unwrap().iter().collect();
        let newest = &revisions[0];
        assert_eq!(newest["revision"], then.status["revision"], "{history:#}");
        let twice = |one: &Value| one["revision"] == newest["revision"];
        let times = revisions.iter().filter(|one| twice(one)).count();
        assert_eq!(times, 1, "recorded again\n{history:#}");
    }
}

impl Bases {
    fn new(scene: &Scene) -> Self {
        let home = Arc::new(TempDir::new().unwrap());
        scene.push(0);
        let daemon = scene.daemon(&home).start();
        scene.push(1);
        daemon.sync();
        assert!(apply(daemon.url(), 1));
        let usual = daemon.kill();

        let daemon = scene.daemon(&copied(&usual)).start();
        let why = json!({"reason": "a test"});
        daemon.post("/api/v1/suspend", &why).status(200);
        let suspended = daemon.kill();

        // The journal holds three revisions; the one by hand is sent until it holds as many as it may.
        let daemon = scene.daemon(&copied(&usual)).start();
        for number in 3..LONG {
            // Each another one than before; the last is 1.
            let by_hand = if number == 3 { 3 } else { 2 - number % 2 };
            assert!(apply(daemon.url(), by_hand));
        }
        let long = daemon.kill();
        Self {
            usual,
            suspended,
            long,
        }
    }

    fn home(&self, deed: Deed) -> Arc<TempDir> {
        match deed {
            Deed::Start => Arc::new(TempDir::new().unwrap()),
            Deed::Resume => copied(&self.suspended),
            Deed::PushToLongJournal => copied(&self.long),
            _ => copied(&self.usual),
        }
    }
}

fn copied(home: &TempDir) -> Arc<TempDir> {
    let copied = TempDir::new().unwrap();
    fs::create_dir(copied.path().join("data")).unwrap();
    copy(&home.path().join("data"), &copied.path().join("data"));
    Arc::new(copied)
}
