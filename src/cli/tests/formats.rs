//! Findings as programs read them, held against the formats' schemas.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::bench::{Bench, FAST, GOOD, SMALL};
use crate::cli::{
    exit::Exit,
    report::{Reported, to_junit, to_sarif},
};
use serde_json::{Value, json};
use std::{fs, path::Path};

/// Errors and warnings in several files, one of them not a file of its own.
fn faulty() -> Bench {
    let bench = Bench::repository(&[
        (
            "fast.yaml",
            &FAST.replace("small-v1", "small-v1\n      wieght: 1"),
        ),
        ("good.yaml", SMALL),
        ("k8s/ci.yaml", "name: ci\non: push\n"),
        (
            "umlaut ä.yaml",
            "kind: Agent\nmetadata: {name: w}\nspec: {model_ref: none}\n",
        ),
        (
            "policy.yaml",
            "kind: AgentPolicy\nmetadata: {name: p}\nspec: {apply_mode: scoped}\n",
        ),
    ]);
    std::os::unix::fs::symlink("/etc/passwd", bench.path().join("link.yaml")).unwrap();
    bench
}

fn schema(path: &str) -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let schema: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

#[track_caller]
fn assert_valid(validator: &jsonschema::Validator, value: &Value) {
    let errors: Vec<String> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn sarif_of_any_outcome_satisfies_the_official_schema() {
    let official = schema("tests/fixtures/sarif/sarif-schema-2.1.0.json");
    assert!(
        !official.is_valid(&json!({ "version": "2.1.0" })),
        "the schema checks"
    );
    for (bench, results) in [
        (faulty(), 5),
        (Bench::repository(&GOOD), 0),
        (Bench::new(), 1),
    ] {
        let ran = bench.run(&["validate", "-o", "sarif"]);
        let sarif = ran.json();
        assert_valid(&official, &sarif);
        let found = sarif["runs"][0]["results"].as_array().unwrap();
        assert!(found.len() >= results, "{}", ran.out);
        assert_eq!(found.is_empty(), results == 0);
        assert_eq!(ran.err, "", "nothing beside the data");
    }
}

#[test]
fn sarif_names_rule_place_and_help() {
    let ran = faulty().run(&["validate", "-o", "sarif"]);
    assert_eq!(ran.exit, Exit::Invalid);
    let sarif = ran.json();
    let run = &sarif["runs"][0];
    let results = run["results"].as_array().unwrap();
    let of = |code: &str| results.iter().find(|one| one["ruleId"] == code).unwrap();
    let unknown = of("E-FIELD-UNKNOWN");
    let index = usize::try_from(unknown["ruleIndex"].as_u64().unwrap()).unwrap();
    let rule = &run["tool"]["driver"]["rules"][index];
    assert_eq!(rule["id"], "E-FIELD-UNKNOWN");
    assert_eq!(rule["name"], "FieldUnknown");
    assert!(rule["help"]["text"].as_str().unwrap().contains("Fix: "));
    let place = &unknown["locations"][0]["physicalLocation"];
    assert_eq!(place["region"]["startLine"], 9);
    assert_eq!(place["region"]["startColumn"], 7);
    assert_eq!(place["region"]["endColumn"], 13);
    assert_eq!(of("W-POLICY-INERT")["level"], "warning");
    let missing = &of("E-REF-MISSING")["locations"][0]["physicalLocation"];
    let uri = missing["artifactLocation"]["uri"].as_str().unwrap();
    assert!(uri.ends_with("umlaut%20%C3%A4.yaml"), "{uri}");
    let link = &of("E-LIMIT-SYMLINK")["locations"][0]["physicalLocation"];
    assert!(link.get("region").is_none(), "the file as a whole");
}

fn reported(file: &str, line: usize, message: &str) -> Reported {
    let finding = json!({
        "code": "E-REF-MISSING", "severity": "error", "message": message, "file": file,
        "line": line, "column": 3, "end_line": line, "end_column": 4, "hint": null,
    });
    Reported::of_json(&json!({ "findings": [finding] })).remove(0)
}

#[test]
fn sarif_fingerprint_survives_lines_above_and_tells_findings_apart() {
    let prints = |findings: &[Reported]| -> Vec<String> {
        let sarif = to_sarif(findings);
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        let print = |one: &Value| one["partialFingerprints"]["orlojFinding/v1"].to_string();
        results.iter().map(print).collect()
    };
    let first = prints(&[
        reported("a", 1, "m"),
        reported("a", 9, "m"),
        reported("b", 1, "m"),
    ]);
    let moved = prints(&[
        reported("a", 3, "m"),
        reported("a", 11, "m"),
        reported("b", 1, "m"),
    ]);
    assert_eq!(first, moved);
    let other = prints(&[reported("a", 1, "n")]);
    let mut all = [first, other].concat();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 4, "{all:?}");
}

#[test]
fn junit_has_a_case_for_each_file_and_fails_those_with_errors() {
    let ran = faulty().run(&["validate", "-o", "junit"]);
    assert_eq!(ran.exit, Exit::Invalid);
    let out = &ran.out;
    assert!(out.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "));
    assert_eq!(out.matches("<testcase ").count(), 6, "{out}");
    assert!(out.contains("tests=\"6\" failures=\"4\""), "{out}");
    assert_eq!(out.matches("<failure ").count(), 4, "{out}");
    assert!(out.contains("name=\"good.yaml\"/>"), "{out}");
    assert!(out.contains("<failure type=\"E-FIELD-UNKNOWN\""), "{out}");
    assert!(
        out.contains("<system-out>policy.yaml:3:"),
        "a warning fails nothing: {out}"
    );
}

#[test]
fn junit_escapes_what_would_end_an_element_and_what_xml_cannot_hold() {
    let out = to_junit(
        ["<&\">.yaml"],
        &[
            reported("<&\">.yaml", 1, "]]> \u{1b}[2J <b>"),
            reported("<&\">.yaml", 2, "two"),
        ],
    );
    assert!(out.contains("name=\"&lt;&amp;&quot;&gt;.yaml\""), "{out}");
    assert!(out.contains("message=\"2 errors in 1 file\""), "{out}");
    assert!(out.contains("]]&gt; \u{fffd}[2J &lt;b&gt;"), "{out}");
    assert!(!out.contains('\u{1b}'));
}

#[test]
fn json_of_any_outcome_satisfies_the_published_schema_which_names_every_field() {
    let ran = Bench::new().run(&["schema", "findings"]);
    assert_eq!(ran.exit, Exit::Done);
    let published = ran.json();
    assert!(jsonschema::meta::is_valid(&published));
    let list = Bench::new().run(&["schema"]).out;
    assert!(list.ends_with("\nmanifest\nfindings\n"), "{list}");
    let any = Bench::new().run(&["schema", "manifest"]);
    assert_eq!(
        (any.exit, &any.json()["title"]),
        (Exit::Done, &json!("Manifest"))
    );
    // A reader ignores what it does not know; we do not print what the schema does not know.
    let mut closed = published;
    closed["additionalProperties"] = json!(false);
    for part in ["finding", "resource", "summary"] {
        closed["$defs"][part]["additionalProperties"] = json!(false);
    }
    let closed = jsonschema::validator_for(&closed).unwrap();
    for bench in [faulty(), Bench::repository(&GOOD), Bench::new()] {
        assert_valid(&closed, &bench.run(&["validate", "-o", "json"]).json());
    }
}
