//! Secrets whose values are in files.

use super::{
    manifests::calling,
    rig::{Rig, codes, id, settings},
};
use crate::{
    model::{Kind, ResourceId},
    reconcile::{
        ConditionSort, EventSort, Outcome, ReconcileSettings, SecretFiles, SecretVariables,
    },
    secrets::Opened,
};
use std::{fs, path::PathBuf};
use tempfile::TempDir;

const AUTH: &str = "  auth:\n    secretRef: key\n";

struct Scene {
    rig: Rig,
    files: TempDir,
}

fn with_files(files: &TempDir) -> ReconcileSettings {
    let mut settings = settings();
    settings.secret_files = SecretFiles::below(files.path());
    settings
}

fn secret(path: &str) -> String {
    format!(
        "apiVersion: orloj.dev/v1\nkind: Secret\nmetadata:\n  name: key\nspec:\n  fromFile:\n    value: {path}\n"
    )
}

impl Scene {
    fn new() -> Self {
        let files = TempDir::new().unwrap();
        let rig = Rig::new().restarted(with_files(&files));
        Self { rig, files }
    }

    fn file(&self) -> PathBuf {
        self.files.path().join("key")
    }

    async fn push(&self) -> Outcome {
        let files = [
            ("key.yaml", secret("key")),
            ("a.yaml", calling("remote", "http://127.0.0.1:9", AUTH)),
        ];
        self.rig.push(&files, "a secret of a file");
        self.rig.sync().await
    }

    async fn look(&self) {
        self.rig.reconciler().look_at_secret_files().await;
    }

    fn value(&self) -> Option<String> {
        let served = self.rig.reconciler().live().pin();
        let value = served.opened.value(&id(Kind::Secret, "key"), "value")?;
        value.expose_text().map(str::to_owned)
    }

    /// The conditions of the endpoint that do not hold.
    fn troubles(&self) -> Vec<(ConditionSort, &'static str)> {
        let served = self.rig.reconciler().live().pin();
        let troubles = served.troubles().into_iter();
        troubles.map(|(_, it)| (it.sort, it.reason)).collect()
    }

    fn news(&self) -> Vec<String> {
        let since = self.rig.reconciler().events().since(0);
        let events = since.events.into_iter();
        let events = events.filter(|event| event.sort == EventSort::SecretFile);
        events.map(|event| event.message).collect()
    }

    fn findings(&self) -> Vec<&'static str> {
        let attempt = self.rig.reconciler().status().attempt.unwrap();
        let served = self.rig.reconciler().live().pin();
        assert_eq!(codes(&served.findings), codes(&attempt.findings));
        codes(&served.findings)
    }
}

fn endpoint() -> ResourceId {
    id(Kind::ModelEndpoint, "remote")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_gives_its_secret_another_value_without_a_commit() {
    let scene = Scene::new();
    fs::write(scene.file(), "sk-first\n").unwrap();
    assert!(matches!(scene.push().await, Outcome::Applied(_)));
    assert_eq!(scene.value().as_deref(), Some("sk-first"));
    let before = scene.rig.reconciler().live().pin();
    let records = scene.rig.reconciler().history(10).await.unwrap().len();

    fs::write(scene.file(), "sk-other\n").unwrap();
    scene.look().await;
    assert_eq!(scene.value().as_deref(), Some("sk-other"));
    let after = scene.rig.reconciler().live().pin();
    assert_eq!(after.revision, before.revision);
    assert_eq!(after.since_us, before.since_us);
    assert_eq!(scene.troubles(), []);
    assert_eq!(
        scene.rig.reconciler().history(10).await.unwrap().len(),
        records
    );
    let news = "Secret default/key has another value `value` now: its file changed";
    assert_eq!(scene.news(), [news]);
    // Who pinned the revision before goes on with the key that it had.
    let old = before.opened.value(&id(Kind::Secret, "key"), "value");
    assert_eq!(old.unwrap().expose_text(), Some("sk-first"));

    // The same again, and white space at its end, is no other value: nothing is made anew.
    fs::write(scene.file(), "sk-other\n\n").unwrap();
    let before = scene.rig.reconciler().live().pin();
    scene.look().await;
    let after = scene.rig.reconciler().live().pin();
    let state = |served: &crate::reconcile::Served| match served.endpoints.get(&endpoint()) {
        Some(crate::reconcile::EndpointState::Ready { upstream, .. }) => upstream.clone(),
        _ => unreachable!("it is ready"),
    };
    assert!(std::sync::Arc::ptr_eq(&state(&before), &state(&after)));
    assert_eq!(scene.news().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_goes_away_leaves_its_value_and_a_condition() {
    let scene = Scene::new();
    fs::write(scene.file(), "sk-first").unwrap();
    scene.push().await;
    for (content, reason) in [(None, "not there"), (Some(" "), "empty")] {
        fs::remove_file(scene.file()).unwrap();
        if let Some(content) = content {
            fs::write(scene.file(), content).unwrap();
        }
        scene.look().await;
        assert_eq!(scene.value().as_deref(), Some("sk-first"));
        let stale = (ConditionSort::SecretCurrent, "SecretFileNotRead");
        assert_eq!(scene.troubles(), [stale]);
        let served = scene.rig.reconciler().live().pin();
        assert!(served.condition(&endpoint()).is_none());
        let told = scene.news().pop().unwrap();
        assert!(told.contains("goes on with the value `value`"), "{told}");
        let all = format!("{:?}", served.conditions(&endpoint()));
        assert!(all.contains(reason), "{all}");
        // A commit in between takes the value along.
        scene.rig.push(
            &[("b.yaml", super::manifests::endpoint("small", reason))],
            "b",
        );
        assert!(matches!(scene.rig.sync().await, Outcome::Applied(_)));
        assert_eq!(scene.value().as_deref(), Some("sk-first"));
        assert_eq!(scene.troubles(), [stale]);
        fs::write(scene.file(), "sk-first").unwrap();
        scene.look().await;
        assert_eq!(scene.troubles(), []);
        let told = scene.news().pop().unwrap();
        assert!(told.ends_with("from its file again"), "{told}");
    }
    assert_eq!(scene.news().len(), 4, "{:?}", scene.news());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_not_ready_until_the_file_of_its_secret_is_there() {
    let scene = Scene::new();
    assert!(matches!(scene.push().await, Outcome::Applied(_)));
    let missing = (ConditionSort::SecretResolved, "SecretFileNotRead");
    assert_eq!(scene.troubles(), [missing]);
    assert_eq!(scene.findings(), ["W-SECRET-FILE"]);
    let served = scene.rig.reconciler().live().pin();
    let message = &served.condition(&endpoint()).unwrap().message;
    assert!(
        message.contains("the file `key` of its value `value`: the file is not there"),
        "{message}"
    );
    fs::write(scene.file(), "sk-first").unwrap();
    scene.look().await;
    assert_eq!(scene.troubles(), []);
    assert_eq!(scene.value().as_deref(), Some("sk-first"));
    assert_eq!(scene.findings(), Vec::<&str>::new());
    assert_eq!(
        scene.news(),
        ["Secret default/key has its value `value` now: its file is there"]
    );
    // After a restart without the directory nothing provides it.
    let rig = scene.rig.restarted(settings());
    let served = rig.reconciler().live().pin();
    let condition = served.condition(&endpoint()).unwrap();
    assert!(condition.message.contains("--secrets-dir"), "{condition:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_another_value_than_the_variable_is_found_as_it_changes() {
    let scene = Scene::new();
    let mut settings = with_files(&scene.files);
    let variable = ("ORLOJ_SECRET_KEY".to_owned(), Opened::new(b"sk-one".into()));
    settings.variables = SecretVariables::new([variable]);
    let scene = Scene {
        rig: scene.rig.restarted(settings),
        files: scene.files,
    };
    fs::write(scene.file(), "sk-one").unwrap();
    scene.push().await;
    assert_eq!(scene.findings(), Vec::<&str>::new());
    fs::write(scene.file(), "sk-two").unwrap();
    scene.look().await;
    assert_eq!(scene.findings(), ["W-SECRET-TWICE"]);
    assert_eq!(scene.value().as_deref(), Some("sk-two"));
    fs::write(scene.file(), "sk-one").unwrap();
    scene.look().await;
    assert_eq!(scene.findings(), Vec::<&str>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_changes_takes_no_value_of_the_former_file_along() {
    let scene = Scene::new();
    fs::write(scene.file(), "sk-first").unwrap();
    scene.push().await;
    scene
        .rig
        .push(&[("key.yaml", secret("other"))], "another file");
    assert!(matches!(scene.rig.sync().await, Outcome::Applied(_)));
    assert_eq!(scene.value(), None);
    let missing = (ConditionSort::SecretResolved, "SecretFileNotRead");
    assert_eq!(scene.troubles(), [missing]);
}
