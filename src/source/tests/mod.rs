#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

pub(in crate::source) mod history;
mod http_remote;

mod addresses;
mod cut_off;
mod directories;
mod edits;
mod github_app;
mod ignored;
mod openpgp;
mod proxied;
mod remotes;
mod repository;
mod revisions;
mod saves;
mod shells;
mod signatures;
mod staged;
mod swapped;
mod tls;
mod tls_front;
mod trees;
mod unchanged;
mod versions;
mod watch;

use super::{Checkout, Credentials, Limits, Location, Mirror, SourceConfig};
use crate::model::Finding;
use tempfile::TempDir;

/// A mirror in a directory of its own.
struct Mirrored {
    mirror: Mirror,
    directory: TempDir,
}

fn config(location: &str) -> SourceConfig {
    SourceConfig {
        name: "prod".to_owned(),
        location: Location::parse(location).unwrap(),
        reference: "main".to_owned(),
        paths: Vec::new(),
        limits: Limits::default(),
        credentials: Credentials::none(),
    }
}

fn mirrored(config: SourceConfig) -> Mirrored {
    let directory = TempDir::new().unwrap();
    let mirror = Mirror::open(directory.path(), config).unwrap();
    Mirrored { mirror, directory }
}

/// An error with all its causes, as a terminal or a log shows it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause} {cause:?}");
        next = cause.source();
    }
    text
}

fn paths(checkout: &Checkout) -> Vec<&str> {
    checkout.files.iter().map(|file| &*file.path).collect()
}

fn content(checkout: &Checkout, path: &str) -> String {
    let file = checkout.files.iter().find(|file| &*file.path == path);
    String::from_utf8(checkout.read(file.unwrap()).unwrap().to_vec()).unwrap()
}

/// Findings as `CODE file`.
fn found(findings: &[Finding]) -> Vec<String> {
    let show = |finding: &Finding| format!("{} {}", finding.code, finding.origin.file);
    findings.iter().map(show).collect()
}
