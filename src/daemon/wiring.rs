//! The parts of a daemon, put together.

use super::{config::Config, error::DaemonError};
use crate::{
    gateway::Gate,
    http::{Admission, BodyLimits, Decoration, Doors, Metrics, Webhooks},
    providers::Network,
    reconcile::{
        Bells, Clock, Followed, Inbox, Live, ReconcileSettings, Reconciler, ReviewOptions,
        SecretFiles, SecretVariables,
    },
    secrets::{DataKey, Opened, SECRET_VARIABLE_PREFIX},
    source::Mirror,
    store::{DataDir, Journal},
};
use std::sync::Arc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Opens the data directory, restores what was served, and connects everything. No network, no database.
pub(super) fn connect(config: Config) -> Result<Doors, DaemonError> {
    let data_dir = DataDir::open(&config.data_dir)?;
    let configured = config
        .secret_encryption_key
        .as_ref()
        .and_then(Opened::expose_text);
    let key = data_dir.load_or_create_key(configured)?;
    let previous = previous_key(config.previous_secret_encryption_key.as_ref())?;
    if let Some(previous) = &previous
        && Journal::reseal(data_dir.path(), previous, &key)?
    {
        tracing::info!("the kept revisions are sealed with the new key");
    }
    let ca_pem = &config.network.extra_ca_pem;
    let telemetry = config.telemetry;
    let tracer = telemetry.map(|it| it.tracer(ca_pem)).transpose()?;
    let settings = ReconcileSettings {
        review: ReviewOptions {
            clear_text: config.clear_text,
            refuse_empty: false,
        },
        keyring: config.keyring,
        variables: secret_variables(),
        secret_files: config
            .secrets_dir
            .map_or_else(SecretFiles::default, SecretFiles::below),
        network: Network::new(&config.network)?,
        prune: config.prune,
        egress: config.egress,
        windows: config.windows,
        clock: Clock::default(),
        poll: config.poll,
        retention: config.retention,
    };
    let restored = Live::restore(&data_dir, &key, &settings)?;
    if config.sources.is_empty() && restored.0.pin().commits().next().is_some() {
        // Going on would take "no repository" for "nothing is wanted any more".
        return Err(DaemonError::Setting {
            setting: "`--repo`",
            problem: format!(
                "is not given, and `{}` was fed from Git; name the repository again, or use another `--data-dir`",
                config.data_dir.display()
            ),
        });
    }
    let mut sources = Vec::new();
    for source in config.sources {
        let mirror = Mirror::open(&data_dir.mirror_dir(), source.config)?;
        let followed = if source.is_named {
            Followed::named(mirror)
        } else {
            Followed::alone(mirror)
        };
        sources.push(
            followed
                .protected(source.is_protected)
                .verified(source.verify),
        );
    }
    let database = config
        .database
        .unwrap_or_else(|| format!("sqlite:{}", data_dir.database_path().display()));
    let reconciler =
        Reconciler::new(restored, settings, data_dir, key, sources, database).resealing(previous);
    Ok(doors(
        reconciler,
        config.api_token,
        config.webhooks,
        Decoration {
            route_header: config.route_header,
        },
        config.bodies,
        Admission {
            books: Arc::default(),
            require_key: config.require_key,
            is_local: config.addr.ip().is_loopback(),
            gate: Gate::with(config.concurrency),
            tracer,
        },
    ))
}

fn previous_key(text: Option<&Opened>) -> Result<Option<DataKey>, DaemonError> {
    let text = text.and_then(Opened::expose_text);
    let key = text.map(DataKey::parse).transpose();
    key.map_err(|error| DaemonError::Setting {
        setting: "`--previous-secret-encryption-key`",
        problem: format!("cannot be used: {error}"),
    })
}

fn doors(
    reconciler: Reconciler,
    token: Option<Opened>,
    webhooks: Webhooks,
    decoration: Decoration,
    bodies: BodyLimits,
    admission: Admission,
) -> Doors {
    let names = reconciler.sources().iter().map(|it| it.name().clone());
    Doors {
        bells: Bells::of(names),
        reconciler: Arc::new(reconciler),
        metrics: Arc::new(Metrics::default()),
        decoration,
        token: token.map(Arc::new),
        tasks: TaskTracker::new(),
        stop: CancellationToken::new(),
        webhooks: Arc::new(webhooks),
        inbox: Inbox::default(),
        bodies,
        admission,
    }
}

/// Takes the variables under the prefix over, and no others.
#[expect(
    clippy::disallowed_methods,
    reason = "this is where the environment is read"
)]
fn secret_variables() -> SecretVariables {
    let all =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    SecretVariables::new(
        all.filter(|(name, _)| name.starts_with(SECRET_VARIABLE_PREFIX))
            .map(|(name, value)| (name, Opened::new(value.into_encoded_bytes()))),
    )
}
