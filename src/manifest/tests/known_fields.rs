//! Every field of the format's kinds, as its own description lists them: name, type, values, default.
//!
//! What the reference page (made from the schemas, which are made from the types) says of the kinds is the
//! same, and beside it there are our own fields and nothing else.

use std::{collections::BTreeSet, fs, path::Path};

/// `KIND FIELD: TYPE[, VALUE…] [= DEFAULT]`, with `!` behind a field that is required.
const FIELDS: &str = "\
Secret data: mapping of text
Secret stringData: mapping of text
ModelEndpoint provider: text = openai
ModelEndpoint base_url: text
ModelEndpoint default_model: text
ModelEndpoint options: mapping of text
ModelEndpoint auth.secretRef: text
ModelEndpoint allowPrivate: true or false
McpServer transport!: text, stdio, http
McpServer command: text
McpServer args: list of text
McpServer env: list of mapping
McpServer env[].name!: text
McpServer env[].value: text
McpServer env[].secretRef: text
McpServer endpoint: text
McpServer auth.profile: text, bearer, api_key_header, basic, oauth2_client_credentials
McpServer auth.secretRef: text
McpServer auth.headerName: text
McpServer auth.tokenURL: text
McpServer auth.scopes: list of text
McpServer tool_filter.include: list of text
McpServer reconnect.max_attempts: whole number = 3
McpServer reconnect.backoff: text = 2s
Tool type: text, http, external, grpc, queue, webhook-callback, mcp, wasm = http
Tool endpoint: text
Tool description: text
Tool input_schema: mapping
Tool mcp_server_ref: text
Tool mcp_tool_name: text
Tool capabilities: list of text
Tool operation_classes: list of text, read, write, delete, admin = []
Tool risk_level: text, low, medium, high, critical = low
Tool runtime.timeout: text = 30s
Tool runtime.isolation_mode: text, none, sandboxed, container, wasm
Tool runtime.retry.max_attempts: whole number = 1
Tool runtime.retry.backoff: text = 0s
Tool runtime.retry.max_backoff: text = 30s
Tool runtime.retry.jitter: text, none, full, equal = none
Tool auth.profile: text, bearer, api_key_header, basic, oauth2_client_credentials
Tool auth.secretRef: text
Tool auth.headerName: text
Tool auth.tokenURL: text
Tool auth.scopes: list of text
Memory type: text
Memory provider: text
Memory embedding_model: text
Memory endpoint: text
Memory auth.secretRef: text
AgentRole description: text
AgentRole permissions: list of text = []
Agent model_ref!: text
Agent fallback_model_refs: list of text
Agent prompt: text
Agent tools: list of text
Agent allowed_tools: list of text
Agent roles: list of text
Agent memory.ref: text
Agent memory.type: text
Agent memory.provider: text
Agent memory.allow: list of text
Agent execution.profile: text, dynamic, contract = dynamic
Agent execution.tool_sequence: list of text
Agent execution.required_output_markers: list of text
Agent execution.duplicate_tool_call_policy: text, short_circuit, deny = short_circuit
Agent execution.on_contract_violation: text, non_retryable_error, observe = non_retryable_error
Agent execution.tool_use_behavior: text, run_llm_again, stop_on_first_tool = run_llm_again
Agent execution.output_schema: any
Agent limits.max_steps: whole number = 10
Agent limits.timeout: text
ToolPermission tool_ref: text
ToolPermission action: text = invoke
ToolPermission required_permissions: list of text = []
ToolPermission match_mode: text, all, any = all
ToolPermission apply_mode: text, scoped, global = global
ToolPermission target_agents: list of text
ToolPermission operation_rules: list of mapping
ToolPermission operation_rules[].operation_class: text, read, write, delete, admin, * = *
ToolPermission operation_rules[].verdict: text, allow, deny, approval_required = allow
AgentPolicy max_tokens_per_run: whole number = 0
AgentPolicy allowed_models: list of text
AgentPolicy blocked_tools: list of text
AgentPolicy apply_mode: text, scoped, global
AgentPolicy target_systems: list of text
AgentPolicy target_tasks: list of text
AgentSystem agents: list of text = []
AgentSystem graph: mapping of mapping
AgentSystem graph.NAME.next: text
AgentSystem graph.NAME.edges: list of mapping
AgentSystem graph.NAME.edges[].to!: text
AgentSystem graph.NAME.edges[].labels: mapping of text
AgentSystem graph.NAME.edges[].policy: mapping of text
AgentSystem graph.NAME.join.mode: text, wait_for_all, quorum = wait_for_all
AgentSystem graph.NAME.join.quorum_count: whole number, at least 0
AgentSystem graph.NAME.join.quorum_percent: whole number, 0 to 100
AgentSystem graph.NAME.join.on_failure: text, deadletter, skip, continue_partial = deadletter
Task system: text
Task mode: text, run, template = run
Task input: mapping of text
Task priority: text = normal
Task max_turns: whole number, at least 0 = 0
Task retry.max_attempts: whole number = 1
Task retry.backoff: text = 0s
Task message_retry.max_attempts: whole number = 0
Task message_retry.backoff: text
Task message_retry.max_backoff: text = 24h
Task message_retry.jitter: text, none, full, equal = full
Task message_retry.non_retryable: list of text
Task requirements.region: text
Task requirements.gpu: true or false
Task requirements.model: text
TaskSchedule task_ref!: text
TaskSchedule schedule!: text
TaskSchedule time_zone: text = UTC
TaskSchedule suspend: true or false = false
TaskSchedule starting_deadline_seconds: whole number = 300
TaskSchedule concurrency_policy: text, forbid = forbid
TaskSchedule successful_history_limit: whole number = 10
TaskSchedule failed_history_limit: whole number = 3
TaskWebhook task_ref!: text
TaskWebhook suspend: true or false = false
TaskWebhook auth.profile: text, generic, github = generic
TaskWebhook auth.secret_ref!: text
TaskWebhook auth.signature_header: text
TaskWebhook auth.signature_prefix: text = sha256=
TaskWebhook auth.timestamp_header: text
TaskWebhook auth.max_skew_seconds: whole number, at least 0 = 300
TaskWebhook idempotency.event_id_header: text
TaskWebhook idempotency.dedupe_window_seconds: whole number, at least 0 = 0
TaskWebhook payload.mode: text, raw = raw
TaskWebhook payload.input_key: text = webhook_payload
Worker region: text
Worker capabilities.gpu: true or false = false
Worker capabilities.supported_models: list of text
Worker max_concurrent_tasks: whole number = 1
ToolApproval task_ref!: text
ToolApproval tool!: text
ToolApproval operation_class: text, read, write, delete, admin
ToolApproval agent: text
ToolApproval input: text
ToolApproval reason: text
ToolApproval ttl: text = 10m
";

/// Our own, with what is in them.
const OWN: [&str; 14] = [
    "Secret encryptedData",
    "Secret fromFile",
    "Secret allowed_hosts",
    "ModelEndpoint model_aliases",
    "ModelEndpoint pin_model",
    "ModelEndpoint models",
    "ModelEndpoint unknown_models",
    "ModelEndpoint response_model",
    "ModelEndpoint timeouts.",
    "ModelEndpoint retry.",
    "ModelEndpoint breaker.",
    "ModelEndpoint limits",
    "AgentPolicy limits",
    "AgentPolicy namespace_limits",
];

/// Kinds that are not the format's.
const OWN_KINDS: [&str; 4] = [
    "ModelAlias ",
    "ModelCatalog ",
    "ApiKey ",
    "AgentgatewayBackend ",
];

/// The page's rows in the same form, without mappings that only hold other fields.
fn described() -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/manifests.md");
    let page = fs::read_to_string(page).unwrap();
    let mut kind = "";
    let mut rows: Vec<String> = Vec::new();
    for line in page.lines() {
        kind = line.strip_prefix("## ").unwrap_or(kind);
        let Some(row) = line.strip_prefix("| `spec.") else {
            continue;
        };
        let cells: Vec<_> = row.split(" | ").map(|cell| cell.replace('`', "")).collect();
        let field = cells[0].replace(" (required)", "!");
        let [of_type, default, allowed] = [1, 2, 3].map(|at| cells[at].trim().to_owned());
        let mut text = format!("{kind} {field}: {of_type}");
        if !allowed.is_empty() {
            text += &format!(", {allowed}");
        }
        if !default.is_empty() {
            text += &format!(" = {default}");
        }
        let name = field.trim_end_matches('!');
        let parent = name.rsplit_once('.').map_or("", |(parent, _)| parent);
        let holder = format!("{kind} {parent}: mapping");
        rows.retain(|row| row.replace("!:", ":") != holder);
        rows.push(text);
    }
    rows
}

#[test]
fn page_has_every_field_of_the_format_with_type_values_and_default() {
    let described = described();
    let foreign = |row: &&String| !OWN_KINDS.iter().any(|kind| row.starts_with(kind));
    let theirs = described.iter().filter(foreign);
    let theirs = theirs.filter(|row| !OWN.iter().any(|own| row.starts_with(own)));
    let (page, expected): (BTreeSet<_>, BTreeSet<_>) = (
        theirs.map(String::as_str).collect(),
        FIELDS.lines().collect(),
    );
    let missing: Vec<_> = expected.difference(&page).collect();
    let further: Vec<_> = page.difference(&expected).collect();
    assert!(
        missing.is_empty() && further.is_empty(),
        "missing: {missing:#?}\nfurther: {further:#?}"
    );
    for own in OWN {
        assert!(described.iter().any(|row| row.starts_with(own)), "{own}");
    }
}
