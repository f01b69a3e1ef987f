//! Holds the rooms of `src/` in their order.
//!
//! One package has no crate boundaries that would do this. The sources are read as tokens, so that
//! comments and texts do not count, and every path is held against the table in [`rules`]. What this
//! deliberately does not do is resolve names: a path that is built by a macro is not seen.
#![expect(clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "architecture/rules.rs"]
mod rules;
#[path = "architecture/tokens.rs"]
mod tokens;

use rules::{Breach, ROOMS, check};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

#[test]
fn every_source_file_keeps_the_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = rust_files(&root.join("src"));
    assert!(
        files.len() > ROOMS.len(),
        "only {} source files found",
        files.len()
    );
    let breaches: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let text = fs::read_to_string(file).expect("a source file can be read");
            let name = file.strip_prefix(root).expect("the file is below the root");
            check(&name.to_string_lossy(), &text)
        })
        .map(|breach| breach.to_string())
        .collect();
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

#[test]
fn the_table_lists_exactly_the_rooms_of_the_library() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let lib = fs::read_to_string(root.join("src/lib.rs")).expect("src/lib.rs can be read");
    let declared: BTreeSet<&str> = lib
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    let listed: BTreeSet<&str> = ROOMS.iter().map(|room| room.name).collect();
    assert_eq!(declared, listed);
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a source folder can be read") {
        let path = entry.expect("a folder entry can be read").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Checks a snippet as if it were `file` and returns what is wrong with it.
fn breaches(file: &str, text: &str) -> Vec<(usize, String)> {
    check(file, text)
        .into_iter()
        .map(|Breach { line, message, .. }| (line, message))
        .collect()
}

#[track_caller]
fn assert_breach(file: &str, text: &str, line: usize, part: &str) {
    let found = breaches(file, text);
    match found.as_slice() {
        [(at, message)] => {
            assert_eq!(*at, line, "{message}");
            assert!(message.contains(part), "`{message}` lacks `{part}`");
        }
        other => panic!("expected one breach, found {other:?}"),
    }
}

#[track_caller]
fn assert_clean(file: &str, text: &str) {
    assert_eq!(breaches(file, text), []);
}

#[test]
fn import_of_a_later_room_is_named_with_its_line() {
    assert_breach(
        "src/model/id.rs",
        "//! Doc.\n\nuse crate::gateway::Live;\n",
        3,
        "`model` uses the later room `gateway`",
    );
}

#[test]
fn import_of_an_earlier_room_or_of_the_own_room_is_fine() {
    assert_clean(
        "src/gateway/mod.rs",
        "use crate::{model::{Kind, id}, gateway::pin};\nuse super::gateway;\n",
    );
}

#[test]
fn inline_path_to_a_later_room_is_found() {
    assert_breach(
        "src/plan/mod.rs",
        "fn f() {\n    let x = crate::store::Store::open();\n}",
        2,
        "later room `store`",
    );
}

#[test]
fn later_room_in_a_braced_import_over_several_lines_is_found() {
    assert_breach(
        "src/graph/mod.rs",
        "use crate::{\n    model::Kind,\n    plan::{Plan, Change},\n};",
        3,
        "later room `plan`",
    );
}

#[test]
fn way_around_through_super_is_found() {
    assert_breach(
        "src/model/spec/agent.rs",
        "use super::super::super::http::Door;",
        1,
        "leaves its room through `super`",
    );
    assert_clean("src/model/spec/agent.rs", "use super::super::Kind;");
}

#[test]
fn compute_room_that_names_io_is_found() {
    for (text, part) in [
        ("use std::{fs, path::Path};", "`std::fs`"),
        ("fn f() { let x = std::env::var(\"X\"); }", "`std::env`"),
        ("use std::net::IpAddr;", "`std::net`"),
        ("use std::time::{Duration, Instant};", "`Instant`"),
        (
            "use std::time as t; fn f() { t::SystemTime::now(); }",
            "`SystemTime`",
        ),
        ("async fn f() { tokio::task::yield_now().await }", "`tokio`"),
        ("use reqwest::Client;", "`reqwest`"),
        ("use git2::Oid;", "`git2`"),
        ("use sqlx::Row as _;", "`sqlx`"),
        ("fn f() { tracing::info!(\"x\"); }", "`tracing`"),
        ("fn f() { jiff::Timestamp::now(); }", "`Timestamp::now`"),
    ] {
        assert_breach("src/routing/resolve.rs", text, 1, part);
    }
}

#[test]
fn io_rooms_may_name_io_and_tests_of_compute_rooms_may_read_fixtures() {
    assert_clean("src/source/mod.rs", "use std::{fs, time::Instant};");
    assert_clean("src/manifest/tests.rs", "use std::fs;");
    assert_clean("src/manifest/tests/limits.rs", "use std::fs;");
}

#[test]
fn only_secrets_may_draw_randomness_among_the_compute_rooms() {
    assert_clean("src/secrets/seal.rs", "use getrandom::fill;");
    assert_breach("src/plan/mod.rs", "use getrandom::fill;", 1, "`getrandom`");
}

#[test]
fn only_tests_may_measure_with_the_stopwatch() {
    let text = "use crate::stopwatch::Stopwatch;";
    assert_clean("src/plan/tests/texts.rs", text);
    assert_breach("src/store/mod.rs", text, 1, "not in a room");
}

#[test]
fn captures_of_a_returned_type_are_no_import() {
    let text = |room: &str| {
        format!(
            "fn f<'a, T>(x: &'a T) -> impl Fn() + use<'a, T> {{\n    crate::{room}::g(x);\n    move || {{}}\n}}"
        )
    };
    assert_clean("src/cli/mod.rs", &text("model"));
    assert_breach("src/plan/mod.rs", &text("store"), 2, "later room `store`");
}

#[test]
fn source_that_is_no_rust_is_read_to_its_end() {
    for text in [
        "use a::{b; c}",
        "use {;",
        "use <",
        "use",
        "use a::{{{;;",
        "use {}}",
    ] {
        breaches("src/cli/mod.rs", text);
    }
}

#[test]
fn glob_import_is_found_wherever_it_stands() {
    assert_breach("src/cli/mod.rs", "use crate::model::*;", 1, "glob import");
    assert_breach("src/cli/tests.rs", "\nuse super::*;", 2, "glob import");
    assert_breach(
        "src/cli/mod.rs",
        "fn f() {\n  use crate::model::Kind::{self, *};\n}",
        2,
        "glob import",
    );
}

#[test]
fn multiplication_is_no_glob_import() {
    assert_clean("src/cli/mod.rs", "const A: usize = crate::model::B * 2;");
}

#[test]
fn reexport_at_the_crate_root_is_found() {
    assert_breach(
        "src/lib.rs",
        "pub mod model;\npub use model::Kind;",
        2,
        "crate root",
    );
    assert_breach(
        "src/cli/mod.rs",
        "use crate::Kind;",
        1,
        "`crate::Kind` is not in a room",
    );
}

#[test]
fn binary_that_reaches_past_the_shell_is_found() {
    assert_clean("src/main.rs", "fn main() -> ExitCode { orloj::cli::run() }");
    assert_breach("src/main.rs", "use orloj::store::Store;", 1, "shell");
}

#[test]
fn file_of_more_than_400_lines_is_found_unless_it_holds_tests() {
    let long = "// line\n".repeat(401);
    assert_breach("src/plan/order.rs", &long, 401, "401 lines");
    assert_clean("src/plan/order.rs", &"// line\n".repeat(400));
    assert_clean("src/plan/tests.rs", &long);
    assert_clean("src/plan/tests/order.rs", &long);
}

#[test]
fn allow_attribute_is_found() {
    assert_breach(
        "src/plan/mod.rs",
        "\n#[allow(dead_code)]\nfn f() {}",
        2,
        "`expect`",
    );
    assert_breach("src/plan/mod.rs", "#![allow(unused)]", 1, "`expect`");
    assert_breach(
        "src/plan/mod.rs",
        "#[cfg_attr(test, allow(unused))] mod x;",
        1,
        "`expect`",
    );
    assert_clean("src/plan/mod.rs", "fn f(p: &Policy) { p.allow(1); }");
}

#[test]
fn unsafe_is_found_outside_the_git_transports() {
    assert_breach("src/store/mod.rs", "fn f() { unsafe { g() } }", 1, "unsafe");
    assert_clean("src/source/transport.rs", "fn f() { unsafe { g() } }");
}

#[test]
fn comments_texts_and_lifetimes_do_not_count() {
    assert_clean(
        "src/model/mod.rs",
        r##"
//! See `crate::gateway::Live` and [`std::fs`].
/* use tokio::spawn; /* nested: unsafe */ use sqlx::Row; */
const A: &str = "use crate::http::Door; \" unsafe";
const B: &str = r#"tokio::spawn(" #[allow(x)] ")"#;
const C: &[u8] = b"std::fs";
const D: char = '"';
const E: char = '\'';
fn f<'a>(x: &'a str) -> &'a str { x }
const F: &str = "std::env";
"##,
    );
}

#[test]
fn file_in_a_folder_that_is_no_room_is_found() {
    assert_breach("src/utils/mod.rs", "", 1, "`utils` is not a room");
}
