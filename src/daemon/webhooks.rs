//! `webhooks` of the configuration: secrets, limits, and what is followed.

use super::{
    config::read,
    error::DaemonError,
    file::{WebhookConfig, WebhooksConfig},
    sources::{ConfiguredSource, setting},
};
use crate::{
    forge::{Provider, Watched},
    http::{WebhookSecrets, Webhooks},
    secrets::Opened,
};

/// Largest body in bytes that may be configured (25 MiB): GitHub sends no larger one.
const MAX_BODY: usize = 25 * 1024 * 1024;

/// Reads the secrets of every webhook that is configured.
///
/// # Errors
///
/// [`DaemonError::Setting`] and [`DaemonError::Read`] for a webhook without a secret and for a limit
/// that is none.
pub(super) fn webhooks(
    configured: &WebhooksConfig,
    sources: &[ConfiguredSource],
) -> Result<Webhooks, DaemonError> {
    let mut secrets = WebhookSecrets::new();
    for (provider, webhook) in configured.by_provider() {
        secrets.insert(provider.as_str().to_owned(), secrets_of(provider, webhook)?);
    }
    let watched = |source: &ConfiguredSource| {
        let config = &source.config;
        let watched = Watched::new(&config.name, &config.location, &config.reference);
        watched.also_at(&source.webhook_hosts).map_err(|host| {
            let problem = format!(
                "of `{}` holds `{}`, which is no name of a host; write `git.internal` or `HOST:PORT`",
                config.name,
                host.escape_debug()
            );
            setting("`webhook_hosts`", problem)
        })
    };
    Ok(Webhooks {
        secrets,
        max_body: max_body(configured.max_body.as_deref())?,
        watched: sources.iter().map(watched).collect::<Result<_, _>>()?,
    })
}

fn secrets_of(provider: Provider, webhook: &WebhookConfig) -> Result<Vec<Opened>, DaemonError> {
    let content = Opened::new(read(&webhook.secret_file, "`webhooks.*.secret_file`")?);
    let lines = content
        .expose_text()
        .unwrap_or_default()
        .lines()
        .map(str::trim);
    let secrets: Vec<_> = lines
        .filter(|line| !line.is_empty())
        .map(|line| Opened::new(line.as_bytes().to_vec()))
        .collect();
    if secrets.is_empty() {
        let problem = format!(
            "`{}` of `{provider}` holds no secret",
            webhook.secret_file.display()
        );
        return Err(DaemonError::Setting {
            setting: "`webhooks.*.secret_file`",
            problem,
        });
    }
    Ok(secrets)
}

fn max_body(text: Option<&str>) -> Result<usize, DaemonError> {
    let Some(text) = text else {
        return Ok(Webhooks::DEFAULT_MAX_BODY);
    };
    let (digits, unit) = match (text.strip_suffix("MiB"), text.strip_suffix("KiB")) {
        (Some(digits), _) => (digits, 1024 * 1024),
        (None, Some(digits)) => (digits, 1024),
        (None, None) => (text, 1),
    };
    let bytes = digits.trim().parse::<usize>().ok();
    bytes
        .and_then(|count| count.checked_mul(unit))
        .filter(|bytes| (1..=MAX_BODY).contains(bytes))
        .ok_or_else(|| DaemonError::Setting {
            setting: "`webhooks.max_body`",
            problem: format!("is `{text}`; write a size such as `4MiB`, at most `25MiB`"),
        })
}
