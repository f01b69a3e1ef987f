use super::super::{Location, location::Form, reference::check_reference, transport};
use std::path::Path;

fn shown(text: &str) -> String {
    Location::parse(text).unwrap().to_string()
}

fn ssh_arguments(text: &str, key: Option<&str>, hosts: Option<&str>) -> Vec<String> {
    let location = Location::parse(text).unwrap();
    let Form::Ssh(ssh) = location.form() else {
        panic!("{text} is not an ssh address")
    };
    transport::ssh_arguments(ssh, key.map(Path::new), hosts.map(Path::new))
        .into_iter()
        .map(|argument| argument.into_string().unwrap())
        .collect()
}

#[test]
fn every_form_of_address_is_read_and_shown() {
    assert_eq!(shown("repo"), "repo");
    assert_eq!(shown("./a:b"), "./a:b");
    assert_eq!(shown("/srv/repo.git"), "/srv/repo.git");
    assert_eq!(shown("file:///srv/my%20repo.git"), "/srv/my repo.git");
    assert_eq!(
        shown("HTTPS://Example.com/a.git/"),
        "https://example.com/a.git"
    );
    assert_eq!(shown("http://localhost:3000/a"), "http://localhost:3000/a");
    assert_eq!(
        shown("git@github.com:acme/a.git"),
        "git@github.com:acme/a.git"
    );
    assert_eq!(shown("host:a.git"), "host:a.git");
    assert_eq!(shown("ssh://git@h:2222/a.git"), "ssh://git@h:2222/a.git");
    assert_eq!(shown("ssh://h/a.git"), "ssh://h/a.git");
    assert_eq!(shown("ssh://[::1]:22/a"), "ssh://[::1]:22/a");
}

#[test]
fn password_in_an_address_is_kept_and_never_shown() {
    let text = "https://bot:c4nary%2B@example.com/a.git";
    let location = Location::parse(text).unwrap();
    assert_eq!(location.to_string(), "https://example.com/a.git");
    assert!(!format!("{location:?}").contains("c4nary"));
    let Form::Http(http) = location.form() else {
        panic!("not an HTTP address")
    };
    let (name, password) = http.user.as_ref().unwrap();
    assert_eq!(name, "bot");
    assert_eq!(password.expose_text(), Some("c4nary+"));
    let refused = Location::parse("https://bot:c4nary@exa mple.com/").unwrap_err();
    assert!(!format!("{refused} {refused:?}").contains("c4nary"));
}

#[test]
fn address_that_could_run_a_program_or_is_of_no_known_sort_is_refused() {
    for text in [
        "",
        "-oProxyCommand=touch x",
        "--upload-pack=touch x",
        "ext::sh -c touch% x",
        "fd::17",
        "git://example.com/a.git",
        "ftp://example.com/a.git",
        "ssh://-oProxyCommand=x/a",
        "ssh://%2DoProxyCommand=x/a",
        "ssh://-x@host/a",
        "ssh://user:password@host/a",
        "ssh://host/",
        "-host:path",
        "user@-host:path",
        "-user@host:path",
        "host:-path",
        "host:",
        "ho st:path",
        "a;b:path",
        "https://example.com/a\r\nX: y",
        "https://example.com/a?b",
        "https://example.com/a#b",
        "file://host/a",
        "https://",
        "a\0b",
    ] {
        let refused = Location::parse(text);
        let text = text.escape_debug();
        let error = refused.err().unwrap_or_else(|| panic!("`{text}` was read"));
        assert!(error.to_string().contains("https://"), "{error}");
    }
}

#[test]
fn ssh_is_told_to_ask_nothing_and_to_refuse_unknown_hosts() {
    let arguments = ssh_arguments("git@github.com:acme/a.git", None, None);
    let has = |option: &str| arguments.iter().any(|argument| argument == option);
    assert!(has("BatchMode=yes") && has("StrictHostKeyChecking=yes"));
    let end = arguments.iter().position(|a| a == "--").unwrap();
    assert_eq!(
        arguments[end + 1..],
        ["github.com", "git-upload-pack 'acme/a.git'"]
    );
    assert_eq!(arguments[end - 2..end], ["-l", "git"]);
    assert!(!arguments.iter().any(|a| a.contains("IdentityFile")));
}

#[test]
fn ssh_is_given_port_key_and_known_hosts() {
    let url = "ssh://me@h.example:2222/~me/it's.git";
    let arguments = ssh_arguments(url, Some("/k dir/50%"), Some("/k/hosts"));
    let text = arguments.join(" ");
    assert!(text.contains("-p 2222 -l me -- h.example"), "{text}");
    assert!(text.contains("IdentityFile=\"/k dir/50%%\""), "{text}");
    assert!(text.contains("IdentitiesOnly=yes"), "{text}");
    assert!(text.contains("UserKnownHostsFile=\"/k/hosts\""), "{text}");
    let command = arguments.last().unwrap();
    assert_eq!(command, r"git-upload-pack '~me/it'\''s.git'");
}

#[test]
fn last_words_of_ssh_are_short_and_cannot_move_the_cursor() {
    let words = transport::ssh_last_words(b"a\nb\n\nc\r\n\x1b[2Jd\n");
    assert_eq!(words, r"b; c; \u{1b}[2Jd");
    assert_eq!(transport::ssh_last_words(b"\n"), "it ended without a word");
}

#[test]
fn references_follow_the_rules_of_git() {
    for good in [
        "main",
        "feature/a-b",
        "v1.2.3",
        "refs/pull/420/head",
        "HEAD",
        "a@b",
    ] {
        assert!(check_reference(good).is_ok(), "{good}");
    }
    let long = "x".repeat(256);
    for bad in [
        "",
        "@",
        "-x",
        "a..b",
        "a b",
        "a~1",
        "a^",
        "a:b",
        "a?",
        "a*",
        "a[",
        "a\\b",
        "a@{1}",
        "/a",
        "a/",
        "a//b",
        ".a",
        "a/.b",
        "a.",
        "a.lock",
        "a.LOCK/b",
        "a\nb",
        "HEAD^{/.}",
        ":/x",
        &long,
    ] {
        assert!(check_reference(bad).is_err(), "{bad}");
    }
}
