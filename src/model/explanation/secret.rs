//! Codes of secrets.

use super::{Entry, file, situation};
use crate::model::code;

const CLEAR: &[(&str, &str)] = &[(
    "openai.yaml",
    "kind: Secret\nmetadata:\n  name: openai\nspec:\n  stringData:\n    value: not-a-real-key\n",
)];

pub(super) const TABLE: &[Entry] = &[
    file(
        code::SECRET_PLAINTEXT,
        CLEAR,
        "Seal it: `orloj secret encrypt --in-place openai.yaml`. If it was ever pushed, it is known: replace the credential at the provider.",
    ),
    file(
        code::SECRET_PLAINTEXT_ALLOWED,
        CLEAR,
        "Allowed by `--allow-plaintext-secrets`, which is for tests. Seal it: `orloj secret encrypt --in-place openai.yaml`.",
    ),
    file(
        code::SECRET_SEALED,
        &[(
            "openai.yaml",
            "kind: Secret\nmetadata:\n  name: openai\nspec:\n  encryptedData:\n    value: AGE-SECRET\n",
        )],
        "Seal the value again with `orloj secret encrypt`; keep the lines of the armor as they are.",
    ),
    situation(
        code::SECRET_OPEN,
        "a Secret is sealed for a key that the daemon was not started with.",
        "Start the daemon with the key (`--age-key-file`), or seal the value again for the daemon's public key.",
    ),
    situation(
        code::SECRET_BINDING,
        "a value was sealed with `orloj secret encrypt openai -n team-a` and copied to a Secret of `team-b`, or the Secret was renamed.",
        "Seal the value for the place where it is used: `orloj secret encrypt NAME -n NAMESPACE`. If nobody of yours copied it, somebody tries to use a secret that is not theirs.",
    ),
    situation(
        code::SECRET_UNBOUND,
        "a value was sealed with `age` itself: nothing in it says which Secret it belongs to, so that it opens wherever it is copied to.",
        "Seal it with `orloj secret encrypt`: the value then opens in its Secret alone.",
    ),
    situation(
        code::SECRET_OPAQUE,
        "a `*.yaml.age` file, or a SOPS file with an encrypted `kind` or name, is looked at without a key.",
        "Nothing, if the daemon has the key: it opens the file. To review it without a key, leave kind and names in clear text: `sops encrypt --encrypted-regex '^(data|stringData)$'`, or `orloj secret encrypt`.",
    ),
    file(
        code::SECRET_EGRESS,
        &[
            (
                "openai.yaml",
                "kind: Secret\nmetadata:\n  name: openai\nspec:\n  allowed_hosts: [api.openai.com]\n  stringData:\n    value: not-a-real-key\n",
            ),
            (
                "other.yaml",
                "kind: ModelEndpoint\nmetadata:\n  name: other\nspec:\n  provider: openai-compatible\n  base_url: https://models.example.com/v1\n  default_model: m\n  auth: {secretRef: openai}\n",
            ),
        ],
        "Use another secret, or, if the host may have it, add it to the secret's `allowed_hosts` and seal the value again.",
    ),
    situation(
        code::SECRET_SENT,
        "`orloj apply` sends an endpoint whose `secretRef` names a Secret that no endpoint sent to its host before.",
        "Nothing, if the secret is meant for the host. With `egress: confirm` in `orloj.yaml` a Secret of Git is sent to another host only by a commit that somebody confirmed, or if the host was sealed with the value (`orloj secret encrypt --allowed-host`).",
    ),
    situation(
        code::SECRET_TWICE,
        "a Secret `openai` is in Git, and the daemon was started with another value in `ORLOJ_SECRET_OPENAI`.",
        "The manifest's value is used. Take the variable away, or the Secret.",
    ),
    situation(
        code::SECRET_FILE,
        "a Secret says `fromFile: {value: openai/api-key}`, and the daemon has no file `openai/api-key` below its `--secrets-dir`, or may not read it.",
        "Put the file there, or mount it. The daemon looks every second; the endpoints that need the value are ready as soon as it is there.",
    ),
    situation(
        code::SECRET_MOUNTED,
        "`orloj validate` reads a Secret that says `fromFile: {value: openai/api-key}`.",
        "Nothing, if the daemon is started with `--secrets-dir` and has the file.",
    ),
    file(
        code::SECRET_RESERVED,
        &[(
            "key.yaml",
            "kind: Secret\nmetadata:\n  name: encryption-key\nspec: {}\n",
        )],
        "Give the secret another name.",
    ),
    file(
        code::SECRET_BASE64,
        &[(
            "openai.yaml",
            "kind: Secret\nmetadata:\n  name: openai\nspec:\n  data:\n    value: '%%%'\n",
        )],
        "`data` holds base64 with padding, as in Kubernetes; better seal the value (`orloj secret encrypt`).",
    ),
    file(
        code::SECRET_EMPTY,
        &[(
            "openai.yaml",
            "kind: Secret\nmetadata:\n  name: openai\nspec: {}\n",
        )],
        "Add sealed values under `encryptedData`, or remove the file and give the daemon the value by variable.",
    ),
    file(
        code::SECRET_IDENTITY,
        &[(
            "small.yaml",
            "# AGE-SECRET-KEY-1EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE\nkind: ModelEndpoint\nmetadata:\n  name: small\nspec: {provider: mock, default_model: small-v1}\n",
        )],
        "Whoever can read the repository can open what is sealed for it: make another key (`orloj secret keygen`), put its public key into `.orloj/recipients`, run `orloj secret rekey` with the old one, and replace the credentials at their providers.",
    ),
    file(
        code::SECRET_STRAY,
        &[(
            "helper.yaml",
            "kind: Agent\nmetadata:\n  name: helper\nspec:\n  model_ref: small\n  prompt: Call the API with ghp_0000example0000example0000example000.\n",
        )],
        "Seal it (`orloj secret encrypt`), name the Secret where it is needed, and replace it at the provider if it was ever pushed. If it is no credential, nothing needs to be done.",
    ),
    situation(
        code::SECRET_ONE_RECIPIENT,
        "`orloj validate` reads a Secret that is sealed for a single public key.",
        "Add a second public key to `.orloj/recipients`, one whose secret key is kept somewhere else, and run `orloj secret rekey`.",
    ),
    situation(
        code::SECRET_KEY_FILE,
        "`orloj validate` is told of a key file (`--age-key-file` or ORLOJ_AGE_KEY_FILE) of mode 0644.",
        "Make it yours alone: `chmod 600 age.key`.",
    ),
    file(
        code::SECRET_UNUSED,
        &[
            (
                "openai.yaml",
                "kind: Secret\nmetadata:\n  name: openai\nspec: {}\n",
            ),
            (
                "small.yaml",
                "kind: ModelEndpoint\nmetadata:\n  name: small\nspec: {provider: mock, default_model: small-v1}\n",
            ),
        ],
        "Name it where it belongs (`spec.auth.secretRef`), or remove the file.",
    ),
];
