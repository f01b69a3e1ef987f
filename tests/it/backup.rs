//! What a data directory holds and Git does not, in one file and back.

use crate::support::{
    cli::Cli,
    daemon::DaemonBuilder,
    git::TestRepo,
    manifests::{alias, compatible_endpoint, mock_endpoint},
    sealing::AgeKey,
    upstream::FakeUpstream,
};
use std::{fs, path::Path, sync::Arc};
use tempfile::TempDir;

const SEALED: &str = "sk-canary-sealed-0a11c3";
const BY_HAND: &str = "sk-canary-by-hand-94ee07";

fn shown(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn backup_of_a_running_daemon_serves_elsewhere_without_git_and_shows_no_secret() {
    let (key, upstream) = (AgeKey::new(), FakeUpstream::plain());
    let endpoint = |name: &str, secret: &str| {
        let more = format!("default_model: m\nauth:\n  secretRef: {secret}");
        compatible_endpoint(name, &upstream.openai_url(), &more)
    };
    let repo = TestRepo::with(&[
        ("sealed.yaml", &endpoint("sealed", "sealed-key")),
        ("hand.yaml", &endpoint("hand", "hand-key")),
        ("secret.yaml", &key.secret("sealed-key", SEALED)),
    ]);
    let daemon = DaemonBuilder::on(&repo).age_key_file(&key.file()).start();
    let literal = format!("value={BY_HAND}");
    let create = ["create", "secret", "hand-key", "--from-literal", &literal];
    daemon.cli().run(&create).success();
    repo.write("small.yaml", &mock_endpoint("small", "small-v1"));
    repo.commit_and_push("small");
    daemon.sync();
    let before = daemon.revision();

    let folder = TempDir::new().unwrap();
    let (file, data) = (folder.path().join("orloj.backup"), daemon.data_dir());
    let back_up = ["backup", shown(&file), "--data-dir", shown(&data)];
    let output = Cli::new().run(&back_up).success();
    output.says("data key").complains("keep it like a password");
    let bytes = fs::read(&file).unwrap();
    for canary in [SEALED, BY_HAND, "AGE-SECRET-KEY"] {
        let found = bytes
            .windows(canary.len())
            .any(|part| part == canary.as_bytes());
        assert!(!found, "the backup shows `{canary}`");
    }
    // Nothing is restored under a daemon.
    let restore = [
        "restore",
        shown(&file),
        "--force",
        "--data-dir",
        shown(&data),
    ];
    Cli::new()
        .run(&restore)
        .code(1)
        .complains("in use by another daemon")
        .complains("stop the daemon first");
    daemon.chat("small").status(200);

    let url = repo.url();
    drop(daemon);
    repo.delete_remote();
    let home = Arc::new(TempDir::new().unwrap());
    let target = home.path().join("data");
    let restore = ["restore", shown(&file), "--data-dir", shown(&target)];
    Cli::new().run(&restore).success().says("restored");
    let elsewhere = DaemonBuilder::new()
        .repo(&url)
        .age_key_file(&key.file())
        .data_of(&home)
        .start();
    assert_eq!(elsewhere.revision(), before);
    elsewhere.chat("sealed").status(200);
    assert_eq!(
        upstream.last().header("authorization"),
        format!("Bearer {SEALED}")
    );
    elsewhere.chat("hand").status(200);
    assert_eq!(
        upstream.last().header("authorization"),
        format!("Bearer {BY_HAND}")
    );
    let history = elsewhere.cli().run(&["history", "-o", "json"]).success();
    assert_eq!(history.json()["items"].as_array().unwrap().len(), 3);
}

#[test]
fn backups_taken_while_revisions_go_live_are_each_of_one_whole_revision() {
    let repo = TestRepo::with(&[
        ("small.yaml", &mock_endpoint("small", "v0000")),
        ("fast.yaml", &alias("fast", "small", "v0000")),
    ]);
    let daemon = DaemonBuilder::on(&repo).start();
    let folder = TempDir::new().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 1..=12 {
                let model = format!("v{number:04}");
                repo.write("small.yaml", &mock_endpoint("small", &model));
                repo.write("fast.yaml", &alias("fast", "small", &model));
                repo.commit_and_push(&model);
                daemon.sync();
            }
        });
        for number in 0..8 {
            let file = folder.path().join(format!("{number}.backup"));
            let data = daemon.data_dir();
            let back_up = ["backup", shown(&file), "--data-dir", shown(&data)];
            Cli::new().run(&back_up).success();
        }
    });
    let url = repo.url();
    repo.delete_remote();
    for number in [0, 3, 7] {
        let home = Arc::new(TempDir::new().unwrap());
        let file = folder.path().join(format!("{number}.backup"));
        let target = home.path().join("data");
        let restore = ["restore", shown(&file), "--data-dir", shown(&target)];
        Cli::new().run(&restore).success();
        let restored = DaemonBuilder::new().repo(&url).data_of(&home).start();
        let (small, fast) = (restored.chat("small"), restored.chat("fast"));
        let model = |text: &str| text.split("model v").nth(1).unwrap()[..4].to_owned();
        assert_eq!(model(small.content()), model(fast.content()));
        let revision = restored.revision();
        let history = restored.cli().run(&["history"]).success();
        history.says(&revision[..7]);
    }
}

#[test]
fn backup_without_the_key_says_so_and_asks_for_it() {
    let repo = TestRepo::with(&[("small.yaml", &mock_endpoint("small", "small-v1"))]);
    let daemon = DaemonBuilder::on(&repo).start();
    let folder = TempDir::new().unwrap();
    let (file, data) = (folder.path().join("orloj.backup"), daemon.data_dir());
    let back_up = [
        "backup",
        shown(&file),
        "--without-key",
        "--data-dir",
        shown(&data),
    ];
    let output = Cli::new().run(&back_up).success();
    output.complains("the data key is not in it");
    let target = folder.path().join("target");
    let restore = ["restore", shown(&file), "--data-dir", shown(&target)];
    let refused = Cli::new().run(&restore).code(1);
    refused.complains("--secret-encryption-key");
    let key = fs::read_to_string(data.join("data.key")).unwrap();
    let with_key = Cli::new().variable("ORLOJ_SECRET_ENCRYPTION_KEY", &key);
    with_key.run(&restore).success();
    let missing = folder.path().join("x");
    let other = ["restore", shown(&missing), "--data-dir", shown(&target)];
    Cli::new().run(&other).code(1).complains("failed to open");
}
