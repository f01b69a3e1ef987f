//! The official Anthropic client against the gateway.

use crate::{
    aimock_upstream::daemon_on,
    support::{
        cli::{finish, hermetic},
        daemon::{Daemon, DaemonBuilder},
        eventually,
        foreign::Foreign,
        git::TestRepo,
        manifests::{alias, compatible_endpoint},
        package_root, program,
        upstream::{FakeUpstream, Script},
    },
};
use std::time::Duration;
use tempfile::TempDir;

fn served() -> (Daemon, FakeUpstream) {
    let upstream = FakeUpstream::plain();
    for (model, script) in [
        (
            "limited",
            Script::openai_error(429, "requests", "slow down").header("retry-after", "1"),
        ),
        (
            "broken",
            Script::openai_error(500, "server_error", "it broke"),
        ),
        (
            "locked",
            Script::openai_error(401, "invalid_request_error", "bad key"),
        ),
        ("cut", Script::cut_after(5)),
    ] {
        upstream.script(model, script);
    }
    let main = compatible_endpoint("main", &upstream.openai_url(), "default_model: m");
    let endpoint = |name: &str, spec: &str| {
        format!(
            "apiVersion: orloj.dev/v1\nkind: ModelEndpoint\nmetadata:\n  name: {name}\nspec:\n{spec}"
        )
    };
    let claude = endpoint(
        "claude",
        &format!(
            "  provider: anthropic\n  base_url: http://{}/v1\n  allowPrivate: true\n  default_model: claude-x\n  auth:\n    secretRef: key\n",
            upstream.address()
        ),
    );
    let mock = endpoint("writer-model", "  provider: mock\n  default_model: w-1\n");
    let repo = TestRepo::with(&[
        ("main.yaml", &main),
        ("claude.yaml", &claude),
        ("mock.yaml", &mock),
        ("native.yaml", &alias("native", "claude", "claude-x")),
        ("translated.yaml", &alias("translated", "main", "m")),
    ]);
    let daemon = DaemonBuilder::on(&repo).variable("ORLOJ_SECRET_KEY", "sk-any");
    (daemon.start(), upstream)
}

/// Runs one case of the client's script.
#[track_caller]
pub(crate) fn run(case: &str, daemon: &Daemon) {
    let python = program("ORLOJ_TEST_PYTHON", ".venv/bin/python");
    let home = TempDir::new().unwrap();
    let mut command = hermetic(&python, home.path());
    command
        .arg(package_root().join("tests/sdk/anthropic_client.py"))
        .args([case, daemon.url()]);
    let output = finish(command, &format!("anthropic_client.py {case}"));
    output.success().says(&format!("{case}: ok"));
}

#[test]
fn anthropic_client_asks_for_messages() {
    let (daemon, upstream) = served();
    run("messages", &daemon);
    let paths: Vec<_> = upstream
        .requests()
        .iter()
        .map(|request| request.path.clone())
        .collect();
    assert_eq!(paths, ["/v1/messages", "/v1/chat/completions"]);
}

#[test]
fn anthropic_client_streams() {
    run("stream", &served().0);
}

#[test]
fn anthropic_client_counts_tokens() {
    run("count", &served().0);
}

#[test]
fn anthropic_client_raises_the_class_that_fits_each_error() {
    run("errors", &served().0);
}

#[test]
fn anthropic_client_raises_when_a_stream_breaks_off() {
    run("broken-stream", &served().0);
}

#[test]
fn anthropic_client_that_leaves_cancels_the_upstream() {
    let (daemon, upstream) = served();
    upstream.script("slow", Script::slow_stream(Duration::from_millis(300)));
    run("cancel", &daemon);
    eventually("the upstream notices both", || {
        (upstream.cancelled() == 2).then_some(())
    });
}

#[test]
fn anthropic_client_repeats_what_may_succeed_later_and_nothing_else() {
    let (daemon, upstream) = served();
    run("retries", &daemon);
    let models: Vec<_> = upstream
        .requests()
        .iter()
        .map(|it| it.model().to_owned())
        .collect();
    assert_eq!(models, ["broken"; 3]);
}

#[test]
fn anthropic_client_reaches_a_foreign_upstream_in_each_of_its_dialects() {
    let mock = Foreign::aimock();
    run("foreign", &daemon_on(&mock));
}
