//! Two Git transports of our own, so that each fetch has its own credentials, deadline and limits.
//!
//! libgit2 knows transports by URL scheme alone. A fetch therefore registers itself here, hands
//! libgit2 the address `orlojhttp://<number>/` or `orlojssh://<number>/`, and the transport finds the
//! [`Transfer`] by that number. The real address never reaches libgit2, nor its error texts.

mod client;
mod github_app;
mod http;
mod patience;
mod ssh;

use super::{
    GitProxy, SourceError,
    config::{Credentials, HttpCredentials, SourceConfig},
    location::Form,
};
use git2::{Error, Remote, transport::Transport};
use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

pub(super) use client::client;
pub use github_app::{GithubApp, GithubAppError};
#[cfg(test)]
pub(super) use ssh::{arguments as ssh_arguments, last_words as ssh_last_words};

static TRANSFERS: Mutex<BTreeMap<u64, Arc<Transfer>>> = Mutex::new(BTreeMap::new());
static NEXT: AtomicU64 = AtomicU64::new(1);

/// One fetch: where it goes, as whom, how long and how much.
pub(super) struct Transfer {
    location: String,
    form: Form,
    http: HttpCredentials,
    ssh_options: ssh::Options,
    proxy: Option<GitProxy>,
    client: Option<reqwest::blocking::Client>,
    timeout: Duration,
    deadline: Instant,
    limit: u64,
    received: AtomicU64,
    /// Where an HTTP remote really answered, after redirects on the same host.
    base: Mutex<Option<String>>,
    failure: Mutex<Option<SourceError>>,
}

impl Transfer {
    pub(super) fn new(config: &SourceConfig, client: Option<reqwest::blocking::Client>) -> Self {
        let form = config.location.form().clone();
        let http = match (&config.credentials.http, &form) {
            (HttpCredentials::None, Form::Http(location)) => match &location.user {
                Some((username, password)) => HttpCredentials::Basic {
                    username: username.clone(),
                    password: Arc::clone(password),
                },
                None => HttpCredentials::None,
            },
            (given, _) => given.clone(),
        };
        let timeout = config.limits.fetch_timeout;
        Self {
            location: config.location.to_string(),
            form,
            http,
            ssh_options: ssh::Options::of(&config.credentials),
            proxy: config.credentials.proxy.clone(),
            client,
            timeout,
            deadline: Instant::now() + timeout,
            limit: config.limits.fetch_bytes,
            received: AtomicU64::new(0),
            base: Mutex::new(None),
            failure: Mutex::new(None),
        }
    }

    /// Time left until the deadline.
    pub(super) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// What to report if the transfer must end now, because of its time or the bytes received.
    pub(super) fn exhausted(&self, received: u64) -> Option<SourceError> {
        if self.left().is_zero() {
            return Some(self.timed_out());
        }
        (received > self.limit).then(|| SourceError::TransferTooLarge {
            location: self.location.clone(),
            limit: self.limit,
        })
    }

    /// Whether libgit2 may go on; keeps the reason if not.
    pub(super) fn go_on(&self, received: u64) -> bool {
        self.exhausted(received).is_none_or(|error| {
            self.fail(error);
            false
        })
    }

    /// Takes the reason why a transport of ours gave up.
    pub(super) fn take_failure(&self) -> Option<SourceError> {
        lock(&self.failure).take()
    }

    fn timed_out(&self) -> SourceError {
        SourceError::Timeout {
            location: self.location.clone(),
            limit: self.timeout,
        }
    }

    /// Counts received bytes.
    fn count(&self, bytes: usize) -> io::Result<()> {
        let bytes = bytes as u64;
        let received = self.received.fetch_add(bytes, Ordering::Relaxed) + bytes;
        match self.exhausted(received) {
            Some(error) => Err(self.fail(error)),
            None => Ok(()),
        }
    }

    /// Keeps the reason, of which libgit2 is told nothing. The first one counts: what follows from
    /// it is noise. (The text must hold no NUL: git2 would abort the process.)
    fn fail(&self, error: SourceError) -> io::Error {
        lock(&self.failure).get_or_insert(error);
        io::Error::other("the transfer failed")
    }
}

/// A transfer that libgit2 can find until this is dropped.
pub(super) struct Announced {
    number: u64,
    scheme: &'static str,
}

impl Announced {
    /// Announces `transfer`; `None` for a directory, which libgit2 reads itself.
    ///
    /// # Errors
    ///
    /// - the error of the registration, if it failed.
    pub(super) fn new(transfer: &Arc<Transfer>) -> Result<Option<Self>, SourceError> {
        let scheme = match transfer.form {
            Form::Path(_) => return Ok(None),
            Form::Http(_) => HTTP,
            Form::Ssh(_) => SSH,
        };
        register().map_err(|message| SourceError::Git {
            act: "prepare the transports for",
            location: transfer.location.clone(),
            source: Error::from_str(message),
        })?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        lock(&TRANSFERS).insert(number, Arc::clone(transfer));
        Ok(Some(Self { number, scheme }))
    }

    /// The address that libgit2 is given.
    pub(super) fn url(&self) -> String {
        format!("{}://{}/", self.scheme, self.number)
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        lock(&TRANSFERS).remove(&self.number);
    }
}

const HTTP: &str = "orlojhttp";
const SSH: &str = "orlojssh";

/// Registers both schemes, once in the life of the process.
fn register() -> Result<(), &'static str> {
    static DONE: OnceLock<Result<(), String>> = OnceLock::new();
    let done = DONE.get_or_init(|| {
        #[expect(
            unsafe_code,
            reason = "libgit2 keeps its transports in an unguarded list; every remote of these \
                      schemes is made after this `OnceLock`, which also keeps writers apart"
        )]
        // SAFETY: see the reason above; readers of the list come only after this has returned.
        let registered = unsafe {
            git2::transport::register(HTTP, |remote| {
                Transport::smart(remote, true, http::Http(find(remote)?))
            })
            .and_then(|()| {
                git2::transport::register(SSH, |remote| {
                    Transport::smart(remote, false, ssh::Ssh(find(remote)?))
                })
            })
        };
        registered.map_err(|error| error.message().to_owned())
    });
    match done {
        Ok(()) => Ok(()),
        Err(message) => Err(message),
    }
}

fn find(remote: &Remote<'_>) -> Result<Arc<Transfer>, Error> {
    let number = remote.url().ok().and_then(|url| {
        let (_, rest) = url.split_once("://")?;
        rest.trim_end_matches('/').parse().ok()
    });
    number
        .and_then(|number: u64| lock(&TRANSFERS).get(&number).cloned())
        .ok_or_else(|| Error::from_str("the transfer is over"))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
