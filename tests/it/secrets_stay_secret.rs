//! A secret reaches its provider and nothing else: no output, log, error, page or file.

use crate::support::{
    daemon::DaemonBuilder,
    git::TestRepo,
    manifests::compatible_endpoint,
    sealing::AgeKey,
    upstream::{FakeUpstream, Script},
};
use std::{fs, path::Path};

const SEALED: &str = "sk-canary-sealed-2f9c41";
const FROM_VARIABLE: &str = "sk-canary-variable-83b7d0";

#[track_caller]
fn assert_clean(place: &str, text: &str) {
    for canary in [SEALED, FROM_VARIABLE, "AGE-SECRET-KEY"] {
        assert!(!text.contains(canary), "{place} shows `{canary}`");
    }
}

fn assert_files_clean(folder: &Path) -> usize {
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += assert_files_clean(&path);
        } else {
            let bytes = fs::read(&path).unwrap();
            assert_clean(
                &path.display().to_string(),
                &String::from_utf8_lossy(&bytes),
            );
            files += 1;
        }
    }
    files
}

#[test]
fn secrets_reach_their_provider_and_no_other_place() {
    let key = AgeKey::new();
    let upstream = FakeUpstream::plain();
    upstream.script(
        "echo-the-key",
        Script::openai_error(
            401,
            "invalid_request_error",
            &format!("Incorrect API key provided: {SEALED}"),
        )
        .header("x-echo", SEALED),
    );
    let endpoint = |name: &str, secret: &str| {
        let more = format!("default_model: m\nauth:\n  secretRef: {secret}");
        compatible_endpoint(name, &upstream.openai_url(), &more)
    };
    let repo = TestRepo::with(&[
        ("sealed.yaml", &endpoint("sealed", "sealed-key")),
        ("variable.yaml", &endpoint("variable", "variable-key")),
        ("secret.yaml", &key.secret("sealed-key", SEALED)),
    ]);
    let daemon = DaemonBuilder::on(&repo)
        .age_key_file(&key.file())
        .variable("ORLOJ_SECRET_VARIABLE_KEY", FROM_VARIABLE)
        .variable("RUST_LOG", "trace")
        .start();

    daemon.chat("sealed").status(200);
    assert_eq!(
        upstream.last().header("authorization"),
        format!("Bearer {SEALED}")
    );
    daemon.chat("variable").status(200);
    assert_eq!(
        upstream.last().header("authorization"),
        format!("Bearer {FROM_VARIABLE}")
    );
    let refused = daemon.chat("sealed/echo-the-key").status(502);
    assert_clean("the answer to a refused key", &refused.text);

    for path in [
        "/metrics",
        "/api/v1/status",
        "/api/v1/revisions",
        "/v1/secrets",
        "/v1/models",
        "/v1/model-endpoints",
    ] {
        assert_clean(path, &daemon.get(path).text);
    }
    let clone = daemon.cli().in_directory(&repo.work());
    for command in [
        ["get", "secrets", "-o", "yaml"].as_slice(),
        &["get", "secrets", "-o", "json"],
        &["describe", "secret", "sealed-key"],
        &["get", "model-endpoints", "-o", "yaml"],
        &["status", "-o", "json"],
        &["history"],
        &["graph"],
        &["plan", "--base", "none", "--head", "HEAD", "-o", "json"],
        &["validate", "-o", "json"],
    ] {
        assert_clean(&command.join(" "), &clone.run(command).everything());
    }
    assert_clean("the log", &daemon.log());
    let folder = daemon.data_dir();
    let _home = daemon.kill();
    assert!(assert_files_clean(&folder) > 0, "nothing was stored");
}
