//! The ssh transport with a stand-in for the `ssh` program: Git on the other side is real.

use super::super::{Credentials, SourceConfig, SourceError};
use super::remotes::follows_pushes;
use super::{config, mirrored, repository::Repository};
use crate::stopwatch::Stopwatch;
use std::{fs, os::unix::fs::PermissionsExt as _, time::Duration};

/// A source whose `ssh` is a shell script with this body.
fn scripted(repository: &Repository, body: &str) -> SourceConfig {
    let program = repository.home().join("ssh");
    fs::write(&program, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mut config = config(&format!("ssh://git@host{}", repository.bare().display()));
    config.credentials = Credentials::none().with_ssh_program(&program);
    config
}

#[test]
fn fetch_over_ssh_follows_pushes_and_force_pushes() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    // Does what a server does: runs the command, which is the last argument, in a shell.
    let body = "for last; do :; done; exec sh -c \"$last\"";
    follows_pushes(&repository, scripted(&repository, body));
}

#[test]
fn what_ssh_says_is_the_reason_and_may_pass() {
    let repository = Repository::new();
    let body = "echo 'Host key verification failed.' >&2; exit 255";
    let error = mirrored(scripted(&repository, body))
        .mirror
        .fetch()
        .unwrap_err();
    assert!(matches!(error, SourceError::Ssh { .. }), "{error:?}");
    assert!(error.transient());
    let text = error.to_string();
    assert!(text.contains("Host key verification failed."), "{text}");
    assert!(text.contains("known_hosts"), "{text}");
}

#[test]
fn missing_repository_behind_ssh_is_told_in_the_words_of_git() {
    let repository = Repository::new();
    let body = "for last; do :; done; exec sh -c \"$last\"";
    let config = scripted(&repository, body);
    fs::remove_dir_all(repository.bare()).unwrap();
    let text = mirrored(config).mirror.fetch().unwrap_err().to_string();
    assert!(
        text.contains("does not appear to be a git repository"),
        "{text}"
    );
}

#[test]
fn ssh_that_hangs_is_killed_at_the_deadline() {
    let repository = Repository::new();
    let mut config = scripted(&repository, "exec sleep 60");
    config.limits.fetch_timeout = Duration::from_millis(700);
    let started = Stopwatch::start();
    let error = mirrored(config).mirror.fetch().unwrap_err();
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "{:?}",
        started.elapsed()
    );
    assert!(matches!(error, SourceError::Timeout { .. }), "{error:?}");
}

#[test]
fn absent_ssh_program_is_named() {
    let repository = Repository::new();
    let mut config = scripted(&repository, "");
    config.credentials = Credentials::none().with_ssh_program("no-such-ssh".as_ref());
    let text = mirrored(config).mirror.fetch().unwrap_err().to_string();
    assert!(text.contains("could not be started"), "{text}");
}
