//! How the daemon starts, or says why it does not.

use crate::support::{
    daemon::DaemonBuilder, git::TestRepo, manifests::mock_endpoint, sealing::AgeKey,
};
use std::net::TcpListener;

fn repo() -> TestRepo {
    TestRepo::with(&[("small.yaml", &mock_endpoint("small", "small-v1"))])
}

#[test]
fn port_in_use_is_an_error_that_names_the_flag() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = DaemonBuilder::on(&repo())
        .arguments(&["--addr", &address])
        .run_to_end();
    output.code(1).complains("--addr").complains(&address);
}

#[test]
fn postgres_is_refused_with_a_clear_line() {
    let output = DaemonBuilder::on(&repo())
        .arguments(&["--database", "postgres://localhost/orloj"])
        .run_to_end();
    assert_ne!(output.code, Some(0));
    assert!(
        output.stderr.to_lowercase().contains("postgres"),
        "{}",
        output.stderr
    );
}

#[test]
fn address_beyond_loopback_is_refused_without_token_and_key() {
    let output = DaemonBuilder::on(&repo())
        .arguments(&["--addr", "0.0.0.0:0"])
        .run_to_end();
    assert_ne!(output.code, Some(0));
    output.complains("--api-token");
}

#[test]
fn unknown_key_of_the_configuration_is_an_error_with_a_suggestion() {
    let output = DaemonBuilder::on(&repo())
        .config("upstreem: {}\n")
        .run_to_end();
    assert_ne!(output.code, Some(0));
    output.complains("upstreem").complains("upstream");
}

#[test]
fn daemon_on_a_repository_that_is_not_there_keeps_trying() {
    let folder = tempfile::TempDir::new().unwrap();
    let url = folder.path().join("nothing.git");
    let daemon = DaemonBuilder::new()
        .repo(url.to_str().unwrap())
        .start_unready();
    let unready = daemon.get("/readyz").status(503);
    assert!(!unready.text.is_empty(), "the reason is missing");
    assert_eq!(daemon.get("/healthz").status, 200);
    let answer = daemon.chat("anything");
    assert!(
        answer.status == 404 || answer.status == 503,
        "{}",
        answer.text
    );
    assert_eq!(answer.revision.as_deref(), Some("none"));
}

#[test]
fn branch_that_does_not_exist_is_named() {
    let repo = repo();
    let daemon = DaemonBuilder::on(&repo)
        .arguments(&["--ref", "no-such-branch"])
        .start_unready();
    let output = daemon.cli().run(&["sync"]);
    assert_ne!(output.code, Some(0));
    assert!(
        output.everything().contains("no-such-branch"),
        "{}",
        output.everything()
    );
}

#[test]
fn key_that_does_not_fit_refuses_the_revision_and_names_secret_and_recipient() {
    let (right, wrong) = (AgeKey::new(), AgeKey::new());
    let repo = repo();
    repo.write("secret.yaml", &right.secret("provider-key", "sk-sealed"));
    repo.commit_and_push("a sealed secret");
    let daemon = DaemonBuilder::on(&repo)
        .age_key_file(&wrong.file())
        .start_unready();
    let output = daemon.cli().run(&["sync"]).code(3);
    let text = output.everything();
    assert!(text.contains("E-SECRET-OPEN"), "{text}");
    assert!(text.contains("provider-key"), "{text}");
    assert!(text.contains(&wrong.recipient()[..12]), "{text}");
    assert_eq!(daemon.get("/readyz").status, 503);
}
