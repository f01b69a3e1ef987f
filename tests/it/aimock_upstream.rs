//! `@copilotkit/aimock` as the upstream: a fake that nobody here wrote.

use crate::support::{
    cli::hermetic,
    daemon::{Daemon, DaemonBuilder, printed_addresses},
    eventually,
    git::TestRepo,
    manifests::{alias, compatible_endpoint},
    package_root, program,
};
use std::{
    fs::File,
    process::{Child, Stdio},
};
use tempfile::TempDir;

const TEXT: &str = "Hello from a server of somebody else.";

struct Aimock {
    child: Child,
    base_url: String,
    _home: TempDir,
}

impl Aimock {
    fn start() -> Self {
        let program = program("ORLOJ_TEST_AIMOCK", ".tools/node_modules/.bin/llmock");
        let home = TempDir::new().unwrap();
        let log = home.path().join("log");
        let child = hermetic(&program, home.path())
            .args(["--port", "0", "--strict", "--fixtures"])
            .arg(package_root().join("tests/sdk/aimock_fixture.json"))
            .stdout(File::create(&log).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut mock = Self {
            child,
            base_url: String::new(),
            _home: home,
        };
        mock.base_url = eventually("aimock listens", || {
            let text = std::fs::read_to_string(&log).unwrap();
            printed_addresses(&text).pop()
        });
        mock
    }
}

impl Drop for Aimock {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn daemon_on(mock: &Aimock) -> Daemon {
    let openai = compatible_endpoint(
        "main",
        &format!("{}/v1", mock.base_url),
        "default_model: gpt-4o",
    );
    let anthropic = format!(
        "apiVersion: orloj.dev/v1\nkind: ModelEndpoint\nmetadata:\n  name: claude\nspec:\n  provider: anthropic\n  base_url: {}/v1\n  allowPrivate: true\n  default_model: claude-x\n  auth:\n    secretRef: key\n",
        mock.base_url
    );
    let repo = TestRepo::with(&[
        ("main.yaml", &openai),
        ("claude.yaml", &anthropic),
        ("fast.yaml", &alias("fast", "main", "gpt-4o-mini")),
    ]);
    DaemonBuilder::on(&repo)
        .variable("ORLOJ_SECRET_KEY", "sk-any")
        .start()
}

#[test]
fn foreign_upstream_answers_through_the_gateway_whole_and_streamed() {
    let mock = Aimock::start();
    let daemon = daemon_on(&mock);
    for model in ["fast", "claude"] {
        let answer = daemon.chat(model).status(200);
        assert_eq!(answer.content(), TEXT, "{model}");
        let streamed = daemon.stream(model).finish();
        assert!(streamed.done, "{model}: {streamed:?}");
        assert_eq!(streamed.content(), TEXT, "{model}");
    }
    assert_eq!(daemon.chat("fast").body["model"], "gpt-4o-mini");
}
