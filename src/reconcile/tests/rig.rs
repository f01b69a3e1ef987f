//! A reconciler over a repository and a data directory of its own.
#![expect(clippy::unwrap_used, reason = "tests")]

use crate::{
    model::{Kind, ResourceId},
    providers::{Network, NetworkOptions},
    reconcile::{
        ApplyError, ApplyReport, Followed, Live, Outcome, PruneGuard, ReconcileSettings,
        Reconciler, ReviewOptions, SecretVariables,
    },
    secrets::{Binding, Envelope, Keyring, Opened, Recipient, generate_identity, seal},
    source::{Credentials, Limits, Location, Mirror, SourceConfig, VerifyPolicy},
    store::{DataDir, Store},
};
use std::{fs, path::Path, process::Command, sync::Arc, time::Duration};
use tempfile::TempDir;

/// Everything a daemon has, without its doors.
pub(crate) struct Rig {
    home: TempDir,
    /// The loop; taken away by [`Rig::stop`].
    reconciler: Option<Arc<Reconciler>>,
    with_git: bool,
    protected: bool,
    verify: Option<VerifyPolicy>,
    paths: Vec<String>,
}

impl Rig {
    /// On an empty repository.
    pub(crate) fn new() -> Self {
        let rig = Self {
            home: TempDir::new().unwrap(),
            reconciler: None,
            with_git: true,
            protected: true,
            verify: None,
            paths: Vec::new(),
        };
        rig.run(&["init", "-q", "--bare", "-b", "main", "bare.git"], "");
        rig.run(&["init", "-q", "-b", "main", "work"], "");
        rig.git(&["remote", "add", "origin", "../bare.git"]);
        rig.started(settings())
    }

    /// On what is sent by hand alone.
    pub(crate) fn without_git() -> Self {
        let rig = Self {
            home: TempDir::new().unwrap(),
            reconciler: None,
            with_git: false,
            protected: true,
            verify: None,
            paths: Vec::new(),
        };
        rig.started(settings())
    }

    /// The same data and repository with other settings, as after a restart.
    pub(crate) fn restarted(mut self, settings: ReconcileSettings) -> Self {
        self.stop();
        self.started(settings)
    }

    /// The same with a branch that may be moved by force.
    pub(crate) fn unprotected(mut self) -> Self {
        self.protected = false;
        self.restarted(settings())
    }

    /// The same with another `--path`.
    pub(crate) fn reading(mut self, path: &str) -> Self {
        self.paths = vec![path.to_owned()];
        self.restarted(settings())
    }

    /// The same with signatures asked for.
    pub(crate) fn verified(mut self, policy: VerifyPolicy) -> Self {
        self.verify = Some(policy);
        self.restarted(settings())
    }

    /// Ends the process, so to speak: its lock is gone.
    pub(crate) fn stop(&mut self) {
        let reconciler = self.reconciler.take().unwrap();
        drop(Arc::into_inner(reconciler).unwrap());
    }

    pub(crate) fn started(mut self, settings: ReconcileSettings) -> Self {
        let data_dir = DataDir::open(&self.data_dir()).unwrap();
        let key = data_dir.load_or_create_key(None).unwrap();
        let live = Live::restore(&data_dir, &key, &settings).unwrap();
        let config = SourceConfig {
            name: "default".to_owned(),
            location: Location::directory(&self.path("bare.git")),
            reference: "main".to_owned(),
            paths: self.paths.clone(),
            limits: Limits::default(),
            credentials: Credentials::none(),
        };
        let source = self
            .with_git
            .then(|| Followed::alone(Mirror::open(&data_dir.mirror_dir(), config).unwrap()))
            .map(|source| {
                source
                    .protected(self.protected)
                    .verified(self.verify.clone())
            });
        let database = self.database();
        let reconciler = Reconciler::new(
            live,
            settings,
            data_dir,
            key,
            source.into_iter().collect(),
            database,
        );
        self.reconciler = Some(Arc::new(reconciler));
        self
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn data_dir(&self) -> std::path::PathBuf {
        self.path("state")
    }

    pub(crate) fn database(&self) -> String {
        format!("sqlite:{}", self.data_dir().join("orloj.db").display())
    }

    /// A second connection to the same database.
    pub(crate) async fn store(&self) -> Store {
        Store::open(&self.database()).await.unwrap()
    }

    pub(crate) fn reconciler(&self) -> &Arc<Reconciler> {
        self.reconciler.as_ref().unwrap()
    }

    /// The revision that is live.
    pub(crate) fn revision(&self) -> String {
        self.reconciler().live().pin().revision.clone()
    }

    /// Whether a resource of the namespace `default` is live.
    pub(crate) fn has(&self, kind: Kind, name: &str) -> bool {
        let served = self.reconciler().live().pin();
        served.snapshot.catalog().get(&id(kind, name)).is_some()
    }

    pub(crate) async fn sync(&self) -> Outcome {
        self.reconciler().sync().await
    }

    /// Sends one text by hand.
    pub(crate) async fn apply(&self, text: &str) -> Result<ApplyReport, ApplyError> {
        let documents = [("sent.yaml".to_owned(), Opened::new(text.into()))];
        self.reconciler().apply(&documents).await
    }

    /// Commits files and pushes them; returns the commit's id.
    pub(crate) fn push(&self, files: &[(&str, String)], message: &str) -> String {
        for (path, content) in files {
            fs::write(self.path("work").join(path), content).unwrap();
        }
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["push", "-q", "--force", "origin", "HEAD:main"]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Takes a file out of the repository; returns the commit's id.
    pub(crate) fn remove(&self, path: &str) -> String {
        fs::remove_file(self.path("work").join(path)).unwrap();
        self.push(&[], "remove")
    }

    /// Runs `git` in the work tree.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        self.run(arguments, "work")
    }

    fn run(&self, arguments: &[&str], directory: &str) -> String {
        let mut command = Command::new("git");
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
            command.env_remove(name);
        }
        let output = command
            .args(arguments)
            .current_dir(self.home.path().join(directory))
            .env("HOME", self.home.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "Ada")
            .env("GIT_AUTHOR_EMAIL", "ada@example.com")
            .env("GIT_COMMITTER_NAME", "Ada")
            .env("GIT_COMMITTER_EMAIL", "ada@example.com")
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

/// What an operator gets who decides nothing.
pub(crate) fn settings() -> ReconcileSettings {
    ReconcileSettings {
        review: ReviewOptions::default(),
        keyring: Keyring::default(),
        variables: SecretVariables::default(),
        secret_files: crate::reconcile::SecretFiles::default(),
        network: Network::new(&NetworkOptions::default()).unwrap(),
        prune: PruneGuard::default(),
        egress: crate::reconcile::EgressPolicy::default(),
        windows: crate::plan::Windows::default(),
        clock: crate::reconcile::Clock::default(),
        poll: Duration::from_mins(1),
        retention: crate::store::Retention::default(),
    }
}

/// A key that the daemon holds, and its public half.
pub(crate) fn key() -> (Keyring, Recipient) {
    let (identity, public) = generate_identity();
    let mut keyring = Keyring::default();
    let text = identity.expose_text().unwrap();
    keyring.parse_identity_file("age.key", text).unwrap();
    (keyring, Recipient::parse(&public).unwrap())
}

/// A value sealed for one recipient, as the value `value` of a secret of the namespace `default`.
pub(crate) fn sealed_for(secret: &str, value: &str, recipient: &Recipient) -> String {
    let place = Binding::new("default", secret, "value");
    let plaintext = Envelope::seal(&place, &Opened::new(value.into()));
    seal(&plaintext, std::slice::from_ref(recipient)).unwrap()
}

/// A value sealed for one recipient, and for no place.
pub(crate) fn sealed(value: &str, recipient: &Recipient) -> String {
    let value = Opened::new(value.into());
    seal(&value, std::slice::from_ref(recipient)).unwrap()
}

/// A resource of the namespace `default`.
pub(crate) fn id(kind: Kind, name: &str) -> ResourceId {
    ResourceId::new(kind, "default", name)
}

/// The codes of the findings of a refusal.
pub(crate) fn codes(findings: &crate::model::Findings) -> Vec<&'static str> {
    findings
        .iter()
        .map(|finding| finding.code.as_str())
        .collect()
}

/// Every byte under a directory that is a file's.
pub(crate) fn bytes_under(directory: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            bytes.extend(bytes_under(&path));
        } else {
            match fs::read(&path) {
                Ok(read) => bytes.extend(read),
                // The database's own files come and go.
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound),
            }
        }
    }
    bytes
}
