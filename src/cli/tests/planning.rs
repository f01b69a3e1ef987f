//! `plan` and `diff`.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::bench::{Bench, FAST, GOOD, SMALL, StandIn};
use crate::cli::exit::Exit;
use serde_json::json;

fn changed() -> String {
    FAST.replace("model: small-v1", "model: small-v2")
}

fn bad() -> String {
    FAST.replace("endpoint: small", "endpoint: smal")
}

#[test]
fn diff_of_two_commits_shows_fields_and_routes() {
    let bench = Bench::repository(&GOOD);
    bench.write("fast.yaml", &changed());
    bench.commit("faster \"fast\"");
    let ran = bench.run(&["diff", "HEAD~1..HEAD"]);
    assert_eq!(ran.exit, Exit::Done, "{}", ran.err);
    assert!(ran.out.starts_with("Plan sha256:"), "{}", ran.out);
    let rest = ran.out.split_once('\n').unwrap().1;
    let rest: Vec<_> = rest.lines().collect();
    assert!(
        rest[0].starts_with("  base  ") && rest[0].ends_with("  \"first\" (Ana)"),
        "{}",
        rest[0]
    );
    assert!(
        rest[1].ends_with("  \"faster \"fast\"\" (Ana)"),
        "{}",
        rest[1]
    );
    let expected = "
  ~ ModelAlias     fast  fast.yaml:1

~ ModelAlias fast
    spec.targets.0.model  \"small-v1\" -> \"small-v2\"  line 8

Routes
  fast: small/small-v1 -> small/small-v2

Plan: 0 to add, 1 to change, 0 to destroy, 1 unchanged.";
    assert_eq!(rest[2..].join("\n"), expected);
}

#[test]
fn diff_alone_compares_the_last_commit_with_the_work_tree() {
    let bench = Bench::repository(&GOOD);
    let same = bench.run(&["diff", "--detailed-exitcode"]);
    assert_eq!(same.exit, Exit::Done);
    assert!(
        same.out.starts_with("No changes: the work tree equals "),
        "{}",
        same.out
    );
    bench.write("fast.yaml", &changed());
    let different = bench.run(&["diff", "--detailed-exitcode"]);
    assert_eq!(different.exit, Exit::Differences);
    assert_eq!(bench.run(&["diff"]).exit, Exit::Done);
    assert_eq!(
        bench.run(&["diff", "main"]).out,
        bench.run(&["diff", "HEAD"]).out
    );
}

#[test]
fn diff_shows_a_field_that_was_added_and_a_removal_on_one_line() {
    let bench = Bench::repository(&GOOD);
    bench.write(
        "small.yaml",
        &SMALL.replace(
            "  name: small\n",
            "  name: small\n  labels:\n    tier: low\n",
        ),
    );
    std::fs::remove_file(bench.path().join("fast.yaml")).unwrap();
    let out = bench.run(&["diff"]).out;
    assert!(
        out.contains("    metadata.labels.tier  (none) -> \"low\"  line"),
        "{out}"
    );
    assert_eq!(out.matches("- ModelAlias").count(), 1, "{out}");
}

#[test]
fn diff_to_a_commit_with_errors_shows_them_and_ends_with_3() {
    let bench = Bench::repository(&GOOD);
    bench.write("fast.yaml", &bad());
    bench.commit("break it");
    let ran = bench.run(&["diff", "HEAD~1..", "--detailed-exitcode"]);
    assert_eq!(ran.exit, Exit::Invalid);
    assert_eq!(ran.out, "");
    assert!(ran.err.contains("error[E-REF-MISSING]"), "{}", ran.err);
    assert!(
        ran.err.contains("7 |     - endpoint: smal\n"),
        "{}",
        ran.err
    );
    let closing = "Plan failed: 1 error in 1 file (1 object is fine).\n";
    assert!(ran.err.ends_with(closing), "{}", ran.err);
}

#[test]
fn diff_refuses_three_dots_and_unknown_revisions() {
    let bench = Bench::repository(&GOOD);
    assert_eq!(bench.run(&["diff", "a...b"]).exit, Exit::Usage);
    let unknown = bench.run(&["diff", "nowhere"]);
    assert_eq!(unknown.exit, Exit::Error);
    assert!(
        unknown.err.contains("`nowhere` names no commit"),
        "{}",
        unknown.err
    );
}

#[test]
fn diff_outside_a_repository_says_so() {
    let ran = Bench::new().run(&["diff"]);
    assert_eq!(ran.exit, Exit::Error);
    assert!(ran.err.contains("not in a Git repository"), "{}", ran.err);
}

#[test]
fn plan_from_nothing_creates_dependencies_first() {
    let bench = Bench::repository(&GOOD);
    let plan = bench.run(&["plan", "--base", "none", "-o", "json"]).json();
    assert_eq!(plan["status"], "changes");
    assert_eq!(plan["changes"][0]["id"]["kind"], "ModelEndpoint");
    assert_eq!(plan["changes"][1]["id"]["kind"], "ModelAlias");
    assert_eq!(plan["findings"], json!([]));
}

#[test]
fn plan_of_a_broken_head_is_a_document_too() {
    let bench = Bench::repository(&GOOD);
    bench.write("fast.yaml", &bad());
    let ran = bench.run(&["plan", "--base", "HEAD", "-o", "json"]);
    assert_eq!(ran.exit, Exit::Invalid);
    let document = ran.json();
    assert_eq!(document["format_version"], "1.0");
    assert_eq!(document["status"], "invalid");
    assert_eq!(document["findings"][0]["file"], "fast.yaml");
    assert_eq!(document["summary"]["errors"], 1);
    assert!(document.get("changes").is_none());
}

#[test]
fn plan_limited_to_a_path_does_not_see_the_rest() {
    let bench = Bench::repository(&[("a/small.yaml", SMALL), ("b/note.yaml", "not a manifest")]);
    let ran = bench.run(&["plan", "--base", "none", "--path", "a", "-o", "json"]);
    assert_eq!(ran.exit, Exit::Done, "{}", ran.err);
    assert_eq!(ran.json()["changes"][0]["source"]["file"], "a/small.yaml");
    assert_eq!(bench.run(&["plan", "--base", "none"]).exit, Exit::Invalid);
}

#[test]
fn plan_writes_the_document_beside_what_it_prints() {
    let bench = Bench::repository(&GOOD);
    let ran = bench.run(&["plan", "--base", "none", "--out", "plan.out"]);
    assert!(ran.out.contains("Plan: 2 to add"), "{}", ran.out);
    let saved: serde_json::Value = serde_json::from_str(&bench.read("plan.out")).unwrap();
    assert_eq!(saved["summary"]["add"], 2);
    assert!(ran.err.contains("saved: plan.out"), "{}", ran.err);
}

#[test]
fn plan_without_a_daemon_names_the_ways_out() {
    let bench = Bench::repository(&GOOD);
    // A port that was free a moment ago and that nobody listens on.
    let url = StandIn::new(&[]).url.clone();
    let ran = bench.run(&["plan", "--server", &url]);
    assert_eq!(ran.exit, Exit::Error);
    assert!(ran.err.contains("is the daemon running?"), "{}", ran.err);
    assert!(ran.err.contains("--base HEAD"), "{}", ran.err);
}

#[test]
fn plan_takes_the_live_commit_from_the_clone_if_it_is_there() {
    let bench = Bench::repository(&GOOD);
    let id = bench.commit("again");
    bench.write("fast.yaml", &changed());
    let daemon = StandIn::new(&[(
        "GET /api/v1/status",
        200,
        json!({ "revision": id, "commit": { "id": id } }),
    )]);
    let ran = bench.run(&["plan", "--server", &daemon.url]);
    assert_eq!(ran.exit, Exit::Done, "{}", ran.err);
    assert!(ran.out.contains("\"again\" (Ana), live now"), "{}", ran.out);
    assert!(ran.out.contains("1 to change"), "{}", ran.out);
    let asked: Vec<_> = daemon
        .received()
        .into_iter()
        .map(|each| each.line)
        .collect();
    assert_eq!(asked, ["GET /api/v1/status"]);
}

#[test]
fn plan_rebuilds_what_is_live_if_the_clone_does_not_have_it() {
    let bench = Bench::repository(&GOOD);
    let id = "9c1e7d2ab12f00aa9c1e7d2ab12f00aa9c1e7d2a";
    let resource = |kind: &str, name: &str, spec: serde_json::Value| {
        json!({
            "kind": kind, "namespace": "default", "name": name, "labels": {}, "annotations": {},
            "spec": spec, "source": { "file": "old.yaml", "line": 3 },
        })
    };
    let live = json!({ "revision": id, "commit": id, "resources": [
        resource("ModelEndpoint", "small", json!({ "provider": "mock", "default_model": "small-v1" })),
        resource("ModelEndpoint", "old", json!({ "provider": "mock", "default_model": "m" })),
        resource("Secret", "key", json!({ "values": { "value": { "unknown": true } } })),
    ]});
    let daemon = StandIn::new(&[
        (
            "GET /api/v1/status",
            200,
            json!({ "revision": id, "commit": { "id": id } }),
        ),
        ("GET /api/v1/live", 200, live),
    ]);
    let ran = bench.run(&["plan", "--server", &daemon.url, "-o", "json"]);
    assert_eq!(ran.exit, Exit::Done, "{}", ran.err);
    let plan = ran.json();
    assert_eq!(plan["base"]["revision"], id);
    let changes: Vec<_> = plan["changes"].as_array().unwrap().iter().collect();
    let named = |index: usize| (&changes[index]["actions"][0], &changes[index]["id"]["name"]);
    assert_eq!(changes.len(), 3, "the endpoint `small` is the same: {plan}");
    assert_eq!(named(0), (&json!("create"), &json!("fast")));
    assert_eq!(named(1).0, "delete");
    assert_eq!(named(2).0, "delete");
}

#[test]
fn diff_of_files_is_against_what_is_live() {
    let bench = Bench::repository(&GOOD);
    let daemon = StandIn::new(&[(
        "GET /api/v1/live",
        200,
        json!({ "revision": "none", "commit": null, "resources": [] }),
    )]);
    let ran = bench.run(&[
        "diff",
        "-f",
        ".",
        "--server",
        &daemon.url,
        "--detailed-exitcode",
    ]);
    assert_eq!(ran.exit, Exit::Differences, "{}", ran.err);
    assert!(ran.out.contains("  base  (nothing)\n"), "{}", ran.out);
    assert!(ran.out.contains("Plan: 2 to add"), "{}", ran.out);
}
