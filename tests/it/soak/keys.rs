//! The keys of those who ask.

use crate::support::{cli::Cli, git::TestRepo};

/// How many requests a month the good key has.
pub(super) const MOST: u64 = 100_000_000;

/// Two keys.
pub(super) struct Keys {
    /// Good for more than anybody asks.
    pub(super) good: String,
    /// Good for one request.
    pub(super) spent: String,
}

impl Keys {
    /// Makes them, and writes their manifests.
    pub(super) fn make(repo: &TestRepo) -> Self {
        Self {
            good: made(repo, "good", &format!("requests={MOST}/month")),
            spent: made(repo, "spent", "requests=1/month"),
        }
    }
}

fn made(repo: &TestRepo, name: &str, limit: &str) -> String {
    let made = Cli::new()
        .run(&["create", "api-key", name, "--limit", limit])
        .success();
    repo.write(&format!("keys/{name}.yaml"), &made.stdout);
    let mut words = made.stderr.split_whitespace();
    let key = words.find(|word| word.starts_with("orloj_sk_"));
    key.unwrap().to_owned()
}
