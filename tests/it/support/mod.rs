//! What the end-to-end tests share.

pub(crate) mod cli;
pub(crate) mod client;
pub(crate) mod collector;
pub(crate) mod daemon;
pub(crate) mod desk;
pub(crate) mod foreign;
pub(crate) mod git;
pub(crate) mod held;
pub(crate) mod http_remote;
pub(crate) mod manifests;
pub(crate) mod measured;
pub(crate) mod sealing;
pub(crate) mod serving;
pub(crate) mod sshd;
pub(crate) mod stopwatch;
pub(crate) mod upstream;
pub(crate) mod web_server;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How long a test waits for something that should take well under a second: the machine may be busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// Calls `probe` until it returns something.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = probe() {
            return value;
        }
        assert!(
            start.elapsed() < PATIENCE,
            "waited {PATIENCE:?} in vain: {what}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The package's own folder.
pub(crate) fn package_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file or folder of `tests/fixtures`.
pub(crate) fn fixture(path: &str) -> PathBuf {
    package_root().join("tests/fixtures").join(path)
}

/// The program that `variable` names, or the one at `fallback` below the package's root.
#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own configuration, set by `./test`"
)]
#[track_caller]
pub(crate) fn program(variable: &str, fallback: &str) -> PathBuf {
    let path =
        std::env::var_os(variable).map_or_else(|| package_root().join(fallback), PathBuf::from);
    assert!(
        path.exists(),
        "{} is missing: run `./test` once, or set {variable}",
        path.display()
    );
    path
}
