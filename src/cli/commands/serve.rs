//! `orloj serve`: the daemon.

use crate::{
    cli::{client::Token, daemon_process, error::CliError, exit::Exit, session::Session},
    daemon::{self, Flags},
    model::parse_go_duration,
};
use clap::{Args, ValueEnum};
use std::{path::PathBuf, time::Duration};

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// Run the daemon: follow a Git repository and serve what it says
///
/// A flag wins over its variable, and both over the same key in `--config` (with `_` for `-`). Without
/// `--repo` only resources that were sent by hand are served. Bound to anything but loopback it wants an `--api-token`,
/// and models can be called with a key alone (`orloj create api-key`), unless `--insecure-allow-anonymous` says otherwise.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj serve --repo https://git.example/routing.git --age-key-file age.key
  orloj serve --repo git@git.example:ai/routing.git --ref production
  orloj serve --repo https://git.example/routing.git --ref 'semver:>=1.2 <2'
  orloj serve --repo ./routing --poll 5s
  ORLOJ_REPO=/srv/routing.git orlojd")]
pub(crate) struct ServeArgs {
    /// The Git repository: a URL or a path
    #[arg(
        long,
        env = "ORLOJ_REPO",
        value_name = "URL|PATH",
        hide_env_values = true
    )]
    pub(crate) repo: Option<String>,
    /// What to follow: a branch, a tag, a commit, a full reference, or `semver:RANGE` for the tag with the
    /// highest version in a range such as `>=1.2 <2` [default: main]
    #[arg(
        long = "ref",
        env = "ORLOJ_REF",
        hide_env_values = true,
        value_name = "REF"
    )]
    pub(crate) reference: Option<String>,
    /// Serve only what is below this directory of the repository (can be repeated)
    #[arg(
        long,
        env = "ORLOJ_PATH",
        hide_env_values = true,
        value_name = "DIR",
        value_delimiter = ','
    )]
    pub(crate) path: Vec<String>,
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(
        long,
        env = "ORLOJ_ADDR",
        hide_env_values = true,
        value_name = "HOST:PORT"
    )]
    pub(crate) addr: Option<String>,
    /// Where to keep state [default: the XDG state directory]
    #[arg(
        long,
        env = "ORLOJ_DATA_DIR",
        hide_env_values = true,
        value_name = "DIR"
    )]
    pub(crate) data_dir: Option<PathBuf>,
    /// A file with age identities that open sealed secrets (can be repeated)
    ///
    /// `ORLOJ_AGE_KEY` may hold further identities themselves, for where there is no file.
    #[arg(
        long,
        env = "ORLOJ_AGE_KEY_FILE",
        hide_env_values = true,
        value_name = "FILE",
        value_delimiter = ','
    )]
    pub(crate) age_key_file: Vec<PathBuf>,
    /// The directory with the files of Secrets that say `fromFile`; they are read again when they change
    ///
    /// Such as a Secret that Kubernetes or Docker mounts. Nothing outside of it is read.
    #[arg(
        long,
        env = "ORLOJ_SECRETS_DIR",
        hide_env_values = true,
        value_name = "DIR"
    )]
    pub(crate) secrets_dir: Option<PathBuf>,
    /// How often to look at the repository [default: 60s]
    #[arg(long, env = "ORLOJ_POLL", hide_env_values = true, value_name = "DURATION", value_parser = duration)]
    pub(crate) poll: Option<Duration>,
    /// A configuration file, `orloj.yaml`
    #[arg(
        long,
        env = "ORLOJ_CONFIG",
        hide_env_values = true,
        value_name = "FILE"
    )]
    pub(crate) config: Option<PathBuf>,
    /// Where state is recorded: `sqlite:PATH` [default: a file in the data directory]
    #[arg(
        long,
        env = "ORLOJ_DATABASE",
        value_name = "URL",
        hide_env_values = true
    )]
    pub(crate) database: Option<Token>,
    /// Key that seals secrets sent by hand, 32 bytes in hex or base64 [default: a file in the data directory]
    #[arg(
        long,
        env = "ORLOJ_SECRET_ENCRYPTION_KEY",
        value_name = "KEY",
        hide_env_values = true
    )]
    pub(crate) secret_encryption_key: Option<Token>,
    /// The key before it: what it sealed is sealed anew at the start; leave it out afterwards
    #[arg(
        long,
        env = "ORLOJ_PREVIOUS_SECRET_ENCRYPTION_KEY",
        value_name = "KEY",
        hide_env_values = true
    )]
    pub(crate) previous_secret_encryption_key: Option<Token>,
    /// Token that control and resource requests must carry
    #[arg(
        long,
        env = "ORLOJ_API_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true
    )]
    pub(crate) api_token: Option<Token>,
    /// Warn about secrets in clear text in Git instead of refusing them
    #[arg(long, env = "ORLOJ_ALLOW_PLAINTEXT_SECRETS", hide_env_values = true, value_name = "BOOL", num_args = 0..=1,
        require_equals = true, default_missing_value = "true", value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) allow_plaintext_secrets: Option<bool>,
    /// Listen beyond loopback without a token, and without keys for calls of models
    #[arg(long, env = "ORLOJ_INSECURE_ALLOW_ANONYMOUS", hide_env_values = true, value_name = "BOOL", num_args = 0..=1,
        require_equals = true, default_missing_value = "true", value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) insecure_allow_anonymous: Option<bool>,
    /// Leave the header `x-orloj-route` out of answers
    #[arg(long, env = "ORLOJ_NO_ROUTE_HEADER", hide_env_values = true, value_name = "BOOL", num_args = 0..=1,
        require_equals = true, default_missing_value = "true", value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) no_route_header: Option<bool>,
    /// Send spans of requests to this collector of OpenTelemetry, such as `http://127.0.0.1:4318` [default: none]
    ///
    /// OTLP over HTTP, at `/v1/traces` behind the address. `OTEL_EXPORTER_OTLP_ENDPOINT` says the same.
    #[arg(
        long,
        env = "ORLOJ_OTLP_ENDPOINT",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub(crate) otlp_endpoint: Option<String>,
    /// How log lines look [default: text]
    #[arg(
        long,
        env = "ORLOJ_LOG_FORMAT",
        hide_env_values = true,
        value_enum,
        value_name = "FORMAT"
    )]
    pub(crate) log_format: Option<LogFormat>,
    /// Which log lines appear: error, warn, info, debug, or a filter such as `orloj=debug` [default: info]
    #[arg(
        long,
        env = "ORLOJ_LOG_LEVEL",
        hide_env_values = true,
        value_name = "LEVEL"
    )]
    pub(crate) log_level: Option<String>,
}

/// Runs until a signal.
pub(crate) fn run(args: &ServeArgs, session: &mut Session) -> Result<Exit, CliError> {
    let serve = daemon::serve(flags(args), |ready| {
        let source = ready.source.as_deref().unwrap_or("resources sent by hand");
        // A reader that has gone away does not stop the daemon.
        let _ = session
            .terminal
            .data(&format!("serving {source} on {}\n", ready.base_url));
    });
    daemon_process::run(serve)
}

fn flags(args: &ServeArgs) -> Flags {
    let token = |token: &Option<Token>| token.as_ref().map(|token| token.expose().to_owned());
    Flags {
        config: args.config.clone(),
        repo: args.repo.clone(),
        reference: args.reference.clone(),
        paths: args.path.clone(),
        addr: args.addr.clone(),
        data_dir: args.data_dir.clone(),
        age_key_files: args.age_key_file.clone(),
        secrets_dir: args.secrets_dir.clone(),
        poll: args.poll,
        database: token(&args.database),
        secret_encryption_key: token(&args.secret_encryption_key),
        previous_secret_encryption_key: token(&args.previous_secret_encryption_key),
        api_token: token(&args.api_token),
        allow_plaintext_secrets: args.allow_plaintext_secrets,
        insecure_allow_anonymous: args.insecure_allow_anonymous,
        no_route_header: args.no_route_header,
        otlp_endpoint: args.otlp_endpoint.clone(),
        log_format: args.log_format.map(|format| match format {
            LogFormat::Text => daemon::LogFormat::Text,
            LogFormat::Json => daemon::LogFormat::Json,
        }),
        log_level: args.log_level.clone(),
    }
}

fn duration(text: &str) -> Result<Duration, &'static str> {
    parse_go_duration(text.trim()).ok_or("expected a duration such as `30s`, `5m` or `1h30m`")
}
