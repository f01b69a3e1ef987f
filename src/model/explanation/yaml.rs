//! Codes of texts that are not the YAML we read.

use super::{Entry, file};
use crate::model::code;

pub(super) const TABLE: &[Entry] = &[
    file(
        code::YAML_SYNTAX,
        &[("agent.yaml", "kind: Agent\nmetadata:\n  name: [writer\n")],
        "Close what was opened and indent with spaces. The place is where reading broke off; the cause may be a line above.",
    ),
    file(
        code::YAML_ENCODING,
        &[(
            "agent.yaml",
            "kind: Agent\nmetadata:\n  name: writer\nspec:\n  model_ref: small\n  prompt: \"Be brief.\\0\"\n",
        )],
        "Save the file as UTF-8 and take the NUL out.",
    ),
    file(
        code::YAML_ALIAS,
        &[(
            "endpoints.yaml",
            "kind: ModelEndpoint\nmetadata:\n  name: &name small\n  labels:\n    app: *name\nspec: {provider: mock, default_model: small-v1}\n",
        )],
        "Write the value out where it is used: a reader then sees what holds, and no small file becomes a huge one.",
    ),
    file(
        code::YAML_TAG,
        &[(
            "agent.yaml",
            "kind: Agent\nmetadata:\n  name: writer\nspec:\n  model_ref: small\n  prompt: !include prompt.txt\n",
        )],
        "Remove the tag and write the value itself; quote it if it should be text.",
    ),
    file(
        code::YAML_MERGE,
        &[(
            "endpoint.yaml",
            "kind: ModelEndpoint\nmetadata:\n  name: small\nspec:\n  <<: {provider: mock}\n",
        )],
        "Write the fields out.",
    ),
    file(
        code::YAML_DUPLICATE_KEY,
        &[(
            "endpoint.yaml",
            "kind: ModelEndpoint\nmetadata:\n  name: small\nspec:\n  provider: mock\n  default_model: a\n  default_model: b\n",
        )],
        "Keep one of them. Other readers take the first or the last without a word.",
    ),
    file(
        code::YAML_KEY,
        &[(
            "endpoint.yaml",
            "kind: ModelEndpoint\nmetadata:\n  name: small\nspec:\n  provider: mock\n  model_aliases:\n    4: small-v1\n",
        )],
        "Quote the key: `\"4\": small-v1`.",
    ),
    file(
        code::YAML_NUMBER,
        &[(
            "agent.yaml",
            "kind: Agent\nmetadata:\n  name: writer\nspec:\n  model_ref: small\n  limits:\n    max_steps: 9007199254740993\n",
        )],
        "Write a whole number of at most 2^53, which every program reads the same.",
    ),
    file(
        code::YAML_COLON,
        &[
            (
                "agent.yaml",
                "kind: Agent\nmetadata:\n  name: writer\nspec:\n  model_ref: small\n  execution:\n    required_output_markers:\n    - RESULT:\n",
            ),
            (
                "small.yaml",
                "kind: ModelEndpoint\nmetadata:\n  name: small\nspec: {provider: mock, default_model: small-v1}\n",
            ),
        ],
        "Quote the text: `- \"RESULT:\"`. Unquoted, YAML reads a mapping with one key.",
    ),
];
