//! `validate -o junit` is what CI systems read: held against the schema of Jenkins by a validator of XML Schema.

use crate::support::{
    cli::{Cli, Output, finish, hermetic},
    fixture, package_root, program,
};
use std::fs;
use tempfile::TempDir;

const ENDPOINT: &str =
    "kind: ModelEndpoint\nmetadata: {name: end}\nspec: {provider: mock, default_model: m}\n";

/// Asserts that a report satisfies the schema and has so many cases.
#[track_caller]
fn satisfies(report: &Output, cases: usize) {
    let home = TempDir::new().unwrap();
    let path = home.path().join("report.xml");
    fs::write(&path, &report.stdout).unwrap();
    let python = program("ORLOJ_TEST_PYTHON", ".venv/bin/python");
    let mut command = hermetic(&python, home.path());
    command
        .arg(package_root().join("tests/sdk/junit.py"))
        .arg(fixture("junit/jenkins-junit.xsd"))
        .stdin(fs::File::open(&path).unwrap());
    let judged = finish(command, "junit.py").success();
    judged.says(&format!("valid: {cases} cases"));
}

#[track_caller]
fn validate(files: &[(&str, &str)]) -> Output {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let cli = Cli::new().in_directory(folder.path());
    cli.run(&["validate", "-o", "junit"])
}

#[test]
fn report_of_good_files_satisfies_the_schema() {
    let report = validate(&[("a.yaml", ENDPOINT)]).code(0);
    satisfies(&report, 1);
}

#[test]
fn report_of_errors_warnings_and_strange_texts_satisfies_the_schema() {
    let report = validate(&[
        ("good.yaml", ENDPOINT),
        ("ci.yaml", "name: ci\non: push\n"),
        (
            "policy.yaml",
            "kind: AgentPolicy\nmetadata: {name: p}\nspec: {apply_mode: scoped}\n",
        ),
        (
            "umlaut ä & <b> \"q\" ']]>'.yaml",
            "kind: \"<\\e[2J&]]>\\u202e\\uFFFE\\x01\"\n---\nkind: Agent\nmetadata: {name: a}\nspec: {model_ref: none, <a>: '&amp;'}\n",
        ),
        ("bytes.yaml", "kind: \u{0}\n"),
    ])
    .code(3);
    satisfies(&report, 5);
}

#[test]
fn report_of_nothing_satisfies_the_schema() {
    let report = validate(&[]).code(3);
    satisfies(&report, 1);
}
