//! Manifests from a real web server over TLS: its authority is a private one, and it knows who asks.

use crate::support::{
    daemon::DaemonBuilder,
    git::TestRepo,
    manifests::{alias, mock_endpoint},
    serving::Authority,
    web_server::{USER, WebServer},
};
use serde_json::json;
use std::fs;

fn repo() -> TestRepo {
    TestRepo::with(&[
        ("endpoints/small.yaml", &mock_endpoint("small", "small-v1")),
        ("aliases/fast.yaml", &alias("fast", "small", "small-v1")),
    ])
}

/// `auth` with the password and these further keys.
fn auth(authority: &Authority, password: &str, more: &str) -> String {
    let secret = authority.certificate().with_file_name("password");
    fs::write(&secret, password).unwrap();
    let (user, ca) = (USER.0, authority.certificate());
    format!(
        "auth: {{username: {user}, secret_file: {}, ca_file: {}{more}}}\n",
        secret.display(),
        ca.display()
    )
}

#[test]
fn password_opens_a_web_server_whose_authority_is_trusted() {
    let (repo, authority) = (repo(), Authority::for_hosts(&["localhost"]));
    let server = WebServer::of(&repo, &authority);
    let daemon = DaemonBuilder::new()
        .repo(&server.url())
        .config(&auth(&authority, USER.1, ""))
        .start();
    assert!(daemon.chat("fast").content().contains("small-v1"));
    repo.replace("aliases/fast.yaml", "small-v1", "small-v2");
    let commit = repo.commit_and_push("fast: small-v2");
    daemon.sync();
    assert_eq!(daemon.revision(), commit);
}

#[test]
fn other_password_and_unknown_authority_are_refused() {
    let (repo, authority) = (repo(), Authority::for_hosts(&["localhost"]));
    let server = WebServer::of(&repo, &authority);
    let other = Authority::for_hosts(&["localhost"]);
    for (auth, says) in [
        (auth(&authority, "other", ""), "refused the credentials"),
        (auth(&other, USER.1, ""), "certificate"),
    ] {
        let daemon = DaemonBuilder::new()
            .repo(&server.url())
            .config(&auth)
            .start_unready();
        let said = daemon.post("/api/v1/sync", &json!({})).text;
        assert!(said.contains(says) && !said.contains(USER.1), "{said}");
    }
}

#[test]
fn web_server_that_wants_a_certificate_is_shown_one() {
    let (repo, authority) = (repo(), Authority::for_hosts(&["localhost"]));
    let server = WebServer::for_clients_of(&repo, &authority);
    let certificate = format!(
        ", client_cert_file: {}, client_key_file: {}",
        authority.client_certificate().display(),
        authority.client_key().display()
    );
    let with = auth(&authority, USER.1, &certificate);
    let daemon = DaemonBuilder::new()
        .repo(&server.url())
        .config(&with)
        .start();
    assert!(daemon.chat("fast").content().contains("small-v1"));
    let without = DaemonBuilder::new()
        .repo(&server.url())
        .config(&auth(&authority, USER.1, ""))
        .start_unready();
    let said = without.post("/api/v1/sync", &json!({})).text;
    assert!(said.contains("failed to reach"), "{said}");
}
