//! What is kept of a revision, to serve it again before anything else is touched.

use crate::secrets::{CipherError, Opened};
use serde::{Deserialize, Serialize};
use std::{io, path::PathBuf, sync::Arc};

/// The commit of a kept revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptCommit {
    /// Its id.
    pub id: String,
    /// The author's name.
    pub author: String,
    /// The author's address.
    pub email: String,
    /// When it was committed, in microseconds since 1970 (UTC).
    pub time_us: i64,
    /// The first line of its message.
    pub summary: String,
    /// Who signed it, if that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
}

/// One of several sources of a kept revision; the paths of its files begin with `NAME:`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptSource {
    /// What it is called.
    pub name: String,
    /// The commit that it stood at.
    pub commit: Option<KeptCommit>,
}

/// Which revision something is of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRevision {
    /// What `x-orloj-revision` carries.
    pub revision_id: String,
    /// The commit, if it came from Git.
    pub commit: Option<KeptCommit>,
    /// The sources, where they have names; an older version's single source has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<KeptSource>,
    /// Its number in the history; the parent of the next one.
    pub seq: i64,
    /// The generation of the unmanaged resources it includes.
    pub unmanaged_generation: i64,
    /// The digest of the whole catalog.
    pub config_digest: String,
}

/// Everything needed to serve a revision again.
#[derive(Default)]
pub struct LastGood {
    /// Which one it is.
    pub revision: KeptRevision,
    /// The manifests from Git: path and content, sorted by path.
    pub files: Vec<(String, Arc<[u8]>)>,
    /// The manifests that people sent.
    pub unmanaged: Vec<Opened>,
}

/// What a revision changes of the one that was kept before it.
pub struct KeptChange<'a> {
    /// Which revision it leads to.
    pub revision: KeptRevision,
    /// Whether nothing of the one before stays.
    pub whole: bool,
    /// Path and content of each manifest from Git that differs; `None` if it is gone.
    pub files: Vec<(&'a str, Option<&'a [u8]>)>,
    /// The manifests that people sent, all of them; `None` if they are as before.
    pub unmanaged: Option<Vec<&'a [u8]>>,
}

/// Why the last good revision was not written or read.
#[derive(Debug, thiserror::Error)]
pub enum LastGoodError {
    /// The file cannot be read.
    #[error("failed to read the last good revision from `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("failed to write the last good revision to `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// The revision cannot be put into words.
    #[error("failed to encode the last good revision for `{}`", path.display())]
    Encode {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Another program's file, or the start of ours is damaged.
    #[error("`{}` is not a last good revision", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// Another version's file.
    #[error("`{}` was written by another version of orloj", path.display())]
    Version {
        /// The file.
        path: PathBuf,
    },
    /// The key does not fit, or the file was changed.
    #[error("failed to use the data key on the last good revision `{}`", path.display())]
    Cipher {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: CipherError,
    },
    /// It decrypts, and what is in it does not add up.
    #[error("the last good revision `{}` is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}
