//! A Git remote or a directory → a [`Checkout`]: one commit and its manifest files, bounded.
//!
//! A remote is kept as a bare [`Mirror`]; files are listed and read by object id and never written to
//! a work tree, so links, hooks, filters and odd names have nothing to act on. What a tree holds that
//! is not read (symbolic links, submodules, huge files) becomes a finding that refuses the revision.
//! Everything here blocks; callers on an async runtime move it to a blocking thread.
//!
//! Not here: submodules, LFS, partial clones, parsing of what was read.

mod ahead;
mod checkout;
mod config;
mod create;
mod disk;
mod error;
mod fetch;
mod files;
mod gather;
mod history;
mod ids;
mod known;
mod limits;
mod listing;
mod location;
mod marks;
mod mirror;
mod near;
mod objects;
mod patterns;
mod proxy;
mod reference;
mod revision;
mod scope;
mod signature;
mod staged;
mod swap;
mod text;
mod tracked;
mod transport;
mod tree;
mod version_tags;
mod versions;
mod watch;
mod work_tree;

#[cfg(test)]
mod tests;

pub use checkout::{Checkout, Commit};
pub use config::{Credentials, DEFAULT_SOURCE, SourceConfig};
pub use create::create_repository;
pub use error::SourceError;
pub use files::{FileChange, Files, TreeFile};
pub use history::Move;
pub use ids::{BlobId, CommitId};
pub use limits::Limits;
pub use location::{Location, LocationError};
pub use mirror::{Mirror, remove_other_mirrors};
pub use patterns::{PatternError, Patterns, Selection};
pub use proxy::{GitProxy, ProxyError, ProxyVariableError, ProxyVariables, Variable};
pub use reference::ReferenceError;
pub use revision::{discover, open_revision, path_in_repository, resolve_revision};
pub use signature::{Signers, SignersError, Unverified, VerifyMode, VerifyPolicy};
pub use staged::open_staged;
pub use tracked::{Small, small_of_revision, small_staged, tracked_below};
pub use transport::{GithubApp, GithubAppError};
pub use versions::{VersionRange, VersionRangeError};
pub use watch::{Changed, Watch};
pub use work_tree::{WorkTree, open_work_tree, open_work_tree_in};
