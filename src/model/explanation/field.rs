//! Codes of fields and of what is in them.

use super::{Entry, file, situation};
use crate::model::code;

pub(super) const TABLE: &[Entry] = &[
    file(
        code::FIELD_UNKNOWN,
        &[(
            "agent.yaml",
            "kind: Agent\nmetadata:\n  name: writer\nspec:\n  model_ref: small\n  promt: Be brief.\n",
        )],
        "Correct the spelling (`prompt`), or take the field out. `orloj schema KIND` lists the fields.",
    ),
    file(
        code::FIELD_REQUIRED,
        &[(
            "agent.yaml",
            "kind: Agent\nmetadata:\n  name: writer\nspec:\n  prompt: Be brief.\n",
        )],
        "Add the field that the message names, here `model_ref`.",
    ),
    file(
        code::FIELD_TYPE,
        &[(
            "endpoint.yaml",
            "kind: ModelEndpoint\nmetadata:\n  name: small\nspec:\n  provider: mock\n  model_aliases: [fast]\n",
        )],
        "Write a value of the type that the message asks for, here a mapping: `{fast: small-v1}`.",
    ),
    file(
        code::FIELD_ENUM,
        &[(
            "policy.yaml",
            "kind: AgentPolicy\nmetadata:\n  name: budget\nspec:\n  apply_mode: everywhere\n",
        )],
        "Use one of the values that the message lists.",
    ),
    file(
        code::FIELD_FORMAT,
        &[(
            "agent.yaml",
            "kind: Agent\nmetadata:\n  name: writer\nspec:\n  model_ref: small\n  limits:\n    timeout: 30\n",
        )],
        "Write it in the form that the message describes, here with a unit: `30s`.",
    ),
    file(
        code::FIELD_RANGE,
        &[(
            "alias.yaml",
            "apiVersion: routing.orloj.dev/v1alpha1\nkind: ModelAlias\nmetadata:\n  name: fast\nspec:\n  targets:\n    - endpoint: small\n      weight: 0\n",
        )],
        "Choose a value inside the range; at least one target needs a weight above 0.",
    ),
    file(
        code::FIELD_SERVER,
        &[(
            "policy.yaml",
            "kind: AgentPolicy\nmetadata:\n  name: budget\n  createdAt: yesterday\nspec:\n  max_tokens_per_run: 5000\n",
        )],
        "Take the field out. What was exported from a server has its form: a counter, and a time such as `2026-01-31T08:00:00Z`.",
    ),
    file(
        code::FIELD_KIND,
        &[("values.yaml", "replicas: 3\nimage: nginx\n")],
        "Correct the kind. If the file is no manifest, keep it out: name it in `.orlojignore`, or name only the directories with manifests (`--path`).",
    ),
    file(
        code::FIELD_API_VERSION,
        &[(
            "endpoint.yaml",
            "apiVersion: orloj.dev/v2\nkind: ModelEndpoint\nmetadata:\n  name: small\nspec: {provider: mock, default_model: small-v1}\n",
        )],
        "Write the version that the hint names.",
    ),
    file(
        code::FIELD_NAME,
        &[(
            "endpoint.yaml",
            "kind: ModelEndpoint\nmetadata:\n  name: my endpoint\nspec: {provider: mock, default_model: small-v1}\n",
        )],
        "Use letters, digits, `-`, `_` and `.`; begin and end with a letter or digit; at most 253 characters.",
    ),
    file(
        code::FIELD_RESERVED,
        &[(
            "endpoint.yaml",
            "kind: ModelEndpoint\nmetadata:\n  name: metrics\nspec: {provider: mock, default_model: small-v1}\n",
        )],
        "Give the endpoint another name: the daemon answers under this one itself.",
    ),
    file(
        code::FIELD_REMOVED,
        &[(
            "agent.yaml",
            "kind: Agent\nmetadata:\n  name: writer\nspec:\n  model_ref: openai\n  model: gpt-4o\n",
        )],
        "Take it out and name a ModelEndpoint in `model_ref`; its `default_model` is what the agent calls.",
    ),
    file(
        code::FIELD_CONFLICT,
        &[(
            "alias.yaml",
            "apiVersion: routing.orloj.dev/v1alpha1\nkind: ModelAlias\nmetadata:\n  name: fast\nspec:\n  targets:\n    - alias: faster\n      model: small-v1\n",
        )],
        "Keep one of the two fields, or add the one that the message asks for.",
    ),
    file(
        code::KIND_UNSERVED,
        &[(
            "session.yaml",
            "apiVersion: orloj.dev/v1\nkind: Session\nmetadata:\n  name: chat\nspec: {}\n",
        )],
        "Keep the file outside the paths that are synced, or name it in `.orlojignore`.",
    ),
    situation(
        code::SCHEMA_DECODE,
        "a document that passes its schema and that the typed reader still refuses.",
        "This is a gap between the schema and the reader: please report the document. Until then, write the field named in the message another way.",
    ),
    file(
        code::ENDPOINT_PROVIDER,
        &[(
            "endpoint.yaml",
            "kind: ModelEndpoint\nmetadata:\n  name: small\nspec:\n  provider: bedrock\n  default_model: m\n",
        )],
        "Use openai, openai-compatible, azure-openai, anthropic, ollama or mock. The endpoint stays not ready until then; the others are served.",
    ),
    file(
        code::ENDPOINT_KEY,
        &[(
            "endpoint.yaml",
            "kind: ModelEndpoint\nmetadata:\n  name: large\nspec:\n  provider: openai\n  default_model: gpt-4o\n",
        )],
        "Name a Secret in `spec.auth.secretRef`: its value is sealed in Git or comes from the daemon's environment. The endpoint answers 503 until then.",
    ),
    file(
        code::ENDPOINT_PLAIN_KEY,
        &[(
            "endpoint.yaml",
            "kind: ModelEndpoint\nmetadata:\n  name: local\nspec:\n  provider: openai-compatible\n  base_url: http://models.example.com/v1\n  default_model: m\n  auth: {secretRef: models-key}\n",
        )],
        "Write `https://`. A host in a private network is called with `allowPrivate: true` all the same: the key then never leaves it, but everybody in there can read it, so the warning stays. Without, the endpoint answers 503.",
    ),
    file(
        code::FIELD_NEGATIVE,
        &[(
            "policy.yaml",
            "kind: AgentPolicy\nmetadata:\n  name: budget\nspec:\n  max_tokens_per_run: -1\n",
        )],
        "Write a number above 0. Leave the field out if the default, or no budget, is meant.",
    ),
    file(
        code::KIND_NOT_SERVED,
        &[(
            "tool.yaml",
            "kind: Tool\nmetadata:\n  name: search\nspec: {}\n",
        )],
        "Nothing: the file is checked, linked and planned, and waits for a version that serves its kind.",
    ),
    file(
        code::FIELD_NEWER,
        &[(
            "policy.yaml",
            "kind: AgentPolicy\nmetadata:\n  name: models\nspec:\n  allowed_models: [a]\n  target_agents: [writer]\n",
        )],
        "Leave the field out until a version of orloj reads it; it is no typo, and it would not be obeyed.",
    ),
];
