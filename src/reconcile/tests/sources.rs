//! Several sources make one catalog, and one that fails takes nothing away.

use super::{
    manifests::endpoint,
    rig::{codes, id, settings},
};
use crate::{
    model::Kind,
    reconcile::{Followed, Live, Outcome, Reconciler, RollbackOrder},
    source::{Credentials, Limits, Location, Mirror, SourceConfig},
    store::{DataDir, RevisionSource},
};
use std::{fs, path::PathBuf, process::Command, sync::Arc};
use tempfile::TempDir;

/// Some repositories and a loop that follows them.
pub(super) struct Several {
    home: TempDir,
    reconciler: Option<Arc<Reconciler>>,
}

impl Several {
    /// On an empty repository for each name.
    pub(super) fn new(names: &[&str]) -> Self {
        let several = Self {
            home: TempDir::new().unwrap(),
            reconciler: None,
        };
        for name in names {
            let (bare, work) = (several.bare(name), several.home.path().join(name));
            let paths = [bare.to_str().unwrap(), work.to_str().unwrap()];
            several.run(&["init", "-q", "--bare", "-b", "main", paths[0]], "");
            several.run(&["init", "-q", "-b", "main", paths[1]], "");
            several.run(&["remote", "add", "origin", paths[0]], name);
        }
        several.started(names)
    }

    /// Follows these from now on, as after a restart with another configuration.
    pub(super) fn restarted(mut self, names: &[&str]) -> Self {
        drop(Arc::into_inner(self.reconciler.take().unwrap()).unwrap());
        self.started(names)
    }

    fn started(mut self, names: &[&str]) -> Self {
        let settings = settings();
        let data_dir = DataDir::open(&self.home.path().join("state")).unwrap();
        let key = data_dir.load_or_create_key(None).unwrap();
        let live = Live::restore(&data_dir, &key, &settings).unwrap();
        let sources = names.iter().map(|name| {
            let config = SourceConfig {
                name: (*name).to_owned(),
                location: Location::directory(&self.bare(name)),
                reference: "main".to_owned(),
                paths: Vec::new(),
                limits: Limits::default(),
                credentials: Credentials::none(),
            };
            Followed::named(Mirror::open(&data_dir.mirror_dir(), config).unwrap())
        });
        let sources = sources.collect();
        let database = format!(
            "sqlite:{}",
            self.home.path().join("state/orloj.db").display()
        );
        let reconciler = Reconciler::new(live, settings, data_dir, key, sources, database);
        self.reconciler = Some(Arc::new(reconciler));
        self
    }

    pub(super) fn home(&self) -> &std::path::Path {
        self.home.path()
    }

    pub(super) fn reconciler(&self) -> &Arc<Reconciler> {
        self.reconciler.as_ref().unwrap()
    }

    fn bare(&self, name: &str) -> PathBuf {
        self.home.path().join(format!("{name}.git"))
    }

    pub(super) fn push(&self, name: &str, files: &[(&str, String)]) -> String {
        for (path, content) in files {
            fs::write(self.home.path().join(name).join(path), content).unwrap();
        }
        self.run(&["add", "-A"], name);
        let message = format!("in {name}");
        self.run(&["commit", "-q", "--allow-empty", "-m", &message], name);
        self.run(&["push", "-q", "--force", "origin", "HEAD:main"], name);
        self.run(&["rev-parse", "HEAD"], name)
    }

    pub(super) fn run(&self, arguments: &[&str], directory: &str) -> String {
        let mut command = Command::new("git");
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
            command.env_remove(name);
        }
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), "Ada");
            command.env(format!("GIT_{role}_EMAIL"), "ada@example.com");
        }
        command.env("GIT_CONFIG_GLOBAL", "/dev/null");
        command.env("GIT_CONFIG_NOSYSTEM", "1");
        command.current_dir(self.home.path().join(directory));
        let output = command.args(arguments).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub(super) async fn sync(&self) -> Outcome {
        self.reconciler().sync().await
    }

    /// One source looks by itself, as its driver does.
    pub(super) async fn look(&self, name: &str) -> Outcome {
        let sources = self.reconciler().sources().iter();
        let one: Vec<_> = sources.filter(|it| **it.name() == *name).cloned().collect();
        self.reconciler().look_at(&one).await
    }

    pub(super) fn has(&self, name: &str) -> bool {
        let served = self.reconciler().live().pin();
        let catalog = served.snapshot.catalog();
        catalog.get(&id(Kind::ModelEndpoint, name)).is_some()
    }

    pub(super) fn commits(&self) -> Vec<(String, String)> {
        let served = self.reconciler().live().pin();
        let commits = served.commits();
        commits
            .map(|(name, commit)| (name.to_owned(), commit.id.to_string()))
            .collect()
    }
}

pub(super) fn pair(name: &str, commit: &str) -> (String, String) {
    (name.to_owned(), commit.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sources_make_one_catalog_and_each_moves_by_itself() {
    let two = Several::new(&["apps", "base"]);
    let apps = two.push("apps", &[("a.yaml", endpoint("small", "s"))]);
    let base = two.push("base", &[("a.yaml", endpoint("large", "l"))]);
    assert!(matches!(two.sync().await, Outcome::Applied(_)));
    assert!(two.has("small") && two.has("large"));
    assert_eq!(two.commits(), [pair("apps", &apps), pair("base", &base)]);
    let first = two.reconciler().live().pin();
    let origin = |name| {
        let served = two.reconciler().live().pin();
        let found = served
            .snapshot
            .catalog()
            .get(&id(Kind::ModelEndpoint, name));
        found.unwrap().origin.file.to_string()
    };
    assert_eq!(
        (origin("small"), origin("large")),
        ("apps:a.yaml".into(), "base:a.yaml".into())
    );

    let base = two.push("base", &[("a.yaml", endpoint("large", "l-2"))]);
    assert!(matches!(two.look("base").await, Outcome::Applied(_)));
    assert_eq!(two.commits(), [pair("apps", &apps), pair("base", &base)]);
    let second = two.reconciler().live().pin();
    assert_ne!(first.revision, second.revision);
    let kept = second.inputs.parts.get("apps").unwrap();
    let before = first.inputs.parts.get("apps").unwrap();
    assert!(
        Arc::ptr_eq(&kept.files, &before.files),
        "what did not move is not read again"
    );
    assert_eq!(two.sync().await, Outcome::Unchanged);

    let history = two.reconciler().history(10).await.unwrap();
    let stood = |index: usize| {
        let sources = RevisionSource::parse(&history[index].sources_json);
        let sources = sources.into_iter();
        sources
            .map(|it| (it.name, it.commit.unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(stood(0), two.commits());
    assert_eq!(history[0].commit.as_ref(), Some(&base));
    assert_eq!(history[0].summary, "base: in base");
    assert_eq!(history[1].summary, "apps: in apps; base: in base");
    let named = two.reconciler().record_of(&apps[..10]).await.unwrap();
    assert_eq!(
        named.unwrap().seq,
        history[0].seq,
        "a commit of any source finds its revision"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn same_identity_in_two_sources_names_both_places() {
    let two = Several::new(&["apps", "base"]);
    two.push("apps", &[("a.yaml", endpoint("small", "s"))]);
    two.push("base", &[("b.yaml", endpoint("small", "s"))]);
    let Outcome::Rejected(findings) = two.sync().await else {
        unreachable!("refused");
    };
    assert_eq!(codes(&findings), ["E-GRAPH-DUPLICATE"]);
    let finding = findings.iter().next().unwrap();
    assert_eq!(&*finding.origin.file, "base:b.yaml");
    let hint = finding.hint.as_ref().unwrap();
    assert!(hint.contains("apps:a.yaml:"), "{hint}");
    assert!(!two.reconciler().live().pin().is_something());
}

#[tokio::test(flavor = "multi_thread")]
async fn source_that_fails_keeps_its_part_while_the_other_goes_on() {
    let two = Several::new(&["apps", "base"]);
    two.push("apps", &[("a.yaml", endpoint("small", "s"))]);
    two.push("base", &[("a.yaml", endpoint("large", "l"))]);
    two.sync().await;
    let away = two.home.path().join("away");
    fs::rename(two.bare("base"), &away).unwrap();
    let apps = two.push("apps", &[("b.yaml", endpoint("middle", "m"))]);
    assert!(matches!(two.look("base").await, Outcome::Retry(_)));
    assert!(matches!(two.look("apps").await, Outcome::Applied(_)));
    assert!(two.has("small") && two.has("middle") && two.has("large"));
    let status = two.reconciler().status();
    let error = status.error.unwrap();
    assert!(error.starts_with("source `base`: "), "{error}");
    assert_eq!(status.phase.as_str(), "Retrying");
    // Everything at once says what failed where nothing else is new, and what went live where it is.
    assert!(matches!(two.sync().await, Outcome::Retry(_)));
    two.push("apps", &[("c.yaml", endpoint("tiny", "t"))]);
    assert!(matches!(two.sync().await, Outcome::Applied(_)));

    // A restart with the remote still away, and then even without its mirror.
    let two = two.restarted(&["apps", "base"]);
    assert!(matches!(two.sync().await, Outcome::Retry(_)));
    fs::remove_dir_all(two.home.path().join("state/mirror/base.git")).unwrap();
    let two = two.restarted(&["apps", "base"]);
    two.push("apps", &[("d.yaml", endpoint("d", "d"))]);
    assert!(matches!(two.sync().await, Outcome::Applied(_)));
    assert!(two.has("d") && two.has("large"));
    assert_ne!(two.commits()[0].1, apps);

    fs::rename(&away, two.bare("base")).unwrap();
    two.push("base", &[("a.yaml", endpoint("larger", "l"))]);
    assert!(matches!(two.look("base").await, Outcome::Applied(_)));
    assert!(two.has("larger") && !two.has("large"));
    assert_eq!(two.reconciler().status().error, None);
    assert_eq!(two.reconciler().status().phase.as_str(), "Synced");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_served_before_every_source_was_read_once() {
    let two = Several::new(&["apps", "base"]);
    two.push("apps", &[("a.yaml", endpoint("small", "s"))]);
    assert!(matches!(two.look("apps").await, Outcome::Waiting(_)));
    assert!(!two.reconciler().live().pin().is_something());
    assert_eq!(two.reconciler().status().phase.as_str(), "Starting");
    two.push("base", &[("a.yaml", endpoint("large", "l"))]);
    assert!(matches!(two.look("base").await, Outcome::Applied(_)));
    assert!(two.has("small") && two.has("large"));
}

#[tokio::test(flavor = "multi_thread")]
async fn source_that_is_added_or_empty_takes_nothing_away() {
    let three = Several::new(&["apps", "base", "more"]).restarted(&["apps", "base"]);
    three.push("apps", &[("a.yaml", endpoint("small", "s"))]);
    three.push("base", &[("a.yaml", endpoint("large", "l"))]);
    three.sync().await;
    let three = three.restarted(&["apps", "base", "more"]);
    // It has no commit yet; the others go on.
    three.push("apps", &[("b.yaml", endpoint("middle", "m"))]);
    assert!(matches!(three.sync().await, Outcome::Applied(_)));
    three.push("more", &[("README.md", "no manifest".to_owned())]);
    let Outcome::Rejected(findings) = three.sync().await else {
        unreachable!("an empty source is refused");
    };
    assert_eq!(codes(&findings), ["E-LIMIT-EMPTY"]);
    assert_eq!(&*findings.iter().next().unwrap().origin.file, "more:.");
    assert!(three.has("middle") && three.has("large"));
}

#[tokio::test(flavor = "multi_thread")]
async fn source_that_is_removed_is_a_prune_that_is_held() {
    let two = Several::new(&["apps", "base"]);
    two.push("apps", &[("a.yaml", endpoint("small", "s"))]);
    let many: Vec<_> = (0..6)
        .map(|n| (format!("{n}.yaml"), endpoint(&format!("e{n}"), "m")))
        .collect();
    let many: Vec<_> = many
        .iter()
        .map(|(path, text)| (path.as_str(), text.clone()))
        .collect();
    two.push("base", &many);
    two.sync().await;
    let one = two.restarted(&["apps"]);
    let Outcome::Held(held) = one.sync().await else {
        unreachable!("held");
    };
    assert_eq!(
        (held.by.as_str(), held.summary.as_str()),
        ("prune", "no longer followed: `base`")
    );
    assert!(one.has("e0"));
    let confirmed = one
        .reconciler()
        .confirm(&held.plan_digest, "moved", "ada")
        .await;
    assert!(matches!(confirmed.unwrap(), Outcome::Applied(_)));
    assert!(one.has("small") && !one.has("e0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn restart_and_rollback_know_every_source() {
    let two = Several::new(&["apps", "base"]);
    let apps = two.push("apps", &[("a.yaml", endpoint("small", "s"))]);
    two.push("base", &[("a.yaml", endpoint("large", "l"))]);
    two.sync().await;
    let first = two.reconciler().live().pin().revision.clone();
    let base = two.push("base", &[("b.yaml", endpoint("larger", "l"))]);
    two.sync().await;
    let second = two.reconciler().live().pin().revision.clone();

    let two = two.restarted(&["apps", "base"]);
    assert_eq!(two.reconciler().live().pin().revision, second);
    assert_eq!(two.commits(), [pair("apps", &apps), pair("base", &base)]);
    assert_eq!(two.sync().await, Outcome::Unchanged);

    let order = RollbackOrder {
        to: None,
        reason: String::new(),
        by: String::new(),
    };
    let back = two.reconciler().rollback(order).await.unwrap();
    assert_eq!(back, Outcome::Applied(first.clone()));
    assert!(!two.has("larger"));
    assert_eq!(two.sync().await, Outcome::Unchanged);
    // The pin holds over a restart while a source is away, whatever its mirror knows.
    let away = two.home.path().join("away");
    fs::rename(two.bare("base"), &away).unwrap();
    fs::remove_dir_all(two.home.path().join("state/mirror/base.git")).unwrap();
    let two = two.restarted(&["apps", "base"]);
    two.push("apps", &[("c.yaml", endpoint("c", "c"))]);
    assert!(!matches!(two.look("apps").await, Outcome::Applied(_)));
    assert_eq!(two.reconciler().live().pin().revision, first);
    assert!(two.reconciler().status().pin.is_some());
    fs::rename(&away, two.bare("base")).unwrap();
    assert!(matches!(two.look("base").await, Outcome::Held(_)));
    assert!(matches!(
        two.reconciler().resume().await.unwrap(),
        Outcome::Applied(_)
    ));
    assert!(two.has("larger") && two.has("c"));
}

#[tokio::test(flavor = "multi_thread")]
async fn mirror_of_a_removed_source_goes_once_nothing_of_it_is_live() {
    let three = Several::new(&["apps", "base", "more"]);
    three.push("apps", &[("a.yaml", endpoint("small", "s"))]);
    three.push(
        "base",
        &[("a.yaml", super::manifests::alias("fast", "other"))],
    );
    three.push("more", &[("a.yaml", endpoint("other", "o"))]);
    three.sync().await;
    let mirrors = |several: &Several| {
        let entries = fs::read_dir(several.home().join("state/mirror")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    };
    let all = ["apps.git", "base.git", "more.git"];
    assert_eq!(mirrors(&three), all);

    // What is live still holds it: others need it.
    let two = three.restarted(&["apps", "base"]);
    assert!(matches!(two.sync().await, Outcome::Rejected(_)));
    assert_eq!(mirrors(&two), all);
    // One that fails is followed all the same.
    let away = two.home().join("away");
    fs::rename(two.home().join("apps.git"), &away).unwrap();
    two.push("base", &[("a.yaml", endpoint("large", "l"))]);
    assert!(matches!(two.sync().await, Outcome::Applied(_)));
    assert!(!two.has("other"));
    assert_eq!(mirrors(&two), ["apps.git", "base.git"]);
    fs::rename(&away, two.home().join("apps.git")).unwrap();

    // Left behind by the end of the process between the two.
    fs::create_dir(two.home().join("state/mirror/more.git")).unwrap();
    fs::create_dir(two.home().join("state/mirror/gone.old")).unwrap();
    let two = two.restarted(&["apps", "base"]);
    assert_eq!(two.sync().await, Outcome::Unchanged);
    assert_eq!(mirrors(&two), ["apps.git", "base.git"]);
}
