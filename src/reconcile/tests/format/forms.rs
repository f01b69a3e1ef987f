//! Irregular forms that the format's manifests come in: read as they are meant.

use super::{Row, Then, hold, review};
use crate::model::Kind;
use Then::{Accepted, At, Count, Has, Means, Refused, Warned};

const ROWS: &[Row] = &[
    Row {
        says: "1. prompt block scalars: blank lines and lines that begin with # are kept",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: mock, default_model: x}\n---\nkind: Agent\nmetadata: {name: a}\nspec:\n  model_ref: m\n  prompt: |\n    # Role\n\n    Be brief.\n",
        then: &[
            Accepted,
            Has("Agent a", "/prompt", r##""# Role\n\nBe brief.""##),
        ],
    },
    Row {
        says: "1. a difference in the prompt's trailing newline is none",
        files: "kind: Agent\nmetadata: {name: a}\nspec:\n  model_ref: m\n  prompt: |\n    Be brief.\n",
        then: &[
            Means(
                "kind: Agent\nmetadata: {name: a}\nspec:\n  model_ref: m\n  prompt: |-\n    Be brief.\n",
            ),
            Means(
                "kind: Agent\nmetadata: {name: a}\nspec:\n  model_ref: m\n  prompt: |+\n    Be brief.\n\n\n",
            ),
        ],
    },
    Row {
        says: "2. an unquoted marker that ends in a colon is text, with a warning",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: mock, default_model: x}\n---\nkind: Agent\nmetadata: {name: a}\nspec:\n  model_ref: m\n  execution:\n    required_output_markers:\n      - AUTH_PATH:\n      - \"B:\"\n",
        then: &[
            Warned("W-YAML-COLON", "quote it: \"AUTH_PATH:\""),
            At("11:9"),
            Has(
                "Agent a",
                "/execution/required_output_markers",
                r#"["AUTH_PATH:", "B:"]"#,
            ),
        ],
    },
    Row {
        says: "3. comment lines before the first key, and inside a list block",
        files: "# the worker\n\n# of the test\nkind: Tool\nmetadata: {name: t}\nspec:\n  capabilities:\n    - a\n    # and\n    - b\n",
        then: &[Accepted, Has("Tool t", "/capabilities", r#"["a", "b"]"#)],
    },
    Row {
        says: "4. quoted and unquoted scalars side by side keep their source text where text is meant",
        files: "kind: ModelEndpoint\nmetadata: {name: m, labels: {year: 2024, on: true}}\nspec:\n  provider: anthropic\n  default_model: x\n  options:\n    anthropic_version: 2023-06-01\n    a: \"2023-06-01\"\n    max_tokens: 1024\n    b: \"1024\"\n    c: 1e3\n    d: true\n    e: 0755\n",
        then: &[
            Accepted,
            Has(
                "ModelEndpoint m",
                "/options",
                r#"{"anthropic_version": "2023-06-01", "a": "2023-06-01", "max_tokens": "1024", "b": "1024", "c": "1e3", "d": "true", "e": "0755"}"#,
            ),
        ],
    },
    Row {
        says: "5. legacy `next`, mixed with `edges`, which may be mappings, `next` or bare names",
        files: "kind: AgentSystem\nmetadata: {name: s}\nspec:\n  agents: [a, b, c, d, e]\n  graph:\n    a:\n      next: b\n      edges:\n        - to: c\n        - next: d\n        - e\n",
        then: &[
            Has(
                "AgentSystem s",
                "/graph/a/edges",
                r#"[{"to": "b"}, {"to": "c"}, {"to": "d"}, {"to": "e"}]"#,
            ),
            Means(
                "kind: AgentSystem\nmetadata: {name: s}\nspec:\n  agents: [a, b, c, d, e]\n  graph: {a: {edges: [b, c, d, e]}}\n",
            ),
        ],
    },
    Row {
        says: "6. colons inside scalars",
        files: "kind: AgentRole\nmetadata: {name: r}\nspec:\n  permissions:\n    - tool:web_search:invoke\n    - capability:web.read\n---\nkind: Tool\nmetadata: {name: t}\nspec: {endpoint: https://a.example:8443/x?y=z}\n",
        then: &[
            Accepted,
            Has(
                "AgentRole r",
                "/permissions",
                r#"["tool:web_search:invoke", "capability:web.read"]"#,
            ),
            Has("Tool t", "/endpoint", r#""https://a.example:8443/x?y=z""#),
        ],
    },
    Row {
        says: "6. a reference `ns/name`",
        files: "kind: Task\nmetadata: {name: t, namespace: team}\nspec: {mode: template}\n---\nkind: TaskSchedule\nmetadata: {name: s}\nspec:\n  task_ref: team/t\n  schedule: '0 9 * * 1'\n",
        then: &[Accepted, Has("TaskSchedule s", "/task_ref", r#""team/t""#)],
    },
    Row {
        says: "7. tool names with `--`, labels with `/`",
        files: "kind: Tool\nmetadata:\n  name: everything--get-sum\n  labels:\n    orloj.dev/use-case: pmo\nspec: {}\n",
        then: &[Accepted, Count(1)],
    },
    Row {
        says: "8. quoted cron strings with * and /",
        files: "kind: Task\nmetadata: {name: t}\nspec: {mode: template}\n---\nkind: TaskSchedule\nmetadata: {name: s}\nspec:\n  task_ref: t\n  schedule: \"*/15 8-18/2 * 1,6 1-5\"\n",
        then: &[
            Accepted,
            Has("TaskSchedule s", "/schedule", r#""*/15 8-18/2 * 1,6 1-5""#),
        ],
    },
    Row {
        says: "9. kind and enum values in any letter case",
        files: "kind: TOOL\nmetadata: {name: t}\nspec: {type: GRPC, risk_level: ' High ', operation_classes: [READ]}\n---\nkind: agent\nmetadata: {name: a}\nspec: {model_ref: m}\n---\nkind: modelendpoint\nmetadata: {name: m}\nspec: {provider: Mock, default_model: x}\n",
        then: &[
            Accepted,
            Count(3),
            Has("Tool t", "/type", r#""grpc""#),
            Has("Tool t", "/risk_level", r#""high""#),
            Has("Tool t", "/operation_classes", r#"["read"]"#),
        ],
    },
    Row {
        says: "10. spellings of ModelEndpoint: baseURL, defaultModel, auth.secret_ref",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {baseURL: 'https://a.example/v1', defaultModel: x, auth: {secret_ref: s}}\n",
        then: &[
            Accepted,
            Means(
                "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {base_url: 'https://a.example/v1', default_model: x, auth: {secretRef: s}}\n",
            ),
        ],
    },
    Row {
        says: "10. spellings of Agent: modelRef, duplicateToolCallPolicy, onContractViolation, toolUseBehavior",
        files: "kind: Agent\nmetadata: {name: a}\nspec: {modelRef: m, execution: {duplicateToolCallPolicy: deny, onContractViolation: observe, toolUseBehavior: stop_on_first_tool}}\n",
        then: &[Means(
            "kind: Agent\nmetadata: {name: a}\nspec: {model_ref: m, execution: {duplicate_tool_call_policy: deny, on_contract_violation: observe, tool_use_behavior: stop_on_first_tool}}\n",
        )],
    },
    Row {
        says: "10. spelling of Secret: string_data",
        files: "kind: Secret\nmetadata: {name: s}\nspec: {string_data: {value: x}}\n",
        then: &[
            Accepted,
            Means("kind: Secret\nmetadata: {name: s}\nspec: {stringData: {value: x}}\n"),
        ],
    },
    Row {
        says: "10. camelCase where the format has it: secretRef, headerName, tokenURL; TaskWebhook's secret_ref",
        files: "kind: Tool\nmetadata: {name: t}\nspec: {auth: {profile: oauth2_client_credentials, secretRef: s, headerName: X, tokenURL: 'https://a.example'}}\n---\nkind: Task\nmetadata: {name: k}\nspec: {mode: template}\n---\nkind: TaskWebhook\nmetadata: {name: w}\nspec: {task_ref: k, auth: {secret_ref: s}}\n",
        then: &[Accepted, Count(3)],
    },
    Row {
        says: "10. camelCase for AgentPolicy is an error with a suggestion",
        files: "kind: AgentPolicy\nmetadata: {name: p}\nspec: {maxTokensPerRun: 5}\n",
        then: &[
            Refused("E-FIELD-UNKNOWN", "did you mean `max_tokens_per_run`?"),
            At("3:8"),
        ],
    },
    Row {
        says: "11. lists at the same indent as their key, and four spaces",
        files: "kind: AgentPolicy\nmetadata:\n    name: p\nspec:\n    blocked_tools:\n    - shell\n",
        then: &[
            Accepted,
            Has("AgentPolicy p", "/blocked_tools", r#"["shell"]"#),
        ],
    },
    Row {
        says: "11. CRLF and a byte order mark",
        files: "\u{feff}kind: AgentPolicy\r\nmetadata:\r\n  name: p\r\nspec:\r\n  blocked_tools:\r\n  - shell\r\n",
        then: &[
            Accepted,
            Means("kind: AgentPolicy\nmetadata: {name: p}\nspec: {blocked_tools: [shell]}\n"),
        ],
    },
    Row {
        says: "11. tabs as indentation are an error with the line",
        files: "kind: AgentPolicy\nmetadata:\n\tname: p\nspec: {}\n",
        then: &[Refused("E-YAML-SYNTAX", "tabs"), At("3:2")],
    },
    Row {
        says: "12. JSON manifests",
        files: "{\n\t\"kind\": \"AgentPolicy\",\n\t\"metadata\": {\"name\": \"p\"},\n\t\"spec\": {\"blocked_tools\": [\"shell\"]}\n}\n",
        then: &[
            Accepted,
            Means("kind: AgentPolicy\nmetadata: {name: p}\nspec: {blocked_tools: [shell]}\n"),
        ],
    },
    Row {
        says: "12. an unknown field is an error",
        files: "{\"kind\": \"AgentPolicy\", \"metadata\": {\"name\": \"p\"}, \"spec\": {\"blockedtools\": []}}\n",
        then: &[
            Refused("E-FIELD-UNKNOWN", "did you mean `blocked_tools`?"),
            At("1:61"),
        ],
    },
    Row {
        says: "12. newer fields are no typos",
        files: "kind: AgentPolicy\nmetadata: {name: p}\nspec: {target_agents: [a]}\n",
        then: &[Refused(
            "E-FIELD-NEWER",
            "known upstream, newer than supported",
        )],
    },
    Row {
        says: "13. an object defined twice is reported with both places",
        files: "=== a.yaml\nkind: AgentPolicy\nmetadata: {name: p}\nspec: {}\n=== b.yaml\nkind: AgentPolicy\nmetadata: {name: p, namespace: default}\nspec: {}\n",
        then: &[Refused("E-GRAPH-DUPLICATE", "a.yaml:1")],
    },
    Row {
        says: "14. dangling references are errors",
        files: "kind: Agent\nmetadata: {name: a}\nspec: {model_ref: openai-default}\n",
        then: &[
            Refused(
                "E-REF-MISSING",
                "ModelEndpoint `openai-default` does not exist",
            ),
            At("3:19"),
        ],
    },
    Row {
        says: "14. tools `<mcp>--echo` exist when the McpServer does",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: mock, default_model: x}\n---\nkind: McpServer\nmetadata: {name: everything}\nspec: {transport: stdio, command: npx}\n---\nkind: Agent\nmetadata: {name: a}\nspec: {model_ref: m, tools: [everything--echo, everything--get-sum]}\n",
        then: &[Accepted],
    },
    Row {
        says: "14. and do not when it does not",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: mock, default_model: x}\n---\nkind: Agent\nmetadata: {name: a}\nspec: {model_ref: m, tools: [everything--echo]}\n",
        then: &[Refused(
            "E-REF-MISSING",
            "Tool `everything--echo` does not exist",
        )],
    },
    Row {
        says: "15. several documents in a file",
        files: "---\nkind: AgentPolicy\nmetadata: {name: p}\nspec: {max_tokens_per_run: 5}\n---\n# nothing\n---\nkind: AgentPolicy\nmetadata: {name: q}\nspec: {max_tokens_per_run: 5}\n...\n",
        then: &[Accepted, Count(2)],
    },
    Row {
        says: "16. a file in scope that is no manifest is one clear error",
        files: "=== .github/ci.yaml\nname: ci\non: push\njobs: {a: {b: c}}\n",
        then: &[
            Refused("E-FIELD-KIND", "this is not a manifest: `kind` is missing"),
            At("1:1"),
        ],
    },
];

#[test]
fn irregular_forms_are_read_as_they_are_meant() {
    hold(ROWS);
}

#[test]
fn stray_file_is_one_finding() {
    let strays = review("=== a.yaml\nname: ci\non: push\n=== b.yaml\n- a\n- b\n");
    assert_eq!(strays.findings.iter().count(), 2);
}

#[test]
fn every_kind_may_be_typed_in_singular_and_plural() {
    for kind in Kind::ALL {
        for word in [
            kind.singular(),
            kind.plural(),
            &kind.as_str().to_lowercase(),
        ] {
            assert_eq!(Kind::from_word(word), Some(kind), "{word}");
        }
    }
}
