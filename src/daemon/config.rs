//! Flag over variable over file, checked once.

use super::{
    error::DaemonError,
    file::{FileConfig, GuardConfig},
    flags::{Flags, LogFormat},
    limits::{bodies, concurrency, limits, retention},
    reference::RefConfig,
    sources::{ConfiguredSource, OneSource, setting, sources},
    telemetry::{Telemetry, otel_variable, telemetry},
    webhooks::webhooks,
};
use crate::{
    http::{BodyLimits, Webhooks},
    manifest::{ClearTextPolicy, read_settings},
    model::parse_go_duration,
    plan::Windows,
    providers::NetworkOptions,
    reconcile::{EgressPolicy, PruneGuard},
    secrets::{Keyring, Opened},
    store::{Retention, Store},
};
use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

const DEFAULT_ADDR: &str = "127.0.0.1:8080";
const DEFAULT_POLL: Duration = Duration::from_mins(1);

/// Identities, one a line, beside those of `--age-key-file`.
const AGE_KEY_VARIABLE: &str = "ORLOJ_AGE_KEY";

/// Shorter polls would only load the Git server.
const SHORTEST_POLL: Duration = Duration::from_millis(100);

/// Everything that was decided before the daemon starts.
pub struct Config {
    /// Where to listen.
    pub addr: SocketAddr,
    /// Where state lies.
    pub data_dir: PathBuf,
    /// What to follow, if anything.
    pub sources: Vec<ConfiguredSource>,
    /// Identities that open sealed secrets.
    pub keyring: Keyring,
    /// The files of identities that others than their owner may read or change.
    pub open_key_files: Vec<PathBuf>,
    /// The directory with the files of secrets.
    pub secrets_dir: Option<PathBuf>,
    /// Time between two looks at the source.
    pub poll: Duration,
    /// How much a commit may prune by itself.
    pub prune: PruneGuard,
    /// What a secret means that a commit would send to another host.
    pub egress: EgressPolicy,
    /// When commits may go live.
    pub windows: Windows,
    /// The database; the data directory's own if absent.
    pub database: Option<String>,
    /// Key that seals what is kept on disk; the data directory's own if absent.
    pub secret_encryption_key: Option<Opened>,
    /// The key before it, whose ciphertexts are sealed anew.
    pub previous_secret_encryption_key: Option<Opened>,
    /// Whether memory is kept out of swap.
    pub lock_memory: bool,
    /// Token of the control and resource API.
    pub api_token: Option<Opened>,
    /// Whether models may only be called with a key, also while the manifests have none.
    pub require_key: bool,
    /// What secrets in clear text in Git mean.
    pub clear_text: ClearTextPolicy,
    /// Whether `x-orloj-route` is sent.
    pub route_header: bool,
    /// How providers are reached.
    pub network: NetworkOptions,
    /// Who may ring, and about what.
    pub webhooks: Webhooks,
    /// Where spans go; `None` traces nothing.
    pub telemetry: Option<Telemetry>,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Which log lines there are.
    pub log_level: String,
    /// What is kept of the past.
    pub retention: Retention,
    /// How large requests may be.
    pub bodies: BodyLimits,
    /// How many requests to models may be under way.
    pub concurrency: usize,
}

impl Config {
    /// Reads the file that the flags name and joins both.
    ///
    /// # Errors
    ///
    /// One [`DaemonError`] per setting that cannot be used.
    pub fn load(flags: Flags) -> Result<Self, DaemonError> {
        let file = read_file(flags.config.as_deref())?;
        let addr_text = flags
            .addr
            .or(file.addr)
            .unwrap_or_else(|| DEFAULT_ADDR.to_owned());
        let addr = parse_addr(&addr_text)?;
        let api_token = flags
            .api_token
            .or(file.api_token)
            .filter(|token| !token.trim().is_empty());
        let anonymous = flags
            .insecure_allow_anonymous
            .or(file.insecure_allow_anonymous)
            .unwrap_or(false);
        let require_key = requires_key(addr, anonymous, api_token.is_some())?;
        let in_file = file.reference.map(RefConfig::into_reference).transpose()?;
        let one = OneSource {
            repo: flags.repo.or(file.repo),
            reference: flags.reference.or(in_file),
            paths: if flags.paths.is_empty() {
                file.path
            } else {
                flags.paths
            },
            auth: &file.auth,
            protected: file.protected,
            verify: file.verify.as_ref(),
            webhook_hosts: file.webhook_hosts,
        };
        let sources = sources(one, &file.sources, &limits(&file.limits)?)?;
        let webhooks = webhooks(&file.webhooks, &sources)?;
        let keys = if flags.age_key_files.is_empty() {
            file.age_key_file
        } else {
            flags.age_key_files
        };
        let clear = flags
            .allow_plaintext_secrets
            .or(file.allow_plaintext_secrets)
            .unwrap_or(false);
        Ok(Self {
            addr,
            data_dir: flags
                .data_dir
                .or(file.data_dir)
                .map_or_else(default_data_dir, Ok)?,
            sources,
            keyring: read_keyring(&keys, age_key_variable().as_ref())?,
            open_key_files: open_to_others(&keys),
            secrets_dir: flags.secrets_dir.or(file.secrets_dir),
            poll: poll(flags.poll, file.poll.as_deref())?,
            prune: prune_guard(&file.guards),
            egress: file.egress.unwrap_or_default(),
            windows: Windows::read(file.windows)
                .map_err(|error| setting("`windows`", error.to_string()))?,
            database: checked_database(flags.database.or(file.database))?,
            secret_encryption_key: flags
                .secret_encryption_key
                .or(file.secret_encryption_key)
                .map(|key| Opened::new(key.into_bytes())),
            previous_secret_encryption_key: flags
                .previous_secret_encryption_key
                .or(file.previous_secret_encryption_key)
                .map(|key| Opened::new(key.into_bytes())),
            lock_memory: file.lock_memory,
            require_key,
            api_token: api_token.map(|token| Opened::new(token.into_bytes())),
            clear_text: if clear {
                ClearTextPolicy::Warn
            } else {
                ClearTextPolicy::Refuse
            },
            route_header: !flags
                .no_route_header
                .or(file.no_route_header)
                .unwrap_or(false),
            network: network(&file.upstream.resolve, file.upstream.extra_ca.as_deref())?,
            webhooks,
            retention: retention(&file.limits)?,
            bodies: bodies(&file.limits)?,
            concurrency: concurrency(&file.limits)?,
            telemetry: telemetry(flags.otlp_endpoint, &file.telemetry, otel_variable)?,
            log_format: flags.log_format.or(file.log.format).unwrap_or_default(),
            log_level: flags
                .log_level
                .or(file.log.level)
                .unwrap_or_else(|| "info".to_owned()),
        })
    }
}

/// The operator's file; without one nothing is set.
pub(super) fn read_file(path: Option<&Path>) -> Result<FileConfig, DaemonError> {
    let Some(path) = path else {
        return Ok(FileConfig::default());
    };
    let bytes = read(path, "`--config`")?;
    read_settings(&path.to_string_lossy(), &bytes).map_err(DaemonError::Config)
}

pub(super) fn checked_database(database: Option<String>) -> Result<Option<String>, DaemonError> {
    if let Some(database) = &database {
        Store::check(database).map_err(|error| DaemonError::Setting {
            setting: "`--database`",
            problem: format!("cannot be used: {error}"),
        })?;
    }
    Ok(database)
}

fn parse_addr(text: &str) -> Result<SocketAddr, DaemonError> {
    let numeric = text.replacen("localhost:", "127.0.0.1:", 1);
    let numeric = if numeric.starts_with(':') {
        format!("0.0.0.0{numeric}")
    } else {
        numeric
    };
    numeric.parse().map_err(|source| DaemonError::Address {
        addr: text.to_owned(),
        source,
    })
}

/// Whether models may only be called with a key, also while the manifests have none. Which keys there are is known
/// when the first revision is served; until then nobody gets in.
fn requires_key(addr: SocketAddr, anonymous: bool, has_token: bool) -> Result<bool, DaemonError> {
    if addr.ip().is_loopback() || anonymous {
        return Ok(false);
    }
    if has_token {
        return Ok(true);
    }
    Err(DaemonError::Exposed(format!(
        "`--addr {addr}` can be reached from other machines, and nothing would guard the control API; give it an `--api-token`, listen on 127.0.0.1, or say `--insecure-allow-anonymous`"
    )))
}

/// The text of the variable that may hold identities, for where a file is not to be had.
#[expect(
    clippy::disallowed_methods,
    reason = "a key is not to stand on a command line, nor in the flags, which can be printed"
)]
fn age_key_variable() -> Option<Opened> {
    let text = std::env::var_os(AGE_KEY_VARIABLE)?;
    Some(Opened::new(text.into_encoded_bytes()))
}

/// The identities of files, and those of a variable.
fn read_keyring(files: &[PathBuf], variable: Option<&Opened>) -> Result<Keyring, DaemonError> {
    let mut keyring = Keyring::default();
    if let Some(text) = variable.and_then(Opened::expose_text) {
        keyring.parse_identity_file(AGE_KEY_VARIABLE, text)?;
    }
    for path in files {
        let bytes = Opened::new(read(path, "`--age-key-file`")?);
        let text = bytes.expose_text().unwrap_or_default();
        if keyring.parse_identity_file(&path.to_string_lossy(), text)? == 0 {
            let problem = format!(
                "`{}` holds no identity; make one with `orloj secret keygen`",
                path.display()
            );
            return Err(DaemonError::Setting {
                setting: "`--age-key-file`",
                problem,
            });
        }
    }
    Ok(keyring)
}

/// The files that the group or everybody may read or change.
fn open_to_others(files: &[PathBuf]) -> Vec<PathBuf> {
    let is_open = |file: &&PathBuf| {
        let mode = fs::metadata(file).map(|meta| meta.mode());
        mode.is_ok_and(|mode| mode & 0o077 != 0)
    };
    files.iter().filter(is_open).cloned().collect()
}

fn prune_guard(guards: &GuardConfig) -> PruneGuard {
    let default = PruneGuard::default();
    PruneGuard {
        percent: guards.prune_percent.unwrap_or(default.percent),
        objects: guards.prune_objects.unwrap_or(default.objects),
    }
}

fn poll(flag: Option<Duration>, file: Option<&str>) -> Result<Duration, DaemonError> {
    let poll = match (flag, file) {
        (Some(poll), _) => poll,
        (None, Some(text)) => parse_go_duration(text).ok_or_else(|| DaemonError::Setting {
            setting: "`poll`",
            problem: "must be a duration such as `60s`".to_owned(),
        })?,
        (None, None) => DEFAULT_POLL,
    };
    Ok(poll.max(SHORTEST_POLL))
}

fn network(
    resolve: &std::collections::BTreeMap<String, String>,
    extra_ca: Option<&Path>,
) -> Result<NetworkOptions, DaemonError> {
    let mut pins = Vec::new();
    for (place, address) in resolve {
        let address = address.parse().map_err(|_| DaemonError::Setting {
            setting: "`upstream.resolve`",
            problem: format!("maps `{place}` to `{address}`, which is not ADDRESS:PORT"),
        })?;
        pins.push((place.clone(), address));
    }
    let extra_ca_pem = extra_ca
        .map(|path| read(path, "`upstream.extra_ca`"))
        .transpose()?;
    Ok(NetworkOptions {
        resolve: pins,
        extra_ca_pem: extra_ca_pem.into_iter().collect(),
    })
}

pub(super) fn read(path: &Path, flag: &'static str) -> Result<Vec<u8>, DaemonError> {
    fs::read(path).map_err(|source| DaemonError::Read {
        path: path.to_owned(),
        flag,
        source,
    })
}

/// `$XDG_STATE_HOME/orloj`, else `~/.local/state/orloj` (XDG Base Directory Specification).
#[expect(
    clippy::disallowed_methods,
    reason = "this is where the environment is read"
)]
pub(super) fn default_data_dir() -> Result<PathBuf, DaemonError> {
    let absolute = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")));
    state
        .map(|state| state.join("orloj"))
        .ok_or_else(|| DaemonError::Setting {
            setting: "`--data-dir`",
            problem: "is needed, because neither XDG_STATE_HOME nor HOME is set".to_owned(),
        })
}
