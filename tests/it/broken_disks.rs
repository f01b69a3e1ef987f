//! A disk that is full or read-only, a damaged mirror or database, a clock that jumps: what is live stays.

use crate::support::{
    daemon::{Daemon, DaemonBuilder},
    eventually,
    git::TestRepo,
    manifests::mock_endpoint,
};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn repo() -> TestRepo {
    TestRepo::with(&[("small.yaml", &mock_endpoint("small", "small-v1"))])
}

fn push(repo: &TestRepo, model: &str) -> String {
    repo.write("small.yaml", &mock_endpoint("small", model));
    repo.commit_and_push(model)
}

#[track_caller]
fn assert_serves(daemon: &Daemon, model: &str) {
    let answer = daemon.chat("small").status(200);
    assert!(answer.content().contains(model), "{}", answer.text);
}

/// Whether this machine lets us mount a disk of our own.
fn can_mount() -> bool {
    let tried = Command::new("unshare")
        .args(["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
        .output();
    let can = tried.is_ok_and(|tried| tried.status.success());
    if !can {
        eprintln!("skipped: `unshare -rm mount` is not possible here");
    }
    can
}

/// The folder `path` as the daemon sees it, which has mounts of its own.
fn inside(daemon: &Daemon, path: &Path) -> PathBuf {
    let root = PathBuf::from(format!("/proc/{}/root", daemon.process()));
    root.join(path.strip_prefix("/").unwrap())
}

#[test]
fn full_disk_keeps_what_is_live_says_so_and_goes_on_when_there_is_room() {
    if !can_mount() {
        return;
    }
    let repo = repo();
    // Served from a disk of 3 MB.
    let builder = DaemonBuilder::on(&repo).behind(
        "unshare -rm sh -c 'mkdir -p data && mount -t tmpfs -o size=3m tmpfs data && exec \"$@\"' sh",
    );
    let daemon = builder.start();
    let before = daemon.revision();
    let ballast = inside(&daemon, &daemon.data_dir()).join("ballast");
    // It takes what there is, to the last byte.
    let filled = fs::write(&ballast, vec![1; 4 << 20]);
    assert!(filled.is_err());
    let second = push(&repo, "small-v2");
    let failed = daemon.cli().run(&["sync"]);
    assert_ne!(failed.code, Some(0));
    assert_serves(&daemon, "small-v1");
    assert_eq!(daemon.revision(), before);
    let status = daemon.get("/api/v1/status").body;
    assert_eq!(status["phase"], "Retrying");
    let error = status["error"].as_str().unwrap().to_lowercase();
    assert!(
        error.contains("no space") || error.contains("full"),
        "{error}"
    );

    fs::remove_file(ballast).unwrap();
    daemon.sync();
    assert_eq!(daemon.revision(), second);
    assert_serves(&daemon, "small-v2");
}

#[test]
fn disk_that_is_read_only_or_full_at_the_start_still_serves_what_was_live() {
    if !can_mount() {
        return;
    }
    let repo = repo();
    let home = DaemonBuilder::on(&repo).start().kill();
    push(&repo, "small-v2");
    let read_only = "mount --bind data data && mount -o remount,bind,ro data";
    let full = "cp -a data kept && mount -t tmpfs -o size=1m tmpfs data && cp -a kept/. data && rm -rf kept; head -c 2000000 /dev/zero >data/ballast 2>/dev/null";
    for mount in [read_only, full] {
        let wrapped = format!("unshare -rm sh -c '{mount}; exec \"$@\"' sh");
        let daemon = DaemonBuilder::on(&repo)
            .data_of(&home)
            .behind(&wrapped)
            .start();
        assert_serves(&daemon, "small-v1");
        eventually("it says what is wrong", || {
            let status = daemon.get("/api/v1/status").body;
            let error = status["error"].as_str()?.to_lowercase();
            let named = ["read-only", "readonly", "no space", "full"];
            named.iter().any(|word| error.contains(word)).then_some(())
        });
        assert_serves(&daemon, "small-v1");
        drop(daemon);
    }
    // The disk is well again.
    let daemon = DaemonBuilder::on(&repo).data_of(&home).start();
    daemon.sync();
    assert_serves(&daemon, "small-v2");
}

#[test]
fn damaged_database_is_named_and_the_last_good_revision_served() {
    let repo = repo();
    let daemon = DaemonBuilder::on(&repo).start();
    let data = daemon.data_dir();
    let home = daemon.kill();
    for file in ["orloj.db-wal", "orloj.db-shm"] {
        let _ = fs::remove_file(data.join(file));
    }
    fs::write(data.join("orloj.db"), "this is no database ".repeat(1000)).unwrap();
    push(&repo, "small-v2");
    let daemon = DaemonBuilder::on(&repo).data_of(&home).start();
    assert_serves(&daemon, "small-v1");
    let synced = daemon.cli().run(&["sync"]);
    assert_ne!(synced.code, Some(0));
    synced.complains("orloj.db").complains("not a database");
    let status = daemon.cli().run(&["status"]).says("orloj.db");
    assert!(status.everything().contains("not a database"));
    let manifest = mock_endpoint("hand", "h");
    let document = json!({"name": "hand.yaml", "content": manifest});
    let applied = daemon.post("/api/v1/apply", &json!({ "documents": [document] }));
    assert!(
        applied.status >= 400 && applied.text.contains("orloj.db"),
        "{}",
        applied.text
    );
    assert_serves(&daemon, "small-v1");
    // It was not taken for a new one.
    let bytes = fs::read(data.join("orloj.db")).unwrap();
    assert!(bytes.starts_with(b"this is no database"));
}

#[test]
fn damaged_mirror_is_made_anew_with_a_warning() {
    let repo = repo();
    let daemon = DaemonBuilder::on(&repo).start();
    let mirror = daemon.data_dir().join("mirror/default.git");
    fs::remove_dir_all(mirror.join("objects/pack")).unwrap();
    for entry in fs::read_dir(mirror.join("objects")).unwrap() {
        fs::remove_dir_all(entry.unwrap().path()).unwrap();
    }
    push(&repo, "small-v2");
    daemon.sync();
    assert_serves(&daemon, "small-v2");
    assert!(
        daemon
            .log()
            .contains("the mirror is damaged; it is made anew")
    );
    let mut home = daemon.kill();
    // Garbage in the last one is passed over: nothing there is needed.
    for (file, warns) in [("HEAD", true), ("refs/orloj/tip", true), ("config", false)] {
        fs::write(mirror.join(file), "garbage").unwrap();
        let next = push(&repo, &format!("small-{}", file.replace('/', "-")));
        let daemon = DaemonBuilder::on(&repo).data_of(&home).start();
        daemon.sync();
        assert_eq!(daemon.revision(), next, "{file}");
        let warned = daemon
            .log()
            .contains("the mirror is damaged; it is made anew");
        assert_eq!(warned, warns, "{file}");
        home = daemon.kill();
    }
}

/// A daemon whose clock stands elsewhere, as after a bad answer of a time server.
fn with_clock(repo: &TestRepo, faketime: &str, at: &str) -> DaemonBuilder {
    DaemonBuilder::on(repo)
        .variable("LD_PRELOAD", faketime)
        .variable("FAKETIME", at)
        .variable("FAKETIME_DONT_FAKE_MONOTONIC", "1")
}

/// Debian's package `libfaketime`, which `./test` installs.
fn faketime() -> Option<String> {
    let folders = fs::read_dir("/usr/lib")
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let found = folders
        .map(|folder| folder.join("faketime/libfaketimeMT.so.1"))
        .find(|library| library.exists());
    if found.is_none() {
        eprintln!("skipped: libfaketime is not installed");
    }
    found.map(|library| library.to_string_lossy().into_owned())
}

#[test]
fn clock_that_jumps_neither_stops_the_loop_nor_forgets_what_was_told() {
    let Some(faketime) = faketime() else {
        return;
    };
    let repo = repo();
    let daemon = DaemonBuilder::on(&repo).start();
    let wait = ["suspend", "--reason", "freeze", "--until", "2h"];
    daemon.cli().run(&wait).success();
    let second = push(&repo, "small-v2");
    // A day back: the suspension is not over, and goes on.
    let home = daemon.kill();
    let daemon = with_clock(&repo, &faketime, "-1d").data_of(&home).start();
    let synced = daemon.cli().run(&["sync"]).code(1);
    synced.complains("suspended");
    assert_serves(&daemon, "small-v1");
    daemon.cli().run(&["resume"]).success().says(&second[..7]);
    let third = push(&repo, "small-v3");
    daemon.sync();
    assert_eq!(daemon.revision(), third);
    // Two years ahead: nothing is forgotten, and a suspension is over when its time is.
    daemon
        .cli()
        .run(&["suspend", "--reason", "freeze"])
        .success();
    let home = daemon.kill();
    let daemon = with_clock(&repo, &faketime, "+730d").data_of(&home).start();
    daemon.cli().run(&["sync"]).code(1).complains("suspended");
    daemon.cli().run(&["resume"]).success();
    let fourth = push(&repo, "small-v4");
    daemon.sync();
    let home = daemon.kill();
    // And back: the history keeps its order, not that of the clock.
    let daemon = DaemonBuilder::on(&repo).data_of(&home).start();
    let fifth = push(&repo, "small-v5");
    daemon.sync();
    let history = daemon
        .cli()
        .run(&["history", "-o", "json"])
        .success()
        .json();
    let items = history["items"].as_array().unwrap();
    let revisions: Vec<_> = items
        .iter()
        .map(|one| one["revision"].as_str().unwrap())
        .collect();
    assert_eq!(&revisions[..4], [&fifth, &fourth, &third, &second]);
}

/// The timer runs by a clock that does not jump.
#[test]
fn polls_go_on_when_the_clock_jumps_while_it_runs() {
    let Some(faketime) = faketime() else {
        return;
    };
    let repo = repo();
    let folder = tempfile::TempDir::new().unwrap();
    let clock = folder.path().join("clock");
    fs::write(&clock, "+0").unwrap();
    let daemon = DaemonBuilder::new()
        .arguments(&["--repo", &repo.url(), "--poll", "100ms"])
        .variable("LD_PRELOAD", &faketime)
        .variable("FAKETIME_TIMESTAMP_FILE", &clock.to_string_lossy())
        .variable("FAKETIME_NO_CACHE", "1")
        .variable("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .start();
    for (number, at) in ["-3d", "+400d", "+0"].into_iter().enumerate() {
        fs::write(&clock, at).unwrap();
        let commit = push(&repo, &format!("small-at-{number}"));
        eventually("the commit is polled", || {
            (daemon.revision() == commit).then_some(())
        });
    }
}

#[test]
fn second_daemon_on_the_same_directory_is_refused() {
    let repo = repo();
    let daemon = DaemonBuilder::on(&repo).start();
    let data = daemon.data_dir();
    let second = DaemonBuilder::on(&repo).data_directory(&data).run_to_end();
    let second = second.code(1).complains("is in use by another daemon");
    second.complains(&format!("process {}", daemon.process()));
    assert_serves(&daemon, "small-v1");
}
