//! `orloj.yaml`: the flags' names with `_` for `-`, and what flags cannot say.

use super::{
    flags::LogFormat, limits::LimitsConfig, reference::RefConfig, telemetry::TelemetryConfig,
};
use crate::{
    forge::Provider, manifest::settings_schema, plan::WindowEntry, reconcile::EgressPolicy,
    source::VerifyMode,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeMap, path::PathBuf};

/// The operator's settings. A flag or its environment variable goes before the same key here.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileConfig {
    /// The Git repository: a path, or an `https://`, `ssh://` or `user@host:path` URL.
    pub repo: Option<String>,
    /// What to follow; `main` if absent.
    #[serde(rename = "ref")]
    pub reference: Option<RefConfig>,
    /// Directories or files to read; the whole tree if absent.
    #[serde(default)]
    pub path: Vec<String>,
    /// Where to listen; `127.0.0.1:8080` if absent, port 0 picks a free one.
    pub addr: Option<String>,
    /// Where mirror, database and last good revision lie.
    pub data_dir: Option<PathBuf>,
    /// age identity files that open sealed secrets.
    #[serde(default)]
    pub age_key_file: Vec<PathBuf>,
    /// The directory with the files of Secrets that say `fromFile`, such as a mounted Secret of Kubernetes.
    pub secrets_dir: Option<PathBuf>,
    /// Time between two looks at the repository, such as `60s`.
    pub poll: Option<String>,
    /// The database: `sqlite:PATH`.
    pub database: Option<String>,
    /// Key (64 hexadecimal digits or base64) that seals what the daemon keeps on disk.
    pub secret_encryption_key: Option<String>,
    /// The key before it: what is sealed with it is sealed with the present one at the next start.
    pub previous_secret_encryption_key: Option<String>,
    /// Whether the memory of the daemon is kept out of swap (Linux; needs `RLIMIT_MEMLOCK` without a limit).
    #[serde(default)]
    pub lock_memory: bool,
    /// Token that the control and resource API asks for.
    pub api_token: Option<String>,
    /// Whether secrets in clear text are accepted from Git.
    pub allow_plaintext_secrets: Option<bool>,
    /// Whether anybody may call the gateway on an address that is not loopback.
    pub insecure_allow_anonymous: Option<bool>,
    /// Whether the `x-orloj-route` header is left out.
    pub no_route_header: Option<bool>,
    /// How Git servers are asked.
    #[serde(default)]
    pub auth: GitAuth,
    /// Whether a branch that is moved by force, or a tag that is moved, waits for somebody's yes (`orloj
    /// confirm`). If absent it does, unless the reference is one such as `refs/pull/7/head`.
    pub protected: Option<bool>,
    /// Who must have signed what.
    pub verify: Option<VerifyConfig>,
    /// Further host names of the repository's server, as webhooks may name it: `git.internal` or `HOST:PORT`.
    #[serde(default)]
    pub webhook_hosts: Vec<String>,
    /// Several repositories, or several parts of one, instead of `repo`, `ref`, `path`, `auth`, `protected`,
    /// `verify` and `webhook_hosts`. What they say is one catalog; the same resource in two of them is an
    /// error.
    #[serde(default)]
    pub sources: Vec<SourceEntry>,
    /// Webhooks that ring for a sync.
    #[serde(default)]
    pub webhooks: WebhooksConfig,
    /// How providers are reached, for proxies and tests.
    #[serde(default)]
    pub upstream: UpstreamConfig,
    /// What a commit may not do without somebody's yes (`orloj confirm`).
    #[serde(default)]
    pub guards: GuardConfig,
    /// What becomes of a commit that would send a secret to a host that it is not sent to yet: `show` it in the plan
    /// alone if absent, or hold it for somebody's yes (`confirm`).
    pub egress: Option<EgressPolicy>,
    /// How much of the repositories is read, how much of the past is kept, and how large requests may be. That of
    /// webhooks is `webhooks.max_body`.
    #[serde(default)]
    pub limits: LimitsConfig,
    /// When commits may go live. What a window does not allow is held until it opens.
    #[serde(default)]
    pub windows: Vec<WindowEntry>,
    /// Logging.
    #[serde(default)]
    pub log: LogConfig,
    /// Spans of requests, for a collector of OpenTelemetry.
    #[serde(default)]
    pub telemetry: TelemetryConfig,
}

/// One of several sources. Its files are shown as `NAME:PATH`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceEntry {
    /// What it is called: small letters, digits, `-`, `_` and `.`. One that is called `default` goes on with
    /// the mirror of an earlier `repo`.
    pub name: String,
    /// The Git repository: a path, or an `https://`, `ssh://` or `user@host:path` URL.
    pub url: String,
    /// What to follow; `main` if absent.
    #[serde(rename = "ref")]
    pub reference: Option<RefConfig>,
    /// Directories or files to read; the whole tree if absent.
    #[serde(default)]
    pub paths: Vec<String>,
    /// Patterns as in `.gitignore` of files to read; all if absent.
    #[serde(default)]
    pub include: Vec<String>,
    /// Patterns as in `.gitignore` of files not to read.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// How its Git server is asked.
    #[serde(default)]
    pub auth: GitAuth,
    /// Whether a branch that is moved by force, or a tag that is moved, waits for somebody's yes (`orloj
    /// confirm`). If absent it does, unless the reference is one such as `refs/pull/7/head`.
    pub protected: Option<bool>,
    /// Who must have signed what.
    pub verify: Option<VerifyConfig>,
    /// Further host names of its server, as webhooks may name it: `git.internal` or `HOST:PORT`.
    #[serde(default)]
    pub webhook_hosts: Vec<String>,
}

/// Signatures that are asked for; a revision without them is refused.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyConfig {
    /// What is to be signed: `head`, the newest commit, if absent; `every-commit` since the one that is live, at
    /// the first start the newest; or `tag`, the tag that is followed.
    #[serde(default)]
    pub mode: VerifyMode,
    /// Files of those who may sign: with SSH, as `ssh-keygen` has them (`ALLOWED SIGNERS`), or with OpenPGP,
    /// public keys as `gpg --armor --export` writes them.
    pub signers: Vec<PathBuf>,
    /// Patterns as in `.gitignore` of files whose changes need a signature; all if absent. `.orlojignore`
    /// always does. At the first start all there is has changed, and a merge changes what differs from any of
    /// its parents.
    #[serde(default)]
    pub paths: Vec<String>,
}

/// What a commit may not do without somebody's yes. The larger of the two counts.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GuardConfig {
    /// How much of what Git manages a commit may prune, in hundredths; 10 if absent, 100 for any number.
    #[schemars(range(min = 0, max = 100))]
    pub prune_percent: Option<u8>,
    /// How many objects a commit may prune; 5 if absent.
    pub prune_objects: Option<usize>,
}

/// How Git servers are asked: as whom, and by which way. Sent to the repository's host alone.
#[derive(Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GitAuth {
    /// User name for basic authentication; without it the secret is sent as a bearer token.
    pub username: Option<String>,
    /// File with the password or token.
    pub secret_file: Option<PathBuf>,
    /// A GitHub App instead of a name and a secret.
    pub github_app: Option<GithubAppAuth>,
    /// Private key for ssh.
    pub ssh_key_file: Option<PathBuf>,
    /// Known hosts for ssh, instead of the user's own.
    pub known_hosts_file: Option<PathBuf>,
    /// PEM file of certificate authorities that the server may be signed by, beside the system's.
    pub ca_file: Option<PathBuf>,
    /// PEM file of the certificate, with its chain, that is shown to a server which asks for one.
    pub client_cert_file: Option<PathBuf>,
    /// PEM file of the private key of `client_cert_file`.
    pub client_key_file: Option<PathBuf>,
    /// The proxy for `https://` and `http://`: `http://HOST:PORT`, or `none`. If absent, the one that
    /// `HTTPS_PROXY` or `ALL_PROXY` names, except for hosts in `NO_PROXY`.
    pub proxy: Option<String>,
    /// File with the password of the user that `proxy` names (`http://USER@HOST:PORT`).
    pub proxy_password_file: Option<PathBuf>,
}

/// A GitHub App that may read the contents of the repository. Its tokens are made when they are needed.
#[derive(PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GithubAppAuth {
    /// The App's id or client id.
    pub app_id: String,
    /// The id of its installation: the number at the end of the installation's URL.
    pub installation_id: u64,
    /// PEM file of a private key of the App, as GitHub gives it.
    pub private_key_file: PathBuf,
    /// Where the API is; `https://api.github.com` if absent, or `https://HOST/api/v3` for other hosts.
    pub api_url: Option<String>,
}

/// Webhooks that ring for a sync: `POST /webhooks/PROVIDER`. One that is not named is not served.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WebhooksConfig {
    /// Largest body that is read, such as `4MiB`; `1MiB` if absent, `25MiB` at most. A larger one is
    /// answered with 413 and makes the repository be looked at as by a poll.
    #[serde(rename = "max_body")]
    pub max_body: Option<String>,
    /// GitHub (`X-Hub-Signature-256`).
    pub github: Option<WebhookConfig>,
    /// GitLab (`X-Gitlab-Token`, or `webhook-signature` with a signing token).
    pub gitlab: Option<WebhookConfig>,
    /// Gitea and Forgejo (`X-Gitea-Signature`).
    pub gitea: Option<WebhookConfig>,
    /// Bitbucket, the cloud's and a server's (`X-Hub-Signature`).
    pub bitbucket: Option<WebhookConfig>,
    /// Azure DevOps (basic authentication; the secret is the password, the user name does not matter).
    pub azure_devops: Option<WebhookConfig>,
    /// Anybody else (`X-Orloj-Signature-256: sha256=HMAC`).
    pub generic: Option<WebhookConfig>,
}

impl WebhooksConfig {
    /// Those that are configured.
    pub fn by_provider(&self) -> impl Iterator<Item = (Provider, &WebhookConfig)> {
        let one = |provider| match provider {
            Provider::Github => &self.github,
            Provider::Gitlab => &self.gitlab,
            Provider::Gitea => &self.gitea,
            Provider::Bitbucket => &self.bitbucket,
            Provider::AzureDevops => &self.azure_devops,
            Provider::Generic => &self.generic,
        };
        let all = Provider::ALL.into_iter();
        all.filter_map(move |provider| Some((provider, one(provider).as_ref()?)))
    }
}

/// One webhook.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// File with the shared secret; one a line, two are accepted during rotation.
    pub secret_file: PathBuf,
}

/// How providers are reached.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpstreamConfig {
    /// Where `host:port` really is, as `address:port`; names and certificates stay the manifest's.
    #[serde(default)]
    pub resolve: BTreeMap<String, String>,
    /// PEM file of a certificate authority that is trusted beside the system's.
    pub extra_ca: Option<PathBuf>,
}

/// Logging.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// How lines look.
    pub format: Option<LogFormat>,
    /// `error`, `warn`, `info`, `debug` or `trace`; or a filter such as `orloj=debug`.
    pub level: Option<String>,
}

/// The JSON Schema of `orloj.yaml`.
pub fn config_schema() -> Value {
    settings_schema::<FileConfig>("orloj.yaml")
}
