//! Findings as people see them.

use super::bench::Bench;
use crate::{
    cli::report::{Reported, Sources, Tally, to_github, to_text},
    stopwatch::Stopwatch,
};
use serde_json::json;

fn finding(message: &str) -> Reported {
    let list = Reported::of_json(&json!({ "findings": [{
        "code": "E-REF-MISSING", "severity": "error", "message": message, "file": "agents/a.yaml",
        "line": 9, "column": 14, "end_line": 9, "end_column": 21, "hint": "did you mean \"eu-mini\"?",
    }]}));
    list.into_iter().next().unwrap_or_else(|| unreachable!())
}

#[test]
fn a_finding_is_shown_with_its_line_and_the_span_marked() {
    let bench = Bench::new();
    bench.write(
        "agent.yaml",
        "apiVersion: orloj.dev/v1\nkind: Agent\nmetadata:\n  name: a\nspec:\n  model_ref: smal\n  prompt: hi\n",
    );
    bench.write("small.yaml", super::bench::SMALL);
    let ran = bench.run(&["validate"]);
    let expected = "\
error[E-REF-MISSING]: ModelEndpoint `smal` does not exist in namespace default
 --> agent.yaml:6:14
  |
6 |   model_ref: smal
  |              ^^^^
  |
  = help: did you mean `small` (small.yaml)?

";
    assert_eq!(ran.out, expected);
    assert_eq!(ran.err, "1 error in 1 file\n");
}

#[test]
fn a_long_message_is_wrapped_at_80_columns() {
    let text = to_text(
        &[finding(&"many words in a row ".repeat(12))],
        &Sources::default(),
        80,
        false,
    );
    assert!(text.lines().all(|line| line.len() <= 80), "{text}");
    assert!(text.contains("\n                      "), "{text}");
    assert!(text.contains("agents/a.yaml:9:14"), "{text}");
}

#[test]
fn without_colour_there_is_no_escape_and_with_it_there_is() {
    let plain = to_text(&[finding("m")], &Sources::default(), 80, false);
    let colored = to_text(&[finding("m")], &Sources::default(), 80, true);
    assert!(!plain.contains('\u{1b}'));
    assert!(colored.contains('\u{1b}'));
}

#[test]
fn control_characters_of_a_stranger_do_not_reach_the_terminal() {
    let text = to_text(
        &[finding("evil \u{1b}[2J\u{202e}text")],
        &Sources::default(),
        80,
        false,
    );
    assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
}

#[test]
fn a_secret_written_in_clear_text_is_not_repeated_however_it_is_written() {
    let forms = [
        "kind: Secret\nmetadata: {name: s}\nspec:\n  stringData:\n    value: sk-clear\n",
        "kind: Secret\nmetadata: {name: s}\nspec: {stringData: {value: sk-clear}}\n",
        "{\"kind\": \"Secret\", \"metadata\": {\"name\": \"s\"}, \"spec\": {\"stringData\": {\"value\": \"sk-clear\"}}}\n",
        "kind: Secret\nmetadata:\n  name: s\nspec:\n  stringDta:\n    value: sk-clear\n",
        "kind: Secret\nmetadata:\n  name: s\nspec:\n  data:\n    value: sk-clear\n",
        "kind: Secrt\nmetadata:\n  name: s\nspec:\n  stringData:\n    value: [sk-clear\n",
        "kind: Secret\nmetadata:\n  name: s\nspec:\n  stringData:\n    value: >\n      sk-clear\n     bad: x\n",
        "kind: Secret\nmetadata:\n  name: s\nspec:\n  stringData:\n    - sk-clear\n",
        "kind: Secrt\nmetadata: {name: s}\nspec:\n  string_data: {value: *sk-clear}\n",
        "kind: Secrt\nmetadata: {name: s}\nspec:\n  String_Data: {value: *sk-clear}\n",
        "kind: Secrt\nmetadata: {name: s}\nspec:\n  data: {value: *sk-clear}\n",
        "kind: Secrt\nmetadata: {name: s}\nspec:\n  values: {value: *sk-clear}\n",
        "{\"kind\": \"Secrt\", \"spec\": {\"values\": {\"value\": *sk-clear}}}\n",
        "metadata: {name: s}\nspec:\n  values: {value: *sk-clear}\n",
        "? kind\n: Secret\nmetadata: {name: s}\nspec: {value: *sk-clear}\n---\nkind: Agent\n",
        "kind: Agent\n---\nmetadata: {name: s}\nspec: {\n  data: {value: *sk-clear}}\n",
        "kind:\n  Secrt\nmetadata: {name: s}\nspec: {value: *sk-clear}\n",
    ];
    for form in forms {
        let bench = Bench::new();
        bench.write("secret.yaml", &format!("apiVersion: orloj.dev/v1\n{form}"));
        let ran = bench.run(&["validate"]);
        assert_eq!(ran.exit.code(), 3, "{form}{}{}", ran.out, ran.err);
        let said = format!("{}{}", ran.out, ran.err);
        assert!(!said.contains("sk-clear"), "{form}\n{said}");
    }
}

#[test]
fn an_annotation_for_github_escapes_what_would_end_it() {
    let mut one = finding("50% of\nlines");
    one.file = "a,b:c.yaml".to_owned();
    assert_eq!(
        to_github(&[one]),
        "::error file=a%2Cb%3Ac.yaml,line=9,col=14,endLine=9,endColumn=21,title=E-REF-MISSING::\
         50%25 of%0Alines%0Adid you mean \"eu-mini\"?\n"
    );
}

#[test]
fn a_tally_counts_in_words() {
    let mut warning = finding("m");
    warning.severity = crate::cli::report::Level::Warning;
    warning.file = "b.yaml".to_owned();
    let all = [finding("a"), finding("b"), warning];
    assert_eq!(Tally::of(&all).sentence(), "2 errors, 1 warning in 2 files");
    assert_eq!(Tally::of_errors(&all).sentence(), "2 errors in 1 file");
    assert_eq!(Tally::of(&[]).sentence(), "no findings");
}

#[test]
fn a_line_of_a_kind_that_holds_no_secret_is_shown_whatever_else_is_in_it() {
    for kind in [
        "Agent",
        "agent # the writer",
        "'Agent'",
        "AgentgatewayBackend",
    ] {
        let bench = Bench::new();
        bench.write(
            "a.yaml",
            &format!("kind: {kind}\nmetadata: {{name: a}}\nspec: {{model_ref: *shown}}\n"),
        );
        let ran = bench.run(&["validate"]);
        assert!(
            ran.out.contains("spec: {model_ref: *shown}"),
            "{kind}\n{}",
            ran.out
        );
    }
}

#[test]
fn a_thousand_findings_of_one_large_file_read_it_once() {
    let text = "kind: Agent\n".to_owned() + &"  unknown: 1\n".repeat(80_000);
    let path: std::sync::Arc<str> = "agents/a.yaml".into();
    let mut files = crate::reconcile::SourceFileMap::default();
    let parsed = std::sync::Arc::default();
    let content = text.as_bytes().into();
    let file = crate::reconcile::SourceFile {
        path: path.clone(),
        content,
        parsed,
    };
    files.insert_mut(path, file);
    let findings: Vec<_> = (0..1_000)
        .map(|number| Reported {
            line: 79_000 + number,
            end_line: 79_000 + number,
            column: 3,
            end_column: 10,
            ..finding("m")
        })
        .collect();
    let start = Stopwatch::start();
    let shown = to_text(&findings, &Sources::of(files), 80, false);
    let took = start.elapsed();
    assert_eq!(shown.matches(" |   unknown: 1\n").count(), 1_000);
    assert!(took.as_secs() < 10, "{took:?}");
}

#[test]
fn a_line_is_shown_without_the_credential_that_stands_in_it() {
    let endpoint = |field: &str| {
        format!(
            "apiVersion: orloj.dev/v1\nkind: ModelEndpoint\nmetadata:\n  name: e\nspec:\n  provider: openai-compatible\n  default_model: m\n{field}\n"
        )
    };
    for field in [
        "  base_url: http://user:hunter2pass@api.example.com/v1",
        "  base_url: https://user:hunter2/pass@api.example.com/v1",
        "  base_url: https://api.example.com/v1\n  api_key: hunter2pass",
        "  base_url: https://api.example.com/v1\n  apiKey: 'hunter2pass'",
        "  base_url: https://api.example.com/v1\n  auth: {password: hunter2pass}",
        "  base_url: https://api.example.com/v1\n  auth:\n    secretRef: sk-proj-AbC1hunter2GhI3jKl4MnO5",
    ] {
        let bench = Bench::new();
        bench.write("e.yaml", &endpoint(field));
        let ran = bench.run(&["validate"]);
        assert!(ran.out.contains("--> e.yaml:"), "{}", ran.out);
        let shown = format!("{}{}", ran.out, ran.err).to_lowercase();
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    let bench = Bench::new();
    let typed = "  base_url: https://api.example.com/v1\n  max_tokns: 12";
    bench.write("e.yaml", &endpoint(typed));
    let ran = bench.run(&["validate"]);
    assert!(ran.out.contains("|   max_tokns: 12"), "{}", ran.out);
}
