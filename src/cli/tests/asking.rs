//! Commands that look at a daemon.

use super::bench::{Bench, Ran, StandIn};
use crate::cli::exit::Exit;
use serde_json::{Value, json};

fn ask(answers: &[(&str, u16, Value)], arguments: &[&str]) -> Ran {
    let daemon = StandIn::new(answers);
    let mut words = arguments.to_vec();
    words.extend(["--server", &daemon.url]);
    Bench::new().run(&words)
}

fn endpoint(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "orloj.dev/v1", "kind": "ModelEndpoint",
        "metadata": { "name": name, "namespace": namespace },
        "spec": { "provider": "openai", "base_url": "https://api.openai.com/v1", "default_model": "gpt-4o-mini" },
        "status": { "phase": "Ready", "reason": "", "message": "", "managedBy": "git", "source": "e.yaml:2" },
    })
}

fn refusal() -> Value {
    json!([{
        "code": "E-FIELD-UNKNOWN", "severity": "error", "message": "`endpiont` is not a field",
        "file": "fast.yaml", "line": 9, "column": 7, "end_line": 9, "end_column": 15,
        "hint": "did you mean `endpoint`?", "resource": null,
    }])
}

#[test]
fn get_prints_orlojs_columns_two_spaces_apart() {
    let list = json!({ "items": [endpoint("default", "openai-default")] });
    let ran = ask(
        &[("GET /v1/model-endpoints?namespace=default", 200, list)],
        &["get", "model-endpoints"],
    );
    assert_eq!(
        ran.out,
        "\
NAME            PROVIDER  BASE_URL                   DEFAULT_MODEL  STATUS
openai-default  openai    https://api.openai.com/v1  gpt-4o-mini    Ready
"
    );
}

#[test]
fn get_of_every_namespace_has_a_column_for_it() {
    let list = json!({ "items": [endpoint("default", "a"), endpoint("team-a", "b")] });
    let ran = ask(
        &[("GET /v1/model-endpoints", 200, list)],
        &["get", "endpoints", "-A"],
    );
    let first: Vec<_> = ran
        .out
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(first, ["NAMESPACE", "default", "team-a"]);
}

#[test]
fn get_where_nothing_is_says_where_something_is() {
    let ran = ask(
        &[
            (
                "GET /v1/agents?namespace=default",
                200,
                json!({ "items": [] }),
            ),
            ("GET /v1/agents", 200, json!({ "items": [{}, {}] })),
        ],
        &["get", "agents"],
    );
    assert_eq!(ran.exit, Exit::Done);
    assert_eq!(ran.out, "");
    assert_eq!(
        ran.err,
        "no agents in namespace `default`\n\nhint: 2 resources are in other namespaces: `orloj get agents -A`\n"
    );
}

#[test]
fn get_counts_what_upstream_counts() {
    let agent = json!({
        "metadata": { "name": "w" }, "spec": { "model_ref": "m", "tools": ["a", "b"] },
        "status": { "phase": "Ready" },
    });
    let ran = ask(
        &[(
            "GET /v1/agents?namespace=default",
            200,
            json!({ "items": [agent] }),
        )],
        &["get", "agents"],
    );
    assert_eq!(
        ran.out,
        "NAME  MODEL_REF  STATUS  TOOLS\nw     m          Ready   2\n"
    );
    let secret = json!({
        "metadata": { "name": "s" }, "spec": { "data": { "value": "***" } }, "status": { "phase": "Ready" },
    });
    let ran = ask(
        &[(
            "GET /v1/secrets?namespace=default",
            200,
            json!({ "items": [secret] }),
        )],
        &["get", "secrets"],
    );
    assert_eq!(ran.out, "NAME  KEYS  STATUS\ns     1     Ready\n");
}

#[test]
fn get_shows_where_an_alias_leads() {
    let alias = json!({
        "metadata": { "name": "fast" }, "status": { "phase": "Ready" },
        "spec": {
            "targets": [{ "endpoint": "a", "model": "m", "weight": 3 }, { "alias": "b" }],
            "fallbacks": [{ "endpoint": "c" }],
        },
    });
    let ran = ask(
        &[(
            "GET /v1/model-aliases?namespace=default",
            200,
            json!({ "items": [alias] }),
        )],
        &["get", "aliases"],
    );
    assert_eq!(
        ran.out,
        "NAME  MATCH  TARGETS        FALLBACKS  STATUS\nfast  -      a/m=3,alias:b  c          Ready\n"
    );
}

#[test]
fn get_has_forms_for_programs() {
    let answers = || {
        let list = json!({ "items": [endpoint("default", "a")] });
        [("GET /v1/model-endpoints?namespace=default", 200, list)]
    };
    let json = ask(&answers(), &["get", "model-endpoints", "-o", "json"]).json();
    assert_eq!(json["items"][0]["metadata"]["name"], "a");
    let yaml = ask(&answers(), &["get", "model-endpoints", "-o", "yaml"]);
    assert!(
        yaml.out.starts_with("items:\n- apiVersion: orloj.dev/v1\n"),
        "{}",
        yaml.out
    );
    let names = ask(&answers(), &["get", "model-endpoints", "-o", "name"]);
    assert_eq!(names.out, "model-endpoint/a\n");
}

#[test]
fn one_resource_is_found_by_kind_and_name_in_either_form() {
    let answers = || {
        [(
            "GET /v1/model-endpoints/b?namespace=team-a",
            200,
            endpoint("team-a", "b"),
        )]
    };
    let spaced = ask(&answers(), &["get", "model-endpoint", "b", "-n", "team-a"]);
    let slashed = ask(&answers(), &["get", "model-endpoints/b", "-n", "team-a"]);
    assert_eq!(spaced.exit, Exit::Done, "{}", spaced.err);
    assert_eq!(spaced.out, slashed.out);
    let described = ask(&answers(), &["describe", "endpoint", "b", "-n", "team-a"]);
    assert!(
        described.out.contains("Source:      e.yaml:2\n"),
        "{}",
        described.out
    );
    assert!(
        described.out.contains("spec:\n  provider: openai\n"),
        "{}",
        described.out
    );
}

#[test]
fn an_unknown_kind_is_wrong_usage_with_a_suggestion() {
    let ran = ask(&[], &["get", "agnets"]);
    assert_eq!(ran.exit, Exit::Usage);
    assert_eq!(
        ran.err,
        "error: there is no kind `agnets`\n\nhint: did you mean `agents`?\n"
    );
}

#[test]
fn status_shows_what_is_live_and_why_the_newest_is_not() {
    let id = "9c1e7d2ab12f00aa9c1e7d2ab12f00aa9c1e7d2a";
    let status = json!({
        "phase": "Rejected", "revision": id, "since": "2026-11-22T10:00:00.123456Z",
        "commit": { "id": id, "author": "Ana", "summary": "first", "time": "2026-11-22T10:00:00Z" },
        "source": { "location": "/srv/routing.git", "ref": "main" }, "error": null,
        "checked": "2026-11-22T10:05:00Z", "resources": { "agents": 2, "agent-policies": 1, "tasks": 0 },
        "attempt": { "commit": "a2d7e1c9aa00a2d7e1c9aa00a2d7e1c9aa00a2d7", "summary": "second", "at": "2026-11-22T10:04:00Z" },
        "findings": refusal(), "summary": {}, "version": "0.1.0",
        "conditions": [{
            "resource": { "kind": "ModelEndpoint", "namespace": "default", "name": "openai" },
            "reason": "SecretNotFound", "message": "nothing provides the secret",
        }],
    });
    let answers = [("GET /api/v1/status", 200, status.clone())];
    let expected = "\
Phase:       Rejected
Revision:    9c1e7d2ab12f00aa9c1e7d2ab12f00aa9c1e7d2a
Commit:      9c1e7d2ab12f  \"first\" (Ana)
Source:      /srv/routing.git (main)
Live since:  2026-11-22T10:00:00Z
Last check:  2026-11-22T10:05:00Z
Resources:   2 agents, 1 agent-policy
Refused:     a2d7e1c9aa00  \"second\" at 2026-11-22T10:04:00Z
Version:     0.1.0

Not ready:
  ModelEndpoint default/openai: SecretNotFound
    nothing provides the secret

error[E-FIELD-UNKNOWN]: `endpiont` is not a field
--> fast.yaml:9:7
 = help: did you mean `endpoint`?

1 error in 1 file
";
    assert_eq!(ask(&answers, &["status"]).out, expected);
    assert_eq!(ask(&answers, &["status", "-o", "json"]).json(), status);
}

#[test]
fn sync_ends_as_the_commit_did() {
    let sync = |body: Value| ask(&[("POST /api/v1/sync", 200, body)], &["sync"]);
    let none = json!([]);
    let applied = sync(json!({ "outcome": "applied", "revision": "r1", "findings": none }));
    assert_eq!(
        (applied.exit, applied.out.as_str()),
        (Exit::Done, "applied: r1 is live\n")
    );
    let same = sync(json!({ "outcome": "unchanged", "revision": "r1", "findings": none }));
    assert_eq!(
        (same.exit, same.out.as_str()),
        (Exit::Done, "unchanged: r1 is live\n")
    );
    let bad = sync(json!({ "outcome": "rejected", "revision": "r1", "findings": refusal() }));
    assert_eq!(bad.exit, Exit::Invalid);
    assert!(bad.err.contains("error[E-FIELD-UNKNOWN]"), "{}", bad.err);
    assert!(
        bad.err
            .contains("the newest commit is refused; r1 stays live"),
        "{}",
        bad.err
    );
    let divided = sync(json!({
        "outcome": "applied", "revision": "r2", "findings": refusal(),
        "refused": [{ "name": "base", "commit": "0123456789abcdef", "summary": "base: x", "at": "" }],
    }));
    assert_eq!(
        (divided.exit, divided.out.as_str()),
        (Exit::Invalid, "applied: r2 is live\n")
    );
    let message = "source `base` is refused at 0123456";
    assert!(divided.err.contains(message), "{}", divided.err);
    let first = sync(json!({ "outcome": "rejected", "revision": "none", "findings": refusal() }));
    assert!(first.err.contains("nothing is live yet"), "{}", first.err);
    let retry = sync(json!({ "outcome": "retry", "revision": "r1", "error": "no route" }));
    assert_eq!(retry.exit, Exit::Error);
    assert!(retry.err.contains("no route"), "{}", retry.err);
}

#[test]
fn sync_tells_what_the_revision_changed() {
    let entry =
        json!({ "revision": "r2", "summary": "faster", "added": 1, "changed": 2, "removed": 0 });
    let ran = ask(
        &[
            (
                "POST /api/v1/sync",
                200,
                json!({ "outcome": "applied", "revision": "r2" }),
            ),
            (
                "GET /api/v1/revisions?limit=1",
                200,
                json!({ "items": [entry] }),
            ),
        ],
        &["sync"],
    );
    assert_eq!(
        ran.out,
        "applied: r2 is live  \"faster\"\n  1 added, 2 changed, 0 removed\n"
    );
}

#[test]
fn history_is_a_line_per_revision() {
    let entry = json!({
        "seq": 7, "revision": "9c1e7d2ab12f00aa9c1e7d2ab12f00aa9c1e7d2a", "outcome": "applied",
        "commit": "9c1e7d2ab12f00aa9c1e7d2ab12f00aa9c1e7d2a", "added": 1, "changed": 2, "removed": 3, "finished": "2026-11-22T10:00:00.5Z", "summary": "faster",
    });
    let ran = ask(
        &[(
            "GET /api/v1/revisions?limit=5",
            200,
            json!({ "items": [entry] }),
        )],
        &["history", "--limit", "5"],
    );
    assert_eq!(
        ran.out,
        "\
SEQ  REVISION      OUTCOME  CHANGES   FINISHED              SUMMARY
7    9c1e7d2ab12f  applied  +1 ~2 -3  2026-11-22T10:00:00Z  faster
"
    );
}

#[test]
fn history_counts_no_changes_of_a_refusal_and_names_what_came_by_hand() {
    let commit = "9c1e7d2ab12f00aa9c1e7d2ab12f00aa9c1e7d2a";
    let mixed = "11117d2ab12f00aa9c1e7d2ab12f00aa9c1e7d2a";
    let entry = |seq: u32, revision: &str, commit: Value, outcome: &str, summary: &str| {
        json!({
            "seq": seq, "revision": revision, "commit": commit, "outcome": outcome, "added": 1,
            "changed": 2, "removed": 3, "finished": "2026-11-22T10:00:00Z", "summary": summary,
        })
    };
    let items = [
        entry(
            3,
            mixed,
            json!(commit),
            "applied",
            "a summary that is rather long",
        ),
        entry(2, mixed, Value::Null, "applied", ""),
        entry(1, commit, json!(commit), "rejected", "a mistake"),
    ];
    let answers = [(
        "GET /api/v1/revisions?limit=20",
        200,
        json!({ "items": items }),
    )];
    assert_eq!(
        ask(&answers, &["history"]).out,
        "\
SEQ  REVISION      OUTCOME   CHANGES   FINISHED              SUMMARY
3    11117d2ab12f  applied   +1 ~2 -3  2026-11-22T10:00:00Z  a summary that … (+ by hand)
2    11117d2ab12f  applied   +1 ~2 -3  2026-11-22T10:00:00Z  (sent by hand)
1    9c1e7d2ab12f  rejected  -         2026-11-22T10:00:00Z  a mistake
"
    );
}

#[test]
fn graph_of_the_daemon_reads_like_that_of_files() {
    let node =
        |kind: &str, name: &str| json!({ "kind": kind, "namespace": "default", "name": name });
    let graph = json!({
        "nodes": [node("Agent", "w"), node("ModelEndpoint", "o")],
        "edges": [{ "from": node("Agent", "w"), "to": node("ModelEndpoint", "o"), "field": "/spec/model_ref" }],
    });
    let ran = ask(&[("GET /api/v1/graph", 200, graph)], &["graph"]);
    assert_eq!(
        ran.out,
        "Agent w\n  model_ref -> ModelEndpoint o\nModelEndpoint o\n"
    );
}

#[test]
fn a_server_that_is_no_daemon_is_named() {
    let ran = ask(&[("GET /api/v1/status", 200, Value::Null)], &["status"]);
    assert_eq!(ran.exit, Exit::Error, "{}", ran.out);
    assert!(
        ran.err.contains("does not answer like an orloj daemon"),
        "{}",
        ran.err
    );
}

#[test]
fn findings_of_a_commit_that_the_clone_has_are_shown_with_their_lines() {
    let bench = Bench::repository(&[(
        "fast.yaml",
        "kind: ModelAlias\nb\nc\nd\ne\nf\ng\nh\n    - endpiont: x\n",
    )]);
    let id = bench.commit("bad");
    let status = json!({
        "phase": "Rejected", "revision": "r1", "findings": refusal(),
        "attempt": { "commit": id, "summary": "bad", "at": "2026-11-22T10:04:00Z" },
    });
    let daemon = StandIn::new(&[
        ("GET /api/v1/status", 200, status),
        (
            "POST /api/v1/sync",
            200,
            json!({ "outcome": "rejected", "revision": "r1", "findings": refusal() }),
        ),
    ]);
    let line = "9 |     - endpiont: x\n";
    let shown = bench.run(&["status", "--server", &daemon.url]);
    assert!(shown.out.contains(line), "{}", shown.out);
    let synced = bench.run(&["sync", "--server", &daemon.url]);
    assert!(synced.err.contains(line), "{}", synced.err);
}
