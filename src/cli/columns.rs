//! The columns of each kind, as Orloj names them.

use crate::model::Kind;
use serde_json::Value;

/// Longest error in a table, in characters, as upstream cuts it.
const MAX_ERROR_CHARS: usize = 80;

/// The header of a kind's table.
pub(crate) fn header(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Secret => &["NAME", "KEYS", "STATUS"],
        Kind::ModelEndpoint => &["NAME", "PROVIDER", "BASE_URL", "DEFAULT_MODEL", "STATUS"],
        Kind::ModelAlias => &["NAME", "MATCH", "TARGETS", "FALLBACKS", "STATUS"],
        Kind::ModelCatalog => &["NAME", "MODELS", "STATUS"],
        Kind::ApiKey => &[
            "NAME",
            "AGENTS",
            "ALLOWED_MODELS",
            "LIMITS",
            "EXPIRES",
            "STATUS",
        ],
        Kind::Agent => &["NAME", "MODEL_REF", "STATUS", "TOOLS"],
        Kind::AgentPolicy => &[
            "NAME",
            "MODE",
            "SYSTEM_TARGETS",
            "TASK_TARGETS",
            "TOKENS",
            "ALLOWED_MODELS",
            "BLOCKED_TOOLS",
            "STATUS",
        ],
        Kind::AgentSystem => &["NAME", "STATUS", "AGENTS"],
        Kind::Task => &[
            "NAME",
            "SYSTEM",
            "PRIORITY",
            "STATUS",
            "ATTEMPTS",
            "ASSIGNED_WORKER",
            "CLAIMED_BY",
            "LEASE_UNTIL",
            "NEXT_ATTEMPT",
            "LAST_ERROR",
        ],
        Kind::Tool => &["NAME", "TYPE", "ENDPOINT", "STATUS"],
        Kind::Memory => &["NAME", "TYPE", "PROVIDER", "STATUS"],
        Kind::AgentRole => &["NAME", "PERMISSIONS", "STATUS"],
        Kind::ToolPermission => &[
            "NAME",
            "TOOL",
            "ACTION",
            "MODE",
            "REQUIRED_PERMISSIONS",
            "STATUS",
        ],
        Kind::ToolApproval => &[
            "NAME",
            "TASK",
            "TOOL",
            "OPERATION",
            "AGENT",
            "PHASE",
            "EXPIRES_AT",
            "DECIDED_BY",
        ],
        Kind::TaskSchedule => &[
            "NAME",
            "TASK_REF",
            "SCHEDULE",
            "TIME_ZONE",
            "SUSPEND",
            "STATUS",
            "LAST_SCHEDULE",
            "NEXT_SCHEDULE",
            "ACTIVE_RUNS",
            "LAST_ERROR",
        ],
        Kind::TaskWebhook => &[
            "NAME",
            "TASK_REF",
            "ENDPOINT_ID",
            "ENDPOINT_PATH",
            "SUSPEND",
            "STATUS",
            "LAST_DELIVERY",
            "LAST_EVENT",
            "LAST_TASK",
            "LAST_ERROR",
        ],
        Kind::Worker => &[
            "NAME",
            "REGION",
            "GPU",
            "MAX_CONCURRENCY",
            "STATUS",
            "LAST_HEARTBEAT",
        ],
        Kind::McpServer => &["NAME", "TRANSPORT", "STATUS", "TOOLS", "LAST_SYNCED"],
    }
}

/// The cells of one resource.
pub(crate) fn row(kind: Kind, item: &Value) -> Vec<String> {
    let spec = |field: &str| text(item, &format!("/spec/{field}"));
    let number = |field: &str| length(item, &format!("/spec/{field}")).to_string();
    let status = |field: &str| text(item, &format!("/status/{field}"));
    let (name, phase) = (text(item, "/metadata/name"), status("phase"));
    match kind {
        Kind::Secret => vec![name, number("data"), phase],
        Kind::ModelEndpoint => vec![
            name,
            spec("provider"),
            spec("base_url"),
            spec("default_model"),
            phase,
        ],
        Kind::ModelAlias => vec![
            name,
            spec("match"),
            targets(item, "/spec/targets"),
            targets(item, "/spec/fallbacks"),
            phase,
        ],
        Kind::ModelCatalog => vec![name, number("models"), phase],
        Kind::ApiKey => vec![
            name,
            number("agents"),
            number("allowed_models"),
            number("limits"),
            spec("expires_at"),
            phase,
        ],
        Kind::Agent => vec![name, spec("model_ref"), phase, number("tools")],
        Kind::AgentPolicy => vec![
            name,
            mode(item),
            number("target_systems"),
            number("target_tasks"),
            spec("max_tokens_per_run"),
            number("allowed_models"),
            number("blocked_tools"),
            phase,
        ],
        Kind::AgentSystem => vec![name, phase, number("agents")],
        Kind::Task => vec![
            name,
            spec("system"),
            spec("priority"),
            phase,
            status("attempts"),
            status("assignedWorker"),
            status("claimedBy"),
            status("leaseUntil"),
            status("nextAttemptAt"),
            super::text::shorten(&status("lastError"), MAX_ERROR_CHARS),
        ],
        Kind::Tool => vec![name, spec("type"), spec("endpoint"), phase],
        Kind::Memory => vec![name, spec("type"), spec("provider"), phase],
        Kind::AgentRole => vec![name, number("permissions"), phase],
        Kind::ToolPermission => vec![
            name,
            spec("tool_ref"),
            spec("action"),
            spec("apply_mode"),
            number("required_permissions"),
            phase,
        ],
        _ => run_row(kind, item),
    }
}

/// The cells of what starts runs, does them or waits for somebody.
fn run_row(kind: Kind, item: &Value) -> Vec<String> {
    let spec = |field: &str| text(item, &format!("/spec/{field}"));
    let status = |field: &str| text(item, &format!("/status/{field}"));
    let (name, phase) = (text(item, "/metadata/name"), status("phase"));
    let error = super::text::shorten(&status("lastError"), MAX_ERROR_CHARS);
    match kind {
        Kind::ToolApproval => vec![
            name,
            spec("task_ref"),
            spec("tool"),
            spec("operation_class"),
            spec("agent"),
            phase,
            status("expires_at"),
            status("decided_by"),
        ],
        Kind::TaskSchedule => vec![
            name,
            spec("task_ref"),
            spec("schedule"),
            spec("time_zone"),
            spec("suspend"),
            phase,
            status("lastScheduleTime"),
            status("nextScheduleTime"),
            length(item, "/status/activeRuns").to_string(),
            error,
        ],
        Kind::TaskWebhook => vec![
            name,
            spec("task_ref"),
            status("endpointID"),
            status("endpointPath"),
            spec("suspend"),
            phase,
            status("lastDeliveryTime"),
            status("lastEventID"),
            status("lastTriggeredTask"),
            error,
        ],
        Kind::Worker => vec![
            name,
            spec("region"),
            spec("capabilities/gpu"),
            spec("max_concurrent_tasks"),
            phase,
            status("lastHeartbeat"),
        ],
        Kind::McpServer => vec![
            name,
            spec("transport"),
            phase,
            length(item, "/status/discoveredTools").to_string(),
            status("lastSyncedAt"),
        ],
        _ => vec![name, phase],
    }
}

/// The resources of a list.
pub(crate) fn items(list: &Value) -> &[Value] {
    let items = list.get("items").and_then(Value::as_array);
    items.map(Vec::as_slice).unwrap_or_default()
}

/// A field as text; nothing if it is absent.
pub(crate) fn text(item: &Value, pointer: &str) -> String {
    match item.pointer(pointer) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// How many entries a list or mapping has.
fn length(item: &Value, pointer: &str) -> usize {
    match item.pointer(pointer) {
        Some(Value::Array(list)) => list.len(),
        Some(Value::Object(map)) => map.len(),
        _ => 0,
    }
}

/// `endpoint/model`, `endpoint` or `alias:NAME`, each with its weight if it has one.
fn targets(item: &Value, pointer: &str) -> String {
    let list = item.pointer(pointer).and_then(Value::as_array);
    let shown: Vec<_> = list.into_iter().flatten().map(target).collect();
    shown.join(",")
}

fn target(target: &Value) -> String {
    let (endpoint, model) = (text(target, "/endpoint"), text(target, "/model"));
    let name = match (endpoint.is_empty(), model.is_empty()) {
        (true, _) => format!("alias:{}", text(target, "/alias")),
        (false, true) => endpoint,
        (false, false) => format!("{endpoint}/{model}"),
    };
    match target.get("weight") {
        Some(Value::Number(weight)) => format!("{name}={weight}"),
        _ => name,
    }
}

/// Whom a policy holds for. One that names neither a mode nor a target holds for every agent.
fn mode(item: &Value) -> String {
    let written = text(item, "/spec/apply_mode");
    let targets = length(item, "/spec/target_systems") + length(item, "/spec/target_tasks");
    match (written.is_empty(), targets) {
        (false, _) => written,
        (true, 0) => "global".to_owned(),
        (true, _) => "scoped".to_owned(),
    }
}
