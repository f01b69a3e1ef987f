//! What the daemon shows of itself.

use crate::support::{
    daemon::{Daemon, DaemonBuilder},
    git::TestRepo,
    manifests::{agent, alias, mock_endpoint, policy, system},
    sealing::AgeKey,
};
use serde_json::Value;

fn daemon() -> Daemon {
    let key = AgeKey::new();
    let repo = TestRepo::with(&[
        ("secret.yaml", &key.secret("provider-key", "sk-sealed")),
        ("endpoint.yaml", &mock_endpoint("small", "small-v1")),
        ("alias.yaml", &alias("fast", "small", "small-v1")),
        ("agent.yaml", &agent("writer-agent", "small")),
        ("policy.yaml", &policy("cost-policy", &["small-v1"])),
        ("system.yaml", &system("report", &["writer-agent"])),
    ]);
    DaemonBuilder::on(&repo).age_key_file(&key.file()).start()
}

#[test]
fn tables_have_the_columns_of_the_format_and_a_row_for_each_resource() {
    let daemon = daemon();
    for (kind, columns, name) in [
        ("agents", "NAME MODEL_REF STATUS TOOLS", "writer-agent"),
        (
            "model-endpoints",
            "NAME PROVIDER BASE_URL DEFAULT_MODEL STATUS",
            "small",
        ),
        ("secrets", "NAME KEYS STATUS", "provider-key"),
        (
            "agent-policies",
            "NAME MODE SYSTEM_TARGETS TASK_TARGETS TOKENS ALLOWED_MODELS BLOCKED_TOOLS STATUS",
            "cost-policy",
        ),
        ("agent-systems", "NAME STATUS AGENTS", "report"),
    ] {
        let table = daemon.cli().run(&["get", kind]).success();
        let header: Vec<_> = table
            .stdout
            .lines()
            .next()
            .unwrap()
            .split_whitespace()
            .collect();
        assert_eq!(header.join(" "), columns);
        let rows: Vec<_> = table.stdout.lines().skip(1).collect();
        assert_eq!(rows.len(), 1, "{}", table.stdout);
        assert!(rows[0].starts_with(name), "{}", table.stdout);
    }
    let aliases = daemon.cli().run(&["get", "model-aliases"]).success();
    aliases.says("NAME").says("fast").says("small");
}

#[test]
fn resources_are_printed_as_json_as_yaml_and_by_name() {
    let daemon = daemon();
    let json = daemon
        .cli()
        .run(&["get", "agent", "writer-agent", "-o", "json"])
        .success()
        .json();
    assert_eq!(json["kind"], "Agent");
    assert_eq!(json["metadata"]["name"], "writer-agent");
    assert_eq!(json["spec"]["model_ref"], "small");

    let yaml = daemon
        .cli()
        .run(&["get", "agent", "writer-agent", "-o", "yaml"])
        .success();
    let value: Value = serde_yaml::from_str(&yaml.stdout).unwrap();
    assert_eq!(value["spec"]["model_ref"], "small");

    let name = daemon.cli().run(&["get", "agents", "-o", "name"]).success();
    assert_eq!(name.stdout.trim(), "agent/writer-agent");
}

#[test]
fn resource_that_does_not_exist_is_an_error_that_names_it() {
    let output = daemon()
        .cli()
        .run(&["get", "agent", "writter-agent"])
        .code(1);
    output.complains("writter-agent");
}

#[test]
fn describe_tells_where_a_resource_was_written() {
    let output = daemon().cli().run(&["describe", "agent", "writer-agent"]);
    output.success().says("writer-agent").says("agent.yaml");
}

#[test]
fn graph_is_printed_as_text_and_as_dot() {
    let daemon = daemon();
    let text = daemon.cli().run(&["graph"]).success();
    for name in ["small", "fast", "writer-agent", "report"] {
        assert!(text.stdout.contains(name), "{name}: {}", text.stdout);
    }
    let dot = daemon.cli().run(&["graph", "-o", "dot"]).success();
    assert!(dot.stdout.starts_with("digraph"), "{}", dot.stdout);
    assert!(dot.stdout.contains("->"), "{}", dot.stdout);
}

#[test]
fn status_and_history_name_the_served_commit() {
    let repo = TestRepo::with(&[("endpoint.yaml", &mock_endpoint("small", "small-v1"))]);
    let daemon = DaemonBuilder::on(&repo).start();
    let first = daemon.revision();
    repo.replace("endpoint.yaml", "small-v1", "small-v2");
    let second = repo.commit_and_push("small: v2");
    daemon.sync();

    let status = daemon.cli().run(&["status", "-o", "json"]).success().json();
    assert_eq!(status["revision"], second.as_str());
    assert!(status["phase"].is_string(), "{status:#}");
    daemon.cli().run(&["status"]).success().says(&second[..7]);

    let history = daemon.cli().run(&["history"]).success();
    let newest = history
        .stdout
        .find(&second[..7])
        .expect("the second commit");
    let oldest = history.stdout.find(&first[..7]).expect("the first commit");
    assert!(newest < oldest, "newest first: {}", history.stdout);
}

#[test]
fn models_list_names_aliases_agents_and_endpoints() {
    let daemon = daemon();
    let list = daemon.get("/v1/models").status(200);
    assert_eq!(list.body["object"], "list");
    let ids: Vec<_> = list.body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["id"].as_str().unwrap())
        .collect();
    for id in ["fast", "agent/writer-agent", "small"] {
        assert!(ids.contains(&id), "{id} is missing in {ids:?}");
    }
    let one = daemon.get("/v1/models/agent/writer-agent").status(200);
    assert_eq!(one.body["id"], "agent/writer-agent");
    daemon
        .get("/v1/models/nothing")
        .error(404, "model_not_found");
}

#[test]
fn version_is_printed() {
    let output = crate::support::cli::Cli::new().run(&["version"]).success();
    output.says(env!("CARGO_PKG_VERSION"));
}

#[test]
fn schema_of_each_kind_is_json_schema() {
    for kind in [
        "Secret",
        "ModelEndpoint",
        "Agent",
        "AgentPolicy",
        "AgentSystem",
        "Task",
        "ModelAlias",
        "AgentgatewayBackend",
    ] {
        let schema = crate::support::cli::Cli::new()
            .run(&["schema", kind])
            .success()
            .json();
        assert_eq!(
            schema["$schema"], "https://json-schema.org/draft/2020-12/schema",
            "{kind}"
        );
    }
}

#[test]
fn wrong_usage_exits_64() {
    let cli = crate::support::cli::Cli::new();
    cli.run(&["no-such-command"]).code(64);
    cli.run(&["validate", "--no-such-flag"]).code(64);
}

#[test]
fn method_that_a_path_does_not_take_is_said_in_the_words_of_its_api() {
    let daemon = daemon();
    let chat = daemon.get("/v1/chat/completions");
    chat.error(405, "method_not_allowed");
    let control = daemon.get("/api/v1/sync");
    assert_eq!(control.status, 405);
    assert_eq!(
        control.body["code"], "method_not_allowed",
        "{}",
        control.text
    );
}
