//! The last good revision is served again at the next start, whatever has become of the repository.

use crate::support::{
    daemon::DaemonBuilder,
    git::TestRepo,
    manifests::{alias, compatible_endpoint, mock_endpoint},
    sealing::AgeKey,
    upstream::FakeUpstream,
};

#[test]
fn last_good_revision_is_served_after_a_restart_without_its_repository() {
    let repo = TestRepo::with(&[
        ("small.yaml", &mock_endpoint("small", "small-v1")),
        ("fast.yaml", &alias("fast", "small", "small-v7")),
    ]);
    let url = repo.url();
    let daemon = DaemonBuilder::on(&repo).start();
    let before = daemon.chat("fast").status(200);
    let home = daemon.kill();
    repo.delete_remote();

    let restarted = DaemonBuilder::new().repo(&url).data_of(&home).start();
    let after = restarted.chat("fast").status(200);
    assert_eq!(after.revision, before.revision);
    assert_eq!(after.content(), before.content());
    assert_ne!(restarted.cli().run(&["sync"]).code, Some(0));
    assert_eq!(restarted.chat("fast").status(200).revision, before.revision);
}

#[test]
fn last_good_revision_survives_a_bad_push_and_a_restart() {
    let repo = TestRepo::with(&[("small.yaml", &mock_endpoint("small", "small-v1"))]);
    let daemon = DaemonBuilder::on(&repo).start();
    let good = daemon.revision();
    repo.replace("small.yaml", "provider", "providr");
    repo.commit_and_push("a mistake");
    daemon.cli().run(&["sync"]).code(3);
    let home = daemon.kill();

    let restarted = DaemonBuilder::on(&repo).data_of(&home).start();
    let answer = restarted.chat("small").status(200);
    assert_eq!(answer.revision.as_deref(), Some(good.as_str()));
}

#[test]
fn sealed_secrets_are_opened_again_after_a_restart_and_never_stored_open() {
    let key = AgeKey::new();
    let upstream = FakeUpstream::plain();
    let endpoint = compatible_endpoint(
        "main",
        &upstream.openai_url(),
        "default_model: m\nauth:\n  secretRef: provider-key",
    );
    let repo = TestRepo::with(&[
        ("main.yaml", &endpoint),
        (
            "secret.yaml",
            &key.secret("provider-key", "sk-sealed-and-opened"),
        ),
    ]);
    let daemon = DaemonBuilder::on(&repo).age_key_file(&key.file()).start();
    daemon.chat("main").status(200);
    let url = repo.url();
    let home = daemon.kill();
    repo.delete_remote();

    let restarted = DaemonBuilder::new()
        .repo(&url)
        .age_key_file(&key.file())
        .data_of(&home)
        .start();
    restarted.chat("main").status(200);
    assert_eq!(
        upstream.last().header("authorization"),
        "Bearer sk-sealed-and-opened"
    );
    assert_eq!(upstream.requests().len(), 2);
}

#[test]
fn history_is_kept_over_a_restart() {
    let repo = TestRepo::with(&[("small.yaml", &mock_endpoint("small", "small-v1"))]);
    let daemon = DaemonBuilder::on(&repo).start();
    let first = daemon.revision();
    let home = daemon.kill();
    repo.replace("small.yaml", "small-v1", "small-v2");
    let second = repo.commit_and_push("small: v2");
    let restarted = DaemonBuilder::on(&repo).data_of(&home).start();
    restarted.sync();
    let history = restarted.cli().run(&["history"]).success();
    history.says(&first[..7]).says(&second[..7]);
}

#[test]
fn restart_with_another_path_serves_that_part_of_the_same_commit() {
    let repo = TestRepo::with(&[
        ("a/small.yaml", &mock_endpoint("small", "small-v1")),
        ("b/large.yaml", &mock_endpoint("large", "large-v1")),
    ]);
    let daemon = DaemonBuilder::on(&repo).start();
    daemon.chat("large").status(200);
    let home = daemon.kill();

    let restarted = DaemonBuilder::on(&repo)
        .arguments(&["--path", "a"])
        .data_of(&home)
        .start();
    restarted.sync();
    restarted.chat("small").status(200);
    restarted.chat("large").error(404, "model_not_found");
}

#[test]
fn key_that_is_gone_after_a_restart_closes_its_endpoint_and_refuses_no_commit() {
    let (key, upstream) = (AgeKey::new(), FakeUpstream::plain());
    let sealed = "default_model: m\nauth:\n  secretRef: provider-key";
    let repo = TestRepo::with(&[
        (
            "main.yaml",
            &compatible_endpoint("main", &upstream.openai_url(), sealed),
        ),
        ("secret.yaml", &key.secret("provider-key", "sk-sealed")),
    ]);
    let daemon = DaemonBuilder::on(&repo).age_key_file(&key.file()).start();
    let home = daemon.kill();

    let restarted = DaemonBuilder::on(&repo).data_of(&home).start();
    restarted.chat("main").error(503, "endpoint_not_ready");
    restarted.cli().run(&["sync"]).success().says("unchanged: ");
    restarted
        .cli()
        .run(&["status"])
        .success()
        .says("Synced")
        .says("E-SECRET-OPEN");
}

#[test]
fn secret_from_the_environment_is_no_warning_of_the_daemon() {
    let upstream = FakeUpstream::plain();
    let endpoint = |name: &str, secret: &str| {
        let more = format!("default_model: m\nauth:\n  secretRef: {secret}");
        compatible_endpoint(name, &upstream.openai_url(), &more)
    };
    let repo = TestRepo::with(&[
        ("given.yaml", &endpoint("given", "given-key")),
        ("missing.yaml", &endpoint("missing", "missing-key")),
    ]);
    let builder = DaemonBuilder::on(&repo).variable("ORLOJ_SECRET_GIVEN_KEY", "sk-given");
    let daemon = builder.start();
    daemon.chat("given").status(200);
    let status = daemon.cli().run(&["status"]).success();
    assert!(!status.everything().contains("given-key"));
    let status = status.says("default/missing-key, which");

    // What is known of the rest is not said again with every change.
    drop(status.says("Not ready:"));
    let created = daemon
        .cli()
        .run(&["create", "secret", "other", "--from-literal", "value=x"]);
    assert!(!created.success().everything().contains("missing-key"));
}

#[test]
fn daemon_without_its_repository_does_not_take_that_for_an_empty_one() {
    let repo = TestRepo::with(&[("small.yaml", &mock_endpoint("small", "small-v1"))]);
    let daemon = DaemonBuilder::on(&repo).start();
    let home = daemon.kill();
    let output = DaemonBuilder::new().data_of(&home).run_to_end();
    output.code(1).complains("--repo").complains("--data-dir");
}
