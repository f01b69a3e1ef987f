//! What a manifest need not say: the defaults of the format's own reader, kind by kind.

use super::one_however_negative;
use serde_json::{Value, json};

fn value(kind: &str, spec: &str) -> Value {
    one_however_negative(&format!(
        "kind: {kind}\nmetadata: {{name: a}}\nspec: {spec}\n"
    ))
    .value()
    .clone()
}

/// The least of each kind beside all that it stands for.
#[expect(clippy::too_many_lines, reason = "a table")]
fn cases() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        (
            "ModelEndpoint",
            "{default_model: m}",
            json!({"provider": "openai", "base_url": "https://api.openai.com/v1", "default_model": "m"}),
        ),
        (
            "Agent",
            "{model_ref: m}",
            json!({
                "model_ref": "m", "memory": {}, "limits": {"max_steps": 10},
                "execution": {
                    "profile": "dynamic",
                    "duplicate_tool_call_policy": "short_circuit",
                    "on_contract_violation": "non_retryable_error",
                    "tool_use_behavior": "run_llm_again",
                },
            }),
        ),
        (
            "Task",
            "{system: s}",
            json!({
                "system": "s", "mode": "run", "input": {}, "priority": "normal", "max_turns": 0,
                "retry": {"max_attempts": 1, "backoff": "0s"},
                "message_retry": {
                    "max_attempts": 1, "backoff": "0s", "max_backoff": "24h", "jitter": "full",
                },
                "requirements": {},
            }),
        ),
        (
            "Task",
            "{mode: template, retry: {max_attempts: 3, backoff: 5s}, message_retry: {max_attempts: -1}}",
            json!({
                "mode": "template", "input": {}, "priority": "normal", "max_turns": 0,
                "retry": {"max_attempts": 3, "backoff": "5s"},
                "message_retry": {
                    "max_attempts": 3, "backoff": "5s", "max_backoff": "24h", "jitter": "full",
                },
                "requirements": {},
            }),
        ),
        (
            "Tool",
            "{endpoint: e}",
            json!({
                "type": "http", "endpoint": "e", "operation_classes": ["read"], "risk_level": "low",
                "runtime": {
                    "timeout": "30s", "isolation_mode": "none",
                    "retry": {
                        "max_attempts": 1, "backoff": "0s", "max_backoff": "30s", "jitter": "none",
                    },
                },
                "auth": {},
            }),
        ),
        (
            "Tool",
            "{endpoint: e, risk_level: critical, auth: {secretRef: s}}",
            json!({
                "type": "http", "endpoint": "e", "operation_classes": ["write"],
                "risk_level": "critical",
                "runtime": {
                    "timeout": "30s", "isolation_mode": "sandboxed",
                    "retry": {
                        "max_attempts": 1, "backoff": "0s", "max_backoff": "30s", "jitter": "none",
                    },
                },
                "auth": {"profile": "bearer", "secretRef": "s"},
            }),
        ),
        (
            "ToolPermission",
            "{required_permissions: [p], operation_rules: [{}]}",
            json!({
                "tool_ref": "a", "action": "invoke", "required_permissions": ["p"],
                "match_mode": "all", "apply_mode": "global",
                "operation_rules": [{"operation_class": "*", "verdict": "allow"}],
            }),
        ),
        (
            "ToolApproval",
            "{task_ref: t, tool: x}",
            json!({"task_ref": "t", "tool": "x", "ttl": "10m"}),
        ),
        (
            "TaskSchedule",
            "{task_ref: t, schedule: '0 9 * * 1', failed_history_limit: -2}",
            json!({
                "task_ref": "t", "schedule": "0 9 * * 1", "time_zone": "UTC", "suspend": false,
                "starting_deadline_seconds": 300, "concurrency_policy": "forbid",
                "successful_history_limit": 10, "failed_history_limit": 3,
            }),
        ),
        (
            "TaskWebhook",
            "{task_ref: t, auth: {secret_ref: s}}",
            json!({
                "task_ref": "t", "suspend": false,
                "auth": {
                    "profile": "generic", "secret_ref": "s", "signature_header": "X-Signature",
                    "signature_prefix": "sha256=", "timestamp_header": "X-Timestamp",
                    "max_skew_seconds": 300,
                },
                "idempotency": {"event_id_header": "X-Event-Id", "dedupe_window_seconds": 86_400},
                "payload": {"mode": "raw", "input_key": "webhook_payload"},
            }),
        ),
        (
            "TaskWebhook",
            "{task_ref: t, auth: {profile: github, secret_ref: s}}",
            json!({
                "task_ref": "t", "suspend": false,
                "auth": {
                    "profile": "github", "secret_ref": "s",
                    "signature_header": "X-Hub-Signature-256", "signature_prefix": "sha256=",
                    "max_skew_seconds": 300,
                },
                "idempotency": {
                    "event_id_header": "X-GitHub-Delivery", "dedupe_window_seconds": 259_200,
                },
                "payload": {"mode": "raw", "input_key": "webhook_payload"},
            }),
        ),
        (
            "McpServer",
            "{transport: http, endpoint: e}",
            json!({
                "transport": "http", "endpoint": "e", "auth": {}, "tool_filter": {},
                "reconnect": {"max_attempts": 3, "backoff": "2s"},
            }),
        ),
        (
            "Worker",
            "{max_concurrent_tasks: 0}",
            json!({"capabilities": {"gpu": false}, "max_concurrent_tasks": 1}),
        ),
    ]
}

/// A mapping that says nothing may be left out.
fn without_empty(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, field)| (name, without_empty(field)))
                .filter(|(_, field)| field.as_object().is_none_or(|fields| !fields.is_empty()))
                .collect(),
        ),
        other => other,
    }
}

#[test]
fn what_is_left_out_is_what_upstream_takes() {
    for (kind, spec, expected) in cases() {
        let (read, expected) = (without_empty(value(kind, spec)), without_empty(expected));
        assert_eq!(read, expected, "{kind} {spec}");
    }
}

#[test]
fn writing_a_default_out_is_no_change() {
    for (kind, spec, expected) in cases() {
        let written = expected.to_string();
        assert_eq!(value(kind, &written), value(kind, spec), "{kind} {spec}");
    }
}

#[test]
fn memory_operations_have_one_spelling() {
    let value = value(
        "Agent",
        "{model_ref: m, memory: {ref: ' r ', allow: [memory.read, read, ' Write ']}}",
    );
    assert_eq!(
        value["memory"],
        json!({"ref": "r", "allow": ["read", "write"]})
    );
}
