//! The page at `/`, as a browser shows it.

use crate::support::{
    daemon::{Daemon, DaemonBuilder},
    git::TestRepo,
    manifests::{alias, mock_endpoint},
    sealing::AgeKey,
};
use std::process::Command;

/// What the page holds once its script has run.
fn page(daemon: &Daemon) -> String {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
        ])
        .args(["--no-first-run", "--disable-background-networking"])
        .args(["--disable-component-update", "--disable-sync"])
        // How long the page may run, in milliseconds of its own clock.
        .args(["--virtual-time-budget=5000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(daemon.url())
        .output()
        .expect("chromium is installed by ./test");
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn shows(page: &str, text: &str) {
    assert!(page.contains(text), "`{text}` is not in\n{page}");
}

#[test]
fn what_is_served_and_what_waits_is_shown_and_nobody_writes_markup_into_it() {
    let repo = TestRepo::with(&[
        ("small.yaml", &mock_endpoint("small", "small-v1")),
        ("fast.yaml", &alias("fast", "small", "small-v1")),
    ]);
    let daemon = DaemonBuilder::on(&repo).start();
    let first = daemon.revision();
    repo.replace("fast.yaml", "small-v1", "small-v2");
    repo.commit_and_push("<img src=x onerror=\"document.title='evil'\">");
    daemon.sync();
    let served = page(&daemon);
    for text in [
        "Synced",
        "fast",
        "small/small-v2",
        "&lt;img src=x",
        "@ main",
    ] {
        shows(&served, text);
    }
    assert!(
        !served.contains("<img") && !served.contains("<title>evil"),
        "{served}"
    );

    let back = ["rollback", "--reason", "wrong <b>model</b>", "--by", "ada"];
    daemon.cli().run(&back).success();
    let pinned = page(&daemon);
    shows(&pinned, &format!("Pinned: rolled back to {}", &first[..12]));
    shows(&pinned, "by ada");
    shows(&pinned, "(wrong &lt;b&gt;model&lt;/b&gt;)");

    repo.write("other.yaml", &mock_endpoint("other", "m"));
    let third = repo.commit_and_push("another");
    daemon.cli().run(&["sync"]).code(5);
    let held = page(&daemon);
    shows(&held, &format!("Held: {} \"another\"", &third[..12]));
    shows(&held, "`orloj confirm sha256:");

    daemon
        .cli()
        .run(&["suspend", "--reason", "migration", "--by", "bob"])
        .success();
    shows(&page(&daemon), "Suspended: by bob");
}

#[test]
fn a_key_that_clients_need_hides_the_names_and_nothing_else() {
    let hash = "0".repeat(64);
    let key = format!(
        "apiVersion: routing.orloj.dev/v1alpha1\nkind: ApiKey\nmetadata:\n  name: ci\nspec:\n  hash: sha256:{hash}\n"
    );
    let repo = TestRepo::with(&[
        ("small.yaml", &mock_endpoint("small", "small-v1")),
        ("key.yaml", &key),
    ]);
    let daemon = DaemonBuilder::on(&repo).start();
    let served = page(&daemon);
    for text in ["Synced", "applied", "a client's key is needed"] {
        shows(&served, text);
    }
    assert!(!served.contains("small/small-v1"), "{served}");
}

#[test]
fn what_became_of_secrets_is_shown_of_revisions_and_of_what_is_held() {
    let key = AgeKey::new();
    let repo = TestRepo::with(&[
        ("small.yaml", &mock_endpoint("small", "small-v1")),
        ("key.yaml", &key.secret("openai", "sk-one")),
    ]);
    let daemon = DaemonBuilder::on(&repo)
        .age_key_file(&key.file())
        .config("guards: {prune_percent: 0, prune_objects: 0}\n")
        .start();
    repo.write("key.yaml", &key.secret("openai", "sk-one"));
    repo.commit_and_push("the same again");
    daemon.sync();
    shows(&page(&daemon), "default/openai value: re-encrypted only");
    repo.write("key.yaml", &key.secret("openai", "sk-two"));
    repo.remove("small.yaml");
    repo.write("other.yaml", &mock_endpoint("other", "m"));
    repo.commit_and_push("another value, and one endpoint less");
    daemon.cli().run(&["sync"]).code(5);
    let held = page(&daemon);
    shows(&held, "Secrets: default/openai value: changed.");
    assert!(!held.contains("sk-one") && !held.contains("sk-two"));
}
