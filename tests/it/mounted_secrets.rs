//! Secrets in files beside the daemon: a file that changes is used from the next request on, without a commit.

use crate::support::{
    cli::Cli,
    daemon::{Daemon, DaemonBuilder},
    eventually,
    git::TestRepo,
    manifests::compatible_endpoint,
    upstream::{FakeUpstream, Script},
};
use std::{fs, os::unix::fs::symlink, path::Path, time::Duration};
use tempfile::TempDir;

const FIRST: &str = "sk-canary-file-first-71c2";
const SECOND: &str = "sk-canary-file-second-93fe";

fn secret(name: &str, path: &str) -> String {
    format!(
        "apiVersion: orloj.dev/v1\nkind: Secret\nmetadata:\n  name: {name}\nspec:\n  fromFile:\n    value: {path}\n"
    )
}

fn endpoint(upstream: &FakeUpstream, name: &str, secret: &str) -> String {
    let more = format!("default_model: m\nauth:\n  secretRef: {secret}");
    compatible_endpoint(name, &upstream.openai_url(), &more)
}

fn start(repo: &TestRepo, directory: &Path) -> Daemon {
    let directory = directory.to_str().unwrap();
    DaemonBuilder::on(repo)
        .arguments(&["--secrets-dir", directory])
        .variable("RUST_LOG", "trace")
        .start()
}

/// Waits until the endpoint sends `key`, and looks that each request carries a whole key.
#[track_caller]
fn sends(daemon: &Daemon, upstream: &FakeUpstream, endpoint: &str, key: &str) {
    eventually("the new key is sent", || {
        daemon.chat(endpoint).status(200);
        let sent = upstream.last().header("authorization").to_owned();
        assert!(
            [FIRST, SECOND]
                .iter()
                .any(|it| sent == format!("Bearer {it}"))
        );
        (sent == format!("Bearer {key}")).then_some(())
    });
}

/// Puts a value where Kubernetes' kubelet would: a new directory, and one link that is replaced at once.
fn mount(volume: &Path, generation: &str, value: &str) {
    fs::create_dir_all(volume.join(generation)).unwrap();
    fs::write(volume.join(generation).join("api-key"), value).unwrap();
    let next = volume.join("..data_tmp");
    symlink(generation, &next).unwrap();
    fs::rename(&next, volume.join("..data")).unwrap();
    let visible = volume.join("api-key");
    if !visible.exists() {
        symlink("..data/api-key", visible).unwrap();
    }
}

#[test]
fn a_file_that_is_rotated_is_sent_from_then_on_and_running_answers_end_with_the_old_one() {
    let upstream = FakeUpstream::plain();
    let secrets = TempDir::new().unwrap();
    fs::write(secrets.path().join("openai"), format!("{FIRST}\n")).unwrap();
    let repo = TestRepo::with(&[
        ("key.yaml", &secret("openai", "openai")),
        ("a.yaml", &endpoint(&upstream, "remote", "openai")),
    ]);
    let daemon = start(&repo, secrets.path());
    let revision = daemon.revision();
    upstream.script("slow", Script::slow_stream(Duration::from_millis(700)));
    let running = daemon.stream("remote/slow");
    daemon.chat("remote").status(200);
    assert_eq!(
        upstream.last().header("authorization"),
        format!("Bearer {FIRST}")
    );
    // As an editor or a tool saves: beside it, and then in its place.
    let new = secrets.path().join("new");
    fs::write(&new, format!("{SECOND}\n")).unwrap();
    fs::rename(new, secrets.path().join("openai")).unwrap();
    sends(&daemon, &upstream, "remote", SECOND);
    for _ in 0..5 {
        daemon.chat("remote").status(200);
        let sent = upstream.last().header("authorization").to_owned();
        assert_eq!(sent, format!("Bearer {SECOND}"));
    }
    assert_eq!(daemon.revision(), revision);
    assert!(running.finish().done);
    let mut requests = upstream.requests().into_iter();
    let of_running = requests.find(|it| it.body["model"] == "slow").unwrap();
    let sent = of_running.header("authorization");
    assert_eq!(sent, format!("Bearer {FIRST}"));

    // Gone: what was read before goes on, and the status says so.
    fs::remove_file(secrets.path().join("openai")).unwrap();
    eventually("the status tells", || {
        let status = daemon.get("/api/v1/status").body;
        let condition = status["conditions"].get(0)?.clone();
        assert_eq!(condition["type"], "SecretCurrent");
        assert_eq!(condition["reason"], "SecretFileNotRead");
        Some(())
    });
    daemon.chat("remote").status(200);
    let described = daemon.cli().run(&["describe", "model-endpoint", "remote"]);
    let described = described.success().stdout;
    assert!(described.contains("SecretFileNotRead"), "{described}");
    let status = daemon.get("/api/v1/status").text;
    assert!(status.contains("the file is not there"), "{status}");
    let log = daemon.log();
    assert!(log.contains("has another value `value` now"), "{log}");
    for shown in [&log, &described, &status] {
        for value in [FIRST, SECOND] {
            assert!(!shown.contains(&value[..20]), "{shown}");
        }
    }
}

#[test]
fn a_mount_of_kubernetes_is_followed_and_nothing_outside_of_it_is_read() {
    let upstream = FakeUpstream::plain();
    let home = TempDir::new().unwrap();
    let secrets = home.path().join("secrets");
    let volume = secrets.join("openai");
    mount(&volume, "..2026_11_23_one", FIRST);
    fs::write(home.path().join("outside"), SECOND).unwrap();
    symlink("../outside", secrets.join("stolen")).unwrap();
    let repo = TestRepo::with(&[
        ("key.yaml", &secret("openai", "openai/api-key")),
        ("stolen.yaml", &secret("stolen", "stolen")),
        ("a.yaml", &endpoint(&upstream, "remote", "openai")),
        ("b.yaml", &endpoint(&upstream, "thief", "stolen")),
    ]);
    let daemon = start(&repo, &secrets);
    sends(&daemon, &upstream, "remote", FIRST);
    mount(&volume, "..2026_11_23_two", SECOND);
    sends(&daemon, &upstream, "remote", SECOND);

    let refused = daemon.chat("thief");
    let refused = refused.status(503).text;
    assert!(refused.contains("leads out of the directory"), "{refused}");
    // Where it leads may be changed; a link that ends inside is a file like any other.
    fs::remove_file(secrets.join("stolen")).unwrap();
    symlink("openai/api-key", secrets.join("stolen")).unwrap();
    eventually("it is ready", || {
        (daemon.chat("thief").status == 200).then_some(())
    });
}

#[test]
fn a_path_out_of_the_directory_is_refused_before_it_is_pushed() {
    let repo = TestRepo::new();
    let bad = ["../outside", "/etc/passwd", "a/./b", "''", "a//b"];
    for path in bad {
        repo.write("key.yaml", &secret("openai", path));
        Cli::new()
            .in_directory(&repo.work())
            .run(&["validate"])
            .code(3)
            .says("E-FIELD-FORMAT");
    }
    repo.write("key.yaml", &secret("openai", "openai/api-key"));
    Cli::new()
        .in_directory(&repo.work())
        .run(&["validate"])
        .success()
        .says("W-SECRET-MOUNTED");
}
