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
