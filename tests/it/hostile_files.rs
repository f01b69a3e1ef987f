//! Files that are meant to hurt: the binary says what is wrong with them, in bounded time and memory.
//!
//! How each is judged stands in `src/manifest/tests/hostile.rs`; here the whole process is measured. The
//! bounds are those of an unoptimised binary on a busy machine.

use crate::support::{
    git::TestRepo,
    measured::{Measured, measure},
};
use std::{fmt::Write as _, fs, sync::LazyLock};
use tempfile::TempDir;

/// Most memory of a process that reads one small file (MiB): the code of an unoptimised binary is most of it.
const SMALL: u64 = if cfg!(debug_assertions) { 64 } else { 32 };

/// Memory of a process that reads one small file, with room for what the system counts (MiB).
static BASE: LazyLock<u64> = LazyLock::new(|| {
    let good = ("good.yaml".to_owned(), ENDPOINT.to_owned());
    validate(&[good]).peak().min(SMALL) + 4
});

/// The largest file that is read.
const MIB: usize = 1 << 20;

const ENDPOINT: &str =
    "kind: ModelEndpoint\nmetadata: {name: end}\nspec: {provider: mock, default_model: m}\n";

fn validate(files: &[(String, String)]) -> Measured {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    measure(folder.path(), &["validate", "-o", "json"])
}

/// Asserts that a file is refused with `code` at a place, with little more memory than its size.
#[track_caller]
fn refused(text: String, code: &str) {
    let measured = validate(&[("bad.yaml".into(), text)]);
    let output = measured.within(10, *BASE + 24).code(3);
    let findings = output.json()["findings"].clone();
    let found = findings.as_array().unwrap().iter();
    let found = found.filter(|one| one["code"] == code);
    let at: Vec<_> = found.map(|one| one["line"].as_u64()).collect();
    assert!(matches!(at.first(), Some(Some(1..))), "{code}: {findings}");
}

#[test]
fn one_small_file_needs_little_memory() {
    let good = ("good.yaml".to_owned(), ENDPOINT.to_owned());
    validate(&[good]).within(10, SMALL).success();
}

#[test]
fn bombs_of_aliases_are_refused_without_being_expanded() {
    let mut laughs = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..10 {
        let below = format!("*a{}, ", level - 1).repeat(9);
        let _ = writeln!(laughs, "a{level}: &a{level} [{below}]");
    }
    refused(laughs, "E-YAML-ALIAS");
    let anchor = "x".repeat(MIB - 1_000);
    refused(
        format!("a: &a {anchor}\nb: [{}]\n", "*a, ".repeat(90)),
        "E-YAML-ALIAS",
    );
}

#[test]
fn deep_and_wide_files_are_refused_within_their_limits() {
    refused("{a: ".repeat(100_000), "E-LIMIT-DEPTH");
    refused("[".repeat(MIB), "E-LIMIT-DEPTH");
    refused(format!("[{}]", "1,".repeat(500_000)), "E-LIMIT-NODES");
}

/// A tool's schema of its arguments is data: it is kept, and nothing in it is compiled or fetched.
#[test]
fn enums_of_a_mebibyte_are_kept_in_bounded_memory() {
    let (short, long) = ("a,".repeat(190_000), "x".repeat(MIB / 2 - 200));
    for (values, mib) in [(short, 192), (format!("{long},{long}"), 24)] {
        let tool = format!(
            "kind: Tool\nmetadata: {{name: t}}\nspec: {{input_schema: {{type: string, enum: [{values}]}}}}\n"
        );
        let file = ("tool.yaml".to_owned(), tool);
        validate(&[file]).within(10, *BASE + mib).success();
    }
}

#[test]
fn texts_of_fifty_thousand_lines_without_a_line_in_common_are_compared_in_time() {
    let agent = |word: &str| {
        let lines: String = (0..50_000).fold(String::new(), |mut lines, number| {
            let _ = writeln!(lines, "    {word} {number}");
            lines
        });
        format!(
            "{ENDPOINT}---\nkind: Agent\nmetadata: {{name: a}}\nspec:\n  model_ref: end\n  prompt: |\n{lines}"
        )
    };
    let repo = TestRepo::with(&[("a.yaml", &agent("before"))]);
    repo.write("a.yaml", &agent("after"));
    repo.commit("every line");
    for arguments in [
        &["diff", "HEAD~1..HEAD"][..],
        &["plan", "--base", "HEAD~1", "--head", "HEAD"],
        &[
            "plan", "--base", "HEAD~1", "--head", "HEAD", "-o", "markdown",
        ],
        &["plan", "--base", "HEAD~1", "--head", "HEAD", "-o", "json"],
    ] {
        let output = measure(&repo.work(), arguments).within(10, *BASE + 64);
        output.success().says("before 49999");
    }
}

/// Files of `documents`, each small enough to be read.
fn files(documents: &[String]) -> Vec<(String, String)> {
    let mut files = vec![String::new()];
    for document in documents {
        if files
            .last()
            .is_none_or(|file| file.len() + document.len() > MIB / 2)
        {
            files.push(String::new());
        }
        let file = files.last_mut().unwrap();
        file.push_str("---\n");
        file.push_str(document);
    }
    let named = files.into_iter().enumerate();
    named
        .map(|(at, text)| (format!("f{at}.yaml"), text))
        .collect()
}

fn alias(name: &str, targets: &str) -> String {
    format!("kind: ModelAlias\nmetadata: {{name: {name}}}\nspec: {{targets: [{targets}]}}\n")
}

fn chain(length: usize) -> Vec<String> {
    let link = |at: usize| alias(&format!("n{at}"), &format!("{{alias: n{}}}", at - 1));
    let mut documents = vec![ENDPOINT.to_owned(), alias("n0", "{endpoint: end}")];
    documents.extend((1..length).map(link));
    documents
}

fn every_one_to_every_other(count: usize) -> Vec<String> {
    let all: Vec<_> = (0..count).map(|at| format!("{{alias: b{at}}}")).collect();
    let all = all.join(", ");
    let mut documents = vec![ENDPOINT.to_owned()];
    documents.extend((0..count).map(|at| alias(&format!("b{at}"), "{endpoint: end}")));
    documents.extend((0..count).map(|at| alias(&format!("a{at}"), &all)));
    documents
}

fn agents(count: usize) -> Vec<String> {
    let agent = |at| format!("kind: Agent\nmetadata: {{name: a{at}}}\nspec: {{model_ref: end}}\n");
    let mut documents = vec![ENDPOINT.to_owned()];
    documents.extend((0..count).map(agent));
    documents
}

/// A circle of three beside everything else, found and printed as a path.
#[track_caller]
fn finds_a_circle(mut documents: Vec<String>, seconds: u64, mib: u64) {
    for (name, next) in [("p", "q"), ("q", "r"), ("r", "p")] {
        documents.push(alias(name, &format!("{{alias: {next}}}")));
    }
    let output = validate(&files(&documents)).within(seconds, mib).code(3);
    output.says("E-GRAPH-CYCLE").says("p -> q -> r -> p");
}

#[test]
fn large_graphs_are_linked_by_the_whole_command() {
    finds_a_circle(chain(5_000), 20, 128);
    finds_a_circle(every_one_to_every_other(100), 20, 128);
    finds_a_circle(agents(5_000), 20, 128);
}

#[test]
#[cfg_attr(
    debug_assertions,
    ignore = "minutes in an unoptimised build; `./test --fuzz` runs it in an optimised one"
)]
fn largest_graphs_are_linked_by_the_whole_command() {
    finds_a_circle(chain(100_000), 55, 1024);
    finds_a_circle(agents(100_000), 55, 1024);
    finds_a_circle(every_one_to_every_other(1_000), 55, 1536);
}
