//! `webhooks` of the configuration: secrets, limits, and what is followed.

use super::{
    config::read,
    error::DaemonError,
    file::{WebhookConfig, WebhooksConfig},
    limits::size,
    sources::{ConfiguredSource, setting},
};
use crate::{
    forge::{Provider, Watched},
    http::{WebhookSecrets, Webhooks},
    secrets::Opened,
};

/// Largest body in bytes that may be configured (25 MiB): GitHub sends no larger one.
const MAX_BODY: u64 = 25 << 20;

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
    let default = Webhooks::DEFAULT_MAX_BODY as u64;
    let bytes = size("`webhooks.max_body`", text, 1..=MAX_BODY, default)?;
    // 25 MiB at most.
    Ok(usize::try_from(bytes).unwrap_or(usize::MAX))
}
