//! What was said on the command line, or in a flag's environment variable.

use std::{path::PathBuf, time::Duration};

/// The flags of `orloj serve`; `None` and empty mean "not said".
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--repo`.
    pub repo: Option<String>,
    /// `--ref`.
    pub reference: Option<String>,
    /// `--path`.
    pub paths: Vec<String>,
    /// `--addr`.
    pub addr: Option<String>,
    /// `--data-dir`.
    pub data_dir: Option<PathBuf>,
    /// `--age-key-file`.
    pub age_key_files: Vec<PathBuf>,
    /// `--secrets-dir`.
    pub secrets_dir: Option<PathBuf>,
    /// `--poll`.
    pub poll: Option<Duration>,
    /// `--database`.
    pub database: Option<String>,
    /// `--secret-encryption-key`.
    pub secret_encryption_key: Option<String>,
    /// `--previous-secret-encryption-key`.
    pub previous_secret_encryption_key: Option<String>,
    /// `--api-token`.
    pub api_token: Option<String>,
    /// `--allow-plaintext-secrets`.
    pub allow_plaintext_secrets: Option<bool>,
    /// `--insecure-allow-anonymous`.
    pub insecure_allow_anonymous: Option<bool>,
    /// `--no-route-header`.
    pub no_route_header: Option<bool>,
    /// `--otlp-endpoint`.
    pub otlp_endpoint: Option<String>,
    /// `--log-format`.
    pub log_format: Option<LogFormat>,
    /// `--log-level`.
    pub log_level: Option<String>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}
