//! The official OpenAI client against the gateway.

use crate::{
    aimock_upstream::daemon_on,
    support::{
        cli::{finish, hermetic},
        daemon::{Daemon, DaemonBuilder},
        eventually,
        foreign::Foreign,
        git::TestRepo,
        manifests::{agent, alias, compatible_endpoint, mock_endpoint, policy},
        package_root, program,
        upstream::{FakeUpstream, Script},
    },
};
use std::time::Duration;
use tempfile::TempDir;

/// A daemon whose models answer, fail and break off, and the upstream behind it.
pub(crate) fn served() -> (Daemon, FakeUpstream) {
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
        ("cut", Script::cut_after(3)),
    ] {
        upstream.script(model, script);
    }
    let main = compatible_endpoint(
        "main",
        &upstream.openai_url(),
        "default_model: gpt-3.5-turbo",
    );
    let repo = TestRepo::with(&[
        ("main.yaml", &main),
        ("fast.yaml", &alias("fast", "main", "gpt-3.5-turbo")),
        ("writer.yaml", &agent("writer", "main")),
        ("mimic.yaml", &mock_endpoint("mimic", "w-1")),
        ("policy.yaml", &policy("nothing-but-gpt-9", &["gpt-9"])),
    ]);
    (DaemonBuilder::on(&repo).start(), upstream)
}

/// Runs one case of the client's script.
#[track_caller]
pub(crate) fn run(case: &str, daemon: &Daemon) {
    let python = program("ORLOJ_TEST_PYTHON", ".venv/bin/python");
    let home = TempDir::new().unwrap();
    let mut command = hermetic(&python, home.path());
    command
        .arg(package_root().join("tests/sdk/openai_client.py"))
        .args([case, daemon.url()]);
    let output = finish(command, &format!("openai_client.py {case}"));
    output.success().says(&format!("{case}: ok"));
}

#[test]
fn openai_client_chats() {
    let (daemon, upstream) = served();
    run("chat", &daemon);
    let asked: Vec<_> = upstream
        .requests()
        .iter()
        .map(|request| request.model().to_owned())
        .collect();
    assert_eq!(asked.first().map(String::as_str), Some("gpt-3.5-turbo"));
    assert!(
        asked.iter().any(|model| model == "gpt-4-turbo"),
        "{asked:?}"
    );
}

#[test]
fn openai_client_streams() {
    run("stream", &served().0);
}

#[test]
fn openai_client_embeds() {
    run("embeddings", &served().0);
}

#[test]
fn openai_client_asks_for_responses() {
    run("responses", &served().0);
}

#[test]
fn openai_client_lists_models() {
    run("models", &served().0);
}

#[test]
fn openai_client_raises_the_class_that_fits_each_error() {
    run("errors", &served().0);
}

#[test]
fn openai_client_raises_when_a_stream_breaks_off() {
    run("broken-stream", &served().0);
}

#[test]
fn openai_client_that_leaves_cancels_the_upstream() {
    let (daemon, upstream) = served();
    upstream.script("slow", Script::slow_stream(Duration::from_millis(300)));
    upstream.script("late", Script::late(Duration::from_secs(30)));
    run("cancel", &daemon);
    eventually("the upstream notices", || {
        (upstream.cancelled() == 1).then_some(())
    });
}

#[test]
fn openai_client_repeats_what_may_succeed_later_and_nothing_else() {
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
fn openai_client_reaches_a_foreign_upstream_in_each_of_its_dialects() {
    let mock = Foreign::aimock();
    let daemon = daemon_on(&mock);
    for case in ["foreign-tools", "foreign-structured", "foreign-flaky"] {
        run(case, &daemon);
    }
}
