//! Codes of references, names and policies.

use super::{Entry, file, situation};
use crate::model::code;

pub(super) const TABLE: &[Entry] = &[
    file(
        code::REF_MISSING,
        &[
            (
                "small.yaml",
                "kind: ModelEndpoint\nmetadata:\n  name: small\nspec: {provider: mock, default_model: small-v1}\n",
            ),
            (
                "writer.yaml",
                "kind: Agent\nmetadata:\n  name: writer\nspec:\n  model_ref: smal\n",
            ),
        ],
        "Correct the name, or add the resource to the same commit. Another namespace is written `namespace/name`.",
    ),
    file(
        code::REF_SECRET,
        &[(
            "openai.yaml",
            "kind: ModelEndpoint\nmetadata:\n  name: openai\nspec:\n  provider: openai\n  default_model: gpt-4o\n  auth: {secretRef: openai-key}\n",
        )],
        "Seal the value into a Secret (`orloj secret encrypt openai-key`), or give the daemon the variable that the hint names. Until then the endpoint answers 503.",
    ),
    file(
        code::REF_SECRET_KEY,
        &[
            (
                "endpoint.yaml",
                "kind: ModelEndpoint\nmetadata:\n  name: openai\nspec:\n  provider: openai\n  default_model: gpt-4o\n  auth: {secretRef: 'openai:token'}\n",
            ),
            (
                "openai.yaml",
                "kind: Secret\nmetadata:\n  name: openai\nspec:\n  stringData:\n    value: not-a-real-key\n",
            ),
        ],
        "Name a value that the secret holds (`NAME:KEY`; without a key `value` is taken), or add it there. The endpoint answers 503 until then.",
    ),
    situation(
        code::REF_MANAGED,
        "`orloj apply -f small.yaml` sends an endpoint by hand, and later a commit defines one of the same name.",
        "Delete what was sent by hand, rename one of them, or annotate the file with `orloj.dev/adopt: \"true\"`, so that Git takes over.",
    ),
    file(
        code::GRAPH_CYCLE,
        &[(
            "aliases.yaml",
            "apiVersion: routing.orloj.dev/v1alpha1\nkind: ModelAlias\nmetadata: {name: fast}\nspec:\n  targets: [{alias: cheap}]\n---\napiVersion: routing.orloj.dev/v1alpha1\nkind: ModelAlias\nmetadata: {name: cheap}\nspec:\n  targets: [{alias: fast}]\n",
        )],
        "Let one of the resources on the printed path lead elsewhere, here to an endpoint. A circle of hand-overs is allowed if the task bounds it with `max_turns`.",
    ),
    file(
        code::GRAPH_AMBIGUOUS,
        &[(
            "small.yaml",
            "kind: ModelEndpoint\nmetadata:\n  name: small\nspec:\n  provider: mock\n  model_aliases:\n    ab*: x\n    '*bc': y\n",
        )],
        "Rename one of them, or make one pattern more specific: more literal characters win.",
    ),
    file(
        code::GRAPH_DUPLICATE,
        &[
            (
                "a.yaml",
                "kind: ModelEndpoint\nmetadata:\n  name: small\nspec: {provider: mock, default_model: small-v1}\n",
            ),
            (
                "b.yaml",
                "kind: ModelEndpoint\nmetadata:\n  name: small\nspec: {provider: mock, default_model: small-v1}\n",
            ),
        ],
        "Keep one of them. Names that differ only by letter case count as the same.",
    ),
    file(
        code::GRAPH_ALIAS_CHAIN,
        &[(
            "small.yaml",
            "kind: ModelEndpoint\nmetadata:\n  name: small\nspec:\n  provider: mock\n  model_aliases:\n    fast: quick\n    quick: small-v1\n",
        )],
        "Let the alias name the model itself: `fast: small-v1`.",
    ),
    file(
        code::GRAPH_SYSTEM,
        &[
            (
                "small.yaml",
                "kind: ModelEndpoint\nmetadata:\n  name: small\nspec: {provider: mock, default_model: small-v1}\n",
            ),
            (
                "system.yaml",
                "kind: Agent\nmetadata: {name: writer}\nspec: {model_ref: small}\n---\nkind: AgentSystem\nmetadata:\n  name: desk\nspec:\n  agents: [writer]\n  graph:\n    writer:\n      edges: [editor]\n",
            ),
        ],
        "List the agent in `spec.agents`, or correct the graph: it may name only listed agents.",
    ),
    file(
        code::POLICY_INERT,
        &[(
            "policy.yaml",
            "kind: AgentPolicy\nmetadata:\n  name: budget\nspec:\n  apply_mode: scoped\n",
        )],
        "Add `target_systems` or `target_tasks` that exist, or write `apply_mode: global`. As it is, the policy limits nothing.",
    ),
    file(
        code::POLICY_DENIES,
        &[
            (
                "small.yaml",
                "kind: ModelEndpoint\nmetadata:\n  name: small\nspec:\n  provider: mock\n  default_model: small-v1\n",
            ),
            (
                "writer.yaml",
                "kind: Agent\nmetadata: {name: writer}\nspec: {model_ref: small}\n---\nkind: AgentPolicy\nmetadata:\n  name: models\nspec:\n  allowed_models: [large-v1]\n",
            ),
        ],
        "Add the model to `allowed_models`, or let the agent use an allowed one. Requests as this agent answer 403 until then.",
    ),
    situation(
        code::POLICY_UNSIGNED,
        "`verify: {mode: head, signers: [...]}` in `orloj.yaml`, and a commit that was pushed without `git commit -S`.",
        "Sign it (`git commit --amend -S`) and push again. With `every-commit` each commit since the one that is live counts.",
    ),
    situation(
        code::POLICY_SIGNATURE,
        "a commit that is signed with a key that no file of `verify.signers` names, or with one whose time is over.",
        "Have it signed by an allowed signer, or add the key to the file and restart the daemon.",
    ),
    situation(
        code::POLICY_PROTECTED,
        "a commit removes the file of a resource whose annotation `orloj.dev/protect` is \"true\".",
        "Restore the file, or first push a commit that takes the annotation away.",
    ),
    file(
        code::ALIAS_SHADOWS,
        &[(
            "small.yaml",
            "kind: ModelEndpoint\nmetadata:\n  name: small\nspec:\n  provider: mock\n  default_model: a\n  models: [fast]\n  model_aliases: {fast: a}\n",
        )],
        "Rename the alias, or take the model off the endpoint's list.",
    ),
    file(
        code::ALIAS_UNREACHABLE,
        &[
            (
                "fast.yaml",
                "apiVersion: routing.orloj.dev/v1alpha1\nkind: ModelAlias\nmetadata: {name: fast}\nspec:\n  targets: [{endpoint: small}]\n",
            ),
            (
                "small.yaml",
                "kind: ModelEndpoint\nmetadata:\n  name: small\nspec:\n  provider: mock\n  default_model: a\n  model_aliases: {fast: a}\n",
            ),
        ],
        "Rename one of them. A ModelAlias comes before an endpoint's alias of the same name. Where the endpoint pins its model, take the model or the alias away.",
    ),
    file(
        code::POLICY_TARGET,
        &[(
            "policy.yaml",
            "kind: AgentSystem\nmetadata: {name: report}\nspec: {agents: [writer]}\n---\nkind: Agent\nmetadata: {name: writer}\nspec: {model_ref: small}\n---\nkind: ModelEndpoint\nmetadata: {name: small}\nspec: {provider: mock, default_model: a}\n---\nkind: AgentPolicy\nmetadata:\n  name: models\nspec:\n  allowed_models: [a]\n  target_systems: [report, reprot]\n",
        )],
        "Correct the name of the AgentSystem or Task, or take it off the list.",
    ),
    file(
        code::POLICY_MODEL,
        &[(
            "policy.yaml",
            "kind: ModelEndpoint\nmetadata: {name: small}\nspec: {provider: mock, default_model: small-v1}\n---\nkind: AgentPolicy\nmetadata:\n  name: models\nspec:\n  allowed_models: [small-v1, smal-v2]\n",
        )],
        "Correct the name, take it off the list, or list the model in the `models` of the endpoint that has it.",
    ),
    file(
        code::REF_TEMPLATE,
        &[(
            "nightly.yaml",
            "kind: ModelEndpoint\nmetadata: {name: small}\nspec: {provider: mock, default_model: a}\n---\nkind: Agent\nmetadata: {name: writer}\nspec: {model_ref: small}\n---\nkind: AgentSystem\nmetadata: {name: report}\nspec: {agents: [writer]}\n---\nkind: Task\nmetadata: {name: weekly}\nspec: {system: report}\n---\nkind: TaskSchedule\nmetadata: {name: nightly}\nspec: {task_ref: weekly, schedule: '0 2 * * *'}\n",
        )],
        "Write `mode: template` in the task: a schedule makes a run of its own from it each time.",
    ),
    file(
        code::REF_EMBEDDING,
        &[(
            "memory.yaml",
            "kind: Memory\nmetadata:\n  name: notes\nspec: {embedding_model: text-embedding-3-small}\n",
        )],
        "Name a ModelEndpoint of the repository, if the memory is to make its embeddings there.",
    ),
];
