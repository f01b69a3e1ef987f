//! Commands that only look at files.

use super::bench::{Bench, FAST, GOOD, SMALL};
use crate::cli::exit::Exit;

const MISSPELT: &str = "\
apiVersion: routing.orloj.dev/v1alpha1
kind: ModelAlias
metadata:
  name: fast
spec:
  targets:
    - endpiont: small
      endpoint: small
";

#[test]
fn validate_of_good_files_says_ok_on_stderr() {
    let ran = Bench::repository(&GOOD).run(&["validate"]);
    assert_eq!(ran.exit, Exit::Done);
    assert_eq!(ran.out, "");
    assert_eq!(ran.err, "ok: 2 resources in 2 files, no findings\n");
}

#[test]
fn validate_of_a_misspelt_field_ends_with_3_and_names_the_place() {
    let bench = Bench::new();
    bench.write("fast.yaml", MISSPELT);
    bench.write("small.yaml", SMALL);
    let ran = bench.run(&["validate", "-o", "json"]);
    assert_eq!(ran.exit, Exit::Invalid);
    let report = ran.json();
    assert_eq!(report["format_version"], "1.0");
    assert_eq!(report["findings"][0]["code"], "E-FIELD-UNKNOWN");
    assert_eq!(report["findings"][0]["line"], 7);
    assert_eq!(report["findings"][0]["column"], 7);
    assert_eq!(report["summary"]["errors"], 1);
    assert_eq!(ran.err, "");
}

#[test]
fn validate_takes_several_paths_as_one_set_and_counts_a_file_once() {
    let bench = Bench::repository(&[("a/fast.yaml", FAST), ("b/small.yaml", SMALL)]);
    let alone = bench.run(&["validate", "a"]);
    assert_eq!(alone.exit, Exit::Invalid, "the endpoint is missing");
    let both = bench.run(&["validate", "a", "-f", "b", "b/small.yaml"]);
    assert_eq!(both.exit, Exit::Done, "{}", both.out);
    assert_eq!(both.err, "ok: 2 resources in 2 files, no findings\n");
}

#[test]
fn validate_reads_standard_input() {
    let ran = Bench::new().run_with(&["validate", "-"], FAST, false);
    assert_eq!(ran.exit, Exit::Invalid);
    assert!(ran.out.contains(" --> -:7:17"), "{}", ran.out);
}

#[test]
fn validate_of_nothing_is_refused() {
    let ran = Bench::new().run(&["validate"]);
    assert_eq!(ran.exit, Exit::Invalid);
    assert!(ran.out.contains("E-LIMIT-EMPTY"), "{}", ran.out);
}

#[test]
fn validate_of_a_path_that_is_not_there_is_an_error_that_names_it() {
    let ran = Bench::new().run(&["validate", "nowhere"]);
    assert_eq!(ran.exit, Exit::Error);
    assert!(
        ran.err
            .starts_with("error: failed to read `nowhere`\n  caused by: "),
        "{}",
        ran.err
    );
}

#[test]
fn validate_accepts_clear_text_only_when_it_is_allowed() {
    let bench = Bench::new();
    bench.write(
        "s.yaml",
        "apiVersion: orloj.dev/v1\nkind: Secret\nmetadata:\n  name: s\nspec:\n  stringData:\n    value: sk-clear\n",
    );
    assert_eq!(bench.run(&["validate"]).exit, Exit::Invalid);
    let allowed = bench.run(&["validate", "--allow-plaintext-secrets"]);
    assert_eq!(allowed.exit, Exit::Done);
    assert_eq!(allowed.err, "1 warning in 1 file\n");
}

#[test]
fn graph_of_files_needs_no_daemon() {
    let bench = Bench::repository(&GOOD);
    let text = bench.run(&["graph", "."]);
    assert_eq!(
        text.out,
        "ModelAlias fast\n  targets.0.endpoint -> ModelEndpoint small\nModelEndpoint small\n"
    );
    let dot = bench.run(&["graph", ".", "-o", "dot"]);
    let edge = "\"ModelAlias fast\" -> \"ModelEndpoint small\" [label=\"targets.0.endpoint\"];";
    assert!(dot.out.starts_with("digraph orloj {"), "{}", dot.out);
    assert!(dot.out.contains(edge), "{}", dot.out);
}

#[test]
fn schema_prints_what_the_binary_checks_with() {
    let bench = Bench::new();
    let names = bench.run(&["schema"]);
    assert!(
        names.out.lines().any(|name| name == "AgentgatewayBackend"),
        "{}",
        names.out
    );
    for name in names.out.lines() {
        let schema = bench.run(&["schema", name]).json();
        let title = schema["title"].as_str().map(str::to_lowercase);
        assert_eq!(title, Some(name.to_lowercase()));
        assert_eq!(
            schema["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
    }
    let unknown = bench.run(&["schema", "Agnet"]);
    assert_eq!(unknown.exit, Exit::Usage);
    assert!(
        unknown.err.contains("hint: did you mean `Agent`?"),
        "{}",
        unknown.err
    );
}

#[test]
fn version_is_the_packages() {
    let ran = Bench::new().run(&["version", "-o", "json"]);
    assert_eq!(ran.json()["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn explain_with_a_key_names_what_it_may_not_call_and_never_prints_a_key() {
    let hash = "sha256:50d858e0985ecc7f60418aaf0cc5ab587f42c2570a884095a9e8ccacd0f6545c";
    let key = format!(
        "apiVersion: routing.orloj.dev/v1alpha1\nkind: ApiKey\nmetadata: {{name: ci}}\nspec: {{hash: '{hash}', allowed_models: [none]}}\n"
    );
    let bench = Bench::repository(&GOOD);
    bench.write("key.yaml", &key);
    let ran = bench.run(&["explain", "fast", "--key", "ci", "-f", "."]);
    assert_eq!(ran.exit, Exit::Invalid, "{}", ran.err);
    assert!(ran.out.contains("key.yaml:"), "{}", ran.out);
    assert!(ran.out.contains("does not allow"), "{}", ran.out);
    let ran = bench.run(&["explain", "fast", "--key", "nobody", "-f", "."]);
    assert_eq!(ran.exit, Exit::Error);
    let ran = bench.run(&["explain", "fast", "--key", "orloj_sk_abc", "-f", "."]);
    assert_eq!(ran.exit, Exit::Usage);
    assert!(!format!("{}{}", ran.out, ran.err).contains("orloj_sk_abc"));
}
