//! Why a source could not be read.

use super::{LocationError, ReferenceError, VersionRangeError, text::safe};
use std::{path::PathBuf, time::Duration};

/// Why a source could not be fetched or read.
///
/// No text carries a credential; a location is shown without its user information.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The location is not one that is read.
    #[error(transparent)]
    Location(#[from] LocationError),
    /// The configured reference or revision does not have the form of one.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// The configured range of versions is none.
    #[error(transparent)]
    VersionRange(#[from] VersionRangeError),
    /// A configured path cannot be one of a repository.
    #[error("`{path}` is not a path in a repository: {why}")]
    Path {
        /// The path, escaped.
        path: String,
        /// The rule it breaks.
        why: &'static str,
    },
    /// A configured path is not in the commit.
    #[error("the commit has no `{path}`; check `--path`, or push a commit that has it")]
    PathNotFound {
        /// The path.
        path: String,
    },
    /// A staged file has a merge conflict.
    #[error("`{path}` has a merge conflict; resolve it and `git add` it")]
    Unmerged {
        /// The file.
        path: String,
    },
    /// The remote does not have the reference.
    #[error("`{location}` has no branch or tag `{reference}`; {known}")]
    ReferenceNotFound {
        /// The repository.
        location: String,
        /// What was asked for.
        reference: String,
        /// The branches that exist.
        known: String,
    },
    /// The remote has no tag for a version in the configured range.
    #[error("`{location}` has no tag for a version in `{range}`; {known}")]
    VersionNotFound {
        /// The repository.
        location: String,
        /// What was asked for.
        range: String,
        /// The newest versions that exist.
        known: String,
    },
    /// A local repository does not have the revision.
    #[error("`{revision}` names no commit in `{}`; {known}", repository.display())]
    RevisionNotFound {
        /// The repository.
        repository: PathBuf,
        /// What was asked for.
        revision: String,
        /// The branches that exist.
        known: String,
    },
    /// The commit is not in the mirror.
    #[error("commit `{commit}` was not fetched; a later fetch may bring it")]
    CommitNotFound {
        /// The commit.
        commit: String,
    },
    /// No repository stands there, or the credentials may not see it.
    #[error("there is no Git repository at `{location}`{}", if *.remote { ", or it needs credentials to be seen" } else { "" })]
    RepositoryNotFound {
        /// The repository.
        location: String,
        /// Whether it is on another machine, which may hide it.
        remote: bool,
    },
    /// The directory belongs to another user, who could make Git run programs with it.
    #[error(
        "the Git repository `{location}` belongs to another user; if you trust it, run `git config --global --add safe.directory {location}`"
    )]
    Owner {
        /// The repository.
        location: String,
    },
    /// The remote wants other credentials.
    #[error(
        "`{location}` refused the credentials or wants some ({detail}); give a user name and a token as `auth` (`username`, `secret_file`) in the configuration file"
    )]
    Auth {
        /// The repository.
        location: String,
        /// What the remote answered.
        detail: String,
    },
    /// `ssh` did not get as far as the repository.
    #[error(
        "ssh could not reach `{location}`: {detail}; check that the remote accepts your key and that the host's own is in `known_hosts`"
    )]
    Ssh {
        /// The repository.
        location: String,
        /// The last lines of ssh's error output, escaped.
        detail: String,
    },
    /// The remote answered with something else than Git's protocol.
    #[error("`{location}` does not speak Git's smart HTTP protocol: {detail}")]
    Protocol {
        /// The repository.
        location: String,
        /// What was wrong.
        detail: String,
    },
    /// GitHub gives no token to the configured App.
    #[error("GitHub's API at `{api}` gave no token for `{location}`: {detail}")]
    App {
        /// The repository.
        location: String,
        /// Where the API is.
        api: String,
        /// What it answered, and what to look at.
        detail: String,
    },
    /// The remote is busy or broken.
    #[error("`{location}` answered with status {status}{}", asked(*.retry_after))]
    Server {
        /// The repository.
        location: String,
        /// The HTTP status.
        status: u16,
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// The network failed.
    #[error("failed to reach `{location}`")]
    Network {
        /// The repository.
        location: String,
        /// The cause, without the URL.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What TLS is made with cannot be used.
    #[error("failed to prepare TLS for `{location}`; check {check}")]
    Tls {
        /// The repository.
        location: String,
        /// The settings that may be wrong.
        check: &'static str,
        /// The cause.
        #[source]
        source: reqwest::Error,
    },
    /// A client certificate would be shown to somebody else too.
    #[error(
        "the client certificate for `{location}` would be shown to `{other}` too; give a proxy as `http://…`, and use a GitHub App without a certificate"
    )]
    CertificateForOthers {
        /// The repository.
        location: String,
        /// The proxy, or where the App's API is.
        other: String,
    },
    /// The fetch took too long.
    #[error("fetching `{location}` took longer than {} s", limit.as_secs_f32())]
    Timeout {
        /// The repository.
        location: String,
        /// What was allowed.
        limit: Duration,
    },
    /// The remote sent too much.
    #[error("fetching `{location}` would receive more than {limit} bytes")]
    TransferTooLarge {
        /// The repository.
        location: String,
        /// What is allowed, in bytes.
        limit: u64,
    },
    /// A directory object is too large to be read.
    #[error("a directory of the commit has a listing of {bytes} bytes; at most 32 MiB are read")]
    DirectoryTooLarge {
        /// Its size in bytes.
        bytes: usize,
    },
    /// An object of a commit that was accepted is missing, broken or not what it should be.
    #[error("an object of the commit is missing or damaged")]
    Damaged {
        /// What libgit2 says.
        #[source]
        source: git2::Error,
    },
    /// A blob was asked for that is not of this checkout.
    #[error("the checkout has no file content `{blob}`")]
    BlobNotFound {
        /// The blob.
        blob: String,
    },
    /// A repository cannot be made.
    #[error("failed to make the repository `{}`", path.display())]
    Create {
        /// Where.
        path: PathBuf,
        /// What libgit2 says.
        #[source]
        source: git2::Error,
    },
    /// The file system does not tell of changes.
    #[error("failed to watch for changes")]
    Watch {
        /// The cause.
        #[source]
        source: notify::Error,
    },
    /// The file system refused.
    #[error("failed to {act} `{}`", path.display())]
    Io {
        /// What was tried.
        act: &'static str,
        /// On what.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// libgit2 refused.
    #[error("failed to {act} `{location}`")]
    Git {
        /// What was tried.
        act: &'static str,
        /// On what.
        location: String,
        /// The cause.
        #[source]
        source: git2::Error,
    },
}

impl SourceError {
    /// Whether the same attempt may succeed later without anybody changing the configuration or
    /// pushing a commit.
    pub fn transient(&self) -> bool {
        match self {
            Self::CommitNotFound { .. }
            | Self::Ssh { .. }
            | Self::Server { .. }
            | Self::Network { .. }
            | Self::Timeout { .. }
            | Self::Damaged { .. }
            | Self::Watch { .. }
            | Self::Io { .. }
            | Self::Git { .. } => true,
            Self::Location(_)
            | Self::Reference(_)
            | Self::VersionRange(_)
            | Self::Path { .. }
            | Self::PathNotFound { .. }
            | Self::Unmerged { .. }
            | Self::ReferenceNotFound { .. }
            | Self::VersionNotFound { .. }
            | Self::RevisionNotFound { .. }
            | Self::RepositoryNotFound { .. }
            | Self::Owner { .. }
            | Self::Auth { .. }
            | Self::Protocol { .. }
            | Self::App { .. }
            | Self::Tls { .. }
            | Self::CertificateForOthers { .. }
            | Self::TransferTooLarge { .. }
            | Self::DirectoryTooLarge { .. }
            | Self::BlobNotFound { .. }
            | Self::Create { .. } => false,
        }
    }

    /// How long the remote asks to be left alone, if it does.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Server { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether what is on this machine is broken; a lock can only be left over from a process that
    /// was killed.
    pub fn is_damage(&self) -> bool {
        use git2::ErrorClass::{Object, Odb, Zlib};
        match self {
            Self::Damaged { .. } => true,
            Self::Git { source, .. } => {
                source.code() == git2::ErrorCode::Locked
                    || matches!(source.class(), Object | Odb | Zlib)
            }
            _ => false,
        }
    }

    pub(super) fn damaged(source: git2::Error) -> Self {
        Self::Damaged { source }
    }

    pub(super) fn io(act: &'static str, path: &std::path::Path, source: std::io::Error) -> Self {
        Self::Io {
            act,
            path: path.to_owned(),
            source,
        }
    }
}

fn asked(retry_after: Option<Duration>) -> String {
    let text = |time: Duration| format!(" and asks to wait {} s", time.as_secs());
    retry_after.map(text).unwrap_or_default()
}

/// Names up to five branches, for an error about one that does not exist.
pub(super) fn known_branches<'a>(branches: impl IntoIterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = branches.into_iter().collect();
    names.sort_unstable();
    first_of(&names, "it has no branch yet", "its branches are")
}

/// Names the first five, for an error about another one.
pub(super) fn first_of(names: &[&str], none: &str, some: &str) -> String {
    const SHOWN: usize = 5;
    let more = names.len().saturating_sub(SHOWN);
    let shown: Vec<String> = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{}`", safe(name)))
        .collect();
    match (shown.is_empty(), more) {
        (true, _) => none.to_owned(),
        (false, 0) => format!("{some} {}", shown.join(", ")),
        (false, more) => format!("{some} {} and {more} more", shown.join(", ")),
    }
}
