//! Files that the genuine `sops` and `age` sealed during the test, and keys that change while requests are under way.

use crate::support::{
    cli::{finish, hermetic},
    daemon::DaemonBuilder,
    git::TestRepo,
    manifests::compatible_endpoint,
    program,
    sealing::AgeKey,
    upstream::{FakeUpstream, Script},
};
use std::{fs, path::Path, time::Duration};
use tempfile::TempDir;

fn secret(name: &str, value: &str) -> String {
    format!(
        "# Who may know.\napiVersion: orloj.dev/v1\nkind: Secret\nmetadata:\n  name: {name}\nspec:\n  stringData:\n    value: {value}\n"
    )
}

/// Seals the text of a file with the genuine `sops`.
fn sops(key: &AgeKey, name: &str, text: &str, more: &[&str]) -> String {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join(name);
    fs::write(&file, text).unwrap();
    let recipient = key.recipient();
    let mut command = hermetic(&program("ORLOJ_TEST_SOPS", ".venv/bin/sops"), folder.path());
    command.args(["--encrypt", "--age", &recipient]).args(more);
    command.arg(&file);
    finish(command, "sops encrypt").success().stdout
}

/// Seals a text with the genuine `age`, armored.
fn age(key: &AgeKey, text: &str) -> String {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("plain.yaml");
    fs::write(&file, text).unwrap();
    let mut command = hermetic(Path::new("age"), folder.path());
    command.args(["--encrypt", "--armor", "--recipient", &key.recipient()]);
    command.arg(&file);
    finish(command, "age").success().stdout
}

fn endpoint(upstream: &FakeUpstream, name: &str) -> String {
    let more = format!("default_model: m\nauth:\n  secretRef: {name}");
    compatible_endpoint(name, &upstream.openai_url(), &more)
}

#[test]
fn files_sealed_by_the_genuine_tools_open() {
    const VALUES: &[&str] = &["--encrypted-regex", "^(data|stringData)$"];
    let key = AgeKey::new();
    let upstream = FakeUpstream::plain();
    let json = serde_json::json!({
        "apiVersion": "orloj.dev/v1", "kind": "Secret", "metadata": {"name": "in-json"},
        "spec": {"stringData": {"value": "sk-in-json"}},
    });
    let two = format!(
        "{}---\n{}",
        secret("first", "sk-first"),
        secret("second", "sk-second")
    );
    let suffixed = secret("clear-names", "sk-clear-names");
    let files = [
        (
            "values.yaml",
            sops(&key, "s.yaml", &secret("values", "sk-values"), VALUES),
        ),
        ("two.yaml", sops(&key, "s.yaml", &two, VALUES)),
        (
            "in-json.json",
            sops(&key, "s.json", &json.to_string(), VALUES),
        ),
        (
            "mac-only.yaml",
            sops(
                &key,
                "s.yaml",
                &secret("mac-only", "sk-mac-only"),
                &[VALUES, &["--mac-only-encrypted"]].concat(),
            ),
        ),
        (
            "clear-names.yaml",
            sops(
                &key,
                "s.yaml",
                &suffixed,
                &["--unencrypted-regex", "^(apiVersion|kind|metadata)$"],
            ),
        ),
        (
            "whole.yaml",
            sops(&key, "s.yaml", &secret("whole", "sk-whole"), &[]),
        ),
        ("by-age.yaml.age", age(&key, &secret("by-age", "sk-by-age"))),
    ];
    let names = [
        "values",
        "first",
        "second",
        "in-json",
        "mac-only",
        "clear-names",
        "whole",
        "by-age",
    ];
    let repo = TestRepo::new();
    for (path, text) in &files {
        assert!(!text.contains("sk-"), "{path} is not sealed: {text}");
        repo.write(path, text);
    }
    for name in names {
        repo.write(&format!("{name}-endpoint.yaml"), &endpoint(&upstream, name));
    }
    repo.commit_and_push("sealed by others");
    let identity = fs::read_to_string(key.file()).unwrap();
    let daemon = DaemonBuilder::on(&repo)
        .variable("ORLOJ_AGE_KEY", &identity)
        .start();
    for name in names {
        daemon.chat(name).status(200);
        let sent = upstream.last();
        assert_eq!(sent.header("authorization"), format!("Bearer sk-{name}"));
    }
}

#[test]
fn a_new_key_is_used_from_the_first_request_and_the_old_one_to_the_end_of_the_others() {
    let key = AgeKey::new();
    let upstream = FakeUpstream::plain();
    upstream.script("m", Script::slow_stream(Duration::from_millis(100)));
    let repo = TestRepo::with(&[
        ("endpoint.yaml", &endpoint(&upstream, "rotated")),
        ("secret.yaml", &key.secret("rotated", "sk-old")),
    ]);
    let daemon = DaemonBuilder::on(&repo).age_key_file(&key.file()).start();
    let before = daemon.revision();
    let under_way = daemon.stream("rotated");
    assert_eq!(upstream.last().header("authorization"), "Bearer sk-old");

    repo.write("secret.yaml", &key.secret("rotated", "sk-new"));
    let after = repo.commit_and_push("rotate");
    daemon.sync();
    assert_eq!(daemon.revision(), after);
    daemon.chat("rotated").status(200);
    assert_eq!(upstream.last().header("authorization"), "Bearer sk-new");

    assert_eq!(under_way.revision().as_deref(), Some(before.as_str()));
    let ended = under_way.finish();
    assert!(ended.done && ended.error().is_none(), "{ended:?}");
    let keys: Vec<_> = upstream
        .requests()
        .iter()
        .map(|one| one.header("authorization").to_owned())
        .collect();
    assert_eq!(keys, ["Bearer sk-old", "Bearer sk-new"]);
}
