//! Every code is explained, and every example is one.
#![expect(clippy::panic, reason = "tests")]

use super::bench::Bench;
use crate::{
    cli::exit::Exit,
    manifest::{ClearTextPolicy, FileEdit, Layer, parse_file},
    model::{
        code,
        explanation::{Example, Explanation},
    },
    reconcile::{Desired, ReviewOptions, Snapshot, check},
};
use std::{collections::BTreeSet, sync::Arc};

/// Codes that no text of a manifest shows: they are of trees, of limits and of a daemon's state.
const SITUATIONS: [&str; 30] = [
    "E-LIMIT-DEPTH",
    "E-LIMIT-EMPTY",
    "E-LIMIT-FILE-NAME",
    "E-LIMIT-FILE-SIZE",
    "E-LIMIT-FILES",
    "E-LIMIT-FINDINGS",
    "E-LIMIT-IGNORE",
    "E-LIMIT-NODES",
    "E-LIMIT-OBJECTS",
    "E-LIMIT-SUBMODULE",
    "E-LIMIT-SYMLINK",
    "E-LIMIT-TOTAL-SIZE",
    "E-LIMIT-TREE-DEPTH",
    "E-LIMIT-VALUES",
    "E-POLICY-PROTECTED",
    "E-POLICY-SIGNATURE",
    "E-POLICY-UNSIGNED",
    "E-REF-MANAGED",
    "E-REF-MOVED-TO",
    "E-SCHEMA-DECODE",
    "E-SECRET-BINDING",
    "E-SECRET-OPEN",
    "W-SECRET-KEY-FILE",
    "W-SECRET-ONE-RECIPIENT",
    "W-SECRET-UNBOUND",
    "W-SECRET-EGRESS",
    "W-SECRET-TWICE",
    "W-SECRET-FILE",
    "W-SECRET-MOUNTED",
    "W-SECRET-OPAQUE",
];

/// The codes of a review of `files`.
fn found(files: &[(&str, &str)], clear_text: ClearTextPolicy) -> BTreeSet<&'static str> {
    let edits = files.iter().map(|(name, text)| {
        let path = (*name).into();
        let parsed = Some(Arc::new(parse_file(&path, text.as_bytes())));
        let layer = Layer::Source;
        FileEdit {
            layer,
            path,
            parsed,
        }
    });
    let desired = Desired {
        revision: "example",
        edits: edits.collect(),
        is_empty: files.is_empty(),
        source_findings: &[],
    };
    let options = ReviewOptions {
        clear_text,
        refuse_empty: true,
    };
    let mut snapshot = Snapshot::new(options.assemble());
    let (_, findings) = check(&mut snapshot, desired, options);
    findings
        .iter()
        .map(|finding| finding.code.as_str())
        .collect()
}

#[test]
fn every_code_has_a_meaning_an_example_and_a_fix() {
    let mut situations = BTreeSet::new();
    for (code, meaning) in code::ALL {
        let Some(Explanation { example, fix }) = code.explanation() else {
            panic!("{code} has no entry in src/model/explanation");
        };
        assert!(meaning.trim().ends_with('.'), "{code}: {meaning}");
        assert!(fix.len() > 10 && fix.ends_with('.'), "{code}: {fix}");
        match example {
            Example::Files(files) => assert!(!files.is_empty(), "{code}"),
            Example::Situation(text) => {
                assert!(text.len() > 20, "{code}: {text}");
                situations.insert(code.as_str());
            }
        }
    }
    assert_eq!(situations, BTreeSet::from(SITUATIONS));
}

#[test]
fn every_example_yields_its_code_and_no_other_error() {
    let mut wrong = Vec::new();
    for (code, _) in code::ALL {
        let Some(Explanation {
            example: Example::Files(files),
            ..
        }) = code.explanation()
        else {
            continue;
        };
        let clear = [
            code::SECRET_PLAINTEXT_ALLOWED,
            code::REF_SECRET_KEY,
            code::SECRET_EGRESS,
        ];
        let policy = if clear.contains(code) {
            ClearTextPolicy::Warn
        } else {
            ClearTextPolicy::Refuse
        };
        let mut codes = found(files, policy);
        let yields = codes.remove(code.as_str());
        // What an example leaves out (an endpoint, a value) is not what it is about.
        codes.retain(|other| other.starts_with("E-") && *other != "E-REF-MISSING");
        if *code == code::YAML_MERGE {
            // To a reader without merge keys `<<` is a field that no kind has.
            codes.remove("E-FIELD-UNKNOWN");
        }
        if !yields || !codes.is_empty() {
            wrong.push(format!("{code}: yields it: {yields}; also {codes:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn explain_code_prints_meaning_example_and_fix() {
    let ran = Bench::new().run(&["explain-code", "e-ref-missing"]);
    assert_eq!(ran.exit, Exit::Done);
    assert!(
        ran.out
            .starts_with("E-REF-MISSING: A reference names a resource that does not exist.\n"),
        "{}",
        ran.out
    );
    for part in [
        "\nExample, writer.yaml:\n\n    kind: Agent\n",
        "\nFix: Correct the name",
    ] {
        assert!(ran.out.contains(part), "{}", ran.out);
    }
}

#[test]
fn explain_code_of_a_situation_and_the_list_fit_80_columns() {
    for words in [&["explain-code", "E-LIMIT-FILES"][..], &["explain-code"]] {
        let ran = Bench::new().run(words);
        assert_eq!(ran.exit, Exit::Done);
        assert!(ran.out.lines().all(|line| line.len() <= 80), "{}", ran.out);
    }
    let list = Bench::new().run(&["explain-code"]).out;
    for (code, _) in code::ALL {
        assert!(list.contains(code.as_str()), "{code} is not listed");
    }
}

#[test]
fn explain_code_of_an_unknown_code_suggests_the_nearest() {
    let ran = Bench::new().run(&["explain-code", "E-REF-MISING"]);
    assert_eq!(ran.exit, Exit::Usage);
    assert!(
        ran.err.contains("did you mean `E-REF-MISSING`?"),
        "{}",
        ran.err
    );
    let ran = Bench::new().run(&["explain-code", "banana"]);
    assert!(
        ran.err.contains("`orloj explain-code` lists the codes"),
        "{}",
        ran.err
    );
}
