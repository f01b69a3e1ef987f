//! How words become commands.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::bench::{Bench, GOOD};
use crate::cli::{app::arguments, environment::Environment, exit::Exit, main::command};
use std::ffi::OsString;

fn words(text: &str) -> Vec<OsString> {
    text.split_whitespace().map(OsString::from).collect()
}

#[test]
fn the_tree_of_commands_is_sound() {
    command(&Environment::default()).debug_assert();
}

#[test]
fn orlojd_is_orloj_serve_and_orlojctl_is_orloj() {
    let read = |text| arguments(words(text));
    assert_eq!(
        read("/usr/bin/orlojd --poll 5s"),
        words("orloj serve --poll 5s")
    );
    assert_eq!(read("orlojd"), words("orloj serve"));
    assert_eq!(read("orlojd --version"), words("orloj --version"));
    assert_eq!(
        read("./orlojctl get agents"),
        words("./orlojctl get agents")
    );
    assert_eq!(read("orloj serve"), words("orloj serve"));
}

#[test]
fn flags_for_the_daemon_may_stand_before_the_command() {
    let read = |text| arguments(words(text));
    let moved = words("orlojctl get agents --server http://h -n a");
    assert_eq!(read("orlojctl --server http://h -n a get agents"), moved);
    assert_eq!(
        read("orloj --api-token=t get agents"),
        words("orloj get agents --api-token=t")
    );
    assert_eq!(read("orloj --server"), words("orloj --server"));
    assert_eq!(
        read("orloj get agents -n a"),
        words("orloj get agents -n a")
    );
}

#[test]
fn flags_may_stand_before_and_after_positionals() {
    let bench = Bench::repository(&GOOD);
    let before = bench.run(&["validate", "-o", "json", "small.yaml"]);
    let after = bench.run(&["validate", "small.yaml", "-o", "json"]);
    assert_eq!(before.exit, Exit::Done);
    assert_eq!(before.out, after.out);
}

#[test]
fn wrong_usage_ends_with_64_and_help_with_0() {
    let bench = Bench::new();
    for wrong in [
        &["validate", "--nonsense"][..],
        &["nonsense"],
        &[],
        &["get"],
    ] {
        let ran = bench.run(wrong);
        assert_eq!(ran.exit.code(), 64, "{wrong:?}");
        assert_eq!(ran.out, "", "{wrong:?}");
        assert!(!ran.err.is_empty(), "{wrong:?}");
    }
    for right in [
        &["--help"][..],
        &["plan", "-h"],
        &["--version"],
        &["help", "plan"],
    ] {
        let ran = bench.run(right);
        assert_eq!(ran.exit.code(), 0, "{right:?}");
        assert_eq!(ran.err, "", "{right:?}");
        assert!(!ran.out.is_empty(), "{right:?}");
    }
}

#[test]
fn exit_codes_are_those_of_the_contract() {
    let ran = Bench::new().run(&["help", "exit-codes"]);
    let codes: Vec<_> = ran
        .out
        .lines()
        .filter_map(|line| line.split_whitespace().next()?.parse::<u8>().ok())
        .collect();
    assert_eq!(codes, [0, 1, 2, 3, 4, 5, 64]);
}

#[test]
fn every_help_fits_80_columns_and_every_command_shows_examples() {
    fn check(command: &mut clap::Command, path: &str) {
        let help = command.render_long_help().to_string();
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{path}: {line}");
        }
        let mut names: Vec<_> = command
            .get_subcommands()
            .map(|each| each.get_name().to_owned())
            .collect();
        names.sort();
        if names.is_empty() && path != " orloj version" {
            assert!(help.contains("Examples:"), "{path} shows no example");
        }
        for name in names {
            let inner = command.find_subcommand_mut(&name).unwrap();
            check(inner, &format!("{path} {name}"));
        }
    }
    let mut root = command(&Environment::default());
    root.build();
    check(&mut root, " orloj");
}

#[test]
fn help_of_an_unknown_command_says_where_to_look() {
    let ran = Bench::new().run(&["help", "paln"]);
    assert_eq!(ran.exit, Exit::Usage);
    assert!(
        ran.err.contains("there is no command `paln`"),
        "{}",
        ran.err
    );
}

#[test]
fn completions_know_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let ran = Bench::new().run(&["completion", shell]);
        assert_eq!(ran.exit, Exit::Done);
        for word in ["validate", "detailed-exitcode", "keygen", "history"] {
            assert!(ran.out.contains(word), "{shell} lacks {word}");
        }
    }
}

#[test]
fn an_address_that_is_not_http_is_wrong_usage_and_the_token_is_not_repeated() {
    let ran = Bench::new().run(&["status", "--server", "ftp://h", "--api-token", "tok-secret"]);
    assert_eq!(ran.exit, Exit::Usage);
    assert!(!ran.err.contains("tok-secret"), "{}", ran.err);
}
