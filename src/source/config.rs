//! What to fetch, from where and as whom.

use super::{Limits, Location};
use crate::secrets::Opened;
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The name of the only source, where nobody gave it one.
pub const DEFAULT_SOURCE: &str = "default";

/// One Git source.
#[derive(Debug)]
pub struct SourceConfig {
    /// Its name in messages and in the data directory.
    pub name: String,
    /// The repository.
    pub location: Location,
    /// Branch, tag, full reference (`refs/…`), `HEAD` or commit id (40 digits).
    pub reference: String,
    /// Directories and files to read; empty for the whole tree.
    pub paths: Vec<String>,
    /// How much it may cost.
    pub limits: Limits,
    /// As whom to fetch.
    pub credentials: Credentials,
}

/// As whom to fetch. Sent to the configured host alone; never shown.
#[derive(Default)]
pub struct Credentials {
    pub(super) http: HttpCredentials,
    pub(super) ssh_key_file: Option<PathBuf>,
    pub(super) known_hosts_file: Option<PathBuf>,
    pub(super) ssh_program: Option<PathBuf>,
    pub(super) ca_file: Option<PathBuf>,
}

/// What an HTTP remote is sent as `Authorization`.
#[derive(Default, Clone)]
pub(super) enum HttpCredentials {
    #[default]
    None,
    Basic {
        username: String,
        password: Arc<Opened>,
    },
    Bearer(Arc<Opened>),
}

impl Credentials {
    /// Nobody: what the location itself says, and ssh's own configuration.
    pub fn none() -> Self {
        Self::default()
    }

    /// A user name and a password or token, for HTTP remotes (RFC 7617).
    pub fn basic(username: impl Into<String>, password: Opened) -> Self {
        Self {
            http: HttpCredentials::Basic {
                username: username.into(),
                password: Arc::new(password),
            },
            ..Self::default()
        }
    }

    /// A bearer token, for HTTP remotes (RFC 6750).
    pub fn bearer(token: Opened) -> Self {
        Self {
            http: HttpCredentials::Bearer(Arc::new(token)),
            ..Self::default()
        }
    }

    /// The private key that ssh shows, and no other.
    #[must_use]
    pub fn with_ssh_key_file(mut self, file: &Path) -> Self {
        self.ssh_key_file = Some(file.to_owned());
        self
    }

    /// The only host keys that ssh accepts; without it those that the user's `known_hosts` names.
    #[must_use]
    pub fn with_known_hosts_file(mut self, file: &Path) -> Self {
        self.known_hosts_file = Some(file.to_owned());
        self
    }

    /// Certificate authorities (PEM) that `https` remotes may be signed by, besides the system's.
    #[must_use]
    pub fn with_ca_file(mut self, file: &Path) -> Self {
        self.ca_file = Some(file.to_owned());
        self
    }

    /// The program that is called as `ssh`; without it the one of that name on the path.
    #[must_use]
    pub fn with_ssh_program(mut self, program: &Path) -> Self {
        self.ssh_program = Some(program.to_owned());
        self
    }
}

/// Says only which sort they are.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let http = match self.http {
            HttpCredentials::None => "none",
            HttpCredentials::Basic { .. } => "basic",
            HttpCredentials::Bearer(_) => "bearer",
        };
        f.debug_struct("Credentials")
            .field("http", &http)
            .field("ssh_key_file", &self.ssh_key_file)
            .finish_non_exhaustive()
    }
}
