//! The lists that the gateway is held to: each of their entries is a test of that name.
//!
//! `line_NN`: what gateways get wrong in translation. `al_NN`: aliases. A test may stand for several.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::{collections::BTreeSet, fs, path::Path};

/// Lines of the list of translations.
const LINES: u32 = 62;

/// Cases of the list of aliases.
const ALIASES: u32 = 28;

/// Entries that no test holds yet, and why. One that has got its test must leave this list.
const MISSING: [(&str, &str); 6] = [
    (
        "line_53",
        "tokens of a client that left are told, but nobody records them",
    ),
    ("line_62", "logs are searched for secrets, not for prompts"),
    (
        "al_12",
        "what an alias says is not compared with a pinned model",
    ),
    ("al_13", "an endpoint has one map of aliases"),
    ("al_20", "there are no keys of clients"),
    ("al_21", "there are no keys of clients"),
];

#[test]
fn every_entry_of_the_lists_has_a_test() {
    let found = names(Path::new(env!("CARGO_MANIFEST_DIR")));
    let entries = (1..=LINES).map(|n| format!("line_{n:02}"));
    let entries = entries.chain((1..=ALIASES).map(|n| format!("al_{n:02}")));
    let missing: Vec<String> = entries.filter(|entry| !found.contains(entry)).collect();
    let known: Vec<String> = MISSING.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(
        missing, known,
        "entries without a test, and those known to be"
    );
}

/// What is named in the tests of `src/` and `tests/`: `line_NN` and `al_NN` in names of functions.
fn names(root: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut folders = vec![root.join("src"), root.join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                collect(&fs::read_to_string(&path).unwrap(), &mut names);
            }
        }
    }
    names
}

fn collect(source: &str, names: &mut BTreeSet<String>) {
    let functions = source.lines().filter_map(|line| {
        let (before, name) = line.split_once("fn ")?;
        matches!(before.trim(), "" | "async").then_some(name)
    });
    for name in functions {
        let words: Vec<&str> = name.split(['_', '(']).collect();
        for pair in words.windows(2) {
            let is_number = pair[1].len() == 2 && pair[1].bytes().all(|b| b.is_ascii_digit());
            if is_number && matches!(pair[0], "line" | "al") {
                names.insert(pair.join("_"));
            }
        }
    }
}
