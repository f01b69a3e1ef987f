//! Where secrets come from that no ciphertext of a manifest holds, and how changed files of them go live.

use super::{
    OpenedSecrets, SecretVariables,
    events::EventSort,
    prepare::{dated, endpoint},
    reconciler::{Reconciler, now_us},
    served::{EndpointState, Served},
    settings::ReconcileSettings,
    status::Phase,
};
use crate::{
    model::{Finding, Findings, ResourceId, Spec},
    secrets::{Keyring, Opened},
    store::{FileMark, SecretDir},
};
use rpds::HashTrieMapSync;
use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};
use tokio::{task::block_in_place, time};
use tokio_util::sync::CancellationToken;

/// The files are looked at this often. Mounts of containers tell of nothing that could be waited for on every system,
/// and a look costs one question to the file system for each file.
const PAUSE: Duration = Duration::from_secs(1);

/// Where the values of secrets come from.
#[derive(Clone, Copy)]
pub struct SecretSources<'a> {
    /// What opens sealed values.
    pub keyring: &'a Keyring,
    /// Values from the environment.
    pub variables: &'a SecretVariables,
    /// Values from files.
    pub files: &'a SecretFiles,
}

/// The directory of secret files that the operator named, if any.
#[derive(Debug, Default)]
pub struct SecretFiles(Option<SecretDir>);

impl SecretFiles {
    /// Those below a directory.
    pub fn below(directory: impl Into<PathBuf>) -> Self {
        Self(Some(SecretDir::new(directory)))
    }

    /// Whether there is anything to be looked at.
    pub(super) fn are_there(&self) -> bool {
        self.0.is_some()
    }

    /// How a file is found now.
    pub(super) fn mark(&self, path: &str) -> Option<FileMark> {
        self.0.as_ref()?.mark(path)
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// Why it gives no value, in words that repeat nothing of it.
    pub(super) fn read(&self, path: &str) -> Result<(Opened, FileMark), String> {
        let Some(directory) = &self.0 else {
            return Err("the daemon was started without `--secrets-dir`".to_owned());
        };
        directory.read(path).map_err(|error| error.to_string())
    }
}

/// Looks every second until `stop` whether files of served secrets changed, and serves what they say then.
pub async fn watch_secret_files(reconciler: Arc<Reconciler>, stop: CancellationToken) {
    if !reconciler.settings.secret_files.are_there() {
        return;
    }
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = time::sleep(PAUSE) => reconciler.look_at_secret_files().await,
        }
    }
}

impl Reconciler {
    /// Serves the same revision with what the files of its secrets say now. Requests in flight keep what they began
    /// with.
    pub async fn look_at_secret_files(&self) {
        let served = self.live.pin();
        let files = &self.settings.secret_files;
        if block_in_place(|| served.opened.with_moved_files(files)).is_empty() {
            return;
        }
        // What is live stays so while somebody has the turn.
        let _turn = self.take_turn().await;
        let served = self.live.pin();
        let reread = block_in_place(|| {
            let moved = served.opened.with_moved_files(files);
            Reread::of(&served, &self.settings, &moved)
        });
        self.serve_reread(reread);
    }

    /// Serves the same revision with other secrets, for whoever has the turn.
    pub(super) fn serve_reread(&self, reread: Reread) {
        let (revision, commit) = (reread.next.revision.clone(), reread.next.commit());
        let commit = commit.map(|commit| commit.id.to_string());
        self.live.switch(reread.next);
        self.status.send_modify(|status| {
            if status.phase == Phase::Synced
                && let Some(attempt) = &mut status.attempt
            {
                attempt.findings = replaced(
                    &attempt.findings,
                    &reread.unsaid,
                    reread.said.iter().cloned(),
                );
            }
        });
        for news in reread.news {
            tracing::info!(secret = %news.secret, endpoints = reread.endpoints, "{}", news.text);
            let message = format!("{} {}", news.secret, news.text);
            let commit = commit.as_deref();
            self.events
                .push(EventSort::SecretFile, &revision, commit, message);
        }
    }
}

/// Something that happened to a file.
struct News {
    secret: ResourceId,
    text: String,
}

/// A revision with secrets that were opened since it went live, or whose files say something else now.
pub(super) struct Reread {
    next: Served,
    news: Vec<News>,
    /// How many endpoints were made anew.
    endpoints: usize,
    /// What was said of these secrets, and what is to be said now.
    unsaid: Vec<Finding>,
    said: Vec<Finding>,
}

impl Reread {
    /// Opens `moved` anew, and what is not open yet.
    pub(super) fn of(
        served: &Served,
        settings: &ReconcileSettings,
        moved: &BTreeSet<ResourceId>,
    ) -> Self {
        let mut opened = served.opened.clone();
        let catalog = served.snapshot.catalog();
        let touched = opened.update(catalog, settings.secret_sources(), moved);
        let (endpoints, made, astray) = remade(served, &touched, &opened, settings);
        let said_of = |opened: &OpenedSecrets| -> Vec<Finding> {
            let said = touched.iter().flat_map(|id| opened.findings_of(id));
            said.cloned().collect()
        };
        let (unsaid, mut said) = (said_of(&served.opened), said_of(&opened));
        said.extend(astray);
        let news = touched.iter().flat_map(|id| {
            let texts = opened.news(&served.opened, id).into_iter();
            texts.map(|text| News {
                secret: id.clone(),
                text,
            })
        });
        Self {
            news: news.collect(),
            endpoints: made,
            next: Served {
                revision: served.revision.clone(),
                snapshot: served.snapshot.clone(),
                endpoints,
                findings: replaced(&served.findings, &unsaid, said.iter().cloned()),
                digest: served.digest,
                since_us: served.since_us,
                inputs: served.inputs.clone(),
                opened,
            },
            unsaid,
            said,
        }
    }
}

/// The endpoints with those made anew that use a secret of `touched` with another value than before; how many can be
/// called, and which keys are not for their hosts.
fn remade(
    served: &Served,
    touched: &BTreeSet<ResourceId>,
    opened: &OpenedSecrets,
    settings: &ReconcileSettings,
) -> (
    HashTrieMapSync<ResourceId, EndpointState>,
    usize,
    Vec<Finding>,
) {
    let (catalog, graph) = (served.snapshot.catalog(), served.snapshot.graph());
    let other = touched.iter();
    let other = other.filter(|id| !opened.has_values_of(&served.opened, id));
    let users: BTreeSet<_> = other.flat_map(|id| graph.referrers(id)).collect();
    let mut endpoints = served.endpoints.clone();
    let (mut made, mut astray) = (0, Vec::new());
    for id in users {
        let resource = catalog.get(id);
        let Some((resource, Spec::ModelEndpoint(spec))) = resource.map(|one| (one, &one.spec))
        else {
            continue;
        };
        let (state, finding) = endpoint(resource, spec, opened, settings);
        astray.extend(finding);
        made += usize::from(matches!(state, EndpointState::Ready { .. }));
        let state = dated(state, served.endpoints.get(id), now_us());
        endpoints.insert_mut(id.clone(), state);
    }
    (endpoints, made, astray)
}

/// The findings without some of them, and with others.
fn replaced(all: &Findings, unsaid: &[Finding], said: impl Iterator<Item = Finding>) -> Findings {
    let mut findings = all.clone();
    for one in unsaid {
        findings.remove(one);
    }
    findings.extend(said);
    findings
}
