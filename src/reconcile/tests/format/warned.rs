//! What the format takes without a word and is hardly meant: refused, or told.

use super::{BESIDE, Row, Then, hold, review};
use Then::{Accepted, At, Has, Means, Refused, Warned};

const ROWS: &[Row] = &[
    Row {
        says: "unknown apiVersion",
        files: "apiVersion: v2\nkind: Worker\nmetadata: {name: x}\nspec: {}\n",
        then: &[
            Refused("E-FIELD-API-VERSION", "write `apiVersion: orloj.dev/v1`"),
            At("1:13"),
        ],
    },
    Row {
        says: "an empty apiVersion is the default",
        files: "apiVersion: ''\nkind: Worker\nmetadata: {name: x}\nspec: {}\n",
        then: &[
            Accepted,
            Means("apiVersion: orloj.dev/v1\nkind: Worker\nmetadata: {name: x}\nspec: {}\n"),
        ],
    },
    Row {
        says: "timeout `banana`",
        files: "kind: Agent\nmetadata: {name: x}\nspec: {model_ref: m, limits: {timeout: banana}}\n",
        then: &[Refused(
            "E-FIELD-FORMAT",
            "`spec.limits.timeout` is not a duration: \"banana\"",
        )],
    },
    Row {
        says: "timeout `30`",
        files: "kind: Agent\nmetadata: {name: x}\nspec: {model_ref: m, limits: {timeout: 30}}\n",
        then: &[Refused("E-FIELD-FORMAT", "such as `30s`")],
    },
    Row {
        says: "negative limits: Agent",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: mock, default_model: x}\n---\nkind: Agent\nmetadata: {name: a}\nspec: {model_ref: m, limits: {max_steps: -3}}\n",
        then: &[
            Warned(
                "W-FIELD-NEGATIVE",
                "`spec.limits.max_steps` is below 0 and counts as 10",
            ),
            At("7:42"),
            Has("Agent a", "/limits/max_steps", "10"),
        ],
    },
    Row {
        says: "negative limits: Task",
        files: "kind: Task\nmetadata: {name: t}\nspec: {mode: template, retry: {max_attempts: -1}, message_retry: {max_attempts: -2}}\n",
        then: &[
            Warned(
                "W-FIELD-NEGATIVE",
                "`spec.retry.max_attempts` is below 0 and counts as 1",
            ),
            Warned(
                "W-FIELD-NEGATIVE",
                "`spec.message_retry.max_attempts` is below 0 and counts as that of `retry`",
            ),
            Has("Task t", "/message_retry/max_attempts", "1"),
        ],
    },
    Row {
        says: "negative limits: Tool, Worker and McpServer",
        files: "kind: Tool\nmetadata: {name: t}\nspec: {runtime: {retry: {max_attempts: -1}}}\n---\nkind: Worker\nmetadata: {name: w}\nspec: {max_concurrent_tasks: -1}\n---\nkind: McpServer\nmetadata: {name: s}\nspec: {transport: stdio, command: npx, reconnect: {max_attempts: -1}}\n",
        then: &[
            Warned(
                "W-FIELD-NEGATIVE",
                "`spec.runtime.retry.max_attempts` is below 0 and counts as 1",
            ),
            Warned(
                "W-FIELD-NEGATIVE",
                "`spec.max_concurrent_tasks` is below 0 and counts as 1",
            ),
            Warned(
                "W-FIELD-NEGATIVE",
                "`spec.reconnect.max_attempts` is below 0 and counts as 3",
            ),
        ],
    },
    Row {
        says: "negative limits: TaskSchedule",
        files: "kind: Task\nmetadata: {name: t}\nspec: {mode: template}\n---\nkind: TaskSchedule\nmetadata: {name: s}\nspec: {task_ref: t, schedule: '0 9 * * 1', starting_deadline_seconds: -1, successful_history_limit: -1, failed_history_limit: -1}\n",
        then: &[
            Warned(
                "W-FIELD-NEGATIVE",
                "`spec.starting_deadline_seconds` is below 0 and counts as 300",
            ),
            Warned(
                "W-FIELD-NEGATIVE",
                "`spec.successful_history_limit` is below 0 and counts as 10",
            ),
            Warned(
                "W-FIELD-NEGATIVE",
                "`spec.failed_history_limit` is below 0 and counts as 3",
            ),
        ],
    },
    Row {
        says: "a limit of 0 is how the format writes its default",
        files: "kind: Worker\nmetadata: {name: w}\nspec: {max_concurrent_tasks: 0}\n",
        then: &[Accepted],
    },
    Row {
        says: "negative budget",
        files: "kind: AgentPolicy\nmetadata: {name: p}\nspec: {max_tokens_per_run: -1}\n",
        then: &[
            Warned(
                "W-FIELD-NEGATIVE",
                "`spec.max_tokens_per_run` is below 0 and sets no budget",
            ),
            At("3:28"),
        ],
    },
    Row {
        says: "a negative number beside another mistake is told all the same",
        files: "kind: AgentPolicy\nmetadata: {name: p}\nspec: {max_tokens_per_run: -1, apply_mode: local}\n",
        then: &[Refused("E-FIELD-ENUM", "apply_mode"), At("3:28")],
    },
    Row {
        says: "unknown provider",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: opnai, default_model: x}\n",
        then: &[Warned("W-ENDPOINT-PROVIDER", "did you mean `openai`?")],
    },
    Row {
        says: "a provider that is newer than supported is no typo",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: aws-bedrock, default_model: x}\n",
        then: &[Warned(
            "W-ENDPOINT-PROVIDER",
            "known upstream, newer than supported",
        )],
    },
    Row {
        says: "azure without base_url",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: azure, default_model: x, auth: {secretRef: s}}\n",
        then: &[Refused(
            "E-FIELD-REQUIRED",
            "`spec.base_url` is required for provider `azure-openai`",
        )],
    },
    Row {
        says: "openai-compatible without base_url",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: openai_compatible, default_model: x}\n",
        then: &[Refused(
            "E-FIELD-REQUIRED",
            "`spec.base_url` is required for provider `openai-compatible`",
        )],
    },
    Row {
        says: "non-URL base_url",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {base_url: not a url, default_model: x}\n",
        then: &[
            Refused("E-FIELD-FORMAT", "must be an absolute http or https URL"),
            At("3:18"),
        ],
    },
    Row {
        says: "`http://` to a public host with a key",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec:\n  provider: openai-compatible\n  base_url: http://models.example.com/v1\n  default_model: x\n  auth: {secretRef: s}\n",
        then: &[
            Warned(
                "W-ENDPOINT-PLAIN-KEY",
                "the key would travel to `models.example.com` over plain http",
            ),
            At("5:13"),
        ],
    },
    Row {
        says: "`http://` to a public address with a key, whatever allowPrivate says",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: openai, base_url: 'http://8.8.8.8/v1', default_model: x, allowPrivate: true, auth: {secretRef: s}}\n",
        then: &[Warned("W-ENDPOINT-PLAIN-KEY", "`8.8.8.8`")],
    },
    Row {
        says: "`http://` to a public address in its IPv6 form",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: openai, base_url: 'http://[::ffff:8.8.8.8]/v1', default_model: x, auth: {secretRef: s}}\n",
        then: &[Warned("W-ENDPOINT-PLAIN-KEY", "over plain http")],
    },
    Row {
        says: "`http://` to a public address in the option that ollama takes before base_url",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: ollama, default_model: x, options: {base_url: 'http://8.8.8.8'}, auth: {secretRef: s}}\n",
        then: &[Warned("W-ENDPOINT-PLAIN-KEY", "`8.8.8.8`"), At("3:64")],
    },
    Row {
        says: "`http://` with a key to this machine",
        files: "kind: ModelEndpoint\nmetadata: {name: a}\nspec: {base_url: 'http://localhost:1/v1', default_model: x, auth: {secretRef: s}}\n---\nkind: ModelEndpoint\nmetadata: {name: b}\nspec: {base_url: 'http://127.0.0.1:1/v1', default_model: x, allowPrivate: true, auth: {secretRef: s}}\n---\nkind: ModelEndpoint\nmetadata: {name: c}\nspec: {base_url: 'http://[::1]:1/v1', default_model: x, allowPrivate: true, auth: {secretRef: s}}\n---\nkind: ModelEndpoint\nmetadata: {name: d}\nspec: {provider: ollama, default_model: x, auth: {secretRef: s}}\n",
        then: &[Accepted],
    },
    Row {
        says: "`http://` with a key to a private address, where it is called all the same",
        files: "kind: ModelEndpoint\nmetadata: {name: b}\nspec: {base_url: 'http://10.0.0.1/v1', default_model: x, allowPrivate: true, auth: {secretRef: s}}\n",
        then: &[
            Warned("W-ENDPOINT-PLAIN-KEY", "the key travels to `10.0.0.1`"),
            At("3:18"),
        ],
    },
    Row {
        says: "`http://` with a key to a name that is said to be private",
        files: "kind: ModelEndpoint\nmetadata: {name: c}\nspec: {base_url: 'http://models.internal/v1', default_model: x, allowPrivate: true, auth: {secretRef: s}}\n",
        then: &[Warned(
            "W-ENDPOINT-PLAIN-KEY",
            "the key travels to `models.internal`",
        )],
    },
    Row {
        says: "`http://` without a key, and `https://` with one",
        files: "kind: ModelEndpoint\nmetadata: {name: a}\nspec: {provider: openai-compatible, base_url: 'http://a.example', default_model: x}\n---\nkind: ModelEndpoint\nmetadata: {name: b}\nspec: {base_url: 'https://a.example', default_model: x, auth: {secretRef: s}}\n",
        then: &[Accepted],
    },
    Row {
        says: "missing secretRef for a keyed provider: openai",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {default_model: x}\n",
        then: &[
            Warned("W-ENDPOINT-KEY", "provider `openai` needs a key"),
            At("3:7"),
        ],
    },
    Row {
        says: "missing secretRef for a keyed provider: anthropic",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: anthropic, default_model: x, auth: {secretRef: ' '}}\n",
        then: &[Warned("W-ENDPOINT-KEY", "provider `anthropic` needs a key")],
    },
    Row {
        says: "missing secretRef for a keyed provider: azure-openai",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: azure, base_url: 'https://a.example', default_model: x}\n",
        then: &[Warned(
            "W-ENDPOINT-KEY",
            "provider `azure-openai` needs a key",
        )],
    },
    Row {
        says: "missing secretRef for a keyed provider: a backend of agentgateway",
        files: "apiVersion: agentgateway.dev/v1alpha1\nkind: AgentgatewayBackend\nmetadata: {name: m}\nspec: {ai: {provider: {openai: {}}}}\n",
        then: &[Warned("W-ENDPOINT-KEY", "provider `openai` needs a key")],
    },
    Row {
        says: "empty Secret",
        files: "kind: Secret\nmetadata: {name: s}\nspec: {}\n---\nkind: ModelEndpoint\nmetadata: {name: m}\nspec: {default_model: x, auth: {secretRef: s}}\n",
        then: &[Warned("W-SECRET-EMPTY", "the secret holds no value")],
    },
    Row {
        says: "Secret without the key referenced: `value` if none is written",
        files: "kind: Secret\nmetadata: {name: s}\nspec: {stringData: {key: x}}\n---\nkind: ModelEndpoint\nmetadata: {name: m}\nspec: {default_model: x, auth: {secretRef: s}}\n",
        then: &[
            Warned(
                "W-REF-SECRET-KEY",
                "Secret default/s holds no value `value` (write `s:key`",
            ),
            At("7:44"),
        ],
    },
    Row {
        says: "Secret without the key referenced: a misspelt one, in another namespace",
        files: "kind: Secret\nmetadata: {name: s, namespace: team}\nspec: {stringData: {a: x, token: x}}\n---\nkind: ModelEndpoint\nmetadata: {name: m}\nspec: {default_model: x, auth: {secretRef: 'team/s:tokne'}}\n",
        then: &[Warned(
            "W-REF-SECRET-KEY",
            "Secret team/s holds no value `tokne` (write `team/s:token`",
        )],
    },
    Row {
        says: "Secret without the key referenced: by Tool, McpServer, Memory and TaskWebhook",
        files: "=== secret.yaml\nkind: Secret\nmetadata: {name: s}\nspec: {stringData: {key: x}}\n=== tool.yaml\nkind: Tool\nmetadata: {name: t}\nspec: {auth: {secretRef: s}}\n=== server.yaml\nkind: McpServer\nmetadata: {name: s}\nspec: {transport: stdio, command: npx, env: [{name: A, value: b}, {name: B, secretRef: 's:b'}], auth: {secretRef: 's:a'}}\n=== memory.yaml\nkind: Memory\nmetadata: {name: m}\nspec: {auth: {secretRef: 's:m'}}\n=== hook.yaml\nkind: TaskWebhook\nmetadata: {name: h}\nspec: {task_ref: k, auth: {secret_ref: 's:h'}}\n---\nkind: Task\nmetadata: {name: k}\nspec: {mode: template}\n",
        then: &[
            Warned("W-REF-SECRET-KEY", "tool.yaml:3:26 "),
            Warned("W-REF-SECRET-KEY", "holds no value `value`"),
            Warned("W-REF-SECRET-KEY", "server.yaml:3:88 "),
            Warned("W-REF-SECRET-KEY", "holds no value `a`"),
            Warned("W-REF-SECRET-KEY", "holds no value `b`"),
            Warned("W-REF-SECRET-KEY", "holds no value `m`"),
            Warned("W-REF-SECRET-KEY", "holds no value `h`"),
        ],
    },
    Row {
        says: "keys that are there, and any key where the kind takes any",
        files: "kind: Secret\nmetadata: {name: s}\nspec: {stringData: {key: x, value: y}}\n---\nkind: Secret\nmetadata: {name: o}\nspec: {stringData: {other: x}}\n---\nkind: ModelEndpoint\nmetadata: {name: m}\nspec: {default_model: x, auth: {secretRef: s}}\n---\nkind: Tool\nmetadata: {name: t}\nspec: {auth: {secretRef: 's:key'}}\n---\nkind: Memory\nmetadata: {name: m}\nspec: {auth: {secretRef: o}}\n---\nkind: TaskWebhook\nmetadata: {name: h}\nspec: {task_ref: k, auth: {secret_ref: o}}\n---\nkind: Task\nmetadata: {name: k}\nspec: {mode: template}\n",
        then: &[Accepted],
    },
    Row {
        says: "keys that are there: Authorization for a backend of agentgateway",
        files: "kind: Secret\nmetadata: {name: s}\nspec: {stringData: {Authorization: x}}\n---\napiVersion: agentgateway.dev/v1alpha1\nkind: AgentgatewayBackend\nmetadata: {name: m}\nspec: {ai: {provider: {openai: {}}}, policies: {auth: {secretRef: {name: s}}}}\n",
        then: &[Accepted],
    },
    Row {
        says: "scoped policy with no targets (inert)",
        files: "kind: AgentPolicy\nmetadata: {name: p}\nspec: {apply_mode: scoped, blocked_tools: [shell]}\n",
        then: &[
            Warned("W-POLICY-INERT", "is scoped and names no target"),
            At("3:20"),
        ],
    },
    Row {
        says: "policy target that names nothing",
        files: "kind: AgentPolicy\nmetadata: {name: p}\nspec: {target_systems: ['', none, s]}\n---\nkind: AgentSystem\nmetadata: {name: s}\nspec: {agents: [a]}\n---\nkind: Agent\nmetadata: {name: a}\nspec: {model_ref: m}\n---\nkind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: mock, default_model: x}\n",
        then: &[
            Warned(
                "W-POLICY-TARGET",
                "targets the AgentSystem `none`, which does not exist",
            ),
            At("3:29"),
        ],
    },
    Row {
        says: "policy whose every target names nothing (inert)",
        files: "kind: AgentPolicy\nmetadata: {name: p}\nspec: {target_systems: [none]}\n",
        then: &[Warned("W-POLICY-INERT", "none of the targets")],
    },
    Row {
        says: "allowed_models entry that no endpoint offers",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: mock, default_model: small-v1}\n---\nkind: AgentPolicy\nmetadata: {name: p}\nspec: {allowed_models: [small-v1, ' ', smal-v2]}\n",
        then: &[Warned("W-POLICY-MODEL", "smal-v2"), At("7:40")],
    },
    Row {
        says: "policy that denies an agent already in the repo",
        files: "kind: ModelEndpoint\nmetadata: {name: m}\nspec: {provider: mock, default_model: small-v1, models: [large]}\n---\nkind: AgentPolicy\nmetadata: {name: p}\nspec: {allowed_models: [large]}\n---\nkind: Agent\nmetadata: {name: a}\nspec: {model_ref: m}\n",
        then: &[Warned(
            "W-POLICY-DENIES",
            "denies Agent default/a: its model small-v1",
        )],
    },
    Row {
        says: "name charset",
        files: "kind: Worker\nmetadata: {name: naïve}\nspec: {}\n",
        then: &[Refused("E-FIELD-NAME", "`metadata.name`"), At("2:18")],
    },
    Row {
        says: "namespace charset",
        files: "kind: Worker\nmetadata: {name: x, namespace: a/b}\nspec: {}\n",
        then: &[Refused("E-FIELD-NAME", "`metadata.namespace`"), At("2:32")],
    },
    Row {
        says: "Task(run) without system",
        files: "kind: Task\nmetadata: {name: t}\nspec: {}\n",
        then: &[Refused(
            "E-FIELD-REQUIRED",
            "`spec.system` is required for a task that runs",
        )],
    },
    Row {
        says: "dangling references",
        files: "kind: Task\nmetadata: {name: t}\nspec: {system: none}\n",
        then: &[
            Refused("E-REF-MISSING", "AgentSystem `none` does not exist"),
            At("3:16"),
        ],
    },
    Row {
        says: "cycles",
        files: "kind: ModelAlias\nmetadata: {name: p}\nspec: {targets: [{alias: q}]}\n---\nkind: ModelAlias\nmetadata: {name: q}\nspec: {targets: [{alias: p}]}\n",
        then: &[Refused("E-GRAPH-CYCLE", "p -> q -> p")],
    },
    Row {
        says: "unknown fields",
        files: "kind: Worker\nmetadata: {name: x}\nspec: {regoin: eu}\n",
        then: &[
            Refused("E-FIELD-UNKNOWN", "did you mean `region`?"),
            At("3:8"),
        ],
    },
];

#[test]
fn what_is_taken_elsewhere_without_a_word_is_refused_or_told() {
    hold(ROWS);
}

#[test]
fn endpoints_that_would_be_called_without_a_word_get_no_warning() {
    for spec in [
        "{provider: mock, default_model: x}",
        "{provider: ollama, default_model: x}",
        "{provider: openai-compatible, base_url: 'https://a.example', default_model: x}",
        "{provider: my-own, default_model: x}",
    ] {
        let text = format!("kind: ModelEndpoint\nmetadata: {{name: m}}\nspec: {spec}\n");
        let reviewed = review(&text);
        let lines = reviewed.lines("W-ENDPOINT-KEY");
        assert_eq!(lines, Vec::<String>::new(), "{spec}");
    }
    assert!(
        BESIDE.contains(&"W-ENDPOINT-KEY"),
        "the tables need this test"
    );
}
