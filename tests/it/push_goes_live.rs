//! A push is served: over HTTP and from a path, at once and by polling, and without breaking a stream.

use crate::support::{
    daemon::DaemonBuilder,
    eventually,
    git::TestRepo,
    http_remote::HttpRemote,
    manifests::{alias, mock_endpoint, slow_endpoint},
};

fn repo() -> TestRepo {
    TestRepo::with(&[
        ("endpoints/small.yaml", &mock_endpoint("small", "small-v1")),
        ("aliases/fast.yaml", &alias("fast", "small", "small-v1")),
    ])
}

#[test]
fn push_is_served_after_a_sync_and_names_its_commit() {
    let repo = repo();
    let daemon = DaemonBuilder::on(&repo).start();
    let before = daemon.chat("fast").status(200);
    assert!(before.content().contains("small-v1"), "{}", before.text);

    repo.replace("aliases/fast.yaml", "small-v1", "small-v2");
    let commit = repo.commit_and_push("fast: small-v2");
    let unsynced = daemon.chat("fast").status(200);
    assert_eq!(unsynced.revision, before.revision);

    daemon.cli().run(&["sync"]).success().says(&commit[..7]);
    let after = daemon.chat("fast").status(200);
    assert!(after.content().contains("small-v2"), "{}", after.text);
    assert_eq!(after.revision.as_deref(), Some(commit.as_str()));
    let route = after.route.unwrap();
    assert!(route.contains("aliases/fast.yaml"), "{route}");
}

#[test]
fn push_is_served_from_a_remote_over_http() {
    let repo = repo();
    let remote = HttpRemote::of(&repo);
    let daemon = DaemonBuilder::new().repo(&remote.url()).start();
    assert!(daemon.chat("fast").content().contains("small-v1"));

    repo.replace("aliases/fast.yaml", "small-v1", "small-v2");
    let commit = repo.commit_and_push("fast: small-v2");
    let before = remote.requests();
    daemon.sync();
    assert!(remote.requests() > before);
    let after = daemon.chat("fast").status(200);
    assert!(after.content().contains("small-v2"), "{}", after.text);
    assert_eq!(after.revision.as_deref(), Some(commit.as_str()));
}

#[test]
fn push_is_served_by_the_poll_alone() {
    let repo = repo();
    let daemon = DaemonBuilder::new()
        .arguments(&["--repo", &repo.url(), "--poll", "1s"])
        .start();
    repo.replace("aliases/fast.yaml", "small-v1", "small-v2");
    let commit = repo.commit_and_push("fast: small-v2");
    eventually("the poll finds the push", || {
        (daemon.chat("fast").revision.as_deref() == Some(commit.as_str())).then_some(())
    });
    assert!(daemon.chat("fast").content().contains("small-v2"));
}

#[test]
fn stream_that_began_before_the_switch_ends_on_its_own_revision() {
    let repo = TestRepo::with(&[
        (
            "endpoints/slow.yaml",
            &slow_endpoint("slow", "slow-v1", 150),
        ),
        ("aliases/fast.yaml", &alias("fast", "slow", "slow-v1")),
    ]);
    let daemon = DaemonBuilder::on(&repo).start();
    let first = daemon.revision();
    let stream = daemon.stream("fast");
    assert_eq!(stream.revision().as_deref(), Some(first.as_str()));

    repo.remove("endpoints/slow.yaml");
    repo.write("endpoints/quick.yaml", &mock_endpoint("quick", "quick-v1"));
    repo.write("aliases/fast.yaml", &alias("fast", "quick", "quick-v1"));
    let second = repo.commit_and_push("fast: another endpoint");
    daemon.sync();
    let next = daemon.chat("fast").status(200);
    assert_eq!(next.revision.as_deref(), Some(second.as_str()));
    assert!(next.content().contains("quick-v1"));

    let streamed = stream.finish();
    assert_eq!(streamed.status, 200);
    assert!(streamed.done, "{streamed:?}");
    let content = streamed.content();
    assert!(content.contains("slow-v1"), "{content}");
    assert!(!content.contains("quick-v1"), "{content}");
}

#[test]
fn only_the_paths_that_were_asked_for_are_served() {
    let repo = TestRepo::with(&[
        ("team-a/small.yaml", &mock_endpoint("small", "small-v1")),
        ("team-b/broken.yaml", "kind: [\n"),
        ("values.txt", "not a manifest"),
    ]);
    let daemon = DaemonBuilder::on(&repo)
        .arguments(&["--path", "team-a"])
        .start();
    assert!(
        daemon
            .chat("small")
            .status(200)
            .content()
            .contains("small-v1")
    );
}
