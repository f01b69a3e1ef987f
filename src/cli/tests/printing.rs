//! Streams, colours, tables.

use crate::cli::{
    columns,
    error::CliError,
    exit::Exit,
    output::{ColorWhen, Style, Terminal},
    tables::{fields, table},
    text::{count, shorten, wrap},
};
use crate::model::Kind;
use serde_json::json;
use std::{
    ffi::OsString,
    io::{self, ErrorKind, Write},
};

/// Fails every write.
struct Failing(ErrorKind);

impl Write for Failing {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn terminal(kind: ErrorKind) -> Terminal {
    Terminal::new(
        Box::new(Failing(kind)),
        Box::new(Failing(kind)),
        false,
        false,
    )
}

#[test]
fn a_reader_that_went_away_is_no_error_and_a_full_disk_is() {
    assert!(terminal(ErrorKind::BrokenPipe).data("x").is_ok());
    let full = terminal(ErrorKind::StorageFull).data("x");
    assert_eq!(full.map_err(|error| error.exit()), Err(Exit::Error));
}

#[test]
fn the_last_word_about_colour_counts_and_only_before_two_dashes() {
    let asked = |text: &str| {
        let words: Vec<_> = text.split_whitespace().map(OsString::from).collect();
        ColorWhen::asked(&words)
    };
    assert_eq!(asked("orloj get agents"), ColorWhen::Auto);
    assert_eq!(asked("orloj --color never get"), ColorWhen::Never);
    assert_eq!(asked("orloj get --color=always"), ColorWhen::Always);
    assert_eq!(
        asked("orloj --color never --color=always get"),
        ColorWhen::Always
    );
    assert_eq!(asked("orloj get -- --color=always"), ColorWhen::Auto);
}

#[test]
fn an_error_prints_its_causes_once_and_its_hints_after_a_blank_line() {
    let cause = io::Error::other("the disk is full");
    let error = CliError::new("failed to write `a`")
        .because(&cause)
        .with_hint("make room")
        .with_hint("or choose another place");
    assert_eq!(
        error.render(Style { color: false }, 80),
        "error: failed to write `a`\n  caused by: the disk is full\n\nhint: make room\nhint: or choose another place\n"
    );
}

#[test]
fn an_empty_cell_is_a_dash_and_the_last_column_is_not_padded() {
    let rows = [
        vec!["a".to_owned(), String::new(), "x".to_owned()],
        vec!["bcd".to_owned(), "e".to_owned(), "long".to_owned()],
    ];
    assert_eq!(
        table(&["N", "M", "O"], &rows),
        "N    M  O\na    -  x\nbcd  e  long\n"
    );
}

#[test]
fn a_cell_cannot_break_its_line_or_obey_the_terminal() {
    let rows = [vec!["a\nb\u{1b}[2J".to_owned()]];
    assert_eq!(table(&["N"], &rows), "N\na b\u{fffd}[2J\n");
}

#[test]
fn a_long_field_goes_on_under_its_value() {
    let shown = fields(
        &[
            ("A", "x".to_owned()),
            ("Long", "one two three four".to_owned()),
        ],
        27,
    );
    assert_eq!(shown, "A:     x\nLong:  one two three four\n");
    let shown = fields(&[("Long", "one two three four five".to_owned())], 27);
    assert_eq!(shown, "Long:  one two three four\n       five\n");
}

#[test]
fn words_are_counted_wrapped_and_shortened() {
    assert_eq!(count(1, "file"), "1 file");
    assert_eq!(count(0, "file"), "0 files");
    assert_eq!(wrap("aa bb cc", 5, 2), "aa bb\ncc");
    assert_eq!(wrap("aaaaaaaa b", 3, 3), "aaaaaaaa\nb");
    assert_eq!(shorten("abcdef", 4), "abc…");
    assert_eq!(shorten("abcd", 4), "abcd");
}

#[test]
fn every_kind_has_as_many_cells_as_columns() {
    for kind in Kind::ALL {
        let row = columns::row(kind, &json!({"metadata": {"name": "x"}}));
        assert_eq!(row.len(), columns::header(kind).len(), "{kind}");
        assert_eq!(row[0], "x");
    }
}

#[test]
fn tables_of_kinds_that_are_not_served_show_what_upstream_shows() {
    let spec =
        json!({"task_ref": "t", "schedule": "0 9 * * 1", "time_zone": "UTC", "suspend": false});
    let schedule =
        json!({"metadata": {"name": "weekly"}, "spec": spec, "status": {"phase": "Pending"}});
    assert_eq!(
        columns::row(Kind::TaskSchedule, &schedule),
        [
            "weekly",
            "t",
            "0 9 * * 1",
            "UTC",
            "false",
            "Pending",
            "",
            "",
            "0",
            ""
        ]
    );
    let worker = json!({"metadata": {"name": "w"}, "spec": {"region": "eu", "capabilities": {"gpu": true}, "max_concurrent_tasks": 2}});
    assert_eq!(
        columns::row(Kind::Worker, &worker),
        ["w", "eu", "true", "2", "", ""]
    );
}
