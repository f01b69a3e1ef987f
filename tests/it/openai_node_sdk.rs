//! The official OpenAI client for Node against the gateway, in front of our own upstream and of one that nobody here wrote.

use crate::{
    aimock_upstream::daemon_on,
    openai_sdk::served,
    support::{
        cli::{finish, hermetic},
        daemon::Daemon,
        eventually,
        foreign::Foreign,
        package_root, program,
        upstream::Script,
    },
};
use std::{path::Path, time::Duration};
use tempfile::TempDir;

/// Runs one case of the client's script.
#[track_caller]
pub(crate) fn run(case: &str, daemon: &Daemon) {
    let package = program("ORLOJ_TEST_OPENAI_NODE", ".tools/node_modules/openai");
    let home = TempDir::new().unwrap();
    let mut command = hermetic(Path::new("node"), home.path());
    command
        .arg(package_root().join("tests/sdk/openai_client.mjs"))
        .args([case, daemon.url()])
        .arg(package);
    let output = finish(command, &format!("openai_client.mjs {case}"));
    output.success().says(&format!("{case}: ok"));
}

#[test]
fn openai_node_client_chats_and_streams() {
    let (daemon, _upstream) = served();
    for case in ["chat", "stream", "models"] {
        run(case, &daemon);
    }
}

#[test]
fn openai_node_client_embeds_and_asks_for_responses() {
    let (daemon, _upstream) = served();
    for case in ["embeddings", "responses"] {
        run(case, &daemon);
    }
}

#[test]
fn openai_node_client_rejects_with_the_class_that_fits_each_error() {
    run("errors", &served().0);
}

#[test]
fn openai_node_client_rejects_when_a_stream_breaks_off() {
    run("broken-stream", &served().0);
}

#[test]
fn openai_node_client_that_aborts_cancels_the_upstream() {
    let (daemon, upstream) = served();
    upstream.script("slow", Script::slow_stream(Duration::from_millis(300)));
    upstream.script("late", Script::late(Duration::from_secs(30)));
    run("cancel", &daemon);
    eventually("the upstream notices", || {
        (upstream.cancelled() == 1).then_some(())
    });
}

#[test]
fn openai_node_client_repeats_what_may_succeed_later_and_nothing_else() {
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
fn openai_node_client_reaches_a_foreign_upstream_in_each_of_its_dialects() {
    let mock = Foreign::aimock();
    let daemon = daemon_on(&mock);
    for case in [
        "foreign-chat",
        "foreign-tools",
        "foreign-structured",
        "foreign-embeddings",
        "foreign-errors",
    ] {
        run(case, &daemon);
    }
}
