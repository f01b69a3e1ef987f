//! What is followed: the flags' repository, or the `sources` of the configuration.

use super::{
    access::credentials,
    config::read,
    error::DaemonError,
    file::{GitAuth, SourceEntry, VerifyConfig},
    reference::RefConfig,
};
use crate::source::{
    CommitId, DEFAULT_SOURCE, Limits, Location, Patterns, Selection, Signers, SourceConfig,
    VerifyMode, VerifyPolicy,
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
    /// Whether a reference that is moved by force waits for somebody's yes.
    pub is_protected: bool,
    /// Who must have signed what.
    pub verify: Option<VerifyPolicy>,
    /// Further host names of its server.
    pub webhook_hosts: Vec<String>,
}

/// The repository that flags, or the keys of the same names, say.
pub(super) struct OneSource<'a> {
    pub(super) repo: Option<String>,
    pub(super) reference: Option<String>,
    pub(super) paths: Vec<String>,
    pub(super) auth: &'a GitAuth,
    pub(super) protected: Option<bool>,
    pub(super) verify: Option<&'a VerifyConfig>,
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
        if !several.is_empty() {
            nothing_astray(&one)?;
        }
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
    let location = location(repo, "`--repo`")?;
    let config = SourceConfig {
        name: DEFAULT_SOURCE.to_owned(),
        credentials: credentials(one.auth, &location)?,
        location,
        reference: one
            .reference
            .unwrap_or_else(|| DEFAULT_REFERENCE.to_owned()),
        paths: one.paths,
        limits: limits.clone(),
    };
    Ok(vec![ConfiguredSource {
        verify: verify_policy(one.verify, &config.reference)?,
        is_protected: one.protected.unwrap_or_else(|| guarded(&config.reference)),
        config,
        is_named: false,
        webhook_hosts: one.webhook_hosts,
    }])
}

/// Refuses what says how the one repository is followed where there are `sources`, which it does not reach: a
/// signature that nobody asks for would go unnoticed.
fn nothing_astray(one: &OneSource<'_>) -> Result<(), DaemonError> {
    let astray = [
        ("`ref`", one.reference.is_some()),
        ("`path`", !one.paths.is_empty()),
        ("`auth`", *one.auth != GitAuth::default()),
        ("`protected`", one.protected.is_some()),
        ("`verify`", one.verify.is_some()),
        ("`webhook_hosts`", !one.webhook_hosts.is_empty()),
    ];
    match astray.into_iter().find(|(_, is_there)| *is_there) {
        None => Ok(()),
        Some((name, _)) => Err(setting(
            name,
            "stands beside `sources`, which it does not reach; say it in each source".to_owned(),
        )),
    }
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
    let reference = entry.reference.clone().map(RefConfig::into_reference);
    let reference = reference.transpose()?;
    let location = location(&entry.url, "`sources.url`")?;
    let config = SourceConfig {
        name: entry.name.clone(),
        credentials: credentials(&entry.auth, &location)?,
        location,
        reference: reference.unwrap_or_else(|| DEFAULT_REFERENCE.to_owned()),
        paths: entry.paths.clone(),
        limits: Limits {
            selection: Selection {
                include: patterns(&entry.include, "`sources.include`")?,
                exclude: patterns(&entry.exclude, "`sources.exclude`")?,
            },
            ..limits.clone()
        },
    };
    Ok(ConfiguredSource {
        verify: verify_policy(entry.verify.as_ref(), &config.reference)?,
        is_protected: entry
            .protected
            .unwrap_or_else(|| guarded(&config.reference)),
        config,
        is_named: true,
        webhook_hosts: entry.webhook_hosts.clone(),
    })
}

/// Whether a reference is protected where nobody says: branches and tags are, references that a host makes
/// for previews move as they like.
fn guarded(reference: &str) -> bool {
    let is_shown = |folder| reference.starts_with(folder);
    !is_shown("refs/") || is_shown("refs/heads/") || is_shown("refs/tags/")
}

/// Reads the files of signers.
fn verify_policy(
    config: Option<&VerifyConfig>,
    reference: &str,
) -> Result<Option<VerifyPolicy>, DaemonError> {
    const SIGNERS: &str = "`verify.signers`";
    const PATHS: &str = "`verify.paths`";
    let Some(config) = config else {
        return Ok(None);
    };
    if config.mode == VerifyMode::Tag && CommitId::parse(reference).is_some() {
        let problem = "is `tag`, and what is followed is a commit; follow a tag, or write `head`";
        return Err(setting("`verify.mode`", problem.to_owned()));
    }
    let mut signers = Signers::default();
    for path in &config.signers {
        let bytes = read(path, SIGNERS)?;
        let text = String::from_utf8_lossy(&bytes);
        signers.parse(&text).map_err(|error| {
            setting(
                SIGNERS,
                format!("cannot be used: `{}`: {error}", path.display()),
            )
        })?;
    }
    if signers.are_none() {
        let problem = "name nobody, so that nothing could ever go live".to_owned();
        return Err(setting(SIGNERS, problem));
    }
    let paths = patterns(&config.paths, PATHS)?;
    if paths.as_ref().is_some_and(|paths| paths.match_nothing()) {
        let problem = "match no file, so that nothing would need a signature".to_owned();
        return Err(setting(PATHS, problem));
    }
    Ok(Some(VerifyPolicy {
        mode: config.mode,
        signers,
        paths,
    }))
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

fn patterns(lines: &[String], name: &'static str) -> Result<Option<Arc<Patterns>>, DaemonError> {
    if lines.is_empty() {
        return Ok(None);
    }
    let patterns = Patterns::parse(lines.iter().map(String::as_str));
    let patterns = patterns.map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        let problem = format!("are no patterns: {error}: {}", cause.unwrap_or_default());
        setting(name, problem)
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

pub(super) fn setting(setting: &'static str, problem: String) -> DaemonError {
    DaemonError::Setting { setting, problem }
}
