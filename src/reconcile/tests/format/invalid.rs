//! What the format refuses is refused here, for the same reason; and what it must accept is accepted.

use super::{Row, Then, hold};
use Then::{Accepted, At, Count, Has, Means, Refused, Warned};

/// Of the format's own tests.
const REFUSED: &[Row] = &[
    Row {
        says: "Agent without model_ref",
        files: "kind: Agent\nmetadata: {name: a}\nspec: {prompt: hi}\n",
        then: &[Refused("E-FIELD-REQUIRED", "`spec.model_ref` is required")],
    },
    Row {
        says: "Agent without model_ref, JSON",
        files: "{\"kind\": \"Agent\", \"metadata\": {\"name\": \"a\"}, \"spec\": {}}",
        then: &[Refused("E-FIELD-REQUIRED", "`spec.model_ref` is required")],
    },
    Row {
        says: "Agent with spec.model, YAML",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: mock, default_model: x}\n---\nkind: Agent\nmetadata: {name: a}\nspec: {model: gpt-4o, model_ref: m}\n",
        then: &[
            Refused(
                "E-FIELD-REMOVED",
                "`spec.model` has been removed; use `spec.model_ref`",
            ),
            At("7:8"),
        ],
    },
    Row {
        says: "Agent with spec.model, JSON",
        files: "{\"kind\": \"Agent\", \"metadata\": {\"name\": \"a\"}, \"spec\": {\"model\": \"x\", \"model_ref\": \"m\"}}",
        then: &[Refused(
            "E-FIELD-REMOVED",
            "`spec.model` has been removed; use `spec.model_ref`",
        )],
    },
    Row {
        says: "broken JSON Agent",
        files: "{\"kind\": \"Agent\", \"metadata\": {",
        then: &[Refused("E-YAML-SYNTAX", "")],
    },
    Row {
        says: "memory.allow without memory.ref",
        files: "kind: Agent\nmetadata: {name: a}\nspec: {model_ref: m, memory: {allow: [read]}}\n",
        then: &[Refused(
            "E-FIELD-REQUIRED",
            "`spec.memory.ref` is required when `spec.memory.allow` is set",
        )],
    },
    Row {
        says: "memory op `nope`",
        files: "kind: Agent\nmetadata: {name: a}\nspec: {model_ref: m, memory: {ref: r, allow: [read, nope]}}\n",
        then: &[
            Refused("E-FIELD-ENUM", "`nope` is not a memory operation"),
            At("3:53"),
        ],
    },
    Row {
        says: "memory op `invalid`",
        files: "kind: Agent\nmetadata: {name: a}\nspec: {model_ref: m, memory: {ref: r, allow: [memory.invalid]}}\n",
        then: &[Refused(
            "E-FIELD-ENUM",
            "`invalid` is not a memory operation",
        )],
    },
    Row {
        says: "memory op blank",
        files: "kind: Agent\nmetadata: {name: a}\nspec: {model_ref: m, memory: {ref: r, allow: [' ']}}\n",
        then: &[Refused("E-FIELD-ENUM", "`` is not a memory operation")],
    },
    Row {
        says: "contract without tool_sequence",
        files: "kind: Agent\nmetadata: {name: a}\nspec: {model_ref: m, execution: {profile: contract}}\n",
        then: &[Refused(
            "E-FIELD-REQUIRED",
            "`spec.execution.tool_sequence` is required",
        )],
    },
    Row {
        says: "on_contract_violation `panic`",
        files: "kind: Agent\nmetadata: {name: a}\nspec: {model_ref: m, execution: {on_contract_violation: panic}}\n",
        then: &[Refused(
            "E-FIELD-ENUM",
            "\"non_retryable_error\", \"observe\"",
        )],
    },
    Row {
        says: "unknown profile",
        files: "kind: Agent\nmetadata: {name: a}\nspec: {model_ref: m, execution: {profile: free}}\n",
        then: &[Refused("E-FIELD-ENUM", "\"dynamic\", \"contract\"")],
    },
    Row {
        says: "Secret data not base64",
        files: "kind: Secret\nmetadata: {name: s}\nspec: {data: {value: '***'}}\n",
        then: &[
            Refused(
                "E-SECRET-BASE64",
                "`spec.data.value` must be standard base64",
            ),
            At("3:22"),
        ],
    },
    Row {
        says: "ModelEndpoint without default_model",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: openai}\n",
        then: &[Refused(
            "E-FIELD-REQUIRED",
            "`spec.default_model` is required",
        )],
    },
    Row {
        says: "unsupported kind",
        files: "kind: Agnet\nmetadata: {name: a}\nspec: {}\n",
        then: &[Refused("E-FIELD-KIND", "did you mean `Agent`?"), At("1:7")],
    },
    Row {
        says: "missing kind",
        files: "metadata: {name: a}\nspec: {}\n",
        then: &[Refused("E-FIELD-KIND", "`kind` is missing")],
    },
    Row {
        says: "missing name",
        files: "kind: Worker\nmetadata: {}\nspec: {}\n",
        then: &[Refused("E-FIELD-REQUIRED", "`metadata.name` is required")],
    },
    Row {
        says: "`{not yaml`",
        files: "{not yaml",
        then: &[Refused("E-YAML-SYNTAX", "")],
    },
    Row {
        says: "mixed dir: the good are read, and the bad refuse the whole",
        files: "=== good.yaml\nkind: Worker\nmetadata: {name: w}\nspec: {}\n=== bad.yaml\nkind: Nope\n",
        then: &[
            Refused("E-FIELD-KIND", "`Nope` is not a known kind"),
            Count(1),
        ],
    },
    Row {
        says: "Task max_turns -1",
        files: "kind: Task\nmetadata: {name: t}\nspec: {mode: template, max_turns: -1}\n",
        then: &[Refused(
            "E-FIELD-RANGE",
            "`spec.max_turns` must be at least 0, not -1",
        )],
    },
    Row {
        says: "Task bad mode",
        files: "kind: Task\nmetadata: {name: t}\nspec: {mode: daily}\n",
        then: &[Refused("E-FIELD-ENUM", "\"run\", \"template\"")],
    },
    Row {
        says: "TaskSchedule `default/`",
        files: "kind: TaskSchedule\nmetadata: {name: s}\nspec: {task_ref: default/, schedule: '0 9 * * 1'}\n",
        then: &[Refused(
            "E-FIELD-FORMAT",
            "`spec.task_ref` names nothing: \"default/\"",
        )],
    },
    Row {
        says: "TaskSchedule cron `* * * *`",
        files: "kind: TaskSchedule\nmetadata: {name: s}\nspec: {task_ref: t, schedule: '* * * *'}\n---\nkind: Task\nmetadata: {name: t}\nspec: {mode: template}\n",
        then: &[Refused("E-FIELD-FORMAT", "a schedule has 5 fields")],
    },
    Row {
        says: "TaskSchedule tz `Mars/Colony`",
        files: "kind: TaskSchedule\nmetadata: {name: s}\nspec: {task_ref: t, schedule: '0 9 * * 1', time_zone: Mars/Colony}\n",
        then: &[Refused(
            "E-FIELD-FORMAT",
            "is not an IANA time zone: \"Mars/Colony\"",
        )],
    },
    Row {
        says: "TaskSchedule concurrency `allow`",
        files: "kind: TaskSchedule\nmetadata: {name: s}\nspec: {task_ref: t, schedule: '0 9 * * 1', concurrency_policy: allow}\n",
        then: &[Refused(
            "E-FIELD-ENUM",
            "`spec.concurrency_policy` must be one of \"forbid\"",
        )],
    },
    Row {
        says: "TaskWebhook `default/`",
        files: "kind: TaskWebhook\nmetadata: {name: w}\nspec: {task_ref: default/, auth: {secret_ref: s}}\n",
        then: &[Refused("E-FIELD-FORMAT", "`spec.task_ref` names nothing")],
    },
    Row {
        says: "TaskWebhook profile `stripe`",
        files: "kind: TaskWebhook\nmetadata: {name: w}\nspec: {task_ref: t, auth: {secret_ref: s, profile: stripe}}\n",
        then: &[Refused("E-FIELD-ENUM", "\"generic\", \"github\"")],
    },
    Row {
        says: "TaskWebhook no secret_ref",
        files: "kind: TaskWebhook\nmetadata: {name: w}\nspec: {task_ref: t, auth: {}}\n",
        then: &[Refused(
            "E-FIELD-REQUIRED",
            "`spec.auth.secret_ref` is required",
        )],
    },
    Row {
        says: "TaskWebhook dedupe -1",
        files: "kind: TaskWebhook\nmetadata: {name: w}\nspec: {task_ref: t, auth: {secret_ref: s}, idempotency: {dedupe_window_seconds: -1}}\n",
        then: &[Refused("E-FIELD-RANGE", "must be at least 0")],
    },
    Row {
        says: "TaskWebhook payload.mode `mapped`",
        files: "kind: TaskWebhook\nmetadata: {name: w}\nspec: {task_ref: t, auth: {secret_ref: s}, payload: {mode: mapped}}\n",
        then: &[Refused(
            "E-FIELD-ENUM",
            "`spec.payload.mode` must be one of \"raw\"",
        )],
    },
    Row {
        says: "Tool bad type",
        files: "kind: Tool\nmetadata: {name: t}\nspec: {type: carrier-pigeon}\n",
        then: &[Refused("E-FIELD-ENUM", "`spec.type` must be one of")],
    },
    Row {
        says: "Tool bad auth profile",
        files: "kind: Tool\nmetadata: {name: t}\nspec: {auth: {profile: magic, secretRef: s}}\n",
        then: &[Refused(
            "E-FIELD-ENUM",
            "`spec.auth.profile` must be one of",
        )],
    },
    Row {
        says: "Tool profile without secretRef",
        files: "kind: Tool\nmetadata: {name: t}\nspec: {auth: {profile: bearer}}\n",
        then: &[Refused(
            "E-FIELD-REQUIRED",
            "`spec.auth.secretRef` is required",
        )],
    },
    Row {
        says: "Tool api_key_header without headerName",
        files: "kind: Tool\nmetadata: {name: t}\nspec: {auth: {profile: api_key_header, secretRef: s}}\n",
        then: &[Refused(
            "E-FIELD-REQUIRED",
            "`spec.auth.headerName` is required",
        )],
    },
    Row {
        says: "Tool oauth2 without tokenURL",
        files: "kind: Tool\nmetadata: {name: t}\nspec: {auth: {profile: oauth2_client_credentials, secretRef: s}}\n",
        then: &[Refused(
            "E-FIELD-REQUIRED",
            "`spec.auth.tokenURL` is required",
        )],
    },
    Row {
        says: "Tool bad jitter",
        files: "kind: Tool\nmetadata: {name: t}\nspec: {runtime: {retry: {jitter: some}}}\n",
        then: &[Refused("E-FIELD-ENUM", "\"none\", \"full\", \"equal\"")],
    },
    Row {
        says: "Tool bad operation class",
        files: "kind: Tool\nmetadata: {name: t}\nspec: {operation_classes: [read, peek]}\n",
        then: &[Refused(
            "E-FIELD-ENUM",
            "`spec.operation_classes.1` must be one of",
        )],
    },
    Row {
        says: "ToolPermission scoped without target_agents",
        files: "kind: ToolPermission\nmetadata: {name: t}\nspec: {apply_mode: scoped}\n",
        then: &[Refused(
            "E-FIELD-REQUIRED",
            "`spec.target_agents` is required when `spec.apply_mode` is scoped",
        )],
    },
    Row {
        says: "ToolPermission rule bad class",
        files: "kind: ToolPermission\nmetadata: {name: t}\nspec: {operation_rules: [{operation_class: peek}]}\n",
        then: &[Refused("E-FIELD-ENUM", "operation_class` must be one of")],
    },
    Row {
        says: "ToolPermission rule bad verdict",
        files: "kind: ToolPermission\nmetadata: {name: t}\nspec: {operation_rules: [{verdict: maybe}]}\n",
        then: &[Refused(
            "E-FIELD-ENUM",
            "\"allow\", \"deny\", \"approval_required\"",
        )],
    },
    Row {
        says: "ToolApproval missing task_ref",
        files: "kind: ToolApproval\nmetadata: {name: t}\nspec: {tool: x}\n",
        then: &[Refused("E-FIELD-REQUIRED", "`spec.task_ref` is required")],
    },
    Row {
        says: "ToolApproval missing tool",
        files: "kind: ToolApproval\nmetadata: {name: t}\nspec: {task_ref: x}\n",
        then: &[Refused("E-FIELD-REQUIRED", "`spec.tool` is required")],
    },
    Row {
        says: "ToolApproval bad ttl",
        files: "kind: ToolApproval\nmetadata: {name: t}\nspec: {task_ref: k, tool: x, ttl: soon}\n",
        then: &[Refused(
            "E-FIELD-FORMAT",
            "`spec.ttl` is not a duration: \"soon\"",
        )],
    },
    Row {
        says: "ToolApproval bad phase",
        files: "kind: ToolApproval\nmetadata: {name: t}\nspec: {task_ref: k, tool: x}\nstatus: {phase: Maybe}\n",
        then: &[Refused(
            "E-FIELD-ENUM",
            "\"Pending\", \"Approved\", \"Denied\", \"Expired\"",
        )],
    },
    Row {
        says: "unresolved model_ref",
        files: "kind: Agent\nmetadata: {name: a}\nspec: {model_ref: none}\n",
        then: &[
            Refused("E-REF-MISSING", "ModelEndpoint `none` does not exist"),
            At("3:19"),
        ],
    },
    Row {
        says: "run-time anthropic max_tokens not an int",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: anthropic, default_model: x, options: {max_tokens: many}}\n",
        then: &[
            Refused("E-FIELD-FORMAT", "must be a whole number above 0"),
            At("3:69"),
        ],
    },
];

/// A system of agents `a`, `b` and `c`, and a task that runs it, around a row's own graph.
macro_rules! graph {
    ($agents:literal, $graph:literal, $task:literal) => {
        concat!(
            "=== system.yaml\nkind: AgentSystem\nmetadata: {name: s}\nspec:\n  agents: ", $agents, "\n  graph: ", $graph,
            "\n=== agents.yaml\nkind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: mock, default_model: x}\n",
            "---\nkind: Agent\nmetadata: {name: a}\nspec: {model_ref: m}\n",
            "---\nkind: Agent\nmetadata: {name: b}\nspec: {model_ref: m}\n",
            "---\nkind: Agent\nmetadata: {name: c}\nspec: {model_ref: m}\n",
            "=== task.yaml\nkind: Task\nmetadata: {name: t}\nspec: ", $task, "\n",
        )
    };
}

/// Faults that elsewhere are met at run time.
const AT_RUN_TIME: &[Row] = &[
    Row {
        says: "agentsystem \"x\" not found",
        files: graph!("[a]", "{}", "{system: x}"),
        then: &[Refused("E-REF-MISSING", "AgentSystem `x` does not exist")],
    },
    Row {
        says: "agentsystem \"x\" has no spec.agents",
        files: graph!("[]", "{}", "{system: s}"),
        then: &[Refused("E-GRAPH-SYSTEM", "has no spec.agents")],
    },
    Row {
        says: "agentsystem contains empty agent name",
        files: graph!("[a, ' ']", "{}", "{mode: template}"),
        then: &[
            Refused("E-FIELD-REQUIRED", "an entry of `spec.agents` is empty"),
            At("4:15"),
        ],
    },
    Row {
        says: "agent \"a\" not found",
        files: graph!("[a, z]", "{}", "{system: s}"),
        then: &[
            Refused("E-REF-MISSING", "Agent `z` does not exist"),
            At("4:15"),
        ],
    },
    Row {
        says: "agent references missing tool",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: mock, default_model: x}\n---\nkind: Agent\nmetadata: {name: a}\nspec: {model_ref: m, tools: [none]}\n",
        then: &[
            Refused("E-REF-MISSING", "Tool `none` does not exist"),
            At("7:30"),
        ],
    },
    Row {
        says: "agent references missing role",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: mock, default_model: x}\n---\nkind: Agent\nmetadata: {name: a}\nspec: {model_ref: m, roles: [none]}\n",
        then: &[
            Refused("E-REF-MISSING", "AgentRole `none` does not exist"),
            At("7:30"),
        ],
    },
    Row {
        says: "agent references missing memory",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: mock, default_model: x}\n---\nkind: Agent\nmetadata: {name: a}\nspec: {model_ref: m, memory: {ref: none}}\n",
        then: &[
            Refused("E-REF-MISSING", "Memory `none` does not exist"),
            At("7:36"),
        ],
    },
    Row {
        says: "graph node is not listed in spec.agents",
        files: graph!("[a]", "{b: {next: a}}", "{system: s}"),
        then: &[Refused(
            "E-GRAPH-SYSTEM",
            "graph node `b` is not listed in spec.agents",
        )],
    },
    Row {
        says: "graph node has unsupported join.mode",
        files: graph!("[a]", "{a: {join: {mode: first}}}", "{mode: template}"),
        then: &[Refused("E-FIELD-ENUM", "\"wait_for_all\", \"quorum\"")],
    },
    Row {
        says: "invalid join.quorum_count -1",
        files: graph!("[a]", "{a: {join: {quorum_count: -1}}}", "{mode: template}"),
        then: &[Refused("E-FIELD-RANGE", "quorum_count` must be at least 0")],
    },
    Row {
        says: "invalid join.quorum_percent 101 (expected 0-100)",
        files: graph!(
            "[a]",
            "{a: {join: {quorum_percent: 101}}}",
            "{mode: template}"
        ),
        then: &[Refused(
            "E-FIELD-RANGE",
            "quorum_percent` must be at most 100",
        )],
    },
    Row {
        says: "unsupported join.on_failure",
        files: graph!(
            "[a]",
            "{a: {join: {on_failure: panic}}}",
            "{mode: template}"
        ),
        then: &[Refused(
            "E-FIELD-ENUM",
            "\"deadletter\", \"skip\", \"continue_partial\"",
        )],
    },
    Row {
        says: "graph edge \"a\" -> \"b\" points to unknown agent",
        files: graph!("[a]", "{a: {edges: [' ', b]}}", "{system: s}"),
        then: &[
            Refused(
                "E-GRAPH-SYSTEM",
                "graph edge `a` -> `b` leads to no agent of spec.agents",
            ),
            At("5:28"),
        ],
    },
    Row {
        says: "graph contains a cycle; set task.spec.max_turns > 0",
        files: graph!("[a, b]", "{a: {next: b}, b: {next: a}}", "{system: s}"),
        then: &[Refused("E-GRAPH-CYCLE", "a -> b -> a")],
    },
    Row {
        says: "graph has no entrypoint: every agent is handed over to",
        files: graph!(
            "[a, b, c]",
            "{a: {next: b}, b: {next: c}, c: {next: a}}",
            "{system: s}"
        ),
        then: &[Refused("E-GRAPH-CYCLE", "set `spec.max_turns` above 0")],
    },
    Row {
        says: "no entrypoint: waived for cycle + max_turns",
        files: graph!(
            "[a, b]",
            "{a: {next: b}, b: {next: a}}",
            "{system: s, max_turns: 3}"
        ),
        then: &[Accepted],
    },
];

/// Newer rules of the format.
const NEWER: &[Row] = &[
    Row {
        says: "names with `/`",
        files: "kind: Worker\nmetadata: {name: a/b}\nspec: {}\n",
        then: &[Refused("E-FIELD-NAME", "`metadata.name`")],
    },
    Row {
        says: "names with spaces",
        files: "kind: Worker\nmetadata: {name: a b}\nspec: {}\n",
        then: &[Refused("E-FIELD-NAME", "`metadata.name`")],
    },
    Row {
        says: "names with a leading dot",
        files: "kind: Worker\nmetadata: {name: .a}\nspec: {}\n",
        then: &[Refused("E-FIELD-NAME", "`metadata.name`")],
    },
    Row {
        says: "reserved words: status, logs, exec, scale, proxy, binding",
        files: "kind: Worker\nmetadata: {name: status}\nspec: {}\n---\nkind: Worker\nmetadata: {name: logs}\nspec: {}\n---\nkind: Worker\nmetadata: {name: exec}\nspec: {}\n---\nkind: Worker\nmetadata: {name: scale}\nspec: {}\n---\nkind: Worker\nmetadata: {name: proxy}\nspec: {}\n---\nkind: Worker\nmetadata: {name: binding}\nspec: {}\n",
        then: &[
            Refused(
                "E-FIELD-RESERVED",
                "`binding` is a path of the resource API",
            ),
            At("2:18"),
            At("6:18"),
            At("10:18"),
            At("14:18"),
            At("18:18"),
            At("22:18"),
        ],
    },
    Row {
        says: "output_schema without a type",
        files: "kind: Agent\nmetadata: {name: a}\nspec: {model_ref: m, execution: {output_schema: {properties: {}}}}\n",
        then: &[Refused(
            "E-FIELD-FORMAT",
            "must be a JSON Schema with a `type`",
        )],
    },
    Row {
        says: "output_schema deeper than 10",
        files: "kind: Agent\nmetadata: {name: a}\nspec: {model_ref: m, execution: {output_schema: {type: array, a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: 1}}}}}}}}}}}}}\n",
        then: &[Refused("E-FIELD-FORMAT", "may nest at most 10 levels")],
    },
    Row {
        says: "`---`: an extension of ours",
        files: "kind: Worker\nmetadata: {name: a}\nspec: {}\n---\nkind: Worker\nmetadata: {name: b}\nspec: {}\n",
        then: &[Accepted, Count(2)],
    },
];

/// Enforced in the format's code, without a test there.
const UNTESTED: &[Row] = &[
    Row {
        says: "AgentPolicy bad apply_mode",
        files: "kind: AgentPolicy\nmetadata: {name: x}\nspec: {apply_mode: local}\n",
        then: &[Refused("E-FIELD-ENUM", "\"scoped\", \"global\"")],
    },
    Row {
        says: "Tool bad risk_level",
        files: "kind: Tool\nmetadata: {name: x}\nspec: {risk_level: huge}\n",
        then: &[Refused(
            "E-FIELD-ENUM",
            "\"low\", \"medium\", \"high\", \"critical\"",
        )],
    },
    Row {
        says: "Tool bad isolation_mode",
        files: "kind: Tool\nmetadata: {name: x}\nspec: {runtime: {isolation_mode: jail}}\n",
        then: &[Refused(
            "E-FIELD-ENUM",
            "`spec.runtime.isolation_mode` must be one of",
        )],
    },
    Row {
        says: "Tool bad timeout",
        files: "kind: Tool\nmetadata: {name: x}\nspec: {runtime: {timeout: 30}}\n",
        then: &[Refused("E-FIELD-FORMAT", "is not a duration: \"30\"")],
    },
    Row {
        says: "Tool bad backoff",
        files: "kind: Tool\nmetadata: {name: x}\nspec: {runtime: {retry: {backoff: soon, max_backoff: 1d}}}\n",
        then: &[
            Refused("E-FIELD-FORMAT", "is not a duration: \"soon\""),
            At("3:54"),
        ],
    },
    Row {
        says: "Tool mcp without mcp_server_ref",
        files: "kind: Tool\nmetadata: {name: x}\nspec: {type: mcp, mcp_tool_name: t}\n",
        then: &[Refused(
            "E-FIELD-REQUIRED",
            "`spec.mcp_server_ref` is required",
        )],
    },
    Row {
        says: "Tool mcp without mcp_tool_name",
        files: "kind: Tool\nmetadata: {name: x}\nspec: {type: mcp, mcp_server_ref: s}\n---\nkind: McpServer\nmetadata: {name: s}\nspec: {transport: stdio, command: npx}\n",
        then: &[Refused(
            "E-FIELD-REQUIRED",
            "`spec.mcp_tool_name` is required",
        )],
    },
    Row {
        says: "ToolPermission bad match_mode",
        files: "kind: ToolPermission\nmetadata: {name: x}\nspec: {match_mode: most}\n",
        then: &[Refused("E-FIELD-ENUM", "\"all\", \"any\"")],
    },
    Row {
        says: "ToolPermission bad apply_mode",
        files: "kind: ToolPermission\nmetadata: {name: x}\nspec: {apply_mode: local}\n",
        then: &[Refused("E-FIELD-ENUM", "\"scoped\", \"global\"")],
    },
    Row {
        says: "Task bad retry duration",
        files: "kind: Task\nmetadata: {name: x}\nspec: {mode: template, retry: {backoff: 5}}\n",
        then: &[Refused(
            "E-FIELD-FORMAT",
            "`spec.retry.backoff` is not a duration",
        )],
    },
    Row {
        says: "Task bad message_retry durations",
        files: "kind: Task\nmetadata: {name: x}\nspec: {mode: template, message_retry: {backoff: soon, max_backoff: 1d}}\n",
        then: &[
            Refused(
                "E-FIELD-FORMAT",
                "`spec.message_retry.max_backoff` is not a duration",
            ),
            At("3:49"),
        ],
    },
    Row {
        says: "Task bad jitter",
        files: "kind: Task\nmetadata: {name: x}\nspec: {mode: template, message_retry: {jitter: some}}\n",
        then: &[Refused(
            "E-FIELD-ENUM",
            "`spec.message_retry.jitter` must be one of",
        )],
    },
    Row {
        says: "TaskSchedule missing task_ref",
        files: "kind: TaskSchedule\nmetadata: {name: x}\nspec: {schedule: '0 9 * * 1'}\n",
        then: &[Refused("E-FIELD-REQUIRED", "`spec.task_ref` is required")],
    },
    Row {
        says: "TaskSchedule missing schedule",
        files: "kind: TaskSchedule\nmetadata: {name: x}\nspec: {task_ref: t}\n",
        then: &[Refused("E-FIELD-REQUIRED", "`spec.schedule` is required")],
    },
    Row {
        says: "TaskWebhook max_skew -1",
        files: "kind: TaskWebhook\nmetadata: {name: x}\nspec: {task_ref: t, auth: {secret_ref: s, max_skew_seconds: -1}}\n",
        then: &[Refused(
            "E-FIELD-RANGE",
            "`spec.auth.max_skew_seconds` must be at least 0",
        )],
    },
    Row {
        says: "McpServer no transport",
        files: "kind: McpServer\nmetadata: {name: x}\nspec: {}\n",
        then: &[Refused("E-FIELD-REQUIRED", "`spec.transport` is required")],
    },
    Row {
        says: "McpServer bad transport",
        files: "kind: McpServer\nmetadata: {name: x}\nspec: {transport: tcp}\n",
        then: &[Refused("E-FIELD-ENUM", "\"stdio\", \"http\"")],
    },
    Row {
        says: "McpServer stdio without command",
        files: "kind: McpServer\nmetadata: {name: x}\nspec: {transport: stdio}\n",
        then: &[Refused(
            "E-FIELD-REQUIRED",
            "`spec.command` is required for transport stdio",
        )],
    },
    Row {
        says: "McpServer http without endpoint",
        files: "kind: McpServer\nmetadata: {name: x}\nspec: {transport: http, command: npx}\n",
        then: &[Refused(
            "E-FIELD-REQUIRED",
            "`spec.endpoint` is required for transport http",
        )],
    },
    Row {
        says: "Secret empty value",
        files: "kind: Secret\nmetadata: {name: x}\nspec: {stringData: {value: ''}}\n",
        then: &[Refused("E-FIELD-REQUIRED", "the value `value` is empty")],
    },
    Row {
        says: "non-integer max_steps",
        files: "kind: Agent\nmetadata: {name: x}\nspec: {model_ref: m, limits: {max_steps: few}}\n",
        then: &[Refused(
            "E-FIELD-TYPE",
            "`spec.limits.max_steps` must be a whole number",
        )],
    },
    Row {
        says: "non-integer max_tokens_per_run",
        files: "kind: AgentPolicy\nmetadata: {name: x}\nspec: {max_tokens_per_run: 1.5}\n",
        then: &[Refused(
            "E-FIELD-TYPE",
            "`spec.max_tokens_per_run` must be a whole number",
        )],
    },
    Row {
        says: "non-integer quorum",
        files: "kind: AgentSystem\nmetadata: {name: x}\nspec: {agents: [a], graph: {a: {join: {quorum_count: most}}}}\n",
        then: &[Refused(
            "E-FIELD-TYPE",
            "quorum_count` must be a whole number",
        )],
    },
];

/// What must be accepted.
const ACCEPTED: &[Row] = &[
    Row {
        says: "custom provider names: a warning",
        files: "kind: ModelEndpoint\nmetadata: {name: x}\nspec: {provider: my-own, default_model: m, base_url: 'https://a.example'}\n",
        then: &[Warned("W-ENDPOINT-PROVIDER", "`my-own`"), Count(1)],
    },
    Row {
        says: "kind in any casing",
        files: "kind: sEcReT\nmetadata: {name: x}\nspec: {stringData: {value: y}}\n",
        then: &[Accepted, Count(1)],
    },
    Row {
        says: "metadata resourceVersion and generation in YAML",
        files: "kind: Worker\nmetadata: {name: x, resourceVersion: 7, generation: 2, createdAt: 2026-01-02T03:04:05Z}\nspec: {}\n",
        then: &[
            Accepted,
            Means("kind: Worker\nmetadata: {name: x}\nspec: {}\n"),
        ],
    },
    Row {
        says: "legacy and rich edges",
        files: "kind: AgentSystem\nmetadata: {name: s}\nspec: {agents: [a, b, c], graph: {a: {next: b, edges: [{to: c, labels: {k: v}, policy: {retry: 'no'}}]}}}\n",
        then: &[Has(
            "AgentSystem s",
            "/graph/a/edges",
            r#"[{"to": "b"}, {"to": "c", "labels": {"k": "v"}, "policy": {"retry": "no"}}]"#,
        )],
    },
    Row {
        says: "all auth profiles",
        files: "kind: Tool\nmetadata: {name: a}\nspec: {auth: {profile: bearer, secretRef: s}}\n---\nkind: Tool\nmetadata: {name: b}\nspec: {auth: {profile: api_key_header, secretRef: s, headerName: X-Key}}\n---\nkind: Tool\nmetadata: {name: c}\nspec: {auth: {profile: basic, secretRef: s}}\n---\nkind: Tool\nmetadata: {name: d}\nspec: {auth: {profile: oauth2_client_credentials, secretRef: s, tokenURL: 'https://a.example', scopes: [x]}}\n",
        then: &[Accepted, Count(4)],
    },
    Row {
        says: "all tool types",
        files: "kind: McpServer\nmetadata: {name: s}\nspec: {transport: stdio, command: npx}\n---\nkind: Tool\nmetadata: {name: a}\nspec: {type: http}\n---\nkind: Tool\nmetadata: {name: b}\nspec: {type: external}\n---\nkind: Tool\nmetadata: {name: c}\nspec: {type: grpc}\n---\nkind: Tool\nmetadata: {name: d}\nspec: {type: queue}\n---\nkind: Tool\nmetadata: {name: e}\nspec: {type: webhook-callback}\n---\nkind: Tool\nmetadata: {name: f}\nspec: {type: mcp, mcp_server_ref: s, mcp_tool_name: t}\n---\nkind: Tool\nmetadata: {name: g}\nspec: {type: wasm}\n",
        then: &[Accepted, Count(8)],
    },
    Row {
        says: "observe policy",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: mock, default_model: x}\n---\nkind: Agent\nmetadata: {name: a}\nspec: {model_ref: m, execution: {on_contract_violation: observe}}\n",
        then: &[Accepted],
    },
    Row {
        says: "stringData alias string_data",
        files: "kind: Secret\nmetadata: {name: x}\nspec: {string_data: {value: y}}\n",
        then: &[Accepted, Count(1)],
    },
];

#[test]
fn what_the_format_refuses_is_refused_for_the_same_reason() {
    hold(REFUSED);
}

#[test]
fn what_would_fail_at_run_time_is_refused_before() {
    hold(AT_RUN_TIME);
}

#[test]
fn newer_rules_of_the_format_hold() {
    hold(NEWER);
}

#[test]
fn what_only_the_formats_code_refuses_is_refused() {
    hold(UNTESTED);
}

#[test]
fn what_the_format_accepts_is_accepted() {
    hold(&ACCEPTED[..3]);
    hold(&ACCEPTED[3..]);
}
