//! Start, serve, drain.

use super::{
    config::Config, error::DaemonError, flags::Flags, logging, memory, serving::Serving, wiring,
};
use crate::{gateway, http::router, reconcile};
use axum::serve::Listener;
use std::{io, net::SocketAddr, time::Duration};
use tokio::{net::TcpListener, runtime::Handle, signal, time};
use tokio_util::sync::CancellationToken;

/// Requests in flight at the end get this long to finish.
const DRAIN: Duration = Duration::from_secs(30);

/// What is known once the daemon listens.
#[derive(Debug, Clone)]
pub struct Ready {
    /// Where it is reached, such as `http://127.0.0.1:8080`.
    pub base_url: String,
    /// What it follows, without credentials; several are separated by commas.
    pub source: Option<String>,
}

/// Runs the daemon until it is told to stop; `announce` is called once it listens.
///
/// # Errors
///
/// One [`DaemonError`] per reason not to start. Once started, only the server itself can fail.
pub async fn serve(flags: Flags, announce: impl FnOnce(&Ready)) -> Result<(), DaemonError> {
    // Before any secret is read.
    let forbidden = memory::forbid_core_dumps();
    let config = Config::load(flags)?;
    logging::init(config.log_format, &config.log_level);
    if config.lock_memory {
        memory::lock_memory()?;
    }
    if let Err(error) = forbidden {
        tracing::warn!(%error, "core dumps cannot be turned off: a crash may write secrets to disk");
    }
    for file in &config.open_key_files {
        let file = file.display();
        tracing::warn!(%file, "the key file is open to others; make it yours alone: chmod 600 {file}");
    }
    if let Some(directory) = config.secrets_dir.as_ref().filter(|it| !it.is_dir()) {
        let directory = directory.display();
        tracing::warn!(%directory, "the directory of secret files is not there; secrets in it are read as soon as they are");
    }
    let listener = bind(config.addr).await?;
    let addr = listener.local_addr().map_err(DaemonError::Server)?;
    let doors = wiring::connect(config)?;
    let reconciler = doors.reconciler.clone();
    let stop = doors.stop.clone();
    let tasks = doors.tasks.clone();
    tasks.spawn(reconcile::run(
        reconciler.clone(),
        doors.bells.clone(),
        stop.clone(),
    ));
    tasks.spawn(reconcile::watch_secret_files(
        reconciler.clone(),
        stop.clone(),
    ));
    if !doors.webhooks.secrets.is_empty() {
        tasks.spawn(reconcile::keep_deliveries(
            reconciler.clone(),
            doors.inbox.clone(),
            doors.bells.clone(),
            stop.clone(),
        ));
    }
    // Records of the last requests are written when these are over.
    let drained = CancellationToken::new();
    tasks.spawn(gateway::keep_usage(
        reconciler.clone(),
        doors.admission.books.clone(),
        drained.clone(),
    ));
    if let Some(tracer) = doors.admission.tracer.clone() {
        tasks.spawn(gateway::export_spans(tracer, drained.clone()));
    }
    announce(&Ready {
        base_url: format!("http://{addr}"),
        source: followed(&reconciler),
    });
    tracing::info!(addr = %addr, revision = reconciler.live().pin().revision, "listening");
    let mut serving = Serving::start(&router(doors, Handle::current()), addr, &stop)?;
    tasks.spawn(stop_signal(stop.clone()));
    hand_out(listener, &mut serving, &stop).await;
    tokio::select! {
        () = serving.ended() => {}
        () = time::sleep(DRAIN) => {
            tracing::warn!(seconds = DRAIN.as_secs(), "requests were still in flight when the time to finish ran out");
        }
    }
    stop.cancel();
    drained.cancel();
    tasks.close();
    tasks.wait().await;
    Ok(())
}

/// Accepts connections until the daemon is to stop.
async fn hand_out(mut listener: TcpListener, serving: &mut Serving, stop: &CancellationToken) {
    loop {
        let (connection, from) = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = stop.cancelled() => return,
        };
        if let Err(error) = serving.hand(connection, from) {
            tracing::warn!(%error, "a connection was lost");
        }
    }
}

/// What is followed, without credentials; `None` if nothing is.
fn followed(reconciler: &reconcile::Reconciler) -> Option<String> {
    let sources = reconciler.sources().iter();
    let all: Vec<_> = sources.map(|source| source.location()).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

async fn bind(addr: SocketAddr) -> Result<TcpListener, DaemonError> {
    TcpListener::bind(addr)
        .await
        .map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => DaemonError::InUse {
                addr: addr.to_string(),
            },
            _ => DaemonError::Bind {
                addr: addr.to_string(),
                source,
            },
        })
}

/// Ends at the first SIGINT or SIGTERM.
async fn stop_signal(stop: CancellationToken) {
    let terminate = async {
        match signal::unix::signal(signal::unix::SignalKind::terminate()) {
            Ok(mut terminate) => {
                terminate.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = signal::ctrl_c() => {}
        () = terminate => {}
        () = stop.cancelled() => return,
    }
    tracing::info!("stopping; requests in flight finish first");
    stop.cancel();
}
