//! What upstream refuses is refused here, for the same reason (and what it must accept is accepted).

use super::{lines, parse};

/// A manifest that is wrong in one way: the finding's code and words of its message.
#[track_caller]
fn refused(kind: &str, spec: &str, code: &str, words: &str) {
    let text = format!("kind: {kind}\nmetadata: {{name: x}}\nspec: {spec}\n");
    let parsed = parse(&text);
    let found = lines(&parsed);
    assert_eq!(found.len(), 1, "{spec}: {found:#?}");
    assert!(found[0].contains(&format!(" {code} ")), "{found:?}");
    assert!(found[0].contains(words), "{found:?}");
    assert!(parsed.resources.is_empty());
}

#[track_caller]
fn accepted(kind: &str, spec: &str) {
    let text = format!("kind: {kind}\nmetadata: {{name: x}}\nspec: {spec}\n");
    assert_eq!(lines(&parse(&text)), Vec::<String>::new(), "{spec}");
}

#[test]
fn agent_without_endpoint_or_with_a_model_is_refused() {
    let required = "`spec.model_ref` is required";
    refused("Agent", "{prompt: hi}", "E-FIELD-REQUIRED", required);
    refused("Agent", "{model_ref: ' '}", "E-FIELD-REQUIRED", required);
    let removed = "`spec.model` has been removed; use `spec.model_ref`";
    refused(
        "Agent",
        "{model: gpt-4o, model_ref: m}",
        "E-FIELD-REMOVED",
        removed,
    );
    let broken = lines(&parse("{\"kind\": \"Agent\", \"spec\": {"));
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert!(broken[0].contains("E-YAML-SYNTAX"), "{broken:?}");
}

#[test]
fn memory_of_an_agent_has_known_operations_and_a_name() {
    refused(
        "Agent",
        "{model_ref: m, memory: {allow: [read]}}",
        "E-FIELD-REQUIRED",
        "`spec.memory.ref` is required when `spec.memory.allow` is set",
    );
    for operation in ["nope", "invalid", "' '"] {
        refused(
            "Agent",
            &format!("{{model_ref: m, memory: {{ref: r, allow: [{operation}]}}}}"),
            "E-FIELD-ENUM",
            "is not a memory operation",
        );
    }
    accepted(
        "Agent",
        "{model_ref: m, memory: {ref: r, allow: [read, memory.search, ingest]}}",
    );
}

#[test]
fn execution_of_an_agent_keeps_to_its_lists() {
    let agent = |execution: &str| format!("{{model_ref: m, execution: {{{execution}}}}}");
    refused(
        "Agent",
        &agent("profile: contract"),
        "E-FIELD-REQUIRED",
        "`spec.execution.tool_sequence` is required when `spec.execution.profile` is contract",
    );
    for field in [
        "on_contract_violation: panic",
        "profile: free",
        "duplicate_tool_call_policy: x",
        "tool_use_behavior: x",
    ] {
        let name = field.split(':').next().unwrap();
        let words = format!("`spec.execution.{name}` must be one of");
        refused("Agent", &agent(field), "E-FIELD-ENUM", &words);
    }
    accepted("Agent", &agent("on_contract_violation: observe"));
}

#[test]
fn secrets_and_endpoints_hold_what_they_need() {
    refused(
        "Secret",
        "{data: {value: '***'}}",
        "E-SECRET-BASE64",
        "base64",
    );
    refused(
        "Secret",
        "{stringData: {value: ''}}",
        "E-FIELD-REQUIRED",
        "the value `value` is empty",
    );
    for path in [
        "/etc/passwd",
        "../up",
        "a/../up",
        "a//b",
        "./a",
        "a/",
        "''",
        "\"a\\nb\"",
    ] {
        refused(
            "Secret",
            &format!("{{fromFile: {{value: {path}}}}}"),
            "E-FIELD-FORMAT",
            "the file of the value `value` is no path below the directory of secrets",
        );
    }
    refused(
        "Secret",
        "{fromFile: {value: ghp_0000example0000example0000example000}}",
        "E-FIELD-FORMAT",
        "the file of the value `value` looks like a credential itself",
    );
    refused(
        "Secret",
        "{fromFile: {value: a}, stringData: {value: b}}",
        "E-FIELD-CONFLICT",
        "the value `value` is given twice, by a file and in the manifest",
    );
    accepted("Secret", "{fromFile: {value: openai/..data/api-key}}");
    refused(
        "ModelEndpoint",
        "{provider: openai}",
        "E-FIELD-REQUIRED",
        "`spec.default_model` is required",
    );
    refused(
        "ModelEndpoint",
        "{provider: anthropic, default_model: m, options: {max_tokens: many}}",
        "E-FIELD-FORMAT",
        "must be a whole number above 0",
    );
}

#[test]
fn custom_provider_is_accepted_with_a_warning() {
    let text = "kind: ModelEndpoint\nmetadata: {name: x}\nspec: {provider: my-own, default_model: m, base_url: 'https://a.example'}\n";
    let parsed = parse(text);
    assert_eq!(parsed.resources.len(), 1);
    assert!(
        lines(&parsed)[0].contains("W-ENDPOINT-PROVIDER"),
        "{:?}",
        lines(&parsed)
    );
}

#[test]
fn task_has_a_mode_turns_and_times() {
    refused(
        "Task",
        "{system: s, max_turns: -1}",
        "E-FIELD-RANGE",
        "`spec.max_turns` must be at least 0, not -1",
    );
    refused(
        "Task",
        "{system: s, mode: daily}",
        "E-FIELD-ENUM",
        "`spec.mode` must be one of \"run\", \"template\"",
    );
    for field in [
        "retry: {backoff: 5}",
        "message_retry: {backoff: soon}",
        "message_retry: {max_backoff: 1d}",
    ] {
        refused(
            "Task",
            &format!("{{system: s, {field}}}"),
            "E-FIELD-FORMAT",
            "is not a duration",
        );
    }
    refused(
        "Task",
        "{system: s, message_retry: {jitter: some}}",
        "E-FIELD-ENUM",
        "`spec.message_retry.jitter` must be one of",
    );
}

#[test]
fn schedule_names_a_task_a_time_and_a_zone() {
    let schedule = |fields: &str| format!("{{schedule: '0 9 * * 1', {fields}}}");
    refused(
        "TaskSchedule",
        &schedule("task_ref: default/"),
        "E-FIELD-FORMAT",
        "`spec.task_ref` names nothing: \"default/\"",
    );
    refused(
        "TaskSchedule",
        "{task_ref: t, schedule: '* * * *'}",
        "E-FIELD-FORMAT",
        "`spec.schedule` cannot be read: a schedule has 5 fields",
    );
    refused(
        "TaskSchedule",
        &schedule("task_ref: t, time_zone: Mars/Colony"),
        "E-FIELD-FORMAT",
        "`spec.time_zone` is not an IANA time zone: \"Mars/Colony\"",
    );
    refused(
        "TaskSchedule",
        &schedule("task_ref: t, concurrency_policy: allow"),
        "E-FIELD-ENUM",
        "`spec.concurrency_policy` must be one of \"forbid\"",
    );
    let task_ref = "`spec.task_ref` is required";
    refused(
        "TaskSchedule",
        "{schedule: '0 9 * * 1'}",
        "E-FIELD-REQUIRED",
        task_ref,
    );
    refused(
        "TaskSchedule",
        "{task_ref: t}",
        "E-FIELD-REQUIRED",
        "`spec.schedule` is required",
    );
    accepted("TaskSchedule", &schedule("task_ref: team/t"));
}

#[test]
fn webhook_names_a_task_a_secret_and_known_forms() {
    let webhook = |fields: &str| format!("{{task_ref: t, auth: {{secret_ref: s, {fields}}}}}");
    let with = |fields: &str| format!("{{task_ref: t, auth: {{secret_ref: s}}, {fields}}}");
    refused(
        "TaskWebhook",
        "{task_ref: default/, auth: {secret_ref: s}}",
        "E-FIELD-FORMAT",
        "`spec.task_ref` names nothing",
    );
    refused(
        "TaskWebhook",
        &webhook("profile: stripe"),
        "E-FIELD-ENUM",
        "`spec.auth.profile` must be one of \"generic\", \"github\"",
    );
    let secret_ref = "`spec.auth.secret_ref` is required";
    for auth in ["{}", "{secret_ref: ''}"] {
        refused(
            "TaskWebhook",
            &format!("{{task_ref: t, auth: {auth}}}"),
            "E-FIELD-REQUIRED",
            secret_ref,
        );
    }
    refused(
        "TaskWebhook",
        &webhook("max_skew_seconds: -1"),
        "E-FIELD-RANGE",
        "`spec.auth.max_skew_seconds` must be at least 0",
    );
    refused(
        "TaskWebhook",
        &with("idempotency: {dedupe_window_seconds: -1}"),
        "E-FIELD-RANGE",
        "`spec.idempotency.dedupe_window_seconds` must be at least 0",
    );
    refused(
        "TaskWebhook",
        &with("payload: {mode: mapped}"),
        "E-FIELD-ENUM",
        "`spec.payload.mode` must be one of \"raw\"",
    );
}

#[test]
fn tool_keeps_to_its_lists() {
    for (spec, field) in [
        ("{type: carrier-pigeon}", "spec.type"),
        (
            "{auth: {profile: magic, secretRef: s}}",
            "spec.auth.profile",
        ),
        (
            "{runtime: {retry: {jitter: some}}}",
            "spec.runtime.retry.jitter",
        ),
        ("{operation_classes: [peek]}", "spec.operation_classes.0"),
        ("{risk_level: huge}", "spec.risk_level"),
        (
            "{runtime: {isolation_mode: jail}}",
            "spec.runtime.isolation_mode",
        ),
    ] {
        let words = format!("`{field}` must be one of");
        refused("Tool", spec, "E-FIELD-ENUM", &words);
    }
    for spec in [
        "{runtime: {timeout: 30}}",
        "{runtime: {retry: {backoff: soon}}}",
        "{runtime: {retry: {max_backoff: 1d}}}",
    ] {
        refused("Tool", spec, "E-FIELD-FORMAT", "is not a duration");
    }
}

#[test]
fn tool_has_what_its_type_and_its_profile_need() {
    for (spec, field) in [
        ("{auth: {profile: bearer}}", "spec.auth.secretRef"),
        (
            "{auth: {profile: api_key_header, secretRef: s}}",
            "spec.auth.headerName",
        ),
        (
            "{auth: {profile: oauth2_client_credentials, secretRef: s}}",
            "spec.auth.tokenURL",
        ),
        ("{type: mcp, mcp_tool_name: t}", "spec.mcp_server_ref"),
        ("{type: mcp, mcp_server_ref: s}", "spec.mcp_tool_name"),
    ] {
        let words = format!("`{field}` is required");
        refused("Tool", spec, "E-FIELD-REQUIRED", &words);
    }
    refused(
        "Tool",
        "{auth: {secretRef: ':key'}}",
        "E-FIELD-FORMAT",
        "`spec.auth.secretRef` names no secret",
    );
    for kind in [
        "http",
        "external",
        "grpc",
        "queue",
        "webhook-callback",
        "wasm",
    ] {
        accepted("Tool", &format!("{{type: {kind}}}"));
    }
    for auth in [
        "secretRef: s",
        "profile: basic, secretRef: s",
        "profile: api_key_header, secretRef: s, headerName: X-Key",
        "profile: oauth2_client_credentials, secretRef: s, tokenURL: 'https://a.example'",
    ] {
        accepted("Tool", &format!("{{auth: {{{auth}}}}}"));
    }
}

#[test]
fn tool_permission_that_is_scoped_names_agents_and_rules_are_known() {
    refused(
        "ToolPermission",
        "{apply_mode: scoped}",
        "E-FIELD-REQUIRED",
        "`spec.target_agents` is required when `spec.apply_mode` is scoped",
    );
    for (spec, field) in [
        (
            "{operation_rules: [{operation_class: peek}]}",
            "spec.operation_rules.0.operation_class",
        ),
        (
            "{operation_rules: [{verdict: maybe}]}",
            "spec.operation_rules.0.verdict",
        ),
        ("{match_mode: most}", "spec.match_mode"),
        ("{apply_mode: local}", "spec.apply_mode"),
    ] {
        let words = format!("`{field}` must be one of");
        refused("ToolPermission", spec, "E-FIELD-ENUM", &words);
    }
    accepted(
        "ToolPermission",
        "{apply_mode: scoped, target_agents: [a], operation_rules: [{operation_class: '*', verdict: approval_required}]}",
    );
}

#[test]
fn tool_approval_names_task_and_tool_and_has_a_known_phase() {
    refused(
        "ToolApproval",
        "{tool: t}",
        "E-FIELD-REQUIRED",
        "`spec.task_ref` is required",
    );
    refused(
        "ToolApproval",
        "{task_ref: t}",
        "E-FIELD-REQUIRED",
        "`spec.tool` is required",
    );
    refused(
        "ToolApproval",
        "{task_ref: t, tool: x, ttl: soon}",
        "E-FIELD-FORMAT",
        "`spec.ttl` is not a duration: \"soon\"",
    );
    refused(
        "ToolApproval",
        "{task_ref: t, tool: x}\nstatus: {phase: Maybe}",
        "E-FIELD-ENUM",
        "`status.phase` must be one of \"Pending\", \"Approved\", \"Denied\", \"Expired\"",
    );
    accepted(
        "ToolApproval",
        "{task_ref: t, tool: x}\nstatus: {phase: Pending}",
    );
}

#[test]
fn policy_and_mcp_server_keep_to_their_lists() {
    refused(
        "AgentPolicy",
        "{apply_mode: local}",
        "E-FIELD-ENUM",
        "`spec.apply_mode` must be one of",
    );
    refused(
        "McpServer",
        "{}",
        "E-FIELD-REQUIRED",
        "`spec.transport` is required",
    );
    refused(
        "McpServer",
        "{transport: tcp}",
        "E-FIELD-ENUM",
        "`spec.transport` must be one of",
    );
    refused(
        "McpServer",
        "{transport: stdio}",
        "E-FIELD-REQUIRED",
        "`spec.command` is required for transport stdio",
    );
    refused(
        "McpServer",
        "{transport: http, command: npx}",
        "E-FIELD-REQUIRED",
        "`spec.endpoint` is required for transport http",
    );
}

#[test]
fn numbers_are_whole_numbers() {
    for (kind, spec) in [
        ("Agent", "{model_ref: m, limits: {max_steps: few}}"),
        ("AgentPolicy", "{max_tokens_per_run: many}"),
        (
            "AgentSystem",
            "{agents: [a], graph: {a: {join: {quorum_count: most}}}}",
        ),
    ] {
        refused(
            kind,
            spec,
            "E-FIELD-TYPE",
            "must be a whole number, not text",
        );
    }
}

#[test]
fn join_of_a_graph_keeps_to_its_lists_and_ranges() {
    let system = |join: &str| format!("{{agents: [a], graph: {{a: {{join: {{{join}}}}}}}}}");
    let spec = "spec.graph.a.join";
    for (join, code, words) in [
        (
            "mode: first",
            "E-FIELD-ENUM",
            format!("`{spec}.mode` must be one of"),
        ),
        (
            "quorum_count: -1",
            "E-FIELD-RANGE",
            format!("`{spec}.quorum_count` must be at least 0"),
        ),
        (
            "quorum_percent: 101",
            "E-FIELD-RANGE",
            format!("`{spec}.quorum_percent` must be at most 100"),
        ),
        (
            "on_failure: panic",
            "E-FIELD-ENUM",
            format!("`{spec}.on_failure` must be one of"),
        ),
    ] {
        refused("AgentSystem", &system(join), code, &words);
    }
    accepted("AgentSystem", &system("mode: Quorum, quorum_percent: 50"));
}

#[test]
fn names_that_paths_cannot_carry_are_refused() {
    for name in ["a/b", "'a b'", ".a"] {
        let text = format!("kind: Worker\nmetadata: {{name: {name}}}\nspec: {{}}\n");
        let found = lines(&parse(&text));
        assert!(
            found[0].contains("E-FIELD-NAME `metadata.name`"),
            "{found:?}"
        );
    }
    let missing = lines(&parse("kind: Worker\nmetadata: {}\nspec: {}\n"));
    assert!(
        missing[0].contains("`metadata.name` is required"),
        "{missing:?}"
    );
}

#[test]
fn names_of_paths_are_refused() {
    for name in ["status", "logs", "exec", "scale", "proxy", "binding"] {
        let text = format!("kind: Worker\nmetadata: {{name: {name}}}\nspec: {{}}\n");
        let found = lines(&parse(&text));
        let expected = format!("2:18 E-FIELD-RESERVED `{name}` is a path of the resource API");
        assert!(found[0].starts_with(&expected), "{found:?}");
    }
}

#[test]
fn output_schema_has_a_type_and_bounds() {
    let agent = |schema: &str| format!("{{model_ref: m, execution: {{output_schema: {schema}}}}}");
    let field = "`spec.execution.output_schema`";
    let (open, close) = ("{items: ".repeat(10), "}".repeat(10));
    for (schema, words) in [
        (
            "{properties: {}}".to_owned(),
            "must be a JSON Schema with a `type`",
        ),
        (
            format!("{{type: array, items: {open}{{}}{close}}}"),
            "may nest at most 10 levels",
        ),
        (
            format!("{{type: string, description: {}}}", "x".repeat(70_000)),
            "may have at most 65536 bytes",
        ),
    ] {
        refused(
            "Agent",
            &agent(&schema),
            "E-FIELD-FORMAT",
            &format!("{field} {words}"),
        );
    }
    accepted(
        "Agent",
        &agent("{type: object, properties: {a: {type: string}}}"),
    );
}
