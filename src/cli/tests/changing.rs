//! Commands that change what a daemon has.

use super::bench::{Bench, SMALL, StandIn};
use crate::{cli::exit::Exit, model::ClientKey};
use serde_json::{Value, json};

fn applied(kind: &str, name: &str) -> Value {
    json!({
        "revision": "r1", "findings": [], "summary": {},
        "applied": [{ "kind": kind, "namespace": "default", "name": name, "action": "created" }],
    })
}

#[test]
fn apply_sends_files_as_they_are_with_the_token() {
    let bench = Bench::new();
    bench.write("small.yaml", SMALL);
    let daemon = StandIn::new(&[("POST /api/v1/apply", 200, applied("ModelEndpoint", "small"))]);
    let ran = bench.run(&[
        "apply",
        "-f",
        "small.yaml",
        "--server",
        &daemon.url,
        "--api-token",
        "tok",
    ]);
    assert_eq!(ran.exit, Exit::Done, "{}", ran.err);
    assert_eq!(ran.out, "applied model-endpoint/small\n");
    let received = daemon.received();
    assert_eq!(received[0].authorization.as_deref(), Some("Bearer tok"));
    assert_eq!(received[0].body["documents"][0]["content"], SMALL);
}

#[test]
fn apply_of_a_directory_counts_files() {
    let bench = Bench::new();
    bench.write("m/small.yaml", SMALL);
    let daemon = StandIn::new(&[("POST /api/v1/apply", 200, applied("ModelEndpoint", "small"))]);
    let ran = bench.run(&["apply", "-f", "m", "--server", &daemon.url]);
    assert_eq!(
        ran.out,
        "applied model-endpoint/small\n\n1 file(s) applied\n"
    );
}

#[test]
fn apply_reads_standard_input() {
    let daemon = StandIn::new(&[("POST /api/v1/apply", 200, applied("ModelEndpoint", "small"))]);
    let ran = Bench::new().run_with(&["apply", "-f", "-", "--server", &daemon.url], SMALL, false);
    assert_eq!(ran.exit, Exit::Done, "{}", ran.err);
    assert_eq!(daemon.received()[0].body["documents"][0]["name"], "-");
}

#[test]
fn a_refusal_prints_its_findings_and_ends_with_3() {
    let bench = Bench::new();
    bench.write("small.yaml", SMALL);
    let problem = json!({
        "type": "about:blank", "title": "Unprocessable", "status": 422, "code": "invalid",
        "detail": "the manifests are refused",
        "findings": [{ "code": "E-REF-MISSING", "severity": "error", "message": "no such thing",
            "file": bench.path().join("small.yaml"), "line": 3, "column": 1, "end_line": 3, "end_column": 2 }],
    });
    let daemon = StandIn::new(&[("POST /api/v1/apply", 422, problem)]);
    let ran = bench.run(&["apply", "-f", "small.yaml", "--server", &daemon.url]);
    assert_eq!(ran.exit, Exit::Invalid);
    assert!(
        ran.err.starts_with("error: the manifests are refused\n"),
        "{}",
        ran.err
    );
    assert!(
        ran.err.contains("error[E-REF-MISSING]: no such thing"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("small.yaml:3:1"), "{}", ran.err);
    assert!(ran.err.contains("3 | metadata:"), "{}", ran.err);
    assert!(ran.err.ends_with("\n1 error in 1 file\n"), "{}", ran.err);
}

#[test]
fn create_secret_sends_a_manifest_and_never_prints_the_value() {
    let daemon = StandIn::new(&[("POST /api/v1/apply", 200, applied("Secret", "openai"))]);
    let ran = Bench::new().run(&[
        "create",
        "secret",
        "openai",
        "--from-literal",
        "value=sk-a=b",
        "--server",
        &daemon.url,
    ]);
    assert_eq!(
        (ran.exit, ran.out.as_str()),
        (Exit::Done, "created secret/openai\n")
    );
    assert!(!ran.err.contains("sk-a"), "{}", ran.err);
    let content = daemon.received()[0].body["documents"][0]["content"].clone();
    let manifest: Value = content
        .as_str()
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    assert_eq!(manifest["kind"], "Secret");
    assert_eq!(manifest["spec"]["stringData"]["value"], "sk-a=b");
    assert_eq!(manifest["metadata"]["namespace"], "default");
}

#[test]
fn create_secret_takes_files_and_standard_input_and_says_updated_of_what_was_there() {
    let mut answer = applied("Secret", "openai");
    answer["applied"][0]["action"] = json!("configured");
    let daemon = StandIn::new(&[("POST /api/v1/apply", 200, answer)]);
    let bench = Bench::new();
    bench.write("key.txt", "sk-of-file");
    let words = ["create", "secret", "openai", "--server", &daemon.url];
    let of_file = bench.run(&[&words[..], &["--from-file", "a=key.txt"]].concat());
    assert_eq!(
        (of_file.exit, of_file.out.as_str()),
        (Exit::Done, "updated secret/openai\n"),
        "{}",
        of_file.err
    );
    let of_stdin = bench.run_with(&words, "sk-of-stdin", false);
    assert_eq!(of_stdin.out, "updated secret/openai\n", "{}", of_stdin.err);
    let sent: Vec<String> = daemon
        .received()
        .iter()
        .map(|one| one.body["documents"][0]["content"].to_string())
        .collect();
    assert!(sent[0].contains("sk-of-file"), "{}", sent[0]);
    assert!(sent[1].contains("sk-of-stdin"), "{}", sent[1]);
    let blank = bench.run_with(&words, "\n", false);
    assert_eq!(blank.exit, Exit::Error);
    assert!(
        blank.err.contains("the value of `value` is blank"),
        "{}",
        blank.err
    );
}

#[test]
fn create_secret_refuses_a_name_that_cannot_be_one() {
    let ran = Bench::new().run(&["create", "secret", "a b", "--from-literal", "value=sk-x"]);
    assert_eq!(ran.exit, Exit::Usage);
    assert!(!ran.err.contains("sk-x"), "{}", ran.err);
}

#[test]
fn delete_names_what_it_deleted_and_a_conflict_ends_with_3() {
    let managed = json!({ "title": "Conflict", "status": 409, "detail": "Agent default/y is managed by Git; change it there" });
    let daemon = StandIn::new(&[
        ("DELETE /v1/agents/x?namespace=prod", 204, Value::Null),
        ("DELETE /v1/agents/y?namespace=default", 409, managed),
    ]);
    let gone = Bench::new().run(&[
        "delete",
        "agent",
        "x",
        "-n",
        "prod",
        "--server",
        &daemon.url,
    ]);
    assert_eq!(
        (gone.exit, gone.out.as_str()),
        (Exit::Done, "deleted agents/x\n")
    );
    let refused = Bench::new().run(&["delete", "agents/y", "--server", &daemon.url]);
    assert_eq!(refused.exit, Exit::Invalid);
    assert_eq!(
        refused.err,
        "error: Agent default/y is managed by Git; change it there\n"
    );
}

#[test]
fn a_missing_token_is_hinted_at() {
    let daemon = StandIn::new(&[("POST /api/v1/sync", 401, json!({ "title": "Unauthorized" }))]);
    let ran = Bench::new().run(&["sync", "--server", &daemon.url]);
    assert_eq!(ran.exit, Exit::Error);
    assert!(ran.err.contains("--api-token"), "{}", ran.err);
}

#[test]
fn a_name_with_odd_characters_stays_one_segment_of_the_address() {
    let daemon = StandIn::new(&[]);
    let ran = Bench::new().run(&["delete", "agent", "a/../b?c", "--server", &daemon.url]);
    assert_eq!(ran.exit, Exit::Error);
    assert_eq!(
        daemon.received()[0].line,
        "DELETE /v1/agents/a%2F..%2Fb%3Fc?namespace=default"
    );
}

/// The key that was shown; nothing if none was.
fn shown_key(text: &str) -> &str {
    let mut words = text.split_whitespace();
    let key = words.find(|word| word.starts_with("orloj_sk_"));
    key.unwrap_or_default()
}

#[test]
fn create_api_key_prints_a_manifest_and_the_key_apart() {
    let bench = Bench::new();
    bench.write("small.yaml", SMALL);
    let ran = bench.run(&[
        "create",
        "api-key",
        "ci-bot",
        "-n",
        "team-a",
        "--allow",
        "small-v*",
        "--limit",
        "requests=60/minute",
        "--limit",
        "cost=25.50/month",
        "--expires",
        "2027-01-31",
    ]);
    assert_eq!(ran.exit, Exit::Done, "{}", ran.err);
    let key = shown_key(&ran.err);
    assert!(ClientKey::is_whole(key), "{key}");
    let expected = format!(
        "\
apiVersion: routing.orloj.dev/v1alpha1
kind: ApiKey
metadata:
  name: ci-bot
  namespace: team-a
spec:
  hash: {}
  allowed_models:
  - small-v*
  limits:
  - per: minute
    requests: 60
  - per: month
    cost_microdollars: 25500000
  expires_at: 2027-01-31T00:00:00Z
",
        ClientKey::written_hash_of(key)
    );
    assert_eq!(ran.out, expected);
    // What is printed is valid, and two keys are never the same.
    bench.write("keys/ci-bot.yaml", &ran.out);
    let valid = bench.run(&["validate"]);
    assert_eq!(valid.exit, Exit::Done, "{}{}", valid.out, valid.err);
    assert!(
        !bench
            .run(&["create", "api-key", "ci-bot"])
            .err
            .contains(key)
    );
}

#[test]
fn a_key_that_ends_before_it_begins_is_a_warning() {
    let create = |ends| Bench::new().run(&["create", "api-key", "ci", "--expires", ends]);
    let past = create("2020-01-01");
    assert_eq!(past.exit, Exit::Done, "{}", past.err);
    let warning = "warning: the key ended at 2020-01-01T00:00:00Z";
    assert!(past.err.contains(warning), "{}", past.err);
    let future = create("30d");
    assert!(!future.err.contains("warning"), "{}", future.err);
}

#[test]
fn a_key_in_clear_text_is_found_and_not_repeated() {
    let bench = Bench::new();
    let key = ClientKey::text_of([7; 32]);
    bench.write("small.yaml", &format!("# {key}\n{SMALL}"));
    let ran = bench.run(&["validate"]);
    let said = format!("{}{}", ran.out, ran.err);
    assert!(said.contains("W-SECRET-STRAY"), "{said}");
    assert!(!said.contains(&key), "{said}");
}

#[test]
fn create_api_key_sends_the_manifest_and_still_shows_the_key_once() {
    let daemon = StandIn::new(&[("POST /api/v1/apply", 200, applied("ApiKey", "ci-bot"))]);
    let arguments = [
        "create",
        "api-key",
        "ci-bot",
        "--apply",
        "--server",
        &daemon.url,
    ];
    let ran = Bench::new().run(&arguments);
    assert_eq!(ran.exit, Exit::Done, "{}", ran.err);
    assert_eq!(ran.out, "created api-key/ci-bot\n");
    let key = shown_key(&ran.err);
    assert!(ClientKey::is_whole(key), "{key}");
    let sent = daemon.received()[0].body.to_string();
    assert!(sent.contains(&ClientKey::written_hash_of(key)), "{sent}");
    assert!(!sent.contains(key), "{sent}");
}

#[test]
fn a_limit_or_an_end_that_cannot_be_read_is_wrong_usage() {
    for arguments in [
        ["create", "api-key", "ci", "--limit", "60"],
        ["create", "api-key", "ci", "--expires", "soon"],
        ["create", "api-key", "c/i", "--allow", "x"],
    ] {
        assert_eq!(
            Bench::new().run(&arguments).exit,
            Exit::Usage,
            "{arguments:?}"
        );
    }
}
