//! The lists that the gateway is held to: each of their entries is a test of that name.
//!
//! `line_NN`: what gateways get wrong in translation. `al_NN`: aliases. `b6_NN`: what becomes of a provider's errors, and of our
//! own. `fNN`: what happened to others. A test may stand for several.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::{collections::BTreeSet, fs, path::Path};

/// Lines of the list of translations.
const LINES: u32 = 62;

/// Cases of the list of aliases.
const ALIASES: u32 = 28;

/// Rows of the table of errors.
const ERRORS: u32 = 14;

/// Incidents of others.
const INCIDENTS: u32 = 20;

#[test]
fn every_entry_of_the_lists_has_a_test() {
    let found = names(Path::new(env!("CARGO_MANIFEST_DIR")));
    let entries = (1..=LINES).map(|n| format!("line_{n:02}"));
    let entries = entries.chain((1..=ALIASES).map(|n| format!("al_{n:02}")));
    let entries = entries.chain((1..=ERRORS).map(|n| format!("b6_{n:02}")));
    let entries = entries.chain((1..=INCIDENTS).map(|n| format!("f{n:02}")));
    let missing: Vec<String> = entries.filter(|entry| !found.contains(entry)).collect();
    assert_eq!(missing, Vec::<String>::new(), "entries without a test");
}

/// What is named in the tests of `src/` and `tests/`: `line_NN`, `al_NN`, `b6_NN` and `fNN` in names of functions.
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
            if is_number && matches!(pair[0], "line" | "al" | "b6") {
                names.insert(pair.join("_"));
            }
        }
        let incidents = words.iter().filter(|word| is_incident(word));
        names.extend(incidents.map(|word| (*word).to_owned()));
    }
}

/// `f07`, say; `f64` is a type.
fn is_incident(word: &str) -> bool {
    let number = word
        .strip_prefix('f')
        .and_then(|digits| digits.parse().ok());
    word.len() == 3 && number.is_some_and(|number| (1..=INCIDENTS).contains(&number))
}
