//! A bare mirror of one source in the data directory.

use super::{
    Checkout, CommitId, SourceConfig, SourceError, VersionRange,
    checkout::Health,
    fetch::{self, TIP},
    location::Form,
    reference::check_reference,
    scope, swap,
    transport::client,
    tree::Memo,
};
use git2::{ErrorCode, Repository, RepositoryInitOptions};
use reqwest::blocking::Client;
use sha2::{Digest as _, Sha256};
use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};
use tracing::trace;

/// A source's objects on this machine: a cache that can be made anew at any time.
///
/// One process uses one mirror; fetches wait for one another, reads do not.
#[derive(Debug)]
pub struct Mirror {
    path: PathBuf,
    config: SourceConfig,
    /// Held during a fetch.
    fetching: Mutex<Fetching>,
    /// Held shared while a reader is let in, and alone while a new mirror takes the place of the old one.
    entrance: RwLock<()>,
    /// Damage makes the next fetch start from nothing. Every checkout that still reads from the
    /// mirror's files holds a share.
    health: Arc<Health>,
    /// The last listing, of which the next one takes over what did not change.
    memo: Mutex<Option<Memo>>,
}

/// What one fetch leaves to the next.
#[derive(Debug, Default)]
struct Fetching {
    /// The HTTP client, once there is one.
    client: Option<Client>,
    /// Whether making the mirror smaller failed just now.
    stays_large: bool,
    /// When that may be tried again.
    tidy_after: Option<Instant>,
}

/// How long a mirror that could not be made smaller stays as it is: trying transfers all of it.
const TIDY_PAUSE: Duration = Duration::from_hours(1);

impl Mirror {
    /// Opens the mirror of a source, `<dir>/<name>.git`, or makes it. No network is touched.
    ///
    /// A mirror that cannot be read is made anew.
    ///
    /// # Errors
    ///
    /// - [`SourceError::Reference`] and [`SourceError::Path`] if the configuration cannot be right.
    /// - [`SourceError::Io`] and [`SourceError::Git`] if the directory cannot be used.
    pub fn open(dir: &Path, config: SourceConfig) -> Result<Self, SourceError> {
        match VersionRange::of_reference(&config.reference) {
            Some(range) => drop(range?),
            None => check_reference(&config.reference)?,
        }
        scope::normalise(&config.paths)?;
        let path = dir.join(format!("{}.git", file_name(&config.name)));
        fs::create_dir_all(dir).map_err(|error| SourceError::io("create", dir, error))?;
        let mirror = Self {
            path,
            config,
            fetching: Mutex::default(),
            entrance: RwLock::default(),
            health: Arc::default(),
            memo: Mutex::default(),
        };
        swap::tidy(&mirror.path)?;
        mirror.repository()?;
        Ok(mirror)
    }

    /// What is mirrored.
    pub fn config(&self) -> &SourceConfig {
        &self.config
    }

    /// Brings the mirror up to date and returns the commit that the reference points at.
    ///
    /// Lists the remote's references first; if nothing moved, nothing is transferred and nothing
    /// written.
    ///
    /// # Errors
    ///
    /// - [`SourceError`]; [`SourceError::transient`] says whether waiting may help.
    pub fn fetch(&self) -> Result<CommitId, SourceError> {
        let mut held = self.fetching.lock().unwrap_or_else(PoisonError::into_inner);
        let client = self.client(&mut held)?;
        let renewed = self.renew(&mut held, client.as_ref());
        let fetched = renewed.and_then(|renewed| match renewed {
            Some(commit) => Ok(commit),
            None => fetch::fetch(&self.repository()?, &self.config, client.clone()),
        });
        if std::mem::take(&mut held.stays_large) && fetched.is_ok() {
            // The remote is there, and gives the little that is new but not everything at once.
            held.tidy_after = Some(Instant::now() + TIDY_PAUSE);
        }
        if matches!(fetched, Err(SourceError::Network { .. }))
            && self.config.credentials.uses_tls_files()
        {
            // They may have been renewed: the next look reads them again.
            held.client = None;
        }
        match fetched {
            Err(error) if error.is_damage() => {
                self.warn_of_damage(&error);
                self.replace(client)
            }
            fetched => fetched,
        }
    }

    /// Makes the mirror anew if it is damaged, or grew and nobody reads from it.
    fn renew(
        &self,
        held: &mut Fetching,
        client: Option<&Client>,
    ) -> Result<Option<CommitId>, SourceError> {
        if self.health.is_damaged() {
            self.warn_of_damage("an object is missing or broken");
            return self.replace(client.cloned()).map(Some);
        }
        let may_tidy = held.tidy_after.is_none_or(|after| Instant::now() >= after);
        if !may_tidy || !self.is_idle() || !swap::is_piled_up(&self.path)? {
            return Ok(None);
        }
        // What it holds can be fetched into and read all the same.
        self.replace_if_idle(client.cloned()).or_else(|error| {
            tracing::warn!(source = %self, %error, "the mirror was not made smaller");
            held.stays_large = true;
            swap::remove(&swap::fresh(&self.path)).map(|()| None)
        })
    }

    /// What HTTP is spoken with, made when it is first needed.
    fn client(&self, held: &mut Fetching) -> Result<Option<Client>, SourceError> {
        if matches!(self.config.location.form(), Form::Http(_)) && held.client.is_none() {
            held.client = Some(client(&self.config)?);
        }
        Ok(held.client.clone())
    }

    /// The commit that was fetched last, if there is one. Asks nobody.
    pub fn tip(&self) -> Option<CommitId> {
        let repository = self.open_repository().ok()?;
        fetch::tip(&repository).ok()
    }

    /// Whether a commit is known to be the one fetched last or one before it. Asks nobody; a mirror
    /// without history knows the last one alone.
    pub fn contains(&self, commit: &CommitId) -> bool {
        let contains = || {
            let repository = self.open_repository().ok()?;
            let tip = fetch::tip(&repository).ok()?;
            if tip == *commit {
                return Some(true);
            }
            let (tip, commit) = (tip.oid().ok()?, commit.oid().ok()?);
            repository.graph_descendant_of(tip, commit).ok()
        };
        contains().unwrap_or(false)
    }

    /// Whether no checkout reads from the mirror.
    fn is_idle(&self) -> bool {
        Arc::strong_count(&self.health) == 1
    }

    /// Fetches into a new mirror and puts it in the place of the old one, which stays until then.
    fn replace(&self, client: Option<Client>) -> Result<CommitId, SourceError> {
        let commit = self.fetch_aside(client)?;
        let _alone = self
            .entrance
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        self.put_in_place()?;
        Ok(commit)
    }

    /// The same, unless somebody has begun to read from the old one meanwhile: who reads is not disturbed.
    fn replace_if_idle(&self, client: Option<Client>) -> Result<Option<CommitId>, SourceError> {
        let commit = self.fetch_aside(client)?;
        let _alone = self
            .entrance
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if !self.is_idle() {
            swap::remove(&swap::fresh(&self.path))?;
            return Ok(None);
        }
        self.put_in_place()?;
        Ok(Some(commit))
    }

    fn fetch_aside(&self, client: Option<Client>) -> Result<CommitId, SourceError> {
        let repository = make_anew(&swap::fresh(&self.path))?;
        let commit = fetch::fetch(&repository, &self.config, client)?;
        if let Ok(old) = self.open_repository() {
            fetch::hand_on_tags(&old, &repository)?;
        }
        trace!(target: "orloj::step", step = "mirror.fetched");
        Ok(commit)
    }

    fn put_in_place(&self) -> Result<(), SourceError> {
        swap::swap(&self.path)?;
        self.health.heal();
        *self.memo.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }

    /// The manifest files of a commit that was fetched.
    ///
    /// Reads only directories that the commit before did not have in their place.
    ///
    /// # Errors
    ///
    /// - [`SourceError::CommitNotFound`] if it was not fetched, or the mirror was made anew since.
    /// - [`SourceError::PathNotFound`] if the commit lacks a configured path.
    /// - [`SourceError::Damaged`] if an object is missing or broken.
    pub fn checkout(&self, commit: &CommitId) -> Result<Checkout, SourceError> {
        let SourceConfig { paths, limits, .. } = &self.config;
        let (repository, health) = {
            let _entering = self.entrance.read().unwrap_or_else(PoisonError::into_inner);
            (self.open_repository()?, Arc::clone(&self.health))
        };
        let held = || self.memo.lock().unwrap_or_else(PoisonError::into_inner);
        let mut memo = held().clone();
        let checkout = Checkout::of_commit(repository, commit, paths, limits, health, &mut memo);
        if checkout.is_ok() {
            *held() = memo;
        }
        self.health.watch(checkout)
    }

    /// Passes on what came of reading what was fetched: after damage the next fetch makes the mirror anew.
    ///
    /// # Errors
    ///
    /// That of `read`.
    pub fn heed<T>(&self, read: Result<T, SourceError>) -> Result<T, SourceError> {
        self.health.watch(read)
    }

    /// Whether the next fetch makes the mirror anew.
    pub fn is_damaged(&self) -> bool {
        self.health.is_damaged()
    }

    /// The repository, made anew if it is not one or its tip cannot be read.
    fn repository(&self) -> Result<Repository, SourceError> {
        match self.open_repository() {
            Ok(repository) => match unreadable(&repository) {
                None => Ok(repository),
                Some(cause) => {
                    self.warn_of_damage(cause);
                    make_anew(&self.path)
                }
            },
            // Somebody else's directory is not ours to delete.
            Err(SourceError::Git { source, .. }) if source.code() != ErrorCode::Owner => {
                if self.path.symlink_metadata().is_ok() {
                    self.warn_of_damage(&source);
                }
                make_anew(&self.path)
            }
            Err(error) => Err(error),
        }
    }

    fn warn_of_damage(&self, cause: impl fmt::Display) {
        tracing::warn!(
            mirror = %self.path.display(),
            cause = %cause,
            "the mirror is damaged; it is made anew"
        );
    }

    /// Brings more history of what was fetched last.
    pub(super) fn deepen(&self, depth: i32) -> Result<(), SourceError> {
        let mut held = self.fetching.lock().unwrap_or_else(PoisonError::into_inner);
        let client = self.client(&mut held)?;
        fetch::deepen(&self.repository()?, &self.config, client, depth)?;
        Ok(())
    }

    pub(super) fn open_repository(&self) -> Result<Repository, SourceError> {
        Repository::open_bare(&self.path).map_err(|source| git("open", &self.path, source))
    }
}

/// Why a repository that opens cannot be fetched into or read.
fn unreadable(repository: &Repository) -> Option<String> {
    // Nobody reads it, but a fetch fails on one that is garbage.
    if let Err(error) = repository.find_reference("HEAD") {
        return Some(error.to_string());
    }
    match repository.find_reference(TIP) {
        Err(error) if error.code() == ErrorCode::NotFound => None,
        Err(error) => Some(error.to_string()),
        Ok(_) => fetch::tip(repository)
            .is_err()
            .then(|| "its newest commit cannot be read".to_owned()),
    }
}

/// Makes an empty mirror in the place of whatever stands there.
fn make_anew(path: &Path) -> Result<Repository, SourceError> {
    swap::remove(path)?;
    trace!(target: "orloj::step", step = "mirror.emptied");
    let mut options = RepositoryInitOptions::new();
    // Without the user's template: no hooks, nothing but objects and one reference.
    options.bare(true).external_template(false).no_reinit(true);
    Repository::init_opts(path, &options).map_err(|source| git("create", path, source))
}

fn git(act: &'static str, path: &Path, source: git2::Error) -> SourceError {
    SourceError::Git {
        act,
        location: path.display().to_string(),
        source,
    }
}

/// A source's name as a file name: as it is if that is plain, else in hexadecimal.
/// Removes the mirrors in `dir` of all sources but those of these names; returns what was removed.
///
/// # Errors
///
/// - [`SourceError::Io`] if the directory cannot be listed, or one of them stays.
pub fn remove_other_mirrors(dir: &Path, names: &[&str]) -> Result<Vec<String>, SourceError> {
    let kept: Vec<_> = names.iter().map(|name| file_name(name)).collect();
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(SourceError::io("list", dir, error)),
    };
    let mut removed = Vec::new();
    for entry in entries.flatten() {
        let path = entry.path();
        // Beside a mirror stand, for a moment, the one before and the one after it.
        let extension = path.extension().and_then(|extension| extension.to_str());
        let is_mirror = matches!(extension, Some("git" | "new" | "old"));
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        if let Some(stem) = stem.filter(|stem| is_mirror && !kept.iter().any(|kept| kept == stem)) {
            swap::remove(&path)?;
            removed.push(stem.to_owned());
        }
    }
    removed.sort();
    Ok(removed)
}

fn file_name(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let fits = !name.is_empty() && name.len() <= 100 && !name.starts_with('.');
    if fits && name.chars().all(plain) {
        return name.to_owned();
    }
    format!("x-{}", hex::encode(&Sha256::digest(name)[..16]))
}

/// As the name of the source.
impl fmt::Display for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.config.name)
    }
}
