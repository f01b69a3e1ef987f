//! One fetch into a mirror: list the references, and transfer only if the tip moved.

use super::{
    CommitId, SourceConfig, SourceError, VersionRange,
    error::{first_of, known_branches},
    near::Near,
    text::safe,
    transport::{Announced, Transfer},
};
use git2::{AutotagOption, Direction, FetchOptions, Oid, RemoteCallbacks, Repository};
use std::sync::Arc;

/// The one reference of a mirror: what was fetched last.
pub(super) const TIP: &str = "refs/orloj/tip";

/// Commits of history that a fetch brings: the one to be read.
const DEPTH: i32 = 1;

/// All of the history, as libgit2 and Git say it.
pub(super) const UNSHALLOW: i32 = i32::MAX;

/// What of the remote was fetched last, as a symbolic reference.
const FOLLOWED: &str = "refs/orloj/followed";

/// Before a commit: the tag that it was fetched by, as a symbolic reference. A tag of a range that leads to
/// another commit later was moved.
const TAGS: &str = "refs/orloj/tags/";

/// Where a reference to fetch was found.
enum Wanted {
    /// An advertised reference and what it points at.
    Reference { name: String, target: Oid },
    /// A commit that no reference points at.
    Commit(Oid),
}

/// Brings `repository` to the tip of the configured reference, and returns the commit.
///
/// # Errors
///
/// - [`SourceError`] of any sort but the reading ones.
pub(super) fn fetch(
    repository: &Repository,
    config: &SourceConfig,
    client: Option<reqwest::blocking::Client>,
) -> Result<CommitId, SourceError> {
    if let Some(commit) = pinned(&config.reference)
        && repository.find_commit(commit).is_ok()
    {
        return Ok(CommitId::from_oid(commit));
    }
    fetch_to(repository, config, client, None)
}

/// Brings more history of the reference: `depth` commits of it, wherever it points by now.
///
/// # Errors
///
/// As for [`fetch`].
pub(super) fn deepen(
    repository: &Repository,
    config: &SourceConfig,
    client: Option<reqwest::blocking::Client>,
    depth: i32,
) -> Result<CommitId, SourceError> {
    fetch_to(repository, config, client, Some(depth))
}

/// The full name of the remote's reference that was fetched last, if it has one.
pub(super) fn followed(repository: &Repository) -> Option<String> {
    let reference = repository.find_reference(FOLLOWED).ok()?;
    Some(reference.symbolic_target().ok()??.to_owned())
}

/// The full name of the tag by which a commit was fetched, if a range chose it.
pub(super) fn tag_of(repository: &Repository, commit: &CommitId) -> Option<String> {
    let reference = repository.find_reference(&format!("{TAGS}{commit}")).ok()?;
    Some(reference.symbolic_target().ok()??.to_owned())
}

/// Makes one mirror know what the other does of the tags that led to commits.
///
/// # Errors
///
/// - [`SourceError::Damaged`] if that cannot be read or written.
pub(super) fn hand_on_tags(from: &Repository, to: &Repository) -> Result<(), SourceError> {
    let hand_on = || {
        for reference in from.references_glob(&format!("{TAGS}*"))? {
            let reference = reference?;
            if let (Ok(name), Ok(Some(tag))) = (reference.name(), reference.symbolic_target()) {
                to.reference_symbolic(name, tag, true, "")?;
            }
        }
        Ok(())
    };
    hand_on().map_err(SourceError::damaged)
}

fn fetch_to(
    repository: &Repository,
    config: &SourceConfig,
    client: Option<reqwest::blocking::Client>,
    depth: Option<i32>,
) -> Result<CommitId, SourceError> {
    let transfer = Arc::new(Transfer::new(config, client));
    match Announced::new(&transfer)? {
        Some(announced) => from_afar(repository, config, &transfer, &announced.url(), depth),
        None => from_near(repository, config, &transfer, depth),
    }
}

/// Fetches by one of our transports.
fn from_afar(
    repository: &Repository,
    config: &SourceConfig,
    transfer: &Arc<Transfer>,
    url: &str,
    depth: Option<i32>,
) -> Result<CommitId, SourceError> {
    let explain = |error: git2::Error| explain(&error, config, transfer);
    let mut remote = repository.remote_anonymous(url).map_err(explain)?;
    let mut connection = remote
        .connect_auth(Direction::Fetch, Some(callbacks(transfer)), None)
        .map_err(explain)?;
    let heads: Vec<(String, Oid)> = connection
        .list()
        .map_err(explain)?
        .iter()
        .map(|head| (head.name().to_owned(), head.oid()))
        .collect();
    exchange(repository, config, &heads, depth, |wanted, depth| {
        let refspec = match wanted {
            Wanted::Reference { name, .. } => format!("+{name}:{TIP}"),
            Wanted::Commit(commit) => format!("+{commit}:{TIP}"),
        };
        let mut options = FetchOptions::new();
        options
            .download_tags(AutotagOption::None)
            .update_fetchhead(false)
            .remote_callbacks(callbacks(transfer))
            .depth(depth);
        connection
            .remote()
            .fetch(&[refspec], Some(&mut options), None)
            .map_err(explain)
    })
}

/// Fetches from a directory.
fn from_near(
    repository: &Repository,
    config: &SourceConfig,
    transfer: &Transfer,
    depth: Option<i32>,
) -> Result<CommitId, SourceError> {
    let near = Near::open(config, transfer)?;
    let heads = near.heads()?;
    exchange(repository, config, &heads, depth, |wanted, depth| {
        let target = match wanted {
            Wanted::Reference { target, .. } => *target,
            Wanted::Commit(commit) if near.has(*commit)? => *commit,
            Wanted::Commit(_) => return Err(reference_not_found(&heads, config)),
        };
        near.copy(target, depth, repository)?;
        let noted = repository.reference(TIP, target, true, "");
        noted.map(drop).map_err(SourceError::damaged)
    })
}

/// Chooses from what the remote has, and has it brought with so much of its history, unless it is here already.
fn exchange(
    repository: &Repository,
    config: &SourceConfig,
    heads: &[(String, Oid)],
    depth: Option<i32>,
    bring: impl FnOnce(&Wanted, i32) -> Result<(), SourceError>,
) -> Result<CommitId, SourceError> {
    let wanted = choose(heads, config)?;
    if let Wanted::Reference { target, .. } = &wanted
        && depth.is_none()
        && repository.refname_to_id(TIP).ok() == Some(*target)
    {
        return tip(repository);
    }
    let is_range = VersionRange::of_reference(&config.reference).is_some();
    if let Wanted::Reference { name, .. } = &wanted
        && is_range
        && followed(repository).is_some_and(|before| before != *name)
    {
        tracing::info!(
            source = config.name,
            tag = name,
            "the highest version in the range is another one"
        );
    }
    tracing::trace!(target: "orloj::step", step = "fetch.begun");
    bring(&wanted, depth.unwrap_or(DEPTH))?;
    tracing::trace!(target: "orloj::step", step = "fetch.done");
    match wanted {
        Wanted::Reference { name, .. } => {
            let noted = repository.reference_symbolic(FOLLOWED, &name, true, "");
            noted.map_err(SourceError::damaged)?;
            let commit = tip(repository)?;
            if is_range {
                let by = format!("{TAGS}{commit}");
                let noted = repository.reference_symbolic(&by, &name, true, "");
                noted.map_err(SourceError::damaged)?;
            }
            Ok(commit)
        }
        Wanted::Commit(commit) => match repository.find_commit(commit) {
            Ok(_) => Ok(CommitId::from_oid(commit)),
            Err(_) => Err(reference_not_found(heads, config)),
        },
    }
}

/// The commit that the reference is, if it is written as one.
fn pinned(reference: &str) -> Option<Oid> {
    CommitId::parse(reference)?.oid().ok()
}

/// The commit that was fetched last; a tag is followed to what it marks.
pub(super) fn tip(repository: &Repository) -> Result<CommitId, SourceError> {
    let reference = repository
        .find_reference(TIP)
        .map_err(SourceError::damaged)?;
    let commit = reference.peel_to_commit().map_err(SourceError::damaged)?;
    commit.tree().map_err(SourceError::damaged)?;
    Ok(CommitId::from_oid(commit.id()))
}

fn choose(heads: &[(String, Oid)], config: &SourceConfig) -> Result<Wanted, SourceError> {
    let reference = &config.reference;
    if let Some(commit) = pinned(reference) {
        let advertised = heads
            .iter()
            .find(|(name, target)| *target == commit && !name.ends_with("^{}"));
        return Ok(match advertised {
            Some((name, target)) => Wanted::Reference {
                name: name.clone(),
                target: *target,
            },
            None => Wanted::Commit(commit),
        });
    }
    if let Some(range) = VersionRange::of_reference(reference) {
        return highest(heads, &range?, config);
    }
    let names = [
        format!("refs/heads/{reference}"),
        format!("refs/tags/{reference}"),
    ];
    let names: &[String] = if reference == "HEAD" || reference.starts_with("refs/") {
        std::slice::from_ref(reference)
    } else {
        &names
    };
    names
        .iter()
        .find_map(|name| heads.iter().find(|(head, _)| head == name))
        .map(|(name, target)| Wanted::Reference {
            name: name.clone(),
            target: *target,
        })
        .ok_or_else(|| reference_not_found(heads, config))
}

/// The tag with the highest version, from the one list of references that every look asks for.
fn highest(
    heads: &[(String, Oid)],
    range: &VersionRange,
    config: &SourceConfig,
) -> Result<Wanted, SourceError> {
    let names = || heads.iter().map(|(name, _)| name.as_str());
    let chosen = range.highest(names());
    heads
        .iter()
        .find(|(name, _)| Some(name.as_str()) == chosen)
        .map(|(name, target)| Wanted::Reference {
            name: name.clone(),
            target: *target,
        })
        .ok_or_else(|| SourceError::VersionNotFound {
            location: config.location.to_string(),
            range: safe(&range.to_string()),
            known: first_of(
                &range.newest_tags(names()),
                &format!(
                    "it has no tag that is a version such as `{}`",
                    range.example_tag()
                ),
                "its newest versions are",
            ),
        })
}

fn reference_not_found(heads: &[(String, Oid)], config: &SourceConfig) -> SourceError {
    let branches = heads
        .iter()
        .filter_map(|(name, _)| name.strip_prefix("refs/heads/"));
    SourceError::ReferenceNotFound {
        location: config.location.to_string(),
        reference: config.reference.clone(),
        known: known_branches(branches),
    }
}

/// Ends a transfer at its limits while libgit2 works, also where no transport of ours is asked.
fn callbacks(transfer: &Arc<Transfer>) -> RemoteCallbacks<'static> {
    let mut callbacks = RemoteCallbacks::new();
    let watched = Arc::clone(transfer);
    callbacks.transfer_progress(move |progress| {
        tracing::trace!(target: "orloj::step", step = "fetch.receiving");
        watched.go_on(progress.received_bytes() as u64)
    });
    let watched = Arc::clone(transfer);
    callbacks.sideband_progress(move |_| watched.go_on(0));
    callbacks
}

/// The reason of a failed exchange, in the words of whoever knows it best.
pub(super) fn explain(
    error: &git2::Error,
    config: &SourceConfig,
    transfer: &Transfer,
) -> SourceError {
    if let Some(reason) = transfer.take_failure().or_else(|| transfer.exhausted(0)) {
        return reason;
    }
    let location = config.location.to_string();
    // A remote may have written the text.
    let message: String = error.message().chars().take(400).collect();
    SourceError::Git {
        act: "fetch",
        location,
        source: git2::Error::new(error.code(), error.class(), safe(&message)),
    }
}
