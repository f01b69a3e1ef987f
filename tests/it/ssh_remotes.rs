//! Manifests from a real OpenSSH server: who may log in, and which host is believed.

use crate::support::{
    daemon::{Daemon, DaemonBuilder},
    git::TestRepo,
    manifests::{alias, mock_endpoint},
    sshd::Sshd,
};
use serde_json::json;
use std::path::Path;

fn repo() -> TestRepo {
    TestRepo::with(&[
        ("endpoints/small.yaml", &mock_endpoint("small", "small-v1")),
        ("aliases/fast.yaml", &alias("fast", "small", "small-v1")),
    ])
}

fn daemon(sshd: &Sshd, repo: &TestRepo, auth: &[(&str, &Path)]) -> DaemonBuilder {
    let auth: Vec<String> = auth
        .iter()
        .map(|(key, file)| format!("{key}: {}", file.display()))
        .collect();
    DaemonBuilder::new()
        .repo(&sshd.url(&repo.bare()))
        .config(&format!("auth: {{{}}}\n", auth.join(", ")))
}

/// Why the source cannot be read.
#[track_caller]
fn refusal(daemon: &Daemon) -> String {
    let answer = daemon.post("/api/v1/sync", &json!({}));
    assert!(answer.text.contains("\"retry\""), "{}", answer.text);
    answer.text
}

#[test]
fn key_file_logs_in_to_a_known_host_and_pushes_are_followed() {
    let (sshd, repo) = (Sshd::start(), repo());
    let (key, hosts) = (sshd.key(), sshd.known_hosts());
    let auth = [("ssh_key_file", &*key), ("known_hosts_file", &*hosts)];
    let daemon = daemon(&sshd, &repo, &auth).start();
    assert!(daemon.chat("fast").content().contains("small-v1"));
    repo.replace("aliases/fast.yaml", "small-v1", "small-v2");
    let commit = repo.commit_and_push("fast: small-v2");
    daemon.sync();
    assert_eq!(daemon.revision(), commit);
    assert!(sshd.log().contains("Accepted publickey"), "{}", sshd.log());
}

#[test]
fn agent_logs_in_without_a_key_file() {
    let (sshd, repo) = (Sshd::start(), repo());
    let (agent, hosts) = (sshd.agent(), sshd.known_hosts());
    let daemon = daemon(&sshd, &repo, &[("known_hosts_file", &hosts)])
        .variable("SSH_AUTH_SOCK", agent.socket())
        .start();
    assert!(daemon.chat("fast").content().contains("small-v1"));
    drop(agent);
    let said = refusal(&daemon);
    assert!(said.contains("Permission denied"), "{said}");
}

#[test]
fn key_file_is_shown_and_no_other_key() {
    let (sshd, repo) = (Sshd::start(), repo());
    let (agent, hosts, strange) = (sshd.agent(), sshd.known_hosts(), sshd.strange_key());
    let auth = [("ssh_key_file", &*strange), ("known_hosts_file", &*hosts)];
    let daemon = daemon(&sshd, &repo, &auth)
        .variable("SSH_AUTH_SOCK", agent.socket())
        .start_unready();
    let said = refusal(&daemon);
    assert!(said.contains("Permission denied"), "{said}");
    assert!(!sshd.log().contains("Accepted"), "{}", sshd.log());
}

#[test]
fn unknown_host_is_refused_before_anybody_logs_in() {
    let (sshd, repo) = (Sshd::start(), repo());
    let key = sshd.key();
    let empty = key.with_file_name("nobody");
    std::fs::write(&empty, "").unwrap();
    for auth in [
        &[("ssh_key_file", &*key)][..],
        &[("ssh_key_file", &*key), ("known_hosts_file", &*empty)],
    ] {
        let daemon = daemon(&sshd, &repo, auth).start_unready();
        let said = refusal(&daemon);
        assert!(said.contains("Host key verification failed"), "{said}");
        assert!(said.contains("known_hosts"), "{said}");
    }
    assert_eq!(
        std::fs::read_to_string(&empty).unwrap(),
        "",
        "a host is not learnt"
    );
    assert!(!sshd.log().contains("Accepted"), "{}", sshd.log());
}

#[test]
fn host_that_has_another_key_than_the_pinned_one_is_refused() {
    let (mut sshd, repo) = (Sshd::start(), repo());
    let (key, hosts) = (sshd.key(), sshd.other_known_hosts());
    let auth = [("ssh_key_file", &*key), ("known_hosts_file", &*hosts)];
    let wrong = daemon(&sshd, &repo, &auth).start_unready();
    let said = refusal(&wrong);
    assert!(said.contains("Host key verification failed"), "{said}");
    drop(wrong);
    sshd.known_hosts();
    let daemon = daemon(&sshd, &repo, &auth).start();
    let served = daemon.revision();
    sshd.change_host_key();
    repo.replace("aliases/fast.yaml", "small-v1", "small-v2");
    repo.commit_and_push("from whom?");
    let said = refusal(&daemon);
    assert!(said.contains("Host key verification failed"), "{said}");
    assert_eq!(daemon.revision(), served);
    // Whoever pins the new key is served again.
    sshd.known_hosts();
    daemon.sync();
    assert_ne!(daemon.revision(), served);
}
