//! The kinds that are validated and not served: defaults, spellings and what is newer.

use super::{lines, one, one_however_negative, parse};
use crate::manifest::to_yaml;
use serde_json::{Value, json};

#[track_caller]
fn normalised(kind: &str, spec: &str) -> Value {
    let text = format!("kind: {kind}\nmetadata: {{name: x}}\nspec: {spec}\n");
    let resource = one_however_negative(&text);
    // What was normalised once is not changed by a second time.
    assert_eq!(one(&to_yaml(&resource)).value(), resource.value());
    resource.value()
}

#[test]
fn tool_has_upstreams_defaults_by_its_risk() {
    let runtime = |isolation: &str| {
        json!({
            "timeout": "30s",
            "isolation_mode": isolation,
            "retry": {"max_attempts": 1, "backoff": "0s", "max_backoff": "30s", "jitter": "none"},
        })
    };
    assert_eq!(
        normalised(
            "Tool",
            "{auth: {secretRef: ' s '}, capabilities: [a, A, ' b ']}"
        ),
        json!({
            "type": "http",
            "capabilities": ["a", "b"],
            "operation_classes": ["read"],
            "risk_level": "low",
            "runtime": runtime("none"),
            "auth": {"profile": "bearer", "secretRef": "s"},
        })
    );
    let risky = normalised("Tool", "{risk_level: Critical}");
    assert_eq!(risky["operation_classes"], json!(["write"]));
    assert_eq!(risky["runtime"], runtime("sandboxed"));
    let own = normalised(
        "Tool",
        "{risk_level: high, operation_classes: [read, READ, admin], runtime: {isolation_mode: wasm}}",
    );
    assert_eq!(own["operation_classes"], json!(["read", "admin"]));
    assert_eq!(own["runtime"]["isolation_mode"], "wasm");
}

#[test]
fn permission_is_for_the_tool_of_its_own_name() {
    assert_eq!(
        normalised("ToolPermission", "{action: INVOKE, operation_rules: [{}]}"),
        json!({
            "tool_ref": "x",
            "action": "invoke",
            "required_permissions": [],
            "match_mode": "all",
            "apply_mode": "global",
            "operation_rules": [{"operation_class": "*", "verdict": "allow"}],
        })
    );
}

#[test]
fn schedule_has_upstreams_defaults() {
    assert_eq!(
        normalised(
            "TaskSchedule",
            "{task_ref: t, schedule: ' 0 9 * * 1 ', failed_history_limit: 0}"
        ),
        json!({
            "task_ref": "t",
            "schedule": "0 9 * * 1",
            "time_zone": "UTC",
            "suspend": false,
            "starting_deadline_seconds": 300,
            "concurrency_policy": "forbid",
            "successful_history_limit": 10,
            "failed_history_limit": 3,
        })
    );
}

#[test]
fn webhook_has_the_defaults_of_its_profile() {
    assert_eq!(
        normalised("TaskWebhook", "{task_ref: t, auth: {secret_ref: s}}"),
        json!({
            "task_ref": "t",
            "suspend": false,
            "auth": {
                "profile": "generic",
                "secret_ref": "s",
                "signature_header": "X-Signature",
                "signature_prefix": "sha256=",
                "timestamp_header": "X-Timestamp",
                "max_skew_seconds": 300,
            },
            "idempotency": {"event_id_header": "X-Event-Id", "dedupe_window_seconds": 86_400},
            "payload": {"mode": "raw", "input_key": "webhook_payload"},
        })
    );
    let github = normalised(
        "TaskWebhook",
        "{task_ref: t, auth: {profile: GitHub, secret_ref: s}}",
    );
    assert_eq!(github["auth"]["signature_header"], "X-Hub-Signature-256");
    assert_eq!(
        github["idempotency"],
        json!({"event_id_header": "X-GitHub-Delivery", "dedupe_window_seconds": 259_200})
    );
}

#[test]
fn the_other_kinds_have_upstreams_defaults() {
    assert_eq!(
        normalised("Memory", "{type: ' vector ', provider: ''}"),
        json!({"type": "vector"})
    );
    assert_eq!(
        normalised(
            "AgentRole",
            "{permissions: ['tool:a:invoke', ' TOOL:a:invoke', '']}"
        ),
        json!({"permissions": ["tool:a:invoke"]})
    );
    assert_eq!(
        normalised("ToolApproval", "{task_ref: t, tool: x}"),
        json!({"task_ref": "t", "tool": "x", "ttl": "10m"})
    );
    assert_eq!(
        normalised("Worker", "{max_concurrent_tasks: -2}"),
        json!({"capabilities": {"gpu": false}, "max_concurrent_tasks": 1})
    );
    assert_eq!(
        normalised(
            "McpServer",
            "{transport: STDIO, command: ' npx ', env: [{name: A, value: 1}]}"
        ),
        json!({
            "transport": "stdio",
            "command": "npx",
            "env": [{"name": "A", "value": "1"}],
            "reconnect": {"max_attempts": 3, "backoff": "2s"},
        })
    );
}

#[test]
fn enum_values_are_read_in_any_letter_case() {
    assert_eq!(
        normalised("AgentPolicy", "{apply_mode: GLOBAL}")["apply_mode"],
        "global"
    );
    assert_eq!(normalised("Task", "{mode: Template}")["mode"], "template");
    let agent = normalised("Agent", "{model_ref: m, execution: {profile: ' Dynamic '}}");
    assert_eq!(agent["execution"]["profile"], "dynamic");
}

#[test]
fn credentials_may_be_spelt_in_snake_case_where_upstream_reads_it() {
    let tool = normalised("Tool", "{auth: {secret_ref: s}}");
    assert_eq!(tool["auth"]["secretRef"], "s");
    let memory = normalised("Memory", "{auth: {secret_ref: s}}");
    assert_eq!(memory["auth"]["secretRef"], "s");
}

#[test]
fn markers_of_an_agent_are_trimmed_and_kept_apart_by_letter_case() {
    let agent = normalised(
        "Agent",
        "{model_ref: m, execution: {required_output_markers: [' A', a, A, '']}}",
    );
    assert_eq!(
        agent["execution"]["required_output_markers"],
        json!(["A", "a"])
    );
}

#[test]
fn newer_fields_are_no_typos() {
    for (kind, spec, field) in [
        (
            "AgentPolicy",
            "{max_child_depth: 1}",
            "`max_child_depth` of AgentPolicy.spec",
        ),
        (
            "AgentSystem",
            "{agents: [a], graph: {a: {edges: [{to: a, condition: {default: true}}]}}}",
            "`condition` of AgentSystem.spec.graph.a.edges.0",
        ),
        (
            "AgentSystem",
            "{agents: [a], graph: {a: {review: {checkpoint_id: c}}}}",
            "`review` of AgentSystem.spec.graph.a",
        ),
        (
            "Memory",
            "{endpoint_secret_ref: s}",
            "`endpoint_secret_ref` of Memory.spec",
        ),
        (
            "TaskSchedule",
            "{schedule: '* * * * *', task_template: {}}",
            "`task_template` of TaskSchedule.spec",
        ),
        (
            "TaskWebhook",
            "{task_ref: t, auth: {secret_ref: s}, idempotency: {event_id_from_body: x}}",
            "`event_id_from_body` of TaskWebhook.spec.idempotency",
        ),
        (
            "McpServer",
            "{transport: stdio, command: x, image: y}",
            "`image` of McpServer.spec",
        ),
        ("Tool", "{type: cli}", "`spec.type: cli`"),
        (
            "Tool",
            "{runtime: {isolation_mode: kubernetes}}",
            "`spec.runtime.isolation_mode: kubernetes`",
        ),
        (
            "TaskWebhook",
            "{task_ref: t, auth: {secret_ref: s, profile: hmac}}",
            "`spec.auth.profile: hmac`",
        ),
    ] {
        let found = lines(&parse(&format!(
            "kind: {kind}\nmetadata: {{name: x}}\nspec: {spec}\n"
        )));
        assert_eq!(found.len(), 1, "{found:?}");
        let expected = format!("E-FIELD-NEWER {field} is known upstream, newer than supported");
        assert!(found[0].ends_with(&expected), "{found:?}");
    }
}
