//! The store on real files.
#![expect(clippy::unwrap_used, reason = "tests")]

mod backup;
mod control;
mod data_dir;
mod decoded;
mod deliveries;
mod journal;
mod location;
mod migrations;
mod resealing;
mod retention;
mod revisions;
mod secret_dir;
mod unmanaged;
mod usage;

use super::{NewRevision, RevisionOutcome, Store};
use std::path::Path;
use tempfile::TempDir;

/// A store in a directory that goes with the first value.
async fn store() -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    (dir, store)
}

/// The store of `dir`.
async fn open(dir: &Path) -> Store {
    Store::open(database(dir).as_str()).await.unwrap()
}

fn database(dir: &Path) -> String {
    format!("sqlite:{}", dir.join("state.db").display())
}

/// A served revision with this id.
fn applied(id: &str) -> NewRevision {
    NewRevision {
        revision_id: id.to_owned(),
        commit: Some(format!("{id}{id}")),
        sources_json: r#"[{"name":"default","commit":null}]"#.to_owned(),
        author: "Ada <ada@example.org>".to_owned(),
        summary: "point fast at another model".to_owned(),
        unmanaged_generation: 3,
        config_digest: "sha256:c".to_owned(),
        plan_digest: "sha256:p".to_owned(),
        outcome: RevisionOutcome::Applied,
        added: 1,
        changed: 2,
        removed: 4,
        secrets_json: r#"{"changes":[],"more":1}"#.to_owned(),
        findings_json: "[]".to_owned(),
        reason: "a bad model".to_owned(),
        confirmed_by: "ada".to_owned(),
        started_us: 10,
        finished_us: 20,
    }
}

/// A refused revision with this id and these findings.
fn rejected(id: &str, findings: &str) -> NewRevision {
    NewRevision {
        outcome: RevisionOutcome::Rejected,
        findings_json: findings.to_owned(),
        ..applied(id)
    }
}
