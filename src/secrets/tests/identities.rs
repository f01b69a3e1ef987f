use super::{KEY_1, KEY_2};
use crate::secrets::{IdentityError, Keyring, LineProblem, Recipient, RecipientError};

fn problem(line: &str) -> LineProblem {
    let text = format!("# created by a test\n\n{line}\n");
    let mut keyring = Keyring::default();
    let error = keyring.parse_identity_file("bad.txt", &text).unwrap_err();
    assert!(keyring.is_empty());
    let text = error.to_string();
    assert!(text.starts_with("failed to read identities from `bad.txt`: line 3 holds "));
    assert!(!text.contains(line), "{text}");
    match error {
        IdentityError::Line {
            line: 3, problem, ..
        } => problem,
        other => unreachable!("{other}"),
    }
}

#[test]
fn identity_files_add_up_and_repeated_keys_count_once() {
    let mut keyring = Keyring::default();
    assert!(keyring.is_empty());
    assert_eq!(keyring.parse_identity_file("1", KEY_1).unwrap(), 1);
    let both = format!("\u{feff}{KEY_1}\r\n{KEY_2}");
    assert_eq!(keyring.parse_identity_file("2", &both).unwrap(), 2);
    let comment = KEY_1
        .lines()
        .find_map(|line| line.strip_prefix("# public key: "));
    assert_eq!(keyring.recipients().len(), 2);
    assert_eq!(keyring.recipients()[0], comment.unwrap());
}

#[test]
fn what_is_not_an_identity_is_refused_by_name_and_never_repeated() {
    let key = KEY_1.lines().last().unwrap();
    let mistyped = format!("{}Q", &key[..key.len() - 1]);
    let lines = [
        ("AGE-SECRET-KEY-PQ-1QQQQQQQQ", LineProblem::PostQuantum),
        ("AGE-PLUGIN-YUBIKEY-1QQQQQQQ", LineProblem::Plugin),
        ("-----BEGIN AGE ENCRYPTED FILE-----", LineProblem::Encrypted),
        ("age-encryption.org/v1", LineProblem::Encrypted),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", LineProblem::Ssh),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5", LineProblem::Ssh),
        (
            "age1rkzw2ryct6f9xcu024wy8vvlqzrj7tygl5zjy9qh95p6wpdgguqqdccv4u",
            LineProblem::PublicKey,
        ),
        (mistyped.as_str(), LineProblem::Damaged),
        ("hunter2", LineProblem::Unknown),
    ];
    for (line, expected) in lines {
        assert_eq!(problem(line), expected, "{line}");
    }
}

#[test]
fn file_with_one_bad_line_adds_nothing() {
    let mut keyring = Keyring::default();
    let text = format!("{KEY_1}\nhunter2\n");
    assert!(keyring.parse_identity_file("mixed", &text).is_err());
    assert!(keyring.is_empty());
}

#[test]
fn file_of_comments_is_an_error_and_not_an_empty_keyring() {
    let error = Keyring::default().parse_identity_file("empty.txt", "# nothing\n");
    assert_eq!(
        error.unwrap_err().to_string(),
        "failed to read identities from `empty.txt`: it holds none"
    );
}

#[test]
fn recipients_of_other_kinds_are_refused_by_name() {
    let key = KEY_1.lines().last().unwrap();
    let texts = [
        (key, RecipientError::SecretKey),
        ("ssh-ed25519 AAAA", RecipientError::Ssh),
        ("age1pq1qqqq", RecipientError::PostQuantum),
        ("age1qqqq", RecipientError::Malformed),
        ("", RecipientError::Malformed),
    ];
    for (text, expected) in texts {
        assert_eq!(Recipient::parse(text).unwrap_err(), expected, "{text}");
    }
}
