//! What the format's own reader silently gets wrong: read right, or refused.

use super::{Row, Then, hold};
use Then::{Accepted, At, Count, Has, Holds, Refused};

const ROWS: &[Row] = &[
    Row {
        says: "`allowed_models: [gpt-4o]` (flow list): field dropped, policy allows all, no error",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: mock, default_model: gpt-4o}\n---\nkind: AgentPolicy\nmetadata: {name: p}\nspec:\n  allowed_models: [gpt-4o]\n",
        then: &[
            Accepted,
            Has("AgentPolicy p", "/allowed_models", r#"["gpt-4o"]"#),
        ],
    },
    Row {
        says: "`allowed_models: # comment` + items: field dropped",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: mock, default_model: gpt-4o}\n---\nkind: AgentPolicy\nmetadata: {name: p}\nspec:\n  allowed_models: # ours\n    - gpt-4o\n",
        then: &[
            Accepted,
            Has("AgentPolicy p", "/allowed_models", r#"["gpt-4o"]"#),
        ],
    },
    Row {
        says: "`provider: openai # prod`: provider `openai # prod`",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec:\n  provider: openai # prod\n  default_model: x\n",
        then: &[Accepted, Has("ModelEndpoint m", "/provider", r#""openai""#)],
    },
    Row {
        says: "`- shell # dangerous` in blocked_tools: tool name `shell # dangerous`, blocks nothing",
        files: "kind: AgentPolicy\nmetadata: {name: p}\nspec:\n  blocked_tools:\n    - shell # dangerous\n",
        then: &[
            Accepted,
            Has("AgentPolicy p", "/blocked_tools", r#"["shell"]"#),
        ],
    },
    Row {
        says: "`applyMode: global`: dropped, inert policy",
        files: "kind: AgentPolicy\nmetadata: {name: p}\nspec:\n  applyMode: global\n",
        then: &[
            Refused("E-FIELD-UNKNOWN", "did you mean `apply_mode`?"),
            At("4:3"),
        ],
    },
    Row {
        says: "`allowedModels:`: dropped, inert policy",
        files: "kind: AgentPolicy\nmetadata: {name: p}\nspec:\n  allowedModels:\n    - gpt-4o\n",
        then: &[
            Refused("E-FIELD-UNKNOWN", "did you mean `allowed_models`?"),
            At("4:3"),
        ],
    },
    Row {
        says: "`prompt: >` folded: prompt is `>`",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: mock, default_model: x}\n---\nkind: Agent\nmetadata: {name: a}\nspec:\n  model_ref: m\n  prompt: >\n    one\n    two\n",
        then: &[Accepted, Has("Agent a", "/prompt", r#""one two""#)],
    },
    Row {
        says: "wrapped plain scalar: cut after the first line",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: mock, default_model: x}\n---\nkind: Agent\nmetadata: {name: a}\nspec:\n  model_ref: m\n  prompt: one\n    two\n",
        then: &[Accepted, Has("Agent a", "/prompt", r#""one two""#)],
    },
    Row {
        says: "\"Line one\\nLine two\": escapes kept as backslash-n",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: mock, default_model: x}\n---\nkind: Agent\nmetadata: {name: a}\nspec:\n  model_ref: m\n  prompt: \"Line one\\nLine two\"\n",
        then: &[
            Accepted,
            Has("Agent a", "/prompt", r#""Line one\nLine two""#),
        ],
    },
    Row {
        says: "two Secrets with `---`: one Secret named as the last, with both keys",
        files: "kind: Secret\nmetadata: {name: a}\nspec: {stringData: {one: x}}\n---\nkind: Secret\nmetadata: {name: b}\nspec: {stringData: {two: y}}\n",
        then: &[
            Accepted,
            Count(2),
            Holds("a", "one", "x"),
            Holds("b", "two", "y"),
            Has("Secret a", "/values/two", "null"),
            Has("Secret b", "/values/one", "null"),
        ],
    },
    Row {
        says: "Secret + ModelEndpoint with `---`: unsupported kind \"ModelEndpoint\" for Secret",
        files: "kind: Secret\nmetadata: {name: s}\nspec: {stringData: {value: x}}\n---\nkind: ModelEndpoint\nmetadata: {name: m}\nspec: {default_model: x, auth: {secretRef: s}}\n",
        then: &[
            Accepted,
            Count(2),
            Holds("s", "value", "x"),
            Has("ModelEndpoint m", "/default_model", r#""x""#),
        ],
    },
    Row {
        says: "stringData key called `kind`: unsupported kind; a key `apiVersion` silently replaces the object's",
        files: "apiVersion: orloj.dev/v1\nkind: Secret\nmetadata: {name: s}\nspec:\n  stringData:\n    kind: Agent\n    apiVersion: v2\n",
        then: &[
            Accepted,
            Holds("s", "kind", "Agent"),
            Holds("s", "apiVersion", "v2"),
        ],
    },
    Row {
        says: "stringData block scalar (JSON): lines parsed as fields",
        files: "kind: Secret\nmetadata: {name: s}\nspec:\n  stringData:\n    value: |\n      {\n        \"kind\": \"Agent\"\n      }\n",
        then: &[
            Accepted,
            Holds("s", "value", "{\n  \"kind\": \"Agent\"\n}\n"),
        ],
    },
    Row {
        says: "stringData block scalar (PEM): lines parsed as fields",
        files: "kind: Secret\nmetadata: {name: s}\nspec:\n  stringData:\n    value: |-\n      -----BEGIN KEY-----\n      a: b\n      -----END KEY-----\n",
        then: &[
            Accepted,
            Holds("s", "value", "-----BEGIN KEY-----\na: b\n-----END KEY-----"),
        ],
    },
    Row {
        says: "annotations `name: evil`: metadata.name becomes `evil`",
        files: "kind: Worker\nmetadata:\n  name: good\n  annotations:\n    name: evil\nspec: {region: eu}\n",
        then: &[Accepted, Count(1), Has("Worker good", "/region", r#""eu""#)],
    },
    Row {
        says: "Memory endpoint and auth: dropped",
        files: "kind: Memory\nmetadata: {name: m}\nspec:\n  type: vector\n  endpoint: https://a.example\n  auth:\n    secretRef: s\n",
        then: &[
            Accepted,
            Has("Memory m", "/endpoint", r#""https://a.example""#),
            Has("Memory m", "/auth/secretRef", r#""s""#),
        ],
    },
    Row {
        says: "Tool description, input_schema, mcp_*: dropped or mis-assigned (`type: string` inside input_schema replaces spec.type)",
        files: "kind: McpServer\nmetadata: {name: s}\nspec: {transport: stdio, command: npx}\n---\nkind: Tool\nmetadata: {name: t}\nspec:\n  type: mcp\n  description: Adds\n  mcp_server_ref: s\n  mcp_tool_name: add\n  input_schema:\n    type: object\n    properties:\n      a:\n        type: string\n",
        then: &[
            Accepted,
            Has("Tool t", "/type", r#""mcp""#),
            Has("Tool t", "/description", r#""Adds""#),
            Has("Tool t", "/mcp_server_ref", r#""s""#),
            Has("Tool t", "/mcp_tool_name", r#""add""#),
            Has(
                "Tool t",
                "/input_schema",
                r#"{"type": "object", "properties": {"a": {"type": "string"}}}"#,
            ),
        ],
    },
    Row {
        says: "Worker fields after capabilities: dropped or mis-assigned",
        files: "kind: Worker\nmetadata: {name: w}\nspec:\n  capabilities:\n    gpu: true\n    supported_models:\n      - gpt-4o\n  region: eu\n  max_concurrent_tasks: 4\n",
        then: &[
            Accepted,
            Has(
                "Worker w",
                "",
                r#"{"capabilities": {"gpu": true, "supported_models": ["gpt-4o"]}, "region": "eu", "max_concurrent_tasks": 4}"#,
            ),
        ],
    },
    Row {
        says: "anchors and aliases: `metadata.name is required`",
        files: "kind: Worker\nmetadata: &m {name: x}\nspec: {region: *m}\n",
        then: &[
            Refused("E-YAML-ALIAS", "write the value out"),
            At("2:14"),
            At("3:16"),
        ],
    },
    Row {
        says: "duplicate keys: last wins",
        files: "kind: Worker\nmetadata: {name: x}\nspec:\n  region: a\n  region: b\n",
        then: &[
            Refused("E-YAML-DUPLICATE-KEY", "the first one is in line 4"),
            At("5:3"),
        ],
    },
    Row {
        says: "seed text with lost indentation: \"valid\" Secret with no data",
        files: "apiVersion: orloj.dev/v1\nkind: Secret\nmetadata:\nname: openai-api-key\nspec:\nstringData:\nvalue: sk-1\n",
        then: &[Count(0), At("4:1"), At("7:1")],
    },
];

#[test]
fn what_is_silently_misread_elsewhere_is_read_right_or_refused() {
    hold(ROWS);
}
