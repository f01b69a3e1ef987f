//! What is followed: the flags' repository, or the `sources` of the configuration.

use super::{
    config::read,
    error::DaemonError,
    file::{GitAuth, SourceEntry},
};
use crate::{
    secrets::Opened,
    source::{Credentials, DEFAULT_SOURCE, Limits, Location, Patterns, Selection, SourceConfig},
};
use std::{collections::HashSet, sync::Arc};

const DEFAULT_REFERENCE: &str = "main";

/// Longest name of a source: it stands before every path, and names a directory.
const MAX_NAME_BYTES: usize = 63;

/// Words that stand before a colon where no source is meant.
const RESERVED_NAMES: [&str; 1] = ["unmanaged"];

/// A source to follow.
pub struct ConfiguredSource {
    /// What to fetch.
    pub config: SourceConfig,
    /// Whether it is of `sources`, so that its paths are shown behind its name.
    pub is_named: bool,
    /// Further host names of its server.
    pub webhook_hosts: Vec<String>,
}

/// The repository that flags, or the keys of the same names, say.
pub(super) struct OneSource<'a> {
    pub(super) repo: Option<String>,
    pub(super) reference: Option<String>,
    pub(super) paths: Vec<String>,
    pub(super) auth: &'a GitAuth,
    pub(super) webhook_hosts: Vec<String>,
}

/// Everything to follow.
///
/// # Errors
///
/// [`DaemonError::Setting`] and [`DaemonError::Read`] for a source that cannot be used, and if both ways of
/// naming sources are used.
pub(super) fn sources(
    one: OneSource<'_>,
    several: &[SourceEntry],
    limits: &Limits,
) -> Result<Vec<ConfiguredSource>, DaemonError> {
    let Some(repo) = &one.repo else {
        let mut taken = HashSet::new();
        let several = several.iter();
        return several
            .map(|entry| named_source(entry, limits, &mut taken))
            .collect();
    };
    if !several.is_empty() {
        return Err(setting(
            "`sources`",
            "cannot stand beside `--repo`; move that repository into the list".to_owned(),
        ));
    }
    let config = SourceConfig {
        name: DEFAULT_SOURCE.to_owned(),
        location: location(repo, "`--repo`")?,
        reference: one
            .reference
            .unwrap_or_else(|| DEFAULT_REFERENCE.to_owned()),
        paths: one.paths,
        limits: limits.clone(),
        credentials: credentials(one.auth)?,
    };
    Ok(vec![ConfiguredSource {
        config,
        is_named: false,
        webhook_hosts: one.webhook_hosts,
    }])
}

fn named_source(
    entry: &SourceEntry,
    limits: &Limits,
    names: &mut HashSet<String>,
) -> Result<ConfiguredSource, DaemonError> {
    check_name(&entry.name)?;
    if !names.insert(entry.name.clone()) {
        let problem = format!("has two sources with the name `{}`", entry.name);
        return Err(setting("`sources`", problem));
    }
    let reference = entry.reference.clone();
    let config = SourceConfig {
        name: entry.name.clone(),
        location: location(&entry.url, "`sources.url`")?,
        reference: reference.unwrap_or_else(|| DEFAULT_REFERENCE.to_owned()),
        paths: entry.paths.clone(),
        limits: Limits {
            selection: Selection {
                include: patterns(&entry.include)?,
                exclude: patterns(&entry.exclude)?,
            },
            ..limits.clone()
        },
        credentials: credentials(&entry.auth)?,
    };
    Ok(ConfiguredSource {
        config,
        is_named: true,
        webhook_hosts: entry.webhook_hosts.clone(),
    })
}

fn check_name(name: &str) -> Result<(), DaemonError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let fits = name.len() <= MAX_NAME_BYTES
        && name.bytes().next().is_some_and(plain)
        && name
            .bytes()
            .all(|byte| plain(byte) || matches!(byte, b'-' | b'_' | b'.'));
    if !fits {
        let problem = format!(
            "is `{}`; write small letters, digits, `-`, `_` and `.`, at most {MAX_NAME_BYTES} of them",
            name.escape_debug()
        );
        return Err(setting("`sources.name`", problem));
    }
    if RESERVED_NAMES.contains(&name) {
        let problem = format!("is `{name}`, which stands for what is sent by hand");
        return Err(setting("`sources.name`", problem));
    }
    Ok(())
}

fn patterns(lines: &[String]) -> Result<Option<Arc<Patterns>>, DaemonError> {
    if lines.is_empty() {
        return Ok(None);
    }
    let patterns = Patterns::parse(lines.iter().map(String::as_str));
    let patterns = patterns.map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        let problem = format!("are no patterns: {error}: {}", cause.unwrap_or_default());
        setting("`sources.include` and `sources.exclude`", problem)
    })?;
    Ok(Some(Arc::new(patterns)))
}

fn location(text: &str, name: &'static str) -> Result<Location, DaemonError> {
    let location = Location::parse(text).map_err(|error| setting(name, error.to_string()))?;
    // What is shown says where it is without knowing where the daemon was started.
    Ok(match location.as_directory().map(std::path::absolute) {
        Some(Ok(directory)) => Location::directory(&directory),
        Some(Err(_)) | None => location,
    })
}

fn credentials(auth: &GitAuth) -> Result<Credentials, DaemonError> {
    let secret = match &auth.secret_file {
        Some(path) => Some(Opened::new(
            read(path, "`auth.secret_file`")?.trim_ascii().to_vec(),
        )),
        None => None,
    };
    let mut credentials = match (secret, &auth.username) {
        (Some(secret), Some(username)) => Credentials::basic(username.clone(), secret),
        (Some(secret), None) => Credentials::bearer(secret),
        (None, _) => Credentials::none(),
    };
    if let Some(file) = &auth.ssh_key_file {
        credentials = credentials.with_ssh_key_file(file);
    }
    if let Some(file) = &auth.known_hosts_file {
        credentials = credentials.with_known_hosts_file(file);
    }
    Ok(credentials)
}

pub(super) fn setting(setting: &'static str, problem: String) -> DaemonError {
    DaemonError::Setting { setting, problem }
}
