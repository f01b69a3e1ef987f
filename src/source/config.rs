//! What to fetch, from where and as whom.

use super::{GitProxy, GithubApp, Limits, Location};
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
    /// Branch, tag, full reference (`refs/…`), `HEAD`, commit id (40 digits) or
    /// range of versions (`semver:>=1.2 <2`).
    pub reference: String,
    /// Directories and files to read; empty for the whole tree.
    pub paths: Vec<String>,
    /// How much it may cost.
    pub limits: Limits,
    /// As whom to fetch.
    pub credentials: Credentials,
}

/// As whom to fetch, and by which way. Sent to the configured host alone; never shown.
#[derive(Default)]
pub struct Credentials {
    pub(super) http: HttpCredentials,
    pub(super) ssh_key_file: Option<PathBuf>,
    pub(super) known_hosts_file: Option<PathBuf>,
    pub(super) ssh_program: Option<PathBuf>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) client_certificate: Option<ClientCertificate>,
    pub(super) proxy: Option<GitProxy>,
}

/// Who this machine is in TLS: PEM files, the second with the private key.
pub(super) struct ClientCertificate {
    pub(super) certificate_file: PathBuf,
    pub(super) key_file: PathBuf,
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
    /// Makes its tokens itself.
    App(Arc<GithubApp>),
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

    /// The tokens of a GitHub App, for HTTP remotes.
    pub fn github_app(app: GithubApp) -> Self {
        Self {
            http: HttpCredentials::App(Arc::new(app)),
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

    /// The certificate (PEM, with its chain) and its private key that are shown to `https` remotes which
    /// ask for one.
    #[must_use]
    pub fn with_client_certificate(mut self, certificate_file: &Path, key_file: &Path) -> Self {
        self.client_certificate = Some(ClientCertificate {
            certificate_file: certificate_file.to_owned(),
            key_file: key_file.to_owned(),
        });
        self
    }

    /// The proxy that HTTP remotes are reached by; without it they are reached straight.
    #[must_use]
    pub fn with_proxy(mut self, proxy: GitProxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Whether TLS is made with what lies in files, which somebody may renew.
    pub(super) fn uses_tls_files(&self) -> bool {
        self.ca_file.is_some() || self.client_certificate.is_some()
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
            HttpCredentials::App(_) => "GitHub App",
        };
        f.debug_struct("Credentials")
            .field("http", &http)
            .field("ssh_key_file", &self.ssh_key_file)
            .field("proxy", &self.proxy)
            .finish_non_exhaustive()
    }
}
