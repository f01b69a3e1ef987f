//! Why the daemon does not start, or ended.

use crate::{
    gateway::CollectorError,
    model::Findings,
    providers::NetworkError,
    secrets::IdentityError,
    source::SourceError,
    store::{DataDirError, LastGoodError},
};
use std::{io, net::AddrParseError, path::PathBuf};

/// Why the daemon does not start, or ended. Texts say what to do.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// A file that the operator named cannot be read.
    #[error("failed to read `{}`, which {flag} names", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The flag or key that names it.
        flag: &'static str,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// `orloj.yaml` is not valid.
    #[error("the configuration file is refused")]
    Config(Findings),
    /// A setting has no usable value.
    #[error("{setting} {problem}")]
    Setting {
        /// The flag and key.
        setting: &'static str,
        /// What is wrong, and what to write.
        problem: String,
    },
    /// Spans cannot be sent.
    #[error("the collector that `telemetry` names cannot be used")]
    Collector(#[from] CollectorError),
    /// The address is not one.
    #[error("`{addr}` is not an address for `--addr`; write HOST:PORT such as 127.0.0.1:8080")]
    Address {
        /// As it was written.
        addr: String,
        /// The cause.
        #[source]
        source: AddrParseError,
    },
    /// Somebody else listens there.
    #[error(
        "`{addr}` is in use by another program; choose another with `--addr`, or `--addr 127.0.0.1:0` for any free port"
    )]
    InUse {
        /// The address.
        addr: String,
    },
    /// The address cannot be listened on.
    #[error("failed to listen on `{addr}`, which `--addr` names")]
    Bind {
        /// The address.
        addr: String,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The address can be reached from outside and nothing guards it.
    #[error("{0}")]
    Exposed(String),
    /// The data directory cannot be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The last good revision cannot be read.
    #[error(transparent)]
    LastGood(#[from] LastGoodError),
    /// An identity file cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The source cannot be used as it is configured.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Providers cannot be reached as it is configured.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The demonstration repository cannot be made.
    #[error("failed to make the demonstration repository")]
    Demo(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The server stopped.
    #[error("the server stopped")]
    Server(#[source] io::Error),
}
